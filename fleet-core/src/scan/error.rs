//! Why a folder could not become a bundle.

use crate::{tree::TreeError, yaml::YamlError};

/// Why a scan, or the scan of one folder, failed. Messages keep the fragments of Fleet's that people search for.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// Nothing is left that could part folder and options file.
    #[error(
        "bundle base and/or options paths contain all possible characters from {characters:?}; please update the resource to use paths not containing all of those characters"
    )]
    NoSeparator {
        /// The characters that are tried.
        characters: &'static str,
    },
    /// A path of the GitRepo is no pattern.
    #[error("invalid path glob {pattern}: syntax error in pattern")]
    InvalidPath {
        /// The path as given.
        pattern: String,
    },
    /// No path gave a bundle.
    #[error("no resource found at the following paths to deploy: [{}]", .paths.join(" "))]
    NothingFound {
        /// The paths as given.
        paths: Vec<String>,
    },
    /// The options file of a driven entry is missing.
    #[error("failed to open file {options:?}: no such file or directory: {path}")]
    MissingOptions {
        /// The options file as given.
        options: String,
        /// Where it was looked for.
        path: String,
    },
    /// The base of a driven entry is missing.
    #[error("failed reading resources for {path:?}: no such file or directory")]
    MissingFolder {
        /// The base as given.
        path: String,
    },
    /// A file of a folder could not be read: a symlink that leads away or nowhere, a folder for a file.
    #[error("failed reading resources for {folder:?}: {cause}")]
    File {
        /// The folder of the bundle.
        folder: String,
        /// What is the matter.
        cause: TreeError,
    },
    /// A symlink whose target is not in the bundle's folder.
    #[error("failed reading resources for {folder:?}: symlink {link:?}: target escapes bundle directory")]
    SymlinkEscapes {
        /// The folder of the bundle.
        folder: String,
        /// The link, relative to it.
        link: String,
    },
    /// A line of a `.fleetignore` that is no pattern.
    #[error("failed reading resources for {folder:?}: {path}: syntax error in pattern {pattern:?}")]
    IgnorePattern {
        /// The folder of the bundle.
        folder: String,
        /// The `.fleetignore`.
        path: String,
        /// The line.
        pattern: String,
    },
    /// fleet.yaml, the targets file or a values file is no YAML.
    #[error("reading {path}{}: {cause}", line_suffix(*.line))]
    Yaml {
        /// The file.
        path: String,
        /// The line, from 1.
        line: Option<usize>,
        /// What is the matter.
        cause: Box<YamlError>,
    },
    /// A value of another type than its key's.
    #[error("reading {path}{}: {}expected {expected}, found {found}", line_suffix(*.line), key_prefix(.key))]
    Type {
        /// The file.
        path: String,
        /// The line, from 1.
        line: Option<usize>,
        /// The key, such as `helm.values`; empty for the document itself.
        key: String,
        /// The type that is asked for.
        expected: String,
        /// The type that is there.
        found: String,
    },
    /// A value of the right type that makes no sense.
    #[error("validating {path}{}: {key}: {problem}", line_suffix(*.line))]
    Invalid {
        /// The file.
        path: String,
        /// The line, from 1.
        line: Option<usize>,
        /// The key.
        key: String,
        /// What is the matter.
        problem: String,
    },
    /// fleet.yaml has image scans and they are switched off.
    #[error("imagescan is disabled; remove imagescans from your config files, or enable imagescan ({path})")]
    ImageScanDisabled {
        /// The file.
        path: String,
    },
    /// An image scan without tag name.
    #[error("the name of scan is required: imageScans[{index}].tagName of {path}")]
    ImageScanName {
        /// The file.
        path: String,
        /// The place in the list.
        index: usize,
    },
    /// A values file is missing.
    #[error("failed reading resources for {folder:?}: reading values file: {path}: {cause}")]
    ValuesFile {
        /// The folder of the bundle.
        folder: String,
        /// The values file.
        path: String,
        /// What is the matter.
        cause: TreeError,
    },
    /// A values file is no YAML, or no map.
    #[error("failed reading resources for {folder:?}: reading values file: {path}: {cause}")]
    ValuesYaml {
        /// The folder of the bundle.
        folder: String,
        /// The values file.
        path: String,
        /// What is the matter.
        cause: Box<YamlError>,
    },
    /// A Chart.yaml that no chart can have.
    #[error("failed reading resources for {folder:?}: updating helm dependencies: {path}: {problem}")]
    Chart {
        /// The folder of the bundle.
        folder: String,
        /// The Chart.yaml.
        path: String,
        /// What is the matter.
        problem: String,
    },
    /// A local chart that does not exist.
    #[error("failed reading resources for {folder:?}: chart {chart:?}: no such file or directory")]
    ChartMissing {
        /// The folder of the bundle.
        folder: String,
        /// `helm.chart` as given.
        chart: String,
    },
    /// A chart from elsewhere was not supplied, or could not be fetched.
    #[error("failed reading resources for {folder:?}: failed to add directory for chart: {chart}: {problem}")]
    ChartUnavailable {
        /// The folder of the bundle.
        folder: String,
        /// The chart, without credentials.
        chart: String,
        /// Why it is not there.
        problem: String,
    },
    /// Two folders make bundles of one name; the later one is left out.
    #[error("bundle name {name:?} is already taken by folder {first:?}")]
    DuplicateName {
        /// The name.
        name: String,
        /// The folder that has it.
        first: String,
    },
    /// More bundles, or more bytes, than one scan may make.
    #[error("the scan gives more than {limit} {what}")]
    TooMuch {
        /// What is counted.
        what: String,
        /// The limit.
        limit: u64,
    },
}

impl ScanError {
    /// The file that the error is about, where it is one.
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::Yaml { path, .. }
            | Self::Type { path, .. }
            | Self::Invalid { path, .. }
            | Self::ImageScanDisabled { path }
            | Self::ImageScanName { path, .. }
            | Self::ValuesFile { path, .. }
            | Self::ValuesYaml { path, .. }
            | Self::Chart { path, .. }
            | Self::IgnorePattern { path, .. }
            | Self::MissingOptions { path, .. } => Some(path),
            _ => None,
        }
    }

    /// The line in that file, from 1.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Yaml { line, .. } | Self::Type { line, .. } | Self::Invalid { line, .. } => *line,
            Self::ValuesYaml { cause, .. } => cause.line(),
            _ => None,
        }
    }

    /// The key in that file, such as `helm.values`.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Type { key, .. } | Self::Invalid { key, .. } => Some(key),
            _ => None,
        }
    }
}

fn line_suffix(line: Option<usize>) -> String {
    line.map(|line| format!(":{line}")).unwrap_or_default()
}

fn key_prefix(key: &str) -> String {
    if key.is_empty() {
        String::new()
    } else {
        format!("{key}: ")
    }
}
