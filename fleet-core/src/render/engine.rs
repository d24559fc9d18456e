//! The two engines as `render` uses them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{BundleContent, RenderContext, RenderError, objects};
use crate::{
    api::BundleDeploymentOptions,
    helm::{self, Chart, ReleaseInfo, manifest, release::ChartRecord},
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
    manifest::check_kube_version(chart.metadata(), &context.capabilities).map_err(helm_error)?;
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
    let mut files = rendered.files;
    let notes = manifest::take_notes(&mut files, chart.name(), false);
    files.retain(|_, text| !text.trim().is_empty());
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
        for document in manifest::split(text) {
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

/// The file by which a kustomization gets what Helm rendered (Fleet).
#[cfg(feature = "kustomize")]
const HELM_OUTPUT: &str = "fleet-manifests.yaml";

/// Runs kustomize over the bundle's files and the objects of Helm, which its result replaces.
#[cfg(feature = "kustomize")]
pub(super) fn kustomize(
    content: &BundleContent,
    folder: &str,
    objects: &[Value],
    warnings: &mut Vec<String>,
) -> Result<Vec<Value>, RenderError> {
    use super::mount::{self, Mounted};
    use crate::{
        kustomize::{BuildOptions, Order, build_from},
        tree::{Entry, path},
    };
    let failed = |error: &dyn std::fmt::Display| RenderError::PostRender(error.to_string());
    let mut tree = content.tree()?;
    if !objects.is_empty() {
        let documents: Result<Vec<String>, _> = objects.iter().map(yaml::write).collect();
        let documents = documents.map_err(|error| failed(&error))?.join("---\n");
        tree.insert(&path::join([folder, HELM_OUTPUT]), Entry::file(documents))
            .map_err(|error| failed(&error))?;
        let file = path::join([folder, "kustomization.yaml"]);
        let entry = tree.read(&file).map_err(|error| failed(&error))?;
        let text = yaml::decode(&entry.content).map_err(|error| failed(&error))?;
        let mut kustomization = yaml::read_object(&text).map_err(|error| failed(&error))?;
        let listed = kustomization.entry("resources").or_insert(Value::Null);
        if listed.is_null() {
            *listed = Value::Array(Vec::new());
        }
        if let Some(listed) = listed.as_array_mut()
            && !listed.iter().any(|entry| entry == HELM_OUTPUT)
        {
            listed.insert(0, HELM_OUTPUT.into());
            let text = yaml::write(&Value::Object(kustomization)).map_err(|error| failed(&error))?;
            tree.insert(&file, Entry::file(text)).map_err(|error| failed(&error))?;
        }
    }
    let built = build_from(
        &Mounted(&tree),
        &mount::path_of(folder),
        &BuildOptions::default().order(Order::Fifo),
    )
    .map_err(|error| failed(&mount::translate(&error.to_string())))?;
    let mut found = Vec::new();
    for object in built.objects().map_err(|error| failed(&error))? {
        objects::flatten_into(object, &mut found);
    }
    warnings.extend(built.warnings);
    Ok(found)
}

/// Without the engine a kustomization is an error, not nothing.
#[cfg(not(feature = "kustomize"))]
pub(super) fn kustomize(
    _content: &BundleContent,
    folder: &str,
    _objects: &[Value],
    _warnings: &mut Vec<String>,
) -> Result<Vec<Value>, RenderError> {
    Err(RenderError::PostRender(format!(
        "the kustomization in {folder:?} needs the feature \"kustomize\""
    )))
}
