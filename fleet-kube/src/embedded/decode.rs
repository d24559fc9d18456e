//! Reading objects of built-in kinds as Kubernetes' typed decoders do: unknown fields are dropped (and named, for
//! `fieldValidation`), nulls vanish, a value of another type is an error.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::error::{ApiError, ApiResult};
use super::registry::{Kind, KindSchema};
use super::structural;
use super::types::{StructId, Type, types};

/// Deepest nesting of an object. Far beyond any real one, far below the stack.
const MAX_DEPTH: usize = 100;

/// Brings an object into the form of its kind; gives the paths of unknown fields.
pub(super) fn normalize(kind: &Kind, object: &mut Value) -> ApiResult<Vec<String>> {
    if depth(object) > MAX_DEPTH {
        return Err(ApiError::bad_request(format!(
            "object is nested more than {MAX_DEPTH} levels deep"
        )));
    }
    let mut unknown = Vec::new();
    match &kind.schema {
        KindSchema::Builtin(id) => {
            let mut reader = Reader {
                kind,
                unknown: &mut unknown,
            };
            reader.structure(*id, object, &mut String::new())?;
        }
        KindSchema::Custom(custom) => {
            metadata(kind, object, &mut unknown)?;
            if let Some(schema) = &custom.schema {
                structural::drop_nulls(schema, object);
                if !custom.preserve_unknown {
                    unknown.extend(structural::prune(schema, object));
                }
            }
        }
        KindSchema::Unknown => metadata(kind, object, &mut unknown)?,
    }
    if kind.is("", "Secret") {
        fold_string_data(object);
    }
    Ok(unknown)
}

fn metadata(kind: &Kind, object: &mut Value, unknown: &mut Vec<String>) -> ApiResult<()> {
    let Some(id) = types().named("meta.v1.ObjectMeta") else {
        return Ok(());
    };
    let Some(metadata) = object.get_mut("metadata") else {
        return Ok(());
    };
    let mut reader = Reader { kind, unknown };
    reader.structure(id, metadata, &mut "metadata".to_owned())
}

/// `stringData` of a Secret is write-only: its texts become `data`.
fn fold_string_data(object: &mut Value) {
    let Some(Value::Object(texts)) = object.as_object_mut().and_then(|o| o.remove("stringData")) else {
        return;
    };
    if !object["data"].is_object() {
        object["data"] = json!({});
    }
    for (key, text) in texts {
        object["data"][key] = json!(STANDARD.encode(text.as_str().unwrap_or_default()));
    }
}

fn depth(value: &Value) -> usize {
    // Iterative: the value may be as deep as the parser allowed.
    let (mut deepest, mut stack) = (0, vec![(value, 1)]);
    while let Some((value, depth)) = stack.pop() {
        deepest = deepest.max(depth);
        match value {
            Value::Array(items) => stack.extend(items.iter().map(|v| (v, depth + 1))),
            Value::Object(map) => stack.extend(map.values().map(|v| (v, depth + 1))),
            _ => {}
        }
    }
    deepest
}

struct Reader<'a> {
    kind: &'a Kind,
    unknown: &'a mut Vec<String>,
}

impl Reader<'_> {
    fn structure(&mut self, id: StructId, value: &mut Value, path: &mut String) -> ApiResult<()> {
        let Value::Object(map) = value else {
            return Err(self.wrong(value, path, "object"));
        };
        let length = path.len();
        let names: Vec<String> = map.keys().cloned().collect();
        for name in names {
            let Some(child) = map.get_mut(&name) else { continue };
            if length == 0 && (name == "apiVersion" || name == "kind") {
                continue;
            }
            path.push_str(if length > 0 { "." } else { "" });
            path.push_str(&name);
            match types().field(id, &name) {
                None => {
                    self.unknown.push(path.clone());
                    map.remove(&name);
                }
                Some(_) if child.is_null() => {
                    map.remove(&name);
                }
                Some(field) => self.value(&field.ty, child, path)?,
            }
            path.truncate(length);
        }
        Ok(())
    }

    fn value(&mut self, ty: &Type, value: &mut Value, path: &mut String) -> ApiResult<()> {
        let length = path.len();
        let fits = match ty {
            Type::Raw => true,
            Type::String | Type::Time | Type::MicroTime | Type::Duration => value.is_string(),
            Type::Bytes => match value.as_str() {
                Some(text) => {
                    if STANDARD.decode(text.as_bytes()).is_err() {
                        return Err(self.error(format!("illegal base64 data in {path}")));
                    }
                    true
                }
                None => false,
            },
            Type::Boolean => value.is_boolean(),
            Type::Float => value.is_number(),
            Type::Integer { .. } => {
                // A float without a fraction is a whole number to Go's decoder.
                if let Some(whole) = value
                    .as_f64()
                    .filter(|f| value.is_f64() && f.fract() == 0.0 && f.abs() < 9e15)
                {
                    *value = json!(whole as i64);
                }
                value.is_i64() || value.is_u64()
            }
            Type::Quantity => {
                if let Value::Number(number) = value {
                    *value = Value::String(number.to_string());
                }
                value.is_string()
            }
            Type::IntOrString => value.is_string() || value.is_i64(),
            Type::Struct(id) => return self.structure(*id, value, path),
            Type::List(item) | Type::Wrapped(item) => {
                let Value::Array(items) = value else {
                    return Err(self.wrong(value, path, "array"));
                };
                for (index, child) in items.iter_mut().enumerate() {
                    path.push_str(&format!("[{index}]"));
                    if !child.is_null() {
                        self.value(item, child, path)?;
                    }
                    path.truncate(length);
                }
                true
            }
            Type::Map(item) => {
                let Value::Object(map) = value else {
                    return Err(self.wrong(value, path, "object"));
                };
                for (key, child) in map.iter_mut() {
                    path.push('.');
                    path.push_str(key);
                    if child.is_null() {
                        // Go's zero value.
                        *child = match **item {
                            Type::String | Type::Bytes => json!(""),
                            _ => Value::Object(Map::new()),
                        };
                    } else {
                        self.value(item, child, path)?;
                    }
                    path.truncate(length);
                }
                true
            }
        };
        if fits {
            Ok(())
        } else {
            Err(self.wrong(value, path, go_type(ty)))
        }
    }

    fn wrong(&self, value: &Value, path: &str, wanted: &str) -> ApiError {
        let found = match value {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        self.error(format!(
            "json: cannot unmarshal {found} into Go struct field .{path} of type {wanted}"
        ))
    }

    fn error(&self, why: String) -> ApiError {
        let (version, kind) = (&self.kind.version, &self.kind.kind);
        ApiError::bad_request(format!(
            "{kind} in version {version:?} cannot be handled as a {kind}: {why}"
        ))
    }
}

fn go_type(ty: &Type) -> &'static str {
    match ty {
        Type::String => "string",
        Type::Bytes => "[]uint8",
        Type::Integer { long: true } => "int64",
        Type::Integer { long: false } => "int32",
        Type::Boolean => "bool",
        Type::Float => "float64",
        Type::Time => "v1.Time",
        Type::MicroTime => "v1.MicroTime",
        Type::Quantity => "resource.Quantity",
        Type::IntOrString => "intstr.IntOrString",
        Type::Duration => "v1.Duration",
        Type::List(_) | Type::Wrapped(_) => "array",
        Type::Raw | Type::Struct(_) | Type::Map(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::registry::Registry;

    #[test]
    fn unknown_fields_are_named_and_dropped() {
        let registry = Registry::builtin();
        let kind = registry.kind("apps/v1", "Deployment").unwrap();
        let mut object = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "a", "nam": 1, "creationTimestamp": null },
            "spec": { "replicas": 2.0, "template": { "spec": { "containers": [{ "name": "c", "imag": "x" }] } } },
        });
        let unknown = normalize(kind, &mut object).unwrap();
        assert_eq!(unknown, ["metadata.nam", "spec.template.spec.containers[0].imag"]);
        assert_eq!(object["metadata"], json!({ "name": "a" }));
        assert_eq!(object["spec"]["replicas"], 2);
        object["spec"]["replicas"] = json!("2");
        let error = normalize(kind, &mut object).unwrap_err();
        assert!(
            error
                .message
                .contains("cannot unmarshal string into Go struct field .spec.replicas of type int32"),
            "{error}"
        );
        let secret = registry.kind("v1", "Secret").unwrap();
        let mut object = json!({ "metadata": {}, "stringData": { "a": "b" } });
        normalize(secret, &mut object).unwrap();
        assert_eq!(object["data"], json!({ "a": "Yg==" }));
        object["data"]["x"] = json!("!");
        assert_eq!(normalize(secret, &mut object).unwrap_err().code, 400);
    }
}
