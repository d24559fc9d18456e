//! `fleet takeover` on a dump, and on a hub that runs.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use clap::Parser as _;
use fleet_core::api::{Bundle, GitRepo, GitRepoSpec};
use fleet_core::target::Estate;
use fleet_core::yaml;
use fleet_examples::cli::{hub, takeover::TakeoverCommand};
use fleet_kube::kube::api::{Api, Patch, PatchParams, PostParams};
use fleet_kube::local::{self, Inventory, LocalFleet, LocalOptions};
use serde_json::{Value, json};

#[path = "../../fleet-git/tests/support/repository.rs"]
mod repository;
#[path = "../../fleet-core/tests/support/mod.rs"]
mod support;

use repository::Repository;

fn takeover(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fleet"))
        .arg("takeover")
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn a_dump_is_read_and_the_exit_code_says_whether_all_is_well() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fleet-core/tests/corpus/takeover/hub.yaml");
    let file = support::read(cases);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hub.yaml");
    let dump = path.to_str().unwrap();
    let mut list = json!({"apiVersion": "v1", "kind": "List", "items": file["objects"]});
    fs::write(&path, yaml::write(&list).unwrap()).unwrap();
    let output = takeover(&["-f", dump]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "2 deployments of 1 bundles stay as they are\n"
    );

    let items = list["items"].as_array_mut().unwrap();
    let bundle = items.iter_mut().find(|object| object["kind"] == "Bundle").unwrap();
    bundle["spec"]["serviceAccount"] = "deployer".into();
    fs::write(&path, yaml::write(&list).unwrap()).unwrap();
    let output = takeover(&["-f", dump, "-o", "json"]);
    assert_eq!(output.status.code(), Some(3));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["unchanged"], 0);
    assert_eq!(report["changes"][0]["effect"], "redeploy");
    assert_eq!(
        report["changes"][0]["reasons"],
        json!(["the option serviceAccount is new: \"deployer\""])
    );

    fs::write(&path, "kind: Bundle\nspec: [\n").unwrap();
    let output = takeover(&["-f", dump]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("hub.yaml"));
    assert_eq!(takeover(&["--output", "xml"]).status.code(), Some(2));
}

#[derive(clap::Parser)]
struct Takeover {
    #[command(flatten)]
    command: TakeoverCommand,
}

/// Our own manager's hub would stay as it is, scanned anew too; a bundle that somebody edits would not.
#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_runs_stays_as_it_is() {
    let folder = Repository::empty();
    let app = folder.path().join("app");
    fs::create_dir(&app).unwrap();
    let fleet_yaml = "namespace: web\nhelm:\n  values: {env: \"${ .ClusterLabels.env }\"}\n  valuesFiles: [more.yaml]\n\
                      targetCustomizations:\n- name: prod\n  clusterSelector: {matchLabels: {env: prod}}\n  helm: {values: {size: 3}}\n";
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n";
    for (name, content) in [
        ("fleet.yaml", fleet_yaml.as_bytes()),
        ("more.yaml", b"a: b\n"),
        ("map.yaml", map.as_bytes()),
        ("logo.bin", b"\xff\x00\xfe"),
    ] {
        fs::write(app.join(name), content).unwrap();
    }
    folder.commit(&[]);

    let source = fleet_git::Git::builder().local_repositories(true).build().unwrap();
    let inventory = Inventory::example();
    let workspace = inventory.workspace();
    let fleet = LocalFleet::embedded(inventory, Arc::new(source), LocalOptions::default())
        .await
        .unwrap();
    let client = fleet.hub().client.clone();
    let spec = GitRepoSpec {
        repo: folder.path().to_str().unwrap().to_owned(),
        branch: "main".to_owned(),
        targets: serde_json::from_value(json!([{"clusterSelector": {}}])).unwrap(),
        ..GitRepoSpec::default()
    };
    let mut repo = GitRepo::new("repo", spec);
    repo.metadata.namespace = Some(workspace.clone());
    let repos: Api<GitRepo> = Api::namespaced(client.clone(), &workspace);
    repos.create(&PostParams::default(), &repo).await.unwrap();
    local::follow(&client, &workspace, "repo", |report| {
        if report.settled {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })
    .await
    .unwrap();

    // What `fleet target` and `fleet explain` see of it.
    let estate = Estate::from_objects(&hub::inventory(&client).await.unwrap()).unwrap();
    let names: Vec<&str> = estate.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
    assert_eq!((names, estate.groups.len()), (vec!["dev", "prod", "test"], 1));

    let scanned = format!("{workspace}/repo={}", folder.path().display());
    for arguments in [vec!["takeover"], vec!["takeover", "--git-repo", &scanned]] {
        let command = Takeover::try_parse_from(&arguments).unwrap().command;
        let report = command.of_hub(&client).await.unwrap();
        assert_eq!(
            (report.unchanged, report.changes.len()),
            (3, 0),
            "{arguments:?}\n{report}"
        );
    }
    fleet.stop().await;

    // Without a manager, nothing follows an edit.
    let bundles: Api<Bundle> = Api::namespaced(client.clone(), &workspace);
    let edit = json!({"spec": {"resources": [{"name": "map.yaml", "content": format!("{map}data: {{a: b}}\n")}]}});
    bundles
        .patch("repo-app", &PatchParams::default(), &Patch::Merge(&edit))
        .await
        .unwrap();
    let command = Takeover::try_parse_from(["takeover"]).unwrap().command;
    let report = command.of_hub(&client).await.unwrap();
    assert_eq!(report.changes.len(), 3, "{report}");
    assert_eq!(
        report.changes[0].reasons,
        ["the resource logo.bin is gone", "the resource map.yaml has other bytes"]
    );
}
