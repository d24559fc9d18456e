//! The program `fleet-manager`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::Parser;
use fleet_git::Git;
use fleet_kube::manager::{self, ManagerOptions};

use crate::service;

/// Fleet's manager: GitRepos to Bundles to BundleDeployments, registration of agents, roll-up of states.
#[derive(Debug, Parser)]
#[command(name = "fleet-manager", version)]
struct Arguments {
    /// Kubeconfig of the hub [default: KUBECONFIG, the cluster's own, ~/.kube/config].
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Namespace of the manager.
    #[arg(short, long, env = "NAMESPACE", default_value = "cattle-fleet-system")]
    namespace: String,
    /// URL under which agents reach the hub.
    #[arg(long, env = "API_SERVER_URL", default_value = "")]
    api_server_url: String,
    /// PEM file with the certificate authority of that URL.
    #[arg(long, env = "API_SERVER_CA_FILE", value_name = "FILE")]
    api_server_ca_file: Option<PathBuf>,
    /// Objects that are worked on at a time.
    #[arg(long, default_value_t = 8)]
    workers: usize,
    /// Delete registration tokens without a time to live.
    #[arg(long, env = "FLEET_REGISTRATION_TOKEN_TTL_REQUIRED")]
    registration_token_ttl_required: bool,
    /// Folder for fetched repositories [default: one that vanishes].
    #[arg(long, value_name = "FOLDER")]
    cache: Option<PathBuf>,
}

/// Runs the program of this process.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    service::run(serve(arguments))
}

async fn serve(arguments: Arguments) -> Result<()> {
    let client = service::client(arguments.kubeconfig.as_ref()).await?;
    let mut git = Git::builder();
    if let Some(cache) = arguments.cache {
        git = git.cache_directory(cache);
    }
    let mut options = ManagerOptions::default();
    options.system_namespace = arguments.namespace;
    options.api_server_url = arguments.api_server_url;
    options.workers = arguments.workers;
    options.registration_token_ttl_required = arguments.registration_token_ttl_required;
    if let Some(file) = arguments.api_server_ca_file {
        options.api_server_ca =
            std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
    }
    manager::prepare(&client, &options).await?;
    tracing::info!("the hub is prepared");
    manager::run(client, Arc::new(git.build()?), options, service::shutdown()).await?;
    Ok(())
}
