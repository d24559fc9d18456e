//! From marked objects to the parts of a Helm release: hooks apart, install order, manifest text (Helm v4.2.3 `SortManifests`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::RenderError;
use crate::{
    helm::{
        manifest::push_document,
        release::{Hook, HookDeletePolicy, HookEvent, HookOutputLogPolicy},
    },
    object::{install_order, kind, name},
    yaml,
};

/// What a release consists of.
pub(crate) struct Parts {
    pub(crate) objects: Vec<Value>,
    pub(crate) manifest: String,
    pub(crate) hooks: Vec<Hook>,
    pub(crate) hook_objects: Vec<Value>,
}

/// Parts the objects of all files into those of the manifest and hooks, each in the order of installation.
pub(crate) fn parts(files: BTreeMap<String, Vec<Value>>) -> Result<Parts, RenderError> {
    let mut objects: Vec<(String, Value)> = Vec::new();
    let mut hooks: Vec<(Hook, Value)> = Vec::new();
    for (file, found) in files {
        for object in found {
            match hook(&file, &object)? {
                Kind::Object => objects.push((file.clone(), object)),
                Kind::Hook(hook) => hooks.push((*hook, object)),
                Kind::Unknown => {}
            }
        }
    }
    objects.sort_by(|left, right| install_order::install(kind(&left.1)).cmp(&install_order::install(kind(&right.1))));
    hooks.sort_by(|left, right| install_order::install(&left.0.kind).cmp(&install_order::install(&right.0.kind)));
    let mut manifest = String::new();
    for (file, object) in &objects {
        let text = document(object)?;
        push_document(&mut manifest, file, text.strip_suffix('\n').unwrap_or(&text));
    }
    let (hooks, hook_objects) = hooks.into_iter().unzip();
    Ok(Parts {
        objects: objects.into_iter().map(|(_, object)| object).collect(),
        manifest,
        hooks,
        hook_objects,
    })
}

fn document(object: &Value) -> Result<String, RenderError> {
    yaml::write(object).map_err(|error| RenderError::PostRender(error.to_string()))
}

enum Kind {
    Object,
    Hook(Box<Hook>),
    /// A hook of an event that Helm does not know: it is dropped.
    Unknown,
}

fn hook(file: &str, object: &Value) -> Result<Kind, RenderError> {
    let annotation = |name: &str| {
        let annotations = object.pointer("/metadata/annotations")?.as_object()?;
        annotations.get(name).and_then(Value::as_str)
    };
    let words = |text: &str| -> Vec<String> {
        text.split(',')
            .map(|word| word.trim().to_lowercase())
            .filter(|word| !word.is_empty())
            .collect()
    };
    let Some(events) = annotation("helm.sh/hook") else {
        return Ok(Kind::Object);
    };
    let events: Option<Vec<HookEvent>> = words(events).iter().map(|word| HookEvent::parse(word)).collect();
    let Some(events) = events.filter(|events| !events.is_empty()) else {
        return Ok(Kind::Unknown);
    };
    Ok(Kind::Hook(Box::new(Hook {
        name: name(object).to_owned(),
        kind: kind(object).to_owned(),
        path: file.to_owned(),
        manifest: document(object)?,
        events,
        weight: annotation("helm.sh/hook-weight")
            .and_then(|weight| weight.parse().ok())
            .unwrap_or_default(),
        delete_policies: annotation("helm.sh/hook-delete-policy")
            .map(|text| words(text).iter().map(|word| HookDeletePolicy::parse(word)).collect())
            .unwrap_or_default(),
        output_log_policies: annotation("helm.sh/hook-output-log-policy")
            .map(|text| {
                words(text)
                    .iter()
                    .map(|word| HookOutputLogPolicy::parse(word))
                    .collect()
            })
            .unwrap_or_default(),
        ..Hook::default()
    })))
}
