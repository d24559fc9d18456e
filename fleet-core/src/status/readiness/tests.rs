use serde_json::json;

use super::*;

fn summary(object: Value) -> ObjectSummary {
    summarize(&object, &ReadinessOptions::at(Timestamp::from_second(1_000).unwrap()))
}

fn deployment(status: Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"generation": 1},
        "spec": {"replicas": 2, "progressDeadlineSeconds": 600}, "status": status,
    })
}

#[test]
fn a_deployment_is_ready_when_its_new_replica_set_is() {
    let ready = deployment(json!({
        "observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2,
        "conditions": [
            {"type": "Available", "status": "True"},
            {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
        ],
    }));
    assert!(is_ready(&summary(ready)));
    let fresh = summary(deployment(json!({})));
    assert_eq!(
        (fresh.transitioning, fresh.message),
        (true, vec!["replicas: 0/2".to_owned()])
    );
    let stuck = summary(deployment(json!({
        "observedGeneration": 1,
        "conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "late"}],
    })));
    assert!(stuck.error);
}

#[test]
fn a_job_that_runs_counts_as_ready() {
    let job = |status: Value| json!({"apiVersion": "batch/v1", "kind": "Job", "status": status});
    assert!(!is_ready(&summary(job(json!({})))));
    assert!(is_ready(&summary(job(json!({"startTime": "2026-01-01T00:00:00Z"})))));
    assert!(
        summary(job(
            json!({"conditions": [{"type": "Failed", "status": "True", "message": "boom"}]})
        ))
        .error
    );
}

#[test]
fn unknown_kinds_go_by_their_ready_condition() {
    let object =
        |conditions: Value| json!({"apiVersion": "x.io/v1", "kind": "X", "status": {"conditions": conditions}});
    let waiting = summary(object(
        json!([{"type": "Ready", "status": "False", "message": "not yet"}]),
    ));
    assert_eq!((waiting.state.as_str(), waiting.transitioning), ("unavailable", true));
    assert_eq!(waiting.message, ["not yet"], "the same message twice is one message");
    assert!(is_ready(&summary(object(json!([{"type": "Ready", "status": "True"}])))));
    assert!(summary(object(json!([{"type": "Stalled", "status": "True", "message": "m"}]))).error);
}

#[test]
fn ignored_conditions_do_not_count() {
    let object = json!({"apiVersion": "x.io/v1", "kind": "X", "status": {"conditions": [
        {"type": "Ready", "status": "False"},
    ]}});
    let ignoring = |pairs: &[(&str, &str)]| {
        let mut options = ReadinessOptions::at(Timestamp::UNIX_EPOCH);
        options.ignored_conditions = vec![
            pairs
                .iter()
                .map(|(key, value)| ((*key).into(), (*value).into()))
                .collect(),
        ];
        is_ready(&summarize(&object, &options))
    };
    assert!(ignoring(&[("type", "Ready")]));
    assert!(ignoring(&[("type", "Ready"), ("status", "False")]));
    assert!(!ignoring(&[("type", "Ready"), ("status", "True")]));
    assert!(!ignoring(&[]));
}

#[test]
fn error_mappings_come_from_the_environment() {
    let object =
        json!({"apiVersion": "x.io/v1", "kind": "X", "status": {"conditions": [{"type": "Foo", "status": "True"}]}});
    let plain = ReadinessOptions::at(Timestamp::UNIX_EPOCH);
    assert!(!summarize(&object, &plain).error);
    let mapping = r#"[{"gvk": "x.io/v1, Kind=X", "conditionMappings": [{"type": "Foo", "status": ["True"]}]}]"#;
    assert!(summarize(&object, &plain.clone().with_error_mapping(mapping)).error);
    assert!(!summarize(&object, &plain.with_error_mapping("not json")).error);
}

#[test]
fn a_load_balancer_waits_for_its_address() {
    let service = |status: Value| json!({"apiVersion": "v1", "kind": "Service", "spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.1"}, "status": status});
    assert_eq!(summary(service(json!({}))).state, "pending");
    assert!(is_ready(&summary(service(
        json!({"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}})
    ))));
}
