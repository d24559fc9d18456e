//! The manager by itself, without agents: upstream's scenarios E1, P18 and P20 to P22 of the conformance checklist, on an embedded API
//! server, and where a Secret of values is put back, on a real one as well.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::Write;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use flate2::{Compression, write::GzEncoder};
use fleet_core::api::{Bundle, BundleDeployment, BundleSpec, BundleTarget, Cluster, GitRepo, LabelSelector, labels};
use fleet_core::naming::deployment_values_hash;
use fleet_core::source::{ChartRequest, Revision, Source, SourceError, SourceReference};
use fleet_core::tree::Tree;
use fleet_kube::embedded::{ApiServer, Identity};
use fleet_kube::manager::{self, ManagerOptions};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};
use support::control_plane::ControlPlane;
use support::flow::{config_map, create_repo, eventually};
use support::memory::Memory;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const NAMESPACE: &str = "fleet-default";

/// A running manager on a hub with one cluster, `one`.
struct Hub {
    client: Client,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

impl Hub {
    /// Starts a manager with a client of its own.
    async fn start(client: Client, of_manager: Client, source: Arc<dyn Source>) -> Self {
        let options = ManagerOptions::default();
        manager::prepare(&of_manager, &options).await.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            manager::run(of_manager, source, options, stopped).await.unwrap();
        });
        let hub = Self { client, stop, running };
        let namespaces: Api<k8s_openapi::api::core::v1::Namespace> = Api::all(hub.client.clone());
        let namespace = serde_json::from_value(json!({"metadata": {"name": NAMESPACE}})).unwrap();
        namespaces.create(&PostParams::default(), &namespace).await.unwrap();
        hub.create::<Cluster>(json!({"metadata": {"name": "one", "labels": {"env": "test"}}, "spec": {}}))
            .await;
        hub
    }

    async fn embedded(source: impl Source + 'static) -> (Self, ApiServer) {
        let server = ApiServer::new();
        let of_manager = server.client_named(&Identity::admin(), "fleet-manager");
        (Self::start(server.client(), of_manager, Arc::new(source)).await, server)
    }

    fn api<T>(&self) -> Api<T>
    where
        T: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), NAMESPACE)
    }

    async fn create<T>(&self, object: Value)
    where
        T: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + serde::de::DeserializeOwned
            + serde::Serialize,
    {
        let object: T = serde_json::from_value(object).unwrap();
        self.api::<T>().create(&PostParams::default(), &object).await.unwrap();
    }

    /// A Bundle for all clusters, with these labels.
    async fn bundle(&self, name: &str, labels: Value) {
        let all = BundleTarget {
            name: "all".to_owned(),
            cluster_selector: Some(LabelSelector::default()),
            ..BundleTarget::default()
        };
        let spec = BundleSpec {
            targets: vec![all],
            ..BundleSpec::default()
        };
        let spec = serde_json::to_value(spec).unwrap();
        self.create::<Bundle>(json!({"metadata": {"name": name, "labels": labels}, "spec": spec}))
            .await;
    }

    /// The only deployment of a bundle, once it is as wanted.
    async fn deployment(&self, bundle: &str, wanted: impl Fn(&BundleDeployment) -> bool) -> BundleDeployment {
        let all: Api<BundleDeployment> = Api::all(self.client.clone());
        let of_bundle = ListParams::default().labels(&format!("{}={bundle}", labels::BUNDLE_NAME));
        let found = || async {
            let found = all.list(&of_bundle).await.unwrap().items;
            found.into_iter().next().filter(|deployment| wanted(deployment))
        };
        eventually("the deployment is as wanted", found).await
    }

    async fn stop(self) {
        let _ = self.stop.send(());
        self.running.await.unwrap();
    }
}

fn values(values: &str) -> Memory {
    let memory = Memory::default();
    commit(&memory, values);
    memory
}

fn commit(memory: &Memory, values: &str) {
    let yaml = format!("helm: {{values: {values}}}\n");
    memory.commit(&[("web/fleet.yaml", &yaml), ("web/map.yaml", &config_map("map", "x"))]);
}

/// A repository, and a chart that is asked for in one way.
#[derive(Clone, Debug)]
struct WithChart(Memory, Vec<u8>);

#[async_trait]
impl Source for WithChart {
    async fn resolve(&self, reference: &SourceReference) -> Result<Revision, SourceError> {
        self.0.resolve(reference).await
    }

    async fn tree(&self, reference: &SourceReference, revision: &Revision) -> Result<Arc<Tree>, SourceError> {
        self.0.tree(reference, revision).await
    }

    async fn chart(&self, request: &ChartRequest) -> Result<Vec<u8>, SourceError> {
        if *request == ChartRequest::new("https://charts.example.com", "db", "^2") {
            return Ok(self.1.clone());
        }
        Err(SourceError::Unsupported {
            what: request.to_string(),
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e1_dependencies_are_fetched() {
    let chart = |name: &str, dependency: &str| {
        format!("{{apiVersion: v2, name: {name}, version: 2.0.0, dependencies: [{dependency}]}}")
    };
    let there = chart("a", "{name: db, version: ^2, repository: 'https://charts.example.com'}");
    let nowhere = chart(
        "a",
        "{name: none, version: ^2, repository: 'https://charts.example.com'}",
    );
    let memory = Memory::new(&[
        ("there/fleet.yaml", ""),
        ("there/Chart.yaml", &there),
        ("nowhere/fleet.yaml", ""),
        ("nowhere/Chart.yaml", &nowhere),
    ]);
    let archive = tar_gz("db/Chart.yaml", chart("db", "").as_bytes());
    let (hub, _) = Hub::embedded(WithChart(memory, archive)).await;
    create_repo(&hub.client, NAMESPACE, "repo", |_| {}).await;
    let bundle = eventually("the bundle is there", || async {
        hub.api::<Bundle>().get_opt("repo-there").await.unwrap()
    })
    .await;
    let resources = bundle.spec.resources.iter().map(|resource| resource.name.as_str());
    assert_eq!(
        resources.collect::<Vec<_>>(),
        ["Chart.lock", "Chart.yaml", "charts/db-2.0.0.tgz"]
    );
    eventually("the GitRepo says what is missing", || async {
        let status = hub.api::<GitRepo>().get("repo").await.unwrap().status?;
        let wanted = "updating helm dependencies: nowhere/Chart.yaml: dependency \"none\"";
        let mut conditions = status.base.conditions.iter();
        conditions
            .any(|condition| condition.message.contains(wanted))
            .then_some(())
    })
    .await;
    hub.stop().await;
}

/// An archive of one file: a header of 512 bytes, the content, and two empty blocks.
fn tar_gz(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = [0u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..108].copy_from_slice(b"0000644\0");
    header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
    header[148..156].copy_from_slice(b"        ");
    header[156] = b'0';
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut tar = header.to_vec();
    tar.extend_from_slice(content);
    tar.resize(tar.len().next_multiple_of(512) + 1024, 0);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&tar).unwrap();
    gzip.finish().unwrap()
}

/// Values that somebody deletes or changes are put back, and new ones come through afterwards.
async fn p18(hub: &Hub, memory: &Memory) {
    create_repo(&hub.client, NAMESPACE, "shop", |_| {}).await;
    let first = hub
        .deployment("shop-web", |deployment| !deployment.spec.values_hash.is_empty())
        .await;
    let namespace = first.namespace().unwrap();
    let secrets: Api<Secret> = Api::namespaced(hub.client.clone(), &namespace);
    let name = first.name_any();
    let holds = |wanted: &'static str, hash: String| {
        let (secrets, name) = (&secrets, &name);
        eventually("the Secret has its values", move || {
            let hash = hash.clone();
            async move {
                let mut data = secrets.get_opt(name).await.unwrap()?.data?;
                let [values, staged] = ["values", "stagedValues"].map(|key| data.remove(key).unwrap_or_default().0);
                (values == wanted.as_bytes() && deployment_values_hash(&values, &staged) == hash).then_some(())
            }
        })
    };
    let hash = first.spec.values_hash.clone();
    holds(r#"{"a":1}"#, hash.clone()).await;

    secrets.delete(&name, &DeleteParams::default()).await.unwrap();
    holds(r#"{"a":1}"#, hash.clone()).await;
    let again = secrets.get(&name).await.unwrap();
    assert_eq!(again.type_.as_deref(), Some(labels::BUNDLE_DEPLOYMENT_SECRET));
    assert_eq!(again.owner_references()[0].uid, first.uid().unwrap());

    let other = json!({"data": {"values": ByteString(br#"{"a":666}"#.to_vec())}});
    secrets
        .patch(&name, &PatchParams::default(), &Patch::Merge(other))
        .await
        .unwrap();
    holds(r#"{"a":1}"#, hash.clone()).await;
    let unchanged = hub.deployment("shop-web", |_| true).await;
    assert_eq!(unchanged.spec, first.spec);

    commit(memory, "{a: 2}");
    let second = hub
        .deployment("shop-web", |deployment| {
            deployment.spec.values_hash != hash && deployment.spec.deployment_id == deployment.spec.staged_deployment_id
        })
        .await;
    holds(r#"{"a":2}"#, second.spec.values_hash.clone()).await;
    commit(memory, "{}");
    eventually("a Secret without values goes", || async {
        secrets.get_opt(&name).await.unwrap().is_none().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p18_values_are_put_back() {
    let memory = values("{a: 1}");
    let (hub, server) = Hub::embedded(memory.clone()).await;
    p18(&hub, &memory).await;
    // The manager did not argue with itself: creation, deletion, change and the new values are one write each, and one goes.
    let of_values = |record: &fleet_kube::embedded::RequestRecord| {
        let is_deployments = record.resource == "secrets" && record.namespace.starts_with("cluster-");
        is_deployments && record.is_write() && record.user_agent == "fleet-manager"
    };
    let writes = server.requests().matching(of_values);
    assert_eq!(writes.len(), 5, "{writes:#?}");
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p18_values_are_put_back_on_a_real_hub() {
    let Some(plane) = ControlPlane::start().await else {
        return;
    };
    let memory = values("{a: 1}");
    let client = plane.client().await;
    let hub = Hub::start(client.clone(), client, Arc::new(memory.clone())).await;
    p18(&hub, &memory).await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p20_an_obsolete_label_goes() {
    let (hub, _) = Hub::embedded(values("{a: 1}")).await;
    let present = json!({labels::CREATED_BY_DISPLAY_NAME: "admin", labels::CREATED_BY_USER_ID: "user-1", "team": "x"});
    let mut absent = present.clone();
    absent.as_object_mut().unwrap().remove(labels::CREATED_BY_DISPLAY_NAME);
    let repo = |name: &str, labels: &Value| json!({"metadata": {"name": name, "labels": labels}, "spec": {"repo": "https://example.com/repo.git", "branch": "main"}});
    for (name, labels) in [("present", &present), ("absent", &absent)] {
        hub.bundle(name, labels.clone()).await;
        hub.create::<GitRepo>(repo(name, labels)).await;
    }
    for name in ["present", "absent", "present-web", "absent-web"] {
        eventually("the label is gone from the bundle", || async {
            let bundle = hub.api::<Bundle>().get_opt(name).await.unwrap()?;
            // A finalizer says that the manager has been there.
            let is_done = !bundle.labels().contains_key(labels::CREATED_BY_DISPLAY_NAME)
                && bundle.finalizers().contains(&labels::BUNDLE_FINALIZER.to_owned());
            is_done.then(|| assert_eq!(bundle.labels()["team"], "x"))
        })
        .await;
    }
    for name in ["present", "absent"] {
        let repo = hub.api::<GitRepo>().get(name).await.unwrap();
        assert_eq!(json!(repo.labels()), absent, "{name}");
    }
    hub.stop().await;
}

/// What the process logs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p21_who_made_an_object_is_in_the_log() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    let (hub, _) = Hub::embedded(Memory::default()).await;
    // The values that the hash names are nowhere, so there is something to log.
    for (name, labels) in [
        ("with-user", json!({labels::CREATED_BY_USER_ID: "user-12345"})),
        ("without-user", json!({})),
    ] {
        let spec = json!({"valuesHash": "0"});
        hub.create::<Bundle>(json!({"metadata": {"name": name, "labels": labels}, "spec": spec}))
            .await;
    }
    let line = |name: &'static str| {
        let log = &log;
        eventually("a line about the bundle", move || async move {
            let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
            text.lines()
                .find(|line| line.contains("failed, it is tried again") && line.contains(&format!("/{name}:")))
                .map(str::to_owned)
        })
    };
    let with = line("with-user").await;
    assert!(with.contains("userID=user-12345"), "{with}");
    let without = line("without-user").await;
    assert!(!without.contains("userID"), "{without}");
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p22_states_follow_deployments_and_clusters() {
    let (hub, _) = Hub::embedded(Memory::default()).await;
    // There is one manager a hub: a shard's name changes nothing.
    hub.bundle("same", json!({})).await;
    hub.bundle("other", json!({labels::SHARD_REF: "shard-1"})).await;
    for name in ["same", "other"] {
        let deployment = hub.deployment(name, |one| !one.spec.deployment_id.is_empty()).await;
        let wanted = |desired: i64, ready: i64| {
            let bundles = hub.api::<Bundle>();
            eventually("the bundle counts it", move || {
                let bundles = bundles.clone();
                async move {
                    let summary = bundles.get(name).await.unwrap().status?.summary;
                    ((summary.desired_ready, summary.ready) == (desired, ready)).then_some(())
                }
            })
        };
        wanted(1, 0).await;
        let status = json!({"status": {
            "appliedDeploymentID": deployment.spec.deployment_id, "ready": true, "nonModified": true,
            "conditions": [{"type": "Ready", "status": "True"}, {"type": "Deployed", "status": "True"}],
        }});
        let deployments: Api<BundleDeployment> = Api::namespaced(hub.client.clone(), &deployment.namespace().unwrap());
        deployments
            .patch_status(name, &PatchParams::default(), &Patch::Merge(status))
            .await
            .unwrap();
        wanted(1, 1).await;
    }
    let of_cluster = |ready: i64| {
        let clusters = hub.api::<Cluster>();
        eventually("the cluster counts its deployments", move || {
            let clusters = clusters.clone();
            async move {
                let summary = clusters.get("one").await.unwrap().status?.summary;
                (summary.ready == ready).then_some(())
            }
        })
    };
    of_cluster(2).await;
    // A cluster that comes is counted by bundles of every shard, and one that goes is not.
    hub.create::<Cluster>(json!({"metadata": {"name": "two"}, "spec": {}}))
        .await;
    for (desired, name) in [(2, "same"), (2, "other")] {
        let bundles = hub.api::<Bundle>();
        eventually("the new cluster is counted", || async {
            let summary = bundles.get(name).await.unwrap().status?.summary;
            (summary.desired_ready == desired && summary.ready == 1).then_some(())
        })
        .await;
    }
    hub.api::<Cluster>()
        .delete("two", &DeleteParams::default())
        .await
        .unwrap();
    for name in ["same", "other"] {
        let bundles = hub.api::<Bundle>();
        eventually("the cluster that is gone is not counted", || async {
            let summary = bundles.get(name).await.unwrap().status?.summary;
            (summary.desired_ready == 1 && summary.ready == 1).then_some(())
        })
        .await;
    }
    hub.stop().await;
}
