//! The program `fleet-agent`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use clap::Parser;
use fleet_core::api::Duration;
use fleet_kube::agent::{self, AgentOptions, OverNetwork};

use crate::service;

/// Fleet's agent: registers its cluster, pulls its deployments, deploys them as Helm releases, watches and reports.
#[derive(Debug, Parser)]
#[command(name = "fleet-agent", version)]
struct Arguments {
    /// Kubeconfig of the agent's own cluster [default: KUBECONFIG, the cluster's own, ~/.kube/config].
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Namespace of the agent.
    #[arg(short, long, env = "NAMESPACE", default_value = "cattle-fleet-system")]
    namespace: String,
    /// Scope of the agent, where several share a cluster.
    #[arg(long, env = "AGENT_SCOPE", default_value = "")]
    agent_scope: String,
    /// Time between check-ins, such as 15m.
    #[arg(long, env = "CHECKIN_INTERVAL", default_value = "15m")]
    checkin_interval: String,
    /// Deployments that are worked on at a time.
    #[arg(long, env = "BUNDLEDEPLOYMENT_RECONCILER_WORKERS", default_value_t = 8)]
    workers: usize,
    /// Name of this pod.
    #[arg(long, env = "HOSTNAME", default_value = "", hide = true)]
    pod_name: String,
    /// Which conditions of which kinds are errors, as JSON.
    #[arg(
        long,
        env = "CATTLE_WRANGLER_CHECK_GVK_ERROR_MAPPING",
        default_value = "",
        hide = true
    )]
    error_mapping: String,
}

/// Runs the program of this process.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    service::run(serve(arguments))
}

async fn serve(arguments: Arguments) -> Result<()> {
    let interval: Duration = arguments
        .checkin_interval
        .parse()
        .map_err(|error| anyhow!("--checkin-interval: {error}"))?;
    let client = service::client(arguments.kubeconfig.as_ref()).await?;
    let mut options = AgentOptions::default();
    options.namespace = arguments.namespace;
    options.scope = arguments.agent_scope;
    options.workers = arguments.workers;
    options.pod_name = arguments.pod_name;
    options.error_mapping = arguments.error_mapping;
    if let Some(interval) = interval.to_std().filter(|interval| !interval.is_zero()) {
        options.check_in_interval = interval;
    }
    agent::run(client, Arc::new(OverNetwork), options, service::shutdown()).await?;
    Ok(())
}
