//! What a build takes from elsewhere, fetched by fleet-git.

use anyhow::{Result, anyhow, bail};
use fleet_core::kustomize::{BuildOptions, Files, RemoteResource, Supplied, needs_from};
use fleet_git::{Git, bases};

/// How often what was fetched may ask for more: a bound on chains.
const MAX_ROUNDS: usize = 64;

/// Fetches what is missing, and what that needs, into the options.
///
/// # Errors
/// When something cannot be fetched.
pub fn supply_missing(files: &dyn Files, folder: &str, options: &mut BuildOptions<'_>) -> Result<()> {
    for _ in 0..MAX_ROUNDS {
        let missing = needs_from(files, folder, options)?;
        if missing.is_empty() {
            return Ok(());
        }
        for resource in missing {
            let supplied = fetch(&resource)?;
            options.remote.insert(resource.entry, supplied);
        }
    }
    bail!("remote resources need further ones more than {MAX_ROUNDS} times")
}

/// Fetches one entry.
///
/// # Errors
/// When it cannot be fetched.
pub fn fetch(resource: &RemoteResource) -> Result<Supplied> {
    let source = Git::builder().local_repositories(true).ambient_ssh(true).build()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let supplied = runtime.block_on(bases::supply(&source, resource));
    supplied.map_err(|error| anyhow!("fetching '{}': {error}", resource.entry))
}
