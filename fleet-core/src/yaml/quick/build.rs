//! What becomes of a document that is read quickly: the tree, or values at once.

use std::borrow::Cow;

use serde_json::{Map, Number, Value};

use super::super::Dialect;
use super::super::event::{Mark, ScalarStyle};
use super::super::node::{Node, NodeKind};
use super::super::number::Integer;
use super::super::scalar::{self, Scalar};
use super::{Builder, Plain};

/// The tree with its places.
pub(in crate::yaml) struct Nodes;

impl Nodes {
    fn node(kind: NodeKind, mark: Mark) -> Node {
        Node {
            line: mark.line,
            column: mark.column,
            ..Node::new(kind)
        }
    }
}

impl Builder for Nodes {
    type Node = Node;
    type Key = Node;
    type Map = Node;

    fn scalar(&mut self, scalar: Plain<'_>) -> Option<Node> {
        let kind = NodeKind::Scalar {
            text: scalar.text.into_owned(),
            style: scalar.style,
            implicit: scalar.style == ScalarStyle::Plain,
        };
        Some(Self::node(kind, scalar.mark))
    }

    fn list(&mut self, items: Vec<Node>, flow: bool, mark: Mark) -> Node {
        Self::node(NodeKind::Sequence { items, flow }, mark)
    }

    fn key(&mut self, scalar: Plain<'_>) -> Option<Node> {
        self.scalar(scalar)
    }

    fn map(&mut self, flow: bool, mark: Mark) -> Node {
        let entries = Vec::new();
        Self::node(NodeKind::Mapping { entries, flow }, mark)
    }

    fn insert(&mut self, map: &mut Node, key: Node, value: Node) -> Option<()> {
        if let NodeKind::Mapping { entries, .. } = &mut map.kind {
            entries.push((key, value));
        }
        Some(())
    }

    fn complete(&mut self, map: Node) -> Node {
        map
    }
}

/// Values, as [`super::super::value::convert`] makes them of a tree.
pub(in crate::yaml) struct Values<F> {
    pub(in crate::yaml) dialect: Dialect,
    /// Whether the last of repeated keys wins; else they go the long way, which says what is wrong.
    pub(in crate::yaml) repeats: bool,
    /// Which entries are kept, by the depth of their mapping and their key.
    pub(in crate::yaml) keeps: F,
}

impl<F: Fn(usize, &str) -> bool> Builder for Values<F> {
    type Node = Value;
    type Key = String;
    type Map = Map<String, Value>;

    fn scalar(&mut self, scalar: Plain<'_>) -> Option<Value> {
        if scalar.style != ScalarStyle::Plain {
            return Some(Value::String(scalar.text.into_owned()));
        }
        Some(match scalar::resolve(&scalar.text, None, true, self.dialect).ok()? {
            Scalar::Null => Value::Null,
            Scalar::Boolean(value) => Value::Bool(value),
            Scalar::Integer(Integer::Signed(value)) => Value::Number(value.into()),
            Scalar::Integer(Integer::Unsigned(value)) => Value::Number(value.into()),
            Scalar::Float(value) => Value::Number(Number::from_f64(value)?),
            Scalar::Timestamp(text) | Scalar::String(text) => Value::String(text),
        })
    }

    fn list(&mut self, items: Vec<Value>, _: bool, _: Mark) -> Value {
        Value::Array(items)
    }

    fn key(&mut self, scalar: Plain<'_>) -> Option<String> {
        name(&scalar, self.dialect).map(Cow::into_owned)
    }

    fn map(&mut self, _: bool, _: Mark) -> Map<String, Value> {
        Map::new()
    }

    fn insert(&mut self, map: &mut Map<String, Value>, key: String, value: Value) -> Option<()> {
        let repeated = map.insert(key, value).is_some();
        (self.repeats || !repeated).then_some(())
    }

    fn complete(&mut self, map: Map<String, Value>) -> Value {
        Value::Object(map)
    }

    fn skips(&self, depth: usize, key: &String) -> bool {
        // What refuses repeated keys has to see them all.
        self.repeats && !(self.keeps)(depth, key)
    }
}

/// A key as text, if it is no merge and has a form in JSON without a second thought.
fn name<'s>(scalar: &'s Plain<'_>, dialect: Dialect) -> Option<Cow<'s, str>> {
    let text: &str = &scalar.text;
    if scalar.style != ScalarStyle::Plain || text != "<<" && scalar::is_string(text, dialect) {
        return Some(Cow::Borrowed(text));
    }
    if text == "<<" || dialect != Dialect::GoYaml2 {
        return None;
    }
    match scalar::resolve(text, None, true, dialect).ok()? {
        Scalar::Boolean(value) => Some(Cow::Owned(value.to_string())),
        Scalar::Integer(Integer::Signed(value)) => Some(Cow::Owned(value.to_string())),
        _ => None,
    }
}

/// Nothing: the document is only read for its mistakes, as go-yaml v2 finds them.
pub(super) struct Check;

impl Builder for Check {
    type Node = ();
    type Key = ();
    type Map = ();

    fn scalar(&mut self, scalar: Plain<'_>) -> Option<()> {
        // Only a number can be one that JSON has no form for.
        let number = scalar.style == ScalarStyle::Plain
            && matches!(scalar.text.as_bytes().first(), Some(b'0'..=b'9' | b'+' | b'-' | b'.'));
        if number && let Scalar::Float(value) = scalar::resolve(&scalar.text, None, true, Dialect::GoYaml2).ok()? {
            return value.is_finite().then_some(());
        }
        Some(())
    }

    fn list(&mut self, _: Vec<()>, _: bool, _: Mark) {}

    fn key(&mut self, scalar: Plain<'_>) -> Option<()> {
        name(&scalar, Dialect::GoYaml2).map(|_| ())
    }

    fn map(&mut self, _: bool, _: Mark) {}

    fn insert(&mut self, (): &mut (), (): (), (): ()) -> Option<()> {
        Some(())
    }

    fn complete(&mut self, (): ()) {}
}
