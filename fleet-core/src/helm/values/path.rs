//! Dotted paths into values as templates see them.

use crate::template::{Map, Value};

/// The table at a dotted path (Helm v4.2.3 `Values.Table`); `Err` holds the part of the path that is no table.
pub(crate) fn table_at<'a>(values: &Map, path: &'a str) -> Result<Map, &'a str> {
    let mut table = values.clone();
    for part in path.split('.') {
        table = match table.get(part) {
            Some(Value::Map(inner)) => inner,
            _ => return Err(part),
        };
    }
    Ok(table)
}

/// The value at a dotted path that is no table (Helm v4.2.3 `Values.PathValue`).
pub(crate) fn value_at(values: &Map, path: &str) -> Option<Value> {
    let found = match path.rsplit_once('.') {
        Some((parent, key)) => table_at(values, parent).ok()?.get(key),
        None => values.get(path),
    };
    found.filter(|value| value.as_map().is_none())
}
