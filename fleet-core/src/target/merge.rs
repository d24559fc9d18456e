//! Options of a bundle, merged with those of what matched.
//!
//! Only some options can be set by a target; the others keep the bundle's value, as upstream does (Fleet `options.Merge`):
//!
//! | option | rule |
//! |---|---|
//! | `defaultNamespace`, `namespace`, `serviceAccount`, `kustomize.dir`, `helm.chart`, `repo`, `version`, `releaseName` | the target's, if not empty |
//! | `helm.timeoutSeconds` | above 0 the target's, below 0 becomes 0 |
//! | `helm.values` | deep merge of objects, the target's wins; lists and scalars are replaced |
//! | `helm.templateValues` | by key |
//! | `helm.valuesFrom`, `diff.comparePatches`, `downstreamResources` | union; the target's replaces its namesake in place |
//! | `helm.force`, `atomic`, `takeOwnership`, `disablePreProcess`, `waitForJobs`, `disableDNS`, `keepResources` | either |
//! | `yaml.overlays` | appended |
//! | `correctDrift` | the target's, if there |
//! | `forceSyncGeneration` | the target's, if above 0 |
//! | all others | the bundle's |

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::matcher::Choice;
use crate::api::{
    BundleDeploymentOptions, BundleSpec, DiffOptions, GenericMap, HelmOptions, KustomizeOptions, ValuesFrom,
    YamlOptions,
};

/// The options of what matched: the customization replaces the target's options; several are merged into them.
pub(super) fn chosen_options<'a>(spec: &'a BundleSpec, choice: &Choice) -> Cow<'a, BundleDeploymentOptions> {
    let options = |index: usize| spec.targets.get(index).map(|target| &target.options);
    let target = options(choice.target);
    let all = spec.target_customization_mode == crate::api::CUSTOMIZE_ALL_MATCHES;
    match choice.customizations.as_slice() {
        [first, ..] if !all => options(*first).map(Cow::Borrowed).unwrap_or_default(),
        [] => target.map(Cow::Borrowed).unwrap_or_default(),
        several => {
            let start = target.cloned().unwrap_or_default();
            let customs = several.iter().filter_map(|index| options(*index));
            Cow::Owned(customs.fold(start, |merged, custom| merge(&merged, custom)))
        }
    }
}

fn replace_text(base: &mut String, custom: &str) {
    if !custom.is_empty() {
        custom.clone_into(base);
    }
}

/// `base` with what `custom` sets. Neither is changed.
pub fn merge(base: &BundleDeploymentOptions, custom: &BundleDeploymentOptions) -> BundleDeploymentOptions {
    let mut merged = base.clone();
    replace_text(&mut merged.default_namespace, &custom.default_namespace);
    replace_text(&mut merged.namespace, &custom.namespace);
    replace_text(&mut merged.service_account, &custom.service_account);
    if let Some(custom) = &custom.helm {
        merge_helm(merged.helm.get_or_insert_with(HelmOptions::default), custom);
    }
    if let Some(custom) = &custom.kustomize {
        replace_text(
            &mut merged.kustomize.get_or_insert_with(KustomizeOptions::default).dir,
            &custom.dir,
        );
    }
    if let Some(custom) = &custom.diff {
        let diff = merged.diff.get_or_insert_with(DiffOptions::default);
        merge_by_key(&mut diff.compare_patches, &custom.compare_patches, |patch| {
            Some((
                patch.api_version.clone(),
                patch.kind.clone(),
                patch.namespace.clone(),
                patch.name.clone(),
            ))
        });
    }
    if let Some(custom) = &custom.yaml {
        let yaml = merged.yaml.get_or_insert_with(YamlOptions::default);
        yaml.overlays.extend(custom.overlays.iter().cloned());
    }
    if custom.force_sync_generation > 0 {
        merged.force_sync_generation = custom.force_sync_generation;
    }
    merged.keep_resources |= custom.keep_resources;
    if custom.correct_drift.is_some() {
        merged.correct_drift.clone_from(&custom.correct_drift);
    }
    merge_by_key(
        &mut merged.downstream_resources,
        &custom.downstream_resources,
        |resource| Some((resource.kind.to_lowercase(), resource.name.clone())),
    );
    merged
}

fn merge_helm(base: &mut HelmOptions, custom: &HelmOptions) {
    match custom.timeout_seconds {
        seconds if seconds > 0 => base.timeout_seconds = seconds,
        seconds if seconds < 0 => base.timeout_seconds = 0,
        _ => {}
    }
    match (&mut base.values, &custom.values) {
        (Some(base), Some(custom)) => merge_values(base, custom),
        (base @ None, Some(custom)) => *base = Some(custom.clone()),
        (_, None) => {}
    }
    base.template_values.extend(
        custom
            .template_values
            .iter()
            .map(|(key, value)| (key.clone(), value.clone())),
    );
    merge_by_key(&mut base.values_from, &custom.values_from, values_from_key);
    for (base, custom) in [
        (&mut base.repo, &custom.repo),
        (&mut base.chart, &custom.chart),
        (&mut base.version, &custom.version),
        (&mut base.release_name, &custom.release_name),
    ] {
        replace_text(base, custom);
    }
    base.force |= custom.force;
    base.atomic |= custom.atomic;
    base.take_ownership |= custom.take_ownership;
    base.disable_pre_process |= custom.disable_pre_process;
    base.wait_for_jobs |= custom.wait_for_jobs;
    base.disable_dns |= custom.disable_dns;
}

/// Identity of a source of values; without any reference it has none.
fn values_from_key(source: &ValuesFrom) -> Option<(&'static str, String, String, String)> {
    let key =
        |kind, namespace: &String, name: &String, key: &String| (kind, namespace.clone(), name.clone(), key.clone());
    if let Some(reference) = &source.config_map_key_ref {
        return Some(key("ConfigMap", &reference.namespace, &reference.name, &reference.key));
    }
    source
        .secret_key_ref
        .as_ref()
        .map(|reference| key("Secret", &reference.namespace, &reference.name, &reference.key))
}

/// Entries of `custom` replace those of the same key in place; others are appended, of several with one key the first.
pub(super) fn merge_by_key<T: Clone, K: PartialEq>(base: &mut Vec<T>, custom: &[T], key: impl Fn(&T) -> Option<K>) {
    let mut seen: Vec<K> = Vec::new();
    for entry in custom {
        let Some(identity) = key(entry) else {
            base.push(entry.clone());
            continue;
        };
        if seen.contains(&identity) {
            continue;
        }
        match base
            .iter()
            .position(|other| key(other).is_some_and(|other| other == identity))
        {
            Some(index) => base[index] = entry.clone(),
            None => base.push(entry.clone()),
        }
        seen.push(identity);
    }
}

fn merge_values(base: &mut GenericMap, custom: &GenericMap) {
    let Some(custom) = custom.map() else { return };
    merge_objects(base.0.get_or_insert_with(Map::new), custom);
}

/// Objects are merged, everything else is replaced. Depth is that of values that were read, which is bounded.
fn merge_objects(base: &mut Map<String, Value>, custom: &Map<String, Value>) {
    for (key, value) in custom {
        match (base.get_mut(key), value) {
            (Some(Value::Object(base)), Value::Object(custom)) => merge_objects(base, custom),
            _ => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}
