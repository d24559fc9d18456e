//! `helmCharts`: what is asked of the renderer of charts, and what becomes of its answer (kustomize v5.8.1
//! HelmChartInflationGenerator). Finding the chart and merging values is done here, rendering by [`HelmCharts`](super::HelmCharts).

use std::sync::Arc;

use serde_json::Value;

use super::{
    HelmRequest,
    error::{KustomizeError, Result},
    files,
    kustomization::{HelmChart, HelmGlobals},
    loader::Loader,
    merge,
    node::{Mapping, Node},
    read,
    resource::Resource,
    target::Session,
};

/// Renders one chart to resources.
pub(super) fn render(
    chart: &HelmChart,
    globals: Option<&HelmGlobals>,
    loader: &Loader<'_>,
    session: &Session<'_>,
) -> Result<Vec<Resource>> {
    let request = request(chart, globals, loader).and_then(|request| {
        if !session.options.enable_helm {
            return Err(KustomizeError::Refused("must specify --enable-helm".to_owned()));
        }
        check(&request.chart)?;
        let additional = chart.additional_values_files.iter();
        let texts = additional
            .map(|path| session.load(loader, path))
            .collect::<Result<Vec<_>>>();
        let texts = texts.map_err(|error| error.context("could not load additionalValuesFile"))?;
        Ok((request, texts))
    });
    let (mut request, additional) = request.map_err(|error| {
        error.context(format!(
            "trouble configuring builtin HelmChartInflationGenerator with config: `\n{}`",
            config(chart, globals)
        ))
    })?;
    let Some(renderer) = session.options.helm else {
        return Err(KustomizeError::Refused(format!(
            "no renderer for charts was given, chart '{}' needs one",
            chart.name
        )));
    };
    if !loader.is_folder(&request.chart_folder) {
        if chart.repo.is_empty() {
            let text = "no repo specified for pull, no chart found at ''";
            return Err(KustomizeError::Generator(text.to_owned()));
        }
        renderer.pull(&request).map_err(KustomizeError::Generator)?;
    }
    request.values.push(values(&request, loader, session)?);
    request.values.extend(additional);
    let text = renderer.render(&request).map_err(KustomizeError::Generator)?;
    let mut resources = session.read(text.as_bytes())?;
    resources.iter_mut().for_each(|resource| resource.from_chart = true);
    Ok(resources)
}

fn request(chart: &HelmChart, globals: Option<&HelmGlobals>, loader: &Loader<'_>) -> Result<HelmRequest> {
    let home = globals.map_or("", |globals| &globals.chart_home);
    let home = if home.is_empty() { "charts" } else { home };
    let mut chart_home = if home.starts_with('/') {
        files::clean(home)
    } else {
        files::join(loader.root(), home)
    };
    if !chart.version.is_empty() && !chart.repo.is_empty() {
        chart_home = files::join(&chart_home, &format!("{}-{}", chart.name, chart.version));
    }
    Ok(HelmRequest {
        chart: chart.clone(),
        chart_folder: files::join(&chart_home, &chart.name),
        chart_home,
        config_home: globals.map_or_else(String::new, |globals| globals.config_home.clone()),
        folder: loader.root().to_owned(),
        values: Vec::new(),
    })
}

fn check(chart: &HelmChart) -> Result<()> {
    let wrong = |text: &str| Err(KustomizeError::Kustomization(text.to_owned()));
    if chart.name.is_empty() {
        return wrong("chart name cannot be empty");
    }
    match chart.values_merge.as_str() {
        "" | "merge" | "override" | "replace" => Ok(()),
        _ => wrong("valuesMerge must be one of [merge override replace]"),
    }
}

/// The values file, the chart's own unless another is named, with the inline values merged in.
fn values(request: &HelmRequest, loader: &Loader<'_>, session: &Session<'_>) -> Result<Arc<[u8]>> {
    let chart = &request.chart;
    let own = files::join(&request.chart_folder, "values.yaml");
    let path = if chart.values_file.is_empty() {
        &own
    } else {
        &chart.values_file
    };
    if chart.values_inline.is_empty() {
        return session.load(loader, path);
    }
    let inline = Value::Object(chart.values_inline.clone().into_iter().collect());
    if chart.values_merge == "replace" {
        return written(&inline);
    }
    let file = read::document(&session.load(loader, path)?, &mut session.keys.borrow_mut())
        .map_err(|error| error.context("could not parse values file into rnode"))?;
    let inline = mapping(Node::from_json(&inline))?;
    let (mut below, above) = match file {
        None => (Mapping::default(), inline),
        Some(file) if chart.values_merge == "merge" => (inline, mapping(file)?),
        Some(file) => (mapping(file)?, inline),
    };
    merge::apply(&mut below, above, &session.schemas).map_err(|error| error.context("could not merge values"))?;
    written(&Node::Mapping(below).to_value()?)
}

fn mapping(node: Node) -> Result<Mapping> {
    match node {
        Node::Mapping(mapping) => Ok(mapping),
        other => Err(KustomizeError::Generator(format!(
            "could not merge values: {}",
            super::fields::wrong_kind("MappingNode", &other)
        ))),
    }
}

fn written(value: &Value) -> Result<Arc<[u8]>> {
    let text = crate::yaml::write(value).map_err(|error| KustomizeError::Generator(error.to_string()))?;
    Ok(Arc::from(text.into_bytes()))
}

/// What errors show of an entry of `helmCharts`: all that it says, in the order of names.
fn config(chart: &HelmChart, globals: Option<&HelmGlobals>) -> String {
    let mut fields = serde_json::Map::new();
    for part in [serde_json::to_value(globals), serde_json::to_value(chart)] {
        if let Ok(Value::Object(part)) = part {
            fields.extend(part);
        }
    }
    fields.retain(|_, value| match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
        Value::Number(_) => true,
    });
    crate::yaml::write(&Value::Object(fields)).unwrap_or_default()
}
