//! What a BundleDeployment says of a target: labels and spec.
//!
//! Source: Fleet `target.BundleDeployment` and the bundle controller.

use std::collections::BTreeMap;

use super::{BundleView, Target};
use crate::api::labels as names;
use crate::api::{BundleDeploymentOptions, BundleDeploymentSpec, BundleSpec};
use crate::labels::Labels;

/// `namespaceLabels` and `namespaceAnnotations` of all targets of a bundle: every deployment gets them, matching or not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NamespaceMetadata {
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

impl NamespaceMetadata {
    /// Those of a bundle; later targets win.
    pub fn of(spec: &BundleSpec) -> Self {
        let mut metadata = Self::default();
        for target in &spec.targets {
            let entries = |map: &BTreeMap<String, String>| map.clone().into_iter();
            metadata.labels.extend(entries(&target.options.namespace_labels));
            metadata
                .annotations
                .extend(entries(&target.options.namespace_annotations));
        }
        metadata
    }

    /// Puts them into options, after the deployment ID was taken.
    pub fn apply(&self, options: &mut BundleDeploymentOptions) {
        options.namespace_labels.extend(self.labels.clone());
        options.namespace_annotations.extend(self.annotations.clone());
    }
}

/// Labels of the BundleDeployment of a bundle on a cluster. `content_name` is there where contents are a Content object.
pub fn labels(bundle: &BundleView<'_>, target: &Target, content_name: Option<&str>) -> Labels {
    let inherited = |key: &str| {
        key.starts_with("fleet.cattle.io/")
            || !(key.contains("cattle.io/") || key.starts_with("kubectl.kubernetes.io/"))
    };
    let mut labels: Labels = bundle
        .labels
        .iter()
        .filter(|(key, _)| inherited(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let own = [
        (names::BUNDLE_NAME, bundle.name),
        (names::BUNDLE_NAMESPACE, bundle.namespace),
        (names::MANAGED, "true"),
        (names::CLUSTER, &target.cluster.name),
        (names::CLUSTER_NAMESPACE, &target.cluster.namespace),
    ];
    for (key, value) in own
        .into_iter()
        .chain(content_name.map(|name| (names::CONTENT_NAME, name)))
    {
        labels.insert(key.to_owned(), value.to_owned());
    }
    labels
}

/// The spec of a BundleDeployment that a rollout has not decided on: what comes from bundle and cluster, nothing staged.
///
/// What the manager alone knows (`valuesHash`, `downstreamResourcesGeneration`, `waitingForValues`) is left at zero.
pub fn spec(bundle: &BundleView<'_>, target: &Target) -> BundleDeploymentSpec {
    BundleDeploymentSpec {
        paused: bundle.spec.paused || target.cluster.paused,
        depends_on: bundle.spec.depends_on.clone(),
        correct_drift: target.options.correct_drift.clone(),
        oci_contents: !bundle.spec.contents_id.is_empty(),
        helm_chart_options: bundle.spec.helm_op_options.clone(),
        off_schedule: target.cluster.off_schedule(),
        ..BundleDeploymentSpec::default()
    }
}
