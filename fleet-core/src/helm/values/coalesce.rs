//! Coalescing: the user's values, over the parent chart's, over the subchart's, with globals going down (Helm v4.2.3
//! `common/util.CoalesceValues` and `MergeValues`).
//!
//! A user's null removes the value that a chart has; a null of a chart means that it has none. While dependencies are
//! processed, Helm coalesces in a mode that keeps nulls ("merge"), so that what is imported does not lose them.
//!
//! The work is done on the maps that templates see, which are references: as in Helm, tables deep inside the globals of a
//! parent and of its subcharts are the same table, so what a subchart adds there, and what a template sets, all see.

use super::{Values, ValuesError};
use crate::helm::chart::Chart;
use crate::helm::dependencies::Node;
use crate::template::{Map, Text, Value, format};

/// What coalescing gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coalesced {
    /// The values of the chart and, under their names, of its subcharts.
    pub values: Values,
    /// What Helm logs on the way, such as a table that a scalar does not replace.
    pub warnings: Vec<String>,
}

/// Coalesces values with those of a chart and all its subcharts, as they are: no condition is looked at (see
/// [`crate::helm::dependencies`]).
///
/// # Errors
/// [`ValuesError::NotATable`] if the name of a subchart has a value that is no table.
pub fn coalesce(chart: &Chart, values: &Values) -> Result<Coalesced, ValuesError> {
    let mut warnings = Vec::new();
    let map = coalesce_node(&Node::of(chart), values, false, &mut warnings)?;
    Ok(Coalesced {
        values: to_values(&map),
        warnings,
    })
}

/// The coalesced values of a node, as templates see them.
pub(crate) fn coalesce_node(
    node: &Node,
    values: &Values,
    keep_nulls: bool,
    warnings: &mut Vec<String>,
) -> Result<Map, ValuesError> {
    let target = from_values(values);
    Scope { keep_nulls, warnings }.chart(node, &target, "")?;
    Ok(target)
}

/// Merges tables: what `target` has wins, tables merge, nulls stay (Helm v4.2.3 `MergeTables`).
pub(crate) fn merge_tables(target: &Map, source: &Map, warnings: &mut Vec<String>) {
    Scope {
        keep_nulls: true,
        warnings,
    }
    .tables(target, source, "", true);
}

/// Values as a map that templates can change.
pub(crate) fn from_values(values: &Values) -> Map {
    Map::from_entries(
        values
            .iter()
            .map(|(key, value)| (key.as_str(), Value::from_json_with_integers(value))),
    )
}

/// A map as values; what JSON cannot hold, and values never have, is left out.
pub(crate) fn to_values(map: &Map) -> Values {
    let entries = map.entries();
    let converted = entries
        .iter()
        .filter_map(|(key, value)| Some((key.to_str().into_owned(), value.to_json().ok()?)));
    converted.collect()
}

/// One run over a tree of charts.
struct Scope<'a> {
    keep_nulls: bool,
    warnings: &'a mut Vec<String>,
}

fn join(prefix: &str, key: &str) -> String {
    if prefix.is_empty() {
        key.to_owned()
    } else {
        format!("{prefix}.{key}")
    }
}

impl Scope<'_> {
    /// Fills `target` with the values of a chart and of its subcharts.
    fn chart(&mut self, node: &Node, target: &Map, prefix: &str) -> Result<(), ValuesError> {
        let path = join(prefix, node.name());
        self.own(node, target, &path);
        for child in &node.dependencies {
            let name = child.name();
            let table = match target.get(name) {
                None => {
                    let table = Map::new();
                    target.insert(name, Value::Map(table.clone()));
                    table
                }
                Some(Value::Map(table)) => table,
                Some(other) => {
                    let value = format::sprintf_lossy("%t", &[other]);
                    return Err(ValuesError::NotATable {
                        name: name.to_owned(),
                        value,
                    });
                }
            };
            self.globals(&table, target, &path);
            self.chart(child, &table, &path)?;
        }
        Ok(())
    }

    /// The chart's own values.
    fn own(&mut self, node: &Node, target: &Map, path: &str) {
        for (key, value) in node.values() {
            match target.get(key) {
                None => self.add(
                    target,
                    key.as_str().into(),
                    Value::from_json_with_integers(value),
                    self.keep_nulls,
                ),
                Some(Value::Nil) if !self.keep_nulls => {
                    target.remove(key);
                }
                Some(Value::Map(inner)) => match value {
                    serde_json::Value::Object(below) => {
                        let keep = self.keep_nulls || node.dependencies.iter().any(|child| child.name() == key);
                        self.tables(&inner, &from_values(below), &join(path, key), keep);
                    }
                    serde_json::Value::Null => {}
                    _ => self
                        .warnings
                        .push(format!("warning: skipped value for {path}.{key}: Not a table.")),
                },
                Some(_) => {}
            }
        }
    }

    /// Adds a value where there is none. A chart's null adds nothing, unless nulls are kept.
    fn add(&mut self, target: &Map, key: Text, value: Value, keep_nulls: bool) {
        if keep_nulls {
            target.insert(key, value);
        } else if !value.is_nil() {
            remove_nulls(&value);
            target.insert(key, value);
        }
    }

    /// Globals of a parent go to a child: the parent's scalars win, tables merge.
    fn globals(&mut self, child: &Map, parent: &Map, path: &str) {
        let below = match child.get("global") {
            None => Map::new(),
            Some(Value::Map(below)) => below,
            Some(_) => {
                let text = "warning: skipping globals because destination global is not a table.";
                self.warnings.push(text.to_owned());
                return;
            }
        };
        let above = match parent.get("global") {
            None => Map::new(),
            Some(Value::Map(above)) => above,
            Some(_) => {
                self.warnings
                    .push("warning: skipping globals because source global is not a table.".to_owned());
                return;
            }
        };
        let entries: Vec<(Text, Value)> = above.entries().iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        for (key, value) in entries {
            let name = key.to_str();
            match (value, below.get(key.as_bytes())) {
                (Value::Map(table), old) => {
                    // The copy is of one level: deeper tables are shared with the parent.
                    let merged = table.shallow_copy();
                    match old {
                        None => below.insert(key.clone(), Value::Map(merged)),
                        Some(Value::Map(old)) => {
                            self.tables(&merged, &old, &join(path, &name), true);
                            below.insert(key.clone(), Value::Map(merged));
                        }
                        Some(_) => {
                            let name = crate::template::quote::quote(key.as_bytes());
                            self.warnings
                                .push(format!("Conflict: cannot merge map onto non-map for {name}. Skipping."));
                        }
                    }
                }
                (_, Some(Value::Map(_))) => self.warnings.push(format!("key {name} is table. Skipping")),
                (value, _) => below.insert(key.clone(), value),
            }
        }
        child.insert("global", Value::Map(below));
    }

    /// Fills a table from one of lower precedence, which is used up: its tables become part of the target.
    fn tables(&mut self, target: &Map, source: &Map, path: &str, keep_nulls: bool) {
        if target.is_same(source) {
            return;
        }
        let entries: Vec<(Text, Value)> = source.entries().iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        for (key, value) in entries {
            let below = || join(path, &key.to_str());
            match (target.get(key.as_bytes()), value) {
                (Some(Value::Nil), Value::Nil) => {}
                (Some(Value::Nil), _) if !keep_nulls => {
                    target.remove(key.as_bytes());
                }
                (None, value) => self.add(target, key, value, keep_nulls),
                (Some(Value::Map(inner)), Value::Map(source)) => self.tables(&inner, &source, &below(), keep_nulls),
                (Some(Value::Map(_)), Value::Nil) => {}
                (Some(Value::Map(_)), value) => {
                    let (path, value) = (below(), format::sprintf_lossy("%v", &[value]));
                    let text = "is a table. Ignoring non-table value";
                    self.warnings
                        .push(format!("warning: destination for {path} {text} ({value})"));
                }
                (Some(_), value @ Value::Map(_)) => {
                    let (path, value) = (below(), format::sprintf_lossy("%v", &[value]));
                    let text = "cannot overwrite table with non table for";
                    self.warnings.push(format!("warning: {text} {path} ({value})"));
                }
                (Some(_), _) => {}
            }
        }
    }
}

/// Removes null entries of a table and of the tables in it, but not inside lists.
fn remove_nulls(value: &Value) {
    let Value::Map(map) = value else { return };
    let nulls: Vec<Text> = map
        .entries()
        .iter()
        .filter(|(_, value)| value.is_nil())
        .map(|(key, _)| key.clone())
        .collect();
    for key in nulls {
        map.remove(key.as_bytes());
    }
    let tables: Vec<Value> = map
        .entries()
        .values()
        .filter(|value| value.as_map().is_some())
        .cloned()
        .collect();
    tables.iter().for_each(remove_nulls);
}
