//! Setting drifted objects back to what their release wants, in place.
//!
//! Fleet rolls the release back to its own revision, which adds a revision for each correction and turns server-side
//! apply off for good. Here the drifted objects alone are applied again: the history stays as it is, and custom resources
//! are corrected like all others.

use std::collections::BTreeSet;

use super::{DeployError, apply};
use crate::cluster::Cluster;
use crate::helm::release::Release;
use crate::object::ObjectKey;

/// Applies the named objects of a release again; `force` replaces them. Gives how many were written.
///
/// # Errors
///
/// The first object that the cluster refuses.
pub async fn correct_drift(
    cluster: &dyn Cluster,
    release: &Release,
    drifted: &BTreeSet<ObjectKey>,
    force: bool,
) -> Result<usize, DeployError> {
    let how = apply::How {
        server_side: release.is_server_side(),
        force,
        force_conflicts: true,
    };
    let owner = apply::Owner::of(release);
    let mut written = 0;
    for (key, wanted) in apply::resolve_manifest(cluster, release).await? {
        if !drifted.contains(&key) {
            continue;
        }
        let old = Some(&wanted);
        if apply::apply_one(cluster, owner, &key, &wanted, old, how).await? {
            written += 1;
        }
    }
    Ok(written)
}
