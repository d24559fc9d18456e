//! What was asked, by whom, and what the answer was: so that tests can count writes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// One request, as recorded.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct RequestRecord {
    /// `GET`, `PATCH`, ...
    pub method: String,
    /// The path with the query.
    pub path: String,
    /// The verb that authorization sees: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`;
    /// for other paths the method in lower case.
    pub verb: String,
    /// `deployments.apps`, or empty for paths that are not about a resource.
    pub resource: String,
    /// Namespace, if the request is about one.
    pub namespace: String,
    /// Name of the object, if the request is about one.
    pub name: String,
    /// `status`, `scale`, ... or empty.
    pub subresource: String,
    /// The authenticated user, after impersonation.
    pub user: String,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// `Content-Type` of the body.
    pub content_type: String,
    /// The status code of the answer; 0 where a fault swallowed it.
    pub code: u16,
    /// Whether the request left the data as they were (reads, refused writes, `dryRun`, updates without a difference).
    pub unchanged: bool,
}

impl RequestRecord {
    /// Whether the verb is one that writes.
    pub fn is_write(&self) -> bool {
        matches!(
            self.verb.as_str(),
            "create" | "update" | "patch" | "delete" | "deletecollection"
        ) && !self.resource.is_empty()
    }
}

/// What requests are counted by.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct RequestGroup {
    /// The user.
    pub user: String,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// The verb.
    pub verb: String,
    /// Resource, with its subresource after a slash.
    pub resource: String,
}

#[derive(Debug, Default)]
struct Recorded {
    log: VecDeque<RequestRecord>,
    counts: BTreeMap<RequestGroup, u64>,
    total: u64,
}

/// The requests that a server has answered since it began or since [`Requests::reset`]. A cheap handle.
///
/// Counts are complete; the log keeps the newest requests up to the limit given to the builder.
#[derive(Debug, Clone)]
pub struct Requests {
    recorded: Arc<Mutex<Recorded>>,
    limit: usize,
}

impl Requests {
    pub(super) fn new(limit: usize) -> Self {
        Requests {
            recorded: Arc::default(),
            limit,
        }
    }

    pub(super) fn record(&self, record: RequestRecord) {
        let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        recorded.total += 1;
        let resource = if record.subresource.is_empty() {
            record.resource.clone()
        } else {
            format!("{}/{}", record.resource, record.subresource)
        };
        let group = RequestGroup {
            user: record.user.clone(),
            user_agent: record.user_agent.clone(),
            verb: record.verb.clone(),
            resource,
        };
        *recorded.counts.entry(group).or_default() += 1;
        if self.limit > 0 {
            if recorded.log.len() == self.limit {
                recorded.log.pop_front();
            }
            recorded.log.push_back(record);
        }
    }

    /// The newest requests, oldest first.
    pub fn log(&self) -> Vec<RequestRecord> {
        self.recorded
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .log
            .iter()
            .cloned()
            .collect()
    }

    /// The recorded requests that `wanted` accepts.
    pub fn matching(&self, wanted: impl Fn(&RequestRecord) -> bool) -> Vec<RequestRecord> {
        let recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        recorded.log.iter().filter(|r| wanted(r)).cloned().collect()
    }

    /// Writes that were sent, refused ones too.
    pub fn writes(&self) -> Vec<RequestRecord> {
        self.matching(RequestRecord::is_write)
    }

    /// How many requests each user sent, by verb and resource.
    pub fn counts(&self) -> BTreeMap<RequestGroup, u64> {
        self.recorded
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .counts
            .clone()
    }

    /// All requests so far.
    pub fn total(&self) -> u64 {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner).total
    }

    /// Forgets everything.
    pub fn reset(&self) {
        *self.recorded.lock().unwrap_or_else(PoisonError::into_inner) = Recorded::default();
    }
}

/// What is done to a request instead of answering it as usual.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// Answer with this status code and message, and do nothing.
    Refuse {
        /// An HTTP status code from 400 on.
        code: u16,
        /// The message of the `Status`.
        message: String,
    },
    /// Wait, then go on as usual.
    Delay(Duration),
    /// The request never arrives: the client sees a broken connection.
    LoseRequest,
    /// The request is carried out, its answer is lost: the client sees a broken connection.
    LoseAnswer,
}

type Hook = dyn Fn(&RequestRecord) -> Option<Fault> + Send + Sync;

/// Where faults are injected: see [`Fault`].
#[derive(Clone, Default)]
pub struct Faults {
    hook: Arc<Mutex<Option<Arc<Hook>>>>,
}

impl std::fmt::Debug for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Faults")
    }
}

impl Faults {
    /// Asks `hook` about each request (its `code` is not known yet) from now on, in place of an earlier hook.
    pub fn set(&self, hook: impl Fn(&RequestRecord) -> Option<Fault> + Send + Sync + 'static) {
        *self.hook.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(hook));
    }

    /// Does `fault` to the requests numbered `from..from + count` (from 0) among those that `wanted` accepts.
    pub fn inject(
        &self,
        fault: Fault,
        from: u64,
        count: u64,
        wanted: impl Fn(&RequestRecord) -> bool + Send + Sync + 'static,
    ) {
        let seen = std::sync::atomic::AtomicU64::new(0);
        self.set(move |record| {
            if !wanted(record) {
                return None;
            }
            let number = seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            (number >= from && number - from < count).then(|| fault.clone())
        });
    }

    /// No faults from now on.
    pub fn clear(&self) {
        *self.hook.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn for_request(&self, record: &RequestRecord) -> Option<Fault> {
        let hook = self.hook.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        hook(record)
    }
}
