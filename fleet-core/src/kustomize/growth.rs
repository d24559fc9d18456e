//! Bounds on what a build adds to its input. A few copies of a field into itself would else double an object until memory ends, and a
//! path of many parts would nest it until the stack does.

use std::cell::Cell;

use serde_json::Value;

use super::{
    error::{KustomizeError, Result},
    node::Node,
};

/// As deep as the YAML reader reads.
const MAX_DEPTH: usize = 500;
const MAX_NODES: usize = 2_000_000;
const MAX_BYTES: usize = 256 << 20;

/// What a build has added so far.
#[derive(Debug, Default)]
pub(super) struct Growth {
    nodes: Cell<usize>,
    bytes: Cell<usize>,
}

impl Growth {
    /// A text that was added a number of times.
    pub(super) fn text(&self, bytes: usize, times: usize) -> Result<()> {
        self.bytes
            .set(self.bytes.get().saturating_add(bytes.saturating_mul(times)));
        if self.bytes.get() > MAX_BYTES {
            return Err(KustomizeError::Limit(format!(
                "transformers add more than {MAX_BYTES} bytes of text"
            )));
        }
        Ok(())
    }

    /// A node that was added below so many others.
    pub(super) fn node(&self, node: &Node, depth: usize) -> Result<()> {
        self.count(depth)?;
        match node {
            Node::Scalar(scalar) => self.text(scalar.text.len(), 1),
            Node::Sequence(items) => items.iter().try_for_each(|item| self.node(item, depth + 1)),
            Node::Mapping(mapping) => mapping
                .entries
                .iter()
                .try_for_each(|(_, value)| self.node(value, depth + 1)),
        }
    }

    /// The same, of JSON.
    pub(super) fn value(&self, value: &Value, depth: usize) -> Result<()> {
        self.count(depth)?;
        match value {
            Value::String(text) => self.text(text.len(), 1),
            Value::Array(items) => items.iter().try_for_each(|item| self.value(item, depth + 1)),
            Value::Object(map) => map.values().try_for_each(|value| self.value(value, depth + 1)),
            _ => Ok(()),
        }
    }

    fn count(&self, depth: usize) -> Result<()> {
        check_depth(depth)?;
        self.nodes.set(self.nodes.get() + 1);
        if self.nodes.get() > MAX_NODES {
            return Err(KustomizeError::Limit(format!(
                "transformers add more than {MAX_NODES} fields and elements"
            )));
        }
        Ok(())
    }
}

/// Refuses a path with more parts than an object may have levels.
pub(super) fn check_depth(parts: usize) -> Result<()> {
    if parts > MAX_DEPTH {
        return Err(KustomizeError::Limit(format!(
            "a field more than {MAX_DEPTH} levels deep"
        )));
    }
    Ok(())
}
