//! Partitions, budgets, availability, and what is said of it.

use fleet_core::api::{
    BundleDeploymentSpec, BundleDeploymentStatus, BundleSummary, Condition, IntOrString, RolloutStrategy,
};
use fleet_core::rollout::{
    Budgets, Deployed, PartitionPlan, State, advance, budgets, is_unavailable, is_up_to_date, limit, partitions_in,
};
use fleet_core::status;
use fleet_core::target::{BundleView, ClusterView, Estate, GroupView, targets};
use serde::Deserialize as _;
use serde_json::{Value, json};

use super::{run, same};

/// A state by [staged, spec, applied, ready]; null is no deployment. What is computed is `1`.
fn state(row: &Value) -> State {
    let text = |index: usize| row[index].as_str().unwrap().to_owned();
    let deployed = || Deployed {
        staged_id: text(0),
        deployment_id: text(1),
        applied_id: text(2),
        ready: row[3] == true,
    };
    State {
        target_id: "1".to_owned(),
        deployment: (!row.is_null()).then(deployed),
        paused: false,
    }
}

fn budget(value: &Value) -> Option<IntOrString> {
    serde_json::from_value(value.clone()).unwrap()
}

fn estate(count: usize) -> Estate {
    let cluster = |index: usize| {
        let half = if index < 60 { "a" } else { "b" };
        let labels = [("half", half), ("all", "yes")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        ClusterView::new("space", format!("c{index:03}")).with_labels(labels.into())
    };
    let group = |name: &str| GroupView {
        name: name.to_owned(),
        namespace: "space".to_owned(),
        selector: serde_json::from_value(json!({"matchLabels": {"half": name}})).unwrap(),
        ..GroupView::default()
    };
    Estate::new((0..count).map(cluster).collect()).with_groups(vec![group("a"), group("b")])
}

fn strategy(case: &Value, count: usize) -> Result<(), String> {
    let strategy = RolloutStrategy::deserialize(case["strategy"].clone()).unwrap();
    let estate = estate(count);
    let spec = serde_json::from_value(json!({"targets": [{"clusterSelector": {}}]})).unwrap();
    let targets = targets(&BundleView::new("space", "b", &spec), &estate).unwrap();
    let partitions = partitions_in(&strategy, &targets, &estate).unwrap();
    if let Some(wanted) = case.get("partitions") {
        let got: Vec<[usize; 2]> = partitions
            .iter()
            .map(|partition| [partition.members.len(), partition.max_unavailable])
            .collect();
        same("partitions", &json!(got), wanted)?;
    }
    if let Some(wanted) = case.get("names") {
        let got: Vec<&str> = partitions.iter().map(|partition| partition.name.as_str()).collect();
        same("names", &json!(got), wanted)?;
    }
    if let Some(wanted) = case.get("created") {
        let budgets = budgets(&strategy, count, partitions.len()).unwrap();
        let pass = advance(&partitions, &budgets, &vec![state(&Value::Null); count]);
        same("created", &json!(pass.newly_created), wanted)?;
    }
    Ok(())
}

fn availability(case: &Value) -> Result<(), String> {
    let rows = |key: &str| case[key].as_array().cloned().unwrap_or_default();
    for row in rows("states") {
        same(&row.to_string(), &json!(is_unavailable(&state(&row[0]))), &row[1])?;
    }
    for row in rows("up_to_date") {
        same(&row.to_string(), &json!(is_up_to_date(&state(&row[0]))), &row[1])?;
    }
    if let Some(partition) = case.get("partition") {
        let states: Vec<State> = partition["deployments"].as_array().unwrap().iter().map(state).collect();
        let plan = PartitionPlan {
            name: "All".to_owned(),
            max_unavailable: usize::try_from(partition["budget"].as_u64().unwrap()).unwrap(),
            members: (0..states.len()).collect(),
        };
        let budgets = Budgets {
            max_unavailable: states.len(),
            max_unavailable_partitions: 0,
            max_new: 50,
        };
        let pass = advance(&[plan], &budgets, &states);
        return same("partitions", &json!(pass.unavailable_partitions), &case["unavailable"]);
    }
    let deployments = rows("deployments");
    if !deployments.is_empty() {
        let count = deployments.iter().filter(|row| is_unavailable(&state(row))).count();
        same("unavailable", &json!(count), &case["unavailable"])?;
    }
    for row in rows("budgets") {
        let strategy = RolloutStrategy {
            max_unavailable: budget(&row[0]),
            ..RolloutStrategy::default()
        };
        same(
            &row.to_string(),
            &json!(budgets(&strategy, 4, 1).unwrap().max_unavailable),
            &row[1],
        )?;
    }
    for row in rows("limits") {
        let candidates: Vec<Option<IntOrString>> = row[1].as_array().unwrap().iter().map(budget).collect();
        let candidates: Vec<Option<&IntOrString>> = candidates.iter().map(Option::as_ref).collect();
        let got = limit(row[0].as_i64().unwrap(), &candidates).unwrap();
        same(&row.to_string(), &json!(got), &row[2])?;
    }
    Ok(())
}

fn words(case: &Value) -> Result<(), String> {
    if let Some(summary) = case.get("summary") {
        let summary = BundleSummary::deserialize(summary.clone()).unwrap();
        if let Some(wanted) = case.get("display") {
            same(
                "display",
                &json!(status::rollup::bundle_display(&summary).state),
                wanted,
            )?;
        }
        if let Some(reason) = case["reason"].as_str() {
            let ready = Condition {
                type_: "Ready".to_owned(),
                status: "False".to_owned(),
                reason: reason.to_owned(),
                message: "a message".to_owned(),
                ..Condition::default()
            };
            let mut conditions = vec![ready];
            status::summary::set_ready(
                &mut conditions,
                &summary,
                "Bundle",
                "2026-01-01T00:00:00Z".parse().unwrap(),
            );
            let ready = &conditions[0];
            let got = [&ready.status, &ready.reason, &ready.message];
            same("Ready", &json!(got), &json!(["True", "", ""]))?;
        }
    }
    if let Some(wanted) = case.get("message") {
        let id = |index: usize| case["ids"][index].as_str().unwrap().to_owned();
        let spec = BundleDeploymentSpec {
            deployment_id: id(0),
            ..BundleDeploymentSpec::default()
        };
        let said = case["conditions"].as_object().unwrap().iter();
        let deployed = BundleDeploymentStatus {
            applied_deployment_id: id(1),
            conditions: said
                .map(|(kind, message)| Condition {
                    type_: kind.clone(),
                    status: "False".to_owned(),
                    message: message.as_str().unwrap().to_owned(),
                    ..Condition::default()
                })
                .collect(),
            ..BundleDeploymentStatus::default()
        };
        same("message", &json!(status::deployment_message(&spec, &deployed)), wanted)?;
    }
    Ok(())
}

fn check(case: &Value) -> Result<(), String> {
    if let Some(count) = case.get("targets").and_then(Value::as_u64) {
        strategy(case, usize::try_from(count).unwrap())?;
    }
    availability(case)?;
    words(case)
}

#[test]
fn rollouts_are_planned() {
    run("rollout", check);
}
