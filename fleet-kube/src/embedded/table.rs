//! `meta.k8s.io/v1 Table`: what `kubectl get` prints.

use std::sync::Arc;

use serde_json::{Value, json};

use super::answer::partial;
use super::custom::{PrinterColumn, at_path};
use super::registry::Kind;

mod builtin;

/// A table of `objects`. `include`: `includeObject` of the request (`None`, `Metadata`, `Object`).
pub(super) fn of(kind: &Kind, objects: &[Arc<Value>], include: Option<&str>, with_columns: bool) -> Value {
    let now = jiff::Timestamp::now();
    let columns = builtin::columns(kind);
    let custom = kind.custom();
    let mut definitions = Vec::new();
    if let Some(custom) = custom {
        definitions.push(definition("Name", "string", "name", 0, ""));
        for c in &custom.columns {
            definitions.push(definition(&c.name, &c.ty, &c.format, c.priority, &c.description));
        }
    } else {
        for (name, ty, priority) in &columns {
            let format = if *name == "Name" { "name" } else { "" };
            definitions.push(definition(name, ty, format, *priority, ""));
        }
    }
    let rows: Vec<Value> = objects
        .iter()
        .map(|object| {
            let cells = match custom {
                Some(custom) => {
                    let own = custom.columns.iter().map(|c| custom_cell(c, object, now));
                    std::iter::once(object["metadata"]["name"].clone()).chain(own).collect()
                }
                None => builtin::cells(kind, object, now),
            };
            let mut row = json!({ "cells": cells });
            match include {
                Some("None") => {}
                Some("Object") => row["object"] = Value::clone(object),
                _ => row["object"] = partial(object),
            }
            row
        })
        .collect();
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {},
        "columnDefinitions": if with_columns { Value::Array(definitions) } else { Value::Null },
        "rows": rows,
    })
}

fn definition(name: &str, ty: &str, format: &str, priority: i64, description: &str) -> Value {
    json!({ "name": name, "type": ty, "format": format, "description": description, "priority": priority })
}

fn custom_cell(column: &PrinterColumn, object: &Value, now: jiff::Timestamp) -> Value {
    let Some(found) = json_path(object, &column.json_path) else {
        return Value::Null;
    };
    match column.ty.as_str() {
        "date" => found.as_str().map_or(Value::Null, |text| json!(since(text, now))),
        "integer" => found.as_i64().map_or(Value::Null, |n| json!(n)),
        "number" => found.as_f64().map_or(Value::Null, |n| json!(n)),
        "boolean" => found.as_bool().map_or(Value::Null, |b| json!(b)),
        _ => match found {
            Value::String(text) => json!(text),
            Value::Null => Value::Null,
            other => json!(other.to_string()),
        },
    }
}

/// The JSON paths that printer columns use: `.a.b`, `.a['b']`, `.a[0]`, `.a[?(@.type=="Ready")].status`, `.a\.b`.
fn json_path<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    if !path.contains(['[', '\\']) {
        return at_path(object, path);
    }
    let mut value = object;
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('[') {
            let (inside, after) = after
                .split_once(']')
                .filter(|(inside, _)| !inside.starts_with("?("))
                .or_else(|| {
                    let end = after.find(")]")?;
                    Some((&after[..=end], &after[end + 2..]))
                })?;
            rest = after;
            value = if let Some(test) = inside.strip_prefix("?(@.").and_then(|t| t.strip_suffix(')')) {
                let (key, wanted) = test.split_once("==")?;
                let wanted = wanted.trim().trim_matches(['"', '\'']);
                value
                    .as_array()?
                    .iter()
                    .find(|item| at_path(item, key.trim()).is_some_and(|v| v == wanted))?
            } else if let Ok(index) = inside.parse::<usize>() {
                value.get(index)?
            } else {
                value.get(inside.trim_matches(['"', '\'']))?
            };
            continue;
        }
        let text = rest.strip_prefix('.').unwrap_or(rest);
        let (mut key, mut end, mut escaped) = (String::new(), text.len(), false);
        for (at, c) in text.char_indices() {
            match c {
                '\\' if !escaped => {
                    escaped = true;
                    continue;
                }
                '.' | '[' if !escaped => {
                    end = at;
                    break;
                }
                other => key.push(other),
            }
            escaped = false;
        }
        if key.is_empty() {
            return None;
        }
        value = value.get(&key)?;
        rest = &text[end..];
    }
    Some(value)
}

/// The age of a time, as `k8s.io/apimachinery/pkg/util/duration` HumanDuration prints it.
pub(super) fn since(time: &str, now: jiff::Timestamp) -> String {
    match time.parse::<jiff::Timestamp>() {
        Ok(time) => human_duration(now.as_second() - time.as_second()),
        Err(_) => "<unknown>".to_owned(),
    }
}

/// `duration.HumanDuration` of whole seconds.
pub(super) fn human_duration(seconds: i64) -> String {
    let two = |big: i64, unit: &str, small: i64, small_unit: &str| {
        if small == 0 {
            format!("{big}{unit}")
        } else {
            format!("{big}{unit}{small}{small_unit}")
        }
    };
    match seconds {
        s if s < -1 => "<invalid>".to_owned(),
        s if s < 0 => "0s".to_owned(),
        s if s < 120 => format!("{s}s"),
        s if s < 600 => two(s / 60, "m", s % 60, "s"),
        s if s < 3 * 3600 => format!("{}m", s / 60),
        s if s < 8 * 3600 => two(s / 3600, "h", s / 60 % 60, "m"),
        s if s < 48 * 3600 => format!("{}h", s / 3600),
        s if s < 192 * 3600 => two(s / 86400, "d", s / 3600 % 24, "h"),
        s if s < 365 * 86400 * 2 => format!("{}d", s / 86400),
        s if s < 365 * 86400 * 8 => two(s / 86400 / 365, "y", s / 86400 % 365, "d"),
        s => format!("{}y", s / 86400 / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_printer_columns() {
        let object = json!({ "status": { "conditions": [{ "type": "A", "status": "0" }, { "type": "Ready", "status": "True" }],
            "a.b": 1, "list": [7] }, "metadata": { "labels": { "x/y": "z" } } });
        for (path, want) in [
            (".status.conditions[?(@.type==\"Ready\")].status", json!("True")),
            (".status.conditions[?(@.type=='A')].status", json!("0")),
            (".status.list[0]", json!(7)),
            (".status.a\\.b", json!(1)),
            (".metadata.labels['x/y']", json!("z")),
        ] {
            assert_eq!(json_path(&object, path), Some(&want), "{path}");
        }
        for bad in ["[", ".a[", ".a[?(@.x]", ".status.conditions[?(@.type==\"B\")].status"] {
            assert_eq!(json_path(&object, bad), None, "{bad}");
        }
    }

    #[test]
    fn ages() {
        for (seconds, want) in [
            (5, "5s"),
            (119, "119s"),
            (130, "2m10s"),
            (700, "11m"),
            (4 * 3600, "4h"),
            (50 * 3600, "2d2h"),
        ] {
            assert_eq!(human_duration(seconds), want);
        }
    }
}
