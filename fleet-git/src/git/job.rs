//! One piece of blocking work: whom it is for, what it may use, and how it is stopped.
//!
//! Invariant: every loop over input calls [`Job::check`] or hands [`Job::stop`] to gix, so that a stopped job ends soon.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fleet_core::source::SourceError;

use super::limits::Limits;

/// State that the caller, the work and gix's progress share.
#[derive(Debug)]
pub(crate) struct Job {
    /// The repository's address as it is shown.
    pub(crate) repository: String,
    pub(crate) limits: Limits,
    /// Set from outside to end the work; gix looks at it too.
    pub(crate) stop: AtomicBool,
    deadline: Instant,
    time: Duration,
    received: AtomicU64,
    too_much: AtomicBool,
}

impl Job {
    pub(crate) fn new(repository: String, limits: Limits, time: Duration) -> Arc<Self> {
        Arc::new(Self {
            repository,
            limits,
            stop: AtomicBool::new(false),
            deadline: Instant::now() + time,
            time,
            received: AtomicU64::new(0),
            too_much: AtomicBool::new(false),
        })
    }

    /// What is left of the time.
    pub(crate) fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// The error of a job whose time is over.
    pub(crate) fn timeout(&self) -> SourceError {
        SourceError::Timeout {
            repository: self.repository.clone(),
            limit: self.time,
        }
    }

    /// Why the job must end, if it must.
    pub(crate) fn stopped(&self) -> Option<SourceError> {
        if self.too_much.load(Ordering::Relaxed) {
            return Some(self.too_large("bytes received", self.limits.transferred_bytes));
        }
        if self.remaining().is_zero() {
            return Some(self.timeout());
        }
        let stopped = self.stop.load(Ordering::Relaxed);
        stopped.then(|| SourceError::Interrupted {
            repository: self.repository.clone(),
        })
    }

    pub(crate) fn check(&self) -> Result<(), SourceError> {
        self.stopped().map_or(Ok(()), Err)
    }

    pub(crate) fn too_large(&self, what: &str, limit: u64) -> SourceError {
        SourceError::TooLarge {
            repository: self.repository.clone(),
            what: what.to_owned(),
            limit,
        }
    }

    pub(crate) fn damaged(&self, message: impl Into<String>) -> SourceError {
        SourceError::Damaged {
            repository: self.repository.clone(),
            message: message.into(),
        }
    }

    /// Counts bytes from the network, and stops the job when there are too many or its time is over.
    pub(crate) fn receive(&self, bytes: u64) {
        let before = self.received.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > self.limits.transferred_bytes {
            self.too_much.store(true, Ordering::Relaxed);
            self.stop.store(true, Ordering::Relaxed);
        } else if self.remaining().is_zero() {
            self.stop.store(true, Ordering::Relaxed);
        }
    }
}
