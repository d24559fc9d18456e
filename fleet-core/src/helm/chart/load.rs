//! Files sorted into a chart (Helm v4.2.3 `chart/v2/loader.LoadFiles`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::metadata::Metadata;
use super::super::release::ChartFile;
use super::super::values::{self, ValuesError};
use super::{Chart, Parts, archive, decode, validate};
use crate::tree::archive::{ArchiveError, ArchiveLimits};
use crate::tree::path;
use crate::yaml::YamlError;

/// How deep charts may lie in each other; honest ones stay below ten.
const MAX_CHART_DEPTH: usize = 64;

/// Why a chart cannot be loaded; texts are Helm v4.2.3's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChartError {
    /// There is no `Chart.yaml`.
    #[error("Chart.yaml file is missing")]
    NoChartYaml,
    /// `Chart.yaml`, a lock or `requirements.yaml` is not YAML.
    #[error("cannot load {file}: {error}")]
    Yaml {
        /// The file.
        file: &'static str,
        /// Why.
        #[source]
        error: YamlError,
    },
    /// `Chart.yaml`, a lock or `requirements.yaml` has a value of a wrong type, or is not text.
    #[error("cannot load {file}: {message}")]
    Content {
        /// The file.
        file: &'static str,
        /// What is wrong.
        message: String,
    },
    /// `values.yaml` cannot be read.
    #[error("cannot load values.yaml: {0}")]
    Values(#[source] ValuesError),
    /// `Chart.yaml` says what Helm refuses.
    #[error("validation: {0}")]
    Validation(String),
    /// The archive cannot be read.
    #[error("{0}")]
    Archive(#[from] ArchiveError),
    /// The archive's paths are not those of a chart.
    #[error("{0}")]
    Path(String),
    /// A chart in `charts/` cannot be loaded.
    #[error("error unpacking subchart {name} in {parent}: {error}")]
    Subchart {
        /// What it is called there.
        name: String,
        /// The chart that it lies in.
        parent: String,
        /// Why.
        #[source]
        error: Box<ChartError>,
    },
    /// `.helmignore` cannot be read.
    #[error("{0}")]
    Ignore(String),
    /// A file or folder of the chart cannot be read.
    #[error("{path}: {error}")]
    Read {
        /// Its path in the chart.
        path: String,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// Charts lie in each other without end.
    #[error("charts nest deeper than {0}")]
    TooDeep(usize),
}

/// Go's UTF-8 byte order mark, which Helm strips from every file.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

pub(super) fn load(files: Vec<ChartFile>, limits: &ArchiveLimits, depth: usize) -> Result<Chart, ChartError> {
    if depth > MAX_CHART_DEPTH {
        return Err(ChartError::TooDeep(MAX_CHART_DEPTH));
    }
    let mut loading = Loading::default();
    for file in &files {
        if file.name == "Chart.yaml" {
            let metadata = loading.metadata.get_or_insert_default();
            decode::metadata(metadata, "Chart.yaml", strip(&file.data))?;
            if metadata.value.api_version.is_empty() {
                metadata.value.api_version = "v1".to_owned();
            }
            loading.parts.modified = file.modtime;
        }
    }
    for file in files {
        loading.file(file)?;
    }
    loading.finish(limits, depth)
}

fn strip(data: &[u8]) -> &[u8] {
    data.strip_prefix(BYTE_ORDER_MARK).unwrap_or(data)
}

#[derive(Default)]
struct Loading {
    metadata: Option<decode::Decoded>,
    parts: Parts,
    /// Files of `charts/`, by the first part of their path, without `charts/`.
    charts: BTreeMap<String, Vec<ChartFile>>,
}

impl Loading {
    fn file(&mut self, mut file: ChartFile) -> Result<(), ChartError> {
        if file.data.starts_with(BYTE_ORDER_MARK) {
            file.data = Arc::from(strip(&file.data));
        }
        match file.name.as_str() {
            "Chart.yaml" => {}
            "Chart.lock" => self.parts.lock = Some(decode::lock("Chart.lock", &file.data)?),
            "values.yaml" => {
                self.parts.values = Arc::new(values::read_bytes(&file.data).map_err(ChartError::Values)?);
                self.parts.has_values = true;
            }
            "values.schema.json" => {
                self.parts.schema = Some(file.data);
                self.parts.schema_modified = file.modtime;
            }
            "requirements.yaml" => {
                let metadata = self.metadata.get_or_insert_default();
                decode::metadata(metadata, "requirements.yaml", &file.data)?;
                if metadata.value.api_version == "v1" {
                    self.parts.files.push(file);
                }
            }
            "requirements.lock" => {
                self.parts.lock = Some(decode::lock("requirements.lock", &file.data)?);
                if self.metadata.get_or_insert_default().value.api_version == "v1" {
                    self.parts.files.push(file);
                }
            }
            name if name.starts_with("templates/") => self.parts.templates.push(file),
            name if name.starts_with("charts/") => {
                if path::extension(name) == ".prov" {
                    self.parts.files.push(file);
                    return Ok(());
                }
                file.name.drain(.."charts/".len());
                let chart = file.name.split('/').next().unwrap_or_default().to_owned();
                self.charts.entry(chart).or_default().push(file);
            }
            _ => self.parts.files.push(file),
        }
        Ok(())
    }

    fn finish(self, limits: &ArchiveLimits, depth: usize) -> Result<Chart, ChartError> {
        let Self {
            metadata,
            mut parts,
            charts,
        } = self;
        let metadata: Metadata = validate::validate(metadata.ok_or(ChartError::NoChartYaml)?)?;
        for (name, files) in charts {
            if name.starts_with(['_', '.']) {
                continue;
            }
            let chart = subchart(&name, files, limits, depth).map_err(|error| match error {
                // Helm has no "unpacking" around this one.
                ChartError::Path(message) if message.starts_with("error unpacking subchart tar") => {
                    ChartError::Path(message.replace("{parent}", &metadata.name))
                }
                error => {
                    let (name, parent, error) = (name.clone(), metadata.name.clone(), Box::new(error));
                    ChartError::Subchart { name, parent, error }
                }
            })?;
            parts.dependencies.push(chart);
        }
        parts.metadata = Arc::new(metadata);
        Ok(Chart { parts: Arc::new(parts) })
    }
}

fn subchart(name: &str, files: Vec<ChartFile>, limits: &ArchiveLimits, depth: usize) -> Result<Chart, ChartError> {
    if path::extension(name) == ".tgz" {
        return match files.into_iter().next() {
            Some(file) if file.name == name => load(archive::read(&file.data, limits)?, limits, depth + 1),
            file => {
                let found = file.map(|file| file.name).unwrap_or_default();
                let text = format!("error unpacking subchart tar in {{parent}}: expected {name}, got {found}");
                Err(ChartError::Path(text))
            }
        };
    }
    let inside = files.into_iter().filter_map(|mut file| {
        let slash = file.name.find('/')?;
        file.name.drain(..=slash);
        Some(file)
    });
    load(inside.collect(), limits, depth + 1)
}
