//! The JSON schema of fleet.yaml, for editors: it completes and explains keys, and marks the unknown ones.
//!
//! Keys and types are those of the table that the reader goes by ([`super::schema`]); what a key means, and what Kubernetes
//! demands of its value, comes from the types of [`crate::api`], as in the CustomResourceDefinitions. So neither can say
//! something that the reader or the API does not.
//!
//! The schema is as strict as an editor should be, where the reader is as lenient as Fleet's: unknown keys, and keys in another
//! case, are errors here. Whatever the reader takes without a remark is valid, but for values that the API refuses later (a
//! release name of more than 53 characters).

use serde_json::{Map, Value, json};

use super::{
    FleetYaml,
    schema::{FLEET_YAML, Record, Shape},
};
use crate::api::schema_of;

/// What is taken over from the schema of a type.
const CONSTRAINTS: [&str; 4] = ["pattern", "minLength", "maxLength", "enum"];

/// The JSON schema (draft 7) of fleet.yaml, generated from the types.
///
/// ```
/// let schema = fleet_core::scan::fleet_yaml_schema();
/// assert_eq!(schema["properties"]["keepResources"]["type"], serde_json::json!(["boolean", "null"]));
/// ```
pub fn fleet_yaml_schema() -> Value {
    let mut definitions = Definitions::default();
    let root = definitions.record(&FLEET_YAML, true, &schema_of::<FleetYaml>());
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "fleet.yaml",
        "description": "What a folder of a repository says about its bundle.",
    });
    if let (Some(schema), Value::Object(root)) = (schema.as_object_mut(), root) {
        schema.extend(root);
        schema.insert("definitions".to_owned(), Value::Object(definitions.0));
    }
    schema
}

/// Records by name: several keys have the same one.
#[derive(Default)]
struct Definitions(Map<String, Value>);

impl Definitions {
    /// `coerced`: whether scalars become text where text is asked for; see `decode`.
    fn record(&mut self, record: &'static Record, coerced: bool, documents: &Value) -> Value {
        let mut properties = Map::new();
        for field in record.all() {
            if field.internal || properties.contains_key(field.name) {
                continue;
            }
            let documents = &documents["properties"][field.name];
            let mut property = self.shape(&field.shape, coerced && record.is_direct(field), documents);
            if let (Some(property), Some(text)) = (property.as_object_mut(), documents.get("description")) {
                property.insert("description".to_owned(), text.clone());
            }
            properties.insert(field.name.to_owned(), property);
        }
        let mut object = json!({"type": ["object", "null"], "properties": properties, "additionalProperties": false});
        if let Some(keys) = one_of(record) {
            object["anyOf"] = keys.iter().map(|key| json!({"required": [key]})).collect();
        }
        object
    }

    fn shape(&mut self, shape: &'static Shape, coerced: bool, documents: &Value) -> Value {
        match shape {
            Shape::Text if coerced => json!({"type": ["string", "number", "boolean", "null"]}),
            Shape::Text | Shape::Duration => {
                let mut text = json!({"type": ["string", "null"]});
                for key in CONSTRAINTS {
                    if let Some(value) = documents.get(key) {
                        text[key] = value.clone();
                    }
                }
                text
            }
            Shape::Choice(words) => {
                let words = words.iter().map(|word| Value::from(*word)).chain([Value::Null]);
                json!({"enum": words.collect::<Vec<_>>()})
            }
            Shape::Boolean => json!({"type": ["boolean", "null"]}),
            Shape::Integer => json!({"type": ["integer", "null"]}),
            Shape::IntegerOrText => json!({"type": ["integer", "string", "null"]}),
            Shape::Free => json!({"type": ["object", "null"]}),
            Shape::Texts => {
                let text = self.shape(&Shape::Text, coerced, &Value::Null);
                json!({"type": ["object", "null"], "additionalProperties": text})
            }
            Shape::List(element) => {
                let element = self.shape(element, coerced, &documents["items"]);
                json!({"type": ["array", "null"], "items": element})
            }
            Shape::Record(record) => self.reference(record, coerced, documents),
            Shape::Records(record) => {
                let element = self.reference(record, coerced, &documents["items"]);
                json!({"type": ["array", "null"], "items": element})
            }
        }
    }

    fn reference(&mut self, record: &'static Record, coerced: bool, documents: &Value) -> Value {
        let mut name = record.name.replace(' ', "-");
        if coerced {
            name.push_str("-with-scalars");
        }
        if !self.0.contains_key(&name) {
            // Records do not contain themselves.
            let definition = self.record(record, coerced, documents);
            self.0.insert(name.clone(), definition);
        }
        // A description beside a bare `$ref` would be ignored.
        json!({"allOf": [{"$ref": format!("#/definitions/{name}")}]})
    }
}

/// Keys of which a record needs one.
fn one_of(record: &Record) -> Option<&'static [&'static str]> {
    (record.name == "dependency").then_some(&["name", "selector"])
}
