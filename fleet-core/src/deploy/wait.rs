//! Waiting for objects: short pauses at first, longer ones later, never longer than asked.

use std::time::Duration;

use serde_json::Value;

use super::{Clock, DeployError};
use crate::cluster::Cluster;
use crate::object::{self, ObjectKey};
use crate::status::readiness::{Progress, progress};

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Counts time by the pauses taken, so that a clock that jumps does not matter.
struct Pauses<'a> {
    clock: &'a dyn Clock,
    left: Duration,
    next: Duration,
}

impl<'a> Pauses<'a> {
    fn new(clock: &'a dyn Clock, left: Duration) -> Self {
        Self {
            clock,
            left,
            next: FIRST_PAUSE,
        }
    }

    /// Pauses; `false` when the time is up.
    async fn pause(&mut self) -> bool {
        if self.left.is_zero() {
            return false;
        }
        let pause = self.next.min(self.left);
        self.clock.pause(pause).await;
        self.left = self.left.saturating_sub(pause);
        self.next = (self.next * 2).min(LONGEST_PAUSE);
        true
    }
}

/// Waits until every object is where its spec wants it (kstatus, as Helm 4's watcher).
pub(super) async fn until_ready(
    cluster: &dyn Cluster,
    clock: &dyn Clock,
    objects: &[(ObjectKey, Value)],
    timeout: Duration,
    jobs: bool,
) -> Result<(), DeployError> {
    let mut pauses = Pauses::new(clock, timeout);
    let mut pending: Vec<&ObjectKey> = objects.iter().map(|(key, _)| key).collect();
    loop {
        let mut waiting = Vec::new();
        let mut reasons = Vec::new();
        for key in pending {
            let live = cluster.get(key).await;
            let live = live.map_err(|source| DeployError::Object {
                action: "waiting for",
                object: Box::new(key.clone()),
                source,
            })?;
            let state = live
                .as_ref()
                .map_or(Progress::InProgress("not found".to_owned()), |live| {
                    let job = key.kind.kind == "Job" && key.kind.group == "batch";
                    if job && jobs && !completed(live) {
                        return Progress::InProgress("Job is not complete".to_owned());
                    }
                    progress(live, clock.now())
                });
            match state {
                Progress::Current => {}
                Progress::InProgress(reason) | Progress::Failed(reason) => {
                    waiting.push(key);
                    reasons.push(format!(
                        "resource {}/{}/{} not ready. {reason}",
                        key.kind.kind, key.namespace, key.name
                    ));
                }
                Progress::Terminating => {
                    waiting.push(key);
                    reasons.push(format!(
                        "resource {}/{}/{} is terminating",
                        key.kind.kind, key.namespace, key.name
                    ));
                }
            }
        }
        if waiting.is_empty() {
            return Ok(());
        }
        if !pauses.pause().await {
            return Err(DeployError::Timeout(reasons.join("; ")));
        }
        pending = waiting;
    }
}

fn completed(job: &Value) -> bool {
    condition(job, "Complete")
}

fn condition(object: &Value, kind: &str) -> bool {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    conditions
        .into_iter()
        .flatten()
        .any(|condition| object::text(condition, "/type") == kind && object::text(condition, "/status") == "True")
}

/// Waits until a Job or Pod has run; objects of other kinds are done at once (Helm's hooks).
pub(super) async fn until_complete(
    cluster: &dyn Cluster,
    clock: &dyn Clock,
    key: &ObjectKey,
    timeout: Duration,
) -> Result<(), String> {
    let job = key.kind.kind == "Job" && key.kind.group == "batch";
    let pod = key.kind.kind == "Pod" && key.kind.group.is_empty();
    if !job && !pod {
        return Ok(());
    }
    let mut pauses = Pauses::new(clock, timeout);
    loop {
        let live = cluster.get(key).await.map_err(|error| error.to_string())?;
        let Some(live) = live else {
            return Err(format!("{key} is gone"));
        };
        let phase = object::text(&live, "/status/phase");
        if (job && completed(&live)) || (pod && phase == "Succeeded") {
            return Ok(());
        }
        if (job && condition(&live, "Failed")) || (pod && phase == "Failed") {
            return Err(format!("{key} failed"));
        }
        if !pauses.pause().await {
            return Err(format!("timed out waiting for the condition: {key} has not completed"));
        }
    }
}

/// Waits until an object is gone.
pub(super) async fn until_gone(
    cluster: &dyn Cluster,
    clock: &dyn Clock,
    key: &ObjectKey,
    timeout: Duration,
) -> Result<(), String> {
    let mut pauses = Pauses::new(clock, timeout);
    loop {
        if cluster.get(key).await.map_err(|error| error.to_string())?.is_none() {
            return Ok(());
        }
        if !pauses.pause().await {
            return Err(format!("timed out waiting for the condition: {key} is still there"));
        }
    }
}
