//! Untyped Kubernetes objects: keys, install order, patches, schema tables.
//!
//! An object is a [`serde_json::Value`]. What the crate needs of one it reads by path, so that kinds and versions that did
//! not exist when this was written work as well.

// Its users render, and so are of that feature.
#[cfg(feature = "helm")]
pub(crate) mod difference;
pub mod install_order;
pub mod json_patch;
mod key;
pub mod merge_patch;
pub mod schema;
pub mod strategic;

pub use key::{GroupVersionKind, ObjectKey};

use serde_json::{Map, Value};

/// Objects, and in place of lists (`kind: List`, `ClusterList`) what they hold, as `kubectl get -o yaml` prints them.
pub fn listed(objects: &[Value]) -> impl Iterator<Item = &Value> {
    objects.iter().flat_map(|object| {
        match object.get("items").and_then(Value::as_array) {
            Some(items) if kind(object).ends_with("List") => items.as_slice(),
            _ => std::slice::from_ref(object),
        }
        .iter()
    })
}

/// A text of an object by JSON pointer; empty where there is none.
pub fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// `apiVersion` of an object.
pub fn api_version(object: &Value) -> &str {
    text(object, "/apiVersion")
}

/// `kind` of an object.
pub fn kind(object: &Value) -> &str {
    text(object, "/kind")
}

/// Name of an object.
pub fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

/// Namespace of an object; empty where it says none.
pub fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

/// A label of an object.
pub fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.get("metadata")?.get("labels")?.get(key)?.as_str()
}

/// An annotation of an object.
pub fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.get("metadata")?.get("annotations")?.get(key)?.as_str()
}

/// Sets a label; an object without metadata gets some.
pub fn set_label(object: &mut Value, key: &str, value: &str) {
    set_in_metadata(object, "labels", key, value);
}

/// Sets an annotation; an object without metadata gets some.
pub fn set_annotation(object: &mut Value, key: &str, value: &str) {
    set_in_metadata(object, "annotations", key, value);
}

/// Sets the namespace; an object without metadata gets some.
pub fn set_namespace(object: &mut Value, namespace: &str) {
    if let Some(metadata) = section(object, "metadata") {
        metadata.insert("namespace".to_owned(), Value::from(namespace));
    }
}

fn set_in_metadata(object: &mut Value, map: &str, key: &str, value: &str) {
    let Some(metadata) = section(object, "metadata") else {
        return;
    };
    let entry = metadata.entry(map).or_insert(Value::Null);
    if !entry.is_object() {
        *entry = Value::Object(Map::new());
    }
    if let Some(map) = entry.as_object_mut() {
        map.insert(key.to_owned(), Value::from(value));
    }
}

/// A map of the object by key, made where it is missing or something else; `None` where the object is no map itself.
fn section<'a>(object: &'a mut Value, key: &str) -> Option<&'a mut Map<String, Value>> {
    let entry = object.as_object_mut()?.entry(key).or_insert(Value::Null);
    if !entry.is_object() {
        *entry = Value::Object(Map::new());
    }
    entry.as_object_mut()
}
