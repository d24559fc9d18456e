//! `crds`: OpenAPI definitions whose extensions say which fields are labels, annotations, names or references.

use std::borrow::Cow;

use serde_json::Value;

use super::{
    config::Config,
    error::{KustomizeError, Result},
    fields::FieldSpec,
    id::Gvk,
};

/// How deep references are followed; one that leads back to where it came from is not followed at all (kustomize runs out of stack).
const MAX_DEPTH: usize = 16;

/// How many fields the definitions may have, with those that they refer to.
const MAX_FIELDS: usize = 100_000;

/// Field specs from a file of definitions by type name.
pub(super) fn config(content: &[u8], path: &str) -> Result<Config> {
    let failure = |text: String| {
        KustomizeError::Kustomization(format!("unable to parse open API definition from '{path}': {text}"))
    };
    let text = crate::yaml::decode(content).map_err(|error| failure(error.to_string()))?;
    let value = crate::yaml::read(&text).map_err(|error| failure(error.to_string()))?;
    let mut config = Config::default();
    let mut fields = 0;
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
            let mut walk = Walk {
                config: &mut config,
                gvk: &gvk,
                definitions: &value,
                above: Vec::new(),
                fields: &mut fields,
            };
            walk.load(name, "")?;
        }
    }
    Ok(config)
}

fn properties<'a>(definitions: &'a Value, name: &str) -> Option<&'a serde_json::Map<String, Value>> {
    let definition = definitions.get(name)?;
    let schema = definition.get("Schema").or_else(|| definition.get("schema"))?;
    schema.get("properties")?.as_object()
}

/// The fields of one kind.
struct Walk<'a> {
    config: &'a mut Config,
    gvk: &'a Gvk,
    definitions: &'a Value,
    /// The definitions that led to the current one.
    above: Vec<&'a str>,
    /// How many fields there were so far, of all kinds.
    fields: &'a mut usize,
}

impl<'a> Walk<'a> {
    fn load(&mut self, name: &'a str, path: &str) -> Result<()> {
        let Some(properties) = properties(self.definitions, name) else {
            return Ok(());
        };
        if self.above.len() > MAX_DEPTH || self.above.contains(&name) {
            return Ok(());
        }
        *self.fields += properties.len();
        if *self.fields > MAX_FIELDS {
            return Err(KustomizeError::Limit(format!(
                "more than {MAX_FIELDS} fields in open API definitions"
            )));
        }
        self.above.push(name);
        let mut names: Vec<&String> = properties.keys().collect();
        names.sort();
        for name in names {
            let path = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}/{name}")
            };
            self.property(&properties[name], &path)?;
        }
        self.above.pop();
        Ok(())
    }

    fn property(&mut self, property: &'a Value, path: &str) -> Result<()> {
        let text = |extension: &str| property.get(extension).and_then(Value::as_str);
        let gvk = self.gvk;
        let spec = |path: String| FieldSpec {
            gvk: gvk.clone(),
            path: Cow::Owned(path),
            create: false,
        };
        if text("x-kubernetes-annotation").is_some() {
            self.config.add_annotation(spec(path.to_owned()))?;
        }
        if text("x-kubernetes-label-selector").is_some() {
            self.config.add_label(spec(path.to_owned()))?;
        }
        if text("x-kubernetes-identity").is_some() {
            self.config.add_prefix(spec(path.to_owned()))?;
        }
        let version = text("x-kubernetes-object-ref-api-version");
        if let (Some(version), Some(kind)) = (version, text("x-kubernetes-object-ref-kind")) {
            let key = text("x-kubernetes-object-ref-name-key").unwrap_or("name");
            let target = Gvk {
                version: Cow::Owned(version.to_owned()),
                kind: Cow::Owned(kind.to_owned()),
                ..Gvk::default()
            };
            self.config.add_name_reference(target, spec(format!("{path}/{key}")))?;
        }
        match property.get("$ref").and_then(Value::as_str) {
            Some(reference) => self.load(reference, path),
            None => Ok(()),
        }
    }
}
