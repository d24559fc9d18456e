//! Decoding as Go's `encoding/json` does it into kustomize's types: field names in any case, unknown fields refused on demand, the
//! wording of its errors. The result is the same value under the fields' own names, without nulls.

use serde_json::{Map, Value};

/// A Go type.
#[derive(Clone, Copy, Debug)]
pub(super) enum Type {
    String,
    Boolean,
    Integer(&'static str),
    Any,
    /// `map[string]T`
    Map(&'static Type),
    List(&'static Type),
    Struct(&'static Struct),
}

/// A Go struct.
#[derive(Debug)]
pub(super) struct Struct {
    pub(super) name: &'static str,
    pub(super) fields: &'static [Field],
}

/// A field: its name in JSON, and the embedded structs it stands in, as errors name them.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) embedded: &'static str,
    pub(super) kind: Type,
}

/// A field of the struct itself.
pub(super) const fn field(name: &'static str, kind: Type) -> Field {
    Field {
        name,
        embedded: "",
        kind,
    }
}

/// A field of an embedded struct.
pub(super) const fn embedded(embedded: &'static str, name: &'static str, kind: Type) -> Field {
    Field { name, embedded, kind }
}

impl Type {
    /// As Go prints the type.
    fn go_name(self) -> String {
        match self {
            Self::String => "string".to_owned(),
            Self::Boolean => "bool".to_owned(),
            Self::Integer(name) => name.to_owned(),
            Self::Any => "interface {}".to_owned(),
            Self::Map(value) => format!("map[string]{}", value.go_name()),
            Self::List(item) => format!("[]{}", item.go_name()),
            Self::Struct(structure) => format!("types.{}", structure.name),
        }
    }
}

/// Where a value stands: the innermost struct's name and the whole path from the root.
#[derive(Clone)]
struct Place {
    structure: Option<&'static str>,
    path: String,
}

/// Decodes a value into a struct's shape. The configurations of transformers are not read strictly: unknown fields are left out there,
/// and a number or a truth value is a text where a text is wanted.
///
/// # Errors
/// Go's text.
pub(super) fn decode(value: &Value, structure: &'static Struct, strict: bool) -> Result<Value, String> {
    decode_at(
        value,
        Type::Struct(structure),
        &Place {
            structure: None,
            path: String::new(),
        },
        strict,
    )
}

fn decode_at(value: &Value, kind: Type, place: &Place, strict: bool) -> Result<Value, String> {
    let mismatch = |found: &str| {
        let kind = kind.go_name();
        match place.structure {
            Some(structure) => {
                format!(
                    "json: cannot unmarshal {found} into Go struct field {structure}.{} of type {kind}",
                    place.path
                )
            }
            None => format!("json: cannot unmarshal {found} into Go value of type {kind}"),
        }
    };
    let found = match value {
        Value::Null => return Ok(Value::Null),
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    match (kind, value) {
        (Type::Any, _) | (Type::String, Value::String(_)) | (Type::Boolean, Value::Bool(_)) => Ok(value.clone()),
        (Type::String, Value::Bool(value)) if !strict => Ok(Value::String(value.to_string())),
        (Type::String, Value::Number(number)) if !strict => Ok(Value::String(number_text(number))),
        (Type::Integer(_), Value::Number(number)) => match number.as_i64() {
            Some(_) => Ok(value.clone()),
            None => Err(mismatch(&format!("number {number}"))),
        },
        (Type::List(item), Value::Array(items)) => {
            let items = items.iter().map(|value| decode_at(value, *item, place, strict));
            Ok(Value::Array(items.collect::<Result<_, _>>()?))
        }
        (Type::Map(item), Value::Object(map)) => {
            let mut decoded = Map::new();
            for (key, value) in sorted(map) {
                let value = decode_at(value, *item, place, strict)?;
                decoded.insert(key.clone(), if value.is_null() { zero(*item) } else { value });
            }
            Ok(Value::Object(decoded))
        }
        (Type::Struct(structure), Value::Object(map)) => {
            let mut decoded = Map::new();
            for (key, value) in sorted(map) {
                let field = structure.fields.iter().find(|field| field.name == key);
                let field = field.or_else(|| {
                    structure
                        .fields
                        .iter()
                        .find(|field| field.name.eq_ignore_ascii_case(key))
                });
                let Some(field) = field else {
                    if strict {
                        return Err(format!("json: unknown field {}", super::error::quote(key)));
                    }
                    continue;
                };
                let mut path = place.path.clone();
                for part in [field.embedded, field.name] {
                    if !part.is_empty() {
                        if !path.is_empty() {
                            path.push('.');
                        }
                        path.push_str(part);
                    }
                }
                let place = Place {
                    structure: Some(structure.name),
                    path,
                };
                let value = decode_at(value, field.kind, &place, strict)?;
                if !value.is_null() {
                    decoded.insert(field.name.to_owned(), value);
                }
            }
            Ok(Value::Object(decoded))
        }
        _ => Err(mismatch(found)),
    }
}

fn number_text(number: &serde_json::Number) -> String {
    match (number.as_i64(), number.as_u64()) {
        (Some(number), _) => number.to_string(),
        (None, Some(number)) => number.to_string(),
        (None, None) => crate::yaml::number::format_g(number.as_f64().unwrap_or_default()),
    }
}

fn zero(kind: Type) -> Value {
    match kind {
        Type::String => Value::String(String::new()),
        Type::Boolean => Value::Bool(false),
        Type::Integer(_) => Value::from(0),
        _ => Value::Null,
    }
}

/// By key, as the JSON that Go reads here is written.
fn sorted(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    entries
}
