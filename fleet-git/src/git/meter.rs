//! Counts what gix receives. gix has no limit of its own; it tells its progress how many bytes of a pack it has read,
//! and looks at a flag between reads. The meter is that progress, and sets that flag.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gix::progress::{Count, Id, MessageLevel, NestedProgress, Progress, Step, StepShared, UNKNOWN, Unit};

use super::job::Job;

/// The part of gix's progress that counts the bytes of a pack as they arrive.
const PACK_BYTES: Id = *b"BWRB";

/// A progress that shows nothing and counts bytes.
#[derive(Debug)]
pub(crate) struct Meter {
    job: Arc<Job>,
    id: Id,
    step: StepShared,
}

impl Meter {
    pub(crate) fn new(job: &Arc<Job>) -> Self {
        Self::part(job, UNKNOWN)
    }

    fn part(job: &Arc<Job>, id: Id) -> Self {
        Self {
            job: Arc::clone(job),
            id,
            step: Arc::new(AtomicUsize::new(0)),
        }
    }
}

impl Count for Meter {
    fn set(&self, step: Step) {
        self.step.store(step, Ordering::Relaxed);
    }

    fn step(&self) -> Step {
        self.step.load(Ordering::Relaxed)
    }

    fn inc_by(&self, step: Step) {
        self.step.fetch_add(step, Ordering::Relaxed);
        if self.id == PACK_BYTES {
            self.job.receive(step as u64);
        }
    }

    fn counter(&self) -> StepShared {
        Arc::clone(&self.step)
    }
}

impl Progress for Meter {
    fn init(&mut self, _: Option<Step>, _: Option<Unit>) {}

    fn set_name(&mut self, _: String) {}

    fn name(&self) -> Option<String> {
        None
    }

    fn id(&self) -> Id {
        self.id
    }

    fn message(&self, _: MessageLevel, _: String) {}
}

impl NestedProgress for Meter {
    type SubProgress = Self;

    fn add_child(&mut self, _: impl Into<String>) -> Self {
        Self::part(&self.job, UNKNOWN)
    }

    fn add_child_with_id(&mut self, _: impl Into<String>, id: Id) -> Self {
        Self::part(&self.job, id)
    }
}
