//! Partitions: groups of targets that follow one another.

use serde::Serialize;

use super::{RolloutError, limit};
use crate::api::{IntOrString, RolloutStrategy};
use crate::target::matcher::Criteria;
use crate::target::{Estate, Target};

/// New deployments in one pass, where the strategy says nothing.
pub const DEFAULT_MAX_NEW: i64 = 50;
/// Targets from which automatic partitions are made, where the strategy says nothing.
const DEFAULT_THRESHOLD: i64 = 200;

/// What a strategy allows, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Budgets {
    /// Targets that may be unavailable.
    pub max_unavailable: usize,
    /// Partitions that may be above their budget before the ones behind them wait.
    pub max_unavailable_partitions: usize,
    /// New deployments in one pass.
    pub max_new: usize,
}

/// The budgets of a strategy, for a number of targets and of partitions.
///
/// # Errors
/// A text that is neither number nor percentage.
pub fn budgets(strategy: &RolloutStrategy, targets: usize, partitions: usize) -> Result<Budgets, RolloutError> {
    let none = IntOrString::Int(0);
    Ok(Budgets {
        max_unavailable: limit(targets as i64, &[strategy.max_unavailable.as_ref()])?,
        max_unavailable_partitions: limit(
            partitions as i64,
            &[strategy.max_unavailable_partitions.as_ref(), Some(&none)],
        )?,
        max_new: usize::try_from(strategy.max_new.unwrap_or(DEFAULT_MAX_NEW)).unwrap_or(0),
    })
}

/// A partition and who is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartitionPlan {
    /// Name: given, `All`, or `Partition FROM - TO`.
    pub name: String,
    /// Members that may be unavailable.
    pub max_unavailable: usize,
    /// Indices of targets.
    pub members: Vec<usize>,
}

/// The partitions of targets, which are sorted by name. `matches` says whether criteria hold for a target.
///
/// Manual ones take every target that matches: a target can be in several, and in none. Automatic ones are slices.
///
/// # Errors
/// A text that is neither number nor percentage; an invalid selector.
pub fn partitions(
    strategy: &RolloutStrategy,
    targets: usize,
    matches: impl Fn(&Criteria, usize) -> bool,
) -> Result<Vec<PartitionPlan>, RolloutError> {
    if strategy.partitions.is_empty() {
        return automatic(strategy, targets);
    }
    let mut plans = Vec::with_capacity(strategy.partitions.len());
    for partition in &strategy.partitions {
        let criteria = Criteria::try_from(partition)?;
        let members: Vec<usize> = (0..targets).filter(|index| matches(&criteria, *index)).collect();
        let candidates = [partition.max_unavailable.as_ref(), strategy.max_unavailable.as_ref()];
        let max_unavailable = limit(members.len() as i64, &candidates)?;
        plans.push(PartitionPlan {
            name: partition.name.clone(),
            max_unavailable,
            members,
        });
    }
    Ok(plans)
}

/// The partitions of a bundle's targets in an estate.
///
/// # Errors
/// As of [`partitions`].
pub fn partitions_in(
    strategy: &RolloutStrategy,
    targets: &[Target],
    estate: &Estate,
) -> Result<Vec<PartitionPlan>, RolloutError> {
    let groups = estate.compiled_groups();
    partitions(strategy, targets.len(), |criteria, index| {
        let cluster = &targets[index].cluster;
        criteria.matches(cluster, &Estate::groups_of(cluster, &groups))
    })
}

fn automatic(strategy: &RolloutStrategy, targets: usize) -> Result<Vec<PartitionPlan>, RolloutError> {
    let threshold = strategy.auto_partition_threshold.unwrap_or(DEFAULT_THRESHOLD);
    let off = matches!(strategy.auto_partition_size, Some(IntOrString::Int(size)) if size <= 0);
    let plan = |name: String, members: Vec<usize>| {
        let max_unavailable = limit(members.len() as i64, &[strategy.max_unavailable.as_ref()])?;
        Ok(PartitionPlan {
            name,
            max_unavailable,
            members,
        })
    };
    if off || threshold <= 0 || (targets as i64) < threshold {
        return Ok(vec![plan("All".to_owned(), (0..targets).collect())?]);
    }
    let quarter = IntOrString::from("25%");
    let size = limit(targets as i64, &[strategy.auto_partition_size.as_ref(), Some(&quarter)])?.max(1);
    (0..targets)
        .step_by(size)
        .map(|start| {
            let end = start.saturating_add(size).min(targets);
            plan(format!("Partition {} - {end}", start + 1), (start..end).collect())
        })
        .collect()
}
