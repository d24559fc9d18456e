//! Bundle content and options to a Helm release.
//!
//! Whatever a bundle holds becomes a release of a chart: a Helm chart as it is, a kustomization over an empty chart, raw YAML as
//! files of a chart that Helm does not template. What Helm renders is post-rendered: kustomize where there is a kustomization,
//! raw files appended, every object labelled, custom resource definitions kept, and a forced namespace set (Fleet).
//!
//! Invariants: the same content, options and context give the same release; nothing is read or asked for outside of the
//! arguments; a release has all of its objects or is an error.

mod chart;
pub mod content;
mod engine;
mod error;
#[cfg(feature = "kustomize")]
mod mount;
mod objects;
mod overlay;
mod release;
mod style;
mod values;

use serde_json::{Map, Value};

pub use content::{BundleContent, ContentFile};
pub use error::RenderError;
pub use objects::{HASH_LABEL, ID_ANNOTATION, set_hash, set_id};
pub use style::Style;
pub use values::{ValuesReference, values_references};

use crate::{
    api::BundleDeploymentOptions,
    helm::{
        Chart,
        capabilities::{Capabilities, KubeVersion},
        release::{ChartFile, ChartRecord, Hook},
        schema::SchemaSource,
    },
    naming,
    template::Environment,
    yaml,
};

/// Says whether objects of an API version and kind have no namespace.
pub type ScopeLookup<'a> = &'a dyn Fn(&str, &str) -> bool;

/// What a render depends on beside the content and the options.
#[derive(Clone)]
#[non_exhaustive]
pub struct RenderContext<'a> {
    /// The commit that the bundle is from; empty where it is not known.
    pub commit: &'a str,
    /// What the names of object sets begin with: `default` for agents, nothing in a dry run.
    pub set_namespace: &'a str,
    /// The agent's scope, for several agents on one cluster.
    pub agent_scope: &'a str,
    /// The agent's namespace, which the release remembers.
    pub agent_namespace: &'a str,
    /// The namespace of a release whose options give none.
    pub default_namespace: &'a str,
    /// The version and the APIs of Kubernetes that charts see.
    pub capabilities: Capabilities,
    /// The revision of the release that is made; 1 is an install.
    pub revision: i64,
    /// Time, randomness, DNS and live objects for templates; without it they are fixed, and nothing is looked up.
    pub environment: Option<&'a dyn Environment>,
    /// Gives schemas that a chart's `values.schema.json` names by address.
    pub schemas: Option<SchemaSource<'a>>,
    /// The values that [`values_references`] asked for, in its order.
    pub values_from: &'a [Map<String, Value>],
    /// Where it is given, a forced namespace refuses objects that have none.
    pub is_cluster_scoped: Option<ScopeLookup<'a>>,
}

impl std::fmt::Debug for RenderContext<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("RenderContext")
            .field("commit", &self.commit)
            .field("set_namespace", &self.set_namespace)
            .field("agent_scope", &self.agent_scope)
            .field("agent_namespace", &self.agent_namespace)
            .field("default_namespace", &self.default_namespace)
            .finish_non_exhaustive()
    }
}

impl Default for RenderContext<'_> {
    /// An agent's, without scope, commit and look-ups.
    fn default() -> Self {
        Self {
            commit: "",
            set_namespace: "default",
            agent_scope: "",
            agent_namespace: "cattle-fleet-system",
            default_namespace: "default",
            capabilities: Capabilities::default(),
            revision: 1,
            environment: None,
            schemas: None,
            values_from: &[],
            is_cluster_scoped: None,
        }
    }
}

impl RenderContext<'_> {
    /// A dry run's, as `fleet deploy --dry-run` and `fleet test` have it: no cluster, no set namespace, no default namespace.
    pub fn dry_run() -> Self {
        Self {
            set_namespace: "",
            agent_namespace: "",
            default_namespace: "",
            capabilities: Capabilities {
                kube_version: KubeVersion::discovered("1.25.0", "1", "25"),
                ..Capabilities::default()
            },
            ..Self::default()
        }
    }
}

/// A release before it is deployed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Rendered {
    /// The release's name.
    pub release_name: String,
    /// The release's namespace; empty in a dry run without one.
    pub namespace: String,
    /// The chart as the release record keeps it.
    pub chart: ChartRecord,
    /// The values that were given to the chart.
    pub values: Map<String, Value>,
    /// The manifest as the release record keeps it.
    pub manifest: String,
    /// The objects of the manifest, in the order of installation.
    pub objects: Vec<Value>,
    /// The hooks, in the order of installation.
    pub hooks: Vec<Hook>,
    /// The objects of the hooks, in the order of `hooks`.
    pub hook_objects: Vec<Value>,
    /// The custom resource definitions of the chart's `crds/`, which are installed before all else and never upgraded.
    pub crds: Vec<Value>,
    /// The chart's notes.
    pub notes: String,
    /// What the engines have to say.
    pub warnings: Vec<String>,
}

/// The name and namespace of a deployment's release: what the options say, else the name made one, and the context's
/// default namespace.
pub fn release_identity(name: &str, options: &BundleDeploymentOptions, default_namespace: &str) -> (String, String) {
    let given = options.helm.as_ref().map_or("", |helm| helm.release_name.as_str());
    let release = if given.is_empty() {
        naming::helm_release_name(name)
    } else {
        given.to_owned()
    };
    let namespaces = [
        options.namespace.as_str(),
        options.default_namespace.as_str(),
        default_namespace,
    ];
    let namespace = namespaces
        .into_iter()
        .find(|namespace| !namespace.is_empty())
        .unwrap_or_default();
    (release, namespace.to_owned())
}

/// Renders a bundle's content under a deployment's options.
///
/// `name` is the BundleDeployment's.
///
/// ```
/// use fleet_core::{api::{BundleDeploymentOptions, BundleResource}, render::{BundleContent, RenderContext, render}};
/// let file = BundleResource { name: "a.yaml".into(), content: "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}".into(), ..Default::default() };
/// let content = BundleContent::from_resources(&[file])?;
/// let rendered = render("web", &content, &BundleDeploymentOptions::default(), &RenderContext::default())?;
/// assert_eq!(rendered.objects[0]["metadata"]["annotations"]["objectset.rio.cattle.io/id"], "default-web");
/// # Ok::<(), fleet_core::render::RenderError>(())
/// ```
///
/// # Errors
/// [`RenderError`]: nothing of the release can be used then.
pub fn render(
    name: &str,
    content: &BundleContent,
    options: &BundleDeploymentOptions,
    context: &RenderContext<'_>,
) -> Result<Rendered, RenderError> {
    let (release_name, namespace) = release_identity(name, options, context.default_namespace);
    check_release_name(&release_name)?;
    let style = Style::of(content.files(), options);
    let files = || chart::files(content.files(), &style, options);
    let chart = match &style.chart {
        Some(folder) => content.chart(folder, files)?,
        None => {
            let mut files = files()?;
            files.push((
                "Chart.yaml".to_owned(),
                chart::generated(name, content.manifest_id(), context.commit)?.into(),
            ));
            Chart::from_files(files).map_err(|error| RenderError::Helm(error.to_string()))?
        }
    };
    let values = values::merged(options.helm.as_ref(), context.values_from);
    let rendering = engine::helm(&chart, &values, options, (&release_name, &namespace), context)?;
    let mut chart = rendering.chart;
    remember(&mut chart, name, options, context);

    let mut warnings = rendering.warnings;
    let mut objects = rendering.objects;
    if let Some(folder) = &style.kustomization {
        objects = engine::kustomize(content, folder, &objects, &mut warnings)?;
    }
    let mut raw_files: Vec<&ChartFile> = chart
        .files
        .iter()
        .filter(|file| file.name.starts_with(chart::RAW_FOLDER))
        .collect();
    raw_files.sort_by(|left, right| left.name.cmp(&right.name));
    for file in raw_files {
        let text = yaml::decode(&file.data).map_err(|error| RenderError::PostRender(error.to_string()))?;
        objects.extend(objects::read(&text)?);
    }
    let set_id = objects::set_id(context.set_namespace, name, context.agent_scope);
    objects::mark(
        &mut objects,
        &objects::Marking {
            set_id: &set_id,
            keep_definitions: !options.delete_crd_resources,
            namespace: &options.namespace,
            is_cluster_scoped: context.is_cluster_scoped,
        },
    )?;
    let parts = release::parts(objects::by_file(objects))?;
    Ok(Rendered {
        release_name,
        namespace,
        chart,
        values,
        manifest: parts.manifest,
        objects: parts.objects,
        hooks: parts.hooks,
        hook_objects: parts.hook_objects,
        crds: rendering.crds,
        notes: rendering.notes,
        warnings,
    })
}

/// The chart's annotations by which an agent finds its releases again.
fn remember(chart: &mut ChartRecord, name: &str, options: &BundleDeploymentOptions, context: &RenderContext<'_>) {
    let annotations = &mut chart.metadata.annotations;
    for (key, value) in [
        ("service-account", options.service_account.as_str()),
        ("bundle-id", name),
        ("agent-namespace", context.agent_namespace),
        ("keep-resources", if options.keep_resources { "true" } else { "false" }),
    ] {
        annotations.insert(format!("fleet.cattle.io/{key}"), value.to_owned());
    }
    if !context.commit.is_empty() {
        annotations.insert("fleet.cattle.io/commit".to_owned(), context.commit.to_owned());
    }
}

/// Helm's rule for the names of releases: at most 53 characters of lower-case labels joined by dots.
fn check_release_name(name: &str) -> Result<(), RenderError> {
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    if name.len() <= 53 && name.split('.').all(is_label) {
        return Ok(());
    }
    Err(RenderError::ReleaseName { name: name.to_owned() })
}
