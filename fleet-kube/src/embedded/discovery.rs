//! Discovery: `/api`, `/apis`, the lists of each group version, aggregated discovery (v2), `/version`.

use serde_json::{Value, json};

use super::registry::{Kind, Registry, Subresource};

/// `/api`.
pub(super) fn core_versions() -> Value {
    json!({
        "kind": "APIVersions", "versions": ["v1"],
        "serverAddressByClientCIDRs": [{ "clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:443" }],
    })
}

/// `/apis`.
pub(super) fn groups(registry: &Registry) -> Value {
    let groups: Vec<Value> = registry
        .groups
        .keys()
        .filter(|g| !g.is_empty())
        .map(|g| group_entry(registry, g))
        .collect();
    json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups })
}

/// `/apis/GROUP`.
pub(super) fn group(registry: &Registry, name: &str) -> Option<Value> {
    registry.groups.get(name).filter(|_| !name.is_empty())?;
    let mut entry = group_entry(registry, name);
    entry["kind"] = json!("APIGroup");
    entry["apiVersion"] = json!("v1");
    Some(entry)
}

fn group_entry(registry: &Registry, name: &str) -> Value {
    let versions: Vec<Value> = registry.groups[name]
        .iter()
        .map(|(version, _)| json!({ "groupVersion": format!("{name}/{version}"), "version": version }))
        .collect();
    json!({ "name": name, "preferredVersion": versions.first(), "versions": versions })
}

/// `/api/v1` and `/apis/GROUP/VERSION`.
pub(super) fn resources(registry: &Registry, group: &str, version: &str) -> Option<Value> {
    let kinds = registry.version(group, version)?;
    let mut resources = Vec::new();
    for kind in kinds.values() {
        let mut entry = json!({
            "name": kind.resource, "singularName": kind.singular, "namespaced": kind.namespaced,
            "kind": kind.kind, "verbs": kind.verbs,
        });
        if let Some((group, version)) = &kind.response {
            entry["group"] = json!(group);
            entry["version"] = json!(version);
        }
        if !kind.short_names.is_empty() {
            entry["shortNames"] = json!(kind.short_names);
        }
        if !kind.categories.is_empty() {
            entry["categories"] = json!(kind.categories);
        }
        resources.push(entry);
        for sub in &kind.subresources {
            let mut entry = json!({
                "name": format!("{}/{}", kind.resource, sub.name), "singularName": "", "namespaced": kind.namespaced,
                "kind": sub.kind, "verbs": sub.verbs,
            });
            if (&sub.group, &sub.version) != (&kind.group, &kind.version) && !sub.version.is_empty() {
                entry["group"] = json!(sub.group);
                entry["version"] = json!(sub.version);
            }
            resources.push(entry);
        }
    }
    let group_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    Some(json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources,
    }))
}

/// Aggregated discovery of `/api` (`core`) or `/apis`.
pub(super) fn aggregated(registry: &Registry, core: bool) -> Value {
    let items: Vec<Value> = registry
        .groups
        .iter()
        .filter(|(group, _)| group.is_empty() == core)
        .map(|(group, versions)| {
            let versions: Vec<Value> = versions
                .iter()
                .map(|(version, kinds)| {
                    let resources: Vec<Value> = kinds.values().map(|k| aggregated_resource(k)).collect();
                    json!({ "version": version, "resources": resources, "freshness": "Current" })
                })
                .collect();
            let mut metadata = json!({ "creationTimestamp": null });
            if !group.is_empty() {
                metadata["name"] = json!(group);
            }
            json!({ "metadata": metadata, "versions": versions })
        })
        .collect();
    json!({ "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items })
}

fn aggregated_resource(kind: &Kind) -> Value {
    let (group, version) = kind
        .response
        .clone()
        .unwrap_or((kind.group.clone(), kind.version.clone()));
    let mut entry = json!({
        "resource": kind.resource, "singularResource": kind.singular, "verbs": kind.verbs,
        "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
        "responseKind": { "group": group, "version": version, "kind": kind.kind },
    });
    if !kind.short_names.is_empty() {
        entry["shortNames"] = json!(kind.short_names);
    }
    if !kind.categories.is_empty() {
        entry["categories"] = json!(kind.categories);
    }
    if !kind.subresources.is_empty() {
        let subresource = |s: &Subresource| {
            json!({
                "subresource": s.name, "verbs": s.verbs,
                "responseKind": { "group": s.group, "version": s.version, "kind": s.kind },
            })
        };
        entry["subresources"] = kind.subresources.iter().map(subresource).collect::<Vec<_>>().into();
    }
    entry
}

/// `/version` for a git version like `v1.36.3`.
pub(super) fn version(git_version: &str) -> Value {
    let mut numbers = git_version.trim_start_matches('v').split('.');
    let (major, minor) = (numbers.next().unwrap_or("1"), numbers.next().unwrap_or("0"));
    json!({
        "major": major, "minor": minor, "gitVersion": git_version, "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "rustc", "platform": "linux/amd64",
    })
}
