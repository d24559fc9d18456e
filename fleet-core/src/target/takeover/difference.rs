//! Why two deployment IDs differ.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::hub::{Deployment, Hub};
use crate::api::{BundleDeploymentOptions, BundleResource, BundleSpec};
use crate::naming;
use crate::object::difference::{Difference, differences};
use crate::scan::pack;
use crate::target::Target;

/// Most reasons of one kind.
const MAXIMUM: usize = 10;
/// Most bytes of a resource that are compared.
const UNPACKED_LIMIT: u64 = 64 << 20;

/// The reasons, contents first.
pub(super) fn reasons(
    hub: &Hub,
    spec: &BundleSpec,
    target: &Target,
    manifest_id: &str,
    deployment: &Deployment,
) -> Vec<String> {
    let (now, options_hash) = deployment.id().split_once(':').unwrap_or((deployment.id(), ""));
    let mut reasons = Vec::new();
    if now != manifest_id {
        match hub.resources(now) {
            Some(there) => contents(&there, &spec.resources, &mut reasons),
            None => reasons.push(format!("other contents: {manifest_id:?} in place of {now:?}")),
        }
    }
    if options_hash != &*target.options_hash {
        options(hub, target, deployment, &mut reasons);
    }
    reasons
}

fn contents(now: &[BundleResource], then: &[BundleResource], reasons: &mut Vec<String>) {
    let by_name = |resources: &'_ [BundleResource]| -> BTreeMap<String, BundleResource> {
        let named = resources
            .iter()
            .map(|resource| (resource.name.clone(), resource.clone()));
        named.collect()
    };
    let (now, then) = (by_name(now), by_name(then));
    let mut found = Vec::new();
    for (name, old) in &now {
        match then.get(name) {
            None => found.push(format!("the resource {name} is gone")),
            Some(new) if new == old => {}
            Some(new) => {
                let same = matches!((pack::unpack(old, UNPACKED_LIMIT), pack::unpack(new, UNPACKED_LIMIT)), (Ok(old), Ok(new)) if old == new);
                found.push(if same {
                    format!("the resource {name} has the same bytes in another compression")
                } else {
                    format!("the resource {name} has other bytes")
                });
            }
        }
    }
    let new = then.keys().filter(|name| !now.contains_key(*name));
    found.extend(new.map(|name| format!("the resource {name} is new")));
    if found.is_empty() {
        found.push("the same resources in another order".to_owned());
    }
    shorten(found, reasons);
}

fn options(hub: &Hub, target: &Target, deployment: &Deployment, reasons: &mut Vec<String>) {
    let staged = !deployment.spec.staged_deployment_id.is_empty();
    let options = if staged {
        &deployment.spec.staged_options
    } else {
        &deployment.spec.options
    };
    let mut now = counted(options);
    let then = counted(&target.options);
    if !deployment.spec.values_hash.is_empty() {
        let known = hub.staged_values(deployment);
        if known.is_none() && then.pointer("/helm/values").is_some() {
            reasons.push(format!(
                "the Secret {} with the deployment's values is not there, so values are not compared",
                deployment.key()
            ));
        }
        // Where they are not known they count as the same.
        let values = known.or_else(|| then.pointer("/helm/values").cloned());
        if let (Some(values), Some(helm)) = (values, now.pointer_mut("/helm").and_then(Value::as_object_mut)) {
            helm.insert("values".to_owned(), values);
        }
    }
    let mut found = compare(&now, &then);
    if found.is_empty() && reasons.is_empty() {
        let own = naming::options_hash(options);
        found.push(if own == *target.options_hash {
            "the ID is not that of the options beside it".to_owned()
        } else {
            "the options say the same: another version of Fleet wrote the ID, or a template drew other numbers"
                .to_owned()
        });
    }
    shorten(found, reasons);
}

/// Options without what does not count in the ID.
fn counted(options: &BundleDeploymentOptions) -> Value {
    let mut value = serde_json::to_value(options).unwrap_or_default();
    if let Some(map) = value.as_object_mut() {
        for key in ["diff", "correctDrift"] {
            map.remove(key);
        }
    }
    value
}

/// The keys that differ; values below `helm.values` and `helm.templateValues` are not shown.
fn compare(now: &Value, then: &Value) -> Vec<String> {
    let text = |difference: &Difference<'_>| {
        let key = &difference.key;
        let is_secret = key.starts_with("helm.values") || key.starts_with("helm.templateValues");
        let is_empty = |value: &Value| *value == Value::Object(Map::new());
        match (difference.old, difference.new) {
            (None, Some(new)) if !is_secret && !is_empty(new) => format!("the option {key} is new: {new}"),
            (None, _) => format!("the option {key} is new"),
            (Some(old), None) if !is_secret && !is_empty(old) => format!("the option {key} is gone: {old}"),
            (_, None) => format!("the option {key} is gone"),
            _ if is_secret => format!("the option {key} has another value"),
            (Some(old), Some(new)) => format!("the option {key} is {new} in place of {old}"),
        }
    };
    differences(now, then, usize::MAX).iter().map(text).collect()
}

fn shorten(mut found: Vec<String>, reasons: &mut Vec<String>) {
    if found.len() > MAXIMUM {
        let more = found.len() - MAXIMUM;
        found.truncate(MAXIMUM);
        found.push(format!("and {more} more"));
    }
    reasons.extend(found);
}
