//! How far an object is on its way to what its spec asks for.
//!
//! Rules of kstatus (Kubernetes' cli-utils 0.37), by group and kind; a kind without rules of its own goes by its
//! condition `Ready`, and one without that is where it should be.

use jiff::Timestamp;
use serde_json::Value;

/// How far an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// It is what its spec asks for.
    Current,
    /// It is on its way; what it waits for.
    InProgress(String),
    /// It will not get there; why.
    Failed(String),
    /// It is being deleted.
    Terminating,
}

use Progress::{Current, Failed, InProgress, Terminating};

/// The progress of a live object. `now` counts for pods that nobody schedules.
pub fn progress(object: &Value, now: Timestamp) -> Progress {
    let view = View { object };
    if object
        .pointer("/metadata/deletionTimestamp")
        .is_some_and(|time| !time.is_null())
    {
        return Terminating;
    }
    let (generation, observed) = (
        view.number("/metadata/generation"),
        view.number("/status/observedGeneration"),
    );
    if let (Some(generation), Some(observed)) = (generation, observed)
        && generation != observed
    {
        let kind = view.text("/kind");
        return InProgress(format!(
            "{kind} generation is {generation}, but latest observed generation is {observed}"
        ));
    }
    if let Some(message) = view.condition("Reconciling", "True") {
        return InProgress(message.to_owned());
    }
    if let Some(message) = view.condition("Stalled", "True") {
        return Failed(message.to_owned());
    }
    let group = view.text("/apiVersion").split_once('/').map_or("", |(group, _)| group);
    match (group, view.text("/kind")) {
        ("", "Service") => view.service(),
        ("", "Pod") => view.pod(now),
        ("", "Secret" | "ConfigMap") | ("batch", "CronJob") => Current,
        ("", "PersistentVolumeClaim") => view.claim(),
        ("apps", "StatefulSet") => view.stateful_set(),
        ("apps" | "extensions", "DaemonSet") => view.daemon_set(),
        ("apps" | "extensions", "Deployment") => view.deployment(),
        ("apps" | "extensions", "ReplicaSet") => view.replica_set(),
        ("policy", "PodDisruptionBudget") => Current,
        ("batch", "Job") => view.job(),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => view.definition(),
        _ => view.by_ready(),
    }
}

struct View<'a> {
    object: &'a Value,
}

impl<'a> View<'a> {
    fn text(&self, pointer: &str) -> &'a str {
        self.object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    fn number(&self, pointer: &str) -> Option<i64> {
        self.object.pointer(pointer).and_then(Value::as_i64)
    }

    fn count(&self, pointer: &str) -> i64 {
        self.number(pointer).unwrap_or(0)
    }

    fn conditions(&self) -> impl Iterator<Item = &'a Value> {
        self.object
            .pointer("/status/conditions")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    }

    fn find(&self, kind: &str) -> Option<&'a Value> {
        self.conditions()
            .find(|condition| condition.get("type").and_then(Value::as_str) == Some(kind))
    }

    fn condition(&self, kind: &str, status: &str) -> Option<&'a str> {
        let found = self
            .find(kind)
            .filter(|condition| condition.get("status").and_then(Value::as_str) == Some(status))?;
        Some(found.get("message").and_then(Value::as_str).unwrap_or_default())
    }

    fn reason(&self, kind: &str) -> &'a str {
        self.find(kind)
            .and_then(|condition| condition.get("reason"))
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn by_ready(&self) -> Progress {
        match self
            .find("Ready")
            .and_then(|condition| condition.get("status"))
            .and_then(Value::as_str)
        {
            Some("False") => InProgress(self.condition("Ready", "False").unwrap_or_default().to_owned()),
            Some("Unknown") => InProgress(self.condition("Ready", "Unknown").unwrap_or_default().to_owned()),
            _ => Current,
        }
    }

    fn service(&self) -> Progress {
        if self.text("/spec/type") == "LoadBalancer" && self.text("/spec/clusterIP").is_empty() {
            return InProgress("ClusterIP not set. Service type: LoadBalancer".to_owned());
        }
        Current
    }

    fn claim(&self) -> Progress {
        let phase = self.text("/status/phase");
        if phase == "Bound" {
            Current
        } else {
            InProgress(format!("PVC is not Bound. phase: {phase}"))
        }
    }

    fn pod(&self, now: Timestamp) -> Progress {
        match self.text("/status/phase") {
            "Succeeded" | "Failed" => Current,
            "Running" => {
                if self.condition("Ready", "True").is_some() {
                    return Current;
                }
                let crashing = self.containers_in("CrashLoopBackOff");
                if crashing.is_empty() {
                    InProgress("Pod is running but is not Ready".to_owned())
                } else {
                    Failed(format!("Containers in CrashLoop state: {}", crashing.join(",")))
                }
            }
            "Pending" => {
                let unschedulable = self.condition("PodScheduled", "False").is_some();
                if unschedulable && self.reason("PodScheduled") == "Unschedulable" {
                    let created: Option<Timestamp> = self.text("/metadata/creationTimestamp").parse().ok();
                    if created.is_some_and(|created| now.as_second() - created.as_second() > 15) {
                        return Failed("Pod could not be scheduled".to_owned());
                    }
                    return InProgress("Pod has not been scheduled".to_owned());
                }
                InProgress("Pod is in the Pending phase".to_owned())
            }
            "" => InProgress("Pod phase not available".to_owned()),
            other => Failed(format!("unknown phase {other}")),
        }
    }

    fn containers_in(&self, reason: &str) -> Vec<&'a str> {
        let lists = ["/status/initContainerStatuses", "/status/containerStatuses"];
        let statuses = lists
            .iter()
            .filter_map(|list| self.object.pointer(list)?.as_array())
            .flatten();
        let waiting = |status: &&Value| status.pointer("/state/waiting/reason").and_then(Value::as_str) == Some(reason);
        statuses
            .filter(waiting)
            .filter_map(|status| status.get("name")?.as_str())
            .collect()
    }

    fn stateful_set(&self) -> Progress {
        if self.text("/spec/updateStrategy/type") == "OnDelete" {
            return Current;
        }
        let wanted = self.number("/spec/replicas").unwrap_or(1);
        let (replicas, ready) = (self.count("/status/replicas"), self.count("/status/readyReplicas"));
        let (current, updated) = (
            self.count("/status/currentReplicas"),
            self.count("/status/updatedReplicas"),
        );
        if wanted > replicas {
            return InProgress(format!("Replicas: {replicas}/{wanted}"));
        }
        if wanted > ready {
            return InProgress(format!("Ready: {ready}/{wanted}"));
        }
        if replicas > wanted {
            return InProgress(format!("Pending termination: {}", replicas - wanted));
        }
        if let Some(partition) = self
            .number("/spec/updateStrategy/rollingUpdate/partition")
            .filter(|number| *number != 0)
        {
            if updated < wanted - partition {
                return InProgress(format!("updated: {updated}/{}", wanted - partition));
            }
            return Current;
        }
        if wanted > current {
            return InProgress(format!("current: {current}/{wanted}"));
        }
        if self.text("/status/currentRevision") != self.text("/status/updateRevision") {
            return InProgress("Waiting for updated revision to match current".to_owned());
        }
        Current
    }

    fn daemon_set(&self) -> Progress {
        if self.number("/metadata/generation").is_none() || self.number("/status/observedGeneration").is_none() {
            return InProgress("Missing .status.observedGeneration".to_owned());
        }
        let Some(desired) = self.number("/status/desiredNumberScheduled") else {
            return InProgress("Missing .status.desiredNumberScheduled".to_owned());
        };
        let counts = [
            ("Current", "/status/currentNumberScheduled"),
            ("Updated", "/status/updatedNumberScheduled"),
            ("Available", "/status/numberAvailable"),
            ("Ready", "/status/numberReady"),
        ];
        for (name, pointer) in counts {
            let count = self.count(pointer);
            if desired > count {
                return InProgress(format!("{name}: {count}/{desired}"));
            }
        }
        Current
    }

    fn deployment(&self) -> Progress {
        let progressing = self.find("Progressing");
        if self.reason("Progressing") == "ProgressDeadlineExceeded" {
            return Failed("Progress deadline exceeded".to_owned());
        }
        let wanted = self.number("/spec/replicas").unwrap_or(1);
        let (replicas, updated) = (self.count("/status/replicas"), self.count("/status/updatedReplicas"));
        let (ready, available) = (
            self.count("/status/readyReplicas"),
            self.count("/status/availableReplicas"),
        );
        if wanted > replicas {
            return InProgress(format!("replicas: {replicas}/{wanted}"));
        }
        if wanted > updated {
            return InProgress(format!("Updated: {updated}/{wanted}"));
        }
        if replicas > wanted {
            return InProgress(format!("Pending termination: {}", replicas - wanted));
        }
        if updated > available {
            return InProgress(format!("Available: {available}/{updated}"));
        }
        if wanted > ready {
            return InProgress(format!("Ready: {ready}/{wanted}"));
        }
        let deadline = self.number("/spec/progressDeadlineSeconds").is_some();
        let rolled_out =
            self.condition("Progressing", "True").is_some() && self.reason("Progressing") == "NewReplicaSetAvailable";
        if deadline && !rolled_out && (progressing.is_some() || self.object.pointer("/status/conditions").is_some()) {
            return InProgress("ReplicaSet not Available".to_owned());
        }
        if deadline && progressing.is_none() {
            return InProgress("ReplicaSet not Available".to_owned());
        }
        if self.condition("Available", "True").is_none() {
            return InProgress("Deployment not Available".to_owned());
        }
        Current
    }

    fn replica_set(&self) -> Progress {
        if self.condition("ReplicaFailure", "True").is_some() {
            return InProgress("Replica Failure condition. Check Pods".to_owned());
        }
        let wanted = self.number("/spec/replicas").unwrap_or(1);
        let counts = [
            ("Labelled", "/status/fullyLabeledReplicas"),
            ("Available", "/status/availableReplicas"),
            ("Ready", "/status/readyReplicas"),
        ];
        for (name, pointer) in counts {
            let count = self.count(pointer);
            if wanted > count {
                return InProgress(format!("{name}: {count}/{wanted}"));
            }
        }
        let replicas = self.count("/status/replicas");
        if replicas > wanted {
            InProgress(format!("Pending termination: {}", replicas - wanted))
        } else {
            Current
        }
    }

    fn job(&self) -> Progress {
        if self.condition("Complete", "True").is_some() {
            return Current;
        }
        if let Some(message) = self.condition("Failed", "True") {
            return Failed(if message.is_empty() {
                "Job Failed".to_owned()
            } else {
                message.to_owned()
            });
        }
        if self.text("/status/startTime").is_empty() {
            InProgress("Job not started".to_owned())
        } else {
            Current
        }
    }

    fn definition(&self) -> Progress {
        if let Some(message) = self.condition("NamesAccepted", "False") {
            return Failed(message.to_owned());
        }
        if self.condition("Established", "True").is_some() {
            return Current;
        }
        match self.condition("Established", "False") {
            Some(message) if self.reason("Established") != "Installing" => Failed(message.to_owned()),
            _ => InProgress("Install in progress".to_owned()),
        }
    }
}
