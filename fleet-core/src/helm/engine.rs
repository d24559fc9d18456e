//! Rendering: the templates of a chart and its subcharts, with values, into files (Helm v4.2.3 `pkg/engine`).
//!
//! All templates of all charts share one namespace. They are parsed and executed in one order, deepest first, so that a definition
//! of the root chart replaces one of a subchart; templates see each other's changes of values. Parsing does not depend on
//! values, so it is done once for a chart and kept (see `parsed`).

mod capabilities;
mod error;
mod files;
mod functions;
mod glob;
mod go_json;
mod objects;
mod parsed;
mod toml;
mod values_methods;

use std::collections::BTreeMap;
use std::fmt;

use super::HelmError;
use super::capabilities::Capabilities;
use super::chart::Chart;
use super::dependencies::{self, Node};
use super::schema::{self, SchemaSource};
use super::values::{Values, coalesce_node, to_values};
use crate::template::{Context, Environment, Limits, SeededEnvironment, Text};

pub use error::{RenderError, RenderFrame};
pub use functions::functions;
pub(crate) use go_json::read as read_json;
pub(crate) use parsed::Parsed;

/// What templates see as `.Release`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseInfo {
    /// Name of the release.
    pub name: String,
    /// Namespace of the release.
    pub namespace: String,
    /// Revision, from 1.
    pub revision: i64,
    /// Whether this is an install.
    pub is_install: bool,
    /// Whether this is an upgrade or a rollback.
    pub is_upgrade: bool,
    /// Who renders: `Helm`.
    pub service: String,
}

impl ReleaseInfo {
    /// The first revision of a release.
    pub fn install(name: impl Into<String>, namespace: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            namespace: namespace.into(),
            revision: 1,
            is_install: true,
            is_upgrade: false,
            service: "Helm".to_owned(),
        }
    }

    /// A later revision of a release.
    pub fn upgrade(name: impl Into<String>, namespace: impl Into<String>, revision: i64) -> Self {
        Self {
            revision,
            is_install: false,
            is_upgrade: true,
            ..Self::install(name, namespace)
        }
    }
}

/// What a render needs beside chart and values.
#[derive(Clone)]
#[non_exhaustive]
pub struct RenderOptions<'a> {
    /// The release.
    pub release: ReleaseInfo,
    /// The cluster and the Helm.
    pub capabilities: Capabilities,
    /// Time, randomness, DNS and objects of the live cluster. By default a fixed time and seed, and nothing outside.
    pub environment: Option<&'a dyn Environment>,
    /// What the render may cost.
    pub limits: Limits,
    /// Whether `values.schema.json` is left alone.
    pub skip_schema_validation: bool,
    /// Gives schemas that a `$ref` names by address; without it such a schema is an error.
    pub schemas: Option<SchemaSource<'a>>,
}

impl fmt::Debug for RenderOptions<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RenderOptions")
            .field("release", &self.release)
            .field("capabilities", &self.capabilities)
            .field("limits", &self.limits)
            .field("skip_schema_validation", &self.skip_schema_validation)
            .finish_non_exhaustive()
    }
}

impl<'a> RenderOptions<'a> {
    /// Options for a release, on the cluster that Helm assumes when it has none.
    pub fn new(release: ReleaseInfo) -> Self {
        Self {
            release,
            capabilities: Capabilities::default(),
            environment: None,
            limits: Limits::default(),
            skip_schema_validation: false,
            schemas: None,
        }
    }

    /// Another cluster.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Time, randomness and the world outside.
    #[must_use]
    pub fn with_environment(mut self, environment: &'a dyn Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// Schemas by address.
    #[must_use]
    pub fn with_schemas(mut self, schemas: SchemaSource<'a>) -> Self {
        self.schemas = Some(schemas);
        self
    }

    /// Without validation of values.
    #[must_use]
    pub fn without_schema_validation(mut self) -> Self {
        self.skip_schema_validation = true;
        self
    }

    /// Other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

/// A rendered chart.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rendered {
    /// Text of every template that is not a partial, by its path from the root chart: `t/templates/a.yaml`.
    pub files: BTreeMap<String, String>,
    /// The chart as it was rendered, with its dependencies processed.
    pub chart: Node,
    /// What Helm logs on the way.
    pub warnings: Vec<String>,
}

/// Renders a chart (Helm v4.2.3 `ProcessDependencies`, `ToRenderValues` and `engine.Render`).
///
/// ```
/// use std::sync::Arc;
/// use fleet_core::helm::{Chart, ReleaseInfo, RenderOptions, render, values};
///
/// let file = |text: &str| Arc::from(text.as_bytes());
/// let chart = Chart::from_files([
///     ("Chart.yaml".to_owned(), file("apiVersion: v2\nname: web\nversion: 1.0.0\n")),
///     ("values.yaml".to_owned(), file("replicas: 1\n")),
///     ("templates/a.yaml".to_owned(), file("{{ .Release.Name }}: {{ .Values.replicas }}\n")),
/// ])?;
/// let options = RenderOptions::new(ReleaseInfo::install("shop", "default"));
/// let rendered = render(&chart, &values::read("replicas: 3\n")?, &options)?;
/// assert_eq!(rendered.files["web/templates/a.yaml"], "shop: 3\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Values that do not fit charts or schemas, templates that cannot be parsed, and all that templates fail with.
pub fn render(chart: &Chart, values: &Values, options: &RenderOptions<'_>) -> Result<Rendered, HelmError> {
    let dependencies::Processed {
        chart: node,
        mut warnings,
    } = dependencies::process(chart, values)?;
    let values = coalesce_node(&node, values, false, &mut warnings)?;
    if !options.skip_schema_validation && schema::any(&node) {
        schema::validate(&node, &to_values(&values), options.schemas)?;
    }
    let seeded = SeededEnvironment::default();
    let environment = options.environment.unwrap_or(&seeded);
    let renderables = objects::renderables(&node, values, options);
    let templates = chart.parts.parsed.templates(&renderables)?;
    let mut context = Context::new(templates, environment, options.limits);
    let mut files = BTreeMap::new();
    let mut output = 0_u64;
    for renderable in &renderables {
        if renderable.is_partial() {
            continue;
        }
        renderable.dot.insert("Template", renderable.template_object());
        let text = context
            .execute_bytes(&renderable.name, &crate::template::Value::Map(renderable.dot.clone()))
            .map_err(|error| HelmError::Render(Box::new(error::render_error(&renderable.name, &error))))?;
        output = output.saturating_add(text.len() as u64);
        if output > options.limits.output {
            return Err(HelmError::Output {
                file: renderable.name.to_string(),
                limit: options.limits.output,
            });
        }
        files.insert(renderable.name.to_string(), printed(text));
    }
    Ok(Rendered {
        files,
        chart: node,
        warnings,
    })
}

/// Go prints a missing value so; Helm takes it out of every text.
const NO_VALUE: &str = "<no value>";

fn without_no_value(text: &str) -> String {
    text.replace(NO_VALUE, "")
}

/// The text of a file from the bytes that its template printed.
fn printed(bytes: Vec<u8>) -> String {
    let text =
        String::from_utf8(bytes).unwrap_or_else(|error| Text::from_bytes(error.into_bytes()).to_str().into_owned());
    if memchr::memmem::find(text.as_bytes(), NO_VALUE.as_bytes()).is_none() {
        return text;
    }
    without_no_value(&text)
}
