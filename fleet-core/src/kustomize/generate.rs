//! ConfigMaps and Secrets from literals, files and env files (kustomize `api/internal/generators`, `api/kv`).

use std::collections::{BTreeSet, HashSet};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    error::{KustomizeError, Result, quote},
    kustomization::{Generator, GeneratorOptions},
    loader::Loader,
    node::{Key, Mapping, Node, Scalar},
    resource::{Behavior, Resource},
};

/// Which of the two is generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    ConfigMap,
    Secret,
}

/// Options of all generators, with one generator's own on top.
pub(super) fn merge_options(
    local: Option<&GeneratorOptions>,
    global: Option<&GeneratorOptions>,
) -> Option<GeneratorOptions> {
    let Some(global) = global else { return local.cloned() };
    let mut merged = global.clone();
    if let Some(local) = local {
        merged.labels.extend(local.labels.clone());
        merged.annotations.extend(local.annotations.clone());
        // A global true cannot be taken back.
        merged.disable_name_suffix_hash |= local.disable_name_suffix_hash;
        merged.immutable |= local.immutable;
    }
    Some(merged)
}

/// Makes the object.
pub(super) fn generate(arguments: &Generator, kind: Kind, loader: &Loader<'_>) -> Result<Resource> {
    if arguments.name.is_empty() {
        return Err(KustomizeError::Generator("a configmap must have a name".to_owned()));
    }
    let mut metadata = Mapping::default();
    metadata.set("name", Node::string(arguments.name.as_str()));
    if !arguments.namespace.is_empty() {
        metadata.set("namespace", Node::string(arguments.namespace.as_str()));
    }
    let pairs = pairs(arguments, loader).map_err(|error| error.context("loading KV pairs"))?;
    let mut object = Mapping::default();
    object.set("apiVersion", Node::string("v1"));
    object.set(
        "kind",
        Node::string(if kind == Kind::ConfigMap { "ConfigMap" } else { "Secret" }),
    );
    let mut data = Mapping::default();
    let mut binary = Mapping::default();
    let mut seen = BTreeSet::new();
    for (key, _) in &pairs {
        if !seen.insert(key.as_str()) {
            // Of Secrets, too.
            return Err(KustomizeError::Generator(format!(
                "configmap {} illegally repeats the key `{key}`",
                arguments.name
            )));
        }
    }
    for (key, value) in pairs {
        let key = Key::plain(&key);
        match (kind, String::from_utf8(value)) {
            (Kind::ConfigMap, Ok(text)) => data.entries.push((key, Node::string(text))),
            (Kind::ConfigMap, Err(error)) => binary.entries.push((key, Node::string(encode(error.as_bytes())))),
            (Kind::Secret, Ok(text)) => data.entries.push((key, Node::string(encode(text.as_bytes())))),
            (Kind::Secret, Err(error)) => data.entries.push((key, Node::string(encode(error.as_bytes())))),
        }
    }
    if kind == Kind::Secret || !data.entries.is_empty() {
        object.set("data", Node::Mapping(data));
    }
    if !binary.entries.is_empty() {
        object.set("binaryData", Node::Mapping(binary));
    }
    if kind == Kind::Secret {
        let kind = if arguments.kind.is_empty() {
            "Opaque"
        } else {
            &arguments.kind
        };
        object.set("type", Node::string(kind));
    }
    let options = arguments.options.as_ref();
    if let Some(options) = options {
        for (field, pairs) in [("labels", &options.labels), ("annotations", &options.annotations)] {
            if !pairs.is_empty() {
                let entries = pairs
                    .iter()
                    .map(|(key, value)| (Key::plain(key), Node::string(value.as_str())));
                metadata.set(
                    field,
                    Node::Mapping(Mapping {
                        entries: entries.collect(),
                    }),
                );
            }
        }
        if options.immutable {
            object.set("immutable", Node::Scalar(Scalar::plain("true")));
        }
    }
    object.set("metadata", Node::Mapping(metadata));
    let mut resource = Resource::new(object);
    resource.hash = !options.is_some_and(|options| options.disable_name_suffix_hash);
    resource.behavior = Behavior::new(&arguments.behavior);
    Ok(resource)
}

/// base64; what is longer than 70 characters is broken into lines, each with its newline.
fn encode(bytes: &[u8]) -> String {
    const LINE: usize = 70;
    let encoded = STANDARD.encode(bytes);
    if encoded.len() <= LINE {
        return encoded;
    }
    let mut lines = String::with_capacity(encoded.len() + encoded.len() / LINE + 1);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(LINE));
        lines.push_str(line);
        lines.push('\n');
        rest = more;
    }
    lines
}

fn pairs(arguments: &Generator, loader: &Loader<'_>) -> Result<Vec<(String, Vec<u8>)>> {
    let sources = |name: &str, list: &[String]| format!("{name} [{}]", list.join(" "));
    let mut pairs = Vec::new();
    for path in &arguments.envs {
        let found = loader.load(path).and_then(|content| env_lines(&content));
        pairs.extend(found.map_err(|error| error.context(sources("env source files:", &arguments.envs)))?);
    }
    for literal in &arguments.literals {
        let found = literal_pair(literal);
        pairs.push(found.map_err(|error| error.context(sources("literal sources", &arguments.literals)))?);
    }
    for file in &arguments.files {
        let found = file_pair(file).and_then(|(key, path)| Ok((key, loader.load(path)?.to_vec())));
        pairs.push(found.map_err(|error| error.context(sources("file sources:", &arguments.files)))?);
    }
    Ok(pairs)
}

fn literal_pair(literal: &str) -> Result<(String, Vec<u8>)> {
    let failure = || KustomizeError::Generator(format!("invalid literal source {literal}, expected key=value"));
    let (key, value) = literal
        .split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .ok_or_else(failure)?;
    let bytes = value.as_bytes();
    let value = match (bytes.first(), bytes.last()) {
        (Some(first @ (b'"' | b'\'')), Some(last)) if bytes.len() >= 2 && first == last => &value[1..value.len() - 1],
        _ => value,
    };
    Ok((key.to_owned(), value.as_bytes().to_vec()))
}

fn file_pair(source: &str) -> Result<(String, &str)> {
    let failure = |text: String| Err(KustomizeError::Generator(text));
    let named = |what: &str, part: &str| format!("missing {what} {} in source {}", quote(part), quote(source));
    match source.matches('=').count() {
        0 => {
            let name = source.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            Ok((name.to_owned(), source))
        }
        1 if source.starts_with('=') => failure(named("key name for file path", &source[1..])),
        1 if source.ends_with('=') => failure(named("file path for key name", &source[..source.len() - 1])),
        1 => {
            let (key, path) = source.split_once('=').unwrap_or((source, source));
            Ok((key.to_owned(), path))
        }
        _ => failure(format!("source {} key name or file path contains '='", quote(source))),
    }
}

fn env_lines(content: &[u8]) -> Result<Vec<(String, Vec<u8>)>> {
    let mut pairs = Vec::new();
    for (at, line) in content.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = if at == 0 {
            line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line)
        } else {
            line
        };
        let line = std::str::from_utf8(line).map_err(|_| {
            let text = String::from_utf8_lossy(line).into_owned();
            KustomizeError::Generator(format!("line {} has invalid utf8 bytes : {text}", at + 1))
        })?;
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        pairs.push((key.to_owned(), value.as_bytes().to_vec()));
    }
    Ok(pairs)
}

/// `behavior: merge`: the old object's entries that the new one lacks.
pub(super) fn merge_data(new: &mut Resource, old: &Resource) {
    for field in ["data", "binaryData"] {
        let Some(Node::Mapping(old)) = old.object.get(field) else {
            continue;
        };
        if old.entries.is_empty() {
            continue;
        }
        let Some(new) = new.object.mapping_at(field) else {
            continue;
        };
        let known: HashSet<Key> = new.entries.iter().map(|(key, _)| key.clone()).collect();
        let known: HashSet<&str> = known.iter().map(Key::text).collect();
        for (key, value) in &old.entries {
            if !known.contains(key.text()) {
                // Values go through Go's map of texts.
                let text = value.text().unwrap_or_default();
                new.entries.push((key.clone(), Node::string(text)));
            }
        }
    }
}

/// Name, namespace, labels, annotations and history come from the old object; the new one's labels and annotations win.
pub(super) fn merge_metadata(new: &mut Resource, old: &Resource) {
    for field in ["labels", "annotations"] {
        let mut pairs = old.pairs(field);
        for (key, value) in new.pairs(field) {
            match pairs.iter_mut().find(|(found, _)| *found == key) {
                // Where an object comes from stays what it was, unless it is replaced.
                Some(_) if key == super::resource::ORIGIN && new.behavior == Behavior::Merge => {}
                Some((_, found)) => *found = value,
                None => pairs.push((key, value)),
            }
        }
        pairs.sort();
        new.set_pairs(field, pairs);
    }
    new.set_name(old.name());
    new.set_namespace(old.namespace());
    new.previous.clone_from(&old.previous);
    new.prefixes.clone_from(&old.prefixes);
    new.suffixes.clone_from(&old.suffixes);
    new.hash = new.hash && old.hash;
    new.behavior = old.behavior;
}
