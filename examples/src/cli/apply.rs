//! `fleet apply`: the bundles of a folder, printed (`-o FILE|-`). It needs no cluster and no kubeconfig.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Args, ValueEnum};
use fleet_core::{
    api::{BundlePath, CorrectDrift},
    diagnostic::Diagnostic,
    parallel,
    scan::{Duplicates, ImageScan, ScanError, ScanOptions, Scanned, read_targets, scan},
    tree::Tree,
    yaml,
};
use fleet_git::local::LocalRepository;
use serde_json::Value;

use super::{folder, logging::LoggingFlags};

/// How many bundles are worth a thread that prints them.
const BUNDLES_OF_A_THREAD: usize = 32;

/// Make bundles of folders, with the options of upstream's `fleet apply`.
#[derive(Args, Clone, Debug)]
#[command(disable_help_flag = false)]
pub struct ApplyCommand {
    /// Name that the bundles' names begin with: the GitRepo's.
    #[arg(value_name = "BUNDLE_NAME")]
    pub name: Option<String>,
    /// Folders, or shell patterns that name folders, relative to the working folder.
    #[arg(value_name = "PATH")]
    pub paths: Vec<String>,
    /// Print to a file, or to standard output (`-`).
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<String>,
    /// What is printed: YAML documents, or JSON objects one a line.
    #[arg(long, value_enum, default_value = "yaml")]
    pub format: Format,
    /// Namespace of the bundles.
    #[arg(short, long, env = "NAMESPACE", default_value = "fleet-local")]
    pub namespace: String,
    /// Name of the options file in every folder, in place of fleet.yaml.
    #[arg(short, long, value_name = "FILE")]
    pub bundle_file: Option<String>,
    /// File with a Bundle, which upstream cannot read; an error here too.
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Labels of the bundles: `key=value[,key=value]`, repeatable.
    #[arg(short, long = "label", value_name = "KEY=VALUE", value_delimiter = ',')]
    pub labels: Vec<String>,
    /// File with `targets` and `targetRestrictions` for all bundles.
    #[arg(long, value_name = "FILE")]
    pub targets_file: Option<PathBuf>,
    /// Compress all resources.
    #[arg(short, long)]
    pub compress: bool,
    /// Service account, in place of fleet.yaml's.
    #[arg(short = 'a', long, default_value = "")]
    pub service_account: String,
    /// A number whose change deploys anew.
    #[arg(long, default_value_t = 0)]
    pub sync_generation: i64,
    /// Namespace of everything that is deployed.
    #[arg(long, default_value = "")]
    pub target_namespace: String,
    /// Create the bundles paused.
    #[arg(long)]
    pub paused: bool,
    /// Keep resources when a bundle goes.
    #[arg(long)]
    pub keep_resources: bool,
    /// Delete the namespace when a bundle goes.
    #[arg(long)]
    pub delete_namespace: bool,
    /// Correct drift of deployed resources.
    #[arg(long)]
    pub correct_drift: bool,
    /// Correct drift by replacing; only together with --correct-drift.
    #[arg(long)]
    pub correct_drift_force: bool,
    /// Keep the history of failed corrections; only together with --correct-drift.
    #[arg(long)]
    pub correct_drift_keep_fail_history: bool,
    /// Commit, for a label [default: HEAD of the repository around the working folder, where there is one].
    #[arg(long, env = "COMMIT")]
    pub commit: Option<String>,
    /// Take each path as one bundle: `FOLDER` or `FOLDER:OPTIONS_FILE`.
    #[arg(long)]
    pub driven_scan: bool,
    /// What parts folder and options file of a driven scan.
    #[arg(long, default_value = ":")]
    pub driven_scan_sep: String,
    /// Print the ImageScans of bundles too.
    #[arg(long)]
    pub imagescan_enabled: bool,
    /// What upstream has beside.
    #[command(flatten)]
    pub accepted: AcceptedFlags,
    /// What upstream's logging has.
    #[command(flatten)]
    pub logging: LoggingFlags,
}

/// Flags of upstream that concern the hub, or charts from elsewhere. They are taken, so that a command line of upstream's runs,
/// and change nothing: the hub is not asked, and a folder whose chart must be fetched fails.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Taken and without effect here (no hub is asked, no chart is fetched)")]
pub struct AcceptedFlags {
    /// Kubeconfig of the hub.
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// User's name for charts.
    #[arg(long, env = "HELM_USERNAME")]
    pub username: Option<String>,
    /// File with the password for charts.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// File with certificates to trust for charts.
    #[arg(long, value_name = "FILE")]
    pub cacerts_file: Option<PathBuf>,
    /// File with a private key for charts.
    #[arg(long, value_name = "FILE")]
    pub ssh_privatekey_file: Option<PathBuf>,
    /// Addresses of charts that get credentials.
    #[arg(long, value_name = "REGEX")]
    pub helm_repo_url_regex: Option<String>,
    /// File with credentials by folder.
    #[arg(long, value_name = "FILE")]
    pub helm_credentials_by_path_file: Option<PathBuf>,
    /// Talk to registries by plain http.
    #[arg(long)]
    pub helm_basic_http: bool,
    /// Accept any certificate of chart repositories.
    #[arg(long)]
    pub helm_insecure_skip_tls: bool,
    /// Secret with access to a registry for contents.
    #[arg(long, value_name = "NAME")]
    pub oci_registry_secret: Option<String>,
    /// Bundles that are made at a time.
    #[arg(long, env = "FLEET_BUNDLE_CREATION_MAX_CONCURRENCY", default_value = "4")]
    pub bundle_creation_max_concurrency: String,
}

/// How objects are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// YAML documents, parted by `---`.
    Yaml,
    /// JSON, one object a line.
    Json,
}

impl ApplyCommand {
    /// Scans, and prints to `out` or to the file of `--output`; reports go to `reports`.
    pub fn run(&self, out: &mut dyn Write, reports: &mut dyn Write) -> Result<()> {
        let scanned = self.scan(Path::new("."), reports)?;
        let text = self.print(&scanned)?;
        match self.output.as_deref() {
            None | Some("-") => out.write_all(text.as_bytes())?,
            Some(file) => {
                if let Some(parent) = Path::new(file).parent() {
                    fs::create_dir_all(parent).with_context(|| format!("creating {}", parent.display()))?;
                }
                fs::write(file, text).with_context(|| format!("writing {file}"))?;
            }
        }
        Ok(())
    }

    /// Scans the paths of the folder; the first failure is an error, as upstream's.
    pub fn scan(&self, root: &Path, reports: &mut dyn Write) -> Result<Scanned> {
        if let Some(file) = &self.file {
            if self.name.is_none() || !self.paths.is_empty() {
                bail!("the bundle name is required as the first argument");
            }
            bail!(
                "--file {}: a Bundle is not read from a file; give its folder instead",
                file.display()
            );
        }
        let Some(name) = &self.name else {
            bail!("at least one argument is required: BUNDLE_NAME");
        };
        let mut diagnostics = Vec::new();
        let options = self.options(root, &mut diagnostics)?;
        let mut scanned = scan(&self.tree(root, &options)?, name, &options).finish();
        // A values file may lie outside of the paths that were read.
        if scanned
            .failures
            .iter()
            .any(|failure| matches!(failure.error, ScanError::ValuesFile { .. }))
        {
            scanned = scan(&folder::read(root)?, name, &options).finish();
        }
        diagnostics.extend(scanned.diagnostics.iter().cloned());
        for diagnostic in &diagnostics {
            writeln!(reports, "{diagnostic}")?;
        }
        match scanned.failures.first() {
            Some(failure) => Err(anyhow!(failure.error.clone())),
            None => Ok(scanned),
        }
    }

    fn tree(&self, root: &Path, options: &ScanOptions) -> Result<Tree> {
        let mut names: Vec<&str> = Vec::new();
        for path in options
            .paths
            .iter()
            .chain(options.bundles.iter().map(|bundle| &bundle.base))
        {
            let path = path.trim_start_matches('/');
            let path = path.strip_prefix("./").unwrap_or(path);
            let first = path.split('/').next().unwrap_or_default();
            if first.is_empty() || first == "." || path.contains("..") || fleet_core::tree::glob::is_pattern(first) {
                return folder::read(root);
            }
            names.push(first);
        }
        names.sort_unstable();
        names.dedup();
        folder::read_some(root, &names)
    }

    fn options(&self, root: &Path, diagnostics: &mut Vec<Diagnostic>) -> Result<ScanOptions> {
        let mut options = ScanOptions::default();
        let paths = if self.paths.is_empty() {
            vec![".".to_owned()]
        } else {
            self.paths.clone()
        };
        if self.driven_scan {
            options.bundles = paths.iter().map(|path| self.driven(path)).collect::<Result<_>>()?;
        } else {
            options.paths = paths;
        }
        options.namespace.clone_from(&self.namespace);
        options.options_file.clone_from(&self.bundle_file);
        options.labels = labels(&self.labels)?;
        options.commit = match &self.commit {
            Some(commit) => commit.clone(),
            None => LocalRepository::discover(root)
                .ok()
                .and_then(|found| found.head)
                .map(|head| head.to_string())
                .unwrap_or_default(),
        };
        options.service_account.clone_from(&self.service_account);
        options.target_namespace.clone_from(&self.target_namespace);
        options.paused = self.paused;
        options.keep_resources = self.keep_resources;
        options.delete_namespace = self.delete_namespace;
        options.correct_drift = self.correct_drift.then_some(CorrectDrift {
            enabled: true,
            force: self.correct_drift_force,
            keep_fail_history: self.correct_drift_keep_fail_history,
        });
        options.force_sync_generation = self.sync_generation;
        options.compress = self.compress;
        options.image_scans = self.imagescan_enabled;
        options.duplicates = Duplicates::Keep;
        if let Some(file) = &self.targets_file {
            let name = file.display().to_string();
            let content = fs::read(file).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => anyhow!("open {name}: no such file or directory"),
                _ => anyhow!(error).context(format!("open {name}")),
            })?;
            let (targets, more) = read_targets(&name, &content)?;
            diagnostics.extend(more);
            options.targets = Some(targets);
        }
        Ok(options)
    }

    fn driven(&self, path: &str) -> Result<BundlePath> {
        let mut parts = path.split(self.driven_scan_sep.as_str());
        let bundle = BundlePath {
            base: parts.next().unwrap_or_default().to_owned(),
            options: parts.next().unwrap_or_default().to_owned(),
        };
        if parts.next().is_some() {
            bail!("invalid bundle path: {path:?}");
        }
        Ok(bundle)
    }

    /// The bundles by name, each followed by its ImageScans.
    fn print(&self, scanned: &Scanned) -> Result<String> {
        let mut image_scans: BTreeMap<&str, Vec<&ImageScan>> = BTreeMap::new();
        for scan in &scanned.image_scans {
            image_scans.entry(&scan.bundle).or_default().push(scan);
        }
        let texts = parallel::map(&scanned.bundles, BUNDLES_OF_A_THREAD, |bundle| {
            let mut text = self.encode(&bundle.name, &bundle.to_object())?;
            for scan in image_scans.get(&*bundle.name).into_iter().flatten() {
                text.push_str(self.separator());
                text.push_str(&self.encode(&scan.name, &scan.to_object())?);
            }
            Ok(text)
        });
        Ok(texts.into_iter().collect::<Result<Vec<_>>>()?.join(self.separator()))
    }

    /// What stands between two objects.
    fn separator(&self) -> &'static str {
        match self.format {
            Format::Json => "",
            Format::Yaml => "\n---\n",
        }
    }

    fn encode(&self, name: &str, object: &Value) -> Result<String> {
        match self.format {
            Format::Json => Ok(yaml::json::to_string(object) + "\n"),
            Format::Yaml => yaml::write(object).with_context(|| format!("failed to encode {name}")),
        }
    }
}

/// `key=value` pairs, as cobra's map flags read them.
pub(crate) fn labels(pairs: &[String]) -> Result<BTreeMap<String, String>> {
    pairs
        .iter()
        .map(|pair| match pair.split_once('=') {
            Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
            None => bail!("{pair} must be formatted as key=value"),
        })
        .collect()
}

/// The standard error stream, for programs that have no other place for reports.
pub fn standard_error() -> io::Stderr {
    io::stderr()
}
