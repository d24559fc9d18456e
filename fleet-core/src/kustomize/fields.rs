//! Field specs: which fields of which kinds a transformer changes, and walking to them (kustomize `api/filters/fieldspec`).

use std::borrow::Cow;

use serde::Deserialize;

use super::{
    error::{KustomizeError, Result},
    growth::check_depth,
    id::Gvk,
    node::{Mapping, Node, Scalar, Style, Tag},
    resource::Resource,
};

/// A path in the objects of some kinds.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(from = "RawFieldSpec")]
pub(super) struct FieldSpec {
    pub(super) gvk: Gvk,
    pub(super) path: Cow<'static, str>,
    pub(super) create: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawFieldSpec {
    group: String,
    version: String,
    kind: String,
    path: String,
    create: bool,
}

impl From<RawFieldSpec> for FieldSpec {
    fn from(raw: RawFieldSpec) -> Self {
        Self {
            gvk: Gvk {
                group: raw.group.into(),
                version: raw.version.into(),
                kind: raw.kind.into(),
            },
            path: raw.path.into(),
            create: raw.create,
        }
    }
}

/// A spec of the built-in tables.
pub(super) const fn spec(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    path: &'static str,
    create: bool,
) -> FieldSpec {
    FieldSpec {
        gvk: Gvk::constant(group, version, kind),
        path: Cow::Borrowed(path),
        create,
    }
}

/// Field specs that are shared as long as they are the built-in ones.
pub(super) type FieldSpecs = Cow<'static, [FieldSpec]>;

/// Adds a spec unless one that covers it is there.
pub(super) fn merge_one(specs: &mut FieldSpecs, new: FieldSpec) -> Result<()> {
    let found = specs
        .iter()
        .find(|old| old.path == new.path && old.gvk.is_selected(&new.gvk));
    match found {
        Some(old) if old.create != new.create => {
            Err(KustomizeError::Kustomization("conflicting fieldspecs".to_owned()))
        }
        Some(_) => Ok(()),
        None => {
            specs.to_mut().push(new);
            Ok(())
        }
    }
}

/// Adds all specs; the same built-in table costs nothing.
pub(super) fn merge_all(specs: &mut FieldSpecs, new: &FieldSpecs) -> Result<()> {
    if specs.is_empty() {
        *specs = new.clone();
        return Ok(());
    }
    if std::ptr::eq(specs.as_ptr(), new.as_ptr()) && specs.len() == new.len() {
        return Ok(());
    }
    new.iter().try_for_each(|spec| merge_one(specs, spec.clone()))
}

/// What a transformer makes at the end of a path that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Create {
    Nothing,
    Scalar(Tag),
    Mapping,
}

impl Create {
    fn node(self) -> Node {
        match self {
            Self::Scalar(tag) => Node::Scalar(Scalar {
                text: "".into(),
                tag,
                style: Style::Plain,
            }),
            Self::Nothing | Self::Mapping => Node::mapping(),
        }
    }
}

/// Splits a path at `/`; `\/` is a slash within a name.
pub(super) fn split_path(path: &str, delimiter: char) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut pieces = path.split(delimiter).peekable();
    if pieces.peek() == Some(&"") {
        let rest = path.strip_prefix(delimiter);
        if rest.is_some() {
            pieces.next();
        }
    }
    for piece in pieces {
        match parts.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(delimiter);
                last.push_str(piece);
            }
            _ => parts.push(piece.to_owned()),
        }
    }
    if parts.is_empty() {
        parts.push(String::new());
    }
    parts
}

/// Calls `set` on every field that the spec leads to in a resource whose group, version and kind it selects.
pub(super) fn apply(
    resource: &mut Resource,
    spec: &FieldSpec,
    create: Create,
    set: &mut dyn FnMut(&mut Node) -> Result<()>,
) -> Result<()> {
    let kind_fits = spec.gvk.kind.is_empty() || spec.gvk.kind == resource.kind();
    if !kind_fits {
        return Ok(());
    }
    let (group, version) = super::id::split_api_version(resource.api_version());
    if !(spec.gvk.group.is_empty() || spec.gvk.group == group)
        || !(spec.gvk.version.is_empty() || spec.gvk.version == version)
    {
        return Ok(());
    }
    let path = split_path(&spec.path, '/');
    check_depth(path.len())?;
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let create = if spec.create { create } else { Create::Nothing };
    walk_map(&mut resource.object, &path, create, set).map_err(|error| {
        error.context(format!(
            "considering field '{}' of object {}",
            spec.path,
            resource.current_id()
        ))
    })
}

fn walk(node: &mut Node, path: &[&str], create: Create, set: &mut dyn FnMut(&mut Node) -> Result<()>) -> Result<()> {
    if path.is_empty() {
        return set(node);
    }
    if node.is_null() {
        return Ok(());
    }
    match node {
        Node::Sequence(items) => items.iter_mut().try_for_each(|item| {
            walk(item, path, create, set)
                .map_err(|error| error.context(format!("visit traversal on path: [{}]", path.join(" "))))
        }),
        Node::Mapping(mapping) => walk_map(mapping, path, create, set),
        Node::Scalar(_) => Err(KustomizeError::Transform(
            "expected sequence or mapping node".to_owned(),
        )),
    }
}

fn walk_map(
    mapping: &mut Mapping,
    path: &[&str],
    create: Create,
    set: &mut dyn FnMut(&mut Node) -> Result<()>,
) -> Result<()> {
    let Some((first, rest)) = path.split_first() else {
        return Err(KustomizeError::Transform(
            "cannot set or create an empty field name".to_owned(),
        ));
    };
    let (name, list) = match first.strip_suffix("[]") {
        Some(name) => (name, true),
        None => (*first, false),
    };
    if name.is_empty() {
        return Err(KustomizeError::Transform(
            "cannot set or create an empty field name".to_owned(),
        ));
    }
    let make = match create {
        Create::Nothing => None,
        _ if list => None,
        create if rest.is_empty() => Some(create),
        _ => Some(Create::Mapping),
    };
    let at = match (mapping.position(name), make) {
        (Some(at), _) => at,
        (None, None) => return Ok(()),
        (None, Some(make)) => {
            mapping.set(name, make.node());
            mapping.entries.len() - 1
        }
    };
    let field = &mut mapping.entries[at].1;
    if field.is_null() {
        if list {
            *field = Node::Sequence(Vec::new());
        } else if let Some(make) = make {
            *field = make.node();
        }
    }
    walk(field, rest, create, set)
}

/// kyaml's text for a node of another kind than expected.
pub(super) fn wrong_kind(expected: &str, node: &Node) -> String {
    let contents = match node {
        Node::Scalar(scalar) => format!("{}\n", scalar.text),
        node => node
            .to_value()
            .ok()
            .and_then(|value| crate::yaml::write(&value).ok())
            .unwrap_or_default(),
    };
    format!(
        "wrong node kind: expected {expected} but got {}: node contents:\n{contents}",
        node.kind_name()
    )
}

/// A setter of one field in a map: labels, annotations.
pub(super) fn set_entry(key: &str, value: &str) -> impl FnMut(&mut Node) -> Result<()> {
    let (key, value) = (key.to_owned(), value.to_owned());
    move |node| match node {
        Node::Mapping(mapping) => {
            mapping.set(&key, Node::string(value.as_str()));
            Ok(())
        }
        node => Err(KustomizeError::Transform(wrong_kind("MappingNode", node))),
    }
}

/// A setter of a scalar.
pub(super) fn set_scalar(scalar: Scalar) -> impl FnMut(&mut Node) -> Result<()> {
    move |node| match node {
        Node::Scalar(old) => {
            old.replace(scalar.clone());
            Ok(())
        }
        node => Err(KustomizeError::Transform(wrong_kind("ScalarNode", node))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_split_at_unescaped_delimiters() {
        assert_eq!(split_path("a/b\\/c/d", '/'), ["a", "b/c", "d"]);
        assert_eq!(split_path("/a", '/'), ["a"]);
    }
}
