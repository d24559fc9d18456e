//! Rolling a release back to one of its revisions (Helm v4.2.3 `rollback`): a new revision that has the old one's content.

use std::time::Duration;

use super::{Clock, DeployError, Stored, apply, history, hooks, wait};
use crate::cluster::Cluster;
use crate::helm::release::{ApplyMethod, HookEvent, Info, Release, ReleaseStatus};

/// How a release is rolled back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RollbackOptions {
    /// Time for hooks, and to wait until all objects are ready; `None` does not wait, and hooks have
    /// [`super::DEFAULT_TIMEOUT`].
    pub timeout: Option<Duration>,
    /// Wait for Jobs to complete, too.
    pub wait_for_jobs: bool,
    /// Replace objects instead of patching them.
    pub force: bool,
    /// Take fields over that other managers own.
    pub force_conflicts: bool,
}

/// Rolls back to a revision: what it had comes back, what came since goes. `stored` is the release's
/// [`history`](super::history). Gives the new revision; nothing of the history is pruned.
///
/// # Errors
///
/// [`DeployError`]; the new revision is then recorded as failed and the one before as superseded.
pub async fn rollback(
    cluster: &dyn Cluster,
    clock: &dyn Clock,
    mut stored: Vec<Stored>,
    revision: i64,
    options: &RollbackOptions,
) -> Result<Release, DeployError> {
    let target = stored.iter().find(|stored| stored.release.version == revision);
    let (Some(target), Some(current)) = (target, stored.last()) else {
        let name = stored.last().map(|last| last.release.name.clone());
        return Err(DeployError::NoSuchRevision {
            name: name.unwrap_or_default(),
            revision,
        });
    };
    let server_side = target.release.is_server_side() && !options.force;
    let wanted = apply::resolve_manifest(cluster, &target.release).await?;
    let present = apply::resolve_manifest(cluster, &current.release).await?;
    let release = revision_of(&target.release, &current.release, server_side, clock);
    let mut record = history::create(cluster, clock, release).await?;
    let hook_timeout = options.timeout.unwrap_or(super::DEFAULT_TIMEOUT);
    let outcome = async {
        let release = &mut record.release;
        hooks::run(cluster, clock, release, HookEvent::PreRollback, hook_timeout).await?;
        let how = apply::How {
            server_side,
            force: options.force,
            force_conflicts: options.force_conflicts,
        };
        apply::replace_all(cluster, apply::Owner::of(&target.release), &wanted, &present, how).await?;
        if let Some(timeout) = options.timeout {
            wait::until_ready(cluster, clock, &wanted, timeout, options.wait_for_jobs).await?;
        }
        hooks::run(cluster, clock, release, HookEvent::PostRollback, hook_timeout).await
    }
    .await;
    if let Err(error) = outcome {
        record.release.info.status = ReleaseStatus::Failed;
        record.release.info.description = format!("Rollback {:?} failed: {error}", record.release.name);
        if let Some(current) = stored.last_mut() {
            current.release.info.status = ReleaseStatus::Superseded;
            history::update(cluster, clock, current).await?;
        }
        history::update(cluster, clock, &mut record).await?;
        return Err(error);
    }
    history::supersede(cluster, clock, &mut stored).await?;
    record.release.info.status = ReleaseStatus::Deployed;
    history::update(cluster, clock, &mut record).await?;
    Ok(record.release)
}

/// The revision that a rollback makes.
fn revision_of(target: &Release, current: &Release, server_side: bool, clock: &dyn Clock) -> Release {
    let mut release = target.clone();
    release.version = current.version + 1;
    release.apply_method = Some(if server_side {
        ApplyMethod::ServerSide
    } else {
        ApplyMethod::ClientSide
    });
    release.info = Info {
        first_deployed: current.info.first_deployed,
        last_deployed: Some(clock.now()),
        status: ReleaseStatus::PendingRollback,
        description: format!("Rollback to {}", target.version),
        notes: target.info.notes.clone(),
        ..Info::default()
    };
    for hook in &mut release.hooks {
        hook.last_run = crate::helm::release::HookExecution::default();
    }
    release
}
