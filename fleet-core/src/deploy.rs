//! Install, upgrade, rollback and uninstall of Helm releases, as steps over a [`crate::cluster::Cluster`].
//!
//! # Expected flow
//!
//! [`deploy`] reads the release's history, decides between install and upgrade, records what it is about to do, runs
//! hooks, applies the objects that differ, deletes those that the last revision had and this one has not, waits where
//! asked, and records the outcome. The records are Helm's own (see [`crate::helm::release`]), written when Helm writes
//! them, so `helm list`, `history`, `get`, `rollback` and `uninstall` work on the result.
//!
//! # Guarantees
//!
//! - A revision is recorded as pending before the first object is written. A process that dies in between leaves that
//!   record; the next [`deploy`] of the release takes it for what it is and goes on from there.
//! - An object is deleted only when the deployed revision's manifest has it, the new one has not, and the live object
//!   belongs to this release. What carries `helm.sh/resource-policy: keep` stays.
//! - An object that another release or person owns is not taken over unless asked ([`DeployOptions::take_ownership`]).
//! - Objects that already are as wanted are not written.
//!
//! # Differences from Fleet
//!
//! No dry run precedes the real one (its errors are found before anything is written all the same); hooks and waits
//! without a time of their own get Helm's 5 minutes instead of 30 seconds; drift is corrected in place, without a new
//! revision for each correction; fields that Helm itself wrote to objects of the release are no conflict.
//!
//! Source: Helm v4.2.3 actions as Fleet's agent calls them.

mod apply;
mod correct;
mod error;
mod history;
mod hooks;
mod rollback;
mod uninstall;
mod wait;

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value};

pub use correct::correct_drift;
pub use error::{DeployError, is_final};
pub use history::{Stored, history, releases};
pub use rollback::{RollbackOptions, rollback};
pub use uninstall::{UninstallOptions, uninstall};

use crate::cluster::Cluster;
use crate::helm::release::{ApplyMethod, ChartRecord, Hook, HookEvent, Info, Release, ReleaseStatus};
use crate::object::{self, install_order};

/// Revisions that are kept where nothing else is asked (Fleet: 2).
pub const DEFAULT_MAX_HISTORY: usize = 2;
/// Time for hooks and waits where nothing else is asked (Helm's program: 5 minutes).
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(300);

/// Time, which this crate does not have of its own.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Waits.
    async fn pause(&self, duration: Duration);
}

/// What a release consists of: the outcome of rendering.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReleaseContent {
    /// Name of the release.
    pub name: String,
    /// Namespace of the release; objects of namespaced kinds without one get it.
    pub namespace: String,
    /// The chart, for the record.
    pub chart: ChartRecord,
    /// The values that the user gave, for the record.
    pub config: Map<String, Value>,
    /// The text of all objects, for the record.
    pub manifest: String,
    /// The objects of the manifest, in install order.
    pub objects: Vec<Value>,
    /// Objects of the chart's `crds/` folder, which are created where they are missing and never changed.
    pub definitions: Vec<Value>,
    /// The hooks.
    pub hooks: Vec<Hook>,
    /// The rendered notes.
    pub notes: String,
}

/// How a release is deployed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DeployOptions {
    /// Adopt objects that exist and belong to nobody or another release.
    pub take_ownership: bool,
    /// Replace objects instead of patching them.
    pub force: bool,
    /// Undo a failed install or upgrade.
    pub atomic: bool,
    /// Wait until all objects are ready, this long at most; `None` does not wait.
    pub timeout: Option<Duration>,
    /// Wait for Jobs to complete, too.
    pub wait_for_jobs: bool,
    /// Revisions to keep; 0 is [`DEFAULT_MAX_HISTORY`].
    pub max_history: usize,
    /// Create the release's namespace on install.
    pub create_namespace: bool,
    /// Take fields over that other managers own; without it a conflict is an error.
    pub force_conflicts: bool,
}

impl Default for DeployOptions {
    fn default() -> Self {
        Self {
            take_ownership: false,
            force: false,
            atomic: false,
            timeout: None,
            wait_for_jobs: false,
            max_history: 0,
            create_namespace: true,
            force_conflicts: false,
        }
    }
}

impl From<crate::render::Rendered> for ReleaseContent {
    fn from(rendered: crate::render::Rendered) -> Self {
        Self {
            name: rendered.release_name,
            namespace: rendered.namespace,
            chart: rendered.chart,
            config: rendered.values,
            manifest: rendered.manifest,
            objects: rendered.objects,
            definitions: rendered.crds,
            hooks: rendered.hooks,
            notes: rendered.notes,
        }
    }
}

impl ReleaseContent {
    fn owner(&self) -> apply::Owner<'_> {
        apply::Owner {
            release: &self.name,
            namespace: &self.namespace,
        }
    }
}

impl DeployOptions {
    /// What a deployment's options ask for.
    pub fn of(options: &crate::api::BundleDeploymentOptions) -> Self {
        let helm = options.helm.clone().unwrap_or_default();
        let seconds = u64::try_from(helm.timeout_seconds).unwrap_or(0);
        Self {
            take_ownership: helm.take_ownership,
            force: helm.force,
            atomic: helm.atomic,
            timeout: (seconds > 0).then(|| Duration::from_secs(seconds)),
            wait_for_jobs: helm.wait_for_jobs,
            max_history: usize::try_from(helm.max_history).unwrap_or(0),
            create_namespace: options.create_namespace != Some(false),
            // Where drift is corrected, the bundle owns its fields, whoever wrote them in between.
            force_conflicts: options.correct_drift.as_ref().is_some_and(|correct| correct.enabled),
        }
    }

    fn keep(&self) -> usize {
        if self.max_history == 0 {
            DEFAULT_MAX_HISTORY
        } else {
            self.max_history
        }
    }

    fn hook_timeout(&self) -> Duration {
        self.timeout.unwrap_or(DEFAULT_TIMEOUT)
    }
}

/// The revision that [`deploy`] makes after these: 1 is an install, as `.Release.IsInstall` in charts has it.
pub fn next_revision(stored: &[Stored]) -> i64 {
    match stored.last() {
        Some(last) if last.release.info.status != ReleaseStatus::Uninstalling => last.release.version + 1,
        _ => 1,
    }
}

/// Installs the release, or upgrades the one that is there: `stored` is its [`history`], which the caller has read to
/// render for the [`next_revision`]. Gives the revision that is deployed then.
///
/// # Errors
///
/// [`DeployError`]; the failed revision is recorded as such before this returns, and with
/// [`DeployOptions::atomic`] a failed install is uninstalled and a failed upgrade rolled back.
pub async fn deploy(
    cluster: &dyn Cluster,
    clock: &dyn Clock,
    mut stored: Vec<Stored>,
    content: &ReleaseContent,
    options: &DeployOptions,
) -> Result<Release, DeployError> {
    if stored
        .last()
        .is_some_and(|last| last.release.info.status == ReleaseStatus::Uninstalling)
    {
        // An uninstall that did not get to its end is brought to it first.
        uninstall(cluster, clock, &stored, &UninstallOptions::default()).await?;
        stored.clear();
    }
    for pending in &mut stored {
        // Whoever wrote it is gone: one agent deploys a release, and it is this one.
        if is_pending(pending.release.info.status) {
            pending.release.info.status = ReleaseStatus::Failed;
            history::update(cluster, clock, pending).await?;
        }
    }
    match base_of(&stored) {
        None => install(cluster, clock, content, options, stored).await,
        Some(base) => upgrade(cluster, clock, content, options, stored, base).await,
    }
}

fn is_pending(status: ReleaseStatus) -> bool {
    matches!(
        status,
        ReleaseStatus::PendingInstall | ReleaseStatus::PendingUpgrade | ReleaseStatus::PendingRollback
    )
}

/// The revision that an upgrade starts from: the last deployed one, else the last there is.
fn base_of(stored: &[Stored]) -> Option<usize> {
    let deployed = stored
        .iter()
        .rposition(|stored| stored.release.info.status == ReleaseStatus::Deployed);
    deployed.or_else(|| stored.len().checked_sub(1))
}

async fn install(
    cluster: &dyn Cluster,
    clock: &dyn Clock,
    content: &ReleaseContent,
    options: &DeployOptions,
    stored: Vec<Stored>,
) -> Result<Release, DeployError> {
    let objects = apply::resolve(cluster, content).await?;
    if options.create_namespace {
        apply::ensure_namespace(cluster, &content.namespace).await?;
    }
    apply::check_ownership(cluster, content.owner(), &objects, options.take_ownership).await?;
    let server_side = !(options.take_ownership || options.force);
    let now = clock.now();
    let mut release = release_of(content, 1, server_side);
    release.info = Info {
        first_deployed: Some(now),
        last_deployed: Some(now),
        status: ReleaseStatus::PendingInstall,
        description: "Initial install underway".to_owned(),
        notes: content.notes.clone(),
        ..Info::default()
    };
    let mut record = history::create(cluster, clock, release).await?;
    let outcome = async {
        apply::create_definitions(cluster, content).await?;
        run_hooks(cluster, clock, &mut record.release, HookEvent::PreInstall, options).await?;
        let how = apply::How {
            server_side,
            force: options.force,
            force_conflicts: options.force_conflicts,
        };
        apply::replace_all(cluster, content.owner(), &objects, &[], how).await?;
        if let Some(timeout) = options.timeout.or(options.atomic.then_some(DEFAULT_TIMEOUT)) {
            wait::until_ready(cluster, clock, &objects, timeout, options.wait_for_jobs).await?;
        }
        run_hooks(cluster, clock, &mut record.release, HookEvent::PostInstall, options).await
    }
    .await;
    match outcome {
        Ok(()) => {
            record.release.info.status = ReleaseStatus::Deployed;
            "Install complete".clone_into(&mut record.release.info.description);
            history::update(cluster, clock, &mut record).await?;
            Ok(record.release)
        }
        Err(error) => {
            record.release.info.status = ReleaseStatus::Failed;
            record.release.info.description = format!("Release {:?} failed: {error}", content.name);
            history::update(cluster, clock, &mut record).await?;
            if !options.atomic {
                return Err(error);
            }
            let mut all = stored;
            all.push(record);
            uninstall(cluster, clock, &all, &UninstallOptions::default()).await?;
            Err(DeployError::Undone {
                name: content.name.clone(),
                how: "uninstalled",
                cause: error.to_string(),
            })
        }
    }
}

async fn upgrade(
    cluster: &dyn Cluster,
    clock: &dyn Clock,
    content: &ReleaseContent,
    options: &DeployOptions,
    mut stored: Vec<Stored>,
    base: usize,
) -> Result<Release, DeployError> {
    let objects = apply::resolve(cluster, content).await?;
    let previous = apply::resolve_manifest(cluster, &stored[base].release).await?;
    // Fleet upgrades with ownership taken over: what the release already has is its own.
    apply::check_ownership(cluster, content.owner(), &objects, true).await?;
    let server_side = stored[base].release.is_server_side() && !options.force;
    let revision = stored.last().map_or(0, |last| last.release.version) + 1;
    let now = clock.now();
    let mut release = release_of(content, revision, server_side);
    if content.config.is_empty() && !stored[base].release.config.is_empty() {
        // Helm's own rule: an upgrade that gives no values reuses those of the revision before.
        release.config.clone_from(&stored[base].release.config);
    }
    release.info = Info {
        first_deployed: stored[base].release.info.first_deployed,
        last_deployed: Some(now),
        status: ReleaseStatus::PendingUpgrade,
        description: "Preparing upgrade".to_owned(),
        notes: content.notes.clone(),
        ..Info::default()
    };
    history::prune(cluster, &mut stored, options.keep().saturating_sub(1)).await?;
    let mut record = history::create(cluster, clock, release).await?;
    let outcome = async {
        run_hooks(cluster, clock, &mut record.release, HookEvent::PreUpgrade, options).await?;
        let how = apply::How {
            server_side,
            force: options.force,
            force_conflicts: options.force_conflicts,
        };
        apply::replace_all(cluster, content.owner(), &objects, &previous, how).await?;
        if let Some(timeout) = options.timeout.or(options.atomic.then_some(DEFAULT_TIMEOUT)) {
            wait::until_ready(cluster, clock, &objects, timeout, options.wait_for_jobs).await?;
        }
        run_hooks(cluster, clock, &mut record.release, HookEvent::PostUpgrade, options).await
    }
    .await;
    match outcome {
        Ok(()) => {
            history::supersede(cluster, clock, &mut stored).await?;
            record.release.info.status = ReleaseStatus::Deployed;
            "Upgrade complete".clone_into(&mut record.release.info.description);
            history::update(cluster, clock, &mut record).await?;
            Ok(record.release)
        }
        Err(error) => {
            record.release.info.status = ReleaseStatus::Failed;
            record.release.info.description = format!("Upgrade {:?} failed: {error}", content.name);
            history::update(cluster, clock, &mut record).await?;
            if !options.atomic {
                return Err(error);
            }
            stored.push(record);
            undo_upgrade(cluster, clock, stored, options, error).await
        }
    }
}

/// Rolls back to the last revision that once was deployed, after an upgrade that failed.
async fn undo_upgrade(
    cluster: &dyn Cluster,
    clock: &dyn Clock,
    stored: Vec<Stored>,
    options: &DeployOptions,
    error: DeployError,
) -> Result<Release, DeployError> {
    let name = stored.last().map(|last| last.release.name.clone()).unwrap_or_default();
    let cause = error.to_string();
    let once_deployed = |stored: &&Stored| {
        matches!(
            stored.release.info.status,
            ReleaseStatus::Deployed | ReleaseStatus::Superseded
        )
    };
    let Some(revision) = stored
        .iter()
        .rev()
        .find(once_deployed)
        .map(|found| found.release.version)
    else {
        return Err(DeployError::NothingToRollBackTo { cause });
    };
    let rollback_options = RollbackOptions {
        timeout: options.timeout.or(Some(DEFAULT_TIMEOUT)),
        wait_for_jobs: options.wait_for_jobs,
        force: options.force,
        force_conflicts: true,
    };
    match rollback(cluster, clock, stored, revision, &rollback_options).await {
        Ok(_) => Err(DeployError::Undone {
            name,
            how: "rolled back",
            cause,
        }),
        Err(rollback) => Err(DeployError::RollbackFailed {
            cause,
            rollback: Box::new(rollback),
        }),
    }
}

fn release_of(content: &ReleaseContent, version: i64, server_side: bool) -> Release {
    Release {
        name: content.name.clone(),
        namespace: content.namespace.clone(),
        version,
        chart: content.chart.clone(),
        config: content.config.clone(),
        manifest: content.manifest.clone(),
        hooks: content.hooks.clone(),
        apply_method: Some(if server_side {
            ApplyMethod::ServerSide
        } else {
            ApplyMethod::ClientSide
        }),
        ..Release::default()
    }
}

async fn run_hooks(
    cluster: &dyn Cluster,
    clock: &dyn Clock,
    release: &mut Release,
    event: HookEvent,
    options: &DeployOptions,
) -> Result<(), DeployError> {
    hooks::run(cluster, clock, release, event, options.hook_timeout()).await
}

/// The objects of a stored manifest, in its order.
pub fn manifest_objects(manifest: &str) -> Vec<Value> {
    let documents = crate::yaml::documents(manifest);
    let values = documents
        .into_iter()
        .filter_map(|document| crate::yaml::read(document.text).ok());
    values.filter(|value| !object::kind(value).is_empty()).collect()
}

/// Sorts objects as Helm installs them; objects of one kind keep their order.
pub fn sort_for_install(objects: &mut [Value]) {
    objects.sort_by(|a, b| install_order::install(object::kind(a)).cmp(&install_order::install(object::kind(b))));
}
