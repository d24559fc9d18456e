//! The two engines as `render` uses them.

use serde_json::{Map, Value};

use super::{ContentFile, RenderContext, RenderError, style::Style};
use crate::{api::BundleDeploymentOptions, helm::release::ChartRecord};

/// What Helm makes of a chart.
#[derive(Default)]
pub(super) struct Rendering {
    /// The objects, each with its file in an annotation.
    pub(super) objects: Vec<Value>,
    pub(super) crds: Vec<Value>,
    pub(super) notes: String,
    pub(super) warnings: Vec<String>,
}

/// Renders the chart, and fills its record where it is a real one.
#[expect(
    clippy::too_many_arguments,
    reason = "one call, and a struct would only name them twice"
)]
pub(super) fn helm(
    style: &Style,
    files: &[ContentFile],
    chart: &mut ChartRecord,
    _values: &Map<String, Value>,
    _options: &BundleDeploymentOptions,
    _release: &str,
    _namespace: &str,
    _context: &RenderContext<'_>,
) -> Result<Rendering, RenderError> {
    if style.chart.is_none() && chart.templates.is_empty() {
        return Ok(Rendering::default());
    }
    Err(RenderError::Helm(format!(
        "{} files of a Helm chart cannot be rendered by this build",
        files.len()
    )))
}

/// Runs kustomize over the bundle's files and the objects of Helm, which it replaces.
pub(super) fn kustomize(
    _files: &[ContentFile],
    _options: &BundleDeploymentOptions,
    _objects: &[Value],
    _warnings: &mut Vec<String>,
) -> Result<Vec<Value>, RenderError> {
    Err(RenderError::PostRender(
        "a kustomization cannot be built by this build".to_owned(),
    ))
}
