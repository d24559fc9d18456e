//! Reading the arguments of a function: the registry has checked their number and types before.

use std::borrow::Cow;

use crate::template::format::text_of;
use crate::template::{FunctionError, List, ListType, Map, Parameter, Signature, Text, Value};

pub(super) type Outcome = Result<Value, FunctionError>;

pub(super) const NONE: Signature = Signature::new(&[]);
pub(super) const ANY: Signature = Signature::new(&[Parameter::Any]);
pub(super) const ANY_ANY: Signature = Signature::new(&[Parameter::Any, Parameter::Any]);
pub(super) const ANIES: Signature = Signature::variadic(&[], Parameter::Any);
pub(super) const ANY_ANIES: Signature = Signature::variadic(&[Parameter::Any], Parameter::Any);
pub(super) const TEXT: Signature = Signature::new(&[Parameter::Text]);
pub(super) const TEXT_ANY: Signature = Signature::new(&[Parameter::Text, Parameter::Any]);
pub(super) const TEXT_TEXT: Signature = Signature::new(&[Parameter::Text, Parameter::Text]);
pub(super) const TEXT_TEXT_TEXT: Signature = Signature::new(&[Parameter::Text, Parameter::Text, Parameter::Text]);
pub(super) const TEXT_TEXT_INT: Signature = Signature::new(&[Parameter::Text, Parameter::Text, Parameter::Int]);
pub(super) const INT: Signature = Signature::new(&[Parameter::Int]);
pub(super) const INT_TEXT: Signature = Signature::new(&[Parameter::Int, Parameter::Text]);
pub(super) const INT_ANY: Signature = Signature::new(&[Parameter::Int, Parameter::Any]);

/// What Go says when code uses a nil pointer.
pub(super) const NIL_POINTER: &str = "runtime error: invalid memory address or nil pointer dereference";

pub(super) fn bytes(arguments: &[Value], index: usize) -> &[u8] {
    match arguments.get(index) {
        Some(Value::Text(text)) => text.as_bytes(),
        _ => &[],
    }
}

pub(super) fn text(arguments: &[Value], index: usize) -> Cow<'_, str> {
    match arguments.get(index) {
        Some(Value::Text(text)) => text.to_str(),
        _ => Cow::Borrowed(""),
    }
}

pub(super) fn int(arguments: &[Value], index: usize) -> i64 {
    match arguments.get(index) {
        Some(Value::Int(number) | Value::Int64(number)) => *number,
        _ => 0,
    }
}

/// The map; none for Go's nil map.
pub(super) fn map(arguments: &[Value], index: usize) -> Option<&Map> {
    arguments.get(index).and_then(Value::as_map)
}

/// The elements of a list of any type; none for what is no list.
pub(super) fn elements(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::List(list) => Some(list.to_vec()),
        Value::Bytes(bytes) => Some(bytes.iter().map(|byte| Value::Uint8(*byte)).collect()),
        _ => None,
    }
}

/// The elements of a list; what is no list fails with a text that ends with its kind.
pub(super) fn elements_or(value: &Value, message: &str) -> Result<Vec<Value>, FunctionError> {
    if value.is_nil() {
        return Err(NIL_POINTER.into());
    }
    elements(value).ok_or_else(|| format!("{message} {}", value.kind().name()).into())
}

/// A value as text, as sprig's functions see it: bytes are text, everything else is as `%v` prints it.
pub(super) fn to_text(value: &Value) -> Text {
    match value {
        Value::Bytes(bytes) => (&**bytes).into(),
        _ => text_of(value),
    }
}

/// A value as list of texts: nil elements are left out, what is no list is its only element.
pub(super) fn to_texts(value: &Value) -> Vec<Text> {
    match elements(value) {
        Some(elements) => elements
            .iter()
            .filter(|element| !element.is_nil())
            .map(to_text)
            .collect(),
        None if value.is_nil() => Vec::new(),
        None => vec![to_text(value)],
    }
}

pub(super) fn ints(items: impl IntoIterator<Item = i64>) -> Value {
    Value::List(List::typed(ListType::INTS, items.into_iter().map(Value::Int).collect()))
}
