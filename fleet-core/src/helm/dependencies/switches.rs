//! Tags and conditions, which switch declared dependencies on and off.

use crate::helm::metadata::Dependency;
use crate::template::{Map, Value};

/// `tags`: any true one switches on, else any false one switches off (Helm v4.2.3 `processDependencyTags`).
pub(super) fn tags(dependencies: &mut [Dependency], values: &Map, warnings: &mut Vec<String>) {
    let Some(Value::Map(table)) = values.get("tags") else {
        return;
    };
    for dependency in dependencies {
        let (mut any_true, mut any_false) = (false, false);
        for tag in &dependency.tags {
            match table.get(tag) {
                Some(Value::Bool(true)) => any_true = true,
                Some(Value::Bool(false)) => any_false = true,
                Some(_) => warnings.push(format!("returned non-bool value tag={tag} chart={}", dependency.name)),
                None => {}
            }
        }
        dependency.enabled = any_true || !any_false;
    }
}

/// `condition`: the first path that has a bool decides, over tags (Helm v4.2.3 `processDependencyConditions`).
pub(super) fn conditions(dependencies: &mut [Dependency], values: &Map, prefix: &str, warnings: &mut Vec<String>) {
    for dependency in dependencies {
        for path in dependency.condition.trim().split(',').filter(|path| !path.is_empty()) {
            match at_path(values, &format!("{prefix}{path}")) {
                Some(Value::Bool(flag)) => {
                    dependency.enabled = flag;
                    break;
                }
                Some(_) => warnings.push(format!("returned non-bool value path={path} chart={}", dependency.name)),
                None => {}
            }
        }
    }
}

/// The value at a dotted path; a table is no value (Helm v4.2.3 `Values.PathValue`).
fn at_path(values: &Map, path: &str) -> Option<Value> {
    let (tables, key) = match path.rsplit_once('.') {
        Some((tables, key)) => (Some(tables), key),
        None => (None, path),
    };
    let mut map = values.clone();
    for part in tables.into_iter().flat_map(|tables| tables.split('.')) {
        map = match map.get(part) {
            Some(Value::Map(inner)) => inner,
            _ => return None,
        };
    }
    map.get(key).filter(|value| value.as_map().is_none())
}
