//! What a text may cost. Go's library knows only a depth and a ratio of aliases; memory is bounded here as well.

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
            nodes: 10_000_000,
            expanded_nodes: 10_000_000,
            expanded_bytes: 64 << 20,
        }
    }
}
