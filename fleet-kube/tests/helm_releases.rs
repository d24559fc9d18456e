//! Charts through a whole life on a cluster: install, upgrade, an upgrade that fails and is rolled back, and real Helm
//! working on the same releases in between; on an embedded API server and on a real one.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use fleet_kube::local::{Endpoint, LocalFleet, LocalOptions, Report};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret};
use kube::api::{Api, DeleteParams, ListParams, PostParams};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};
use support::binaries::say;
use support::control_plane::ControlPlane;
use support::flow::{create_repo, eventually, real_fleet, until};
use support::memory::Memory;

const NAMESPACE: &str = "shop";
const RELEASE: &str = "store";

const CHART: &str = "apiVersion: v2\nname: store\nversion: 0.1.0\nappVersion: \"7\"\n";
const SETTINGS: &str = r#"apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data:
  revision: {{ .Release.Revision | quote }}
  upgrade: {{ .Release.IsUpgrade | quote }}
  color: {{ .Values.color | quote }}
  size: {{ .Values.size | quote }}
  cluster: {{ .Values.cluster | quote }}
  region: {{ .Values.region | quote }}
  nodes: {{ .Capabilities.APIVersions.Has "apps/v1/Deployment" | quote }}
"#;
/// What charts do to keep a password that they made.
const PASSWORD: &str = r#"{{- $old := lookup "v1" "Secret" .Release.Namespace "password" }}
apiVersion: v1
kind: Secret
metadata: {name: password}
data:
  password: {{ if $old }}{{ $old.data.password }}{{ else }}{{ randAlphaNum 24 | b64enc }}{{ end }}
  other: {{ randAlphaNum 24 | b64enc }}
"#;
const DEPLOYMENT: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "example.com/web:{{ .Chart.AppVersion }}"}]}
"#;
const NOTES: &str = "Store in {{ .Values.color }}.\n";

/// A hook whose Job has to complete.
fn job(name: &str, event: &str, weight: i64, policy: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {name}\n  annotations:\n    helm.sh/hook: {event}\n    \
         helm.sh/hook-weight: \"{weight}\"\n    helm.sh/hook-delete-policy: {policy}\nspec:\n  template:\n    spec:\n      \
         restartPolicy: Never\n      containers: [{{name: job, image: example.com/job}}]\n"
    )
}

/// The repository, with a color and one more template.
fn commit(memory: &Memory, color: &str, more: &str) {
    let fleet_yaml = format!(
        "defaultNamespace: {NAMESPACE}\nhelm:\n  chart: chart\n  releaseName: {RELEASE}\n  atomic: true\n  timeoutSeconds: 30\n  \
         valuesFiles: [values-size.yaml]\n  values: {{color: {color}, cluster: \"${{ .ClusterName }}\"}}\n  \
         valuesFrom: [{{configMapKeyRef: {{name: defaults, namespace: {NAMESPACE}, key: values.yaml}}}}]\n"
    );
    let prepare = job("prepare", "pre-install,pre-upgrade", 1, "before-hook-creation");
    let first = job("first", "pre-install", -5, "hook-succeeded");
    let farewell = job("farewell", "post-delete", 0, "before-hook-creation");
    memory.commit(&[
        ("store/fleet.yaml", &fleet_yaml),
        ("store/values-size.yaml", "size: large\n"),
        ("store/chart/Chart.yaml", CHART),
        (
            "store/chart/values.yaml",
            "color: none\nsize: small\ncluster: none\nregion: none\n",
        ),
        ("store/chart/templates/settings.yaml", SETTINGS),
        ("store/chart/templates/password.yaml", PASSWORD),
        ("store/chart/templates/deployment.yaml", DEPLOYMENT),
        ("store/chart/templates/prepare.yaml", &prepare),
        ("store/chart/templates/first.yaml", &first),
        ("store/chart/templates/farewell.yaml", &farewell),
        ("store/chart/templates/NOTES.txt", NOTES),
        ("store/chart/templates/zz-more.yaml", more),
    ]);
}

/// Real Helm on one cluster.
struct Helm {
    program: PathBuf,
    kubeconfig: PathBuf,
    home: tempfile::TempDir,
}

impl Helm {
    /// The one that `FLEET_ORACLE` has; one line says so where it is not set.
    fn new(kubeconfig: &Path) -> Option<Self> {
        let Some(folder) = std::env::var_os("FLEET_ORACLE") else {
            say("skipped: real helm on our releases: FLEET_ORACLE is not set");
            return None;
        };
        Some(Self {
            program: PathBuf::from(folder).join("helm"),
            kubeconfig: kubeconfig.to_owned(),
            home: tempfile::tempdir().unwrap(),
        })
    }

    async fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(&self.program);
        command
            .args(["--namespace", NAMESPACE])
            .args(arguments)
            .env("KUBECONFIG", &self.kubeconfig)
            .env("HOME", self.home.path());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "helm {arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Revision, status and description of the history, oldest first.
    async fn history(&self) -> Vec<(i64, String, String)> {
        let text = self.run(&["history", RELEASE, "-o", "json"]).await;
        let rows: Vec<Value> = serde_json::from_str(&text).unwrap();
        rows.iter()
            .map(|row| {
                let text = |key: &str| row[key].as_str().unwrap().to_owned();
                (row["revision"].as_i64().unwrap(), text("status"), text("description"))
            })
            .collect()
    }
}

fn release(report: &Report) -> &str {
    report.deployments.first().map_or("", |row| row.release.as_str())
}

async fn settings(client: &Client) -> std::collections::BTreeMap<String, String> {
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), NAMESPACE);
    maps.get("settings").await.unwrap().data.unwrap()
}

async fn password(client: &Client) -> (Vec<u8>, Vec<u8>) {
    let secrets: Api<Secret> = Api::namespaced(client.clone(), NAMESPACE);
    let mut data = secrets.get("password").await.unwrap().data.unwrap();
    (data.remove("password").unwrap().0, data.remove("other").unwrap().0)
}

async fn life(client: &Client, memory: &Memory, helm: Option<Helm>) {
    let namespace: Namespace = serde_json::from_value(json!({"metadata": {"name": NAMESPACE}})).unwrap();
    let namespaces: Api<Namespace> = Api::all(client.clone());
    namespaces.create(&PostParams::default(), &namespace).await.unwrap();
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), NAMESPACE);
    let defaults = json!({"metadata": {"name": "defaults"}, "data": {"values.yaml": "region: north\nsize: huge\n"}});
    maps.create(&PostParams::default(), &serde_json::from_value(defaults).unwrap())
        .await
        .unwrap();

    // Installed: values by rank, hooks by weight, a password of this cluster's own.
    create_repo(client, "fleet-local", "repo", |_| {}).await;
    let report = until(client, "fleet-local", "repo", |report| report.ready).await;
    assert_eq!(release(&report), "shop/store:1");
    let found = settings(client).await;
    let of = |key: &str| found[key].as_str();
    assert_eq!((of("revision"), of("upgrade")), ("1", "false"));
    assert_eq!((of("size"), of("cluster"), of("nodes")), ("huge", "local", "true"));
    assert_eq!((of("color"), of("region")), ("red", "north"));
    let (first, other) = password(client).await;
    assert_ne!(first, other);
    let jobs: Api<Job> = Api::namespaced(client.clone(), NAMESPACE);
    assert!(jobs.get_opt("prepare").await.unwrap().is_some(), "kept by its policy");
    eventually("what succeeded goes by its policy", || async {
        jobs.get_opt("first").await.unwrap().is_none().then_some(())
    })
    .await;
    if let Some(helm) = &helm {
        let listed = helm.run(&["list", "-o", "json"]).await;
        let listed: Value = serde_json::from_str(&listed).unwrap();
        assert_eq!(listed[0]["name"], RELEASE);
        assert_eq!(listed[0]["chart"], "store-0.1.0");
        assert_eq!(listed[0]["status"], "deployed");
        assert!(helm.run(&["get", "notes", RELEASE]).await.contains("Store in red."));
        assert!(helm.run(&["get", "hooks", RELEASE]).await.contains("name: farewell"));
        let values: Value = serde_json::from_str(&helm.run(&["get", "values", RELEASE, "-o", "json"]).await).unwrap();
        assert_eq!(
            values,
            json!({"color": "red", "size": "huge", "cluster": "local", "region": "north"})
        );
    }

    // Upgraded: the chart sees that, and finds its password.
    commit(memory, "green", "");
    let report = until(client, "fleet-local", "repo", |report| {
        report.ready && release(report) == "shop/store:2"
    })
    .await;
    assert_eq!(report.deployments.len(), 1);
    let found = settings(client).await;
    assert_eq!((found["revision"].as_str(), found["upgrade"].as_str()), ("2", "true"));
    assert_eq!(found["color"], "green");
    let (second, changed) = password(client).await;
    assert_eq!(second, first);
    assert_ne!(changed, other);

    // An upgrade that fails is rolled back, and says so until something changes.
    let refused = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Not_A_Name}\n";
    commit(memory, "blue", refused);
    until(client, "fleet-local", "repo", |report| {
        report.deployments.first().is_some_and(|row| {
            row.message
                .contains("has been rolled back due to rollback-on-failure being set")
                && row.state == "NotReady"
        })
    })
    .await;
    assert_eq!(settings(client).await["color"], "green");
    if let Some(helm) = &helm {
        let history = helm.history().await;
        let last: Vec<(i64, &str)> = history.iter().map(|(at, status, _)| (*at, status.as_str())).collect();
        assert_eq!(last[last.len() - 2..], [(3, "failed"), (4, "deployed")], "{history:?}");
        assert_eq!(history.last().unwrap().2, "Rollback to 2");
    }

    // And the next commit goes on from there.
    commit(memory, "white", "");
    until(client, "fleet-local", "repo", |report| {
        report.ready && release(report) == "shop/store:5"
    })
    .await;
    assert_eq!(settings(client).await["color"], "white");

    if let Some(helm) = &helm {
        // Real Helm rolls back: that is drift to us, until a commit upgrades on top of what Helm wrote.
        helm.run(&["rollback", RELEASE, "4", "--force-conflicts"]).await;
        assert_eq!(settings(client).await["color"], "green");
        until(client, "fleet-local", "repo", |report| !report.ready).await;
        commit(memory, "black", "");
        until(client, "fleet-local", "repo", |report| {
            report.ready && release(report) == "shop/store:7"
        })
        .await;
        assert_eq!(settings(client).await["color"], "black");
        let history = helm.history().await;
        assert_eq!(history.last().unwrap().2, "Upgrade complete");

        // Real Helm uninstalls: what git says comes back.
        helm.run(&["uninstall", RELEASE]).await;
        until(client, "fleet-local", "repo", |report| {
            report.ready && release(report) == "shop/store:1"
        })
        .await;
        assert_eq!(settings(client).await["color"], "black");
    }

    // Uninstalled with its last hook; no record is left.
    let repos: Api<fleet_core::api::GitRepo> = Api::namespaced(client.clone(), "fleet-local");
    repos.delete("repo", &DeleteParams::default()).await.unwrap();
    eventually("the release goes", || async {
        maps.get_opt("settings").await.unwrap().is_none().then_some(())
    })
    .await;
    eventually("its last hook ran", || async {
        jobs.get_opt("farewell").await.unwrap().map(drop)
    })
    .await;
    eventually("no records are left", || async {
        let left = Api::<Secret>::all(client.clone())
            .list(&ListParams::default().labels("owner=helm"))
            .await
            .unwrap();
        left.items
            .iter()
            .all(|secret| !secret.name_any().contains(RELEASE))
            .then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn embedded_charts_live() {
    let memory = Memory::default();
    commit(&memory, "red", "");
    let hub = Endpoint::embedded();
    let server = hub.server.clone().unwrap();
    let served = server.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = folder.path().join("config");
    std::fs::write(&kubeconfig, server.kubeconfig("local", &served.url())).unwrap();
    let client = hub.client.clone();
    let fleet = LocalFleet::single(hub, Arc::new(memory.clone()), LocalOptions::default())
        .await
        .unwrap();
    life(&client, &memory, Helm::new(&kubeconfig)).await;
    fleet.stop().await;
    served.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_charts_live() {
    let Some(plane) = ControlPlane::start().await else {
        return;
    };
    let client = plane.client().await;
    let memory = Memory::default();
    commit(&memory, "red", "");
    let fleet = real_fleet(plane.config().await, &memory).await;
    life(&client, &memory, Helm::new(&plane.kubeconfig())).await;
    fleet.stop().await;
}
