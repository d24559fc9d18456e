//! Helm values of a bundle, rendered for a cluster.
//!
//! In order: a cluster without labels that templates see leaves options as they are; a missing `helm` section becomes an
//! empty one; texts that begin with `global.fleet.clusterLabels.` become that label; then, unless `disablePreProcess` is
//! set, all values are printed as one YAML text, run as a Go template between `${` and `}`, and read again; and each entry
//! of `templateValues` likewise, over the value of its key.
//!
//! Since values are one text, results are typed anew: `"${ .ClusterLabels.port }"` prints plain, so `8080` comes back as a
//! number (`| quote` keeps the text).
//!
//! Source: Fleet `target.preprocessHelmValues` and its helpers.

use std::sync::OnceLock;

use serde_json::{Map, Value};

use super::template::{Scope, ValuesTemplate};
use super::view::ClusterView;
use crate::api::{BundleDeploymentOptions, GenericMap, HelmOptions};
use crate::labels::Labels;
use crate::template::Environment;
use crate::yaml::{self, YamlError};

/// What a text begins with that stands for a label.
const LABEL_PREFIX: &str = "global.fleet.clusterLabels.";
/// Deepest nesting of values with such texts.
const MAX_DEPTH: usize = 50;
/// What opens an action of a template.
pub(super) const LEFT_DELIMITER: &str = "${";

/// Why values cannot be rendered for a cluster; the texts are upstream's.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ValuesError {
    /// Values are nested too deep.
    #[error(
        "maximum recursion depth of {MAX_DEPTH} exceeded for cluster label prefix processing, too many nested values"
    )]
    Depth,
    /// Values cannot be printed.
    #[error("failed to marshal values section into a template: {0}")]
    Print(YamlError),
    /// The template cannot be parsed.
    #[error("failed to parse helm values template: {0}")]
    Parse(String),
    /// The template cannot be run.
    #[error("failed to render helm values template: {0}")]
    Render(String),
    /// What the template gave is no YAML, or no object.
    #[error("failed to interpret rendered template as helm values: map[string]interface {{}}(nil), {0}")]
    Read(YamlError),
}

/// Merged options before any cluster: what does not depend on one is found out once.
#[derive(Clone, Debug)]
pub struct Prepared {
    options: BundleDeploymentOptions,
    /// Whether texts stand for labels.
    labels: bool,
    /// Whether there is a template.
    template: bool,
    /// Values as one template, where they are the same for every cluster.
    parsed: OnceLock<Result<ValuesTemplate, ValuesError>>,
}

impl Prepared {
    /// For merged options.
    pub fn new(options: BundleDeploymentOptions) -> Self {
        let helm = options.helm.as_ref();
        let values = helm.and_then(|helm| helm.values.as_ref()).and_then(GenericMap::map);
        let labels = values.is_some_and(|values| values.values().any(|value| has_text(value, &is_label_text)));
        let is_template = |text: &str| text.contains(LEFT_DELIMITER);
        let template = helm.is_some_and(|helm| {
            // Quoting can only add characters inside of a text, and `$` and `{` are never escaped.
            let in_keys = |value: &Value| has_text(value, &is_template);
            !helm.disable_pre_process
                && (values.is_some_and(|values| {
                    values
                        .iter()
                        .any(|(key, value)| is_template(key) || in_keys(value) || ends_open(key))
                }) || helm.template_values.values().any(|text| is_template(text)))
        });
        Self {
            options,
            labels,
            template,
            parsed: OnceLock::new(),
        }
    }

    /// True where every cluster with labels gets the same options, and every cluster without.
    pub fn is_plain(&self) -> bool {
        !self.labels && !self.template
    }

    /// The options for a cluster. Functions that draw random numbers or read the time get them from the environment.
    ///
    /// # Errors
    /// Values that cannot be templated.
    pub fn render(
        &self,
        cluster: &ClusterView,
        environment: &dyn Environment,
    ) -> Result<BundleDeploymentOptions, ValuesError> {
        let mut options = self.options.clone();
        if !cluster.has_template_labels() {
            return Ok(options);
        }
        let Some(helm) = &mut options.helm else {
            options.helm = Some(HelmOptions::default());
            return Ok(options);
        };
        let mut values = helm.values.take().and_then(|values| values.0).unwrap_or_default();
        if self.labels {
            let labels = cluster.template_labels();
            substitute(&mut values, &labels, 0)?;
        }
        if helm.disable_pre_process {
            helm.values = Some(GenericMap(Some(values)));
            return Ok(options);
        }
        let mut rendered = Some(values);
        if self.template {
            let scope = Scope::of(cluster, environment);
            rendered = self.render_values(rendered.unwrap_or_default(), &scope)?;
            for (key, text) in &helm.template_values {
                let value = yaml::read(&ValuesTemplate::parse(text)?.render(&scope)?)
                    .map_err(|error| ValuesError::Read(YamlError::Conversion(Box::new(error))))?;
                rendered.get_or_insert_with(Map::new).insert(key.clone(), value);
            }
        } else {
            // Printing and reading again would change nothing.
            for (key, text) in &helm.template_values {
                let value =
                    yaml::read(text).map_err(|error| ValuesError::Read(YamlError::Conversion(Box::new(error))))?;
                rendered.get_or_insert_with(Map::new).insert(key.clone(), value);
            }
        }
        helm.values = Some(rendered.map_or(GenericMap(None), GenericMap::new));
        Ok(options)
    }

    /// All values as one template; `None` where it gives nothing at all.
    fn render_values(
        &self,
        values: Map<String, Value>,
        scope: &Scope<'_>,
    ) -> Result<Option<Map<String, Value>>, ValuesError> {
        let parse = |values| {
            let text = yaml::write(&Value::Object(values)).map_err(ValuesError::Print)?;
            ValuesTemplate::parse(&text)
        };
        let text = if self.labels {
            parse(values)?.render(scope)?
        } else {
            self.parsed
                .get_or_init(|| parse(values))
                .as_ref()
                .map_err(Clone::clone)?
                .render(scope)?
        };
        read_values(&text)
    }
}

/// The values of a rendered text; nothing at all is Go's nil map.
fn read_values(text: &str) -> Result<Option<Map<String, Value>>, ValuesError> {
    let values = yaml::read_object(text).map_err(ValuesError::Read)?;
    let nothing = values.is_empty() && yaml::read(text).is_ok_and(|value| value.is_null());
    Ok((!nothing).then_some(values))
}

fn is_label_text(text: &str) -> bool {
    text.starts_with(LABEL_PREFIX)
}

/// Whether a key could open an action together with what follows it.
fn ends_open(key: &str) -> bool {
    key.ends_with('$')
}

/// Whether a text in a value, or one of its keys, meets a condition.
fn has_text(value: &Value, condition: &impl Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => condition(text),
        Value::Array(items) => items.iter().any(|item| has_text(item, condition)),
        Value::Object(map) => map
            .iter()
            .any(|(key, value)| condition(key) || has_text(value, condition)),
        _ => false,
    }
}

/// Replaces texts that stand for a label, in objects at any depth, also those in lists; not texts that are items of a list.
fn substitute(values: &mut Map<String, Value>, labels: &Labels, depth: usize) -> Result<(), ValuesError> {
    if depth > MAX_DEPTH {
        return Err(ValuesError::Depth);
    }
    for value in values.values_mut() {
        match value {
            Value::String(text) => {
                if let Some(label) = text.strip_prefix(LABEL_PREFIX) {
                    *text = labels.get(label).cloned().unwrap_or_default();
                }
            }
            Value::Object(map) => substitute(map, labels, depth + 1)?,
            Value::Array(items) => {
                for item in items {
                    if let Value::Object(map) = item {
                        substitute(map, labels, depth + 1)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}
