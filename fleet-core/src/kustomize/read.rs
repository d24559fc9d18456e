//! From text to resources, as kyaml's byte reader and kustomize's resource factory do it.

use memchr::memmem;

use super::{
    error::{KustomizeError, Result},
    node::{Keys, Mapping, Node, Nodes},
    resource::Resource,
};
use crate::yaml::{Dialect, Limits, node};

/// How many objects one text may hold: a bound on lists of lists.
const MAX_OBJECTS: usize = 1_000_000;

/// Reads all resources of a text.
///
/// Lists (kind `…List` with `items`) are taken apart; what has no kind or no name is an error.
pub(super) fn resources(text: &[u8], keys: &mut Keys) -> Result<Vec<Resource>> {
    let text = std::str::from_utf8(text).map_err(|_| {
        KustomizeError::MalformedYaml("MalformedYAMLError: yaml: invalid leading UTF-8 octet".to_owned())
    })?;
    let mut queue = std::collections::VecDeque::from(checked(documents(text, keys)?)?);
    let mut found = Vec::new();
    while let Some(mut object) = queue.pop_front() {
        let kind = object.get("kind").and_then(Node::text).unwrap_or_default();
        if !kind.ends_with("List") || object.get("items").is_none() {
            found.push(Resource::new(object));
        } else {
            let kind = kind.to_owned();
            match object.remove("items") {
                Some(Node::Sequence(items)) => queue.extend(checked(items)?),
                Some(items) if items.is_null() => {}
                Some(items) => {
                    let kind_of = match items {
                        Node::Mapping(_) => "map[string]interface {}",
                        _ => "string",
                    };
                    return Err(KustomizeError::Resource(format!(
                        "expected array in {kind}/items, but found {kind_of}"
                    )));
                }
                None => {}
            }
        }
        if queue.len() + found.len() > MAX_OBJECTS {
            return Err(KustomizeError::Limit(format!(
                "more than {MAX_OBJECTS} objects in one file"
            )));
        }
    }
    Ok(found)
}

/// The first document of a text, as it stands.
pub(super) fn document(text: &[u8], keys: &mut Keys) -> Result<Option<Node>> {
    let text = std::str::from_utf8(text).map_err(|_| {
        KustomizeError::MalformedYaml("MalformedYAMLError: yaml: invalid leading UTF-8 octet".to_owned())
    })?;
    parse(text, keys)
}

/// The first document of a text, unless it is null.
fn parse(text: &str, keys: &mut Keys) -> Result<Option<Node>> {
    let limits = Limits::default();
    let root = match node::parse_plain(text, &limits, &mut Nodes::new(keys)).map_err(malformed)? {
        Some(root) => root,
        None => match node::compose(text, Dialect::GoYaml3, &limits).map_err(malformed)? {
            Some(tree) => Node::from_yaml(tree.expand(&limits).map_err(malformed)?, keys)?,
            None => return Ok(None),
        },
    };
    Ok((!root.is_null()).then_some(root))
}

/// The documents of a text as nodes; empty ones are left out, a single `List` or `ResourceList` is taken apart.
fn documents(text: &str, keys: &mut Keys) -> Result<Vec<Node>> {
    let mut nodes = Vec::new();
    let normalized;
    let text = if text.contains("\r\n") {
        normalized = text.replace("\r\n", "\n");
        &normalized
    } else {
        text
    };
    for document in split(text)? {
        nodes.extend(parse(document, keys)?);
    }
    if let [Node::Mapping(list)] = nodes.as_mut_slice() {
        let kind = list.get("kind").and_then(Node::text).unwrap_or_default();
        if matches!(kind, "List" | "ResourceList") {
            match list.get_mut("items") {
                Some(Node::Sequence(items)) => return Ok(std::mem::take(items)),
                // Anything but a list counts as none.
                Some(Node::Scalar(_)) => return Ok(Vec::new()),
                _ => {}
            }
        }
    }
    Ok(nodes)
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn malformed(error: crate::yaml::YamlError) -> KustomizeError {
    let text = error.to_string();
    let text = if text.starts_with("yaml: ") {
        text
    } else {
        format!("yaml: {text}")
    };
    KustomizeError::MalformedYaml(format!("MalformedYAMLError: {text}"))
}

/// Splits at lines that begin with `---`; only blanks and a comment may follow there. As kustomize finds separators, a line is one
/// only between two ends of lines, and what follows one directly is none: there the YAML reader sees the dashes.
fn split(text: &str) -> Result<Vec<&str>> {
    let mut parts = Vec::new();
    let mut begin = 0;
    let separator = memmem::Finder::new("\n---");
    while let Some(at) = separator.find(&text.as_bytes()[begin..]).map(|at| begin + at) {
        let Some(end) = text[at + 1..].find('\n').map(|length| at + 1 + length) else {
            break;
        };
        let rest = text[at + 4..end].trim();
        if !rest.is_empty() && !rest.starts_with('#') {
            let line = text[at + 1..end].trim();
            return Err(KustomizeError::Resource(format!("invalid document separator: {line}")));
        }
        // The end of the line is the document's: a block at its end keeps it.
        parts.push(&text[begin..=at]);
        begin = end + 1;
    }
    parts.push(&text[begin..]);
    Ok(parts)
}

/// Objects with a kind, and a name unless they are lists; empty nodes are left out.
fn checked(nodes: Vec<Node>) -> Result<Vec<Mapping>> {
    let mut objects = Vec::with_capacity(nodes.len());
    for node in nodes {
        if node.is_nil_or_empty() {
            continue;
        }
        let Node::Mapping(object) = node else {
            return Err(KustomizeError::Resource("missing Resource metadata".to_owned()));
        };
        validate(&object)?;
        objects.push(object);
    }
    Ok(objects)
}

/// Checks that an object has what every object needs.
pub(super) fn validate(object: &Mapping) -> Result<()> {
    let text = |key: &str| object.get(key).and_then(Node::text).unwrap_or_default();
    let metadata = object.get("metadata");
    if object.get("apiVersion").is_none() && object.get("kind").is_none() && metadata.is_none() {
        return Err(KustomizeError::Resource("missing Resource metadata".to_owned()));
    }
    let field = |key: &str| metadata.and_then(|metadata| metadata.get(key));
    if matches!(field("annotations"), Some(Node::Sequence(_))) {
        return Err(KustomizeError::Resource(format!(
            "metadata.annotations of {} {} is a list, not a map",
            text("kind"),
            field("name").and_then(Node::text).unwrap_or_default()
        )));
    }
    let (kind, name) = (text("kind"), field("name").and_then(Node::text).unwrap_or_default());
    let what = if kind.is_empty() {
        "kind"
    } else if kind.ends_with("List") || !name.is_empty() {
        return Ok(());
    } else {
        "metadata.name"
    };
    let map = |key: &str| {
        let mut pairs: Vec<String> = match field(key) {
            Some(Node::Mapping(map)) => map
                .entries
                .iter()
                .map(|(key, value)| format!("{}:{}", key.text(), value.text().unwrap_or_default()))
                .collect(),
            _ => Vec::new(),
        };
        pairs.sort();
        pairs.join(" ")
    };
    Err(KustomizeError::Resource(format!(
        "missing {what} in object {{{{{} {kind}}} {{{{{name} {}}} map[{}] map[{}]}}}}",
        text("apiVersion"),
        field("namespace").and_then(Node::text).unwrap_or_default(),
        map("labels"),
        map("annotations"),
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let found = resources(text.as_bytes(), &mut Keys::default()).unwrap();
        found.iter().map(|resource| resource.name().to_owned()).collect()
    }

    #[test]
    fn lists_come_after_the_other_objects_of_their_file() {
        let text = "kind: FooList\nitems:\n- {kind: A, metadata: {name: a}}\n---\nkind: B\nmetadata: {name: b}\n";
        assert_eq!(names(text), ["b", "a"]);
    }

    #[test]
    fn separators_may_have_comments_only() {
        assert_eq!(
            names("kind: A\nmetadata: {name: a}\n--- # x\n\n--- \nkind: B\nmetadata: {name: b}\n"),
            ["a", "b"]
        );
        assert!(resources(b"kind: A\nmetadata: {name: a}\n--- b\n", &mut Keys::default()).is_err());
    }
}
