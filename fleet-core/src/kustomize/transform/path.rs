//! Paths with dots: `spec.containers.[name=web].image`, `metadata.annotations.[a.b/c]`, `list.0`, `list.*` (kyaml's `PathMatcher` and
//! `PathGetter`).

use super::super::{
    error::{KustomizeError, Result},
    fields::{split_path, wrong_kind},
    growth::check_depth,
    node::{Mapping, Node, Scalar, Style, Tag},
    pattern::Pattern,
};

/// Splits at dots; brackets hold together, and vanish unless there is a `=` in them.
pub(crate) fn split(path: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut pieces = split_path(path, '.').into_iter();
    while let Some(piece) = pieces.next() {
        if !piece.starts_with('[') || piece.ends_with(']') {
            parts.push(piece);
            continue;
        }
        let mut bracketed = piece;
        for piece in pieces.by_ref() {
            bracketed.push('.');
            bracketed.push_str(&piece);
            if piece.ends_with(']') {
                break;
            }
        }
        if bracketed.contains('=') {
            parts.push(bracketed);
        } else {
            parts.push(bracketed.trim_matches(['[', ']']).to_owned());
        }
    }
    parts
}

/// A path of `fieldref`: as others, and `name[0]` for an element.
pub(crate) fn field_path(path: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for part in split(path) {
        match part.strip_suffix(']').and_then(|part| part.split_once('[')) {
            Some((name, index)) if !name.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()) => {
                parts.push(name.to_owned());
                parts.push(index.to_owned());
            }
            _ => parts.push(part),
        }
    }
    parts
}

enum Part<'a> {
    Field(&'a str),
    Index(usize),
    Every,
    /// `[name=value]`; no name for lists of scalars.
    Element(&'a str, &'a str),
}

fn part(text: &str) -> Result<Part<'_>> {
    if text == "*" {
        return Ok(Part::Every);
    }
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text
            .parse()
            .map(Part::Index)
            .map_err(|error| KustomizeError::Transform(format!("{text}: {error}")));
    }
    match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        None => Ok(Part::Field(text)),
        Some(inner) => inner
            .split_once('=')
            .map(|(name, value)| Part::Element(name, value))
            .ok_or_else(|| {
                KustomizeError::Transform(
                    "list path element must contain fieldName=fieldValue for element to match".to_owned(),
                )
            }),
    }
}

/// The node at a path; a part that does not fit what is there is an error, as long as there is something.
pub(crate) fn find_in<'a>(object: &'a Mapping, path: &[String]) -> Result<Option<&'a Node>> {
    let unsupported = || KustomizeError::Transform("wildcard is not supported in PathGetter".to_owned());
    let Some((first, mut rest)) = path.split_first() else {
        return Ok(None);
    };
    if first == "*" {
        return Err(unsupported());
    }
    let mut node = object.get(first);
    while let (Some(found), Some((text, more))) = (node.filter(|node| !node.is_null()), rest.split_first()) {
        let (part, wanted) = match part(text)? {
            Part::Every => return Err(unsupported()),
            part @ Part::Field(_) => (part, "MappingNode"),
            part => (part, "SequenceNode"),
        };
        node = match (part, found) {
            (Part::Field(name), Node::Mapping(mapping)) => mapping.get(name),
            (Part::Index(at), Node::Sequence(items)) => items.get(at),
            (Part::Element(name, value), Node::Sequence(items)) => items.iter().find(|item| {
                let field = if name.is_empty() { Some(*item) } else { item.get(name) };
                field.and_then(Node::text) == Some(value)
            }),
            _ => return Err(KustomizeError::Transform(wrong_kind(wanted, found))),
        };
        rest = more;
    }
    Ok(if rest.is_empty() { node } else { None })
}

/// The node at a path; elements are found by equality, the first one counts.
pub(crate) fn lookup_in<'a>(object: &'a Mapping, path: &[String]) -> Option<&'a Node> {
    let (first, rest) = path.split_first()?;
    rest.iter()
        .try_fold(object.get(first)?, |node, text| match (part(text).ok()?, node) {
            (Part::Field(name), Node::Mapping(mapping)) => mapping.get(name),
            (Part::Index(at), Node::Sequence(items)) => items.get(at),
            // A key that is a number.
            (Part::Index(_), Node::Mapping(mapping)) => mapping.get(text),
            (Part::Element(name, value), Node::Sequence(items)) => items.iter().find(|item| {
                let field = if name.is_empty() { Some(*item) } else { item.get(name) };
                field.and_then(Node::text) == Some(value)
            }),
            _ => None,
        })
}

/// What is made where a path ends in nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Make {
    Nothing,
    Scalar,
    Sequence,
    Mapping,
}

impl Make {
    pub(crate) fn like(node: &Node) -> Self {
        match node {
            Node::Scalar(_) => Self::Scalar,
            Node::Sequence(_) => Self::Sequence,
            Node::Mapping(_) => Self::Mapping,
        }
    }

    /// The node for a part, given the part after it.
    fn node(self, next: Option<&String>) -> Node {
        let is_list = next.is_some_and(|next| !matches!(part(next), Ok(Part::Field(_))));
        match (next, self) {
            (Some(_), _) if is_list => Node::Sequence(Vec::new()),
            (Some(_), _) | (None, Self::Mapping | Self::Nothing) => Node::mapping(),
            (None, Self::Sequence) => Node::Sequence(Vec::new()),
            (None, Self::Scalar) => Node::Scalar(Scalar {
                text: "".into(),
                tag: Tag::Unresolved,
                style: Style::Plain,
            }),
        }
    }
}

type Visit<'a> = dyn FnMut(&mut Node) -> Result<()> + 'a;

/// Visits every node that a path leads to, making missing ones if told to. Gives their number.
pub(crate) fn visit(node: &mut Node, path: &[String], make: Make, visit: &mut Visit<'_>) -> Result<usize> {
    check_depth(path.len())?;
    let Some((first, rest)) = path.split_first() else {
        visit(node)?;
        return Ok(1);
    };
    match part(first)? {
        Part::Field(name) => visit_field(node, name, rest, make, visit),
        Part::Index(at) => {
            let items = sequence(node)?;
            let length = items.len();
            if at == length && make != Make::Nothing {
                items.push(make.node(rest.first()));
            }
            let item = items.get_mut(at).ok_or_else(|| {
                KustomizeError::Transform(format!("index {at} specified but only {length} elements found"))
            })?;
            self::visit(item, rest, make, visit)
        }
        Part::Every => {
            let mut count = 0;
            for item in sequence(node)? {
                count += self::visit(item, rest, make, visit)?;
            }
            Ok(count)
        }
        Part::Element(name, pattern) => visit_elements(sequence(node)?, name, pattern, rest, make, visit),
    }
}

fn sequence(node: &mut Node) -> Result<&mut Vec<Node>> {
    match node {
        Node::Sequence(items) => Ok(items),
        node => Err(KustomizeError::Transform(wrong_kind("SequenceNode", node))),
    }
}

fn visit_field(node: &mut Node, name: &str, rest: &[String], make: Make, visit: &mut Visit<'_>) -> Result<usize> {
    if node.is_null() {
        if make == Make::Nothing {
            return Ok(0);
        }
        *node = Node::mapping();
    }
    let Node::Mapping(mapping) = node else {
        return Err(KustomizeError::Transform(wrong_kind("MappingNode", node)));
    };
    if mapping.get(name).is_none() {
        if make == Make::Nothing {
            return Ok(0);
        }
        mapping.set(name, make.node(rest.first()));
    }
    match mapping.get_mut(name) {
        Some(field) => self::visit(field, rest, make, visit),
        None => Ok(0),
    }
}

fn visit_elements(
    items: &mut Vec<Node>,
    name: &str,
    pattern: &str,
    rest: &[String],
    make: Make,
    visit: &mut Visit<'_>,
) -> Result<usize> {
    let expression = Pattern::part(pattern)
        .map_err(|error| KustomizeError::Transform(format!("error parsing regexp: {pattern:?}: {error}")))?;
    let mut count = 0;
    for item in items.iter_mut() {
        let field = if name.is_empty() { Some(&*item) } else { item.get(name) };
        let text = field.map(|field| field.text().unwrap_or_default().trim());
        if text.is_some_and(|text| expression.fits(text)) {
            count += if name.is_empty() {
                visit(item)?;
                1
            } else {
                self::visit(item, rest, make, visit)?
            };
        }
    }
    if count > 0 || make == Make::Nothing {
        return Ok(count);
    }
    let value = Node::Scalar(Scalar::plain(pattern));
    let mut item = if name.is_empty() {
        value
    } else {
        let mut mapping = Mapping::default();
        mapping.set(name, value);
        Node::Mapping(mapping)
    };
    let count = if name.is_empty() {
        visit(&mut item)?;
        1
    } else {
        self::visit(&mut item, rest, make, visit)?
    };
    items.push(item);
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        assert_eq!(split("a.[name=x.y].b\\.c.[d.e/f]"), ["a", "[name=x.y]", "b.c", "d.e/f"]);
        assert_eq!(field_path("a.b[0].c"), ["a", "b", "0", "c"]);
    }
}
