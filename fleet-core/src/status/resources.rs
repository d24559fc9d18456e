//! The list of objects in the status of GitRepos and HelmOps, over all clusters.
//!
//! Source: Fleet `internal/cmd/controller/status` (`resourcestatus`).

use std::collections::BTreeMap;

use super::state::{BundleState, deployment_state};
use crate::api::{BundleDeploymentSpec, BundleDeploymentStatus, PerClusterState, Resource};

/// Bytes of cluster names that a list may hold; those behind are left out.
const MAX_CLUSTER_BYTES: usize = 1 << 20;

/// A deployment whose objects are listed.
#[derive(Clone, Debug)]
pub struct DeploymentResources<'a> {
    /// `<namespace>/<name>` of the cluster.
    pub cluster: String,
    /// What the deployment is to be.
    pub spec: &'a BundleDeploymentSpec,
    /// What it is.
    pub status: &'a BundleDeploymentStatus,
}

/// Whether a list that it comes from was cut, and the state on each deployment that has the object.
type Seen = (bool, Vec<(usize, String)>);

/// Kind, API version, namespace and name.
type Key<'a> = (&'a str, &'a str, &'a str, &'a str);

/// `<group>.<kind>` in lower case; of core objects the kind alone.
pub fn resource_type(api_version: &str, kind: &str) -> String {
    let kind = kind.to_lowercase();
    match api_version.split_once('/') {
        Some((group, _)) => format!("{group}.{kind}"),
        None => kind,
    }
}

/// States of the objects of one deployment.
fn states<'a>(deployment: &DeploymentResources<'a>) -> BTreeMap<Key<'a>, String> {
    let status = deployment.status;
    // What holds for the deployment holds for its objects, unless objects of it say otherwise.
    let default = match deployment_state(deployment.spec, status) {
        BundleState::NotReady | BundleState::Modified if status.incomplete_state => "Unknown",
        BundleState::NotReady | BundleState::Modified => "Ready",
        other => other.name(),
    };
    let mut states = BTreeMap::new();
    for object in &status.resources {
        let key: Key<'a> = (&object.kind, &object.api_version, &object.namespace, &object.name);
        states.insert(key, default.to_owned());
    }
    for object in &status.non_ready_status {
        let key: Key<'a> = (&object.kind, &object.api_version, &object.namespace, &object.name);
        states.insert(key, object.summary.state.clone());
    }
    for object in &status.modified_status {
        let key: Key<'a> = (&object.kind, &object.api_version, &object.namespace, &object.name);
        let state = match (object.delete, object.missing) {
            (true, _) => "Orphaned",
            (false, true) => "Missing",
            (false, false) => "Modified",
        };
        states.insert(key, state.to_owned());
    }
    states
}

/// The list that clusters with a state are in; other states have none.
fn bucket<'a>(clusters: &'a mut PerClusterState, state: &str) -> Option<&'a mut Vec<String>> {
    Some(match state {
        "Ready" => &mut clusters.ready,
        "WaitApplied" => &mut clusters.wait_applied,
        "Pending" => &mut clusters.pending,
        "Modified" => &mut clusters.modified,
        "Orphaned" => &mut clusters.orphaned,
        "Missing" => &mut clusters.missing,
        "Unknown" => &mut clusters.unknown,
        "NotReady" | "updating" | "error" => &mut clusters.not_ready,
        _ => return None,
    })
}

/// The objects of deployments over all clusters, sorted by type and ID.
pub fn aggregate<'a>(deployments: impl Iterator<Item = DeploymentResources<'a>>) -> Vec<Resource> {
    let mut deployments: Vec<DeploymentResources<'a>> = deployments.collect();
    deployments.sort_by(|a, b| a.cluster.cmp(&b.cluster));
    let mut objects: BTreeMap<Key<'a>, Seen> = BTreeMap::new();
    for (index, deployment) in deployments.iter().enumerate() {
        for (key, state) in states(deployment) {
            let (incomplete, clusters) = objects.entry(key).or_default();
            *incomplete |= deployment.status.incomplete_state;
            clusters.push((index, state));
        }
    }
    // The size guard looks at keys from the last to the first, as text.
    let text = |(kind, api_version, namespace, name): &Key<'a>| format!("{kind}{api_version} {namespace}/{name}");
    let mut keyed: Vec<(String, Key<'a>, Seen)> = objects
        .into_iter()
        .map(|(key, object)| (text(&key), key, object))
        .collect();
    keyed.sort_by(|(a, ..), (b, ..)| b.cmp(a));
    let mut bytes = 0;
    let mut resources = Vec::with_capacity(keyed.len());
    for (_, (kind, api_version, namespace, name), (incomplete_state, clusters)) in keyed {
        let mut resource = Resource {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            type_: resource_type(api_version, kind),
            id: if namespace.is_empty() {
                name.to_owned()
            } else {
                format!("{namespace}/{name}")
            },
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            incomplete_state,
            state: "Ready".to_owned(),
            ..Resource::default()
        };
        for (index, state) in clusters {
            if resource.state == "Ready" {
                resource.state.clone_from(&state);
            }
            let cluster = &deployments[index].cluster;
            if bytes < MAX_CLUSTER_BYTES
                && let Some(list) = bucket(&mut resource.per_cluster_state, &state)
            {
                bytes += cluster.len();
                list.push(cluster.clone());
            }
        }
        resources.push(resource);
    }
    let order = |resource: &Resource| format!("{}/{}", resource.type_, resource.id);
    resources.sort_by_cached_key(order);
    resources
}
