//! Watches: changes from a revision on, as a stream of JSON lines.
//!
//! As in Kubernetes: a watch without a revision or with `0` begins with the present objects as `ADDED`; with
//! `sendInitialEvents` these end with a bookmark that carries `k8s.io/initial-events-end`; bookmarks come only to those who
//! allow them; an object that begins or ceases to match the selectors is seen as added or deleted; a watch ends after its timeout.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt};
use serde_json::{Value, json};

use super::answer::{Shape, in_version, partial, to_bytes};
use super::error::{ApiError, ApiResult};
use super::registry::Kind;
use super::request::Options;
use super::selector::{FieldSelector, LabelSelector};
use super::store::{Change, ChangeKind, Store, Subscription};
use super::table;

/// How often an idle watch gets a bookmark, and how long a watch lasts when the client does not say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pub(super) bookmark: Duration,
    pub(super) timeout: Duration,
}

struct Watch {
    kind: Arc<Kind>,
    labels: LabelSelector,
    fields: FieldSelector,
    name: Option<String>,
    shape: Shape,
    include: Option<String>,
    bookmarks: bool,
    revision: u64,
    /// A table's columns are sent once.
    headed: bool,
}

/// The stream of a watch request.
pub(super) fn start(
    store: &Store,
    kind: &Arc<Kind>,
    namespace: Option<&str>,
    name: Option<&str>,
    options: &Options,
    shape: Shape,
    pace: Pace,
) -> ApiResult<impl Stream<Item = Bytes> + Send + 'static> {
    let since = match options.resource_version.as_deref() {
        None | Some("0") => None,
        Some(text) => Some(text.parse::<u64>().map_err(|_| {
            ApiError::new(
                422,
                "Invalid",
                format!("invalid resource version {text:?}: must be a number"),
            )
        })?),
    };
    let initial = options.send_initial_events;
    if initial.is_some() && options.resource_version_match.as_deref() != Some("NotOlderThan") {
        let message = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
        return Err(ApiError::new(422, "Invalid", message));
    }
    let since = match initial {
        Some(true) => None,
        Some(false) if since.is_none() => Some(store.revision()),
        _ => since,
    };
    let mut watch = Watch {
        kind: kind.clone(),
        labels: LabelSelector::parse(&options.label_selector)?,
        fields: FieldSelector::parse(&options.field_selector, kind)?,
        name: name.map(str::to_owned),
        shape,
        include: options.include_object.clone(),
        bookmarks: options.allow_bookmarks,
        revision: 0,
        headed: false,
    };
    let timeout = options
        .timeout_seconds
        .filter(|s| *s > 0)
        .map_or(pace.timeout, Duration::from_secs);
    let deadline = tokio::time::Instant::now() + timeout;
    let Subscription {
        objects,
        past,
        changes,
        revision,
    } = match store.watch(&kind.table, namespace, since) {
        Ok(subscription) => subscription,
        // As upstream, an expired start is an event of a watch that has begun.
        Err(error) => {
            let line = line("ERROR", &error.to_status());
            return Ok(stream::iter([line]).boxed());
        }
    };
    watch.revision = since.unwrap_or(revision).max(revision);
    let mut first = Vec::new();
    for object in &objects {
        if watch.matches(object) {
            first.push(watch.event("ADDED", object));
        }
    }
    if initial == Some(true) && watch.bookmarks {
        first.push(watch.bookmark(true));
    }
    for change in &past {
        first.extend(watch.change(change));
    }
    let pending = stream::iter(first);
    let live = stream::unfold((watch, changes), move |(mut watch, mut changes)| async move {
        loop {
            let next = tokio::select! {
                biased;
                () = tokio::time::sleep_until(deadline) => return None,
                change = changes.recv() => change,
                () = tokio::time::sleep(pace.bookmark), if watch.bookmarks => {
                    let line = watch.bookmark(false);
                    return Some((line, (watch, changes)));
                }
            };
            // The queue ends when the server cuts the watch off.
            if let Some(line) = watch.change(&*next?) {
                return Some((line, (watch, changes)));
            }
        }
    });
    Ok(pending.chain(live).boxed())
}

impl Watch {
    fn matches(&self, object: &Value) -> bool {
        self.name.as_deref().is_none_or(|n| object["metadata"]["name"] == n)
            && self.labels.matches(object)
            && self.fields.matches(object)
    }

    fn change(&mut self, change: &Change) -> Option<Bytes> {
        self.revision = self.revision.max(change.revision);
        let now = change.kind != ChangeKind::Deleted && self.matches(&change.object);
        let before = change.previous.as_ref().is_some_and(|p| self.matches(p));
        match (before, now) {
            (false, true) => Some(self.event("ADDED", &change.object)),
            (true, true) => Some(self.event("MODIFIED", &change.object)),
            (true, false) if change.kind == ChangeKind::Deleted => Some(self.event("DELETED", &change.object)),
            (true, false) => {
                // Upstream sends the last state that matched, under the revision of the change.
                let mut last = change.previous.as_deref().cloned().unwrap_or_default();
                last["metadata"]["resourceVersion"] = json!(change.revision.to_string());
                Some(self.event("DELETED", &Arc::new(last)))
            }
            (false, false) => None,
        }
    }

    fn event(&mut self, what: &str, object: &Arc<Value>) -> Bytes {
        let object = in_version(&self.kind, object);
        match self.shape {
            Shape::Metadata => line(what, &partial(&object)),
            Shape::Table => {
                let rows = std::slice::from_ref(&object);
                let mut table = table::of(&self.kind, rows, self.include.as_deref(), !self.headed);
                table["metadata"] = json!({ "resourceVersion": object["metadata"]["resourceVersion"] });
                self.headed = true;
                line(what, &table)
            }
            Shape::Object | Shape::Discovery => line(what, &object),
        }
    }

    fn bookmark(&mut self, end_of_initial: bool) -> Bytes {
        let mut metadata = json!({ "resourceVersion": self.revision.to_string(), "creationTimestamp": null });
        if end_of_initial {
            metadata["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
        }
        let (kind, api_version) = match self.shape {
            Shape::Metadata => ("PartialObjectMetadata".to_owned(), "meta.k8s.io/v1".to_owned()),
            _ => (self.kind.kind.clone(), self.kind.api_version()),
        };
        line(
            "BOOKMARK",
            &json!({ "kind": kind, "apiVersion": api_version, "metadata": metadata }),
        )
    }
}

fn line(what: &str, object: &Value) -> Bytes {
    let body = to_bytes(object);
    let mut out = Vec::with_capacity(body.len() + 40);
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(what.as_bytes());
    out.extend_from_slice(b"\",\"object\":");
    out.extend_from_slice(&body);
    out.extend_from_slice(b"}\n");
    out.into()
}
