//! What targeting looks at: views of clusters, groups and bundles, without Kubernetes metadata.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::api::{BundleDeploymentOptions, BundleSpec, GenericMap, LabelSelector};
use crate::labels::{Labels, Selector};

static NO_LABELS: Labels = Labels::new();

/// What is looked at of a Cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ClusterView {
    /// Name of the Cluster.
    pub name: String,
    /// Namespace of the Cluster.
    pub namespace: String,
    /// Labels of the Cluster.
    pub labels: Labels,
    /// Annotations of the Cluster.
    pub annotations: Labels,
    /// `spec.templateValues`: `.ClusterValues` in templates.
    pub template_values: Option<GenericMap>,
    /// `status.namespace`: where its deployments are; a cluster without is matched, and gets no deployment yet.
    pub deployment_namespace: Option<String>,
    /// `spec.paused`: its deployments are paused.
    pub paused: bool,
    /// `status.scheduled`: a Schedule holds it.
    pub scheduled: bool,
    /// `status.activeSchedule`: the Schedule is open.
    pub active_schedule: bool,
}

impl ClusterView {
    /// A cluster without labels.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
            ..Self::default()
        }
    }

    /// The same with other labels.
    #[must_use]
    pub fn with_labels(mut self, labels: Labels) -> Self {
        self.labels = labels;
        self
    }

    /// `<namespace>/<name>`, what it is called in summaries.
    pub fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// True where a Schedule holds the cluster and is closed.
    pub fn off_schedule(&self) -> bool {
        self.scheduled && !self.active_schedule
    }

    /// Labels as templates see them.
    pub fn template_labels(&self) -> Labels {
        let shown = |(key, _): &(&String, &String)| is_template_label(key);
        self.labels
            .iter()
            .filter(shown)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// Annotations as templates see them.
    pub fn template_annotations(&self) -> Labels {
        let shown = |(key, _): &(&String, &String)| !is_system_key(key);
        self.annotations
            .iter()
            .filter(shown)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// True where templates see a label: otherwise values are left as they are.
    pub fn has_template_labels(&self) -> bool {
        self.labels.keys().any(|key| is_template_label(key))
    }
}

/// Keys that belong to Kubernetes or Rancher.
fn is_system_key(key: &str) -> bool {
    key.contains("cattle.io/") || key.starts_with("kubectl.kubernetes.io/")
}

fn is_template_label(key: &str) -> bool {
    !is_system_key(key) || key.starts_with("fleet.cattle.io/") || key.starts_with("management.cattle.io/")
}

/// What is looked at of a ClusterGroup.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GroupView {
    /// Name of the group.
    pub name: String,
    /// Namespace of the group, and of its clusters.
    pub namespace: String,
    /// Labels of the group.
    pub labels: Labels,
    /// Labels of clusters that belong to it; absent is none.
    pub selector: Option<LabelSelector>,
}

/// What is looked at of a BundleNamespaceMapping.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MappingView {
    /// Name of the mapping.
    pub name: String,
    /// Namespace of the mapping, and of its bundles.
    pub namespace: String,
    /// Labels of bundles; absent is none.
    pub bundle_selector: Option<LabelSelector>,
    /// Labels of namespaces whose clusters the bundles reach; absent is none.
    pub namespace_selector: Option<LabelSelector>,
}

/// What is looked at of a Namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NamespaceView {
    /// Name of the namespace.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
}

/// What is looked at of a Bundle.
#[derive(Clone, Copy, Debug)]
pub struct BundleView<'a> {
    /// Namespace of the bundle.
    pub namespace: &'a str,
    /// Name of the bundle.
    pub name: &'a str,
    /// Labels of the bundle.
    pub labels: &'a Labels,
    /// What is deployed, how and where.
    pub spec: &'a BundleSpec,
    /// From GitRepoRestrictions: labels that target namespaces must have.
    pub allowed_target_namespace_selector: Option<&'a LabelSelector>,
    /// From Policies: agents do not create the release namespace.
    pub deny_namespace_creation: bool,
}

impl<'a> BundleView<'a> {
    /// A bundle without labels and restrictions.
    pub fn new(namespace: &'a str, name: &'a str, spec: &'a BundleSpec) -> Self {
        Self {
            namespace,
            name,
            labels: &NO_LABELS,
            spec,
            allowed_target_namespace_selector: None,
            deny_namespace_creation: false,
        }
    }

    /// The same with labels.
    #[must_use]
    pub fn with_labels(mut self, labels: &'a Labels) -> Self {
        self.labels = labels;
        self
    }

    /// Puts what restrictions and policies say into merged options.
    pub(super) fn restrict(&self, options: &mut BundleDeploymentOptions) {
        if let Some(selector) = self.allowed_target_namespace_selector {
            options.allowed_target_namespace_selector = Some(selector.clone());
        }
        if self.deny_namespace_creation {
            options.create_namespace = Some(false);
        }
    }
}

/// An inventory: clusters, their groups, and what opens namespaces to bundles.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Estate {
    /// All clusters.
    pub clusters: Vec<Arc<ClusterView>>,
    /// All groups.
    pub groups: Vec<GroupView>,
    /// All mappings.
    pub mappings: Vec<MappingView>,
    /// All namespaces; only mappings ask for them.
    pub namespaces: Vec<NamespaceView>,
}

/// Groups with their selectors compiled, by namespace.
pub(crate) type CompiledGroups<'a> = HashMap<&'a str, Vec<(&'a GroupView, Selector)>>;

impl Estate {
    /// An inventory of clusters alone.
    pub fn new(clusters: Vec<ClusterView>) -> Self {
        Self {
            clusters: clusters.into_iter().map(Arc::new).collect(),
            ..Self::default()
        }
    }

    /// The same with groups.
    #[must_use]
    pub fn with_groups(mut self, groups: Vec<GroupView>) -> Self {
        self.groups = groups;
        self
    }

    /// Namespaces whose clusters a bundle can reach: its own, and those that mappings open. Invalid mappings are skipped.
    pub fn namespaces_of(&self, bundle: &BundleView<'_>) -> BTreeSet<String> {
        let mut namespaces: BTreeSet<String> = [bundle.namespace.to_owned()].into();
        for mapping in self
            .mappings
            .iter()
            .filter(|mapping| mapping.namespace == bundle.namespace)
        {
            let opened = mapping.opened_to(bundle.labels, &self.namespaces);
            namespaces.extend(opened.map(|namespace| namespace.name.clone()));
        }
        namespaces
    }

    /// Clusters in those namespaces.
    pub(super) fn candidates(&self, bundle: &BundleView<'_>) -> impl Iterator<Item = &Arc<ClusterView>> {
        let namespaces = self.namespaces_of(bundle);
        self.clusters
            .iter()
            .filter(move |cluster| namespaces.contains(&cluster.namespace))
    }

    /// Selectors of the groups; a group without one or with an invalid one has no clusters.
    pub(crate) fn compiled_groups(&self) -> CompiledGroups<'_> {
        let mut compiled = CompiledGroups::new();
        for group in &self.groups {
            if let Some(Ok(selector)) = group.selector.as_ref().map(Selector::compile) {
                compiled.entry(&group.namespace).or_default().push((group, selector));
            }
        }
        compiled
            .values_mut()
            .for_each(|groups| groups.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name)));
        compiled
    }

    /// Groups of a cluster, sorted by name.
    pub(crate) fn groups_of<'a>(cluster: &ClusterView, compiled: &CompiledGroups<'a>) -> Vec<&'a GroupView> {
        let groups = compiled
            .get(cluster.namespace.as_str())
            .map(Vec::as_slice)
            .unwrap_or_default();
        groups
            .iter()
            .filter(|(_, selector)| selector.matches(&cluster.labels))
            .map(|(group, _)| *group)
            .collect()
    }
}

impl MappingView {
    /// Namespaces that it opens to bundles with these labels; none where a selector is absent or invalid.
    pub fn opened_to<'a>(
        &self,
        bundle_labels: &Labels,
        namespaces: impl IntoIterator<Item = &'a NamespaceView>,
    ) -> impl Iterator<Item = &'a NamespaceView> {
        let compile = |selector: &Option<LabelSelector>| Selector::compile(selector.as_ref()?).ok();
        let bundles = compile(&self.bundle_selector);
        let opened = compile(&self.namespace_selector).filter(|_| bundles.is_some_and(|s| s.matches(bundle_labels)));
        let matches = move |namespace: &&NamespaceView| opened.as_ref().is_some_and(|s| s.matches(&namespace.labels));
        namespaces.into_iter().filter(matches)
    }
}
