//! How much of a repository this process is willing to read.

use std::time::Duration;

/// Bounds on what is read of one repository, submodules included. A repository is someone else's: without bounds it
/// could fill memory and disk, or keep a thread for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes received from the network in one fetch.
    pub transferred_bytes: u64,
    /// Bytes of all files of a commit together; no single object may be larger either.
    pub tree_bytes: u64,
    /// Files of a commit.
    pub files: u64,
    /// Folders within each other.
    pub depth: usize,
    /// Submodules of a commit, those of submodules included.
    pub submodules: usize,
    /// Submodules within each other (Fleet: 10).
    pub submodule_depth: usize,
    /// Time for a poll.
    pub resolve_time: Duration,
    /// Time for reading a commit, fetch included.
    pub tree_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            transferred_bytes: 1 << 30,
            tree_bytes: 512 << 20,
            files: 200_000,
            depth: 64,
            submodules: 100,
            submodule_depth: 10,
            resolve_time: Duration::from_secs(60),
            tree_time: Duration::from_secs(600),
        }
    }
}
