//! The values that templates work on: Go's dynamic types, as far as a template can see them.
//!
//! Lists and maps have reference semantics, because templates change maps in place (`set`, `merge`) and see the change
//! through every other reference. They therefore stay inside one run and its thread; parsed templates, which hold only
//! constants, are shared between threads.
//!
//! Invariants: a borrow of a container never lives across a call of a function, so that no borrow can fail; containers
//! of any depth are dropped without recursion.

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use super::functions::Method;
use super::text::Text;

mod json;
mod list;
mod map;

pub use list::{List, ListType};
pub use map::{Map, MapType, MapZero};

/// A value of a template run.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Value {
    /// Nothing: JSON null, a missing key, a failed lookup.
    #[default]
    Nil,
    /// `bool`.
    Bool(bool),
    /// `int`: constants of a template, lengths, `int`.
    Int(i64),
    /// `int64`: results of arithmetic functions and of `--set`.
    Int64(i64),
    /// `uint8`: one byte of a string.
    Uint8(u8),
    /// `uint64`: numbers of a semantic version.
    Uint64(u64),
    /// `float64`: every number that comes from YAML or JSON.
    Float(f64),
    /// `complex128`: only from constants of a template.
    Complex(f64, f64),
    /// `string`.
    Text(Text),
    /// `[]byte`.
    Bytes(Arc<[u8]>),
    /// A slice.
    List(List),
    /// A map with string keys.
    Map(Map),
    /// A value with fields and methods.
    Object(Rc<dyn Object>),
}

/// Go's `reflect.Kind`, as far as values have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// No value.
    Invalid,
    /// `bool`.
    Bool,
    /// `int`.
    Int,
    /// `int64`.
    Int64,
    /// `uint8`.
    Uint8,
    /// `uint64`.
    Uint64,
    /// `float64`.
    Float64,
    /// `complex128`.
    Complex128,
    /// `string`.
    String,
    /// `slice`.
    Slice,
    /// `map`.
    Map,
    /// `ptr`.
    Pointer,
    /// `struct`.
    Struct,
}

impl Kind {
    /// Go's name of the kind, as `kindOf` prints it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Int64 => "int64",
            Self::Uint8 => "uint8",
            Self::Uint64 => "uint64",
            Self::Float64 => "float64",
            Self::Complex128 => "complex128",
            Self::String => "string",
            Self::Slice => "slice",
            Self::Map => "map",
            Self::Pointer => "ptr",
            Self::Struct => "struct",
        }
    }
}

/// A value with fields and methods, such as `.Capabilities` or a semantic version.
///
/// Everything a template can do to a Go struct goes through this trait. Only `type_name` and `as_any` are required; an
/// object that is more than opaque says so by the others.
pub trait Object: fmt::Debug {
    /// Go's name of the type as `%T` prints it, such as `*semver.Version`.
    fn type_name(&self) -> &'static str;

    /// Itself, for functions that take this very type.
    fn as_any(&self) -> &dyn std::any::Any;

    /// Its kind: a struct, unless it says otherwise (a pointer to a struct, a named integer).
    fn kind(&self) -> Kind {
        Kind::Struct
    }

    /// The value of an exported field.
    fn field(&self, name: &str) -> Option<Value> {
        self.fields()
            .into_iter()
            .find(|(field, _)| *field == name)
            .map(|(_, value)| value)
    }

    /// The exported fields in order.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    /// All fields in order, those that are not exported too, as `%v` prints them.
    fn printed_fields(&self) -> Vec<(&'static str, Value)> {
        self.fields()
    }

    /// A method.
    fn method(&self, _name: &str) -> Option<&'static Method> {
        None
    }

    /// What `String()` or `Error()` gives, if Go's type has one.
    fn text(&self) -> Option<String> {
        None
    }

    /// The value under a pointer: what printing an object of kind pointer prints. `None`: the fields of this one.
    fn target(&self) -> Option<Value> {
        None
    }

    /// What a function gets of it. Go copies a struct that is passed on, and with its address it loses the methods of its
    /// pointer, `String()` among them. `None`: the object itself.
    fn passed(&self) -> Option<Value> {
        None
    }

    /// The number in it, for a type whose kind is an integer (`time.Duration`).
    fn integer(&self) -> Option<i64> {
        None
    }

    /// What Go's `encoding/json` makes of it: the exported fields.
    fn json(&self) -> Result<serde_json::Value, String> {
        let mut map = serde_json::Map::new();
        for (name, value) in self.fields() {
            map.insert(name.to_owned(), value.to_json()?);
        }
        Ok(serde_json::Value::Object(map))
    }

    /// Whether it equals another object, as Go's `==` or `reflect.DeepEqual` would say.
    fn equals(&self, _other: &dyn Object) -> bool {
        false
    }
}

impl Value {
    /// Text.
    pub fn text(text: impl Into<Text>) -> Self {
        Self::Text(text.into())
    }

    /// A list of type `[]interface {}`.
    pub fn list(items: impl Into<Vec<Value>>) -> Self {
        Self::List(List::new(items.into()))
    }

    /// A list of type `[]string`.
    pub fn texts<T: Into<Text>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::List(List::texts(items))
    }

    /// A map of type `map[string]interface {}`.
    pub fn map<K: Into<Text>>(entries: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::Map(Map::from_entries(entries))
    }

    /// An object.
    pub fn object(object: impl Object + 'static) -> Self {
        Self::Object(Rc::new(object))
    }

    /// Whether it is nil.
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    /// The text, if it is of type `string`.
    pub fn as_text(&self) -> Option<&Text> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list, if it is one (`[]byte` is not).
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The object, if it is of type `T`.
    pub fn downcast<T: 'static>(&self) -> Option<&T> {
        match self {
            Self::Object(object) => object.as_any().downcast_ref(),
            _ => None,
        }
    }

    /// Go's name of its type, as `%T` prints it: `<nil>` for nil.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Nil => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Int64(_) => "int64",
            Self::Uint8(_) => "uint8",
            Self::Uint64(_) => "uint64",
            Self::Float(_) => "float64",
            Self::Complex(..) => "complex128",
            Self::Text(_) => "string",
            Self::Bytes(_) => "[]uint8",
            Self::List(list) => list.list_type().name,
            Self::Map(map) => map.map_type().name,
            Self::Object(object) => object.type_name(),
        }
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Nil => Kind::Invalid,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) => Kind::Int,
            Self::Int64(_) => Kind::Int64,
            Self::Uint8(_) => Kind::Uint8,
            Self::Uint64(_) => Kind::Uint64,
            Self::Float(_) => Kind::Float64,
            Self::Complex(..) => Kind::Complex128,
            Self::Text(_) => Kind::String,
            Self::Bytes(_) | Self::List(_) => Kind::Slice,
            Self::Map(_) => Kind::Map,
            Self::Object(object) => object.kind(),
        }
    }

    /// Whether `if` takes it for true (Go's `template.IsTrue`): not nil, not zero, not empty.
    pub fn truth(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(value) | Self::Int64(value) => *value != 0,
            Self::Uint8(value) => *value != 0,
            Self::Uint64(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Complex(real, imaginary) => *real != 0.0 || *imaginary != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::Bytes(bytes) => !bytes.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Object(object) => object.integer() != Some(0),
        }
    }

    /// Go's `reflect.DeepEqual`: types count (`int` 1 is not `float64` 1), so do those of containers.
    pub fn deep_equal(&self, other: &Self) -> bool {
        let mut pending = vec![(self.clone(), other.clone())];
        // Two cyclic values cannot be told apart by walking: past this many pairs they count as different.
        let mut budget = 10_000_000_u32;
        while let Some((left, right)) = pending.pop() {
            budget -= 1;
            if budget == 0 {
                return false;
            }
            let equal = match (&left, &right) {
                (Self::Nil, Self::Nil) => true,
                (Self::Bool(left), Self::Bool(right)) => left == right,
                (Self::Int(left), Self::Int(right)) | (Self::Int64(left), Self::Int64(right)) => left == right,
                (Self::Uint8(left), Self::Uint8(right)) => left == right,
                (Self::Uint64(left), Self::Uint64(right)) => left == right,
                (Self::Float(left), Self::Float(right)) => left == right,
                (Self::Complex(a, b), Self::Complex(c, d)) => a == c && b == d,
                (Self::Text(left), Self::Text(right)) => left == right,
                (Self::Bytes(left), Self::Bytes(right)) => left == right,
                (Self::List(left), Self::List(right)) => {
                    if left.is_same(right) {
                        continue;
                    }
                    let (a, b) = (left.items(), right.items());
                    let alike = left.list_type().name == right.list_type().name && a.len() == b.len();
                    if alike {
                        pending.extend(a.iter().cloned().zip(b.iter().cloned()));
                    }
                    alike
                }
                (Self::Map(left), Self::Map(right)) => {
                    if left.is_same(right) {
                        continue;
                    }
                    let (a, b) = (left.entries(), right.entries());
                    let alike = left.map_type().name == right.map_type().name
                        && a.len() == b.len()
                        && a.keys().zip(b.keys()).all(|(left, right)| left == right);
                    if alike {
                        pending.extend(a.values().cloned().zip(b.values().cloned()));
                    }
                    alike
                }
                (Self::Object(left), Self::Object(right)) => {
                    Rc::ptr_eq(left, right) || (left.type_name() == right.type_name() && left.equals(&**right))
                }
                _ => false,
            };
            if !equal {
                return false;
            }
        }
        true
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.deep_equal(other)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&super::format::sprintf_lossy("%#v", std::slice::from_ref(self)))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<List> for Value {
    fn from(list: List) -> Self {
        Self::List(list)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

/// Drops values without recursion, however deep they nest.
fn dismantle(mut pending: Vec<Value>) {
    while let Some(value) = pending.pop() {
        match value {
            Value::List(list) => list.take_last_reference(&mut pending),
            Value::Map(map) => map.take_last_reference(&mut pending),
            _ => {}
        }
    }
}
