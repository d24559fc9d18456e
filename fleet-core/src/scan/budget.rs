//! How many bytes a scan may still make into resources.

use std::sync::atomic::{AtomicU64, Ordering};

use super::ScanError;

/// Bytes, shared by all folders: links, and charts that many others bring along, make much of little.
#[derive(Debug)]
pub(super) struct Budget {
    limit: u64,
    /// May exceed the limit, by no more than what was asked for at once.
    taken: AtomicU64,
}

impl Budget {
    pub(super) fn new(limit: u64) -> Self {
        Self {
            limit,
            taken: AtomicU64::new(0),
        }
    }

    /// Takes as many bytes. Once there were too few, nobody gets any.
    pub(super) fn take(&self, bytes: u64) -> Result<(), ScanError> {
        let more = |taken: u64| Some(taken.saturating_add(bytes));
        // The closure always gives a value.
        let _ = self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        self.check()
    }

    /// Whether more was asked for than there is.
    pub(super) fn check(&self) -> Result<(), ScanError> {
        if self.taken.load(Ordering::Relaxed) <= self.limit {
            return Ok(());
        }
        Err(ScanError::TooMuch {
            what: "bytes of resources".to_owned(),
            limit: self.limit,
        })
    }
}

impl Clone for Budget {
    fn clone(&self) -> Self {
        Self {
            limit: self.limit,
            taken: AtomicU64::new(self.taken.load(Ordering::Relaxed)),
        }
    }
}
