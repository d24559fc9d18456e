//! RBAC: whether a user may do what a request asks, from the Roles and Bindings in the store.
//!
//! Rules: `plugin/pkg/auth/authorizer/rbac` of Kubernetes. Everything that no rule allows is refused; `system:masters` may do
//! anything; every authenticated user may read discovery and ask about itself (the default cluster roles
//! `system:discovery` and `system:basic-user`, which need not exist here).
//!
//! Bindings are indexed by subject on each change of one, so that a check looks only at the bindings that concern the user.

use std::collections::{BTreeSet, HashMap};
use std::sync::{PoisonError, RwLock};

use serde_json::Value;

use super::error::ApiError;
use super::identity::Identity;
use super::registry::table_name;
use super::request::{RequestInfo, ResourceInfo};
use super::store::{Change, ChangeKind, Store};

const GROUP: &str = "rbac.authorization.k8s.io";

/// `(namespace, name)` of a binding; the namespace of a ClusterRoleBinding is empty.
type BindingKey = (String, String);

/// Bindings by subject.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    by_subject: RwLock<HashMap<String, BTreeSet<BindingKey>>>,
}

/// `u:NAME` or `g:NAME`; a service account is the user that its token stands for.
fn subject_key(subject: &Value, binding_namespace: &str) -> Option<String> {
    let name = subject["name"].as_str()?;
    match subject["kind"].as_str()? {
        "User" => Some(format!("u:{name}")),
        "Group" => Some(format!("g:{name}")),
        "ServiceAccount" => {
            let namespace = subject["namespace"].as_str().unwrap_or(binding_namespace);
            Some(format!("u:system:serviceaccount:{namespace}:{name}"))
        }
        _ => None,
    }
}

impl Bindings {
    /// Takes note of a change of a binding.
    pub(super) fn update(&self, change: &Change) {
        if ![
            table_name(GROUP, "rolebindings"),
            table_name(GROUP, "clusterrolebindings"),
        ]
        .iter()
        .any(|t| **t == *change.table)
        {
            return;
        }
        let mut index = self.by_subject.write().unwrap_or_else(PoisonError::into_inner);
        let key = (change.namespace.to_string(), change.name.to_string());
        let subjects = |object: &Value| -> Vec<String> {
            let list = object["subjects"].as_array();
            list.into_iter()
                .flatten()
                .filter_map(|s| subject_key(s, &change.namespace))
                .collect()
        };
        if let Some(previous) = &change.previous {
            for subject in subjects(previous) {
                if let Some(set) = index.get_mut(&subject) {
                    set.remove(&key);
                    if set.is_empty() {
                        index.remove(&subject);
                    }
                }
            }
        }
        if change.kind != ChangeKind::Deleted {
            for subject in subjects(&change.object) {
                index.entry(subject).or_default().insert(key.clone());
            }
        }
    }

    fn of(&self, identity: &Identity) -> BTreeSet<BindingKey> {
        let index = self.by_subject.read().unwrap_or_else(PoisonError::into_inner);
        let user = format!("u:{}", identity.user);
        let groups = identity.groups.iter().map(|g| format!("g:{g}"));
        std::iter::once(user)
            .chain(groups)
            .filter_map(|k| index.get(&k))
            .flatten()
            .cloned()
            .collect()
    }

    /// The rules that apply to `identity` in `namespace`: those of its cluster-wide bindings and of that namespace.
    pub(super) fn rules(&self, store: &Store, identity: &Identity, namespace: Option<&str>) -> Vec<Value> {
        let mut rules = Vec::new();
        for (binding_namespace, name) in self.of(identity) {
            let cluster_wide = binding_namespace.is_empty();
            if !cluster_wide && Some(binding_namespace.as_str()) != namespace {
                continue;
            }
            let table = table_name(
                GROUP,
                if cluster_wide {
                    "clusterrolebindings"
                } else {
                    "rolebindings"
                },
            );
            let Some(binding) = store.get(&table, &binding_namespace, &name) else {
                continue;
            };
            let role = &binding["roleRef"];
            let role_name = role["name"].as_str().unwrap_or_default();
            let role = match role["kind"].as_str() {
                Some("ClusterRole") => store.get(&table_name(GROUP, "clusterroles"), "", role_name),
                Some("Role") if !cluster_wide => store.get(&table_name(GROUP, "roles"), &binding_namespace, role_name),
                _ => None,
            };
            if let Some(role) = role {
                rules.extend(role["rules"].as_array().into_iter().flatten().cloned());
            }
        }
        rules
    }

    /// Refuses what no rule allows.
    pub(super) fn check(&self, store: &Store, identity: &Identity, info: &RequestInfo) -> Result<(), ApiError> {
        if self.allows(store, identity, info) {
            Ok(())
        } else {
            Err(forbidden(identity, info))
        }
    }

    pub(super) fn allows(&self, store: &Store, identity: &Identity, info: &RequestInfo) -> bool {
        if identity.is_admin() || open_to_all(identity, info) {
            return true;
        }
        let namespace = info.resource.as_ref().and_then(|r| r.namespace.as_deref());
        self.rules(store, identity, namespace)
            .iter()
            .any(|rule| match &info.resource {
                Some(resource) => rule_allows(rule, &info.verb, resource),
                None => url_rule_allows(rule, &info.verb, &info.path),
            })
    }
}

/// `system:discovery`, `system:public-info-viewer` and `system:basic-user`.
fn open_to_all(identity: &Identity, info: &RequestInfo) -> bool {
    let authenticated = identity.groups.iter().any(|g| g == "system:authenticated");
    match &info.resource {
        None => {
            let public = ["/healthz", "/livez", "/readyz", "/version", "/version/"];
            let discovery = ["/api", "/apis", "/openapi"];
            let under = |root: &str| info.path == root || info.path.starts_with(&format!("{root}/"));
            let path = info.path.as_str();
            info.verb == "get" && (public.contains(&path) || (authenticated && discovery.iter().any(|r| under(r))))
        }
        Some(resource) => {
            let own = [
                "selfsubjectaccessreviews",
                "selfsubjectrulesreviews",
                "selfsubjectreviews",
            ];
            authenticated && info.verb == "create" && own.contains(&resource.resource.as_str())
        }
    }
}

fn contains(list: &Value, wanted: &str) -> bool {
    list.as_array().into_iter().flatten().any(|v| v == wanted || v == "*")
}

fn rule_allows(rule: &Value, verb: &str, request: &ResourceInfo) -> bool {
    let combined = match &request.subresource {
        Some(sub) => format!("{}/{sub}", request.resource),
        None => request.resource.clone(),
    };
    let resource = rule["resources"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .any(|r| {
            r == "*"
                || r == combined
                || request
                    .subresource
                    .as_ref()
                    .is_some_and(|sub| r.strip_prefix("*/") == Some(sub))
        });
    let names = rule["resourceNames"].as_array().map(Vec::as_slice).unwrap_or_default();
    let name = names.is_empty() || request.name.as_ref().is_some_and(|n| names.iter().any(|v| v == n));
    resource && name && contains(&rule["verbs"], verb) && contains(&rule["apiGroups"], &request.group)
}

fn url_rule_allows(rule: &Value, verb: &str, path: &str) -> bool {
    contains(&rule["verbs"], verb)
        && rule["nonResourceURLs"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .any(|pattern| pattern == path || pattern.strip_suffix('*').is_some_and(|prefix| path.starts_with(prefix)))
}

/// Kubernetes' words for a refusal (`apiserver/pkg/endpoints/handlers/responsewriters` Forbidden).
pub(super) fn forbidden(identity: &Identity, info: &RequestInfo) -> ApiError {
    let user = &identity.user;
    let Some(resource) = &info.resource else {
        let message = format!("forbidden: User {user:?} cannot {} path {:?}", info.verb, info.path);
        return ApiError {
            details: Some(serde_json::json!({})),
            ..ApiError::new(403, "Forbidden", message)
        };
    };
    let qualified = table_name(&resource.group, &resource.resource);
    let full = match &resource.subresource {
        Some(sub) => format!("{}/{sub}", resource.resource),
        None => resource.resource.clone(),
    };
    let scope = match resource.namespace.as_deref() {
        Some(namespace) if !namespace.is_empty() => format!("in the namespace {namespace:?}"),
        _ => "at the cluster scope".to_owned(),
    };
    let subject = match &resource.name {
        Some(name) => format!("{qualified} {name:?} is forbidden"),
        None => format!("{qualified} is forbidden"),
    };
    let message = format!(
        "{subject}: User {user:?} cannot {} resource {full:?} in API group {:?} {scope}",
        info.verb, resource.group
    );
    let mut details = serde_json::json!({ "kind": resource.resource });
    if let Some(name) = &resource.name {
        details["name"] = name.as_str().into();
    }
    if !resource.group.is_empty() {
        details["group"] = resource.group.as_str().into();
    }
    ApiError {
        details: Some(details),
        ..ApiError::new(403, "Forbidden", message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rules() {
        let request = |resource: &str, sub: Option<&str>, name: Option<&str>| ResourceInfo {
            group: "apps".into(),
            version: "v1".into(),
            resource: resource.into(),
            subresource: sub.map(str::to_owned),
            name: name.map(str::to_owned),
            namespace: Some("ns".into()),
        };
        let rule = json!({ "apiGroups": ["apps"], "resources": ["deployments", "*/scale"], "verbs": ["get"] });
        assert!(rule_allows(&rule, "get", &request("deployments", None, Some("a"))));
        assert!(!rule_allows(&rule, "list", &request("deployments", None, None)));
        assert!(!rule_allows(
            &rule,
            "get",
            &request("deployments", Some("status"), Some("a"))
        ));
        assert!(rule_allows(
            &rule,
            "get",
            &request("statefulsets", Some("scale"), Some("a"))
        ));
        let named = json!({ "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"], "resourceNames": ["a"] });
        assert!(rule_allows(&named, "get", &request("deployments", None, Some("a"))));
        assert!(!rule_allows(&named, "get", &request("deployments", None, Some("b"))));
        assert!(!rule_allows(&named, "list", &request("deployments", None, None)));
        assert!(url_rule_allows(
            &json!({ "nonResourceURLs": ["/metrics/*"], "verbs": ["get"] }),
            "get",
            "/metrics/x"
        ));
    }
}
