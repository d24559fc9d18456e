//! What never counts as drift.
//!
//! Source: the normalizers of Fleet's agent (status, Secret, RBAC, StatefulSet, webhook and autoscaler normalizers).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::object;

/// Takes away what no object of any kind is compared by, and brings some kinds to one form.
pub fn object(value: &mut Value) {
    let kind = object::kind(value).to_owned();
    let Some(map) = value.as_object_mut() else { return };
    map.remove("status");
    if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut) {
        for key in [
            "creationTimestamp",
            "managedFields",
            "resourceVersion",
            "uid",
            "generation",
            "selfLink",
            "namespace",
        ] {
            metadata.remove(key);
        }
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.retain(|key, _| !key.starts_with("objectset.rio.cattle.io/"));
        }
        let empty = |value: &Value| value.is_null() || value.as_object().is_some_and(Map::is_empty);
        metadata.retain(|key, value| !(matches!(key.as_str(), "annotations" | "labels") && empty(value)));
    }
    match kind.as_str() {
        "Secret" => secret(map),
        "Role" | "ClusterRole" => role(map),
        _ => {}
    }
}

/// `stringData` is `data` that the server encodes.
fn secret(map: &mut Map<String, Value>) {
    if let Some(Value::Object(plain)) = map.remove("stringData") {
        let data = map.entry("data").or_insert_with(|| Value::Object(Map::new()));
        if let Some(data) = data.as_object_mut() {
            for (key, value) in plain {
                let text = value.as_str().unwrap_or_default();
                data.insert(key, Value::from(STANDARD.encode(text)));
            }
        }
    }
    if let Some(data) = map.get_mut("data").and_then(Value::as_object_mut) {
        data.values_mut()
            .filter(|value| value.is_null())
            .for_each(|value| *value = Value::from(""));
    }
}

/// Rules of an aggregated role are the controller's; no rules are no rules however they are written.
fn role(map: &mut Map<String, Value>) {
    let aggregated = map.get("aggregationRule").is_some_and(|rule| !rule.is_null());
    let empty = map
        .get("rules")
        .is_some_and(|rules| rules.is_null() || rules.as_array().is_some_and(Vec::is_empty));
    if aggregated || empty {
        map.remove("rules");
    }
}

/// Brings two objects closer that differ only in what a controller puts into the live one.
pub fn pair(desired: &mut Value, live: &mut Value) {
    match object::kind(desired) {
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => webhooks(desired, live),
        "StatefulSet" => claims(desired, live),
        _ => {}
    }
}

/// A certificate authority that the bundle does not give is injected by somebody else.
fn webhooks(desired: &mut Value, live: &mut Value) {
    let Some(live) = live.get_mut("webhooks").and_then(Value::as_array_mut) else {
        return;
    };
    let Some(desired) = desired.get_mut("webhooks").and_then(Value::as_array_mut) else {
        return;
    };
    for (at, live) in live.iter_mut().enumerate() {
        let named = desired
            .iter_mut()
            .position(|desired| desired.get("name") == live.get("name"))
            .unwrap_or(at);
        let Some(config) = desired
            .get_mut(named)
            .and_then(|desired| desired.get_mut("clientConfig"))
        else {
            continue;
        };
        let given = config.get("caBundle").and_then(Value::as_str).unwrap_or_default();
        // The line break is what charts write for "injected later".
        if !given.is_empty() && given != "\n" && given != STANDARD.encode("\n") {
            continue;
        }
        for config in [Some(config), live.get_mut("clientConfig")].into_iter().flatten() {
            if let Some(config) = config.as_object_mut() {
                config.remove("caBundle");
            }
        }
    }
}

/// Claim templates cannot change once they are there; only what the bundle says of them counts.
fn claims(desired: &mut Value, live: &mut Value) {
    let wanted = desired
        .pointer("/spec/volumeClaimTemplates")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let Some(live) = live
        .pointer_mut("/spec/volumeClaimTemplates")
        .and_then(Value::as_array_mut)
    else {
        return;
    };
    live.truncate(wanted.len().max(1));
    for (live, wanted) in live.iter_mut().zip(&wanted) {
        retain_known(live, wanted);
    }
    if let Some(list) = desired
        .pointer_mut("/spec/volumeClaimTemplates")
        .and_then(Value::as_array_mut)
    {
        list.iter_mut().for_each(|claim| {
            if let Some(claim) = claim.as_object_mut() {
                claim.remove("status");
            }
        });
    }
}

fn retain_known(live: &mut Value, wanted: &Value) {
    if let (Value::Object(live), Value::Object(wanted)) = (live, wanted) {
        live.retain(|key, _| wanted.contains_key(key));
        for (key, live) in live.iter_mut() {
            if let Some(wanted) = wanted.get(key) {
                retain_known(live, wanted);
            }
        }
    }
}

/// Takes `spec.replicas` from the patch of a workload that an autoscaler of the same bundle and namespace owns, while its
/// replicas are within the autoscaler's bounds.
pub fn autoscaled(patch: &mut Value, live: &Value, autoscalers: &[&Value]) {
    let owns = |autoscaler: &&&Value| {
        let target = |key: &str| object::text(autoscaler, &format!("/spec/scaleTargetRef/{key}"));
        let api_version = target("apiVersion");
        object::namespace(autoscaler) == object::namespace(live)
            && target("kind") == object::kind(live)
            && target("name") == object::name(live)
            && (api_version.is_empty() || api_version == object::api_version(live))
    };
    let Some(autoscaler) = autoscalers.iter().find(owns) else {
        return;
    };
    let number = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_i64);
    let (Some(replicas), Some(most)) = (number(live, "/spec/replicas"), number(autoscaler, "/spec/maxReplicas")) else {
        return;
    };
    let least = number(autoscaler, "/spec/minReplicas").unwrap_or(1);
    if (least..=most).contains(&replicas)
        && let Some(spec) = patch.get_mut("spec").and_then(Value::as_object_mut)
    {
        spec.remove("replicas");
        if spec.is_empty()
            && let Some(patch) = patch.as_object_mut()
        {
            patch.remove("spec");
        }
    }
}
