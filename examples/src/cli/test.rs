//! `fleet test`: what a folder's bundle renders to on a cluster of given labels, without any cluster.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Result, anyhow, bail};
use clap::Args;
use fleet_core::{
    api::{BundleDeploymentOptions, BundlePath, BundleSpec},
    render::{BundleContent, RenderContext, render},
    scan::{ScanOptions, scan},
    target::{ClusterView, GroupView, Matcher, merge},
    yaml,
};
use serde_json::Value;

use super::{apply::labels, bundle::read_bundles, folder};

/// Render a folder for a cluster, as upstream's deprecated `fleet test` does.
#[derive(Args, Clone, Debug)]
pub struct TestCommand {
    /// Folder with the bundle.
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// Options file in the folder, in place of fleet.yaml.
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<String>,
    /// File with a Bundle, in place of a folder.
    #[arg(short, long, value_name = "FILE")]
    pub bundle_file: Option<PathBuf>,
    /// Print the objects only.
    #[arg(short, long)]
    pub quiet: bool,
    /// Cluster group of the cluster; `default` where nothing else is given.
    #[arg(short, long, default_value = "")]
    pub group: String,
    /// Name of the cluster.
    #[arg(short = 'N', long, default_value = "")]
    pub name: String,
    /// Labels of the cluster: `key=value[,key=value]`, repeatable.
    #[arg(short, long = "label", value_name = "KEY=VALUE", value_delimiter = ',')]
    pub labels: Vec<String>,
    /// Labels of the cluster group.
    #[arg(short = 'L', long = "group-label", value_name = "KEY=VALUE", value_delimiter = ',')]
    pub group_labels: Vec<String>,
    /// Take the target of this name, whatever it matches.
    #[arg(short, long, default_value = "")]
    pub target: String,
}

impl TestCommand {
    /// Prints the objects to `out`, and which target matched to `reports`.
    pub fn run(&self, out: &mut dyn Write, reports: &mut dyn Write) -> Result<()> {
        let (name, spec) = match &self.bundle_file {
            Some(file) => {
                let bundle = read_bundles(file)?.remove(0);
                (bundle.name, bundle.spec)
            }
            None => ("test".to_owned(), self.scan(reports)?),
        };
        let (matched, options) = self.options(&spec)?;
        if !self.quiet {
            writeln!(reports, "# Matched: {matched}")?;
        }
        let rendered = render(
            &name,
            &BundleContent::from_resources(&spec.resources)?,
            &options,
            &RenderContext::dry_run(),
        )?;
        if !self.quiet {
            for warning in &rendered.warnings {
                writeln!(reports, "{warning}")?;
            }
        }
        let objects = rendered.objects.into_iter().chain(rendered.hook_objects);
        let documents: Vec<String> = objects.map(document).collect::<Result<_, _>>()?;
        out.write_all(documents.join("\n---\n").as_bytes())?;
        Ok(())
    }

    fn scan(&self, reports: &mut dyn Write) -> Result<BundleSpec> {
        let mut options = ScanOptions::default();
        // One folder, whatever lies below it.
        options.bundles = vec![BundlePath {
            base: String::new(),
            options: self.file.clone().unwrap_or_default(),
        }];
        let tree = folder::read(Path::new(&self.folder))?;
        let mut scanned = scan(&tree, "test", &options).finish();
        for diagnostic in scanned.diagnostics.iter().filter(|_| !self.quiet) {
            writeln!(reports, "{diagnostic}")?;
        }
        if let Some(failure) = scanned.failures.pop() {
            return Err(anyhow!(failure.error));
        }
        let bundle = scanned
            .bundles
            .pop()
            .ok_or_else(|| anyhow!("no bundle in {}", self.folder.display()))?;
        Ok(BundleSpec::clone(&bundle.spec))
    }

    /// The first target that matches, and the options merged with its own; values are not templated.
    fn options(&self, spec: &BundleSpec) -> Result<(String, BundleDeploymentOptions)> {
        let found = if self.target.is_empty() {
            let nothing = self.group.is_empty() && self.labels.is_empty() && self.group_labels.is_empty();
            let name = if nothing { "default" } else { &self.group };
            let cluster = ClusterView::new("", &self.name).with_labels(labels(&self.labels)?);
            let mut group = GroupView::default();
            name.clone_into(&mut group.name);
            group.labels = labels(&self.group_labels)?;
            let matcher = Matcher::new(spec)?;
            matcher
                .targets()
                .iter()
                .position(|(criteria, _)| criteria.matches(&cluster, &[&group]))
        } else {
            spec.targets.iter().position(|target| target.name == self.target)
        };
        let Some(target) = found.map(|index| &spec.targets[index]) else {
            bail!("no match found")
        };
        if target.do_not_deploy {
            bail!("no match found");
        }
        Ok((target.name.clone(), merge::merge(&spec.options, &target.options)))
    }
}

/// An object without its status, which this command does not print.
fn document(mut object: Value) -> Result<String> {
    if let Some(map) = object.as_object_mut() {
        map.remove("status");
    }
    Ok(yaml::write(&object)?)
}
