//! A chart of one template, rendered by the Helm engine.

use std::sync::Arc;

use fleet_core::helm::{Chart, ReleaseInfo, RenderOptions, render as render_chart, values::Values};
use fleet_core::template::SeededEnvironment;

const CHART: &str = "apiVersion: v2\nname: t\nversion: 0.1.0\n";

/// Renders a template with the text of `values.yaml`; an error is Helm's text.
pub(crate) fn render(template: &str, values: &str) -> Result<String, String> {
    let files = [
        ("Chart.yaml", CHART),
        ("values.yaml", values),
        ("templates/t.yaml", template),
        ("templates/_d.tpl", "{{ define \"d\" }}[{{ . }}]{{ end }}"),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), Arc::<[u8]>::from(text.as_bytes())));
    let chart = Chart::from_files(files).map_err(|error| error.to_string())?;
    let environment = SeededEnvironment::default();
    let options = RenderOptions::new(ReleaseInfo::install("rel", "ns")).with_environment(&environment);
    let rendered = render_chart(&chart, &Values::new(), &options).map_err(|error| error.to_string())?;
    Ok(rendered.files.get("t/templates/t.yaml").cloned().unwrap_or_default())
}
