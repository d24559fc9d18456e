//! The heartbeat: `status.agent` of the Cluster, the only thing of it that an agent may touch.

use std::sync::Arc;
use std::time::Duration;

use fleet_core::api::{Cluster, Time};
use kube::api::{Api, Patch, PatchParams};
use serde_json::json;

use super::Context;

/// Longest pause after a check-in that failed.
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// Checks in at once, then every interval, for ever. A failure is tried again sooner.
pub(super) async fn run(context: Arc<Context>) {
    let clusters: Api<Cluster> = Api::namespaced(context.hub.clone(), &context.registration.cluster_namespace);
    let mut retry = Duration::from_millis(250);
    loop {
        let seen = Time::from_timestamp(jiff::Timestamp::now());
        let patch = json!({"status": {"agent": {"lastSeen": seen, "namespace": context.options.namespace}}});
        let name = &context.registration.cluster_name;
        match clusters
            .patch_status(name, &PatchParams::default(), &Patch::Merge(patch))
            .await
        {
            Ok(_) => {
                retry = Duration::from_millis(250);
                tokio::time::sleep(context.options.check_in_interval).await;
            }
            Err(error) => {
                tracing::warn!(%error, cluster = %name, "check-in failed");
                tokio::time::sleep(retry).await;
                retry = (retry * 2).min(LONGEST_RETRY);
            }
        }
    }
}
