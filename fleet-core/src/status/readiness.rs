//! Whether a live object is ready, and if not, what it is waiting for.
//!
//! Fleet runs an object through a chain of readers, each of which may set the state, the flags `error` and
//! `transitioning`, and messages; an object is ready when neither flag is set at the end. The chain and its tables are
//! those of Fleet's agent (Rancher's wrangler summary, with kstatus of Kubernetes' cli-utils 0.37). Everything is read by
//! JSON path: kinds and versions that did not exist when this was written work as well.

mod kstatus;
mod tables;

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::Value;

use crate::api::ObjectSummary;
pub use kstatus::{Progress, progress};
use tables::{ErrorTable, FALSE_IS_ERROR, FALSE_IS_TRANSITIONING, TRUE_IS_TRANSITIONING};

/// What readiness depends on besides the object.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReadinessOptions {
    /// Conditions that do not count: those that have all pairs of one of these maps (`ignore.conditions`).
    pub ignored_conditions: Vec<std::collections::BTreeMap<String, String>>,
    /// The time, for objects that are given a moment.
    pub now: Timestamp,
    /// Which conditions of which kinds are errors.
    errors: ErrorTable,
}

impl ReadinessOptions {
    /// Readiness at a time, every condition counting.
    pub fn at(now: Timestamp) -> Self {
        Self {
            ignored_conditions: Vec::new(),
            now,
            errors: ErrorTable::default(),
        }
    }

    /// The same with the conditions of `CATTLE_WRANGLER_CHECK_GVK_ERROR_MAPPING` (JSON: a list of `{"gvk": "group/version,
    /// Kind=K", "conditionMappings": [{"type": "T", "status": ["True"]}]}`); text that cannot be read changes nothing.
    #[must_use]
    pub fn with_error_mapping(mut self, json: &str) -> Self {
        self.errors.merge(json);
        self
    }
}

/// State, flags and messages of an object. It is ready when neither `error` nor `transitioning` is set.
pub fn summarize(object: &Value, options: &ReadinessOptions) -> ObjectSummary {
    let counted = without_ignored(object, options);
    let object = counted.as_ref();
    let mut chain = Chain {
        object,
        conditions: conditions(object),
        options,
        state: String::new(),
        error: false,
        transitioning: false,
        messages: Vec::new(),
    };
    chain.run();
    let mut messages: Vec<String> = Vec::new();
    for message in chain.messages {
        let message = message.trim();
        if !message.is_empty() && !messages.iter().any(|known| known == message) {
            messages.push(message.to_owned());
        }
    }
    let state = if chain.state.is_empty() {
        "active".to_owned()
    } else {
        chain.state.to_lowercase()
    };
    ObjectSummary {
        state,
        error: chain.error,
        transitioning: chain.transitioning,
        message: messages,
    }
}

/// Whether an object is ready: no error, nothing in transition.
pub fn is_ready(summary: &ObjectSummary) -> bool {
    !summary.error && !summary.transitioning
}

/// A condition of an object.
struct Condition {
    kind: String,
    status: String,
    reason: String,
    message: String,
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The object without the conditions that do not count.
fn without_ignored<'a>(object: &'a Value, options: &ReadinessOptions) -> Cow<'a, Value> {
    let ignored = |condition: &Value| {
        options.ignored_conditions.iter().any(|pairs| {
            let is = |(key, value): (&String, &String)| text(condition, key) == value;
            !pairs.is_empty() && pairs.iter().all(is)
        })
    };
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    if !conditions.is_some_and(|conditions| conditions.iter().any(ignored)) {
        return Cow::Borrowed(object);
    }
    let mut object = object.clone();
    if let Some(conditions) = object.pointer_mut("/status/conditions").and_then(Value::as_array_mut) {
        conditions.retain(|condition| !ignored(condition));
    }
    Cow::Owned(object)
}

/// The conditions of an object: of `status.conditions`, and of the annotation `cattle.io/status`.
fn conditions(object: &Value) -> Vec<Condition> {
    let read = |value: &Value| Condition {
        kind: text(value, "type").to_owned(),
        status: text(value, "status").to_owned(),
        reason: text(value, "reason").to_owned(),
        message: text(value, "message").to_owned(),
    };
    let own = object.pointer("/status/conditions").and_then(Value::as_array);
    let mut conditions: Vec<Condition> = own.into_iter().flatten().map(read).collect();
    let annotation = object
        .pointer("/metadata/annotations/cattle.io~1status")
        .and_then(Value::as_str);
    if let Some(extra) = annotation.and_then(|text| serde_json::from_str::<Value>(text).ok()) {
        conditions.extend(
            extra
                .get("conditions")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .map(read),
        );
    }
    conditions
}

struct Chain<'a> {
    object: &'a Value,
    conditions: Vec<Condition>,
    options: &'a ReadinessOptions,
    state: String,
    error: bool,
    transitioning: bool,
    messages: Vec<String>,
}

impl Chain<'_> {
    fn run(&mut self) {
        self.own_summary();
        self.error_conditions();
        self.false_is_error();
        if self.state.is_empty() {
            self.true_is_transitioning();
        }
        if self.state.is_empty() {
            self.false_is_transitioning();
        }
        self.active();
        self.phase();
        self.initializing();
        self.removing();
        if self.state.is_empty() {
            self.take_progress();
        }
        self.load_balancer();
        self.finish_progress();
    }

    /// What the object says of itself in `status.display` or `status.summary`.
    fn own_summary(&mut self) {
        let found = self
            .object
            .pointer("/status/display")
            .or_else(|| self.object.pointer("/status/summary"));
        let Some(summary) = found.filter(|summary| summary.is_object()) else {
            return;
        };
        let flag = |key: &str| summary.get(key).and_then(Value::as_bool).unwrap_or(false);
        let state = text(summary, "state").to_owned();
        if state.is_empty() && !flag("error") && !flag("transitioning") {
            return;
        }
        self.state = state;
        self.error = flag("error");
        self.transitioning = flag("transitioning");
        match summary.get("message") {
            Some(Value::String(message)) => self.messages.push(message.clone()),
            Some(Value::Array(list)) => self
                .messages
                .extend(list.iter().filter_map(Value::as_str).map(str::to_owned)),
            _ => {}
        }
    }

    fn error_conditions(&mut self) {
        let (api_version, kind) = (text(self.object, "apiVersion"), text(self.object, "kind"));
        for condition in &self.conditions {
            let listed = self
                .options
                .errors
                .is_error(api_version, kind, &condition.kind, &condition.status);
            if listed || condition.reason == "Error" {
                self.error = true;
                self.messages.push(condition.message.clone());
            }
        }
    }

    fn false_is_error(&mut self) {
        for condition in &self.conditions {
            let Some(word) = FALSE_IS_ERROR
                .iter()
                .find(|(kind, _)| *kind == condition.kind)
                .map(|(_, word)| *word)
            else {
                continue;
            };
            match condition.status.as_str() {
                "False" => {
                    self.error = true;
                    self.messages.push(condition.message.clone());
                    if self.state.is_empty() {
                        word.clone_into(&mut self.state);
                    }
                }
                "Unknown" if self.state.is_empty() => {
                    self.transitioning = true;
                    word.clone_into(&mut self.state);
                    self.messages.push(condition.message.clone());
                }
                _ => {}
            }
        }
    }

    fn true_is_transitioning(&mut self) {
        for condition in &self.conditions {
            let word = TRUE_IS_TRANSITIONING.iter().find(|(kind, _)| *kind == condition.kind);
            if let Some((_, word)) = word
                && condition.status == "True"
            {
                self.transitioning = true;
                (*word).clone_into(&mut self.state);
                self.messages.push(condition.message.clone());
            }
        }
    }

    fn false_is_transitioning(&mut self) {
        // `Ready` counts last: what it says is the sum of the others.
        let order = |condition: &&Condition| condition.kind == "Ready";
        let mut ordered: Vec<&Condition> = self.conditions.iter().collect();
        ordered.sort_by_key(order);
        for condition in ordered {
            let row = FALSE_IS_TRANSITIONING.iter().find(|row| row.kind == condition.kind);
            let Some(row) = row.filter(|_| self.state.is_empty()) else {
                continue;
            };
            let state = if row.reason_is_state && !condition.reason.is_empty() {
                &condition.reason
            } else {
                row.word
            };
            match condition.status.as_str() {
                "False" => self.transitioning = true,
                "Unknown" => self.error = true,
                _ => continue,
            }
            state.clone_into(&mut self.state);
            self.messages.push(condition.message.clone());
        }
    }

    fn active(&mut self) {
        if !self.state.is_empty() {
            return;
        }
        match self.object.pointer("/spec/active").and_then(Value::as_bool) {
            Some(true) => "active".clone_into(&mut self.state),
            Some(false) => "inactive".clone_into(&mut self.state),
            None => {}
        }
    }

    fn phase(&mut self) {
        let phase = self
            .object
            .pointer("/status/phase")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if phase.is_empty() {
            return;
        }
        if matches!(phase, "Succeeded" | "Bound") {
            self.transitioning = false;
        }
        if self.state.is_empty() {
            phase.clone_into(&mut self.state);
        }
    }

    /// Rancher's own kinds get five seconds before a missing condition means anything.
    fn initializing(&mut self) {
        let api_version = text(self.object, "apiVersion");
        let fresh = self
            .age_of("/metadata/creationTimestamp")
            .is_some_and(|seconds| seconds < 5);
        let waiting = self
            .object
            .pointer("/status/conditions")
            .and_then(Value::as_array)
            .is_some_and(Vec::is_empty);
        if self.state.is_empty() && api_version.contains("cattle.io/") && fresh && waiting {
            self.transitioning = true;
            "initializing".clone_into(&mut self.state);
        }
    }

    fn removing(&mut self) {
        let Some(seconds) = self.age_of("/metadata/removed") else {
            return;
        };
        "removing".clone_into(&mut self.state);
        self.transitioning = true;
        if seconds > 300 {
            self.error = true;
        }
        let finalizer = self.object.pointer("/metadata/finalizers/0").and_then(Value::as_str);
        self.messages
            .extend(finalizer.map(|finalizer| format!("waiting on {finalizer}")));
    }

    fn age_of(&self, pointer: &str) -> Option<i64> {
        let time: Timestamp = self.object.pointer(pointer)?.as_str()?.parse().ok()?;
        Some(self.options.now.as_second() - time.as_second())
    }

    fn take_progress(&mut self) {
        let progress = progress(self.object, self.options.now);
        let state = match progress {
            Progress::Current => "active",
            Progress::InProgress(_) => "in-progress",
            Progress::Failed(_) => "failed",
            Progress::Terminating => "removing",
        };
        state.clone_into(&mut self.state);
    }

    fn load_balancer(&mut self) {
        let is = text(self.object, "kind") == "Service" && text(self.object, "apiVersion") == "v1";
        if !is || self.object.pointer("/spec/type").and_then(Value::as_str) != Some("LoadBalancer") {
            return;
        }
        let ingress = self
            .object
            .pointer("/status/loadBalancer/ingress")
            .and_then(Value::as_array);
        let provisioned = ingress.into_iter().flatten().any(|entry| {
            ["ip", "hostname"].iter().any(|key| {
                entry
                    .get(key)
                    .and_then(Value::as_str)
                    .is_some_and(|text| !text.is_empty())
            })
        });
        if !provisioned {
            "pending".clone_into(&mut self.state);
            self.transitioning = true;
            self.messages.push("Load balancer is being provisioned".to_owned());
        }
    }

    fn finish_progress(&mut self) {
        let message = match progress(self.object, self.options.now) {
            Progress::Current => return,
            Progress::Terminating => {
                self.transitioning = true;
                return;
            }
            Progress::InProgress(message) => {
                self.transitioning = true;
                message
            }
            Progress::Failed(message) => {
                self.error = true;
                message
            }
        };
        self.messages.extend(message.split("; ").map(str::to_owned));
    }
}

#[cfg(test)]
mod tests;
