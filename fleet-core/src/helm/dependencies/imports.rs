//! `import-values`: tables of a subchart's values that become the parent's defaults (Helm v4.2.3
//! `processImportValues`).
//!
//! Every chart with declared dependencies gets the merged values of itself and its subcharts as its own, whether it imports
//! any or not, as in Helm.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Node;
use crate::helm::metadata::Metadata;
use crate::helm::values::{Values, ValuesError, coalesce_node, from_values, merge_tables, table, to_values};
use crate::template::Map;

/// Processes a tree of charts, from the leaves up.
pub(super) fn process(node: &mut Node, warnings: &mut Vec<String>) -> Result<(), ValuesError> {
    for child in &mut node.dependencies {
        process(child, warnings)?;
    }
    if node.metadata.dependencies.is_empty() {
        return Ok(());
    }
    let values = to_values(&coalesce_node(node, &Values::new(), true, warnings)?);
    let imported = Map::new();
    let mut metadata = Metadata::clone(&node.metadata);
    for dependency in &mut metadata.dependencies {
        let wanted = std::mem::take(&mut dependency.import_values);
        for import in wanted {
            let (child, parent) = match &import {
                Value::Object(map) => (printed(map.get("child")), printed(map.get("parent"))),
                Value::String(name) => (format!("exports.{name}"), ".".to_owned()),
                _ => continue,
            };
            match table(&values, &format!("{}.{child}", dependency.name)) {
                Ok(found) => merge_tables(&imported, &from_values(&at_path(&parent, found)), warnings),
                Err(part) => {
                    let text = format!(
                        "ImportValues missing table from chart={} error={part:?} is not a table",
                        dependency.name
                    );
                    warnings.push(text);
                }
            }
            dependency.import_values.push(json!({"child": child, "parent": parent}));
        }
    }
    node.metadata = Arc::new(metadata);
    let values = from_values(&values);
    merge_tables(&values, &imported, warnings);
    node.values = Arc::new(to_values(&values));
    Ok(())
}

/// A value as Go's `%v` prints it.
fn printed(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "<nil>".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// A table nested under a dotted path; `.` is the root (Helm v4.2.3 `pathToMap`).
fn at_path(path: &str, table: &Values) -> Values {
    if path == "." {
        return table.clone();
    }
    let nested = path.rsplit('.').fold(Value::Object(table.clone()), |inner, key| {
        Value::Object(Values::from_iter([(key.to_owned(), inner)]))
    });
    match nested {
        Value::Object(values) => values,
        _ => Values::new(),
    }
}
