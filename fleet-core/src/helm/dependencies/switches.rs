//! Tags and conditions, which switch declared dependencies on and off.

use crate::helm::metadata::Dependency;
use crate::helm::values::value_at;
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
            match value_at(values, &format!("{prefix}{path}")) {
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
