//! Maps: Go maps with string keys, with the name of their type. Order is that of the key's bytes, the order in which Go
//! prints and ranges.

use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::list::no_method;
use super::{Value, dismantle};
use crate::template::functions::Method;
use crate::template::text::Text;

/// Maps of so many entries are searched from end to end: the tree has them side by side.
const SMALL: usize = 11;

/// Go's type of a map.
#[derive(Debug)]
#[non_exhaustive]
pub struct MapType {
    /// The name that `%T` prints.
    pub name: &'static str,
    /// What a key that is not there gives (Go's zero value of the element type).
    pub zero: MapZero,
    /// Whether Go lets it stand for `map[string]interface {}`, and the other way round.
    pub assignable: bool,
    /// Methods of a named type.
    pub method: fn(&str) -> Option<&'static Method>,
    /// Whether Go's value is a nil map, which JSON writes as null.
    pub nil: bool,
}

/// The zero value of a map's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MapZero {
    /// Elements are of type `interface {}`: nil.
    Any,
    /// Elements are of type `string`: the empty string.
    Text,
    /// Elements are of type `[]byte`: an empty slice.
    Bytes,
}

impl MapZero {
    /// The zero value.
    pub fn value(self) -> Value {
        match self {
            Self::Any => Value::Nil,
            Self::Text => Value::Text(Text::default()),
            Self::Bytes => Value::Bytes([].into()),
        }
    }
}

impl MapType {
    /// `map[string]interface {}`.
    pub const ANY: &'static MapType = &MapType {
        name: "map[string]interface {}",
        zero: MapZero::Any,
        assignable: true,
        method: no_method,
        nil: false,
    };
    /// `map[string]string`.
    pub const TEXTS: &'static MapType = &MapType {
        name: "map[string]string",
        zero: MapZero::Text,
        assignable: false,
        method: no_method,
        nil: false,
    };

    /// `map[string]string` that was never made.
    pub const NIL_TEXTS: &'static MapType = &MapType {
        nil: true,
        ..*Self::TEXTS
    };

    /// A named type whose elements are `interface {}`, such as Helm's `common.Values`.
    pub const fn named(name: &'static str, method: fn(&str) -> Option<&'static Method>) -> Self {
        Self {
            name,
            zero: MapZero::Any,
            assignable: true,
            method,
            nil: false,
        }
    }

    /// A named type whose elements are bytes, such as Helm's `engine.files`.
    pub const fn named_bytes(name: &'static str, method: fn(&str) -> Option<&'static Method>) -> Self {
        Self {
            name,
            zero: MapZero::Bytes,
            assignable: false,
            method,
            nil: false,
        }
    }
}

/// A Go map. Clones are references to the same entries.
#[derive(Clone)]
pub struct Map {
    map_type: &'static MapType,
    inner: Rc<Inner>,
}

struct Inner {
    entries: RefCell<BTreeMap<Text, Value>>,
}

impl Map {
    /// An empty map of type `map[string]interface {}`.
    pub fn new() -> Self {
        Self::typed(MapType::ANY, BTreeMap::new())
    }

    /// A map of another type; the values must be of its element type.
    pub fn typed(map_type: &'static MapType, entries: BTreeMap<Text, Value>) -> Self {
        Self {
            map_type,
            inner: Rc::new(Inner {
                entries: RefCell::new(entries),
            }),
        }
    }

    /// The same entries as a map of another type, as a conversion in Go gives: a change of one is seen in the other.
    pub fn with_type(&self, map_type: &'static MapType) -> Self {
        Self {
            map_type,
            inner: Rc::clone(&self.inner),
        }
    }

    /// A map of type `map[string]interface {}`.
    pub fn from_entries<K: Into<Text>>(entries: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::typed(
            MapType::ANY,
            entries.into_iter().map(|(key, value)| (key.into(), value)).collect(),
        )
    }

    /// A map of type `map[string]string`.
    pub fn texts<K: Into<Text>, V: Into<Text>>(entries: impl IntoIterator<Item = (K, V)>) -> Self {
        let entries = entries
            .into_iter()
            .map(|(key, value)| (key.into(), Value::Text(value.into())));
        Self::typed(MapType::TEXTS, entries.collect())
    }

    /// Its type.
    pub fn map_type(&self) -> &'static MapType {
        self.map_type
    }

    /// The entries. The borrow must end before a function of a template is called.
    pub fn entries(&self) -> Ref<'_, BTreeMap<Text, Value>> {
        self.inner.entries.borrow()
    }

    /// The value of a key.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        let (key, entries) = (key.as_ref(), self.entries());
        if entries.len() > SMALL {
            return entries.get(key).cloned();
        }
        // Lengths alone tell most keys apart, where the tree compares bytes.
        let mut entries = entries.iter();
        let found = entries.find(|(known, _)| known.as_bytes() == key)?;
        Some(found.1.clone())
    }

    /// Whether a key is there.
    pub fn contains(&self, key: impl AsRef<[u8]>) -> bool {
        self.entries().contains_key(key.as_ref())
    }

    /// Sets a key; every reference to the map sees it.
    pub fn insert(&self, key: impl Into<Text>, value: Value) {
        if let Ok(mut entries) = self.inner.entries.try_borrow_mut() {
            entries.insert(key.into(), value);
        }
    }

    /// Removes a key; every reference to the map sees it.
    pub fn remove(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        self.inner.entries.try_borrow_mut().ok()?.remove(key.as_ref())
    }

    /// How many entries.
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    /// A map of type `map[string]interface {}` with the same entries (values are shared, not copied).
    pub fn shallow_copy(&self) -> Self {
        Self::typed(MapType::ANY, self.entries().clone())
    }

    /// Whether both are references to the same entries.
    pub fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.inner, &other.inner)
    }

    pub(super) fn take_last_reference(self, pending: &mut Vec<Value>) {
        if let Ok(inner) = Rc::try_unwrap(self.inner) {
            pending.extend(std::mem::take(&mut *inner.entries.borrow_mut()).into_values());
        }
    }
}

impl Default for Map {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let entries = self.entries.get_mut();
        if entries
            .values()
            .any(|value| matches!(value, Value::List(_) | Value::Map(_)))
        {
            dismantle(std::mem::take(entries).into_values().collect());
        }
    }
}

impl std::fmt::Debug for Map {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Value::Map(self.clone()).fmt(formatter)
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        Value::Map(self.clone()).deep_equal(&Value::Map(other.clone()))
    }
}
