//! `fleet up --serve`: hub and clusters on loopback until Ctrl-C, with a kubeconfig for each.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use fleet_kube::embedded::{self, ApiServer, Identity, Served};
use fleet_kube::local::{self, LocalFleet};

use super::UpCommand;
use super::progress::Progress;

pub(super) async fn stay(
    fleet: &LocalFleet,
    command: &UpCommand,
    name: &str,
    workspace: &str,
    progress: &mut Progress,
) -> Result<()> {
    let mut contexts = Vec::new();
    let mut served = Vec::new();
    if let Some(server) = &fleet.hub().server {
        served.push(open("hub", server, &mut contexts).await?);
    }
    for member in fleet.members() {
        // In single-cluster style the hub is the cluster.
        if let Some(server) = member.endpoint.server.as_ref().filter(|_| !command.single) {
            served.push(open(&member.name, server, &mut contexts).await?);
        }
    }
    let file = command
        .kubeconfig
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("fleet-up-{name}.kubeconfig")));
    write_private(&file, &embedded::kubeconfig(&contexts)).with_context(|| format!("writing {}", file.display()))?;
    progress.say(&format!(
        "serving contexts {}; new commits are deployed; Ctrl-C ends it",
        names(&contexts)
    ));
    progress.say(&format!("  export KUBECONFIG={}", file.display()));
    progress.say("  kubectl --context hub get gitrepos,bundles,bundledeployments,clusters.fleet.cattle.io -A");
    let hub = fleet.hub().client.clone();
    let follow = local::follow(&hub, workspace, name, |report| {
        progress.show(&report);
        ControlFlow::<()>::Continue(())
    });
    tokio::select! {
        followed = follow => followed?,
        _ = tokio::signal::ctrl_c() => {}
    }
    progress.end();
    for server in served {
        server.shutdown().await;
    }
    // Its tokens are worth nothing any more.
    let _ = std::fs::remove_file(&file);
    Ok(())
}

fn names(contexts: &[embedded::Context]) -> String {
    contexts
        .iter()
        .map(|context| context.name.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

async fn open(name: &str, server: &ApiServer, contexts: &mut Vec<embedded::Context>) -> Result<Served> {
    let served = server.serve(([127, 0, 0, 1], 0).into()).await?;
    let token = server.token(&Identity::admin());
    contexts.push(embedded::Context::new(name, served.url(), token));
    Ok(served)
}

/// Writes a file that only its owner may read, in one step.
fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    let mut draft = PathBuf::from(file);
    draft.set_extension("kubeconfig.new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    std::io::Write::write_all(&mut options.open(&draft)?, text.as_bytes())?;
    std::fs::rename(draft, file)
}
