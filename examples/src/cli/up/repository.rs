//! Which repository `fleet up` means, at which commit, and which of its folders.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use fleet_core::source::{RepositoryUrl, Source, SourceReference};
use fleet_core::yaml;
use fleet_git::Git;
use fleet_git::local::LocalRepository;
use serde::Deserialize;

use super::UpCommand;

/// File at a repository's root with the defaults of `fleet up`.
const SETTINGS: &str = ".fleet-up.yaml";

/// A repository that was found.
pub(super) struct Repository {
    pub(super) address: String,
    pub(super) name: String,
    pub(super) branch: Option<String>,
    pub(super) revision: Option<String>,
    pub(super) paths: Vec<String>,
    pub(super) source: Git,
}

/// What `.fleet-up.yaml` may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// Folders to scan.
    paths: Vec<String>,
}

impl Repository {
    pub(super) async fn find(command: &UpCommand) -> Result<Self> {
        let source = Git::builder().local_repositories(true).ambient_ssh(true).build()?;
        let path = Path::new(&command.repository);
        let is_url =
            command.repository.contains("://") || (!path.exists() && RepositoryUrl::parse(&command.repository).is_ok());
        let mut repository = if is_url {
            Self::remote(command, source).await?
        } else {
            Self::local(command, path, source)?
        };
        if let Some(name) = &command.name {
            repository.name.clone_from(name);
        }
        if repository.paths.is_empty() {
            repository.paths = repository.default_paths().await?;
        }
        Ok(repository)
    }

    fn local(command: &UpCommand, path: &Path, source: Git) -> Result<Self> {
        let found = LocalRepository::discover(path)?;
        let folder = std::fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
        if found.has_uncommitted_changes()? {
            #[allow(clippy::print_stderr)]
            {
                eprintln!(
                    "warning: {} has uncommitted changes; what is committed is deployed",
                    found.root.display()
                );
            }
        }
        let pinned = command.revision.is_some() || command.branch.is_some();
        let branch = command
            .branch
            .clone()
            .or_else(|| found.branch.clone().filter(|_| !pinned));
        let head = found.head.as_ref().map(ToString::to_string);
        let revision = command.revision.clone().or_else(|| head.filter(|_| branch.is_none()));
        if branch.is_none() && revision.is_none() {
            bail!("{} has no commit yet; commit something first", found.root.display());
        }
        // A folder inside of a repository means what is below it.
        let below = |path: &String| match (found.prefix.as_str(), path.as_str()) {
            ("", path) => path.to_owned(),
            (prefix, ".") => prefix.to_owned(),
            (prefix, path) => format!("{prefix}/{path}"),
        };
        let mut paths: Vec<String> = command.paths.iter().map(below).collect();
        if paths.is_empty() && !found.prefix.is_empty() {
            paths.push(found.prefix.clone());
        }
        Ok(Self {
            address: found.root.display().to_string(),
            name: release_name(&folder.file_name().unwrap_or_default().to_string_lossy()),
            branch,
            revision,
            paths,
            source,
        })
    }

    async fn remote(command: &UpCommand, source: Git) -> Result<Self> {
        let address = command.repository.clone();
        let branch = match (&command.branch, &command.revision) {
            (None, None) => Some(source.head_branch(&SourceReference::new(address.as_str())).await?),
            (branch, _) => branch.clone(),
        };
        let last = address
            .trim_end_matches('/')
            .rsplit(['/', ':'])
            .next()
            .unwrap_or_default();
        let name = release_name(last.trim_end_matches(".git"));
        Ok(Self {
            address,
            name,
            branch,
            revision: command.revision.clone(),
            paths: command.paths.clone(),
            source,
        })
    }

    /// The paths that the repository itself names, at the commit that is deployed.
    async fn default_paths(&self) -> Result<Vec<String>> {
        let mut reference = SourceReference::new(self.address.as_str());
        reference.branch.clone_from(&self.branch);
        reference.revision.clone_from(&self.revision);
        let revision = self
            .source
            .resolve(&reference)
            .await
            .with_context(|| self.address.clone())?;
        let tree = self
            .source
            .tree(&reference, &revision)
            .await
            .with_context(|| self.address.clone())?;
        let Some(entry) = tree.get(SETTINGS) else {
            return Ok(vec![".".to_owned()]);
        };
        let text = std::str::from_utf8(&entry.content).with_context(|| format!("reading {SETTINGS}"))?;
        let value = yaml::read(text).map_err(|error| anyhow!("{SETTINGS}: {error}"))?;
        let settings: Settings = serde_json::from_value(value)
            .map_err(|error| anyhow!("{SETTINGS}: {error}; it may have the key paths, a list"))?;
        Ok(if settings.paths.is_empty() {
            vec![".".to_owned()]
        } else {
            settings.paths
        })
    }

    pub(super) fn what(&self) -> String {
        match (&self.branch, &self.revision) {
            (Some(branch), _) => format!("branch {branch}"),
            (None, Some(revision)) => format!("revision {revision}"),
            (None, None) => "HEAD".to_owned(),
        }
    }
}

/// A folder's name as the name of an object.
fn release_name(folder: &str) -> String {
    let name = fleet_core::naming::helm_release_name(folder);
    if folder.is_empty() {
        "repository".to_owned()
    } else {
        name
    }
}
