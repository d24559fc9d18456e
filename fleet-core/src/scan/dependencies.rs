//! Charts in a bundle's folder must be sound, and their dependencies there: Fleet runs `helm dependency update`, in every folder that
//! has a Chart.yaml. What such a chart lacks is asked for, unless it lies in the same tree.

#[cfg(feature = "helm")]
mod update;
#[cfg(not(feature = "helm"))]
#[path = "dependencies/without_helm.rs"]
mod update;

use std::{collections::BTreeSet, fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ScanError, budget::Budget};
use crate::{
    source::{ChartRequest, redact},
    tree::{Tree, ignore::Ignore, path},
    yaml,
};

pub(crate) use update::Unmet;

/// A chart that a chart of the scan depends on and that `charts/` lacks. The scan fetches nothing: the caller does, and supplies
/// the archive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DependencyReference {
    /// The address of the repository: one with an index, or `oci://…`.
    pub repository: String,
    /// The chart's name in it.
    pub name: String,
    /// The constraint on its version.
    pub version: String,
}

impl DependencyReference {
    /// The request that a [`crate::source::Source`] answers. Fleet sends no credentials with it.
    pub fn request(&self) -> ChartRequest {
        if self.repository.starts_with("oci://") {
            let address = format!("{}/{}", self.repository.trim_end_matches('/'), self.name);
            return ChartRequest::new(address, "", &self.version);
        }
        ChartRequest::new(&self.repository, &self.name, &self.version)
    }
}

/// As messages show it, without passwords.
impl fmt::Display for DependencyReference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let repository = redact(&self.repository);
        write!(out, "repo={repository} chart={} version={}", self.name, self.version)
    }
}

/// What a folder's charts depend on in the same tree.
#[derive(Debug)]
pub(crate) struct Beside<'a> {
    #[cfg_attr(not(feature = "helm"), expect(dead_code, reason = "only what is packed takes of it"))]
    budget: &'a Budget,
    /// What was taken of it.
    pub(super) taken: u64,
    /// Folders, there or not.
    pub(crate) folders: BTreeSet<String>,
    /// Links were followed to some of it.
    pub(crate) by_links: bool,
}

impl<'a> Beside<'a> {
    pub(super) fn new(budget: &'a Budget) -> Self {
        Self {
            budget,
            taken: 0,
            folders: BTreeSet::new(),
            by_links: false,
        }
    }

    /// Takes bytes that are packed.
    #[cfg(feature = "helm")]
    fn take(&mut self, bytes: u64) -> Result<(), ScanError> {
        self.taken = self.taken.saturating_add(bytes);
        self.budget.take(bytes)
    }
}

/// Gives archives.
pub(crate) type Supply<'a> = &'a dyn Fn(&DependencyReference) -> Archive;
/// An archive, or why there is none.
pub(crate) type Archive = Result<Arc<[u8]>, String>;

/// A chart in a walk.
#[cfg_attr(
    not(feature = "helm"),
    expect(dead_code, reason = "only the Helm engine looks at dependencies")
)]
pub(crate) struct Place<'a> {
    pub(crate) tree: &'a Tree,
    /// The folder of the bundle.
    pub(crate) root: &'a str,
    /// The folder of the chart.
    pub(crate) folder: &'a str,
    /// What is ignored in it.
    pub(crate) ignored: &'a Ignore,
    /// Names in the bundle's folder that are left out.
    pub(crate) configuration: &'a [String],
}

/// Checks a chart's Chart.yaml as far as its name and version go, with Helm's words for what is wrong.
fn sound(text: &str) -> Result<(), String> {
    let chart =
        yaml::read(text).map_err(|error| format!("cannot load Chart.yaml: error converting YAML to JSON: {error}"))?;
    for key in ["name", "version"] {
        if chart.get(key).and_then(Value::as_str).unwrap_or_default().is_empty() {
            return Err(format!("validation: chart.metadata.{key} is required"));
        }
    }
    Ok(())
}

/// Checks the chart in `folder`, which lies in the bundle's folder `root`.
pub(crate) fn check(tree: &Tree, root: &str, folder: &str) -> Result<(), ScanError> {
    let failed = |problem: String| failed(root, folder, problem);
    let path = path::join([folder, "Chart.yaml"]);
    let entry = tree.read(&path).map_err(|error| failed(error.to_string()))?;
    let text = std::str::from_utf8(&entry.content).map_err(|error| failed(error.to_string()))?;
    sound(text).map_err(failed)
}

fn failed(root: &str, folder: &str, problem: String) -> ScanError {
    ScanError::Chart {
        folder: root.to_owned(),
        path: path::join([folder, "Chart.yaml"]),
        problem,
    }
}
