//! The built-in transformers that change fields: namespace, names, labels, annotations, replicas, images, hashes, single values.

mod images;
pub(super) mod name_reference;
mod namespace;
pub(super) mod patch;
pub(super) mod path;
pub(super) mod replacement;
pub(super) mod value_add;
pub(super) mod vars;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(super) use images::images;
pub(super) use namespace::{Namespace, SubjectMode, namespace};

use super::{
    error::{KustomizeError, Result},
    fields::{self, Create, FieldSpec},
    growth::Growth,
    id::Gvk,
    kustomization::Replica,
    node::{Node, Scalar, Style, Tag},
    resmap::ResMap,
    resource::Resource,
};

/// Which end of a name is added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Prefix,
    Suffix,
}

/// Adds a prefix or suffix to names, and remembers it.
pub(super) fn affix(resources: &mut ResMap, text: &str, end: End, specs: &[FieldSpec], growth: &Growth) -> Result<()> {
    growth.text(text.len(), resources.list().len())?;
    for resource in resources.list_mut() {
        let original = resource.original_gvk();
        if keeps_name(&original) {
            continue;
        }
        for spec in specs {
            if !original.is_selected(&spec.gvk) {
                continue;
            }
            if spec.path == "metadata/name" && !text.is_empty() {
                match end {
                    End::Prefix => resource.prefixes.push(text.to_owned()),
                    End::Suffix => resource.suffixes.push(text.to_owned()),
                }
                resource.store_previous_id();
            }
            let mut set = |node: &mut Node| match node {
                Node::Scalar(scalar) => {
                    let name = match end {
                        End::Prefix => format!("{text}{}", scalar.text),
                        End::Suffix => format!("{}{text}", scalar.text),
                    };
                    *scalar = Scalar::string(name);
                    Ok(())
                }
                node => Err(KustomizeError::Transform(fields::wrong_kind("ScalarNode", node))),
            };
            fields::apply(resource, spec, Create::Scalar(Tag::String), &mut set)?;
        }
    }
    Ok(())
}

fn keeps_name(gvk: &Gvk) -> bool {
    matches!(&*gvk.kind, "CustomResourceDefinition" | "Namespace")
        || (gvk.kind == "APIService" && gvk.group == "apiregistration.k8s.io")
}

/// Sets pairs in the maps that the specs lead to: labels, annotations.
pub(super) fn pairs(
    resources: &mut ResMap,
    pairs: &BTreeMap<String, String>,
    specs: &[FieldSpec],
    growth: &Growth,
) -> Result<()> {
    if pairs.is_empty() {
        return Ok(());
    }
    let bytes = pairs.iter().map(|(key, value)| key.len() + value.len()).sum();
    growth.text(bytes, resources.list().len())?;
    for resource in resources.list_mut() {
        for (key, value) in pairs {
            let mut set = fields::set_entry(key, value);
            for spec in specs {
                fields::apply(resource, spec, Create::Mapping, &mut set)?;
            }
        }
    }
    Ok(())
}

/// Sets the number of replicas of what has, or had, the name.
pub(super) fn replicas(resources: &mut ResMap, replica: &Replica, specs: &[FieldSpec]) -> Result<()> {
    let mut found = false;
    for spec in specs {
        let matches = resources.matching_any_id(|id| id.name == replica.name && id.gvk.is_selected(&spec.gvk));
        found |= !matches.is_empty();
        let count = Scalar {
            text: replica.count.to_string().into(),
            tag: Tag::Integer,
            style: Style::Plain,
        };
        let mut set = fields::set_scalar(count);
        let list = resources.list_mut();
        for at in matches {
            fields::apply(&mut list[at], spec, Create::Scalar(Tag::Integer), &mut set)?;
        }
    }
    if found {
        return Ok(());
    }
    let kinds: Vec<String> = specs.iter().map(|spec| spec.gvk.to_string()).collect();
    Err(KustomizeError::Transform(format!(
        "resource with name {} does not match a config with the following GVK [{}]",
        replica.name,
        kinds.join(" ")
    )))
}

/// Adds hashes of their contents to the names of generated objects.
pub(super) fn hashes(resources: &mut ResMap) -> Result<()> {
    if resources.list().iter().any(|resource| resource.hash) {
        for resource in resources.list_mut().iter_mut().filter(|resource| resource.hash) {
            let name = format!("{}-{}", resource.name(), hash(resource)?);
            resource.store_previous_id();
            resource.set_name(&name);
        }
    }
    Ok(())
}

/// The first ten digits of SHA-256 over the content, in an alphabet without vowels.
fn hash(resource: &Resource) -> Result<String> {
    let field = |name: &str| match resource.object.get(name) {
        None => Ok(Value::String(String::new())),
        Some(Node::Scalar(scalar)) => Ok(Value::String(scalar.text.to_string())),
        Some(node) => node.to_value(),
    };
    // The name is empty in kustomize too: a mistake that all hashes depend on.
    let mut content = json!({"kind": resource.kind(), "name": "", "data": field("data")?});
    match resource.kind() {
        "ConfigMap" => {
            if let value @ Value::Object(_) = field("binaryData")? {
                content["binaryData"] = value;
            }
        }
        "Secret" => {
            content["type"] = field("type")?;
            if let value @ Value::Object(_) = field("stringData")? {
                content["stringData"] = value;
            }
        }
        _ => content = Node::Mapping(resource.object.clone()).to_value()?,
    }
    let digest = Sha256::digest(crate::yaml::json::to_string(&content).as_bytes());
    let digits: String = digest.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
    let letter = |digit| match digit {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        other => other,
    };
    Ok(digits.chars().map(letter).collect())
}
