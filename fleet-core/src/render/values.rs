//! The values of a release: those of the options, then those that the deployment reads on its cluster (`valuesFrom`).

use serde_json::{Map, Value};

use crate::{
    api::{BundleDeploymentOptions, HelmOptions},
    scan,
};

/// One look-up that `valuesFrom` asks for, in order: of one entry the ConfigMap comes before the Secret.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ValuesReference {
    /// `ConfigMap` or `Secret`.
    pub kind: &'static str,
    /// The object's namespace.
    pub namespace: String,
    /// The object's name.
    pub name: String,
    /// The key of its data, which holds YAML.
    pub key: String,
}

/// What to look up for a release in `namespace`. A reference without a namespace, or to an object that Fleet has copied
/// downstream (`downstreamResources`, the kind in any case), is one to the release's namespace.
pub fn values_references(options: &BundleDeploymentOptions, namespace: &str) -> Vec<ValuesReference> {
    let mut references = Vec::new();
    let helm = options.helm.clone().unwrap_or_default();
    for entry in helm.values_from {
        let config_map = entry
            .config_map_key_ref
            .map(|found| ("ConfigMap", found.namespace, found.name, found.key));
        let secret = entry
            .secret_key_ref
            .map(|found| ("Secret", found.namespace, found.name, found.key));
        for (kind, given, name, key) in config_map.into_iter().chain(secret) {
            let is_copied = options
                .downstream_resources
                .iter()
                .any(|copied| copied.kind.eq_ignore_ascii_case(kind) && copied.name == name);
            references.push(ValuesReference {
                kind,
                namespace: if given.is_empty() || is_copied {
                    namespace.to_owned()
                } else {
                    given
                },
                name,
                key: if key.is_empty() { "values.yaml".to_owned() } else { key },
            });
        }
    }
    references
}

/// The options' values with those that were looked up merged over them in order: maps by key, everything else replaced.
pub(crate) fn merged(helm: Option<&HelmOptions>, looked_up: &[Map<String, Value>]) -> Map<String, Value> {
    let mut values = helm
        .and_then(|helm| helm.values.clone())
        .and_then(|values| values.0)
        .unwrap_or_default();
    for more in looked_up {
        scan::merge_values(&mut values, more.clone());
    }
    values
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn looks_where_the_copy_is() {
        let options: BundleDeploymentOptions = serde_json::from_value(json!({
            "helm": {"valuesFrom": [
                {"secretKeyRef": {"name": "s", "namespace": "other"}, "configMapKeyRef": {"name": "c", "key": "k"}},
                {"secretKeyRef": {"name": "t", "namespace": "other"}},
            ]},
            "downstreamResources": [{"kind": "secret", "name": "s"}],
        }))
        .unwrap();
        let found: Vec<String> = values_references(&options, "ns")
            .iter()
            .map(|found| format!("{} {}/{} {}", found.kind, found.namespace, found.name, found.key))
            .collect();
        assert_eq!(
            found,
            [
                "ConfigMap ns/c k",
                "Secret ns/s values.yaml",
                "Secret other/t values.yaml"
            ]
        );
    }
}
