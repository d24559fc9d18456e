//! What tests of the whole way share: a GitRepo, waiting, agents that reach a real hub.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use fleet_core::api::{Duration as FleetDuration, GitRepo, GitRepoSpec, GitTarget, LabelSelector};
use fleet_kube::agent::{Connect, HubAccess};
use fleet_kube::local::{self, Endpoint, LocalFleet, LocalOptions, Report};
use kube::Client;
use kube::api::{Api, PostParams};

use super::memory::Memory;

/// A ConfigMap's file.
pub fn config_map(name: &str, value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{key: \"{value}\"}}\n")
}

/// A GitRepo that targets all clusters and looks for commits all the time.
pub async fn create_repo(hub: &Client, namespace: &str, name: &str, change: impl FnOnce(&mut GitRepoSpec)) {
    let target = GitTarget {
        name: "all".to_owned(),
        cluster_selector: Some(LabelSelector::default()),
        ..GitTarget::default()
    };
    let mut spec = GitRepoSpec {
        repo: "https://example.com/repo.git".to_owned(),
        branch: "main".to_owned(),
        targets: vec![target],
        polling_interval: Some("50ms".parse::<FleetDuration>().unwrap()),
        ..GitRepoSpec::default()
    };
    change(&mut spec);
    let mut repo = GitRepo::new(name, spec);
    repo.metadata.namespace = Some(namespace.to_owned());
    Api::<GitRepo>::namespaced(hub.clone(), namespace)
        .create(&PostParams::default(), &repo)
        .await
        .unwrap();
}

/// Waits until a report is as wanted.
pub async fn until(hub: &Client, namespace: &str, name: &str, wanted: impl Fn(&Report) -> bool) -> Report {
    let mut last = Report::default();
    let follow = local::follow(hub, namespace, name, |report| {
        last = report;
        if wanted(&last) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    let followed = tokio::time::timeout(Duration::from_secs(60), follow).await;
    assert!(followed.is_ok(), "not as wanted: {last:#?}");
    last
}

/// Waits until something holds.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, check: impl Fn() -> F) -> T {
    for _ in 0..1200 {
        if let Some(found) = check().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("never: {what}");
}

/// Agents of a real hub: over the network, with the hub's address and authority and their own token.
struct Real(kube::Config);

#[async_trait]
impl Connect for Real {
    async fn connect(&self, access: &HubAccess) -> Result<Client, kube::Error> {
        let mut config = kube::Config::new(self.0.cluster_url.clone());
        config.root_cert.clone_from(&self.0.root_cert);
        config.accept_invalid_certs = self.0.accept_invalid_certs;
        config.auth_info.token = Some(access.token.clone().into());
        Client::try_from(config)
    }
}

/// A fleet of one cluster on a real API server, by its administrator's settings.
pub async fn real_fleet(config: kube::Config, memory: &Memory) -> LocalFleet {
    let client = Client::try_from(config.clone()).unwrap();
    let mut options = LocalOptions::default();
    options.connect = Some(Arc::new(Real(config)));
    LocalFleet::single(Endpoint::of(client), Arc::new(memory.clone()), options)
        .await
        .unwrap()
}
