//! The harness itself: workloads become ready on a real control plane, and its API server survives a restart.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod};
use kube::api::{Api, DeleteParams, PostParams};
use kube::{Client, Resource};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use support::control_plane::ControlPlane;

async fn create<K>(client: &Client, object: Value)
where
    K: Resource<Scope = kube::core::NamespaceResourceScope> + serde::Serialize + DeserializeOwned + Clone,
    K: std::fmt::Debug,
    K::DynamicType: Default,
{
    let api = Api::<K>::default_namespaced(client.clone());
    api.create(&PostParams::default(), &serde_json::from_value(object).unwrap())
        .await
        .unwrap();
}

/// Waits until an object's status has this value at this path.
async fn wait<K>(client: &Client, name: &str, path: &str, want: Value)
where
    K: Resource<Scope = kube::core::NamespaceResourceScope> + serde::Serialize + DeserializeOwned + Clone,
    K: std::fmt::Debug,
    K::DynamicType: Default,
{
    let api = Api::<K>::default_namespaced(client.clone());
    let mut last = Value::Null;
    for _ in 0..600 {
        if let Ok(found) = api.get(name).await {
            last = serde_json::to_value(found).unwrap();
            if last.pointer(path) == Some(&want) {
                return;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{name}: {path} is not {want}: {last}");
}

fn workload(kind: &str, name: &str, spec: Value) -> Value {
    let labels = json!({"app": name});
    let template = json!({
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "main", "image": "example.com/image:1"}]},
    });
    let mut spec = spec;
    spec["template"] = template;
    if kind == "Job" {
        spec["template"]["spec"]["restartPolicy"] = json!("Never");
    } else {
        spec["selector"] = json!({"matchLabels": labels});
    }
    let group = if kind == "Job" { "batch/v1" } else { "apps/v1" };
    json!({"apiVersion": group, "kind": kind, "metadata": {"name": name}, "spec": spec})
}

#[tokio::test(flavor = "multi_thread")]
async fn workloads_become_ready_and_data_survives() {
    let Some(mut plane) = ControlPlane::start().await else {
        return;
    };
    let client = plane.client().await;
    create::<Deployment>(&client, workload("Deployment", "web", json!({"replicas": 2}))).await;
    create::<Job>(&client, workload("Job", "once", json!({"completions": 2}))).await;
    create::<DaemonSet>(&client, workload("DaemonSet", "agent", json!({}))).await;
    let claim = json!([{"metadata": {"name": "data"}, "spec": {
        "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
    }}]);
    let database = json!({"replicas": 2, "serviceName": "database", "volumeClaimTemplates": claim});
    create::<StatefulSet>(&client, workload("StatefulSet", "database", database)).await;
    wait::<Deployment>(&client, "web", "/status/availableReplicas", json!(2)).await;
    wait::<Job>(&client, "once", "/status/succeeded", json!(2)).await;
    wait::<Job>(&client, "once", "/status/conditions/1/type", json!("Complete")).await;
    wait::<DaemonSet>(&client, "agent", "/status/numberAvailable", json!(1)).await;
    wait::<StatefulSet>(&client, "database", "/status/availableReplicas", json!(2)).await;

    let uid = Api::<Deployment>::default_namespaced(client.clone())
        .get("web")
        .await
        .unwrap()
        .metadata
        .uid;
    plane.restart_api_server().await;
    let found = Api::<Deployment>::default_namespaced(client.clone())
        .get("web")
        .await
        .unwrap();
    assert_eq!(found.metadata.uid, uid);

    // The controllers and the stand-in find their way back.
    create::<Deployment>(&client, workload("Deployment", "later", json!({"replicas": 1}))).await;
    wait::<Deployment>(&client, "later", "/status/availableReplicas", json!(1)).await;

    // What is deleted goes, with what it owns.
    let deployments = Api::<Deployment>::default_namespaced(client.clone());
    deployments.delete("web", &DeleteParams::default()).await.unwrap();
    let pods = Api::<Pod>::default_namespaced(client.clone());
    let of_web = kube::api::ListParams::default().labels("app=web");
    for attempt in 0.. {
        if pods.list(&of_web).await.unwrap().items.is_empty() {
            break;
        }
        assert!(attempt < 600, "pods of a deleted Deployment stay");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let namespaces = Api::<Namespace>::all(client.clone());
    let space = serde_json::from_value(json!({"metadata": {"name": "space"}})).unwrap();
    namespaces.create(&PostParams::default(), &space).await.unwrap();
    let map = serde_json::from_value(json!({"metadata": {"name": "map"}})).unwrap();
    Api::<ConfigMap>::namespaced(client.clone(), "space")
        .create(&PostParams::default(), &map)
        .await
        .unwrap();
    namespaces.delete("space", &DeleteParams::default()).await.unwrap();
    for attempt in 0.. {
        if namespaces.get_opt("space").await.unwrap().is_none() {
            break;
        }
        assert!(attempt < 600, "a deleted namespace stays");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
