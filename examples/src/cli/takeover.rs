//! `fleet takeover`: what would be deployed again if this manager took the place of another one on a hub.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Args;
use fleet_core::{
    api::{BundleSpec, GitRepoSpec},
    labels::Labels,
    object,
    scan::{ScanOptions, scan},
    target::takeover::{Effect, Takeover, takeover},
    tree::archive::{ArchiveLimits, read_tar_gz},
    yaml,
};
use fleet_kube::kube::Client;
use serde::Deserialize as _;
use serde_json::Value;

use super::output::{self, Output};
use super::{folder, hub};

/// Say which deployments of a hub would change their ID, and why, if this manager took the hub over.
///
/// It reads a hub by its kubeconfig and writes nothing; or, with --file, a dump of one:
///
/// kubectl get -A -o yaml namespaces,secrets,$(kubectl api-resources --api-group fleet.cattle.io -o name | paste -sd,) > hub.yaml
///
/// It ends with 0 where every deployment stays as it is, 3 where one does not, 1 where that cannot be found out.
#[derive(Args, Clone, Debug)]
pub struct TakeoverCommand {
    /// Dump of a hub: YAML or JSON of objects or lists, or the archive that upstream's `fleet dump` writes; repeatable.
    #[arg(short, long = "file", value_name = "FILE", conflicts_with = "kubeconfig")]
    pub files: Vec<PathBuf>,
    /// Kubeconfig of the hub [default: KUBECONFIG, the cluster's own, ~/.kube/config].
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// A GitRepo of the hub, and a folder with its repository at the commit to take over: its bundles are scanned anew, as the
    /// manager would; repeatable.
    #[arg(long = "git-repo", value_name = "NAMESPACE/NAME=FOLDER")]
    pub git_repos: Vec<String>,
    /// What is printed.
    #[arg(short, long, value_enum, default_value = "text")]
    pub output: Output,
}

impl TakeoverCommand {
    /// Prints the report; 0 where nothing would change, 3 where something would.
    pub fn run(&self, out: &mut dyn Write) -> Result<ExitCode> {
        let report = if self.files.is_empty() {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                self.of_hub(&crate::service::client(self.kubeconfig.as_ref()).await?)
                    .await
            })?
        } else {
            let mut objects = Vec::new();
            for file in &self.files {
                objects.extend(read(file)?);
            }
            self.compare(&objects)?
        };
        match self.output {
            Output::Text => write!(out, "{report}")?,
            Output::Yaml => output::yaml(out, &report)?,
            Output::Json => output::json(out, &report)?,
        }
        Ok(if report.changes.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(3)
        })
    }

    /// The report on the hub that a client talks to.
    pub async fn of_hub(&self, client: &Client) -> Result<Takeover> {
        let mut objects = hub::read(client).await?;
        let report = self.compare(&objects)?;
        // Contents are large: only those that differ are read, to say how.
        let differ = report.changes.iter().filter(|change| change.effect == Effect::Redeploy);
        let manifest = |id: &str| id.split(':').next().unwrap_or_default().to_owned();
        let contents: BTreeSet<String> = differ
            .filter(|change| manifest(&change.now) != manifest(&change.then))
            .map(|change| manifest(&change.now))
            .collect();
        if contents.is_empty() {
            return Ok(report);
        }
        objects.extend(hub::contents(client, &contents).await?);
        self.compare(&objects)
    }

    fn compare(&self, objects: &[Value]) -> Result<Takeover> {
        let mut replacements = BTreeMap::new();
        for given in &self.git_repos {
            replacements.extend(rescan(given, objects)?);
        }
        Ok(takeover(objects, &replacements, &Default::default())?)
    }
}

/// The bundles of a GitRepo, as a scan of a folder gives them now.
fn rescan(given: &str, objects: &[Value]) -> Result<BTreeMap<(String, String), BundleSpec>> {
    let parts = given
        .split_once('=')
        .and_then(|(repo, folder)| Some((repo.split_once('/')?, folder)));
    let Some(((namespace, name), root)) = parts else {
        bail!("--git-repo {given}: expected NAMESPACE/NAME=FOLDER");
    };
    let is_it = |object: &&Value| {
        object::kind(object) == "GitRepo" && object::namespace(object) == namespace && object::name(object) == name
    };
    let Some(found) = object::listed(objects).find(is_it) else {
        bail!("there is no GitRepo {namespace}/{name} in the hub");
    };
    let spec = GitRepoSpec::deserialize(&found["spec"]).with_context(|| format!("GitRepo {namespace}/{name}"))?;
    let labels: Option<Labels> = Option::deserialize(&found["metadata"]["labels"]).unwrap_or_default();
    let commit = object::text(found, "/status/commit");
    let options = ScanOptions::for_git_repo(name, namespace, &labels.unwrap_or_default(), &spec, commit);
    let scanned = scan(&folder::read(Path::new(root))?, name, &options).finish();
    if let Some(failure) = scanned.failures.first() {
        return Err(anyhow!(failure.error.clone()).context(format!("scanning {root}")));
    }
    let keyed = scanned.bundles.iter().map(|bundle| {
        let key = (bundle.namespace.to_string(), bundle.name.to_string());
        (key, BundleSpec::clone(&bundle.spec))
    });
    Ok(keyed.collect())
}

fn read(file: &Path) -> Result<Vec<Value>> {
    let name = file.display();
    let bytes = fs::read(file).with_context(|| format!("reading {name}"))?;
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return objects(&bytes).with_context(|| format!("reading {name}"));
    }
    let mut limits = ArchiveLimits::default();
    (limits.total_bytes, limits.file_bytes, limits.entries) = (4 << 30, 64 << 20, 10_000_000);
    let mut found = Vec::new();
    for entry in read_tar_gz(&bytes, &limits).with_context(|| format!("reading {name}"))? {
        // The archive has events and metrics beside objects.
        let is_object = !entry.path.starts_with("events_") && !entry.path.starts_with("metrics_");
        if is_object {
            found.extend(objects(&entry.content).with_context(|| format!("reading {} of {name}", entry.path))?);
        }
    }
    Ok(found)
}

fn objects(bytes: &[u8]) -> Result<Vec<Value>> {
    Ok(yaml::read_all(&yaml::decode(bytes)?)?)
}
