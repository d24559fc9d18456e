//! Values: reading them, merging files, the `--set` family, and coalescing them with what charts bring.
//!
//! Values are JSON objects. As in Helm, a number that was read from YAML or JSON is a float; an integer comes only from
//! `--set` (Helm v4.2.3 `strvals`), and templates see the difference.

mod coalesce;
mod path;
mod set;

use serde_json::{Map, Value};

use crate::yaml;

pub use coalesce::{Coalesced, coalesce};
pub(crate) use coalesce::{coalesce_node, from_values, merge_tables, to_values};
pub(crate) use path::{table_at, value_at};
pub use set::{MAX_INDEX, MAX_NESTING, set, set_file, set_json, set_literal, set_string};

/// The values of a chart or a user: a JSON object.
pub type Values = Map<String, Value>;

/// Why values cannot be read or set; texts are Helm v4.2.3's.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ValuesError {
    /// A values file is not YAML, or not a map.
    #[error("cannot unmarshal yaml document: {0}")]
    Document(#[from] yaml::YamlError),
    /// A values file is not text.
    #[error("cannot unmarshal yaml document: {0}")]
    Encoding(String),
    /// An assignment of the `--set` family is wrong.
    #[error("{0}")]
    Assignment(String),
    /// A subchart's name has a value that is no table.
    #[error("type mismatch on {name}: {value}")]
    NotATable {
        /// Name of the subchart.
        name: String,
        /// The value, printed as Go's `%t` does.
        value: String,
    },
}

/// Reads a values file: all its YAML documents, later ones merged over earlier ones (Helm v4.2.3 `loader.LoadValues`).
///
/// # Errors
/// A document is not YAML, or neither a map nor empty.
pub fn read(text: &str) -> Result<Values, ValuesError> {
    let mut values = Values::new();
    for document in yaml::documents(text) {
        values = merge(values, yaml::read_object(document.text)?);
    }
    Ok(values)
}

/// Reads a values file from its bytes.
///
/// # Errors
/// As of [`read`], and for bytes that are not UTF-8.
pub fn read_bytes(bytes: &[u8]) -> Result<Values, ValuesError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => read(text),
        Err(_) => Err(ValuesError::Encoding(
            "error converting YAML to JSON: yaml: invalid leading UTF-8 octet".into(),
        )),
    }
}

/// Takes a JSON value as values, as Go's decoder does: every number becomes a float. `None` if it is neither an object nor
/// null.
pub fn from_json(value: Value) -> Option<Values> {
    let mut value = value;
    yaml::numbers_to_f64(&mut value);
    match value {
        Value::Object(values) => Some(values),
        Value::Null => Some(Values::new()),
        _ => None,
    }
}

/// Lays values over others: tables merge, everything else of `over`, null too, replaces (Helm v4.2.3 `loader.MergeMaps`;
/// several `-f` files, and Fleet's `values` over `valuesFrom`).
pub fn merge(base: Values, over: Values) -> Values {
    let mut merged = base;
    for (key, value) in over {
        match (merged.get_mut(&key), value) {
            (Some(Value::Object(below)), Value::Object(above)) => *below = merge(std::mem::take(below), above),
            (_, value) => {
                merged.insert(key, value);
            }
        }
    }
    merged
}

/// The table at a dotted path (Helm v4.2.3 `Values.Table`); `Err` holds the part of the path that is no table.
pub fn table<'a>(values: &'a Values, path: &str) -> Result<&'a Values, String> {
    let mut table = values;
    for part in path.split('.') {
        match table.get(part) {
            Some(Value::Object(inner)) => table = inner,
            _ => return Err(part.to_owned()),
        }
    }
    Ok(table)
}

/// The value at a dotted path that is no table (Helm v4.2.3 `Values.PathValue`).
pub fn path_value<'a>(values: &'a Values, path: &str) -> Option<&'a Value> {
    let (parent, key) = match path.rsplit_once('.') {
        Some((parent, key)) => (table(values, parent).ok()?, key),
        None => (values, path),
    };
    parent.get(key).filter(|value| !value.is_object())
}

/// The name of a value's Go type, as decoded from JSON or set by `--set`.
pub(crate) fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}
