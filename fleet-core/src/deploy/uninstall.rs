//! Uninstalling a release (Helm v4.2.3 `uninstall`).

use std::time::Duration;

use super::{Clock, DEFAULT_TIMEOUT, DeployError, Stored, apply, history, hooks};
use crate::cluster::Cluster;
use crate::helm::release::{HookEvent, ReleaseStatus};
use crate::object::install_order;

/// How a release is uninstalled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UninstallOptions {
    /// Only the records go; objects stay as they are.
    pub keep_resources: bool,
    /// Time for hooks; `None` is [`DEFAULT_TIMEOUT`].
    pub timeout: Option<Duration>,
}

impl UninstallOptions {
    /// Options that leave the objects.
    pub fn keeping_resources() -> Self {
        Self {
            keep_resources: true,
            ..Self::default()
        }
    }
}

/// Deletes the objects of a release's latest revision (but for those to be kept, and those that are somebody else's by
/// now), then all its records.
///
/// # Errors
///
/// [`DeployError`]; the release then stays as `uninstalling` and the next uninstall or deployment goes on with it.
pub async fn uninstall(
    cluster: &dyn Cluster,
    clock: &dyn Clock,
    stored: &[Stored],
    options: &UninstallOptions,
) -> Result<(), DeployError> {
    let Some(last) = stored.last() else { return Ok(()) };
    let mut last = last.clone();
    if !options.keep_resources {
        let timeout = options.timeout.unwrap_or(DEFAULT_TIMEOUT);
        last.release.info.status = ReleaseStatus::Uninstalling;
        last.release.info.deleted = Some(clock.now());
        "Deletion in progress (or silently failed)".clone_into(&mut last.release.info.description);
        history::update(cluster, clock, &mut last).await?;
        hooks::run(cluster, clock, &mut last.release, HookEvent::PreDelete, timeout).await?;
        let mut objects = apply::resolve_manifest(cluster, &last.release).await?;
        objects.sort_by(|(a, _), (b, _)| {
            install_order::uninstall(&a.kind.kind).cmp(&install_order::uninstall(&b.kind.kind))
        });
        for (key, old) in &objects {
            apply::delete_own(cluster, apply::Owner::of(&last.release), key, old).await?;
        }
        hooks::run(cluster, clock, &mut last.release, HookEvent::PostDelete, timeout).await?;
    }
    for revision in stored {
        history::delete(cluster, &revision.release).await?;
    }
    Ok(())
}
