//! `fleet explain`: why a bundle reaches a cluster, or does not.

use std::{io::Write, path::PathBuf};

use anyhow::{Result, bail};
use clap::Args;
use fleet_core::target::{BundleView, explain};

use super::bundle::{InventoryFlags, read_bundles};
use super::output::{self, Output};

/// Explain which target of a bundle matches a cluster, and why those before it do not.
#[derive(Args, Clone, Debug)]
pub struct ExplainCommand {
    /// File with Bundles, as `fleet apply -o` prints them.
    #[arg(short, long, value_name = "FILE")]
    pub bundle_file: PathBuf,
    /// The clusters.
    #[command(flatten)]
    pub inventory: InventoryFlags,
    /// Name of the bundle, where the file has several.
    #[arg(long)]
    pub bundle: Option<String>,
    /// Clusters by name, or by namespace/name; all that the inventory has by default.
    #[arg(value_name = "CLUSTER")]
    pub clusters: Vec<String>,
    /// What is printed.
    #[arg(short, long, value_enum, default_value = "text")]
    pub output: Output,
}

impl ExplainCommand {
    /// Prints an explanation for each bundle and cluster.
    pub fn run(&self, out: &mut dyn Write) -> Result<()> {
        let estate = self.inventory.read()?;
        let mut bundles = read_bundles(&self.bundle_file)?;
        if let Some(name) = &self.bundle {
            bundles.retain(|bundle| bundle.name == *name);
            if bundles.is_empty() {
                bail!("there is no bundle {name:?} in {}", self.bundle_file.display());
            }
        }
        let mut explanations = Vec::new();
        for bundle in &bundles {
            let view = BundleView::new(&bundle.namespace, &bundle.name, &bundle.spec).with_labels(&bundle.labels);
            for (namespace, name) in self.clusters(&bundle.namespace, &estate) {
                explanations.push(explain(&view, &estate, &namespace, &name)?);
            }
        }
        match self.output {
            Output::Json => output::json(out, &explanations)?,
            Output::Yaml => output::yaml(out, &explanations)?,
            Output::Text => {
                for explanation in &explanations {
                    writeln!(out, "{}", explanation.to_string().trim_end())?;
                }
            }
        }
        Ok(())
    }

    fn clusters(&self, bundle_namespace: &str, estate: &fleet_core::target::Estate) -> Vec<(String, String)> {
        if self.clusters.is_empty() {
            let all = estate
                .clusters
                .iter()
                .filter(|cluster| cluster.namespace == bundle_namespace);
            return all
                .map(|cluster| (cluster.namespace.clone(), cluster.name.clone()))
                .collect();
        }
        self.clusters
            .iter()
            .map(|given| match given.split_once('/') {
                Some((namespace, name)) => (namespace.to_owned(), name.to_owned()),
                None => (bundle_namespace.to_owned(), given.clone()),
            })
            .collect()
    }
}
