//! `Chart.yaml`, `Chart.lock` and `requirements.yaml` decoded as Go does: YAML to JSON to typed fields.
//!
//! `sigs.k8s.io/yaml` prints numbers and bools that stand where Go's field is a string (so `appVersion: 1.10` becomes `1.1`),
//! `encoding/json` takes keys in any case, ignores unknown ones, and goes on after a wrong type but reports the first.

use serde_json::{Map, Value};

use super::super::metadata::{Dependency, Lock, Maintainer, Metadata};
use super::load::ChartError;
use crate::yaml::{self, YamlError};

/// Metadata as it was decoded, with what its types cannot hold.
#[derive(Default)]
pub(super) struct Decoded {
    pub(super) value: Metadata,
    /// A maintainer is null.
    pub(super) null_maintainer: bool,
    /// Position of the first dependency that is null.
    pub(super) null_dependency: Option<usize>,
}

/// Decodes a file over what is there: fields that it lacks stay.
pub(super) fn metadata(decoded: &mut Decoded, file: &'static str, data: &[u8]) -> Result<(), ChartError> {
    let mut errors = Errors::default();
    if let Some(map) = object(file, data, "v2.Metadata")? {
        for (key, value) in &map {
            field(decoded, &key.to_ascii_lowercase(), value, &mut errors);
        }
    }
    errors.finish(file)
}

/// Decodes a lock.
pub(super) fn lock(file: &'static str, data: &[u8]) -> Result<Lock, ChartError> {
    let mut errors = Errors::default();
    let mut lock = Lock::default();
    for (key, value) in &object(file, data, "v2.Lock")?.unwrap_or_default() {
        match key.to_ascii_lowercase().as_str() {
            "generated" => match value.as_str().map(str::parse) {
                Some(Ok(time)) => lock.generated = time,
                Some(Err(_)) => {
                    let text = format!("parsing time {value} as \"2006-01-02T15:04:05Z07:00\"");
                    errors.add(text);
                }
                None => {}
            },
            "digest" => text(&mut lock.digest, value, "Lock.digest", &mut errors),
            "dependencies" => lock.dependencies = dependencies(value, "Lock", &mut errors).0,
            _ => {}
        }
    }
    errors.finish(file)?;
    Ok(lock)
}

fn object(file: &'static str, data: &[u8], target: &str) -> Result<Option<Map<String, Value>>, ChartError> {
    let Ok(text) = std::str::from_utf8(data) else {
        let message = "error converting YAML to JSON: yaml: invalid leading UTF-8 octet".to_owned();
        return Err(ChartError::Content { file, message });
    };
    let value = yaml::read(text).map_err(|error| ChartError::Yaml {
        file,
        error: wrapped(error),
    })?;
    match value {
        Value::Object(map) => Ok(Some(map)),
        Value::Null => Ok(None),
        other => {
            let prefix = "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal";
            let message = format!("{prefix} {} into Go value of type {target}", kind(&other));
            Err(ChartError::Content { file, message })
        }
    }
}

fn wrapped(error: YamlError) -> YamlError {
    YamlError::Conversion(Box::new(error))
}

fn field(decoded: &mut Decoded, key: &str, value: &Value, errors: &mut Errors) {
    let metadata = &mut decoded.value;
    match key {
        "name" => text(&mut metadata.name, value, "Metadata.name", errors),
        "home" => text(&mut metadata.home, value, "Metadata.home", errors),
        "sources" => texts(&mut metadata.sources, value, "Metadata.sources", errors),
        "version" => text(&mut metadata.version, value, "Metadata.version", errors),
        "description" => text(&mut metadata.description, value, "Metadata.description", errors),
        "keywords" => texts(&mut metadata.keywords, value, "Metadata.keywords", errors),
        "maintainers" => {
            (metadata.maintainers, decoded.null_maintainer) = maintainers(value, errors);
        }
        "icon" => text(&mut metadata.icon, value, "Metadata.icon", errors),
        "apiversion" => text(&mut metadata.api_version, value, "Metadata.apiVersion", errors),
        "condition" => text(&mut metadata.condition, value, "Metadata.condition", errors),
        "tags" => text(&mut metadata.tags, value, "Metadata.tags", errors),
        "appversion" => text(&mut metadata.app_version, value, "Metadata.appVersion", errors),
        "deprecated" => boolean(&mut metadata.deprecated, value, "Metadata.deprecated", errors),
        "annotations" => match value {
            Value::Null => metadata.annotations.clear(),
            Value::Object(map) => {
                for (key, value) in map {
                    let slot = metadata.annotations.entry(key.clone()).or_default();
                    text(slot, value, "Metadata.annotations", errors);
                }
            }
            other => errors.wrong(other, "Metadata.annotations", "map[string]string"),
        },
        "kubeversion" => text(&mut metadata.kube_version, value, "Metadata.kubeVersion", errors),
        "dependencies" => {
            (metadata.dependencies, decoded.null_dependency) = dependencies(value, "Metadata", errors);
        }
        "type" => text(&mut metadata.chart_type, value, "Metadata.type", errors),
        _ => {}
    }
}

fn maintainers(value: &Value, errors: &mut Errors) -> (Vec<Maintainer>, bool) {
    let mut null = false;
    let items = list(value, "Metadata.maintainers", "[]*v2.Maintainer", errors);
    let read = items.iter().map(|item| {
        let mut maintainer = Maintainer::default();
        match item {
            Value::Null => null = true,
            Value::Object(map) => {
                for (key, value) in map {
                    match key.to_ascii_lowercase().as_str() {
                        "name" => text(&mut maintainer.name, value, "Maintainer.maintainers.name", errors),
                        "email" => text(&mut maintainer.email, value, "Maintainer.maintainers.email", errors),
                        "url" => text(&mut maintainer.url, value, "Maintainer.maintainers.url", errors),
                        _ => {}
                    }
                }
            }
            other => errors.wrong(other, "Metadata.maintainers", "v2.Maintainer"),
        }
        maintainer
    });
    (read.collect(), null)
}

fn dependencies(value: &Value, owner: &str, errors: &mut Errors) -> (Vec<Dependency>, Option<usize>) {
    let mut null = None;
    let items = list(value, &format!("{owner}.dependencies"), "[]*v2.Dependency", errors);
    let read = items.iter().enumerate().map(|(index, item)| {
        let mut dependency = Dependency::default();
        match item {
            Value::Null => null = null.or(Some(index)),
            Value::Object(map) => {
                for (key, value) in map {
                    dependency_field(&mut dependency, &key.to_ascii_lowercase(), value, errors);
                }
            }
            other => errors.wrong(other, &format!("{owner}.dependencies"), "v2.Dependency"),
        }
        dependency
    });
    (read.collect(), null)
}

fn dependency_field(dependency: &mut Dependency, key: &str, value: &Value, errors: &mut Errors) {
    let path = format!("Dependency.dependencies.{key}");
    match key {
        "name" => text(&mut dependency.name, value, &path, errors),
        "version" => text(&mut dependency.version, value, &path, errors),
        "repository" => text(&mut dependency.repository, value, &path, errors),
        "condition" => text(&mut dependency.condition, value, &path, errors),
        "tags" => texts(&mut dependency.tags, value, &path, errors),
        "enabled" => boolean(&mut dependency.enabled, value, &path, errors),
        "import-values" => {
            dependency.import_values = list(value, &path, "[]interface {}", errors).to_vec();
            dependency.import_values.iter_mut().for_each(yaml::numbers_to_f64);
        }
        "alias" => text(&mut dependency.alias, value, &path, errors),
        _ => {}
    }
}

/// Errors of decoding, of which Go reports the first.
#[derive(Default)]
struct Errors(Option<String>);

impl Errors {
    fn add(&mut self, message: String) {
        self.0.get_or_insert(message);
    }

    fn wrong(&mut self, value: &Value, field: &str, target: &str) {
        let kind = kind(value);
        self.add(format!(
            "json: cannot unmarshal {kind} into Go struct field {field} of type {target}"
        ));
    }

    fn finish(self, file: &'static str) -> Result<(), ChartError> {
        match self.0 {
            None => Ok(()),
            Some(message) => {
                let message = format!("error unmarshaling JSON: while decoding JSON: {message}");
                Err(ChartError::Content { file, message })
            }
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn text(target: &mut String, value: &Value, field: &str, errors: &mut Errors) {
    match value {
        Value::Null => {}
        Value::String(text) => text.clone_into(target),
        Value::Bool(flag) => *target = flag.to_string(),
        Value::Number(number) => {
            *target = match number.as_f64() {
                Some(float) if number.is_f64() => yaml::number::format_g32(float),
                _ => number.to_string(),
            };
        }
        other => errors.wrong(other, field, "string"),
    }
}

fn texts(target: &mut Vec<String>, value: &Value, field: &str, errors: &mut Errors) {
    let read = list(value, field, "[]string", errors).iter().map(|item| {
        let mut element = String::new();
        text(&mut element, item, field, errors);
        element
    });
    *target = read.collect();
}

fn boolean(target: &mut bool, value: &Value, field: &str, errors: &mut Errors) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => *target = *flag,
        other => errors.wrong(other, field, "bool"),
    }
}

fn list<'a>(value: &'a Value, field: &str, target: &str, errors: &mut Errors) -> &'a [Value] {
    match value {
        Value::Array(items) => items,
        Value::Null => &[],
        other => {
            errors.wrong(other, field, target);
            &[]
        }
    }
}
