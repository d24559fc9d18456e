//! Taking over a hub: which deployments would change their ID, and why.
//!
//! Deployment IDs are hashes over Go's JSON of contents and options. Where ours are the same, agents have nothing to do when
//! this manager takes the place of another one; where one differs, everything of it is deployed again. [`takeover`] computes
//! every deployment of a hub as the manager would and compares it with what is there, before anything is written.
//!
//! # Guarantees
//! Nothing is decided from what is not there: a bundle whose values are in no Secret of the dump is [`Effect::Unknown`]. Values
//! are named by their keys and never shown, since they may be secrets. Same objects, same report.
//!
//! # Assumptions
//! The objects are of one moment. A staged ID that is not released yet is the other manager's own rollout, and no change.

mod difference;
mod hub;

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::{BundleView, Target, TargetError, TargetOptions, targets_each};
use crate::api::BundleSpec;
use crate::rollout;
use hub::{BundleObject, Deployment, Hub};

pub use hub::TakeoverError;

/// What would become of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Effect {
    /// Its ID would change: it would be deployed again.
    Redeploy,
    /// It is not there yet, and would be created.
    Create,
    /// Its bundle does not reach its cluster: it would be deleted.
    Delete,
    /// It cannot be known: something is missing or broken.
    Unknown,
}

/// A deployment that would not stay as it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Change {
    /// `namespace/name` of the bundle.
    pub bundle: String,
    /// `namespace/name` of the cluster; empty where it is not known.
    pub cluster: String,
    /// `namespace/name` of the BundleDeployment; empty where there is none yet.
    pub deployment: String,
    /// What would become of it.
    pub effect: Effect,
    /// The ID that is staged now; empty where there is none.
    pub now: String,
    /// The ID that it would get; empty where that is not known or there would be none.
    pub then: String,
    /// Why, the most important first.
    pub reasons: Vec<String>,
}

/// What a take-over would change.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Takeover {
    /// Bundles that were looked at.
    pub bundles: usize,
    /// Deployments that would stay as they are.
    pub unchanged: usize,
    /// Those that would not, by bundle, then cluster.
    pub changes: Vec<Change>,
}

/// Compares what a hub has with what this manager would make of it.
///
/// `objects` are those of a hub, as `kubectl get -o yaml` lists them, in any order: Bundles and their values' Secrets,
/// BundleDeployments, Clusters, ClusterGroups, BundleNamespaceMappings, Namespaces; with Contents, reasons name the resources that
/// differ. Other kinds are passed over. `replacements` are specs, by `(namespace, name)`, in place of those of the hub's Bundles:
/// what a scan of their repositories gives now.
///
/// ```
/// use fleet_core::target::takeover::takeover;
/// let report = takeover(&[], &Default::default(), &Default::default())?;
/// assert_eq!(report.to_string(), "0 deployments of 0 bundles stay as they are\n");
/// # Ok::<(), fleet_core::target::takeover::TakeoverError>(())
/// ```
///
/// # Errors
/// [`TakeoverError`]: an object that is not what its kind says.
pub fn takeover(
    objects: &[Value],
    replacements: &BTreeMap<(String, String), BundleSpec>,
    options: &TargetOptions,
) -> Result<Takeover, TakeoverError> {
    let hub = Hub::read(objects)?;
    let mut report = Takeover::default();
    for (key, bundle) in &hub.bundles {
        if bundle.is_being_deleted {
            continue;
        }
        report.bundles += 1;
        let mut comparison = Comparison::new(&hub, key, &mut report);
        let spec = match replacements.get(key) {
            Some(replacement) => Ok(hub::replaced(&bundle.spec, replacement)),
            None => hub.with_values(key, &bundle.spec),
        };
        match spec {
            Ok(spec) => comparison.run(bundle, &spec, options),
            Err(reason) => comparison.rest(Effect::Unknown, &reason),
        }
    }
    for key in hub.deployments.keys().filter(|key| !hub.bundles.contains_key(*key)) {
        let reason = "its bundle is not there: it stays until somebody deletes it";
        Comparison::new(&hub, key, &mut report).rest(Effect::Unknown, reason);
    }
    report
        .changes
        .sort_by(|a, b| (&a.bundle, &a.cluster, &a.deployment).cmp(&(&b.bundle, &b.cluster, &b.deployment)));
    Ok(report)
}

/// One bundle's deployments, those that were looked at taken out.
struct Comparison<'a> {
    hub: &'a Hub,
    key: &'a (String, String),
    /// What is there, by namespace.
    there: BTreeMap<&'a str, &'a Deployment>,
    report: &'a mut Takeover,
}

impl<'a> Comparison<'a> {
    fn new(hub: &'a Hub, key: &'a (String, String), report: &'a mut Takeover) -> Self {
        let there = hub.deployments.get(key).into_iter().flatten();
        Self {
            hub,
            key,
            there: there.map(|found| (found.namespace.as_str(), found)).collect(),
            report,
        }
    }

    fn run(&mut self, bundle: &BundleObject, spec: &BundleSpec, options: &TargetOptions) {
        let hub = self.hub;
        let view = BundleView::new(&self.key.0, &self.key.1, spec).with_labels(&bundle.labels);
        let found = match targets_each(&view, &hub.estate, options) {
            Ok(found) => found,
            Err(error) => return self.rest(Effect::Unknown, &error.to_string()),
        };
        let mut targets: Vec<Target> = Vec::with_capacity(found.len());
        for target in found {
            match target {
                Ok(target) => targets.push(target),
                Err(error) => self.failed(&error),
            }
        }
        let created = match rollout::stage_all(&view, &targets, &hub.estate, "") {
            Ok(created) => created,
            Err(error) => return self.rest(Effect::Unknown, &error.to_string()),
        };
        let manifest_id = hub::manifest_id(spec);
        for (target, created) in targets.iter().zip(created) {
            let namespace = target.cluster.deployment_namespace.as_deref().unwrap_or_default();
            let then = target.deployment_id(&manifest_id);
            match self.there.remove(namespace) {
                Some(deployment) if deployment.id() == then => self.report.unchanged += 1,
                Some(deployment) => {
                    let reasons = difference::reasons(hub, spec, target, &manifest_id, deployment);
                    self.change(Some(deployment), &target.cluster.key(), Effect::Redeploy, then, reasons);
                }
                None if created.is_some() => {
                    let reason = "the cluster has no deployment of the bundle yet".to_owned();
                    self.change(None, &target.cluster.key(), Effect::Create, then, vec![reason]);
                }
                None => {}
            }
        }
        // Nothing is deleted outside of a cluster's schedule.
        self.there.retain(|_, deployment| !deployment.spec.off_schedule);
        self.rest(Effect::Delete, "no target of the bundle matches the cluster");
    }

    /// A cluster whose values cannot be templated keeps what it has.
    fn failed(&mut self, error: &TargetError) {
        let TargetError::Values {
            cluster,
            namespace,
            reason,
        } = error
        else {
            return;
        };
        let of_cluster = format!("{namespace}/{cluster}");
        let found = self.there.values().find(|deployment| deployment.cluster == of_cluster);
        if let Some(deployment) = found.copied() {
            self.there.remove(deployment.namespace.as_str());
            let reasons = vec![reason.to_string()];
            self.change(Some(deployment), &of_cluster, Effect::Unknown, String::new(), reasons);
        }
    }

    /// The same for everything that was not looked at.
    fn rest(&mut self, effect: Effect, reason: &str) {
        for deployment in std::mem::take(&mut self.there).into_values() {
            let cluster = deployment.cluster.clone();
            self.change(
                Some(deployment),
                &cluster,
                effect,
                String::new(),
                vec![reason.to_owned()],
            );
        }
    }

    fn change(
        &mut self,
        deployment: Option<&Deployment>,
        cluster: &str,
        effect: Effect,
        then: String,
        reasons: Vec<String>,
    ) {
        self.report.changes.push(Change {
            bundle: format!("{}/{}", self.key.0, self.key.1),
            cluster: cluster.to_owned(),
            deployment: deployment.map_or_else(String::new, Deployment::key),
            effect,
            now: deployment.map_or("", Deployment::id).to_owned(),
            then,
            reasons,
        });
    }
}

/// A line for each change, with a line for each reason, and a line that sums up.
impl fmt::Display for Takeover {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for change in &self.changes {
            let effect = match change.effect {
                Effect::Redeploy => "would be deployed again",
                Effect::Create => "would be created",
                Effect::Delete => "would be deleted",
                Effect::Unknown => "cannot be compared",
            };
            writeln!(out, "bundle {} on cluster {}: {effect}", change.bundle, change.cluster)?;
            for reason in &change.reasons {
                writeln!(out, "  {reason}")?;
            }
        }
        let (unchanged, bundles) = (self.unchanged, self.bundles);
        writeln!(out, "{unchanged} deployments of {bundles} bundles stay as they are")?;
        if !self.changes.is_empty() {
            writeln!(out, "{} do not", self.changes.len())?;
        }
        Ok(())
    }
}
