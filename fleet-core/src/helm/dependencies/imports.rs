//! `import-values`: tables of a subchart's values that become the parent's defaults (Helm v4.2.3
//! `processImportValues`).
//!
//! Every chart with declared dependencies gets the merged values of itself and its subcharts as its own, whether it imports
//! any or not, as in Helm. This depends on which subcharts are switched on, not on the user's values, so it is kept with the chart
//! for the combinations that renders had.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::Node;
use crate::helm::metadata::Metadata;
use crate::helm::values::{Values, ValuesError, coalesce_node, from_values, merge_tables, table, to_values};
use crate::template::Map;

/// Combinations of subcharts that are kept.
const MAX_KEPT: usize = 16;

/// Each chart of a tree from the root down: where its parts are, its name, how many subcharts it has.
type Shape = Vec<(usize, String, usize)>;

/// What processing gave for combinations of subcharts. It holds no charts, since a chart holds it.
#[derive(Debug, Default)]
pub(crate) struct Imported(Mutex<Vec<(Shape, Arc<Outcome>)>>);

/// Metadata and values of the charts of a [`Shape`], and what was logged.
#[derive(Debug)]
struct Outcome {
    nodes: Vec<(Arc<Metadata>, Arc<Values>)>,
    warnings: Vec<String>,
}

/// Processes a tree of charts.
pub(super) fn process(root: &mut Node, warnings: &mut Vec<String>) -> Result<(), ValuesError> {
    let parts = Arc::clone(&root.parts);
    let mut shape = Shape::new();
    root.each(&mut |node| {
        let place = Arc::as_ptr(&node.parts).addr();
        shape.push((place, node.name().to_owned(), node.dependencies.len()));
    });
    let kept = || parts.imported.0.lock().unwrap_or_else(PoisonError::into_inner);
    let known = kept()
        .iter()
        .find(|(known, _)| *known == shape)
        .map(|it| Arc::clone(&it.1));
    if let Some(outcome) = known {
        let mut nodes = outcome.nodes.iter();
        root.each(&mut |node| {
            if let Some((metadata, values)) = nodes.next() {
                node.metadata = Arc::clone(metadata);
                node.values = Arc::clone(values);
            }
        });
        warnings.extend_from_slice(&outcome.warnings);
        return Ok(());
    }
    let before = warnings.len();
    import(root, warnings)?;
    let mut nodes = Vec::with_capacity(shape.len());
    root.each(&mut |node| nodes.push((Arc::clone(&node.metadata), Arc::clone(&node.values))));
    let warnings = warnings[before..].to_vec();
    let mut kept = kept();
    if kept.len() >= MAX_KEPT {
        kept.remove(0);
    }
    kept.push((shape, Arc::new(Outcome { nodes, warnings })));
    Ok(())
}

/// Processes a tree of charts, from the leaves up.
fn import(node: &mut Node, warnings: &mut Vec<String>) -> Result<(), ValuesError> {
    for child in &mut node.dependencies {
        import(child, warnings)?;
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
