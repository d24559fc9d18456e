//! Nodes straight from a plain text, without go-yaml's tree in between.

use std::mem;

use smol_str::SmolStr;

use super::{Key, Keys, Mapping, Node, Scalar, Style, Tag, plain_tag};
use crate::yaml::{
    Mark,
    node::ScalarStyle,
    quick::{Builder, Plain},
};

/// What [`Node::from_yaml`] makes of the tree of the same text.
#[derive(Debug)]
pub(in crate::kustomize) struct Nodes<'a> {
    keys: &'a mut Keys,
    /// The entries of the maps that are not complete, so that each map is made once, in the size that it has.
    open: Vec<(Key, Node)>,
}

impl<'a> Nodes<'a> {
    pub(in crate::kustomize) fn new(keys: &'a mut Keys) -> Self {
        Self { keys, open: Vec::new() }
    }
}

impl Builder for Nodes<'_> {
    type Node = Node;
    type Key = Key;
    /// Where its entries begin.
    type Map = usize;

    fn scalar(&mut self, scalar: Plain<'_>) -> Option<Node> {
        let (style, tag) = match scalar.style {
            ScalarStyle::Plain => (Style::Plain, plain_tag(&scalar.text)),
            _ => (Style::Quoted, Tag::String),
        };
        let text = SmolStr::from(scalar.text);
        Some(Node::Scalar(Scalar { text, tag, style }))
    }

    fn list(&mut self, items: Vec<Node>, _: bool, _: Mark) -> Node {
        Node::Sequence(items)
    }

    fn key(&mut self, scalar: Plain<'_>) -> Option<Key> {
        let tag = match scalar.style {
            ScalarStyle::Plain if scalar.text == "<<" => return None,
            ScalarStyle::Plain => plain_tag(&scalar.text),
            _ => Tag::String,
        };
        Some(self.keys.get(&scalar.text, tag))
    }

    fn map(&mut self, _: bool, _: Mark) -> usize {
        self.open.len()
    }

    fn insert(&mut self, _: &mut usize, key: Key, value: Node) -> Option<()> {
        self.open.push((key, value));
        Some(())
    }

    fn complete(&mut self, begin: usize) -> Node {
        let entries = if begin == 0 {
            mem::take(&mut self.open)
        } else {
            self.open.split_off(begin)
        };
        Node::Mapping(Mapping { entries })
    }
}
