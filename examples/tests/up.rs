//! `fleet up` as a person runs it: on a repository made for the purpose, on a real repository with the clusters of a real
//! inventory, and wrongly.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fleet_core::api::{BundleDeployment, GitRepo, GitRepoSpec, GitTarget, LabelSelector};
use fleet_core::{object, yaml};
use fleet_kube::embedded::ApiServer;
use fleet_kube::kube::api::{Api, ListParams, PostParams};
use fleet_kube::local::{self, Inventory, LocalFleet, LocalOptions};
use serde_json::Value;

#[path = "../../fleet-git/tests/support/repository.rs"]
mod repository;
#[path = "../../fleet-core/tests/support/mod.rs"]
mod support;

use repository::Repository;

fn up(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fleet"))
        .arg("up")
        .arg(folder)
        .args(arguments)
        .output()
        .unwrap()
}

fn map(name: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{key: value}}\n")
}

#[test]
fn everything_ready_is_0_and_json_says_so() {
    let folder = Repository::with(&[
        ("app/fleet.yaml", "defaultNamespace: app\n"),
        ("app/map.yaml", &map("m")),
    ]);
    folder.write("uncommitted.txt", "x");
    let output = up(folder.path(), &["--name", "repo", "-o", "json"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert!(errors.contains("uncommitted changes"), "{errors}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["ready"], true);
    let clusters: Vec<&str> = report["deployments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["cluster"].as_str().unwrap())
        .collect();
    assert_eq!(clusters, ["dev", "prod", "test"]);
}

#[test]
fn what_fails_is_named_and_1() {
    let folder = Repository::with(&[
        ("bad/fleet.yaml", "helm: 1\n"),
        ("bad/map.yaml", &map("bad")),
        ("refused/fleet.yaml", "defaultNamespace: r\n"),
        (
            "refused/map.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: r}\nnonsense: 1\n",
        ),
    ]);
    let output = up(folder.path(), &["--single", "--name", "repo"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("bad/fleet.yaml"), "{text}");
    assert!(
        text.contains("repo-refused on local") && text.contains("nonsense"),
        "{text}"
    );
}

#[test]
fn a_folder_that_is_no_repository_is_refused_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let output = up(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("git init"), "{errors}");
    let wrong = Command::new(env!("CARGO_BIN_EXE_fleet"))
        .args(["up", "--no-such-flag"])
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(2));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::write(&target, fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

/// Whether a live object says all that the expected one says, apart from what Fleet marks sets with: the CLI's dry run has
/// another set name than an agent.
fn covers(live: &Value, want: &Value, path: &str) -> Result<(), String> {
    match (live, want) {
        (Value::Object(live), Value::Object(want)) => {
            for (key, want) in want {
                if key.starts_with("objectset.rio.cattle.io/") {
                    continue;
                }
                covers(live.get(key).unwrap_or(&Value::Null), want, &format!("{path}/{key}"))?;
            }
            Ok(())
        }
        (Value::Array(live), Value::Array(want)) if live.len() == want.len() => {
            let both = live.iter().zip(want).enumerate();
            both.into_iter()
                .try_for_each(|(at, (live, want))| covers(live, want, &format!("{path}/{at}")))
        }
        _ if live == want => Ok(()),
        _ => Err(format!("{path}: {live} instead of {want}")),
    }
}

/// Every object that the agent's mark is on.
fn marked(server: &ApiServer) -> BTreeMap<(String, String, String), Value> {
    let mut found = BTreeMap::new();
    for resource in [
        "services",
        "configmaps",
        "secrets",
        "deployments.apps",
        "namespaces",
        "statefulsets.apps",
    ] {
        for live in server.list(resource, None) {
            if object::label(&live, "objectset.rio.cattle.io/hash").is_some() {
                let key = (object::kind(&live), object::namespace(&live), object::name(&live));
                found.insert(
                    (key.0.to_owned(), key.1.to_owned(), key.2.to_owned()),
                    live.as_ref().clone(),
                );
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_repository_deploys_what_fleet_deploys() {
    let Some(corpus) = support::corpus() else {
        return;
    };
    let fleet_corpus = corpus.join("fleet");
    let folder = Repository::empty();
    copy(&fleet_corpus.join("repos/fleet-examples"), folder.path());
    folder.commit(&[]);
    let inventory = fs::read_to_string(fleet_corpus.join("inventory.yaml")).unwrap();
    let source = fleet_git::Git::builder().local_repositories(true).build().unwrap();
    let fleet = LocalFleet::embedded(
        Inventory::parse(&inventory).unwrap(),
        Arc::new(source),
        LocalOptions::default(),
    )
    .await
    .unwrap();
    let hub = fleet.hub().client.clone();
    let spec = GitRepoSpec {
        repo: folder.path().display().to_string(),
        branch: "main".to_owned(),
        paths: vec![
            "single-cluster/manifests".to_owned(),
            "multi-cluster/manifests".to_owned(),
        ],
        targets: vec![GitTarget {
            name: "all".to_owned(),
            cluster_selector: Some(LabelSelector::default()),
            ..GitTarget::default()
        }],
        ..GitRepoSpec::default()
    };
    let mut repo = GitRepo::new("repo", spec);
    repo.metadata.namespace = Some("fleet-default".to_owned());
    Api::<GitRepo>::namespaced(hub.clone(), "fleet-default")
        .create(&PostParams::default(), &repo)
        .await
        .unwrap();
    let follow = local::follow(&hub, "fleet-default", "repo", |report| {
        if report.ready && report.deployments.len() >= 8 {
            std::ops::ControlFlow::Break(())
        } else {
            std::ops::ControlFlow::Continue(())
        }
    });
    tokio::time::timeout(Duration::from_secs(60), follow)
        .await
        .unwrap()
        .unwrap();

    let mut compared = 0;
    for cluster in ["c-dev", "c-test", "c-prod-1", "c-prod-2"] {
        let member = fleet.members().iter().find(|member| member.name == cluster).unwrap();
        let live = marked(member.endpoint.server.as_ref().unwrap());
        let mut wanted = 0;
        for case in ["multi-cluster__manifests", "single-cluster__manifests"] {
            let file = fleet_corpus
                .join("expected/fleet-examples")
                .join(case)
                .join(format!("deploy-{cluster}.yaml"));
            let objects = yaml::read(&fs::read_to_string(&file).unwrap()).unwrap();
            for want in objects.as_array().unwrap() {
                wanted += 1;
                // A namespace that the manifest leaves open is the release's.
                let namespace = if object::namespace(want).is_empty() {
                    "fleet-manifest-example"
                } else {
                    object::namespace(want)
                };
                let key = (
                    object::kind(want).to_owned(),
                    namespace.to_owned(),
                    object::name(want).to_owned(),
                );
                let found = live
                    .get(&key)
                    .unwrap_or_else(|| panic!("{cluster}: {key:?} is missing of {:?}", live.keys()));
                covers(found, want, &format!("{cluster} {key:?}")).unwrap();
                compared += 1;
            }
        }
        assert_eq!(live.len(), wanted, "{cluster} has more objects than it should");
    }
    assert!(compared > 40, "{compared}");

    // The deployments' IDs are those of the CLI.
    let deployments: Api<BundleDeployment> = Api::all(hub);
    let deployments = deployments.list(&ListParams::default()).await.unwrap().items;
    let expected =
        fs::read_to_string(fleet_corpus.join("expected/fleet-examples/multi-cluster__manifests/target.yaml")).unwrap();
    let expected: Vec<Value> = yaml::read_all(&expected).unwrap();
    let mut ids = 0;
    for want in expected.iter().filter(|want| object::kind(want) == "BundleDeployment") {
        let (namespace, name) = (object::namespace(want), object::name(want));
        let found = deployments.iter().find(|found| {
            found.metadata.namespace.as_deref() == Some(namespace) && found.metadata.name.as_deref() == Some(name)
        });
        let found = found.unwrap_or_else(|| panic!("{namespace}/{name} is missing"));
        assert_eq!(
            found.spec.deployment_id,
            object::text(want, "/spec/deploymentID"),
            "{namespace}/{name}"
        );
        ids += 1;
    }
    assert!(ids >= 4, "{ids}");
    fleet.stop().await;
}

#[test]
fn real_clients_read_what_was_done() {
    let Some(oracle) = support::oracle() else {
        return;
    };
    let folder = Repository::with(&[
        ("app/fleet.yaml", "defaultNamespace: app\n"),
        ("app/map.yaml", &map("m")),
    ]);
    let files = tempfile::tempdir().unwrap();
    let kubeconfig = files.path().join("config");
    let mut served = Command::new(env!("CARGO_BIN_EXE_fleet"))
        .args([
            "up",
            &folder.path().display().to_string(),
            "--name",
            "repo",
            "--serve",
            "--kubeconfig",
        ])
        .arg(&kubeconfig)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let outcome = std::panic::catch_unwind(|| {
        let begin = Instant::now();
        while !kubeconfig.exists() {
            assert!(begin.elapsed() < Duration::from_secs(60), "no kubeconfig");
            std::thread::sleep(Duration::from_millis(50));
        }
        let run = |program: &str, arguments: &[&str]| {
            let output = Command::new(oracle.join(program))
                .args(arguments)
                .env("KUBECONFIG", &kubeconfig)
                .env("HOME", files.path())
                .output()
                .unwrap();
            let text = format!(
                "{}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
            assert!(output.status.success(), "{program} {arguments:?}: {text}");
            text
        };
        let all = "gitrepos,bundles,bundledeployments,clusters.fleet.cattle.io";
        let listed = run("kubectl", &["--context", "hub", "get", all, "-A"]);
        assert!(listed.contains("repo-app") && listed.contains("1/1"), "{listed}");
        run("kubectl", &["--context", "dev", "get", "all", "-A"]);
        let map = run(
            "kubectl",
            &[
                "--context",
                "dev",
                "-n",
                "app",
                "get",
                "configmap",
                "m",
                "-o",
                "jsonpath={.data.key}",
            ],
        );
        assert_eq!(map, "value");
        let releases = run("helm", &["--kube-context", "dev", "list", "-A"]);
        assert!(
            releases.contains("repo-app") && releases.contains("deployed"),
            "{releases}"
        );
        let manifest = run(
            "helm",
            &["--kube-context", "dev", "-n", "app", "get", "manifest", "repo-app"],
        );
        assert!(manifest.contains("kind: ConfigMap"), "{manifest}");
        let history = run("helm", &["--kube-context", "dev", "-n", "app", "history", "repo-app"]);
        assert!(history.contains("Install complete"), "{history}");

        // A new commit is polled and deployed.
        folder.commit(&[("app/second.yaml", &self::map("second"))]);
        let begin = Instant::now();
        loop {
            let found = run(
                "kubectl",
                &["--context", "dev", "-n", "app", "get", "configmaps", "-o", "name"],
            );
            if found.contains("configmap/second") {
                break;
            }
            assert!(begin.elapsed() < Duration::from_secs(30), "{found}");
            std::thread::sleep(Duration::from_millis(200));
        }
    });
    served.kill().unwrap();
    served.wait().unwrap();
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}
