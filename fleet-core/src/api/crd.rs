//! The CustomResourceDefinitions of Fleet's kinds, generated from the types.
//!
//! Schemas are upstream's: the same properties, nullability, validations and defaults, so that what upstream's API server
//! accepts and keeps is accepted and kept. The derived schema is tidied here, in one place:
//!
//! - `nullable` is what a field says (`x-nullable`), not whether its Rust type is an `Option`;
//! - `default` is what a field says (`x-default`), not Rust's `Default`;
//! - `format` of integers is `int64` only where upstream has it (`x-format`).

use serde_json::{Map, Value, json};

/// Names that Helm accepts for a release.
pub(super) const RELEASE_NAME_PATTERN: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

/// A column of `kubectl get`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column(pub(super) &'static str, pub(super) &'static str);

/// What a CustomResourceDefinition has beside its schema.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    pub(super) kind: &'static str,
    pub(super) plural: &'static str,
    pub(super) namespaced: bool,
    /// In the category `fleet`: `kubectl get fleet` lists it.
    pub(super) category: bool,
    pub(super) status_subresource: bool,
    pub(super) columns: &'static [Column],
}

/// Where a kind keeps its payload.
#[derive(Clone, Debug)]
pub(super) enum Payload {
    /// Under `spec`.
    Spec(Value),
    /// At the root.
    Root(Value),
}

/// The schema of a type, as Kubernetes wants it.
pub(crate) fn schema_of<T: schemars::JsonSchema>() -> Value {
    let settings = schemars::generate::SchemaSettings::openapi3().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    if let Some(object) = schema.as_object_mut() {
        object.remove("title");
    }
    tidy(&mut schema);
    schema
}

/// Rewrites a derived schema into a structural one.
fn tidy(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else { return };
    unwrap_option(object);
    if object.get("type").and_then(Value::as_str) == Some("integer") {
        for key in ["format", "minimum", "maximum"] {
            object.remove(key);
        }
    }
    for (own, key) in [
        ("x-nullable", "nullable"),
        ("x-default", "default"),
        ("x-format", "format"),
    ] {
        // Dates and bytes have their format from their type.
        if key != "format" {
            object.remove(key);
        }
        if let Some(value) = object.remove(own) {
            object.insert(key.to_owned(), value);
        }
    }
    if object.contains_key("properties") && object.get("additionalProperties") == Some(&Value::Bool(false)) {
        object.remove("additionalProperties");
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = object.get_mut(key) {
            tidy(inner);
        }
    }
    if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(tidy);
    }
}

/// `anyOf: [T, null]` and `type: [T, null]` are what an `Option` derives: what it holds is what counts.
fn unwrap_option(object: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get("type")
        && let Some(first) = types.iter().find(|name| name.as_str() != Some("null")).cloned()
    {
        object.insert("type".to_owned(), first);
    }
    let is_null = |schema: &Value| {
        schema.get("type").and_then(Value::as_str) == Some("null")
            || schema
                .get("enum")
                .and_then(Value::as_array)
                .is_some_and(|values| values == &[Value::Null])
    };
    if let Some(Value::Array(choices)) = object.get("anyOf")
        && choices.iter().any(is_null)
        && let Some(Value::Object(choice)) = choices.iter().find(|choice| !is_null(choice)).cloned()
    {
        object.remove("anyOf");
        for (key, value) in choice {
            // The field's own words win over its type's.
            object.entry(key).or_insert(value);
        }
    }
}

/// Puts a CustomResourceDefinition together.
pub(super) fn definition(names: Names, payload: Payload, status: Option<Value>) -> Value {
    let text = |description: &str| json!({"type": "string", "description": description});
    let mut root = match payload {
        Payload::Spec(spec) => {
            let mut properties = Map::new();
            properties.insert("spec".to_owned(), spec);
            json!({"type": "object", "properties": properties})
        }
        Payload::Root(root) => root,
    };
    if let Some(properties) = root.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("apiVersion".to_owned(), text("Version of the schema of this object."));
        properties.insert("kind".to_owned(), text("Kind of this object."));
        properties.insert("metadata".to_owned(), json!({"type": "object"}));
        if let Some(status) = status {
            properties.insert("status".to_owned(), status);
        }
    }
    let mut version = json!({
        "name": super::VERSION,
        "served": true,
        "storage": true,
        "schema": {"openAPIV3Schema": root},
    });
    if names.status_subresource {
        version["subresources"] = json!({"status": {}});
    }
    if !names.columns.is_empty() {
        let column = |Column(name, path): &Column| json!({"name": name, "jsonPath": path, "type": "string"});
        version["additionalPrinterColumns"] = names.columns.iter().map(column).collect();
    }
    let mut resource = json!({
        "kind": names.kind,
        "listKind": format!("{}List", names.kind),
        "plural": names.plural,
        "singular": names.kind.to_lowercase(),
    });
    if names.category {
        resource["categories"] = json!(["fleet"]);
    }
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{}.{}", names.plural, super::GROUP)},
        "spec": {
            "group": super::GROUP,
            "names": resource,
            "scope": if names.namespaced { "Namespaced" } else { "Cluster" },
            "versions": [version],
        },
    })
}

/// The CustomResourceDefinitions of all 14 kinds, sorted by name.
pub fn crds() -> Vec<Value> {
    super::roots::definitions()
}
