//! Helm values of bundles: they leave the Bundle for a Secret of its name when it is written, and come back when it is
//! targeted.
//!
//! Source: Fleet's `bundle-values` Secret: key `values.yaml` for the bundle's own values, one key for each target's, all
//! JSON. `valuesHash` in the Bundle ties the two together.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fleet_core::api::{Bundle, BundleSpec, Bytes, GenericMap, HelmOptions, labels};
use fleet_core::naming::bundle_values_hash;
use fleet_core::yaml::json;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, ObjectMeta};
use kube::{Resource, ResourceExt};

use super::{Context, During, ReconcileError, write};
use crate::watch::Key;

/// Key of the bundle's own values; it holds JSON all the same.
const OWN_VALUES: &str = "values.yaml";

/// Data of a values Secret.
pub(crate) type Data = BTreeMap<String, Bytes>;

/// Values by bundle, each with the hash that it goes by.
#[derive(Debug, Default)]
pub(crate) struct ValuesCache(Mutex<BTreeMap<Key, (String, Arc<Data>)>>);

impl ValuesCache {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, (String, Arc<Data>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A spec without its values, and these values as the data of a Secret; the spec has their hash.
pub(crate) fn split(spec: &BundleSpec) -> (BundleSpec, Data) {
    let mut spec = spec.clone();
    let mut data = Data::new();
    if let Some(helm) = &mut spec.options.helm {
        take(helm, OWN_VALUES, &mut data);
    }
    for target in &mut spec.targets {
        if let Some(helm) = &mut target.options.helm {
            take(helm, &target.name, &mut data);
        }
    }
    spec.values_hash = if data.is_empty() {
        String::new()
    } else {
        bundle_values_hash(&data)
    };
    (spec, data)
}

fn take(helm: &mut HelmOptions, key: &str, data: &mut Data) {
    helm.values_files = Vec::new();
    let Some(values) = helm.values.take().filter(|values| !values.is_empty()) else {
        return;
    };
    // Values come from JSON, so they go back into it.
    if let Ok(bytes) = json::to_vec(&values) {
        data.insert(key.to_owned(), Bytes(bytes));
    }
}

/// A spec with its values and without its resources: what targeting needs.
pub(crate) fn join(bundle: &Bundle, data: Option<&Data>) -> BundleSpec {
    let from = &bundle.spec;
    let mut spec = BundleSpec {
        options: from.options.clone(),
        paused: from.paused,
        rollout_strategy: from.rollout_strategy.clone(),
        resources: Vec::new(),
        target_customization_mode: from.target_customization_mode.clone(),
        targets: from.targets.clone(),
        target_restrictions: from.target_restrictions.clone(),
        depends_on: from.depends_on.clone(),
        contents_id: from.contents_id.clone(),
        helm_op_options: from.helm_op_options.clone(),
        values_hash: from.values_hash.clone(),
    };
    let Some(data) = data else { return spec };
    let values = |key: &str| -> Option<GenericMap> {
        let bytes = data.get(key)?;
        serde_json::from_slice(&bytes.0).ok()
    };
    if let Some(own) = values(OWN_VALUES) {
        spec.options.helm.get_or_insert_default().values = Some(own);
    }
    for target in &mut spec.targets {
        if let Some(own) = values(&target.name) {
            target.options.helm.get_or_insert_default().values = Some(own);
        }
    }
    spec
}

/// Keeps the values of a Bundle that is about to be written, so that targeting it does not have to read them back.
pub(crate) fn store_ahead(context: &Context, key: &Key, bundle: &Bundle, data: &Data) {
    let mut cache = context.values.lock();
    if data.is_empty() {
        cache.remove(key);
    } else {
        cache.insert(key.clone(), (bundle.spec.values_hash.clone(), Arc::new(data.clone())));
    }
}

/// The values of a Bundle, from the cache or its Secret; `None` where it has none.
pub(crate) async fn load(context: &Context, key: &Key, bundle: &Bundle) -> Result<Option<Arc<Data>>, ReconcileError> {
    let hash = &bundle.spec.values_hash;
    if hash.is_empty() {
        return Ok(None);
    }
    if let Some((known, data)) = context.values.lock().get(key)
        && known == hash
    {
        return Ok(Some(data.clone()));
    }
    let secrets: Api<Secret> = Api::namespaced(context.client.clone(), &key.0);
    let secret = secrets
        .get(&key.1)
        .await
        .during(|| format!("values of bundle {}/{}", key.0, key.1))?;
    let data: Data = secret
        .data
        .into_iter()
        .flatten()
        .map(|(key, value)| (key, Bytes(value.0)))
        .collect();
    let found = bundle_values_hash(&data);
    if &found != hash {
        return Err(ReconcileError::Other(format!(
            "values of bundle {}/{}: the Secret has hash {found}, the Bundle wants {hash}",
            key.0, key.1
        )));
    }
    let data = Arc::new(data);
    context.values.lock().insert(key.clone(), (hash.clone(), data.clone()));
    Ok(Some(data))
}

/// Writes the values of a Bundle, or removes the Secret of one that has none any more.
pub(crate) async fn write_secret(context: &Context, bundle: &Bundle, data: &Data) -> Result<(), kube::Error> {
    let namespace = bundle.namespace().unwrap_or_default();
    let secrets: Api<Secret> = Api::namespaced(context.client.clone(), &namespace);
    if data.is_empty() {
        return Ok(());
    }
    let secret = Secret {
        metadata: ObjectMeta {
            name: Some(bundle.name_any()),
            namespace: Some(namespace),
            labels: bundle.metadata.labels.clone(),
            owner_references: bundle.owner_ref(&()).map(|owner| vec![owner]),
            ..ObjectMeta::default()
        },
        type_: Some(labels::BUNDLE_VALUES_SECRET.to_owned()),
        data: Some(
            data.iter()
                .map(|(key, value)| (key.clone(), ByteString(value.0.clone())))
                .collect(),
        ),
        ..Secret::default()
    };
    write::ensure(&secrets, &secret).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_leave_a_bundle_and_come_back() {
        let spec: BundleSpec = serde_json::from_value(serde_json::json!({
            "helm": {"values": {"key": "value"}, "valuesFiles": ["a.yaml"]},
            "targets": [{"name": "one", "helm": {"values": {"newkey": "value"}}}, {"name": "two"}],
        }))
        .unwrap();
        let (without, data) = split(&spec);
        assert!(without.options.helm.as_ref().unwrap().values.is_none());
        assert_eq!(data["one"].0, br#"{"newkey":"value"}"#);
        assert!(!without.values_hash.is_empty());
        let joined = join(&Bundle::new("b", without), Some(&data));
        assert_eq!(joined.targets, {
            let mut targets = spec.targets.clone();
            targets[0].options.helm.as_mut().unwrap().values_files.clear();
            targets
        });
        assert_eq!(joined.options.helm.unwrap().values, spec.options.helm.unwrap().values);
    }
}
