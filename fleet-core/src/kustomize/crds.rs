//! `crds`: OpenAPI definitions whose extensions say which fields are labels, annotations, names or references.

use std::borrow::Cow;

use serde_json::Value;

use super::{
    config::Config,
    error::{KustomizeError, Result},
    fields::FieldSpec,
    id::Gvk,
};

/// How deep references are followed: kustomize itself would follow a circle for ever.
const MAX_DEPTH: usize = 16;

/// Field specs from a file of definitions by type name.
pub(super) fn config(content: &[u8], path: &str) -> Result<Config> {
    let failure = |text: String| {
        KustomizeError::Kustomization(format!("unable to parse open API definition from '{path}': {text}"))
    };
    let text = crate::yaml::decode(content).map_err(|error| failure(error.to_string()))?;
    let value = crate::yaml::read(&text).map_err(|error| failure(error.to_string()))?;
    let mut config = Config::default();
    let definitions = match &value {
        Value::Null => return Ok(config),
        Value::Object(definitions) => definitions,
        _ => {
            return Err(failure(
                "json: cannot unmarshal into Go value of type accumulator.nameToApiMap".to_owned(),
            ));
        }
    };
    let mut names: Vec<&String> = definitions.keys().collect();
    names.sort();
    for name in &names {
        if !definitions[*name].is_object() {
            return Err(failure(format!(
                "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go value of type accumulator.OpenAPIDefinition",
                if definitions[*name].is_string() {
                    "string"
                } else {
                    "value"
                }
            )));
        }
    }
    for name in names {
        let properties = properties(&value, name);
        if ["kind", "apiVersion", "metadata"]
            .iter()
            .all(|field| properties.is_some_and(|map| map.contains_key(*field)))
        {
            let kind = name.rsplit('.').next().unwrap_or_default();
            let gvk = Gvk {
                kind: Cow::Owned(kind.to_owned()),
                ..Gvk::default()
            };
            load(&mut config, &gvk, &value, name, "")?;
        }
    }
    Ok(config)
}

fn properties<'a>(definitions: &'a Value, name: &str) -> Option<&'a serde_json::Map<String, Value>> {
    let definition = definitions.get(name)?;
    let schema = definition.get("Schema").or_else(|| definition.get("schema"))?;
    schema.get("properties")?.as_object()
}

fn load(config: &mut Config, gvk: &Gvk, definitions: &Value, name: &str, path: &str) -> Result<()> {
    let Some(properties) = properties(definitions, name) else {
        return Ok(());
    };
    if path.matches('/').count() >= MAX_DEPTH {
        return Ok(());
    }
    let mut names: Vec<&String> = properties.keys().collect();
    names.sort();
    for property_name in names {
        let property = &properties[property_name];
        let path = if path.is_empty() {
            property_name.clone()
        } else {
            format!("{path}/{property_name}")
        };
        let text = |extension: &str| property.get(extension).and_then(Value::as_str);
        let spec = |path: String| FieldSpec {
            gvk: gvk.clone(),
            path: Cow::Owned(path),
            create: false,
        };
        if text("x-kubernetes-annotation").is_some() {
            config.add_annotation(spec(path.clone()))?;
        }
        if text("x-kubernetes-label-selector").is_some() {
            config.add_label(spec(path.clone()))?;
        }
        if text("x-kubernetes-identity").is_some() {
            config.add_prefix(spec(path.clone()))?;
        }
        let version = text("x-kubernetes-object-ref-api-version");
        if let (Some(version), Some(kind)) = (version, text("x-kubernetes-object-ref-kind")) {
            let key = text("x-kubernetes-object-ref-name-key").unwrap_or("name");
            let target = Gvk {
                version: Cow::Owned(version.to_owned()),
                kind: Cow::Owned(kind.to_owned()),
                ..Gvk::default()
            };
            config.add_name_reference(target, spec(format!("{path}/{key}")))?;
        }
        if let Some(reference) = text("$ref") {
            load(config, gvk, definitions, reference, &path)?;
        }
    }
    Ok(())
}
