//! Values from and to JSON values, as Go's `encoding/json` sees them.

use super::{List, Map, Value};
use crate::template::text::Text;

/// Deeper values than this are refused: they are cyclic, or made to exhaust the stack.
const MAX_DEPTH: usize = 1000;

impl Value {
    /// A value as Go's decoder gives it for `interface{}`: every number is a `float64`.
    pub fn from_json(value: &serde_json::Value) -> Self {
        from_json(value, &|number| Value::Float(number.as_f64().unwrap_or(f64::MAX)))
    }

    /// The same, but whole numbers stay `int64`: what a value of `--set` or a typed Go field gives.
    pub fn from_json_with_integers(value: &serde_json::Value) -> Self {
        from_json(value, &|number| match number.as_i64() {
            Some(integer) => Value::Int64(integer),
            None => Value::Float(number.as_f64().unwrap_or(f64::MAX)),
        })
    }

    /// The JSON value that Go's encoder writes for it.
    ///
    /// # Errors
    /// Go's text, for what JSON does not have: infinities, complex numbers, and values that contain themselves.
    pub fn to_json(&self) -> Result<serde_json::Value, String> {
        to_json(self, 0)
    }
}

fn from_json(value: &serde_json::Value, number: &impl Fn(&serde_json::Number) -> Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(value) => number(value),
        serde_json::Value::String(value) => Value::Text(value.as_str().into()),
        serde_json::Value::Array(items) => {
            Value::List(List::new(items.iter().map(|item| from_json(item, number)).collect()))
        }
        serde_json::Value::Object(entries) => Value::Map(Map::from_entries(
            entries
                .iter()
                .map(|(key, item)| (key.as_str(), from_json(item, number))),
        )),
    }
}

fn deeper(value: &Value, depth: usize) -> Result<serde_json::Value, String> {
    crate::template::with_stack(depth, || to_json(value, depth + 1))
}

fn to_json(value: &Value, depth: usize) -> Result<serde_json::Value, String> {
    if depth > MAX_DEPTH {
        return Err(format!(
            "json: unsupported value: encountered a cycle via {}",
            value.type_name()
        ));
    }
    Ok(match value {
        Value::Nil => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) | Value::Int64(value) => (*value).into(),
        Value::Uint8(value) => (*value).into(),
        Value::Uint64(value) => (*value).into(),
        Value::Float(value) => match serde_json::Number::from_f64(*value) {
            Some(number) => serde_json::Value::Number(number),
            None => {
                let text = crate::template::format::float_text(*value);
                return Err(format!("json: unsupported value: {text}"));
            }
        },
        Value::Complex(..) => return Err("json: unsupported type: complex128".to_owned()),
        Value::Text(text) => text.to_str().into(),
        Value::Bytes(bytes) => {
            use base64::Engine;
            base64::engine::general_purpose::STANDARD.encode(bytes).into()
        }
        Value::List(list) => {
            let items = list.items();
            serde_json::Value::Array(items.iter().map(|item| deeper(item, depth)).collect::<Result<_, _>>()?)
        }
        Value::Map(map) if map.map_type().nil && map.is_empty() => serde_json::Value::Null,
        Value::Map(map) => {
            let mut object = serde_json::Map::new();
            for (key, item) in map.entries().iter() {
                object.insert(Text::to_str(key).into_owned(), deeper(item, depth)?);
            }
            serde_json::Value::Object(object)
        }
        Value::Object(object) => object.json()?,
    })
}
