//! Summaries: deployments counted by state, and the text that says what is not ready.
//!
//! Source: Fleet `internal/cmd/controller/summary`.

use jiff::Timestamp;

use super::conditions;
use super::state::{BundleState, NOT_READY_STATES, modified_text, non_ready_text};
use crate::api::{BundleSummary, Condition, ModifiedStatus, NonReadyResource, NonReadyStatus};

/// Entries that a summary lists; the first ones, whatever their state.
pub const MAX_NON_READY: usize = 10;
/// Objects of one entry that the text names, of each kind.
const MAX_OBJECTS: usize = 4;

/// The counter of a state.
pub fn count(summary: &BundleSummary, state: BundleState) -> i64 {
    match state {
        BundleState::Ready => summary.ready,
        BundleState::NotReady => summary.not_ready,
        BundleState::Pending => summary.pending,
        BundleState::OutOfSync => summary.out_of_sync,
        BundleState::Modified => summary.modified,
        BundleState::WaitingForDependency => summary.waiting_for_dependency,
        BundleState::WaitApplied => summary.wait_applied,
        BundleState::ErrApplied => summary.err_applied,
    }
}

fn counter(summary: &mut BundleSummary, state: BundleState) -> &mut i64 {
    match state {
        BundleState::Ready => &mut summary.ready,
        BundleState::NotReady => &mut summary.not_ready,
        BundleState::Pending => &mut summary.pending,
        BundleState::OutOfSync => &mut summary.out_of_sync,
        BundleState::Modified => &mut summary.modified,
        BundleState::WaitingForDependency => &mut summary.waiting_for_dependency,
        BundleState::WaitApplied => &mut summary.wait_applied,
        BundleState::ErrApplied => &mut summary.err_applied,
    }
}

/// Counts a deployment, and lists it where it is not ready and there is room.
///
/// `desiredReady` is the caller's matter, as upstream has it.
pub fn increment_state(
    summary: &mut BundleSummary,
    name: &str,
    state: BundleState,
    message: &str,
    modified: &[ModifiedStatus],
    non_ready: &[NonReadyStatus],
) {
    *counter(summary, state) += 1;
    if name.is_empty() || state == BundleState::Ready || summary.non_ready_resources.len() >= MAX_NON_READY {
        return;
    }
    summary.non_ready_resources.push(NonReadyResource {
        name: name.to_owned(),
        bundle_state: state.name().to_owned(),
        message: message.to_owned(),
        modified_status: modified.to_vec(),
        non_ready_status: non_ready.to_vec(),
    });
}

/// Adds a summary: counters, and the whole list of the other where this one has room (so there can be more than 10, as
/// upstream has it for ClusterGroups).
pub fn increment(summary: &mut BundleSummary, more: &BundleSummary) {
    summary.desired_ready += more.desired_ready;
    for state in NOT_READY_STATES.into_iter().chain([BundleState::Ready]) {
        *counter(summary, state) += count(more, state);
    }
    if summary.non_ready_resources.len() < MAX_NON_READY {
        summary
            .non_ready_resources
            .extend(more.non_ready_resources.iter().cloned());
    }
}

/// The worst state in the list of a summary; `None` where nothing is listed.
pub fn worst_listed_state(summary: &BundleSummary) -> Option<BundleState> {
    summary
        .non_ready_resources
        .iter()
        .filter_map(|entry| BundleState::from_name(&entry.bundle_state))
        .max()
}

/// The message of the condition `Ready`: of each state that something is in the count and the first of them; empty where
/// everything is ready. `kind` is what entries are: `Cluster` for bundles, `Bundle` for everything else.
///
/// `NotReady(2) [Cluster fleet-default/one: …]; deployment.apps ns/web [progressing] …`
pub fn ready_message(summary: &BundleSummary, kind: &str) -> String {
    let mut items: Vec<String> = Vec::new();
    for state in NOT_READY_STATES {
        let count = count(summary, state);
        if count <= 0 {
            continue;
        }
        let Some(entry) = summary
            .non_ready_resources
            .iter()
            .find(|entry| entry.bundle_state == state.name())
        else {
            continue;
        };
        let message = if entry.message.is_empty() {
            String::new()
        } else {
            format!(": {}", entry.message)
        };
        items.push(format!("{state}({count}) [{kind} {}{message}]", entry.name));
        items.extend(entry.modified_status.iter().take(MAX_OBJECTS).map(modified_text));
        items.extend(entry.non_ready_status.iter().take(MAX_OBJECTS).map(non_ready_text));
    }
    items.sort();
    items.join("; ")
}

/// Sets the condition `Ready` by a summary; `kind` is what its entries are. A reason that is there stays while something is
/// not ready, and is cleared with the message.
pub fn set_ready(all: &mut Vec<Condition>, summary: &BundleSummary, kind: &str, now: Timestamp) {
    let message = ready_message(summary, kind);
    if message.is_empty() {
        return conditions::set(all, "Ready", "True", "", "", now);
    }
    let reason = conditions::get(all, "Ready")
        .map(|ready| ready.reason.clone())
        .unwrap_or_default();
    conditions::set(all, "Ready", "False", &reason, &message, now);
}
