use super::rollup::*;
use super::state::*;
use super::summary::*;
use super::*;
use crate::api::*;

fn deployment(staged: &str, id: &str, applied: &str, flags: &str) -> (BundleDeploymentSpec, BundleDeploymentStatus) {
    let spec = BundleDeploymentSpec {
        staged_deployment_id: staged.to_owned(),
        deployment_id: id.to_owned(),
        ..BundleDeploymentSpec::default()
    };
    let status = BundleDeploymentStatus {
        applied_deployment_id: applied.to_owned(),
        ready: flags.contains('r'),
        non_modified: flags.contains('n'),
        ..BundleDeploymentStatus::default()
    };
    (spec, status)
}

fn say(status: &mut BundleDeploymentStatus, kind: &str, value: &str, message: &str) {
    status.conditions.push(Condition {
        type_: kind.to_owned(),
        status: value.to_owned(),
        message: message.to_owned(),
        ..Condition::default()
    });
}

#[test]
fn states_of_deployments() {
    for (staged, id, applied, flags, state) in [
        ("", "", "", "", BundleState::NotReady),
        ("b", "b", "a", "rn", BundleState::WaitApplied),
        ("b", "b", "b", "n", BundleState::NotReady),
        ("c", "b", "b", "rn", BundleState::OutOfSync),
        ("b", "b", "b", "r", BundleState::Modified),
        ("b", "b", "b", "rn", BundleState::Ready),
    ] {
        let (spec, status) = deployment(staged, id, applied, flags);
        assert_eq!(
            deployment_state(&spec, &status),
            state,
            "{staged} {id} {applied} {flags}"
        );
    }
    let (spec, mut status) = deployment("b", "b", "a", "");
    say(&mut status, "Deployed", "False", "boom");
    assert_eq!(deployment_state(&spec, &status), BundleState::ErrApplied);
    status.conditions[0].message = "dependent bundle(s) are not ready: [a b]".to_owned();
    assert_eq!(deployment_state(&spec, &status), BundleState::WaitingForDependency);
    // Held back by a rollout: the bundle sees what was computed, the deployment itself what it was told.
    let (spec, status) = deployment("c", "b", "b", "rn");
    assert_eq!(target_state("c", Some((&spec, &status))), BundleState::WaitApplied);
    assert_eq!(target_state("c", None), BundleState::Pending);
}

#[test]
fn the_worst_state_wins() {
    let order = [
        BundleState::ErrApplied,
        BundleState::WaitApplied,
        BundleState::Modified,
        BundleState::OutOfSync,
        BundleState::Pending,
        BundleState::NotReady,
        BundleState::Ready,
    ];
    assert!(order.windows(2).all(|pair| pair[0] > pair[1]));
    for state in order {
        assert_eq!(BundleState::from_name(state.name()), Some(state));
    }
}

#[test]
fn messages_of_deployments() {
    // R17: Deployed, then Installed of the same deployment, then Monitored.
    let (spec, mut status) = deployment("b", "b", "b", "");
    assert_eq!(deployment_message(&spec, &status), "");
    say(&mut status, "Monitored", "False", "monitored");
    assert_eq!(deployment_message(&spec, &status), "monitored");
    say(&mut status, "Installed", "False", "installed");
    assert_eq!(deployment_message(&spec, &status), "installed");
    let other = BundleDeploymentSpec {
        deployment_id: "c".to_owned(),
        ..BundleDeploymentSpec::default()
    };
    assert_eq!(deployment_message(&other, &status), "monitored");
    say(&mut status, "Deployed", "False", "deployed");
    assert_eq!(deployment_message(&spec, &status), "deployed");
}

#[test]
fn the_text_of_ready() {
    let mut summary = BundleSummary::default();
    increment_state(
        &mut summary,
        "fleet-default/downstream4",
        BundleState::WaitApplied,
        "",
        &[],
        &[],
    );
    assert_eq!(
        ready_message(&summary, "Cluster"),
        "WaitApplied(1) [Cluster fleet-default/downstream4]"
    );
    let modified = ModifiedStatus {
        kind: "ConfigMap".to_owned(),
        api_version: "v1".to_owned(),
        namespace: "ns".to_owned(),
        name: "cm".to_owned(),
        patch: "{}".to_owned(),
        ..ModifiedStatus::default()
    };
    let missing = ModifiedStatus {
        missing: true,
        ..modified.clone()
    };
    let foreign = ModifiedStatus {
        missing: true,
        exist: true,
        ..modified.clone()
    };
    let extra = ModifiedStatus {
        delete: true,
        ..modified.clone()
    };
    let object = |transitioning, error| NonReadyStatus {
        kind: "Deployment".to_owned(),
        api_version: "apps/v1".to_owned(),
        name: "web".to_owned(),
        summary: ObjectSummary {
            state: "updating".to_owned(),
            transitioning,
            error,
            message: vec!["a".to_owned(), "b".to_owned()],
        },
        ..NonReadyStatus::default()
    };
    increment_state(
        &mut summary,
        "fleet-default/one",
        BundleState::Modified,
        "text",
        &[modified, missing, foreign, extra.clone(), extra],
        &[
            object(false, false),
            object(true, false),
            object(true, true),
            object(false, true),
            object(false, true),
        ],
    );
    assert_eq!(
        ready_message(&summary, "Cluster").split("; ").collect::<Vec<_>>(),
        [
            "Modified(1) [Cluster fleet-default/one: text]",
            "WaitApplied(1) [Cluster fleet-default/downstream4]",
            "configmap.v1 ns/cm extra",
            "configmap.v1 ns/cm is not owned by us",
            "configmap.v1 ns/cm missing",
            "configmap.v1 ns/cm modified {}",
            "deployment.apps web [progressing,error] a, b",
            "deployment.apps web [progressing] a, b",
            "deployment.apps web error] a, b",
            "deployment.apps web updating a, b",
        ]
    );
    let now = jiff::Timestamp::UNIX_EPOCH;
    let mut all = vec![Condition {
        type_: "Ready".to_owned(),
        reason: "Error".to_owned(),
        ..Condition::default()
    }];
    set_ready(&mut all, &summary, "Cluster", now);
    assert_eq!((all[0].status.as_str(), all[0].reason.as_str()), ("False", "Error"));
    set_ready(&mut all, &BundleSummary::default(), "Cluster", now);
    assert_eq!((all[0].status.as_str(), all[0].reason.as_str()), ("True", ""));
}

#[test]
fn lists_are_cut() {
    let mut summary = BundleSummary::default();
    for index in 0..12 {
        increment_state(&mut summary, &format!("c{index}"), BundleState::NotReady, "", &[], &[]);
    }
    assert_eq!((summary.not_ready, summary.non_ready_resources.len()), (12, 10));
    let mut group = BundleSummary::default();
    let nine = BundleSummary {
        non_ready_resources: summary.non_ready_resources[..9].to_vec(),
        ..summary.clone()
    };
    increment(&mut group, &nine);
    increment(&mut group, &summary);
    assert_eq!((group.not_ready, group.non_ready_resources.len()), (24, 19));
}

#[test]
fn roll_ups() {
    let ready = deployment("b", "b", "b", "rn");
    let mut failed = deployment("b", "b", "a", "");
    say(&mut failed.1, "Deployed", "False", "boom");
    failed.1.resources.push(BundleDeploymentResource {
        kind: "Deployment".to_owned(),
        api_version: "apps/v1".to_owned(),
        namespace: "ns".to_owned(),
        name: "web".to_owned(),
        created_at: None,
    });
    let mut ready_with = ready.clone();
    ready_with.1.resources.clone_from(&failed.1.resources);
    ready_with.1.resource_counts = ResourceCounts {
        ready: 1,
        desired_ready: 1,
        ..ResourceCounts::default()
    };
    let view = |name, cluster, (spec, status)| DeploymentView {
        name,
        uid: name,
        cluster,
        cluster_namespace: "fleet-default",
        spec,
        status,
    };
    fn parts(
        pair: &(BundleDeploymentSpec, BundleDeploymentStatus),
    ) -> (&BundleDeploymentSpec, &BundleDeploymentStatus) {
        (&pair.0, &pair.1)
    }
    let status = repository_status(&[
        view("a", "one", parts(&ready_with)),
        view("b", "one", parts(&ready)),
        view("c", "two", parts(&failed)),
    ]);
    assert_eq!((status.ready_clusters, status.desired_ready_clusters), (1, 2));
    assert_eq!(status.display.ready_bundle_deployments, "2/3");
    assert_eq!(
        (status.display.state.as_str(), status.display.message.as_str()),
        ("ErrApplied", "boom")
    );
    let resource = &status.resources[0];
    assert_eq!(
        (resource.type_.as_str(), resource.id.as_str()),
        ("apps.deployment", "ns/web")
    );
    assert_eq!(resource.state, "ErrApplied");
    assert_eq!(resource.per_cluster_state.ready, ["fleet-default/one"]);
    assert_eq!(status.per_cluster_resource_counts["fleet-default/one"].ready, 1);
    assert_eq!(resources::resource_type("v1", "ConfigMap"), "configmap");

    let (summary, _) = cluster_summary(&[view("c", "two", parts(&failed)), view("b", "two", parts(&ready))]);
    assert_eq!(cluster_display(&summary, true).state, "ErrApplied");
    assert_eq!(cluster_display(&summary, false).state, "WaitCheckIn");
    let two = ClusterStatus {
        summary: summary.clone(),
        ..ClusterStatus::default()
    };
    let one = ClusterStatus::default();
    let group = group_rollup(&[("one", &one), ("two", &two)].into());
    assert_eq!(group.display.ready_clusters, "1/2 (two)");
    assert_eq!(group.display.ready_bundles, "1/2");
    let targets = [TargetView {
        cluster: "fleet-default/one",
        target_id: "b",
        deployed: Some(parts(&ready)),
    }];
    let summary = bundle_summary(targets);
    assert_eq!(bundle_display(&summary).ready_clusters, "1/1");
    assert_eq!(bundle_display(&summary).state, "");
}
