//! `fleet up`: from a git repository to running deployments, with nothing else there.

mod progress;
mod repository;
mod serve;

use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use fleet_core::api::{self, CorrectDrift, GitRepo, GitRepoSpec, GitTarget, LabelSelector};
use fleet_kube::kube::api::{Api, PostParams};
use fleet_kube::local::{self, Endpoint, Inventory, LocalFleet, LocalOptions, Report};

use super::output;
use progress::Progress;
use repository::Repository;

/// Deploy a git repository to a hub and clusters that run inside of this program.
///
/// No cluster, no network and no configuration are needed. The clusters are embedded API servers that simulate workloads:
/// Deployments and the like become ready, no pod runs.
#[derive(Args, Clone, Debug)]
pub struct UpCommand {
    /// Folder of a git repository, or the URL of one (file, http, https, ssh).
    #[arg(value_name = "REPOSITORY", default_value = ".")]
    pub repository: String,
    /// Branch [default: the branch of HEAD].
    #[arg(long)]
    pub branch: Option<String>,
    /// Commit or tag, in place of a branch.
    #[arg(long, conflicts_with = "branch")]
    pub revision: Option<String>,
    /// Folder to scan, or a shell pattern; repeatable [default: `paths` of .fleet-up.yaml at the repository's root, else `.`].
    #[arg(long = "path", value_name = "PATH")]
    pub paths: Vec<String>,
    /// Name of the GitRepo [default: the folder's name].
    #[arg(long)]
    pub name: Option<String>,
    /// Clusters, ClusterGroups, BundleNamespaceMappings and Namespaces, as `kubectl get -o yaml` prints them
    /// [default: clusters dev, test and prod with a label env].
    #[arg(long, value_name = "FILE", conflicts_with = "single")]
    pub inventory: Option<PathBuf>,
    /// Single-cluster style: manager and agent in one cluster.
    #[arg(long)]
    pub single: bool,
    /// Set manual changes of deployed objects back.
    #[arg(long)]
    pub correct_drift: bool,
    /// Stay up: serve hub and clusters on loopback, write a kubeconfig, deploy new commits.
    #[arg(long)]
    pub serve: bool,
    /// Where --serve writes the kubeconfig [default: fleet-up-NAME.kubeconfig in the folder for temporary files].
    #[arg(long, value_name = "FILE", requires = "serve")]
    pub kubeconfig: Option<PathBuf>,
    /// Longest time to wait: `90s`, `5m`, or a number of seconds.
    #[arg(long, default_value = "60s", value_parser = timeout)]
    pub timeout: Duration,
    /// How the outcome is printed.
    #[arg(short, long, value_enum, default_value = "table")]
    pub output: Output,
}

/// How an outcome is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// A table for people.
    Table,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

impl UpCommand {
    /// Runs until everything is ready or failed, or until it is ended. 0 is ready, 1 is not.
    ///
    /// # Errors
    /// What kept the fleet from starting.
    pub fn run(&self, out: &mut dyn Write) -> Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let code = runtime.block_on(self.up(out));
        // Whatever still runs is simulated; nothing is lost with it.
        runtime.shutdown_timeout(Duration::from_millis(200));
        code
    }

    async fn up(&self, out: &mut dyn Write) -> Result<ExitCode> {
        let repository = Repository::find(self).await?;
        let inventory = match &self.inventory {
            Some(file) => {
                let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
                Inventory::parse(&text).with_context(|| format!("reading {}", file.display()))?
            }
            None if self.single => Inventory::single(),
            None => Inventory::example(),
        };
        let workspace = inventory.workspace();
        let mut progress = Progress::new(self.output == Output::Table);
        progress.say(&format!(
            "{} at {} on {} embedded clusters, which simulate workloads: Deployments become ready, no pod runs",
            repository.name,
            repository.what(),
            inventory.clusters.len()
        ));
        let source = Arc::new(repository.source.clone());
        let fleet = if self.single {
            LocalFleet::single(Endpoint::embedded(), source, LocalOptions::default()).await?
        } else {
            LocalFleet::embedded(inventory, source, LocalOptions::default()).await?
        };
        let hub = fleet.hub().client.clone();
        let repo = self.git_repo(&repository, &workspace);
        let repos: Api<GitRepo> = Api::namespaced(hub.clone(), &workspace);
        repos
            .create(&PostParams::default(), &repo)
            .await
            .context("creating the GitRepo")?;

        let mut last = Report::default();
        let settled = local::follow(&hub, &workspace, &repository.name, |report| {
            progress.show(&report);
            last = report;
            if last.settled {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        let interrupted = tokio::select! {
            settled = tokio::time::timeout(self.timeout, settled) => {
                match settled {
                    Ok(settled) => settled?,
                    Err(_) => progress.say(&format!("not settled after {:?} (--timeout)", self.timeout)),
                }
                false
            }
            _ = tokio::signal::ctrl_c() => true,
        };
        progress.end();
        if !interrupted {
            print(out, &last, self.output)?;
        }
        if self.serve && !interrupted {
            serve::stay(&fleet, self, &repository.name, &workspace, &mut progress).await?;
        }
        let ready = last.ready;
        fleet.stop().await;
        Ok(if ready && !interrupted {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    fn git_repo(&self, repository: &Repository, workspace: &str) -> GitRepo {
        let mut target = GitTarget::default();
        "all".clone_into(&mut target.name);
        target.cluster_selector = Some(LabelSelector::default());
        let spec = GitRepoSpec {
            repo: repository.address.clone(),
            branch: repository.branch.clone().unwrap_or_default(),
            revision: repository.revision.clone().unwrap_or_default(),
            paths: repository.paths.clone(),
            targets: vec![target],
            polling_interval: Some(api::Duration::from_seconds(1)),
            correct_drift: self.correct_drift.then(|| CorrectDrift {
                enabled: true,
                ..CorrectDrift::default()
            }),
            ..GitRepoSpec::default()
        };
        let mut repo = GitRepo::new(&repository.name, spec);
        repo.metadata.namespace = Some(workspace.to_owned());
        repo
    }
}

/// A duration as kubectl and helm take it, or seconds.
fn timeout(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    let duration: api::Duration = text.parse().map_err(|error| format!("{error}"))?;
    duration.to_std().ok_or_else(|| "it is negative".to_owned())
}

fn print(out: &mut dyn Write, report: &Report, output: Output) -> Result<()> {
    match output {
        Output::Table => progress::table(out, report)?,
        Output::Json => output::json(out, report)?,
        Output::Yaml => output::yaml(out, report)?,
    }
    Ok(())
}
