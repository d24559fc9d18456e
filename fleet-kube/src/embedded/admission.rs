//! What an object must be before it is stored: names, its namespace, its kind's shape, defaults, immutable fields.

use std::sync::Arc;

use serde_json::{Value, json};

use super::custom;
use super::decode;
use super::defaults;
use super::error::{ApiError, ApiResult, Cause};
use super::registry::{Kind, KindSchema};
use super::structural;

/// `fieldValidation`: what to do about unknown fields.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum FieldValidation {
    Ignore,
    Warn,
    Strict,
}

impl FieldValidation {
    pub(super) fn read(text: Option<&str>) -> ApiResult<Self> {
        match text {
            None | Some("Warn") => Ok(FieldValidation::Warn),
            Some("Ignore") => Ok(FieldValidation::Ignore),
            Some("Strict") => Ok(FieldValidation::Strict),
            Some(other) => Err(ApiError::new(
                422,
                "Invalid",
                format!("invalid fieldValidation value {other:?}: supported values: \"Ignore\", \"Strict\", \"Warn\""),
            )),
        }
    }
}

/// Brings `object` into its kind's form: unknown fields away, defaults in. Gives warnings.
pub(super) fn shape(kind: &Arc<Kind>, object: &mut Value, validation: FieldValidation) -> ApiResult<Vec<String>> {
    let unknown = decode::normalize(kind, object)?;
    let warnings: Vec<String> = unknown.iter().map(|path| format!("unknown field {path:?}")).collect();
    if validation == FieldValidation::Strict && !warnings.is_empty() {
        let (version, name) = (&kind.version, &kind.kind);
        let list = warnings.join(", ");
        return Err(ApiError::bad_request(format!(
            "{name} in version {version:?} cannot be handled as a {name}: strict decoding error: {list}"
        )));
    }
    match &kind.schema {
        KindSchema::Custom(custom) => {
            if let Some(schema) = &custom.schema {
                structural::set_defaults(schema, object);
            }
        }
        _ if kind.is("apiextensions.k8s.io", "CustomResourceDefinition") => custom::set_defaults(object),
        _ => defaults::set(kind, object),
    }
    Ok(if validation == FieldValidation::Warn {
        warnings
    } else {
        Vec::new()
    })
}

/// Refuses objects that break the rules of their kind.
pub(super) fn validate(kind: &Kind, object: &Value, previous: Option<&Value>) -> ApiResult<()> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let mut causes = metadata(kind, object);
    if let Some(custom) = kind.custom()
        && let Some(schema) = &custom.schema
    {
        causes.extend(structural::validate(schema, &custom.patterns, object));
    }
    if kind.is("apiextensions.k8s.io", "CustomResourceDefinition") {
        causes.extend(custom::validate(object));
    }
    causes.extend(required(kind, object));
    if let Some(previous) = previous {
        causes.extend(immutable(kind, object, previous));
    }
    if causes.is_empty() {
        Ok(())
    } else {
        Err(ApiError::invalid(kind, name, &causes))
    }
}

fn metadata(kind: &Kind, object: &Value) -> Vec<Cause> {
    let (metadata, mut causes) = (&object["metadata"], Vec::new());
    let name = metadata["name"].as_str().unwrap_or_default();
    if let Some(message) = refuse_name(kind, name) {
        causes.push(Cause::invalid("metadata.name", &json!(name), message));
    }
    for (key, value) in metadata["labels"].as_object().into_iter().flatten() {
        if !qualified_name(key) {
            causes.push(Cause::invalid("metadata.labels", &json!(key), "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"));
        }
        let value = value.as_str().unwrap_or_default();
        if !label_value(value) {
            causes.push(Cause::invalid("metadata.labels", &json!(value), if value.len() > 63 { "must be no more than 63 bytes" } else {
                "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
            }));
        }
    }
    let mut size = 0;
    for (key, value) in metadata["annotations"].as_object().into_iter().flatten() {
        size += key.len() + value.as_str().map_or(0, str::len);
        if !qualified_name(&key.to_lowercase()) {
            causes.push(Cause::invalid("metadata.annotations", &json!(key), "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"));
        }
    }
    if size > 256 * 1024 {
        causes.push(Cause {
            reason: "FieldValueTooLong",
            field: "metadata.annotations".into(),
            message: "Too long: may not be more than 262144 bytes".into(),
        });
    }
    for finalizer in metadata["finalizers"].as_array().into_iter().flatten() {
        let text = finalizer.as_str().unwrap_or_default();
        if !qualified_name(text) {
            causes.push(Cause::invalid(
                "metadata.finalizers",
                finalizer,
                "name is not a qualified name",
            ));
        }
    }
    for (index, owner) in metadata["ownerReferences"].as_array().into_iter().flatten().enumerate() {
        for field in ["apiVersion", "kind", "name", "uid"] {
            if owner[field].as_str().is_none_or(str::is_empty) {
                let path = format!("metadata.ownerReferences[{index}].{field}");
                causes.push(Cause {
                    reason: "FieldValueInvalid",
                    field: path,
                    message: "Invalid value: \"\": must not be empty".into(),
                });
            }
        }
    }
    causes
}

/// Kinds whose names are free path segments; the others take a DNS subdomain, or a DNS label.
fn refuse_name(kind: &Kind, name: &str) -> Option<&'static str> {
    let segment_kinds = ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"];
    if kind.group == "rbac.authorization.k8s.io" && segment_kinds.contains(&kind.kind.as_str()) {
        let bad = name.is_empty() || name == "." || name == ".." || name.contains(['/', '%']);
        return bad.then_some("may not be '.', '..', or contain '/' or '%'");
    }
    if kind.is("", "Namespace") || kind.is("", "Service") {
        return (!dns_label(name) || name.len() > 63).then_some("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')");
    }
    (name.len() > 253 || !name.split('.').all(dns_label)).then_some("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')")
}

fn dns_label(text: &str) -> bool {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(fine) && !text.starts_with('-') && !text.ends_with('-')
}

fn qualified_name(text: &str) -> bool {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    !name.is_empty()
        && name.len() <= 63
        && label_value(name)
        && prefix.is_none_or(|p| p.len() <= 253 && p.split('.').all(dns_label))
}

fn label_value(text: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let edge = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    text.len() <= 63 && text.chars().all(fine) && edge(text.chars().next()) && edge(text.chars().last())
}

/// The required fields that people most often forget, with Kubernetes' texts.
fn required(kind: &Kind, object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let spec = &object["spec"];
    let template_at = |at: &str, template: &Value, causes: &mut Vec<Cause>| {
        let containers = template["spec"]["containers"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        if containers.is_empty() {
            causes.push(Cause::required(format!("{at}.spec.containers"), ""));
        }
        for (index, container) in containers.iter().enumerate() {
            for field in ["name", "image"] {
                if container[field].as_str().is_none_or(str::is_empty) {
                    causes.push(Cause::required(format!("{at}.spec.containers[{index}].{field}"), ""));
                }
            }
        }
    };
    match &*kind.table {
        "deployments.apps" | "statefulsets.apps" | "daemonsets.apps" | "replicasets.apps" => {
            let wanted = &spec["selector"]["matchLabels"];
            if !spec["selector"].is_object() {
                causes.push(Cause::required("spec.selector", ""));
            } else if let Some(wanted) = wanted.as_object() {
                let labels = &spec["template"]["metadata"]["labels"];
                if wanted.iter().any(|(key, value)| labels.get(key) != Some(value)) {
                    let message = "`selector` does not match template `labels`";
                    causes.push(Cause::invalid("spec.template.metadata.labels", labels, message));
                }
            }
            template_at("spec.template", &spec["template"], &mut causes);
        }
        "jobs.batch" => template_at("spec.template", &spec["template"], &mut causes),
        "cronjobs.batch" => {
            template_at(
                "spec.jobTemplate.spec.template",
                &spec["jobTemplate"]["spec"]["template"],
                &mut causes,
            );
        }
        "services" => {
            let ports = spec["ports"].as_array().map(Vec::as_slice).unwrap_or_default();
            if ports.is_empty() && spec["type"] != "ExternalName" && spec["clusterIP"] != "None" {
                causes.push(Cause::required("spec.ports", ""));
            }
            for (index, port) in ports.iter().enumerate() {
                if !port["port"].as_i64().is_some_and(|p| (1..=65535).contains(&p)) {
                    let message = "must be between 1 and 65535, inclusive";
                    causes.push(Cause::invalid(
                        format!("spec.ports[{index}].port"),
                        &port["port"],
                        message,
                    ));
                }
            }
        }
        "configmaps" | "secrets" => {
            for key in object["data"].as_object().into_iter().flatten().map(|(k, _)| k) {
                let fine = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
                if key.is_empty() || key.len() > 253 || !key.chars().all(fine) {
                    causes.push(Cause::invalid(
                        format!("data[{key}]"),
                        &json!(key),
                        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
                    ));
                }
            }
        }
        _ => {}
    }
    causes
}

/// Fields that may not change once an object exists.
fn immutable(kind: &Kind, object: &Value, previous: &Value) -> Vec<Cause> {
    let paths: &[&[&str]] = match &*kind.table {
        "deployments.apps" | "daemonsets.apps" | "replicasets.apps" => &[&["spec", "selector"]],
        "jobs.batch" => &[
            &["spec", "selector"],
            &["spec", "template"],
            &["spec", "completionMode"],
        ],
        "secrets" => &[&["type"]],
        "rolebindings.rbac.authorization.k8s.io" | "clusterrolebindings.rbac.authorization.k8s.io" => &[&["roleRef"]],
        "storageclasses.storage.k8s.io" => &[
            &["provisioner"],
            &["parameters"],
            &["reclaimPolicy"],
            &["volumeBindingMode"],
        ],
        "priorityclasses.scheduling.k8s.io" => &[&["value"]],
        "customresourcedefinitions.apiextensions.k8s.io" => {
            &[&["spec", "group"], &["spec", "scope"], &["spec", "names", "kind"]]
        }
        _ => &[],
    };
    let mut causes = Vec::new();
    for path in paths {
        let at = |value: &Value| {
            path.iter()
                .try_fold(value, |v, key| v.get(*key))
                .cloned()
                .unwrap_or(Value::Null)
        };
        let (new, old) = (at(object), at(previous));
        if new != old {
            let message = if path == &["roleRef"] {
                "cannot change roleRef"
            } else {
                "field is immutable"
            };
            causes.push(Cause::invalid(path.join("."), &new, message));
        }
    }
    let frozen = ["configmaps", "secrets"].contains(&&*kind.table) && previous["immutable"] == true;
    if frozen
        && ["data", "binaryData", "immutable"]
            .iter()
            .any(|f| object.get(*f) != previous.get(*f))
    {
        causes.push(Cause::forbidden("data", "field is immutable when `immutable` is set"));
    }
    if &*kind.table == "statefulsets.apps" {
        let may_change = [
            "replicas",
            "ordinals",
            "template",
            "updateStrategy",
            "revisionHistoryLimit",
            "persistentVolumeClaimRetentionPolicy",
            "minReadySeconds",
        ];
        let rest = |value: &Value| {
            let mut spec = value["spec"].clone();
            if let Some(map) = spec.as_object_mut() {
                map.retain(|key, _| !may_change.contains(&key.as_str()));
            }
            spec
        };
        if rest(object) != rest(previous) {
            causes.push(Cause::forbidden("spec", "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"));
        }
    }
    if &*kind.table == "services" {
        let (old, new) = (
            previous["spec"]["clusterIP"].as_str(),
            object["spec"]["clusterIP"].as_str(),
        );
        if let (Some(old), Some(new)) = (old.filter(|s| !s.is_empty()), new)
            && old != new
            && object["spec"]["type"] != "ExternalName"
            && previous["spec"]["type"] != "ExternalName"
        {
            causes.push(Cause::invalid(
                "spec.clusterIPs[0]",
                &json!([new]),
                "may not change once set",
            ));
        }
    }
    causes
}
