//! How a value of a kind is merged: what is a leaf, what is a list with keys, and what lies below.

use serde_json::{Map, Value};

use crate::embedded::registry::{Kind, KindSchema};
use crate::embedded::types::{Field, ListKind, StructId, Type, types};

/// The schema of one place in an object.
#[derive(Debug, Clone, Copy)]
pub(super) enum Schema<'a> {
    Struct(StructId),
    Builtin(&'a Type, Option<&'a Field>),
    /// A structural schema; true at the root and at embedded resources, whose metadata are typed.
    Custom(&'a Value, bool),
    Deduced,
}

/// How server-side apply treats a place.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Treatment {
    /// Owned as one: scalars, atomic lists and maps.
    Leaf,
    Map,
    Set,
    /// A list whose items are known by these keys.
    Keyed(Vec<String>),
}

impl<'a> Schema<'a> {
    /// The schema of a whole object.
    pub(super) fn of(kind: &'a Kind) -> Schema<'a> {
        match &kind.schema {
            KindSchema::Builtin(id) => Schema::Struct(*id),
            KindSchema::Custom(custom) => custom
                .schema
                .as_ref()
                .map_or(Schema::Deduced, |s| Schema::Custom(s, true)),
            KindSchema::Unknown => Schema::Deduced,
        }
    }

    /// How `value` here is treated.
    pub(super) fn treatment(&self, value: &Value) -> Treatment {
        match (self, value) {
            (_, Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => Treatment::Leaf,
            (Schema::Deduced, Value::Object(_)) => Treatment::Map,
            (Schema::Deduced, Value::Array(_)) => Treatment::Leaf,
            (Schema::Struct(id), _) => {
                if types().get(*id).atomic {
                    Treatment::Leaf
                } else {
                    Treatment::Map
                }
            }
            (Schema::Builtin(ty, field), _) => {
                if field.is_some_and(|f| f.atomic) {
                    return Treatment::Leaf;
                }
                match ty {
                    Type::Struct(id) => Schema::Struct(*id).treatment(value),
                    Type::Map(_) => Treatment::Map,
                    Type::List(_) => match field.map(|f| &f.list) {
                        Some(ListKind::Set) => Treatment::Set,
                        Some(ListKind::Map(keys)) => Treatment::Keyed(keys.clone()),
                        _ => Treatment::Leaf,
                    },
                    _ => Treatment::Leaf,
                }
            }
            (Schema::Custom(schema, _), Value::Object(_)) => {
                if schema["x-kubernetes-map-type"] == "atomic" {
                    Treatment::Leaf
                } else {
                    Treatment::Map
                }
            }
            (Schema::Custom(schema, _), Value::Array(_)) => match schema["x-kubernetes-list-type"].as_str() {
                Some("set") => Treatment::Set,
                Some("map") => {
                    let keys = schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten();
                    Treatment::Keyed(keys.filter_map(Value::as_str).map(str::to_owned).collect())
                }
                _ => Treatment::Leaf,
            },
        }
    }

    /// The schema of a field, and whether the schema names that field (a map's keys are not named).
    pub(super) fn field(&self, name: &str) -> (Schema<'a>, bool) {
        match self {
            Schema::Deduced => (Schema::Deduced, false),
            Schema::Struct(id) => match types().field(*id, name) {
                Some(field) => (Schema::Builtin(&field.ty, Some(field)), true),
                None => (Schema::Deduced, false),
            },
            Schema::Builtin(Type::Struct(id), _) => Schema::Struct(*id).field(name),
            Schema::Builtin(Type::Map(item), _) => (Schema::Builtin(item, None), false),
            Schema::Builtin(..) => (Schema::Deduced, false),
            Schema::Custom(schema, root) => {
                if *root && name == "metadata" {
                    return (
                        types()
                            .named("meta.v1.ObjectMeta")
                            .map_or(Schema::Deduced, Schema::Struct),
                        true,
                    );
                }
                if let Some(inner) = schema["properties"].get(name) {
                    return (
                        Schema::Custom(inner, inner["x-kubernetes-embedded-resource"] == true),
                        true,
                    );
                }
                match schema.get("additionalProperties").filter(|a| a.is_object()) {
                    Some(inner) => (Schema::Custom(inner, false), false),
                    None => (Schema::Deduced, false),
                }
            }
        }
    }

    /// The schema of a list's items.
    pub(super) fn item(&self) -> Schema<'a> {
        match self {
            Schema::Builtin(Type::List(item), _) => Schema::Builtin(item, None),
            Schema::Custom(schema, _) => match schema.get("items") {
                Some(inner) => Schema::Custom(inner, inner["x-kubernetes-embedded-resource"] == true),
                None => Schema::Deduced,
            },
            _ => Schema::Deduced,
        }
    }

    /// The path element of a list item.
    pub(super) fn element(&self, treatment: &Treatment, item: &Value) -> String {
        match treatment {
            Treatment::Keyed(keys) => {
                let mut sorted: Vec<&String> = keys.iter().collect();
                sorted.sort();
                let own: Map<String, Value> = sorted
                    .into_iter()
                    .filter_map(|key| Some((key.clone(), item.get(key).cloned().or_else(|| self.key_default(key))?)))
                    .collect();
                format!("k:{}", Value::Object(own))
            }
            _ => format!("v:{item}"),
        }
    }

    /// Keys may be left out where they have a default: the protocol of ports, or what a structural schema says.
    fn key_default(&self, key: &str) -> Option<Value> {
        match self.item() {
            Schema::Builtin(..) if key == "protocol" => Some("TCP".into()),
            Schema::Custom(schema, _) => schema["properties"][key].get("default").cloned(),
            _ => None,
        }
    }
}
