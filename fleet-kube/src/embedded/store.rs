//! Objects, one revision counter over all of them, and what happened last.
//!
//! Invariants:
//! - every commit takes the next revision and stamps it on the object as `resourceVersion`, so the order of revisions is the
//!   order of commits over all tables, as in etcd;
//! - a stored object is immutable (`Arc<Value>`): readers share it, a write puts another in its place, and only if the one
//!   that it was computed from is still there;
//! - watchers get changes under the same lock that made them, so in order and without gaps. A watcher whose queue is full is
//!   cut off instead of holding the others up: its client starts again from its last revision.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::mpsc;

use super::error::{ApiError, ApiResult};

/// Objects by namespace ("" for cluster scope) and name: the order of lists.
pub(super) type Objects = BTreeMap<Arc<str>, BTreeMap<Arc<str>, Arc<Value>>>;

/// What a change did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum ChangeKind {
    Added,
    Modified,
    Deleted,
}

/// One commit.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) revision: u64,
    pub(super) kind: ChangeKind,
    pub(super) table: Arc<str>,
    pub(super) namespace: Arc<str>,
    pub(super) name: Arc<str>,
    /// The object after the change; for a deletion its last state, with the revision of the deletion.
    pub(super) object: Arc<Value>,
    pub(super) previous: Option<Arc<Value>>,
}

/// Where an object is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Location {
    pub(super) table: Arc<str>,
    pub(super) namespace: Arc<str>,
    pub(super) name: Arc<str>,
}

struct Watcher {
    namespace: Option<Arc<str>>,
    queue: mpsc::Sender<Arc<Change>>,
}

#[derive(Default)]
struct Table {
    objects: Objects,
    history: VecDeque<Arc<Change>>,
    /// Changes up to this revision are no longer in `history`.
    compacted: u64,
    watchers: HashMap<Option<Arc<str>>, Vec<Watcher>>,
}

#[derive(Default)]
struct Inner {
    revision: u64,
    tables: HashMap<Arc<str>, Table>,
    /// Objects that name an owner, by the owner's uid.
    dependents: HashMap<String, BTreeSet<Location>>,
    /// Uids of all objects.
    uids: HashMap<String, Location>,
    /// Changes that nobody has reacted to yet.
    unsettled: VecDeque<Arc<Change>>,
}

/// The data of one API server.
pub(super) struct Store {
    inner: Mutex<Inner>,
    history: usize,
    queue: usize,
}

/// The object that a write was computed from is no longer the stored one.
#[derive(Debug)]
pub(super) struct Raced;

impl Store {
    /// A store that remembers `history` changes a table and lets a watcher fall behind by `queue` changes.
    pub(super) fn new(history: usize, queue: usize) -> Self {
        Store {
            inner: Mutex::new(Inner {
                revision: 1,
                ..Inner::default()
            }),
            history,
            queue,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic while the lock is held cannot leave a half-made commit: each is made of infallible steps.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn revision(&self) -> u64 {
        self.lock().revision
    }

    pub(super) fn get(&self, table: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.lock()
            .tables
            .get(table)?
            .objects
            .get(namespace)?
            .get(name)
            .cloned()
    }

    pub(super) fn exists(&self, table: &str, namespace: &str, name: &str) -> bool {
        self.lock()
            .tables
            .get(table)
            .and_then(|t| t.objects.get(namespace))
            .is_some_and(|objects| objects.contains_key(name))
    }

    pub(super) fn location_of_uid(&self, uid: &str) -> Option<Location> {
        self.lock().uids.get(uid).cloned()
    }

    pub(super) fn dependents(&self, uid: &str) -> Vec<Location> {
        self.lock()
            .dependents
            .get(uid)
            .map(|set| set.iter().cloned().collect())
            .unwrap_or_default()
    }

    /// The objects of a table, or of one namespace of it, and the revision at which they were read.
    pub(super) fn list(&self, table: &str, namespace: Option<&str>) -> (Vec<Arc<Value>>, u64) {
        let inner = self.lock();
        let objects = inner
            .tables
            .get(table)
            .map(|t| collect(&t.objects, namespace))
            .unwrap_or_default();
        (objects, inner.revision)
    }

    /// The objects as they were at `revision`.
    pub(super) fn list_at(&self, table: &str, namespace: Option<&str>, revision: u64) -> ApiResult<Vec<Arc<Value>>> {
        let inner = self.lock();
        let Some(table) = inner.tables.get(table) else {
            return Ok(Vec::new());
        };
        if revision < table.compacted {
            return Err(ApiError::expired(
                "The provided continue parameter is too old to display a consistent list result.",
            ));
        }
        let mut earlier: BTreeMap<(Arc<str>, Arc<str>), Arc<Value>> = BTreeMap::new();
        for (ns, names) in &table.objects {
            if namespace.is_none_or(|wanted| wanted == &**ns) {
                earlier.extend(
                    names
                        .iter()
                        .map(|(name, object)| ((ns.clone(), name.clone()), object.clone())),
                );
            }
        }
        for change in table.history.iter().rev().take_while(|c| c.revision > revision) {
            if namespace.is_some_and(|wanted| wanted != &*change.namespace) {
                continue;
            }
            let key = (change.namespace.clone(), change.name.clone());
            match &change.previous {
                Some(previous) => earlier.insert(key, previous.clone()),
                None => earlier.remove(&key),
            };
        }
        Ok(earlier.into_values().collect())
    }

    /// Puts `object` where `expected` is (`None`: where nothing is), under the next revision.
    pub(super) fn put(
        &self,
        location: &Location,
        expected: Option<&Arc<Value>>,
        mut object: Value,
    ) -> Result<Arc<Value>, Raced> {
        let mut inner = self.lock();
        let current = inner
            .tables
            .get(&location.table)
            .and_then(|t| t.objects.get(&location.namespace)?.get(&location.name))
            .cloned();
        match (expected, &current) {
            (None, None) => {}
            (Some(expected), Some(current)) if Arc::ptr_eq(expected, current) => {}
            _ => return Err(Raced),
        }
        inner.revision += 1;
        let revision = inner.revision;
        object["metadata"]["resourceVersion"] = Value::String(revision.to_string());
        let object = Arc::new(object);
        if let Some(current) = &current {
            inner.unindex(location, current);
        }
        inner.index(location, &object);
        let kind = if current.is_some() {
            ChangeKind::Modified
        } else {
            ChangeKind::Added
        };
        let names = &mut inner.tables.entry(location.table.clone()).or_default().objects;
        names
            .entry(location.namespace.clone())
            .or_default()
            .insert(location.name.clone(), object.clone());
        self.publish(&mut inner, location, kind, object.clone(), current, revision);
        Ok(object)
    }

    /// Removes `expected`.
    pub(super) fn remove(&self, location: &Location, expected: &Arc<Value>) -> Result<Arc<Value>, Raced> {
        let mut inner = self.lock();
        let Some(table) = inner.tables.get_mut(&location.table) else {
            return Err(Raced);
        };
        let Some(names) = table.objects.get_mut(&location.namespace) else {
            return Err(Raced);
        };
        match names.get(&location.name) {
            Some(current) if Arc::ptr_eq(expected, current) => {}
            _ => return Err(Raced),
        }
        names.remove(&location.name);
        if names.is_empty() {
            table.objects.remove(&location.namespace);
        }
        inner.revision += 1;
        let revision = inner.revision;
        inner.unindex(location, expected);
        let mut last = Value::clone(expected);
        last["metadata"]["resourceVersion"] = Value::String(revision.to_string());
        let last = Arc::new(last);
        self.publish(
            &mut inner,
            location,
            ChangeKind::Deleted,
            last.clone(),
            Some(expected.clone()),
            revision,
        );
        Ok(last)
    }

    fn publish(
        &self,
        inner: &mut Inner,
        location: &Location,
        kind: ChangeKind,
        object: Arc<Value>,
        previous: Option<Arc<Value>>,
        revision: u64,
    ) {
        let change = Arc::new(Change {
            revision,
            kind,
            table: location.table.clone(),
            namespace: location.namespace.clone(),
            name: location.name.clone(),
            object,
            previous,
        });
        inner.unsettled.push_back(change.clone());
        let table = inner.tables.entry(location.table.clone()).or_default();
        table.history.push_back(change.clone());
        if table.history.len() > self.history
            && let Some(oldest) = table.history.pop_front()
        {
            table.compacted = oldest.revision;
        }
        for scope in [None, Some(location.namespace.clone())] {
            if let Some(watchers) = table.watchers.get_mut(&scope) {
                watchers.retain(|w| w.queue.try_send(change.clone()).is_ok());
                if watchers.is_empty() {
                    table.watchers.remove(&scope);
                }
            }
        }
    }

    /// Changes of a table after `since`, then those to come. `None`: from now on, beginning with the objects of now.
    pub(super) fn watch(
        &self,
        table: &Arc<str>,
        namespace: Option<&str>,
        since: Option<u64>,
    ) -> ApiResult<Subscription> {
        let mut inner = self.lock();
        let revision = inner.revision;
        let (queue, changes) = mpsc::channel(self.queue);
        let table = inner.tables.entry(table.clone()).or_default();
        let scope: Option<Arc<str>> = namespace.map(Arc::from);
        let (objects, past) = match since {
            None => (collect(&table.objects, namespace), Vec::new()),
            Some(since) if since < table.compacted => {
                return Err(ApiError::expired(format!(
                    "too old resource version: {since} ({})",
                    table.compacted
                )));
            }
            Some(since) => {
                let first = table.history.partition_point(|c| c.revision <= since);
                let past = table
                    .history
                    .range(first..)
                    .filter(|c| namespace.is_none_or(|ns| ns == &*c.namespace));
                (Vec::new(), past.cloned().collect())
            }
        };
        // Clients that went away since the last change would pile up where nothing changes.
        let watchers = table.watchers.entry(scope.clone()).or_default();
        watchers.retain(|w| !w.queue.is_closed());
        watchers.push(Watcher {
            namespace: scope,
            queue,
        });
        Ok(Subscription {
            objects,
            past,
            changes,
            revision,
        })
    }

    /// Ends all watches of `table`, or of all tables, as a restart of the server does.
    pub(super) fn drop_watches(&self, table: Option<&str>) {
        let mut inner = self.lock();
        for (name, data) in &mut inner.tables {
            if table.is_none_or(|wanted| wanted == &**name) {
                data.watchers.clear();
            }
        }
    }

    /// Number of open watches.
    pub(super) fn watches(&self) -> usize {
        let inner = self.lock();
        let open = |w: &&Watcher| !w.queue.is_closed();
        inner
            .tables
            .values()
            .flat_map(|t| t.watchers.values())
            .flatten()
            .filter(open)
            .count()
    }

    /// Number of open watches of one table in one namespace (`None`: over all namespaces).
    pub(super) fn watches_of(&self, table: &str, namespace: Option<&str>) -> usize {
        let inner = self.lock();
        let Some(table) = inner.tables.get(table) else { return 0 };
        let wanted = |w: &&Watcher| w.namespace.as_deref() == namespace && !w.queue.is_closed();
        table.watchers.values().flatten().filter(wanted).count()
    }

    /// Forgets the history of all tables: watches from an earlier revision get 410.
    pub(super) fn compact(&self) {
        let mut inner = self.lock();
        let revision = inner.revision;
        for table in inner.tables.values_mut() {
            table.history.clear();
            table.compacted = revision;
        }
    }

    /// Where the objects of a namespace are.
    pub(super) fn in_namespace(&self, namespace: &str) -> Vec<Location> {
        let inner = self.lock();
        let mut found = Vec::new();
        for (table, data) in &inner.tables {
            if let Some((namespace, names)) = data.objects.get_key_value(namespace) {
                let location = |name: &Arc<str>| Location {
                    table: table.clone(),
                    namespace: namespace.clone(),
                    name: name.clone(),
                };
                found.extend(names.keys().map(location));
            }
        }
        found.sort();
        found
    }

    /// The next change that nobody has reacted to.
    pub(super) fn next_unsettled(&self) -> Option<Arc<Change>> {
        self.lock().unsettled.pop_front()
    }

    pub(super) fn has_unsettled(&self) -> bool {
        !self.lock().unsettled.is_empty()
    }

    /// All objects by table, and the revision.
    pub(super) fn dump(&self) -> (BTreeMap<Arc<str>, Objects>, u64) {
        let inner = self.lock();
        let filled = inner.tables.iter().filter(|(_, t)| !t.objects.is_empty());
        (
            filled.map(|(name, t)| (name.clone(), t.objects.clone())).collect(),
            inner.revision,
        )
    }

    /// Takes over what [`Store::dump`] gave. History is empty afterwards, as after a compaction.
    pub(super) fn load(&self, data: &BTreeMap<Arc<str>, Objects>, revision: u64) {
        let mut inner = self.lock();
        inner.revision = inner.revision.max(revision);
        for (table, objects) in data {
            for (namespace, names) in objects {
                for (name, object) in names {
                    let location = Location {
                        table: table.clone(),
                        namespace: namespace.clone(),
                        name: name.clone(),
                    };
                    inner.index(&location, object);
                }
            }
            inner.tables.insert(
                table.clone(),
                Table {
                    objects: objects.clone(),
                    compacted: revision,
                    ..Table::default()
                },
            );
        }
    }
}

/// What [`Store::watch`] gives.
pub(super) struct Subscription {
    /// The objects at `revision`, where no start was given.
    pub(super) objects: Vec<Arc<Value>>,
    /// The changes between the start and `revision`.
    pub(super) past: Vec<Arc<Change>>,
    /// The changes after `revision`; ends when the server cuts the watch off.
    pub(super) changes: mpsc::Receiver<Arc<Change>>,
    pub(super) revision: u64,
}

impl Inner {
    fn index(&mut self, location: &Location, object: &Value) {
        if let Some(uid) = object["metadata"]["uid"].as_str() {
            self.uids.insert(uid.to_owned(), location.clone());
        }
        for owner in owners(object) {
            self.dependents
                .entry(owner.to_owned())
                .or_default()
                .insert(location.clone());
        }
    }

    fn unindex(&mut self, location: &Location, object: &Value) {
        if let Some(uid) = object["metadata"]["uid"].as_str() {
            self.uids.remove(uid);
        }
        for owner in owners(object) {
            if let Some(set) = self.dependents.get_mut(owner) {
                set.remove(location);
                if set.is_empty() {
                    self.dependents.remove(owner);
                }
            }
        }
    }
}

/// The uids of an object's owners.
pub(super) fn owners(object: &Value) -> impl Iterator<Item = &str> {
    object["metadata"]["ownerReferences"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|o| o["uid"].as_str())
}

fn collect(objects: &Objects, namespace: Option<&str>) -> Vec<Arc<Value>> {
    match namespace {
        Some(namespace) => objects
            .get(namespace)
            .map(|names| names.values().cloned().collect())
            .unwrap_or_default(),
        None => objects.values().flat_map(|names| names.values().cloned()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(name: &str) -> Location {
        Location {
            table: "configmaps".into(),
            namespace: "ns".into(),
            name: name.into(),
        }
    }

    fn object(name: &str) -> Value {
        json!({ "metadata": { "name": name, "namespace": "ns", "uid": name } })
    }

    #[test]
    fn writes_need_the_state_they_were_made_from() {
        let store = Store::new(10, 10);
        let first = store.put(&at("a"), None, object("a")).unwrap();
        assert!(store.put(&at("a"), None, object("a")).is_err());
        let second = store.put(&at("a"), Some(&first), object("a")).unwrap();
        assert!(store.put(&at("a"), Some(&first), object("a")).is_err());
        assert!(store.remove(&at("a"), &first).is_err());
        assert!(store.remove(&at("a"), &second).is_ok());
        assert_eq!(store.revision(), 4);
    }

    #[test]
    fn old_lists_are_rebuilt_until_history_is_gone() {
        let store = Store::new(3, 10);
        let a = store.put(&at("a"), None, object("a")).unwrap();
        let then = store.revision();
        store.put(&at("b"), None, object("b")).unwrap();
        store.remove(&at("a"), &a).unwrap();
        let names = |list: Vec<Arc<Value>>| -> Vec<String> {
            list.iter()
                .map(|o| o["metadata"]["name"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(names(store.list_at("configmaps", None, then).unwrap()), ["a"]);
        assert_eq!(names(store.list("configmaps", Some("ns")).0), ["b"]);
        store.put(&at("c"), None, object("c")).unwrap();
        store.put(&at("d"), None, object("d")).unwrap();
        store.put(&at("e"), None, object("e")).unwrap();
        assert_eq!(store.list_at("configmaps", None, then).unwrap_err().code, 410);
        assert_eq!(
            store.watch(&"configmaps".into(), None, Some(then)).err().unwrap().code,
            410
        );
    }
}
