//! Where the values of a document stand, for diagnostics.

use std::collections::BTreeMap;

use super::node::{Node, NodeKind, Tree};

/// A place in a text, counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Column, in characters.
    pub column: usize,
}

/// The places of a document's values by JSON pointer (RFC 6901): `/helm/values/a~1b/0`. What merges and aliases bring in has
/// the place of the merge or alias.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Positions {
    places: BTreeMap<String, Position>,
}

impl Positions {
    /// The places of a tree's values; keys of maps are taken, where a value has one.
    pub fn of(tree: &Tree) -> Self {
        let mut positions = Self::default();
        positions.collect(&tree.root, &mut String::new());
        positions.places.insert(String::new(), position(&tree.root));
        positions
    }

    /// The place of the value at a JSON pointer; `""` is the whole document.
    pub fn get(&self, pointer: &str) -> Option<Position> {
        self.places.get(pointer).copied()
    }

    /// The place of the value, or of the nearest value around it.
    pub fn nearest(&self, pointer: &str) -> Option<Position> {
        let mut pointer = pointer;
        loop {
            if let Some(position) = self.get(pointer) {
                return Some(position);
            }
            pointer = &pointer[..pointer.rfind('/')?];
        }
    }

    fn collect(&mut self, node: &Node, pointer: &mut String) {
        let length = pointer.len();
        match &node.kind {
            NodeKind::Sequence { items, .. } => {
                for (index, item) in items.iter().enumerate() {
                    pointer.push_str(&format!("/{index}"));
                    self.places.insert(pointer.clone(), position(item));
                    self.collect(item, pointer);
                    pointer.truncate(length);
                }
            }
            NodeKind::Mapping { entries, .. } => {
                for (key, value) in entries {
                    let NodeKind::Scalar { text, .. } = &key.kind else {
                        continue;
                    };
                    pointer.push('/');
                    pointer.push_str(&text.replace('~', "~0").replace('/', "~1"));
                    self.places.insert(pointer.clone(), position(key));
                    self.collect(value, pointer);
                    pointer.truncate(length);
                }
            }
            NodeKind::Scalar { .. } | NodeKind::Alias { .. } => {}
        }
    }
}

fn position(node: &Node) -> Position {
    Position {
        line: node.line as usize,
        column: node.column as usize,
    }
}
