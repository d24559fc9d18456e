//! The templates of values: Go's language between `${` and `}`, missing keys are errors.
//!
//! Functions are sprig's, without those that reach outside (`env`, `expandenv`, `getHostByName`). Time and random numbers
//! come from the caller's environment.

use std::sync::{Arc, LazyLock};

use super::values::{LEFT_DELIMITER, ValuesError};
use super::view::ClusterView;
use crate::api::GenericMap;
use crate::labels::Labels;
use crate::sprig;
use crate::template::{Environment, Functions, Limits, MissingKey, Template, TemplateError, TemplateOptions, Value};

/// What upstream calls the template; errors name it.
const NAME: &str = "values";

static FUNCTIONS: LazyLock<Arc<Functions>> = LazyLock::new(|| {
    let mut functions = sprig::functions();
    for name in ["env", "expandenv", "getHostByName", "include", "tpl"] {
        functions.remove(name);
    }
    Arc::new(functions)
});

/// A parsed text; one without an action is kept as it is.
#[derive(Clone, Debug)]
pub(super) enum ValuesTemplate {
    Text(String),
    Template(Template),
}

/// What a template sees.
pub(super) struct Scope<'a> {
    data: Value,
    environment: &'a dyn Environment,
}

impl<'a> Scope<'a> {
    /// Of a cluster.
    pub(super) fn of(cluster: &ClusterView, environment: &'a dyn Environment) -> Self {
        let texts = |labels: Labels| Value::map(labels.into_iter().map(|(key, value)| (key, Value::text(value))));
        let values = cluster
            .template_values
            .as_ref()
            .and_then(GenericMap::map)
            .cloned()
            .unwrap_or_default();
        let data = Value::map([
            ("ClusterNamespace", Value::text(cluster.namespace.as_str())),
            ("ClusterName", Value::text(cluster.name.as_str())),
            ("ClusterLabels", texts(cluster.template_labels())),
            ("ClusterAnnotations", texts(cluster.template_annotations())),
            ("ClusterValues", Value::from_json(&serde_json::Value::Object(values))),
        ]);
        Self { data, environment }
    }
}

impl ValuesTemplate {
    /// Parses a text.
    pub(super) fn parse(text: &str) -> Result<Self, ValuesError> {
        if !text.contains(LEFT_DELIMITER) {
            return Ok(Self::Text(text.to_owned()));
        }
        let options = TemplateOptions::default()
            .with_delimiters(LEFT_DELIMITER, "}")
            .with_missing_key(MissingKey::Error);
        let parsed = Template::parse(NAME, text, Arc::clone(&FUNCTIONS), options);
        parsed
            .map(Self::Template)
            .map_err(|error| ValuesError::Parse(error.to_string()))
    }

    /// Runs it.
    pub(super) fn render(&self, scope: &Scope<'_>) -> Result<String, ValuesError> {
        let template = match self {
            Self::Text(text) => return Ok(text.clone()),
            Self::Template(template) => template,
        };
        let failed = |error: TemplateError| ValuesError::Render(error.to_string());
        let text = template
            .execute(&scope.data, scope.environment, Limits::default())
            .map_err(failed)?;
        Ok(text.to_string())
    }
}
