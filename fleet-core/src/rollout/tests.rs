use proptest::prelude::*;

use super::*;
use crate::api::{IntOrString, Partition, RolloutStrategy};
use crate::target::matcher::Criteria;
use crate::target::{ClusterView, GroupView};

fn number(value: i32) -> Option<IntOrString> {
    Some(IntOrString::Int(value))
}

fn text(value: &str) -> Option<IntOrString> {
    Some(IntOrString::from(value))
}

#[test]
fn manual_partitions() {
    let clusters: Vec<ClusterView> = (0..120)
        .map(|index| {
            let labels = [("half", if index < 60 { "a" } else { "b" }), ("all", "yes")];
            ClusterView::new("ns", format!("c{index:03}"))
                .with_labels(labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into())
        })
        .collect();
    let group = GroupView {
        name: "g".to_owned(),
        namespace: "ns".to_owned(),
        ..GroupView::default()
    };
    let selector = |key: &str, value: &str| {
        Some(crate::api::LabelSelector {
            match_labels: [(key.to_owned(), value.to_owned())].into(),
            ..Default::default()
        })
    };
    let members = |partitions: Vec<Partition>| -> Vec<usize> {
        let strategy = RolloutStrategy {
            partitions,
            ..RolloutStrategy::default()
        };
        let matches = |criteria: &Criteria, index: usize| criteria.matches(&clusters[index], &[&group]);
        super::partitions(&strategy, clusters.len(), matches)
            .unwrap()
            .iter()
            .map(|p| p.members.len())
            .collect()
    };
    // R9: by name, by group, overlapping, and clusters that none takes.
    let by = |partition: Partition| partition;
    assert_eq!(
        members(vec![by(Partition {
            cluster_name: "c003".to_owned(),
            ..Partition::default()
        })]),
        [1]
    );
    assert_eq!(
        members(vec![by(Partition {
            cluster_group: "g".to_owned(),
            ..Partition::default()
        })]),
        [120]
    );
    assert_eq!(
        members(vec![
            by(Partition {
                cluster_selector: selector("half", "a"),
                ..Partition::default()
            }),
            by(Partition {
                cluster_selector: selector("all", "yes"),
                ..Partition::default()
            }),
        ]),
        [60, 120]
    );
    assert_eq!(members(vec![Partition::default()]), [0]);
}

#[test]
fn limits() {
    // R11.
    let limit = |count, value: Option<IntOrString>, other: Option<IntOrString>| {
        super::limit(count, &[value.as_ref(), other.as_ref()])
    };
    for (count, value, allowed) in [
        (10, number(5), 5),
        (10, number(15), 10),
        (0, number(15), 1),
        (-15, number(15), 1),
        (10, text("50%"), 5),
        (11, text("100%"), 11),
        (10, text("150%"), 10),
        (10, text("10%"), 1),
        (10, text("-10%"), 1),
        (5, text("10%"), 1),
        (50, None, 50),
        (10, text("49%"), 4),
        (230, text("25%"), 57),
        (3, text("10%"), 1),
        (0, text("10%"), 1),
        (10, number(-1), 0),
        (10, number(0), 0),
        (10, text("0%"), 1),
        (10, text("20"), 20),
    ] {
        assert_eq!(limit(count, value.clone(), None), Ok(allowed), "{value:?} of {count}");
    }
    assert_eq!(limit(10, number(5), number(15)), Ok(5));
    assert_eq!(limit(10, None, number(10)), Ok(10));
    for bad in ["abc", "0", "x%", "NaN%", ""] {
        assert_eq!(
            limit(10, text(bad), None).unwrap_err().to_string(),
            format!("invalid maxUnavailable, must be int or percentage (ending with %): {bad}")
        );
    }
}

fn state(target: &str, staged: &str, spec: &str, applied: &str, ready: bool) -> State {
    let [staged_id, deployment_id, applied_id] = [staged, spec, applied].map(str::to_owned);
    let deployment = Some(Deployed {
        staged_id,
        deployment_id,
        applied_id,
        ready,
    });
    State {
        target_id: target.to_owned(),
        deployment,
        paused: false,
    }
}

#[test]
fn availability() {
    // R12, R13.
    let none = State {
        target_id: "1".to_owned(),
        ..State::default()
    };
    assert!(!is_unavailable(&none) && !is_up_to_date(&none));
    assert!(is_unavailable(&state("1", "1", "1", "0", true)));
    assert!(is_unavailable(&state("1", "1", "1", "1", false)));
    assert!(!is_unavailable(&state("1", "1", "1", "1", true)));
    assert!(is_up_to_date(&state("1", "1", "1", "1", true)));
    for (staged, spec, applied) in [("0", "1", "1"), ("1", "0", "1"), ("1", "1", "0")] {
        assert!(!is_up_to_date(&state("1", staged, spec, applied, true)));
    }
    // R14: one of none allowed is unavailable, of one it is not.
    let states = [state("1", "1", "1", "0", true)];
    for (max_unavailable, unavailable) in [(0, 1), (1, 0)] {
        let partition = PartitionPlan {
            name: "All".to_owned(),
            max_unavailable,
            members: vec![0],
        };
        let budgets = Budgets {
            max_unavailable: 1,
            max_unavailable_partitions: 0,
            max_new: 50,
        };
        assert_eq!(
            advance(&[partition], &budgets, &states).unavailable_partitions,
            unavailable
        );
    }
    // R15, R16.
    let mixed = [
        states[0].clone(),
        state("1", "1", "1", "1", true),
        state("1", "1", "1", "1", false),
        none,
    ];
    assert_eq!(mixed.iter().filter(|state| is_unavailable(state)).count(), 2);
    for (max, allowed) in [("1%", 1), ("25%", 1), ("49%", 1), ("50%", 2)] {
        let strategy = RolloutStrategy {
            max_unavailable: text(max),
            ..RolloutStrategy::default()
        };
        assert_eq!(budgets(&strategy, 4, 1).unwrap().max_unavailable, allowed, "{max}");
    }
}

fn plan(strategy: &RolloutStrategy, states: &[State]) -> Pass {
    let partitions = partitions(strategy, states.len(), |_, _| false).unwrap();
    advance(
        &partitions,
        &budgets(strategy, states.len(), partitions.len()).unwrap(),
        states,
    )
}

#[test]
fn new_deployments_are_counted() {
    // R10.
    for (max_new, targets, created) in [
        (Some(10), 100, 10),
        (Some(200), 20, 20),
        (Some(0), 100, 0),
        (None, 100, 50),
    ] {
        let strategy = RolloutStrategy {
            max_new,
            ..RolloutStrategy::default()
        };
        let states = vec![
            State {
                target_id: "1".to_owned(),
                ..State::default()
            };
            targets
        ];
        let pass = plan(&strategy, &states);
        assert_eq!(pass.newly_created, created);
        assert_eq!(
            pass.steps.iter().filter(|step| step.create && step.release).count(),
            created
        );
        if created < targets {
            let waiting = Waiting::MaxNew {
                max: max_new.unwrap_or(50) as usize,
            };
            assert_eq!(pass.steps[targets - 1].place, Place::Waiting(waiting));
        }
    }
}

#[test]
fn paused_deployments_are_staged_and_not_released() {
    let mut paused = state("2", "1", "1", "1", true);
    paused.paused = true;
    let pass = plan(&RolloutStrategy::default(), &[paused]);
    assert!(pass.steps[0].stage && !pass.steps[0].release);
    assert_eq!(pass.steps[0].place, Place::Waiting(Waiting::Paused));
}

#[test]
fn budgets_hold_targets_back_and_say_so() {
    let strategy = RolloutStrategy {
        max_unavailable: number(1),
        ..RolloutStrategy::default()
    };
    let states = vec![state("2", "1", "1", "1", true); 3];
    let pass = plan(&strategy, &states);
    let released: Vec<bool> = pass.steps.iter().map(|step| step.release).collect();
    assert_eq!(released, [true, false, false]);
    assert_eq!(
        pass.steps[2].place,
        Place::Waiting(Waiting::BundleBudget { unavailable: 1, max: 1 })
    );
    assert!(pass.steps[2].stage);
    let strategy = RolloutStrategy {
        auto_partition_size: number(2),
        auto_partition_threshold: Some(1),
        max_unavailable: number(1),
        ..RolloutStrategy::default()
    };
    let pass = plan(&strategy, &vec![state("2", "1", "1", "1", true); 4]);
    let waiting = Waiting::EarlierPartition {
        partition: "Partition 1 - 2".to_owned(),
        unavailable: 2,
        max: 1,
    };
    assert_eq!(pass.steps[3].place, Place::Waiting(waiting));
    assert!(!pass.steps[3].stage);
}

/// Targets, each with: is there, is ready, is paused.
fn estates() -> impl Strategy<Value = (Vec<(bool, bool)>, RolloutStrategy)> {
    let limits = prop_oneof![
        (1..6i32).prop_map(number),
        (1..100u32).prop_map(|p| text(&format!("{p}%"))),
        Just(None)
    ];
    let partitions = prop_oneof![(0..3i32).prop_map(number), Just(None)];
    (
        proptest::collection::vec(any::<(bool, bool)>(), 1..60),
        limits.clone(),
        partitions,
        limits,
        1..20i64,
        1..10i64,
    )
        .prop_map(
            |(targets, max_unavailable, max_unavailable_partitions, auto_partition_size, threshold, max_new)| {
                let strategy = RolloutStrategy {
                    max_unavailable,
                    max_unavailable_partitions,
                    auto_partition_size,
                    auto_partition_threshold: Some(threshold),
                    max_new: Some(max_new),
                    ..RolloutStrategy::default()
                };
                (targets, strategy)
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Over thousands of steps: never more made unavailable than allowed, and it always ends with all up to date.
    #[test]
    fn rollouts_keep_their_budgets_and_end((targets, strategy) in estates(), speeds in any::<u64>()) {
        let mut states: Vec<State> = targets
            .iter()
            .map(|(there, ready)| {
                let mut state = state("new", "old", "old", "old", *ready);
                if !there {
                    state.deployment = None;
                }
                state
            })
            .collect();
        let partitions = partitions(&strategy, states.len(), |_, _| false).unwrap();
        let budgets = budgets(&strategy, states.len(), partitions.len()).unwrap();
        let mut random = speeds | 1;
        let mut steps = 0;
        while !states.iter().all(|state| is_up_to_date(state) && !is_unavailable(state)) {
            steps += 1;
            prop_assert!(steps < 5000, "the rollout does not end");
            let before = states.iter().filter(|state| is_unavailable(state)).count();
            let pass = advance(&partitions, &budgets, &states);
            let mut taken = 0;
            for (state, step) in states.iter_mut().zip(&pass.steps) {
                if step.create {
                    state.deployment = Some(Deployed::default());
                }
                let available = !is_unavailable(state);
                let Some(deployed) = &mut state.deployment else { continue };
                if step.stage {
                    deployed.staged_id.clone_from(&state.target_id);
                }
                if step.release {
                    taken += usize::from(available);
                    deployed.deployment_id.clone_from(&deployed.staged_id);
                    deployed.ready = false;
                }
            }
            prop_assert!(taken <= budgets.max_unavailable.saturating_sub(before), "{taken} taken, {before} before");
            for partition in &partitions {
                let released = partition.members.iter().filter(|index| pass.steps[**index].release).count();
                prop_assert!(released <= partition.members.len());
            }
            // Agents apply and become ready at their own speed.
            for state in &mut states {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let Some(deployed) = &mut state.deployment else { continue };
                if random >> 62 != 0 {
                    deployed.applied_id.clone_from(&deployed.deployment_id);
                    deployed.ready = random >> 61 & 1 == 0 || deployed.ready;
                }
            }
        }
    }
}
