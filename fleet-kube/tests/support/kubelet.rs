//! A stand-in for scheduler, kubelet and volume provisioner, for a control plane that has none: it binds each pod to
//! its one node, and writes the status that a healthy pod would have (running and ready; succeeded for the pods of a
//! Job), ends pods that are being deleted, and binds volume claims. Nothing runs. With it, Deployments, StatefulSets,
//! DaemonSets and Jobs become ready by the real controllers' own doing.
//!
//! A pod with the annotation `test.fleet/fail` stays unready, for tests of what is not well.

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::{Node, PersistentVolumeClaim, Pod};
use kube::api::{Api, DeleteParams, ObjectMeta, Patch, PatchParams, PostParams};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};

/// The name of the node.
pub const NODE: &str = "node-1";
/// Marks pods that do not become ready.
pub const FAIL: &str = "test.fleet/fail";

/// Works until dropped.
#[derive(Debug)]
pub struct Kubelet {
    tasks: [tokio::task::JoinHandle<()>; 2],
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

impl Kubelet {
    /// Makes the node and begins to watch.
    pub fn start(client: Client) -> Self {
        let pods = tokio::spawn({
            let client = client.clone();
            async move {
                while make_node(&client).await.is_err() {
                    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                }
                let events = watcher(Api::<Pod>::all(client.clone()), watcher::Config::default());
                let mut changes = events.default_backoff().applied_objects().boxed();
                loop {
                    // Errors are the watch's own trouble (an API server that restarts), and it starts over.
                    if let Ok(Some(pod)) = changes.try_next().await {
                        // A conflict brings another event.
                        let _ = tend(&client, &pod).await;
                    }
                }
            }
        });
        let claims = tokio::spawn(async move {
            let events = watcher(
                Api::<PersistentVolumeClaim>::all(client.clone()),
                watcher::Config::default(),
            );
            let mut changes = events.default_backoff().applied_objects().boxed();
            loop {
                if let Ok(Some(claim)) = changes.try_next().await {
                    let _ = bind_claim(&client, &claim).await;
                }
            }
        });
        Self { tasks: [pods, claims] }
    }
}

/// A node that is ready, and on which anything may run.
async fn make_node(client: &Client) -> kube::Result<()> {
    let nodes = Api::<Node>::all(client.clone());
    let node = Node {
        metadata: ObjectMeta {
            name: Some(NODE.to_owned()),
            ..Default::default()
        },
        ..Default::default()
    };
    match nodes.create(&PostParams::default(), &node).await {
        Err(kube::Error::Api(status)) if status.code == 409 => {}
        other => drop(other?),
    }
    let room = json!({"cpu": "1000", "memory": "1000Gi", "pods": "10000"});
    let status = json!({"status": {
        "capacity": room,
        "allocatable": room,
        "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}],
    }});
    nodes
        .patch_status(NODE, &PatchParams::default(), &Patch::Merge(status))
        .await?;
    // The API server taints nodes that are not ready yet.
    let untainted = json!({"spec": {"taints": null}});
    nodes
        .patch(NODE, &PatchParams::default(), &Patch::Merge(untainted))
        .await?;
    Ok(())
}

/// Does for a pod what is due.
async fn tend(client: &Client, pod: &Pod) -> kube::Result<()> {
    let (name, namespace) = (pod.name_any(), pod.namespace().unwrap_or_default());
    let pods = Api::<Pod>::namespaced(client.clone(), &namespace);
    if pod.metadata.deletion_timestamp.is_some() {
        let now = DeleteParams {
            grace_period_seconds: Some(0),
            ..DeleteParams::default()
        };
        pods.delete(&name, &now).await?;
        return Ok(());
    }
    let Some(spec) = &pod.spec else { return Ok(()) };
    if spec.node_name.is_none() {
        let binding = json!({
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": name, "namespace": namespace},
            "target": {"apiVersion": "v1", "kind": "Node", "name": NODE},
        });
        let _: Value = pods
            .create_subresource("binding", &name, &PostParams::default(), &binding)
            .await?;
        return Ok(());
    }
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    if matches!(phase, None | Some("Pending")) {
        let status = json!({"status": status(pod)});
        pods.patch_status(&name, &PatchParams::default(), &Patch::Merge(status))
            .await?;
    }
    Ok(())
}

/// The status that the pod would have.
fn status(pod: &Pod) -> Value {
    let fails = pod.annotations().contains_key(FAIL);
    let of_job = pod.owner_references().iter().any(|owner| owner.kind == "Job");
    let succeeded = of_job && !fails;
    let now = pod
        .metadata
        .creation_timestamp
        .clone()
        .map(|time| json!(time))
        .unwrap_or(Value::Null);
    let state = match (fails, of_job) {
        (true, _) => {
            json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off restarting failed container"}})
        }
        (false, true) => {
            json!({"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}})
        }
        (false, false) => json!({"running": {"startedAt": now}}),
    };
    let containers: Vec<Value> = pod
        .spec
        .iter()
        .flat_map(|spec| &spec.containers)
        .map(|container| {
            json!({
                "name": container.name,
                "image": container.image.clone().unwrap_or_default(),
                "imageID": "",
                "ready": !fails && !of_job,
                "started": !fails && !of_job,
                "restartCount": 0,
                "state": state,
            })
        })
        .collect();
    let ready = if fails || of_job { "False" } else { "True" };
    let reason = if succeeded { json!("PodCompleted") } else { Value::Null };
    json!({
        "phase": if succeeded { "Succeeded" } else { "Running" },
        "hostIP": "10.1.0.1",
        "podIP": "10.1.0.2",
        "startTime": now,
        "conditions": [
            {"type": "PodScheduled", "status": "True", "lastTransitionTime": now},
            {"type": "Initialized", "status": "True", "lastTransitionTime": now},
            {"type": "ContainersReady", "status": ready, "reason": reason, "lastTransitionTime": now},
            {"type": "Ready", "status": ready, "reason": reason, "lastTransitionTime": now},
        ],
        "containerStatuses": containers,
    })
}

/// Says of a volume claim that it has what it asks for.
async fn bind_claim(client: &Client, claim: &PersistentVolumeClaim) -> kube::Result<()> {
    let phase = claim.status.as_ref().and_then(|status| status.phase.as_deref());
    let namespace = claim.namespace().unwrap_or_default();
    if phase == Some("Bound") || claim.metadata.deletion_timestamp.is_some() {
        return Ok(());
    }
    let capacity = claim
        .spec
        .as_ref()
        .and_then(|spec| spec.resources.as_ref())
        .and_then(|room| room.requests.clone());
    let status = json!({"status": {"phase": "Bound", "capacity": capacity}});
    let claims = Api::<PersistentVolumeClaim>::namespaced(client.clone(), &namespace);
    claims
        .patch_status(&claim.name_any(), &PatchParams::default(), &Patch::Merge(status))
        .await?;
    Ok(())
}
