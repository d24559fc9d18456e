//! The head of a document: kind, name and annotations, decoded as Go decodes Helm's `SimpleHead`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::yaml;

#[derive(Default)]
pub(super) struct Head {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) annotations: BTreeMap<String, String>,
}

/// Reads the head of a document; the whole document must be YAML.
pub(super) fn read(text: &str) -> Result<Head, String> {
    let value = yaml::read_kept(text, &yaml::ReadOptions::default(), is_of_head)
        .map_err(|error| format!("error converting YAML to JSON: {error}"))?;
    decode(&value).map_err(|message| format!("error unmarshaling JSON: while decoding JSON: json: {message}"))
}

/// Whether an entry of the document, or of what is kept of it, is one that the head is decoded from.
fn is_of_head(depth: usize, key: &str) -> bool {
    let is = |name: &str| key.eq_ignore_ascii_case(name);
    match depth {
        0 => is("apiVersion") || is("kind") || is("metadata"),
        1 => is("name") || is("annotations"),
        _ => true,
    }
}

fn decode(value: &Value) -> Result<Head, String> {
    const METADATA: &str =
        "struct { Name string \"json:\\\"name\\\"\"; Annotations map[string]string \"json:\\\"annotations\\\"\" }";
    let mut head = Head::default();
    let mut errors = Vec::new();
    let wrong = |value: &Value, field: &str, target: &str| {
        let kind = kind(value);
        match field {
            "" => format!("cannot unmarshal {kind} into Go value of type {target}"),
            field => format!("cannot unmarshal {kind} into Go struct field {field} of type {target}"),
        }
    };
    let map = match value {
        Value::Object(map) => map,
        Value::Null => return Ok(head),
        other => return Err(wrong(other, "", "util.SimpleHead")),
    };
    let mut text = |target: &mut String, value: &Value, field: &str| match string(value) {
        Some(text) => *target = text,
        None if value.is_null() => {}
        None => errors.push(wrong(value, field, "string")),
    };
    let mut later = Vec::new();
    for (key, value) in map {
        match key.to_ascii_lowercase().as_str() {
            "apiversion" => text(&mut head.api_version, value, "SimpleHead.apiVersion"),
            "kind" => text(&mut head.kind, value, "SimpleHead.kind"),
            "metadata" => match value {
                Value::Object(metadata) => {
                    for (key, value) in metadata {
                        match (key.to_ascii_lowercase().as_str(), value) {
                            ("name", value) => text(&mut head.name, value, ".metadata.name"),
                            ("annotations", Value::Object(annotations)) => {
                                for (key, value) in annotations {
                                    let slot = head.annotations.entry(key.clone()).or_default();
                                    text(slot, value, ".metadata.annotations");
                                }
                            }
                            ("annotations", Value::Null) => {}
                            ("annotations", other) => {
                                later.push(wrong(other, ".metadata.annotations", "map[string]string"));
                            }
                            _ => {}
                        }
                    }
                }
                Value::Null => {}
                other => later.push(wrong(other, "SimpleHead.metadata", METADATA)),
            },
            _ => {}
        }
    }
    match errors.into_iter().chain(later).next() {
        Some(error) => Err(error),
        None => Ok(head),
    }
}

/// What stands where Go's field is a string: numbers and bools are printed.
fn string(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(match number.as_f64() {
            Some(float) if number.is_f64() => yaml::number::format_g32(float),
            _ => number.to_string(),
        }),
        _ => None,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
