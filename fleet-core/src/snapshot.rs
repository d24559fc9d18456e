//! What a repository becomes on every cluster of an inventory, as texts to be reviewed and kept.
//!
//! A platform team keeps these texts beside its repository: a test renders them anew and fails where a commit changes what any
//! cluster gets, so that a review sees it. Clusters with the same objects share a text ([`Snapshot`]), so that thousands of them are a
//! few files. [`Snapshots::check`] says which clusters changed and why: an object, a target that matches no longer, a
//! cluster that is new.
//!
//! # Guarantees
//! The same bundles, inventory and context give the same texts, in the same order: nothing in them is of a machine, a time or
//! chance. A text holds every object that an agent would apply: custom resource definitions, manifest, hooks.
//!
//! # Assumptions
//! What only a live cluster knows is what the context says of it: its version, its API groups, `valuesFrom`, look-ups of charts.
//!
//! ```
//! use fleet_core::{render::RenderContext, scan::{ScanOptions, scan}, snapshot::snapshot, target::Estate, tree::Tree};
//! let tree = Tree::try_from(&[
//!     ("web/fleet.yaml", "targets: [{name: all, clusterSelector: {}}]\n"),
//!     ("web/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n"),
//! ][..])?;
//! let clusters = "{kind: Cluster, metadata: {name: one, namespace: fleet-local}}\n---\n{kind: Cluster, metadata: {name: two, namespace: fleet-local}}";
//! let scanned = scan(&tree, "shop", &ScanOptions::default()).finish();
//! let snapshots = snapshot(&scanned, &Estate::from_yaml(clusters)?, &RenderContext::default())?;
//! assert_eq!(snapshots.groups.len(), 1);
//! assert_eq!(snapshots.groups[0].clusters, ["fleet-local/one", "fleet-local/two"]);
//! assert!(snapshots.groups[0].text.contains("# bundle shop-web, target all\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod check;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::render::{BundleContent, RenderContext, RenderError, Rendered, render};
use crate::scan::{Bundle, ScanError, Scanned};
use crate::target::{BundleView, Choice, Estate, TargetError, TargetOptions, targets_each};
use crate::yaml;

pub use check::{SnapshotChange, SnapshotChanges};

/// Why there is no snapshot.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// A folder that gave no bundle.
    #[error("scanning {path}")]
    Scan {
        /// The folder.
        path: String,
        /// What is the matter.
        source: Box<ScanError>,
    },
    /// A bundle whose targets cannot be computed.
    #[error("bundle {bundle}")]
    Target {
        /// The bundle.
        bundle: String,
        /// What is the matter, with the cluster where it is one's.
        source: Box<TargetError>,
    },
    /// A bundle that cannot be rendered.
    #[error("bundle {bundle} on cluster {cluster}")]
    Render {
        /// The bundle.
        bundle: String,
        /// The first cluster with these options.
        cluster: String,
        /// What is the matter.
        source: Box<RenderError>,
    },
    /// Objects that cannot be printed.
    #[error("printing the objects of bundle {bundle}")]
    Print {
        /// The bundle.
        bundle: String,
        /// What is the matter.
        source: Box<yaml::YamlError>,
    },
}

/// What a group of clusters gets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// A name for a file: the first cluster's, `/` as `_`.
    pub name: String,
    /// `namespace/name` of the clusters, sorted.
    pub clusters: Vec<String>,
    /// The clusters as comments, then every object as a YAML document, with its bundle and target as a comment.
    pub text: String,
}

/// What every cluster of an inventory gets; clusters that nothing is deployed to have a text without objects.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Snapshots {
    /// One for each set of clusters with the same objects, by first cluster.
    pub groups: Vec<Snapshot>,
    /// What changes are explained with.
    bundles: Vec<Bundle>,
    estate: Estate,
}

/// Renders the bundles of a scan for every cluster of an inventory.
///
/// A deployment's options decide what is rendered, so each bundle is rendered once for each set of clusters with the same options.
///
/// # Errors
/// [`SnapshotError`], the first in the order of bundles and clusters: a snapshot of a part would look like a deletion.
pub fn snapshot(scanned: &Scanned, estate: &Estate, context: &RenderContext<'_>) -> Result<Snapshots, SnapshotError> {
    if let Some(failure) = scanned.failures.first() {
        return Err(SnapshotError::Scan {
            path: failure.path.clone(),
            source: Box::new(failure.error.clone()),
        });
    }
    let mut texts: Vec<Arc<str>> = Vec::new();
    // Which texts each cluster has, in the order of bundles.
    let mut of_clusters: Vec<Vec<usize>> = vec![Vec::new(); estate.clusters.len()];
    let places: HashMap<(&str, &str), usize> = estate
        .clusters
        .iter()
        .enumerate()
        .map(|(place, cluster)| ((&*cluster.namespace, &*cluster.name), place))
        .collect();
    for bundle in &scanned.bundles {
        let of_bundle = |source| SnapshotError::Target {
            bundle: bundle.name.to_string(),
            source: Box::new(source),
        };
        let view = BundleView::new(&bundle.namespace, &bundle.name, &bundle.spec).with_labels(&bundle.labels);
        let targets = targets_each(&view, estate, &TargetOptions::default()).map_err(of_bundle)?;
        let mut content = None;
        let mut known: HashMap<(Choice, Arc<str>), usize> = HashMap::new();
        for target in targets {
            let target = target.map_err(of_bundle)?;
            let cluster = target.cluster.key();
            let failed = |source| SnapshotError::Render {
                bundle: bundle.name.to_string(),
                cluster: cluster.clone(),
                source: Box::new(source),
            };
            let key = (target.choice.clone(), target.options_hash.clone());
            let index = match known.get(&key) {
                Some(index) => *index,
                None => {
                    if content.is_none() {
                        content = Some(BundleContent::from_resources(&bundle.spec.resources).map_err(failed)?);
                    }
                    let content = content.as_ref().expect("because it was set above");
                    let rendered = render(&bundle.name, content, &target.options, context).map_err(failed)?;
                    texts.push(documents(bundle, &target.choice, &rendered)?.into());
                    known.insert(key, texts.len() - 1);
                    texts.len() - 1
                }
            };
            if let Some(place) = places.get(&(&*target.cluster.namespace, &*target.cluster.name)) {
                of_clusters[*place].push(index);
            }
        }
    }
    let mut groups: BTreeMap<Vec<usize>, Vec<String>> = BTreeMap::new();
    for (cluster, of_cluster) in estate.clusters.iter().zip(of_clusters) {
        groups.entry(of_cluster).or_default().push(cluster.key());
    }
    let mut groups: Vec<Snapshot> = groups
        .into_iter()
        .map(|(of_group, mut clusters)| {
            clusters.sort_unstable();
            Snapshot::new(clusters, of_group.iter().map(|index| &*texts[*index]))
        })
        .collect();
    groups.sort_by(|left, right| left.clusters.cmp(&right.clusters));
    Ok(Snapshots {
        groups,
        bundles: scanned.bundles.clone(),
        estate: estate.clone(),
    })
}

impl Snapshot {
    fn new<'a>(clusters: Vec<String>, texts: impl Iterator<Item = &'a str>) -> Self {
        let mut text = String::new();
        for cluster in &clusters {
            text.push_str(&format!("# cluster {cluster}\n"));
        }
        texts.for_each(|objects| text.push_str(objects));
        Self {
            name: clusters
                .first()
                .map_or_else(String::new, |first| first.replace('/', "_")),
            clusters,
            text,
        }
    }
}

/// The text.
impl fmt::Display for Snapshot {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// The objects of a release, each with where it is from.
fn documents(bundle: &Bundle, choice: &Choice, rendered: &Rendered) -> Result<String, SnapshotError> {
    let name = |index: usize| bundle.spec.targets.get(index).map_or("", |target| target.name.as_str());
    let mut head = format!("# bundle {}, target {}", bundle.name, name(choice.target));
    for customization in &choice.customizations {
        head.push_str(&format!(", customized by {}", name(*customization)));
    }
    let objects = rendered
        .crds
        .iter()
        .chain(&rendered.objects)
        .chain(&rendered.hook_objects);
    let mut text = String::new();
    for object in objects {
        let object = yaml::write(object).map_err(|source| SnapshotError::Print {
            bundle: bundle.name.to_string(),
            source: Box::new(source),
        })?;
        text.push_str(&format!("---\n{head}\n{object}"));
    }
    if text.is_empty() {
        text = format!("---\n{head}\n# no objects\n");
    }
    Ok(text)
}
