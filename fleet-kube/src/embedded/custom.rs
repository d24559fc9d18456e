//! CustomResourceDefinitions (`apiextensions.k8s.io/v1`): which kinds one defines, and its own defaults and status.
//!
//! Not done: conversion webhooks (versions of a kind share their stored form, strategy `None`), and CEL rules
//! (`x-kubernetes-validations` are kept and not run).

use std::collections::HashMap;
use std::sync::Arc;

use regex::Regex;
use serde_json::{Map, Value, json};

use super::error::Cause;
use super::registry::{Kind, KindSchema, Registry, Subresource, table_name};

/// One served version of a CustomResourceDefinition.
#[derive(Debug)]
pub(super) struct CustomVersion {
    /// `openAPIV3Schema`.
    pub(super) schema: Option<Value>,
    /// Unknown fields stay (`spec.preserveUnknownFields`).
    pub(super) preserve_unknown: bool,
    pub(super) scale: Option<ScalePaths>,
    pub(super) columns: Vec<PrinterColumn>,
    pub(super) selectable_fields: Vec<String>,
    /// The schema's patterns, compiled once.
    pub(super) patterns: HashMap<String, Regex>,
}

/// Where the scale subresource finds its numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ScalePaths {
    pub(super) spec_replicas: String,
    pub(super) status_replicas: String,
    pub(super) label_selector: Option<String>,
}

/// An entry of `additionalPrinterColumns`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PrinterColumn {
    pub(super) name: String,
    pub(super) ty: String,
    pub(super) format: String,
    pub(super) description: String,
    pub(super) priority: i64,
    pub(super) json_path: String,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(text).collect()
}

/// Adds the kinds of a CustomResourceDefinition to `registry`.
pub(super) fn add_kinds(registry: &mut Registry, crd: &Value) {
    let spec = &crd["spec"];
    let (group, names) = (text(&spec["group"]), &spec["names"]);
    let resource = text(&names["plural"]);
    for version in spec["versions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|v| v["served"] == true)
    {
        let name = text(&version["name"]);
        // A definition cannot take over a kind of Kubernetes itself.
        if registry
            .resource(&group, &name, &resource)
            .is_some_and(|k| k.custom().is_none())
        {
            continue;
        }
        let subresources = &version["subresources"];
        let has_status = subresources["status"].is_object();
        let scale = subresources["scale"].as_object().map(|scale| ScalePaths {
            spec_replicas: scale.get("specReplicasPath").map(text).unwrap_or_default(),
            status_replicas: scale.get("statusReplicasPath").map(text).unwrap_or_default(),
            label_selector: scale.get("labelSelectorPath").map(text),
        });
        let schema = version["schema"].get("openAPIV3Schema").cloned();
        let mut patterns = HashMap::new();
        if let Some(schema) = &schema {
            compile_patterns(schema, &mut patterns, 0);
        }
        let mut columns: Vec<PrinterColumn> = version["additionalPrinterColumns"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|c| PrinterColumn {
                name: text(&c["name"]),
                ty: text(&c["type"]),
                format: text(&c["format"]),
                description: text(&c["description"]),
                priority: c["priority"].as_i64().unwrap_or(0),
                json_path: text(&c["jsonPath"]),
            })
            .collect();
        if columns.is_empty() {
            columns.push(PrinterColumn {
                name: "Age".into(),
                ty: "date".into(),
                format: String::new(),
                description: String::new(),
                priority: 0,
                json_path: ".metadata.creationTimestamp".into(),
            });
        }
        let kind = text(&names["kind"]);
        let mut subs = Vec::new();
        let get_patch_update = || ["get", "patch", "update"].map(str::to_owned).to_vec();
        if has_status {
            subs.push(Subresource {
                name: "status".into(),
                group: group.clone(),
                version: name.clone(),
                kind: kind.clone(),
                verbs: get_patch_update(),
            });
        }
        if scale.is_some() {
            subs.push(Subresource {
                name: "scale".into(),
                group: "autoscaling".into(),
                version: "v1".into(),
                kind: "Scale".into(),
                verbs: get_patch_update(),
            });
        }
        registry.add(Kind {
            version: name,
            resource: resource.clone(),
            singular: text(&names["singular"]),
            list_kind: names["listKind"]
                .as_str()
                .map_or_else(|| format!("{kind}List"), str::to_owned),
            kind,
            namespaced: spec["scope"] == "Namespaced",
            short_names: texts(&names["shortNames"]),
            categories: texts(&names["categories"]),
            verbs: [
                "delete",
                "deletecollection",
                "get",
                "list",
                "patch",
                "create",
                "update",
                "watch",
            ]
            .map(str::to_owned)
            .to_vec(),
            subresources: subs,
            table: table_name(&group, &resource).into(),
            schema: KindSchema::Custom(Arc::new(CustomVersion {
                schema,
                preserve_unknown: spec["preserveUnknownFields"] == true,
                scale,
                columns,
                selectable_fields: version["selectableFields"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|f| text(&f["jsonPath"]))
                    .collect(),
                patterns,
            })),
            response: None,
            group: group.clone(),
        });
    }
    registry.sort_versions(&group);
}

fn compile_patterns(schema: &Value, patterns: &mut HashMap<String, Regex>, depth: usize) {
    if depth > 64 {
        return;
    }
    match schema {
        Value::Object(map) => {
            if let Some(pattern) = map.get("pattern").and_then(Value::as_str)
                && let Ok(regex) = Regex::new(pattern)
            {
                patterns.insert(pattern.to_owned(), regex);
            }
            map.values().for_each(|v| compile_patterns(v, patterns, depth + 1));
        }
        Value::Array(list) => list.iter().for_each(|v| compile_patterns(v, patterns, depth + 1)),
        _ => {}
    }
}

/// Defaults of the definition itself (`apiextensions/v1` SetDefaults).
pub(super) fn set_defaults(crd: &mut Value) {
    let Some(spec) = crd["spec"].as_object_mut() else {
        return;
    };
    spec.entry("conversion")
        .or_insert_with(|| json!({ "strategy": "None" }));
    if let Some(names) = spec.get_mut("names").and_then(Value::as_object_mut) {
        let kind = names.get("kind").map(text).unwrap_or_default();
        names.entry("singular").or_insert_with(|| json!(kind.to_lowercase()));
        names.entry("listKind").or_insert_with(|| json!(format!("{kind}List")));
    }
}

/// What makes a definition unusable (`apiextensions/validation`, the checks that matter to routing).
pub(super) fn validate(crd: &Value) -> Vec<Cause> {
    let (spec, mut causes) = (&crd["spec"], Vec::new());
    let (group, plural) = (text(&spec["group"]), text(&spec["names"]["plural"]));
    for (path, value) in [
        ("spec.group", &spec["group"]),
        ("spec.names.plural", &spec["names"]["plural"]),
        ("spec.names.kind", &spec["names"]["kind"]),
        ("spec.scope", &spec["scope"]),
    ] {
        if value.as_str().is_none_or(str::is_empty) {
            causes.push(Cause::required(path, ""));
        }
    }
    if !["Namespaced", "Cluster"].iter().any(|s| spec["scope"] == *s) && spec["scope"].is_string() {
        causes.push(Cause {
            reason: "FieldValueNotSupported",
            field: "spec.scope".into(),
            message: format!(
                "Unsupported value: {}: supported values: \"Cluster\", \"Namespaced\"",
                spec["scope"]
            ),
        });
    }
    let name = &crd["metadata"]["name"];
    if causes.is_empty() && *name != format!("{plural}.{group}") {
        causes.push(Cause::invalid(
            "metadata.name",
            name,
            "must be spec.names.plural+\".\"+spec.group",
        ));
    }
    let versions = spec["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
    if versions.iter().filter(|v| v["storage"] == true).count() != 1 {
        let message = "must have exactly one version marked as storage version";
        causes.push(Cause::invalid(
            "spec.versions",
            &Value::Array(versions.to_vec()),
            message,
        ));
    }
    for (index, version) in versions.iter().enumerate() {
        if version["schema"]["openAPIV3Schema"].as_object().is_none() {
            let path = format!("spec.versions[{index}].schema.openAPIV3Schema");
            causes.push(Cause::required(path, "schemas are required"));
        }
    }
    causes
}

/// The status of a definition whose kinds are served.
pub(super) fn established(crd: &Value, now: &str) -> Value {
    let spec = &crd["spec"];
    let stored = spec["versions"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|v| v["storage"] == true)
        .map(|v| &v["name"]);
    let condition = |ty: &str, reason: &str, message: &str| {
        let earlier = crd["status"]["conditions"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|c| c["type"] == ty);
        earlier.cloned().unwrap_or_else(|| {
            json!({
                "type": ty, "status": "True", "reason": reason, "message": message, "lastTransitionTime": now,
            })
        })
    };
    let mut stored_versions = texts(&crd["status"]["storedVersions"]);
    if let Some(stored) = stored.and_then(Value::as_str)
        && !stored_versions.iter().any(|v| v == stored)
    {
        stored_versions.push(stored.to_owned());
    }
    json!({
        "acceptedNames": spec["names"],
        "conditions": [
            condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ],
        "storedVersions": stored_versions,
    })
}

/// Reads `.spec.replicas`.
pub(super) fn at_path<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.')
        .filter(|p| !p.is_empty())
        .try_fold(object, |value, key| value.get(key))
}

/// Writes `.spec.replicas`.
pub(super) fn set_path(object: &mut Value, path: &str, value: Value) {
    let mut keys = path.split('.').filter(|p| !p.is_empty()).peekable();
    let mut place = object;
    while let Some(key) = keys.next() {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Some(map) = place.as_object_mut() else { return };
        if keys.peek().is_none() {
            map.insert(key.to_owned(), value);
            return;
        }
        place = map.entry(key.to_owned()).or_insert(Value::Null);
    }
}
