//! What errors show of the configuration that a step of kustomize got from a kustomization: YAML, without what is empty.

use serde_json::{Map, Value};

use super::{
    error::KustomizeError,
    kustomization::{FieldOptions, Patch, Replacement, Selector, Source, Target},
};

/// An error of a built-in step, with its configuration.
pub(super) fn in_config(error: KustomizeError, transformer: &str, config: &str) -> KustomizeError {
    error.context(format!(
        "trouble configuring builtin {transformer} with config: `\n{config}`"
    ))
}

/// An entry of `patches`, or with `jsonOp` of `patchesJson6902`.
pub(super) fn patch(entry: &Patch, text_field: &str) -> String {
    let mut config = Map::new();
    add(&mut config, "path", &entry.path);
    add(&mut config, text_field, &entry.patch);
    if let Some(target) = &entry.target {
        config.insert("target".to_owned(), selector(target));
    }
    written(config)
}

/// All `replacements` of a kustomization.
pub(super) fn replacements(entries: &[Replacement]) -> String {
    let entries = entries.iter().map(|entry| {
        let mut shown = Map::new();
        add(&mut shown, "path", &entry.path);
        if let Some(text) = &entry.source_value {
            shown.insert("sourceValue".to_owned(), Value::String(text.clone()));
        }
        if let Some(source) = &entry.source {
            shown.insert("source".to_owned(), self::source(source));
        }
        if let Some(targets) = &entry.targets {
            shown.insert("targets".to_owned(), targets.iter().map(target).collect());
        }
        Value::Object(shown)
    });
    let mut config = Map::new();
    config.insert("Replacements".to_owned(), entries.collect());
    written(config)
}

fn written(config: Map<String, Value>) -> String {
    crate::yaml::write(&Value::Object(config)).unwrap_or_default()
}

fn add(config: &mut Map<String, Value>, name: &str, text: &str) {
    if !text.is_empty() {
        config.insert(name.to_owned(), Value::String(text.to_owned()));
    }
}

fn selector(selector: &Selector) -> Value {
    let mut shown = Map::new();
    for (name, text) in [
        ("group", &selector.group),
        ("version", &selector.version),
        ("kind", &selector.kind),
        ("name", &selector.name),
        ("namespace", &selector.namespace),
        ("annotationSelector", &selector.annotation_selector),
        ("labelSelector", &selector.label_selector),
    ] {
        add(&mut shown, name, text);
    }
    Value::Object(shown)
}

fn source(source: &Source) -> Value {
    let mut shown = Map::new();
    for (name, text) in [
        ("group", &source.group),
        ("version", &source.version),
        ("kind", &source.kind),
        ("name", &source.name),
        ("namespace", &source.namespace),
        ("fieldPath", &source.field_path),
    ] {
        add(&mut shown, name, text);
    }
    if let Some(options) = &source.options {
        shown.insert("options".to_owned(), self::options(options));
    }
    Value::Object(shown)
}

fn target(target: &Target) -> Value {
    let mut shown = Map::new();
    if let Some(select) = &target.select {
        shown.insert("select".to_owned(), selector(select));
    }
    if !target.reject.is_empty() {
        shown.insert("reject".to_owned(), target.reject.iter().map(selector).collect());
    }
    if !target.field_paths.is_empty() {
        shown.insert("fieldPaths".to_owned(), target.field_paths.clone().into());
    }
    if let Some(options) = &target.options {
        shown.insert("options".to_owned(), self::options(options));
    }
    Value::Object(shown)
}

fn options(options: &FieldOptions) -> Value {
    let mut shown = Map::new();
    add(&mut shown, "delimiter", &options.delimiter);
    if options.index != 0 {
        shown.insert("index".to_owned(), options.index.into());
    }
    if options.create {
        shown.insert("create".to_owned(), true.into());
    }
    Value::Object(shown)
}
