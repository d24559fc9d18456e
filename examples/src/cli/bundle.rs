//! Bundles and inventories as files, for the commands that work on them.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Args;
use fleet_core::{api::BundleSpec, labels::Labels, object, target::Estate, yaml};
use serde::Deserialize as _;

use super::hub;

/// A Bundle object.
#[derive(Clone, Debug, Default)]
pub struct BundleFile {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its labels.
    pub labels: Labels,
    /// Its spec.
    pub spec: BundleSpec,
}

/// Reads the Bundles of a YAML file; a file without any is an error.
pub fn read_bundles(file: &Path) -> Result<Vec<BundleFile>> {
    let text = read(file)?;
    let mut bundles = Vec::new();
    for object in yaml::read_all(&text).with_context(|| format!("error converting YAML to JSON: {}", file.display()))? {
        if object::kind(&object) != "Bundle" {
            continue;
        }
        let name = object::name(&object).to_owned();
        let reading = || format!("reading Bundle {name} of {}", file.display());
        bundles.push(BundleFile {
            namespace: object::namespace(&object).to_owned(),
            labels: Option::deserialize(&object["metadata"]["labels"])
                .with_context(reading)?
                .unwrap_or_default(),
            spec: BundleSpec::deserialize(&object["spec"]).with_context(reading)?,
            name,
        });
    }
    if bundles.is_empty() {
        bail!("failed to read bundle from file, bundle is empty: {}", file.display());
    }
    Ok(bundles)
}

/// Where the clusters are listed.
#[derive(Args, Clone, Debug, Default)]
pub struct InventoryFlags {
    /// File with the clusters, groups, mappings and namespaces; without it, the hub is asked.
    #[arg(long, value_name = "FILE")]
    pub inventory: Option<PathBuf>,
    /// Kubeconfig of the hub [default: KUBECONFIG, the cluster's own, ~/.kube/config].
    #[arg(long, value_name = "FILE", conflicts_with = "inventory")]
    pub kubeconfig: Option<PathBuf>,
}

impl InventoryFlags {
    /// Reads Cluster, ClusterGroup, BundleNamespaceMapping and Namespace objects.
    pub fn read(&self) -> Result<Estate> {
        if let Some(file) = &self.inventory {
            return Estate::from_yaml(&read(file)?).with_context(|| file.display().to_string());
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let objects = runtime.block_on(async {
            let client = crate::service::client(self.kubeconfig.as_ref()).await?;
            hub::inventory(&client).await
        });
        let objects = objects.context("reading the clusters of the hub; --inventory FILE takes them from a file")?;
        Ok(Estate::from_objects(&objects)?)
    }
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => anyhow!("open {}: no such file or directory", file.display()),
        _ => anyhow!(error).context(format!("reading {}", file.display())),
    })
}
