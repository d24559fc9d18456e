//! Lists: Go slices, with the name of their type.

use std::cell::{Ref, RefCell};
use std::rc::Rc;

use super::{Value, dismantle};
use crate::template::functions::Method;
use crate::template::text::Text;

/// Go's type of a list.
#[derive(Debug)]
#[non_exhaustive]
pub struct ListType {
    /// The name that `%T` prints.
    pub name: &'static str,
    /// Whether elements are of type `interface {}` (nil elements, and error texts, show it).
    pub any: bool,
    /// Methods of a named type.
    pub method: fn(&str) -> Option<&'static Method>,
}

impl ListType {
    /// `[]interface {}`.
    pub const ANY: &'static ListType = &ListType::new("[]interface {}", true);
    /// `[]string`.
    pub const TEXTS: &'static ListType = &ListType::new("[]string", false);
    /// `[]int`.
    pub const INTS: &'static ListType = &ListType::new("[]int", false);
    /// `[]map[string]interface {}`.
    pub const MAPS: &'static ListType = &ListType::new("[]map[string]interface {}", false);
    /// `[][]interface {}`, what `chunk` gives.
    pub const LISTS: &'static ListType = &ListType::new("[][]interface {}", false);

    /// A type without methods.
    pub const fn new(name: &'static str, any: bool) -> Self {
        Self {
            name,
            any,
            method: no_method,
        }
    }

    /// A named type with methods.
    pub const fn with_methods(name: &'static str, any: bool, method: fn(&str) -> Option<&'static Method>) -> Self {
        Self { name, any, method }
    }
}

pub(super) fn no_method(_name: &str) -> Option<&'static Method> {
    None
}

/// A Go slice. Clones are references to the same elements.
#[derive(Clone)]
pub struct List(Rc<Inner>);

struct Inner {
    list_type: &'static ListType,
    items: RefCell<Vec<Value>>,
}

impl List {
    /// A list of type `[]interface {}`.
    pub fn new(items: Vec<Value>) -> Self {
        Self::typed(ListType::ANY, items)
    }

    /// A list of another type; the elements must be of its element type.
    pub fn typed(list_type: &'static ListType, items: Vec<Value>) -> Self {
        Self(Rc::new(Inner {
            list_type,
            items: RefCell::new(items),
        }))
    }

    /// A list of type `[]string`.
    pub fn texts<T: Into<Text>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::typed(
            ListType::TEXTS,
            items.into_iter().map(|item| Value::Text(item.into())).collect(),
        )
    }

    /// Its type.
    pub fn list_type(&self) -> &'static ListType {
        self.0.list_type
    }

    /// The elements. The borrow must end before a function of a template is called.
    pub fn items(&self) -> Ref<'_, Vec<Value>> {
        self.0.items.borrow()
    }

    /// A copy of the elements.
    pub fn to_vec(&self) -> Vec<Value> {
        self.items().clone()
    }

    /// One element.
    pub fn get(&self, index: usize) -> Option<Value> {
        self.items().get(index).cloned()
    }

    /// How many elements.
    pub fn len(&self) -> usize {
        self.items().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items().is_empty()
    }

    /// Sorts a `[]string` in place, as Go's `sort.Strings` does: other references see the new order.
    pub fn sort_texts(&self) {
        if let Ok(mut items) = self.0.items.try_borrow_mut() {
            items.sort_by(|left, right| match (left, right) {
                (Value::Text(left), Value::Text(right)) => left.cmp(right),
                _ => std::cmp::Ordering::Equal,
            });
        }
    }

    /// Whether both are references to the same elements.
    pub fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    pub(super) fn take_last_reference(self, pending: &mut Vec<Value>) {
        if let Ok(inner) = Rc::try_unwrap(self.0) {
            pending.append(&mut inner.items.borrow_mut());
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let items = self.items.get_mut();
        if items.iter().any(|item| matches!(item, Value::List(_) | Value::Map(_))) {
            dismantle(std::mem::take(items));
        }
    }
}

impl std::fmt::Debug for List {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Value::List(self.clone()).fmt(formatter)
    }
}

impl PartialEq for List {
    fn eq(&self, other: &Self) -> bool {
        Value::List(self.clone()).deep_equal(&Value::List(other.clone()))
    }
}
