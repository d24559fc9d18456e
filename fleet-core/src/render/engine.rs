//! The two engines as `render` uses them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{ContentFile, RenderContext, RenderError, objects};
use crate::{
    api::BundleDeploymentOptions,
    helm::{self, Chart, HelmError, ReleaseInfo, dependencies, release::ChartRecord},
    object,
    template::{Environment, SeededEnvironment},
    yaml,
};

/// What Helm makes of a chart.
pub(super) struct Rendering {
    /// The objects, each with its file in an annotation.
    pub(super) objects: Vec<Value>,
    /// The chart as the release record keeps it.
    pub(super) chart: ChartRecord,
    pub(super) crds: Vec<Value>,
    pub(super) notes: String,
    pub(super) warnings: Vec<String>,
}

fn helm_error(error: impl std::fmt::Display) -> RenderError {
    RenderError::Helm(error.to_string())
}

/// Renders the chart for a release.
pub(super) fn helm(
    chart: &Chart,
    values: &Map<String, Value>,
    options: &BundleDeploymentOptions,
    (release, namespace): (&str, &str),
    context: &RenderContext<'_>,
) -> Result<Rendering, RenderError> {
    let constraint = &chart.metadata().kube_version;
    let version = &context.capabilities.kube_version;
    if !constraint.is_empty() && !dependencies::is_compatible(constraint, &version.normalized) {
        let (constraint, version) = (constraint.clone(), version.version.clone());
        return Err(helm_error(HelmError::KubeVersion { constraint, version }));
    }
    let release = match context.revision {
        0 | 1 => ReleaseInfo::install(release, namespace),
        revision => ReleaseInfo::upgrade(release, namespace, revision),
    };
    let seeded = SeededEnvironment::default();
    let environment = context.environment.unwrap_or(&seeded);
    let offline = WithoutDns(environment);
    let helm_options = options.helm.clone().unwrap_or_default();
    let mut render_options = helm::RenderOptions::new(release)
        .with_capabilities(context.capabilities.clone())
        .with_environment(if helm_options.disable_dns {
            &offline
        } else {
            environment
        });
    render_options.skip_schema_validation = helm_options.skip_schema_validation;
    render_options.schemas = context.schemas;
    let rendered = helm::render(chart, values, &render_options).map_err(helm_error)?;
    let root_notes = format!("{}/templates/NOTES.txt", chart.name());
    let mut notes = String::new();
    let mut files = BTreeMap::new();
    for (name, text) in rendered.files {
        if name.ends_with("NOTES.txt") {
            if name == root_notes {
                notes = text;
            }
        } else if !text.trim().is_empty() {
            files.insert(name, text);
        }
    }
    let mut crds = Vec::new();
    for crd in rendered.chart.crds() {
        let text = yaml::decode(&crd.data).map_err(helm_error)?;
        crds.extend(objects::read(&text)?);
    }
    Ok(Rendering {
        objects: documents(&files)?,
        chart: rendered.chart.record(),
        crds,
        notes,
        warnings: rendered.warnings,
    })
}

/// The documents of rendered files as objects that remember their file, as Helm 4 gives them to a post-renderer.
fn documents(files: &BTreeMap<String, String>) -> Result<Vec<Value>, RenderError> {
    let mut found = Vec::new();
    for (file, text) in files {
        for document in super::split::split(text) {
            let malformed = |error: yaml::YamlError| {
                RenderError::Helm(format!(
                    "error merging manifests: parsing {file}: MalformedYAMLError: {error}"
                ))
            };
            // Helm reads with kyaml (go-yaml v3), and what it passes on is read by go-yaml v2.
            yaml::node::parse(document, yaml::Dialect::GoYaml3, &yaml::Limits::default()).map_err(malformed)?;
            let mut object = yaml::read(document).map_err(malformed)?;
            if object.is_object() {
                object::set_annotation(&mut object, objects::FILE_ANNOTATION, file);
                objects::flatten_into(object, &mut found);
            }
        }
    }
    Ok(found)
}

/// `disableDNS`: no address is ever found.
struct WithoutDns<'a>(&'a dyn Environment);

impl Environment for WithoutDns<'_> {
    fn now(&self) -> jiff::Timestamp {
        self.0.now()
    }

    fn random(&self, buffer: &mut [u8]) {
        self.0.random(buffer);
    }

    fn time_zone(&self) -> jiff::tz::TimeZone {
        self.0.time_zone()
    }

    fn lookup(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<Value, String> {
        self.0.lookup(api_version, kind, namespace, name)
    }
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
