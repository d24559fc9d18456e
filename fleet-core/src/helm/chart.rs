//! Charts: what a folder or an archive holds, sorted into its parts.
//!
//! A [`Chart`] is immutable and cheap to clone; it is parsed once and rendered many times, by many threads. Its templates
//! are parsed when they are first rendered, and kept.

mod archive;
mod decode;
pub mod folder;
pub mod ignore;
mod load;
pub(crate) mod pack;
mod validate;

use std::sync::Arc;

use jiff::Timestamp;

pub use archive::{MAX_CHART_BYTES, MAX_FILE_BYTES};
pub use load::ChartError;

use super::engine::Parsed;
use super::metadata::{Lock, Metadata};
use super::release::{ChartFile, ChartRecord};
use super::values::Values;
use crate::tree::archive::ArchiveLimits;

/// A chart with its subcharts (Helm v4.2.3 `chart/v2.Chart`).
#[derive(Clone, Debug)]
pub struct Chart {
    pub(crate) parts: Arc<Parts>,
}

/// The parts of a chart.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) metadata: Arc<Metadata>,
    pub(crate) lock: Option<Lock>,
    pub(crate) values: Arc<Values>,
    pub(crate) has_values: bool,
    pub(crate) schema: Option<Arc<[u8]>>,
    pub(crate) compiled_schema: super::schema::Compiled,
    pub(crate) schema_modified: Option<Timestamp>,
    pub(crate) modified: Option<Timestamp>,
    pub(crate) templates: Vec<ChartFile>,
    pub(crate) files: Vec<ChartFile>,
    pub(crate) dependencies: Vec<Chart>,
    /// Templates that were parsed, shared by every render of the chart that is the root.
    pub(crate) parsed: Parsed,
    /// What is imported from subcharts, shared likewise.
    pub(crate) imported: super::dependencies::Imported,
}

impl PartialEq for Chart {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.parts, &other.parts) || {
            let (a, b) = (&*self.parts, &*other.parts);
            a.metadata == b.metadata
                && a.lock == b.lock
                && a.values == b.values
                && a.schema == b.schema
                && a.templates == b.templates
                && a.files == b.files
                && a.dependencies == b.dependencies
        }
    }
}

/// A custom resource definition of a chart's `crds` folder (Helm v4.2.3 `chart/v2.CRD`).
#[derive(Clone, Debug, PartialEq)]
pub struct Crd {
    /// Path inside its chart: `crds/x.yaml`.
    pub name: String,
    /// Path from the root chart: `t/charts/s/crds/x.yaml`.
    pub filename: String,
    /// The file, which is not a template.
    pub data: Arc<[u8]>,
}

impl Chart {
    /// Sorts the files of a chart folder, with paths relative to it, into a chart. Subcharts in `charts/`, folders and
    /// archives, are loaded too. `.helmignore` is not looked at: see
    /// [`Chart::from_folder`] and [`ignore::filter`].
    ///
    /// # Errors
    /// `Chart.yaml`, `values.yaml`, a lock or a subchart cannot be read, or says something that Helm refuses.
    pub fn from_files(files: impl IntoIterator<Item = (String, Arc<[u8]>)>) -> Result<Self, ChartError> {
        Self::from_chart_files(files.into_iter().map(|(name, data)| ChartFile::new(name, data)))
    }

    /// [`Chart::from_files`] with the files' times of change, which release records keep.
    ///
    /// # Errors
    /// As of [`Chart::from_files`].
    pub fn from_chart_files(files: impl IntoIterator<Item = ChartFile>) -> Result<Self, ChartError> {
        load::load(files.into_iter().collect(), &ArchiveLimits::default(), 0)
    }

    /// Loads a chart from a folder that the caller reads; what its `.helmignore` names is not read.
    ///
    /// # Errors
    /// All of [`Chart::from_files`], a `.helmignore` that cannot be read, and what the caller's reading fails with.
    pub fn from_folder(folder: &mut dyn folder::ChartFolder) -> Result<Self, ChartError> {
        folder::load(folder)
    }

    /// Reads a chart archive (`.tgz`), whose files lie in one folder of any name.
    ///
    /// # Errors
    /// The archive is broken, too large or has paths that leave it; and all of [`Chart::from_files`].
    pub fn from_archive(archive: &[u8], limits: &ArchiveLimits) -> Result<Self, ChartError> {
        load::load(archive::read(archive, limits)?, limits, 0)
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.parts.metadata.name
    }

    /// What `Chart.yaml` says.
    pub fn metadata(&self) -> &Metadata {
        &self.parts.metadata
    }

    /// `Chart.lock`.
    pub fn lock(&self) -> Option<&Lock> {
        self.parts.lock.as_ref()
    }

    /// The chart's own values, nulls included.
    pub fn values(&self) -> &Values {
        &self.parts.values
    }

    /// `values.schema.json`.
    pub fn schema(&self) -> Option<&[u8]> {
        self.parts.schema.as_deref()
    }

    /// Everything under `templates/`.
    pub fn templates(&self) -> &[ChartFile] {
        &self.parts.templates
    }

    /// The other files, which templates reach by `.Files`.
    pub fn files(&self) -> &[ChartFile] {
        &self.parts.files
    }

    /// The charts in `charts/`, declared or not, ordered by the names that they have there.
    pub fn dependencies(&self) -> &[Chart] {
        &self.parts.dependencies
    }

    /// The definitions in `crds/` of the chart and of all its subcharts (Helm v4.2.3 `CRDObjects`).
    pub fn crds(&self) -> Vec<Crd> {
        super::dependencies::Node::of(self).crds()
    }

    /// The chart as a release record keeps it.
    pub fn record(&self) -> ChartRecord {
        super::dependencies::Node::of(self).record()
    }

    /// Names of dependencies that `Chart.yaml` declares and `charts/` lacks. The `helm` program refuses such a chart, the
    /// library renders it (Helm v4.2.3 `action.CheckDependencies`).
    pub fn missing_dependencies(&self) -> Vec<&str> {
        let declared = self
            .parts
            .metadata
            .dependencies
            .iter()
            .map(|dependency| dependency.name.as_str());
        declared
            .filter(|name| !self.dependencies().iter().any(|chart| chart.name() == *name))
            .collect()
    }
}
