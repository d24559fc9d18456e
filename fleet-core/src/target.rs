//! Which clusters a bundle reaches, and with which options.
//!
//! The way from a bundle and an inventory to deployments:
//!
//! 1. **Candidates**: clusters in the bundle's namespace, and in namespaces that a `BundleNamespaceMapping` opens.
//! 2. **Decision**: the first target that matches, customizations apart, while a restriction matches too ([`matcher`]).
//! 3. **Customization**: the first that matches replaces the target's options; with `AllMatches` all of them are merged.
//! 4. **Options**: bundle options merged with these ([`merge`]), then values are templated for the cluster ([`values`]).
//! 5. **Identity**: the hash of the options; with the manifest ID it is the deployment ID.
//!
//! Guarantees: the result is a function of the arguments, sorted by cluster name, then namespace. Clusters that get the same
//! options share them; nothing of a bundle's resources is copied. An estate is read only; for one that changes, [`Index`]
//! keeps the matches without computing them all again.
//!
//! Source: Fleet's `target` and `matcher` packages.
//!
//! ```
//! use fleet_core::api::BundleSpec;
//! use fleet_core::target::{BundleView, ClusterView, Estate, targets};
//!
//! let spec: BundleSpec = serde_json::from_str(
//!     r#"{"defaultNamespace": "web", "targets": [
//!         {"name": "prod", "clusterSelector": {"matchLabels": {"env": "prod"}}, "namespace": "shop"}]}"#,
//! )?;
//! let cluster = |name: &str, env: &str| {
//!     ClusterView::new("fleet-default", name).with_labels([("env".to_owned(), env.to_owned())].into())
//! };
//! let estate = Estate::new(vec![cluster("one", "dev"), cluster("two", "prod")]);
//! let matched = targets(&BundleView::new("fleet-default", "shop", &spec), &estate)?;
//! assert_eq!(matched.len(), 1);
//! assert_eq!(matched[0].cluster.name, "two");
//! assert_eq!(matched[0].options.namespace, "shop");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod deployment;
mod explain;
pub mod index;
mod inventory;
pub mod matcher;
pub mod merge;
#[cfg(feature = "helm")]
pub mod takeover;
mod template;
pub mod values;
mod view;

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::api::BundleDeploymentOptions;
use crate::labels::LabelError;
use crate::naming;
use crate::template::Environment;

pub use explain::{Explanation, TargetVerdict, Verdict, explain};
pub use index::Index;
pub use inventory::InventoryError;
pub use matcher::{Choice, Matcher};
pub use values::ValuesError;
pub use view::{BundleView, ClusterView, Estate, GroupView, MappingView, NamespaceView};

/// Why the targets of a bundle cannot be computed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// A selector of a target, restriction or partition is invalid.
    #[error("{0}")]
    Selector(#[from] LabelError),
    /// Values cannot be templated for a cluster.
    #[error("cluster {cluster} in namespace {namespace}: {reason}")]
    Values {
        /// Name of the cluster.
        cluster: String,
        /// Namespace of the cluster.
        namespace: String,
        /// What is wrong.
        reason: Box<ValuesError>,
    },
}

/// A bundle on a cluster.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Target {
    /// The cluster.
    pub cluster: Arc<ClusterView>,
    /// Which target and customizations matched.
    pub choice: Choice,
    /// Merged options, values rendered: what a BundleDeployment holds.
    ///
    /// `namespaceLabels` and `namespaceAnnotations` of all targets are in them, which do not count in the hash.
    pub options: Arc<BundleDeploymentOptions>,
    /// Hash of the options, the second part of a deployment ID.
    pub options_hash: Arc<str>,
}

impl Target {
    /// The deployment ID for contents; the manifest ID is empty for HelmOps.
    pub fn deployment_id(&self, manifest_id: &str) -> String {
        format!("{manifest_id}:{}", self.options_hash)
    }
}

/// The targets of a bundle, sorted by cluster name, then namespace.
///
/// # Errors
/// An invalid selector, or the first cluster whose values cannot be templated. [`targets_each`] keeps the other clusters.
pub fn targets(bundle: &BundleView<'_>, estate: &Estate) -> Result<Vec<Target>, TargetError> {
    targets_each(bundle, estate, &TargetOptions::default())?
        .into_iter()
        .collect()
}

/// What functions in templates of values see of time and chance.
///
/// Upstream draws new random numbers in every pass, so that a bundle that uses them deploys again each time. Here they
/// follow from a seed, the bundle and the cluster: results stay until one of them changes. Who deploys what is secret gives
/// a seed that nobody can guess; plans and tests keep the default.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TargetOptions {
    /// The time that `now` gives.
    pub now: jiff::Timestamp,
    /// What random numbers follow from.
    pub seed: [u8; 32],
}

impl Default for TargetOptions {
    fn default() -> Self {
        Self {
            now: jiff::Timestamp::UNIX_EPOCH,
            seed: [0; 32],
        }
    }
}

impl TargetOptions {
    /// The same with another time.
    #[must_use]
    pub fn with_now(mut self, now: jiff::Timestamp) -> Self {
        self.now = now;
        self
    }

    /// The same with another seed.
    #[must_use]
    pub fn with_seed(mut self, seed: [u8; 32]) -> Self {
        self.seed = seed;
        self
    }

    /// The environment of a bundle's templates on a cluster.
    fn environment(&self, bundle: &BundleView<'_>, cluster: &ClusterView) -> ValuesEnvironment {
        let mut hash = Sha256::new();
        hash.update(self.seed);
        for text in [bundle.namespace, bundle.name, &cluster.namespace, &cluster.name] {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        ValuesEnvironment {
            now: self.now,
            seed: hash.finalize().into(),
            drawn: Cell::new(0),
        }
    }
}

/// Random numbers that follow from 32 bytes.
struct ValuesEnvironment {
    now: jiff::Timestamp,
    seed: [u8; 32],
    drawn: Cell<u64>,
}

impl Environment for ValuesEnvironment {
    fn now(&self) -> jiff::Timestamp {
        self.now
    }

    fn random(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let count = self.drawn.get();
            self.drawn.set(count.wrapping_add(1));
            let block = Sha256::new()
                .chain_update(self.seed)
                .chain_update(count.to_le_bytes())
                .finalize();
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

/// The targets of a bundle, each for itself: one cluster whose values cannot be templated is no matter of the others.
///
/// # Errors
/// An invalid selector.
pub fn targets_each(
    bundle: &BundleView<'_>,
    estate: &Estate,
    options: &TargetOptions,
) -> Result<Vec<Result<Target, TargetError>>, TargetError> {
    let matcher = Matcher::new(bundle.spec)?;
    let groups = estate.compiled_groups();
    let mut matched: Vec<(Arc<ClusterView>, Choice)> = Vec::new();
    for cluster in estate.candidates(bundle) {
        let groups = Estate::groups_of(cluster, &groups);
        if let Some(choice) = matcher.choose(cluster, &groups) {
            matched.push((Arc::clone(cluster), choice));
        }
    }
    matched.sort_by(|(a, _), (b, _)| (&a.name, &a.namespace).cmp(&(&b.name, &b.namespace)));
    let mut resolver = Resolver::new(bundle, options);
    Ok(matched
        .into_iter()
        .map(|(cluster, choice)| resolver.resolve(cluster, choice))
        .collect())
}

/// Computes options for matches of one bundle, the same ones once.
#[derive(Debug)]
pub struct Resolver<'a> {
    bundle: BundleView<'a>,
    options: TargetOptions,
    /// Options by choice, values not yet rendered.
    merged: HashMap<Choice, Arc<values::Prepared>>,
    /// Rendered options by choice and hash, so that clusters share them.
    shared: HashMap<(Choice, String), (Arc<BundleDeploymentOptions>, Arc<str>)>,
    /// Hash of options that need no cluster, by choice and whether the cluster has labels.
    plain: HashMap<(Choice, bool), (Arc<BundleDeploymentOptions>, Arc<str>)>,
    namespace_metadata: deployment::NamespaceMetadata,
}

impl<'a> Resolver<'a> {
    /// For a bundle.
    pub fn new(bundle: &BundleView<'a>, options: &TargetOptions) -> Self {
        Self {
            bundle: *bundle,
            options: options.clone(),
            merged: HashMap::new(),
            shared: HashMap::new(),
            plain: HashMap::new(),
            namespace_metadata: deployment::NamespaceMetadata::of(bundle.spec),
        }
    }

    /// The target for a cluster and what matched it.
    ///
    /// # Errors
    /// Values that cannot be templated for this cluster.
    pub fn resolve(&mut self, cluster: Arc<ClusterView>, choice: Choice) -> Result<Target, TargetError> {
        let has_labels = cluster.has_template_labels();
        let known = self.plain.get(&(choice.clone(), has_labels)).cloned();
        let (options, options_hash) = match known {
            Some(known) => known,
            None => self.compute(&cluster, &choice, has_labels)?,
        };
        Ok(Target {
            cluster,
            choice,
            options,
            options_hash,
        })
    }

    fn compute(
        &mut self,
        cluster: &ClusterView,
        choice: &Choice,
        has_labels: bool,
    ) -> Result<(Arc<BundleDeploymentOptions>, Arc<str>), TargetError> {
        let spec = self.bundle.spec;
        let prepared = self
            .merged
            .entry(choice.clone())
            .or_insert_with(|| {
                let custom = merge::chosen_options(spec, choice);
                let mut options = merge::merge(&spec.options, &custom);
                self.bundle.restrict(&mut options);
                Arc::new(values::Prepared::new(options))
            })
            .clone();
        let environment = self.options.environment(&self.bundle, cluster);
        let rendered = prepared
            .render(cluster, &environment)
            .map_err(|reason| TargetError::Values {
                cluster: cluster.name.clone(),
                namespace: cluster.namespace.clone(),
                reason: Box::new(reason),
            })?;
        let hash = naming::options_hash(&rendered);
        // With the choice: options with the same hash can differ in what does not count.
        let entry = self
            .shared
            .entry((choice.clone(), hash))
            .or_insert_with_key(|(_, hash)| {
                let mut options = rendered;
                self.namespace_metadata.apply(&mut options);
                (Arc::new(options), Arc::from(hash.as_str()))
            });
        let result = entry.clone();
        if prepared.is_plain() {
            self.plain.insert((choice.clone(), has_labels), result.clone());
        }
        Ok(result)
    }
}

#[cfg(test)]
mod tests;
