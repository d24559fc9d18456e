//! Partitions and budgets: which clusters may advance now, and why the others wait.
//!
//! A rollout is a pure function: from a strategy, the targets of a bundle and what is deployed of them, to what each
//! cluster's deployment is to say. The manager calls it in every pass; a pass advances what budgets allow, and what became
//! available in the meantime makes room for more.
//!
//! In each partition, in order ([`partitions`]):
//!
//! 1. targets without a deployment get one, at most `maxNew` in a pass; what was computed is staged on all of them;
//! 2. a deployment that is not paused and whose staged ID is another than its own is released, if it is unavailable
//!    already, or if fewer are unavailable than the budgets of the bundle and of the partition allow;
//! 3. the next partition is looked at unless more partitions than `maxUnavailablePartitions` are above their budget.
//!
//! Guarantees: of deployments that were available, never more than the budgets are made unavailable; without pauses, and
//! where every released deployment becomes ready some time, every target ends up to date. The exception is upstream's: a
//! budget of 0 with nothing unavailable releases nothing, and clusters that no manual partition names get nothing.
//!
//! Source: Fleet `target.UpdatePartitions`, `target.Partitions`, `target.limit`.

mod apply;
mod limit;
mod partition;
mod pass;

pub use apply::{spec_after, stage_all};
pub use limit::{LimitError, limit};
pub use partition::{Budgets, DEFAULT_MAX_NEW, PartitionPlan, budgets, partitions, partitions_in};
pub use pass::{Deployed, Pass, Place, State, Step, Waiting, advance, is_unavailable, is_up_to_date};

/// Why a rollout cannot be planned.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RolloutError {
    /// A number of the strategy.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// A selector of a manual partition.
    #[error(transparent)]
    Selector(#[from] crate::labels::LabelError),
}

#[cfg(test)]
mod tests;
