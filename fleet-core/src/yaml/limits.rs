//! What a text may cost. Go's library knows only a depth and a ratio of aliases; memory is bounded here as well.

use super::YamlError;

/// Bounds on one text. Whatever exceeds one is an error that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of the text. 64 MiB: far above what etcd or a Bundle holds.
    pub bytes: usize,
    /// Nested lists and maps, aliases followed. Deeper than any real document, shallow enough for recursion on a thread's
    /// 2 MiB stack.
    pub depth: usize,
    /// Nodes (scalars, lists, maps, aliases) of one document.
    pub nodes: usize,
    /// Nodes after aliases have been followed.
    pub expanded_nodes: usize,
    /// Bytes of scalars that come from following aliases.
    pub expanded_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            depth: 500,
            nodes: 5_000_000,
            expanded_nodes: 5_000_000,
            expanded_bytes: 64 << 20,
        }
    }
}

/// The guard against documents that grow by following aliases: go-yaml's bound on their share, and our own on what they copy.
#[derive(Debug, Default)]
pub(super) struct AliasGuard {
    decoded: usize,
    aliased: usize,
    aliased_bytes: usize,
    /// How many aliases are being followed.
    pub(super) depth: usize,
}

impl AliasGuard {
    /// Counts a node with so many bytes of text.
    pub(super) fn count(&mut self, bytes: usize, limits: &Limits) -> Result<(), YamlError> {
        self.decoded += 1;
        if self.depth == 0 {
            return Ok(());
        }
        self.aliased += 1;
        self.aliased_bytes += bytes;
        #[expect(clippy::cast_precision_loss, reason = "both are below 2^53")]
        let ratio = self.aliased as f64 / self.decoded as f64;
        if self.decoded > limits.expanded_nodes
            || self.aliased_bytes > limits.expanded_bytes
            || self.aliased > 100 && self.decoded > 1000 && ratio > allowed_ratio(self.decoded)
        {
            return Err(YamlError::ExcessiveAliasing);
        }
        Ok(())
    }
}

/// The share of nodes that may come from aliases: go-yaml lets it fall from 99 % at 400,000 nodes to 10 % at 4,000,000.
fn allowed_ratio(decoded: usize) -> f64 {
    const LOW: usize = 400_000;
    const HIGH: usize = 4_000_000;
    match decoded {
        0..=LOW => 0.99,
        HIGH.. => 0.10,
        #[expect(clippy::cast_precision_loss, reason = "both are below 2^53")]
        _ => 0.99 - 0.89 * ((decoded - LOW) as f64 / (HIGH - LOW) as f64),
    }
}
