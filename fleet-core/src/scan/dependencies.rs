//! Charts in a bundle's folder must be sound, and their dependencies there (Fleet runs `helm dependency update`).

use serde_json::Value;

use super::ScanError;
use crate::{
    tree::{Tree, path},
    yaml,
};

/// What a Chart.yaml declares.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Declared {
    pub(crate) name: String,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One dependency of a chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) repository: String,
}

/// Reads a chart's Chart.yaml as far as its dependencies ask for it, with Helm's words for what is wrong.
pub(crate) fn declared(text: &str) -> Result<Declared, String> {
    let chart =
        yaml::read(text).map_err(|error| format!("cannot load Chart.yaml: error converting YAML to JSON: {error}"))?;
    let text_of = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let required = |key: &str| match text_of(&chart, key) {
        empty if empty.is_empty() => Err(format!("validation: chart.metadata.{key} is required")),
        text => Ok(text),
    };
    let name = required("name")?;
    required("version")?;
    let listed = chart.get("dependencies").and_then(Value::as_array);
    let dependencies = listed.into_iter().flatten().map(|entry| Dependency {
        name: text_of(entry, "name"),
        version: text_of(entry, "version"),
        repository: text_of(entry, "repository"),
    });
    Ok(Declared {
        name,
        dependencies: dependencies.collect(),
    })
}

/// Checks the chart in `folder`, which lies in the bundle's folder `root`.
pub(crate) fn check(tree: &Tree, root: &str, folder: &str) -> Result<Declared, ScanError> {
    let path = path::join([folder, "Chart.yaml"]);
    let failed = |problem: String| ScanError::Chart {
        folder: root.to_owned(),
        path: path.clone(),
        problem,
    };
    let entry = tree.read(&path).map_err(|error| failed(error.to_string()))?;
    let text = std::str::from_utf8(&entry.content).map_err(|error| failed(error.to_string()))?;
    declared(text).map_err(failed)
}
