//! The whole way, from a commit to objects on clusters and back to the GitRepo's status, with the real manager and agents:
//! on embedded API servers, and on a real one where there is one.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use fleet_core::api::{Bundle, BundleDeployment, CorrectDrift, GitRepo};
use fleet_core::status::conditions;
use fleet_kube::embedded::{ApiServer, Identity};
use fleet_kube::local::{Endpoint, Inventory, LocalFleet, LocalOptions};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams};
use kube::{Client, ResourceExt};
use serde_json::json;
use support::control_plane::ControlPlane;
use support::flow::{config_map, create_repo, eventually, real_fleet, until};
use support::memory::Memory;

const FLEET_YAML: &str = "defaultNamespace: web\n";
const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 2\n  selector: \
    {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: web, image: \
    \"example.com/web:1\"}]}\n";

/// Commits, changes, drift and removal on one cluster: the same on every API server.
async fn flow(hub: &Client, cluster: &Client, namespace: &str, memory: &Memory) {
    create_repo(hub, namespace, "shop", |_| {}).await;
    let report = until(hub, namespace, "shop", |report| report.ready).await;
    assert_eq!(report.deployments.len(), 1, "{report:#?}");
    assert_eq!(report.deployments[0].release, "web/shop-web:1");
    assert_eq!(report.deployments[0].ready_resources, (2, 2));

    let secrets: Api<Secret> = Api::namespaced(cluster.clone(), "web");
    let record = secrets.get("sh.helm.release.v1.shop-web.v1").await.unwrap();
    assert_eq!(record.labels()["status"], "deployed");
    let maps: Api<ConfigMap> = Api::namespaced(cluster.clone(), "web");
    let map = maps.get("settings").await.unwrap();
    assert_eq!(map.annotations()["meta.helm.sh/release-name"], "shop-web");
    assert_eq!(map.annotations()["objectset.rio.cattle.io/id"], "default-shop-web");

    // A manual change is shown, and putting it back is, too.
    let deployments: Api<Deployment> = Api::namespaced(cluster.clone(), "web");
    let scale = |replicas: i32| Patch::Merge(json!({"spec": {"replicas": replicas}}));
    deployments
        .patch("web", &PatchParams::default(), &scale(3))
        .await
        .unwrap();
    let drifted = until(hub, namespace, "shop", |report| {
        report.deployments.iter().any(|row| {
            row.resources
                .iter()
                .any(|resource| resource.message.starts_with("modified"))
        })
    })
    .await;
    let shown = &drifted.deployments[0].resources;
    assert!(
        shown
            .iter()
            .any(|resource| resource.message == r#"modified {"spec":{"replicas":2}}"#),
        "{shown:?}"
    );
    deployments
        .patch("web", &PatchParams::default(), &scale(2))
        .await
        .unwrap();
    until(hub, namespace, "shop", |report| report.ready).await;

    // A new commit changes one object and drops the other.
    memory.commit(&[
        ("web/fleet.yaml", FLEET_YAML),
        ("web/settings.yaml", &config_map("settings", "two")),
    ]);
    let head = memory.head();
    let second = until(hub, namespace, "shop", |report| {
        report.ready && report.commit == head && report.deployments[0].release.ends_with(":2")
    })
    .await;
    assert_eq!(second.deployments[0].ready_resources, (1, 1));
    assert_eq!(maps.get("settings").await.unwrap().data.unwrap()["key"], "two");
    eventually("the dropped Deployment goes", || async {
        deployments.get_opt("web").await.unwrap().is_none().then_some(())
    })
    .await;

    // Drift is corrected once that is asked for, without a new revision.
    let repos: Api<GitRepo> = Api::namespaced(hub.clone(), namespace);
    let correct = json!({"spec": {"correctDrift": CorrectDrift { enabled: true, ..CorrectDrift::default() }}});
    repos
        .patch("shop", &PatchParams::default(), &Patch::Merge(correct))
        .await
        .unwrap();
    let bundle_deployments: Api<BundleDeployment> = Api::all(hub.clone());
    eventually("the deployment corrects drift", || async {
        let found = bundle_deployments.list(&ListParams::default()).await.unwrap().items;
        found
            .iter()
            .any(|one| one.spec.correct_drift.as_ref().is_some_and(|correct| correct.enabled))
            .then_some(())
    })
    .await;
    let patch = Patch::Merge(json!({"data": {"key": "by hand"}}));
    maps.patch("settings", &PatchParams::default(), &patch).await.unwrap();
    eventually("the change is set back", || async {
        (maps.get("settings").await.unwrap().data.unwrap()["key"] == "two").then_some(())
    })
    .await;
    let corrected = until(hub, namespace, "shop", |report| report.ready).await;
    assert!(corrected.deployments[0].release.ends_with(":2"), "{corrected:#?}");

    // A folder that goes takes its objects along.
    memory.commit(&[
        ("other/fleet.yaml", "defaultNamespace: other\n"),
        ("other/map.yaml", &config_map("map", "x")),
    ]);
    let head = memory.head();
    until(hub, namespace, "shop", |report| {
        report.ready && report.commit == head && report.deployments[0].bundle == "shop-other"
    })
    .await;
    eventually("objects of the old folder go", || async {
        maps.get_opt("settings").await.unwrap().is_none().then_some(())
    })
    .await;

    // So does the GitRepo.
    repos.delete("shop", &DeleteParams::default()).await.unwrap();
    let others: Api<ConfigMap> = Api::namespaced(cluster.clone(), "other");
    eventually("the GitRepo and its objects go", || async {
        let gone = repos.get_opt("shop").await.unwrap().is_none() && others.get_opt("map").await.unwrap().is_none();
        gone.then_some(())
    })
    .await;
    eventually("no records are left", || async {
        let left = Api::<Secret>::all(cluster.clone())
            .list(&ListParams::default().labels("owner=helm"))
            .await
            .unwrap();
        left.items.is_empty().then_some(())
    })
    .await;
}

fn first_commit() -> Memory {
    Memory::new(&[
        ("web/fleet.yaml", FLEET_YAML),
        ("web/deployment.yaml", DEPLOYMENT),
        ("web/settings.yaml", &config_map("settings", "one")),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn embedded_single_cluster() {
    let memory = first_commit();
    let fleet = LocalFleet::single(Endpoint::embedded(), Arc::new(memory.clone()), LocalOptions::default())
        .await
        .unwrap();
    let client = fleet.hub().client.clone();
    flow(&client, &client, "fleet-local", &memory).await;
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_single_cluster() {
    let Some(plane) = ControlPlane::start().await else {
        return;
    };
    let client = plane.client().await;
    let memory = first_commit();
    let fleet = real_fleet(plane.config().await, &memory).await;
    flow(&client, &client, "fleet-local", &memory).await;
    fleet.stop().await;
}

fn writes_of(server: &ApiServer, user_agent: &str, resource: &str) -> usize {
    let of = |record: &fleet_kube::embedded::RequestRecord| {
        record.is_write() && record.user_agent == user_agent && (resource.is_empty() || record.resource == resource)
    };
    server.requests().matching(of).len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_costs_few_writes_and_a_restart_none() {
    let memory = first_commit();
    let hub = Endpoint::embedded();
    let cluster = Endpoint::embedded();
    let mut inventory = Inventory::example();
    inventory.clusters.truncate(1);
    let start = |inventory: Inventory| {
        LocalFleet::start(
            hub.clone(),
            vec![cluster.clone()],
            inventory,
            Arc::new(memory.clone()),
            LocalOptions::default(),
        )
    };
    let fleet = start(inventory.clone()).await.unwrap();
    let server = hub.server.clone().unwrap();
    let namespace = "fleet-default";
    // Registered and checked in before anything is counted.
    eventually("the agent checks in", || async {
        let clusters: Api<fleet_core::api::Cluster> = Api::namespaced(hub.client.clone(), namespace);
        let status = clusters.get("dev").await.unwrap().status.unwrap_or_default();
        status.agent.last_seen.map(|_| ())
    })
    .await;
    server.requests().reset();
    create_repo(&hub.client, namespace, "shop", |_| {}).await;
    until(&hub.client, namespace, "shop", |report| report.ready).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let manager: usize = [
        "contents.fleet.cattle.io",
        "bundledeployments.fleet.cattle.io",
        "secrets",
    ]
    .iter()
    .map(|kind| writes_of(&server, "fleet-manager", kind))
    .sum();
    assert!(
        manager <= 2,
        "{manager} writes of the manager: {:#?}",
        server.requests().writes()
    );
    let agent = writes_of(&server, "fleet-agent", "");
    assert!(
        agent <= 2,
        "{agent} writes of the agent to the hub: {:#?}",
        server.requests().writes()
    );

    fleet.stop().await;
    server.requests().reset();
    let fleet = start(inventory).await.unwrap();
    until(&hub.client, namespace, "shop", |report| report.ready).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let writes = server
        .requests()
        .matching(|record| record.is_write() && record.user_agent == "fleet-manager" && !record.unchanged);
    assert!(writes.is_empty(), "a restart writes: {writes:#?}");
    let of_release =
        |record: &fleet_kube::embedded::RequestRecord| record.is_write() && record.user_agent == "fleet-agent";
    let local = cluster.server.clone().unwrap();
    local.requests().reset();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(local.requests().matching(of_release).is_empty());
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_reaches_what_it_must_and_nothing_else() {
    let memory = first_commit();
    let fleet = LocalFleet::embedded(Inventory::example(), Arc::new(memory), LocalOptions::default())
        .await
        .unwrap();
    let hub = fleet.hub().client.clone();
    create_repo(&hub, "fleet-default", "shop", |_| {}).await;
    until(&hub, "fleet-default", "shop", |report| {
        report.ready && report.deployments.len() == 3
    })
    .await;
    let server = fleet.hub().server.clone().unwrap();
    let clusters: Api<fleet_core::api::Cluster> = Api::namespaced(hub.clone(), "fleet-default");
    let namespace_of = |name: &'static str| {
        let clusters = clusters.clone();
        async move { clusters.get(name).await.unwrap().status.unwrap().namespace }
    };
    let (own, other) = (namespace_of("dev").await, namespace_of("test").await);
    let accounts: Api<k8s_openapi::api::core::v1::ServiceAccount> = Api::namespaced(hub.clone(), &own);
    let account = accounts.list(&ListParams::default()).await.unwrap().items;
    let account = account
        .iter()
        .find(|account| account.name_any().starts_with("request-"))
        .unwrap()
        .name_any();
    let agent = server.client_as(&Identity::service_account(&own, &account));

    let kinds = [
        ("fleet.cattle.io", "v1alpha1", "bundledeployments", "BundleDeployment"),
        ("fleet.cattle.io", "v1alpha1", "bundles", "Bundle"),
        ("fleet.cattle.io", "v1alpha1", "gitrepos", "GitRepo"),
        ("fleet.cattle.io", "v1alpha1", "clusters", "Cluster"),
        (
            "fleet.cattle.io",
            "v1alpha1",
            "clusterregistrations",
            "ClusterRegistration",
        ),
        ("", "v1", "secrets", "Secret"),
        ("", "v1", "configmaps", "ConfigMap"),
        ("", "v1", "serviceaccounts", "ServiceAccount"),
    ];
    let mut allowed = Vec::new();
    for (group, version, plural, kind) in kinds {
        for namespace in [
            own.as_str(),
            other.as_str(),
            "fleet-default",
            "cattle-fleet-clusters-system",
        ] {
            for verb in [
                "get",
                "list",
                "watch",
                "create",
                "update",
                "patch",
                "delete",
                "deletecollection",
            ] {
                for subresource in ["", "status"] {
                    let review = json!({
                        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
                        "spec": {"resourceAttributes": {
                            "group": group, "version": version, "resource": plural, "subresource": subresource,
                            "namespace": namespace, "verb": verb, "name": "dev",
                        }},
                    });
                    let request = http::Request::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
                        .header("content-type", "application/json")
                        .body(serde_json::to_vec(&review).unwrap())
                        .unwrap();
                    let answer: serde_json::Value = agent.request(request).await.unwrap();
                    if answer["status"]["allowed"] == true {
                        let place = if namespace == own { "own" } else { namespace };
                        let slash = if subresource.is_empty() { "" } else { "/" };
                        allowed.push(format!("{verb} {kind}{slash}{subresource} {place}"));
                    }
                }
            }
        }
    }
    allowed.sort();
    let mut wanted = vec![
        "get BundleDeployment own",
        "list BundleDeployment own",
        "watch BundleDeployment own",
        "patch BundleDeployment/status own",
        "update BundleDeployment/status own",
        "get Secret own",
        "get ConfigMap own",
        "patch Cluster/status fleet-default",
    ];
    wanted.sort_unstable();
    assert_eq!(allowed, wanted);

    // And it is refused in fact, not in a review only.
    let foreign: Api<BundleDeployment> = Api::namespaced(agent.clone(), &other);
    let refused = foreign.list(&ListParams::default()).await.unwrap_err();
    assert!(matches!(refused, kube::Error::Api(answer) if answer.is_forbidden()));
    let contents: Api<fleet_core::api::Content> = Api::all(agent);
    let refused = contents.list_metadata(&ListParams::default()).await.unwrap_err();
    assert!(matches!(refused, kube::Error::Api(answer) if answer.is_forbidden()));
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_stops_nothing_else_and_removes_nothing() {
    let memory = Memory::new(&[
        ("good/fleet.yaml", "defaultNamespace: good\n"),
        ("good/map.yaml", &config_map("good", "1")),
        ("bad/fleet.yaml", "defaultNamespace: bad\n"),
        ("bad/map.yaml", &config_map("bad", "1")),
    ]);
    let fleet = LocalFleet::single(Endpoint::embedded(), Arc::new(memory.clone()), LocalOptions::default())
        .await
        .unwrap();
    let hub = fleet.hub().client.clone();
    let namespace = "fleet-local";
    create_repo(&hub, namespace, "repo", |_| {}).await;
    until(&hub, namespace, "repo", |report| {
        report.ready && report.deployments.len() == 2
    })
    .await;
    let bundles: Api<Bundle> = Api::namespaced(hub.clone(), namespace);
    let before = bundles.get("repo-bad").await.unwrap();

    // A malformed fleet.yaml, an object that the cluster refuses, two folders of one name.
    memory.commit(&[
        ("good/fleet.yaml", "defaultNamespace: good\n"),
        ("good/map.yaml", &config_map("good", "2")),
        ("bad/fleet.yaml", "defaultNamespace: bad\nhelm: 1\n"),
        ("bad/map.yaml", &config_map("bad", "2")),
        ("refused/fleet.yaml", "defaultNamespace: refused\n"),
        (
            "refused/map.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: refused}\nnonsense: true\n",
        ),
        ("twin-a/fleet.yaml", "name: twin\n"),
        ("twin-a/map.yaml", &config_map("twin", "a")),
        ("twin-b/fleet.yaml", "name: twin\n"),
        ("twin-b/map.yaml", &config_map("twin", "b")),
    ]);
    let head = memory.head();
    let report = until(&hub, namespace, "repo", |report| {
        report.commit == head
            && report.settled
            && report
                .deployments
                .iter()
                .any(|row| row.bundle == "repo-refused" && row.state == "NotReady")
    })
    .await;
    let state = |name: &str| {
        report
            .deployments
            .iter()
            .find(|row| row.bundle == name)
            .map(|row| row.state.as_str())
    };
    assert_eq!(
        (state("repo-good"), state("twin"), state("repo-bad")),
        (Some("Ready"), Some("Ready"), Some("Ready")),
        "{report:#?}"
    );
    let refused = report
        .deployments
        .iter()
        .find(|row| row.bundle == "repo-refused")
        .unwrap();
    assert!(refused.message.contains("nonsense"), "{refused:?}");
    let problems = report.problems.join("\n");
    assert!(
        problems.contains("bad/fleet.yaml") && problems.contains("helm"),
        "{problems}"
    );
    assert!(problems.contains("twin"), "{problems}");
    let after = bundles.get("repo-bad").await.unwrap();
    assert_eq!(
        (before.uid(), before.spec),
        (after.uid(), after.spec),
        "the old Bundle of the bad folder stays as it is"
    );
    let repos: Api<GitRepo> = Api::namespaced(hub.clone(), namespace);
    let status = repos.get("repo").await.unwrap().status.unwrap();
    for (kind, value) in [("Ready", "False"), ("Stalled", "True")] {
        assert!(
            conditions::is(&status.base.conditions, kind, value),
            "{:#?}",
            status.base.conditions
        );
        assert!(conditions::message(&status.base.conditions, kind).contains("bad/fleet.yaml"));
    }

    // A repository that cannot be reached, and a branch that is not there.
    create_repo(&hub, namespace, "far", |spec| {
        spec.repo = "https://unreachable.invalid/x.git".to_owned()
    })
    .await;
    create_repo(&hub, namespace, "branchless", |spec| spec.branch = "nope".to_owned()).await;
    for (name, text) in [
        ("far", "cannot reach"),
        ("branchless", "commit not found for branch: nope"),
    ] {
        let status = eventually(name, || async {
            let status = repos.get(name).await.unwrap().status.unwrap_or_default();
            conditions::is(&status.base.conditions, "Stalled", "True").then_some(status)
        })
        .await;
        for kind in ["Ready", "Stalled"] {
            let message = conditions::message(&status.base.conditions, kind);
            assert!(message.contains(text), "{name} {kind}: {message}");
        }
    }
    assert_eq!(bundles.list(&ListParams::default()).await.unwrap().items.len(), 4);
    fleet.stop().await;
}

/// Everything is killed in the middle of an apply and started anew, then the API server is restarted with its data: it ends
/// in the same state, and nothing was deleted on the way.
async fn survives<S: Future<Output = LocalFleet>, R: Future<Output = ()>>(
    client: &Client,
    namespace: &str,
    memory: &Memory,
    start: impl Fn() -> S,
    restart_server: impl FnOnce() -> R,
) {
    const OBJECTS: usize = 150;
    let commit = |value: &str| {
        let files: Vec<(String, String)> = (0..OBJECTS)
            .map(|at| {
                (
                    format!("many/map-{at:03}.yaml"),
                    config_map(&format!("map-{at:03}"), value),
                )
            })
            .collect();
        let mut files: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        files.push(("many/fleet.yaml", "defaultNamespace: many\n"));
        memory.commit(&files);
    };
    commit("one");
    let fleet = start().await;
    create_repo(client, namespace, "shop", |_| {}).await;
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), "many");
    let own = ListParams::default().labels("objectset.rio.cattle.io/hash");
    eventually("the apply begins", || async {
        let there = maps.list_metadata(&own).await.map_or(0, |list| list.items.len());
        (there > 5).then_some(())
    })
    .await;
    // Dropped, not stopped: manager and agent end between two requests.
    drop(fleet);
    let uids = |list: kube::core::ObjectList<kube::core::PartialObjectMeta<ConfigMap>>| -> std::collections::BTreeMap<String, Option<String>> {
        list.items.iter().map(|map| (map.name_any(), map.uid())).collect()
    };
    let begun = uids(maps.list_metadata(&own).await.unwrap());
    let fleet = start().await;
    let report = until(client, namespace, "shop", |report| report.ready).await;
    assert_eq!(report.deployments[0].ready_resources, (OBJECTS as i64, OBJECTS as i64));
    let done = uids(maps.list_metadata(&own).await.unwrap());
    assert!(
        begun.iter().all(|(name, uid)| done.get(name) == Some(uid)),
        "what was begun was replaced"
    );

    restart_server().await;
    commit("two");
    let head = memory.head();
    until(client, namespace, "shop", |report| {
        report.ready && report.commit == head
    })
    .await;
    eventually("the new commit is deployed", || async {
        let found = maps.get("map-149").await.ok()?;
        (found.data?["key"] == "two").then_some(())
    })
    .await;
    assert_eq!(
        uids(maps.list_metadata(&own).await.unwrap()),
        done,
        "something was deleted and made again"
    );
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn embedded_survives_being_killed() {
    let memory = Memory::default();
    let hub = Endpoint::embedded();
    let server = hub.server.clone().unwrap();
    let start = || async {
        LocalFleet::single(hub.clone(), Arc::new(memory.clone()), LocalOptions::default())
            .await
            .unwrap()
    };
    survives(&hub.client, "fleet-local", &memory, start, || async {
        server.drop_watches(None)
    })
    .await;
    let deletes = server
        .requests()
        .matching(|record| record.verb.starts_with("delete") && record.resource == "configmaps");
    assert!(deletes.is_empty(), "{deletes:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn real_survives_being_killed() {
    let Some(mut plane) = ControlPlane::start().await else {
        return;
    };
    let client = plane.client().await;
    let memory = Memory::default();
    let config = plane.config().await;
    let start = || real_fleet(config.clone(), &memory);
    survives(&client, "fleet-local", &memory, start, || plane.restart_api_server()).await;
}
