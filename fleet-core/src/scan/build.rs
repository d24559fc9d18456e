//! The bundle of a folder: what fleet.yaml says, what the scan adds, in Fleet's order (each step may override earlier ones).

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Bundle, COMMIT_LABEL, FleetYaml, ImageScan, ScanOptions,
    pack::{self},
    resources::File,
};
use crate::{
    api::{BundleResource, BundleTarget, BundleTargetRestriction, GitTarget},
    naming, yaml,
};

/// A bundle whose JSON is this long has all its resources compressed (Fleet).
const COMPRESS_FROM: usize = 1_000_000;

pub(super) fn bundle_target(target: &GitTarget) -> BundleTarget {
    BundleTarget {
        name: target.name.clone(),
        cluster_name: target.cluster_name.clone(),
        cluster_selector: target.cluster_selector.clone(),
        cluster_group: target.cluster_group.clone(),
        cluster_group_selector: target.cluster_group_selector.clone(),
        ..BundleTarget::default()
    }
}

pub(super) fn restriction(target: &GitTarget) -> BundleTargetRestriction {
    BundleTargetRestriction {
        name: target.name.clone(),
        cluster_name: target.cluster_name.clone(),
        cluster_selector: target.cluster_selector.clone(),
        cluster_group: target.cluster_group.clone(),
        cluster_group_selector: target.cluster_group_selector.clone(),
    }
}

/// Targets and customizations in one list, named, with the chart that they inherit: what must be known before charts are read.
pub(super) fn join_targets(file: &mut FleetYaml) {
    let customizations = std::mem::take(&mut file.target_customizations);
    file.spec.targets.extend(customizations);
    let root = file.spec.options.helm.clone().unwrap_or_default();
    for (index, target) in file.spec.targets.iter_mut().enumerate() {
        if target.name.is_empty() {
            target.name = format!("target{index:03}");
        }
        if let Some(helm) = &mut target.options.helm {
            for (own, inherited) in [
                (&mut helm.repo, &root.repo),
                (&mut helm.chart, &root.chart),
                (&mut helm.version, &root.version),
            ] {
                if own.is_empty() {
                    own.clone_from(inherited);
                }
            }
        }
    }
}

/// The labels that a scan gives to all its bundles.
pub(super) fn scan_labels(options: &ScanOptions) -> Arc<BTreeMap<String, String>> {
    let mut labels = options.labels.clone();
    if !options.commit.is_empty() {
        labels.insert(COMMIT_LABEL.to_owned(), options.commit.clone());
    }
    Arc::new(labels)
}

/// The labels of a bundle: those of the scan, over which those of the file win.
pub(super) fn labels(
    of_scan: &Arc<BTreeMap<String, String>>,
    of_file: &BTreeMap<String, String>,
) -> Arc<BTreeMap<String, String>> {
    let mut labels = Arc::clone(of_scan);
    if !of_file.is_empty() {
        let own = of_file.iter().map(|(key, value)| (key.clone(), value.clone()));
        Arc::make_mut(&mut labels).extend(own);
    }
    labels
}

/// The whole bundle of a file whose targets are joined and whose values are merged.
pub(super) fn bundle(
    path: &str,
    default_name: &str,
    mut file: FleetYaml,
    files: &[File],
    options: &ScanOptions,
) -> Bundle {
    let name = if file.name.is_empty() {
        default_name.to_owned()
    } else {
        std::mem::take(&mut file.name)
    };
    let labels = labels(&scan_labels(options), &file.labels);
    let mut spec = file.spec;
    if !options.service_account.is_empty() {
        spec.options.service_account.clone_from(&options.service_account);
    }
    spec.options.force_sync_generation = options.force_sync_generation;
    match (&file.override_targets, &options.targets) {
        (Some(targets), _) => {
            spec.targets.extend(targets.iter().map(bundle_target));
            spec.target_restrictions.extend(targets.iter().map(restriction));
        }
        (None, Some(given)) => {
            spec.targets.extend(given.targets.iter().cloned());
            spec.target_restrictions
                .extend(given.target_restrictions.iter().cloned());
        }
        (None, None) => {}
    }
    if spec.targets.is_empty() {
        spec.targets.push(BundleTarget {
            name: "default".to_owned(),
            cluster_group: "default".to_owned(),
            ..BundleTarget::default()
        });
    }
    if !options.target_namespace.is_empty() {
        spec.options.namespace.clone_from(&options.target_namespace);
        for target in &mut spec.targets {
            target.options.namespace.clone_from(&options.target_namespace);
        }
    }
    spec.paused |= options.paused;
    spec.options.keep_resources |= options.keep_resources;
    spec.options.delete_namespace |= options.delete_namespace;
    if options.correct_drift.as_ref().is_some_and(|drift| drift.enabled) {
        spec.options.correct_drift.clone_from(&options.correct_drift);
    }
    spec.resources = packed(files, options.compress);

    let mut bundle = Bundle {
        name: name.into(),
        namespace: options.namespace.as_str().into(),
        labels,
        annotations: Arc::new(file.annotations),
        path: path.into(),
        spec: Arc::new(spec),
    };
    if !options.compress && is_large(&bundle) {
        Arc::make_mut(&mut bundle.spec).resources = packed(files, true);
    }
    bundle
}

fn packed(files: &[File], compress: bool) -> Vec<BundleResource> {
    files
        .iter()
        .map(|file| pack::pack(&file.name, &file.content, compress))
        .collect()
}

/// Whether the bundle's JSON reaches the limit. Most bundles are far from it, and are not serialized to find out.
fn is_large(bundle: &Bundle) -> bool {
    // A byte takes up to six in JSON, and what is beside the resources is small.
    let resources: usize = bundle
        .spec
        .resources
        .iter()
        .map(|resource| resource.content.len() + resource.name.len() + 64)
        .sum();
    resources * 6 + 100_000 >= COMPRESS_FROM
        && yaml::json::to_vec(&bundle.to_object()).is_ok_and(|json| json.len() >= COMPRESS_FROM)
}

/// The ImageScans of a file, for the bundle that it made: their names have the place in the list, skipped entries counted.
pub(super) fn image_scans(bundle: &Bundle, id: &str, file: &FleetYaml) -> Result<Vec<ImageScan>, usize> {
    let mut scans = Vec::new();
    for (index, spec) in file.image_scans.iter().enumerate() {
        if spec.image.is_empty() {
            continue;
        }
        if spec.tag_name.is_empty() {
            return Err(index);
        }
        scans.push(ImageScan {
            name: naming::safe_concat(&["imagescan", id, &index.to_string()]),
            namespace: bundle.namespace.to_string(),
            labels: Arc::clone(&bundle.labels),
            annotations: Arc::clone(&bundle.annotations),
            bundle: bundle.name.to_string(),
            spec: spec.clone(),
        });
    }
    Ok(scans)
}
