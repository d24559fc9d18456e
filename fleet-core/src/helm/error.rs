//! Why a chart cannot be rendered.

use super::chart::ChartError;
use super::engine::RenderError;
use super::values::ValuesError;

/// Why a chart cannot be rendered; printed, it is Helm v4.2.3's text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HelmError {
    /// The chart cannot be loaded.
    #[error(transparent)]
    Chart(#[from] ChartError),
    /// The values do not fit the chart.
    #[error(transparent)]
    Values(#[from] ValuesError),
    /// The values do not fit the schema of a chart.
    #[error("values don't meet the specifications of the schema(s) in the following chart(s):\n{0}")]
    Schema(String),
    /// A template cannot be parsed or run.
    #[error(transparent)]
    Render(Box<RenderError>),
    /// The files are larger together than the limits allow.
    #[error("{file}: rendered files have more than the limit of {limit} bytes")]
    Output {
        /// The file that was one too many.
        file: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// The chart is not for this version of Kubernetes.
    #[error("chart requires kubeVersion: {constraint} which is incompatible with Kubernetes {version}")]
    KubeVersion {
        /// What the chart requires.
        constraint: String,
        /// What the cluster has.
        version: String,
    },
    /// A rendered file is no manifest.
    #[error("{0}")]
    Manifest(String),
}
