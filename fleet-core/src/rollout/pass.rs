//! One pass of a rollout: who is created, who is released, who waits for what.

use std::fmt;

use serde::Serialize;

use super::{Budgets, PartitionPlan};

/// What is deployed of a target, and what is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct State {
    /// Deployment ID that was computed now.
    pub target_id: String,
    /// The deployment that is there.
    pub deployment: Option<Deployed>,
    /// The bundle or the cluster is paused.
    pub paused: bool,
}

/// A deployment that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Deployed {
    /// `spec.stagedDeploymentID`.
    pub staged_id: String,
    /// `spec.deploymentID`.
    pub deployment_id: String,
    /// `status.appliedDeploymentID`.
    pub applied_id: String,
    /// `status.ready`.
    pub ready: bool,
}

/// True where the agent has not applied what it was told, or it is not ready. A target without a deployment is not.
pub fn is_unavailable(state: &State) -> bool {
    state.deployment.as_ref().is_some_and(Deployed::is_unavailable)
}

/// True where what was computed now is staged, released and applied.
pub fn is_up_to_date(state: &State) -> bool {
    state.deployment.as_ref().is_some_and(|deployed| {
        [&deployed.staged_id, &deployed.deployment_id, &deployed.applied_id]
            .iter()
            .all(|id| **id == state.target_id)
    })
}

impl Deployed {
    fn is_unavailable(&self) -> bool {
        self.applied_id != self.deployment_id || !self.ready
    }
}

/// Why a target does not advance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum Waiting {
    /// Bundle or cluster is paused.
    Paused,
    /// As many deployments as a pass may were created.
    MaxNew {
        /// How many a pass may create.
        max: usize,
    },
    /// As many of the bundle's targets as may be are unavailable.
    BundleBudget {
        /// How many are.
        unavailable: usize,
        /// How many may be.
        max: usize,
    },
    /// As many of the partition's targets as may be are unavailable.
    PartitionBudget {
        /// Name of the partition.
        partition: String,
        /// How many are.
        unavailable: usize,
        /// How many may be.
        max: usize,
    },
    /// A partition before this target's is not done.
    EarlierPartition {
        /// Name of the partition that is not done.
        partition: String,
        /// How many of it are not up to date or unavailable.
        unavailable: usize,
        /// How many may be.
        max: usize,
    },
    /// No manual partition takes the target.
    NoPartition,
}

impl fmt::Display for Waiting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused => formatter.write_str("bundle or cluster is paused"),
            Self::MaxNew { max } => write!(formatter, "{max} deployments were created in this pass (maxNew)"),
            Self::BundleBudget { unavailable, max } => {
                write!(
                    formatter,
                    "{unavailable} clusters are unavailable, {max} may be (maxUnavailable)"
                )
            }
            Self::PartitionBudget {
                partition,
                unavailable,
                max,
            } => {
                write!(
                    formatter,
                    "{unavailable} clusters of partition {partition:?} are unavailable, {max} may be"
                )
            }
            Self::EarlierPartition {
                partition,
                unavailable,
                max,
            } => write!(
                formatter,
                "partition {partition:?} comes first: {unavailable} of its clusters are not done, {max} may be"
            ),
            Self::NoPartition => formatter.write_str("no partition takes this cluster"),
        }
    }
}

/// Where a target stands after a pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum Place {
    /// It is up to date and available.
    Done,
    /// It was released, now or before; the agent has yet to apply it or it has yet to become ready.
    Progressing,
    /// It does not advance.
    Waiting(Waiting),
}

/// What a pass does to a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// A deployment is created.
    pub create: bool,
    /// What was computed is staged.
    pub stage: bool,
    /// What is staged is released.
    pub release: bool,
    /// Where the target stands then.
    pub place: Place,
}

/// What a pass does, and the numbers of the bundle's status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pass {
    /// For each target, in their order.
    pub steps: Vec<Step>,
    /// Deployments that are created.
    pub newly_created: usize,
    /// Targets that are unavailable, those that were released now included.
    pub unavailable: usize,
    /// Partitions above their budget.
    pub unavailable_partitions: usize,
    /// For each partition the targets that are unavailable or not up to date; for those not reached as they were.
    pub partitions: Vec<usize>,
}

/// One pass over partitions. `states` are the bundle's targets, in the order that partitions refer to.
pub fn advance(partitions: &[PartitionPlan], budgets: &Budgets, states: &[State]) -> Pass {
    let mut states = states.to_vec();
    let unreached = Step {
        create: false,
        stage: false,
        release: false,
        place: Place::Waiting(Waiting::NoPartition),
    };
    let mut pass = Pass {
        steps: vec![unreached; states.len()],
        newly_created: 0,
        unavailable: states.iter().filter(|state| is_unavailable(state)).count(),
        unavailable_partitions: 0,
        partitions: Vec::with_capacity(partitions.len()),
    };
    let mut reached = vec![false; states.len()];
    let mut held: Option<Waiting> = None;
    for partition in partitions {
        let members: Vec<usize> = partition
            .members
            .iter()
            .copied()
            .filter(|index| *index < states.len())
            .collect();
        let mut unavailable = members.iter().filter(|index| is_unavailable(&states[**index])).count();
        if let Some(waiting) = &held {
            for index in members.into_iter().filter(|index| !reached[*index]) {
                pass.steps[index].place = Place::Waiting(waiting.clone());
            }
            pass.partitions.push(unavailable);
            continue;
        }
        for index in &members {
            reached[*index] = true;
            let (state, step) = (&mut states[*index], &mut pass.steps[*index]);
            if state.deployment.is_none() {
                if pass.newly_created >= budgets.max_new {
                    step.place = Place::Waiting(Waiting::MaxNew { max: budgets.max_new });
                    continue;
                }
                pass.newly_created += 1;
                step.create = true;
                state.deployment = Some(Deployed::default());
            }
            let Some(deployed) = &mut state.deployment else {
                continue;
            };
            step.stage = true;
            deployed.staged_id.clone_from(&state.target_id);
        }
        for index in &members {
            let (state, step) = (&mut states[*index], &mut pass.steps[*index]);
            let Some(deployed) = &mut state.deployment else {
                continue;
            };
            let behind = deployed.deployment_id != deployed.staged_id;
            let was_unavailable = deployed.is_unavailable();
            let waiting = if !behind {
                None
            } else if state.paused {
                Some(Waiting::Paused)
            } else if was_unavailable {
                None
            } else if pass.unavailable >= budgets.max_unavailable {
                Some(Waiting::BundleBudget {
                    unavailable: pass.unavailable,
                    max: budgets.max_unavailable,
                })
            } else if unavailable >= partition.max_unavailable {
                let (partition, max) = (partition.name.clone(), partition.max_unavailable);
                Some(Waiting::PartitionBudget {
                    partition,
                    unavailable,
                    max,
                })
            } else {
                pass.unavailable += 1;
                unavailable += 1;
                None
            };
            if let Some(waiting) = waiting {
                step.place = Place::Waiting(waiting);
                continue;
            }
            if behind {
                step.release = true;
                deployed.deployment_id.clone_from(&deployed.staged_id);
            }
            step.place = if deployed.is_unavailable() {
                Place::Progressing
            } else {
                Place::Done
            };
        }
        let undone = members.iter().map(|index| &states[*index]);
        let undone = undone
            .filter(|state| !is_up_to_date(state) || is_unavailable(state))
            .count();
        pass.partitions.push(undone);
        if undone > partition.max_unavailable {
            pass.unavailable_partitions += 1;
        }
        if pass.unavailable_partitions > budgets.max_unavailable_partitions {
            held = Some(Waiting::EarlierPartition {
                partition: partition.name.clone(),
                unavailable: undone,
                max: partition.max_unavailable,
            });
        }
    }
    pass
}
