//! Watches as plain calls: every object of a kind, then every change, in order, without managed fields.
//!
//! A watch that breaks is taken up again with a delay that grows; objects that vanished meanwhile are reported as deleted
//! after the next full list, which is a live confirmation of their absence.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt, reflector::Lookup};
use kube::{Api, Resource};
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;

/// Namespace (empty for cluster-scoped kinds) and name.
pub(crate) type Key = (String, String);

/// What a watch tells.
#[derive(Debug)]
pub(crate) enum Change<T> {
    /// The object is there, new or changed.
    Applied(T),
    /// The object is gone; this is its key.
    Deleted(Key),
}

/// Follows a kind for ever and calls `handle` for each change. `synced` is told when the first list is through.
pub(crate) async fn follow<T, F>(api: Api<T>, config: watcher::Config, synced: oneshot::Sender<()>, mut handle: F)
where
    T: Resource + Lookup + Clone + Debug + DeserializeOwned + Send + 'static,
    F: FnMut(Change<T>),
{
    let mut synced = Some(synced);
    let mut known: BTreeSet<Key> = BTreeSet::new();
    let mut listed: BTreeSet<Key> = BTreeSet::new();
    let mut stream = watcher::watcher(api, config)
        .backoff(Growing::default())
        .map_ok(|event| event.modify(|object| object.meta_mut().managed_fields = None))
        .boxed();
    while let Some(event) = stream.next().await {
        match event {
            Ok(Event::Init) => listed.clear(),
            Ok(Event::InitApply(object)) => {
                listed.insert(key_of(&object));
                handle(Change::Applied(object));
            }
            Ok(Event::InitDone) => {
                for key in known.difference(&listed) {
                    handle(Change::Deleted(key.clone()));
                }
                known = std::mem::take(&mut listed);
                if let Some(synced) = synced.take() {
                    // Nobody waits any more when the process is ending.
                    let _ = synced.send(());
                }
            }
            Ok(Event::Apply(object)) => {
                known.insert(key_of(&object));
                handle(Change::Applied(object));
            }
            Ok(Event::Delete(object)) => {
                let key = key_of(&object);
                known.remove(&key);
                handle(Change::Deleted(key));
            }
            Err(error) => tracing::debug!(%error, "watch broke, it is taken up again"),
        }
    }
}

/// Namespace and name of an object.
pub(crate) fn key_of<T: Resource>(object: &T) -> Key {
    let metadata = object.meta();
    (
        metadata.namespace.clone().unwrap_or_default(),
        metadata.name.clone().unwrap_or_default(),
    )
}

/// Delays between attempts: short at first, since a server that restarts is back soon.
#[derive(Debug, Default)]
struct Growing {
    attempt: u32,
}

impl Iterator for Growing {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let delay = Duration::from_millis(50).saturating_mul(2u32.saturating_pow(self.attempt));
        self.attempt = (self.attempt + 1).min(9);
        Some(delay.min(Duration::from_secs(10)))
    }
}

impl kube::runtime::utils::Backoff for Growing {
    fn reset(&mut self) {
        self.attempt = 0;
    }
}
