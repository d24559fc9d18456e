//! The functions of the language itself: logic, comparison, indexing, printing, escaping.
//!
//! They take what Go calls `reflect.Value`: they can tell a nil that was found in a map from a value that is not there
//! at all, and their error texts show it. That is why they are not in the registry.

use super::error::FunctionError;
use super::escape;
use super::execute::Evaluated;
use super::format;
use super::functions::{Parameter, Signature};
use super::value::{Kind, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Builtin {
    And,
    Call,
    Eq,
    Ge,
    Gt,
    Html,
    Index,
    Js,
    Le,
    Len,
    Lt,
    Ne,
    Not,
    Or,
    Print,
    Printf,
    Println,
    Slice,
    Urlquery,
}

type Outcome = Result<Value, FunctionError>;

impl Builtin {
    const ALL: [(&'static str, Self); 19] = [
        ("and", Self::And),
        ("call", Self::Call),
        ("eq", Self::Eq),
        ("ge", Self::Ge),
        ("gt", Self::Gt),
        ("html", Self::Html),
        ("index", Self::Index),
        ("js", Self::Js),
        ("le", Self::Le),
        ("len", Self::Len),
        ("lt", Self::Lt),
        ("ne", Self::Ne),
        ("not", Self::Not),
        ("or", Self::Or),
        ("print", Self::Print),
        ("printf", Self::Printf),
        ("println", Self::Println),
        ("slice", Self::Slice),
        ("urlquery", Self::Urlquery),
    ];

    pub(crate) fn find(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(other, _)| *other == name)
            .map(|(_, builtin)| *builtin)
    }

    pub(crate) fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, other)| *other == self)
            .map_or("", |(name, _)| name)
    }

    /// Whether a registered function of the same name takes its place.
    pub(crate) fn can_be_hidden(self) -> bool {
        !matches!(self, Self::And | Self::Or | Self::Call)
    }

    pub(super) fn signature(self) -> Signature {
        const ONE: &[Parameter] = &[Parameter::Reflect];
        const TWO: &[Parameter] = &[Parameter::Reflect, Parameter::Reflect];
        match self {
            Self::And | Self::Or | Self::Call | Self::Eq | Self::Index | Self::Slice => {
                Signature::variadic(ONE, Parameter::Reflect)
            }
            Self::Ge | Self::Gt | Self::Le | Self::Lt | Self::Ne => Signature::new(TWO),
            Self::Len | Self::Not => Signature::new(ONE),
            Self::Html | Self::Js | Self::Urlquery | Self::Print | Self::Println => {
                Signature::variadic(&[], Parameter::Any)
            }
            Self::Printf => Signature::variadic(&[Parameter::Text], Parameter::Any),
        }
    }

    /// Runs it; `callee` is how the first argument of `call` is written.
    pub(super) fn call(self, arguments: &[Evaluated], callee: &str) -> Outcome {
        Ok(match self {
            // Their arguments are evaluated one by one, by the executor.
            Self::And | Self::Or => Value::Nil,
            Self::Call => return call(&arguments[0], callee),
            Self::Eq => Value::Bool(eq(&arguments[0], &arguments[1..])?),
            Self::Ne => Value::Bool(!eq(&arguments[0], &arguments[1..])?),
            Self::Lt => Value::Bool(lt(&arguments[0], &arguments[1])?),
            Self::Ge => Value::Bool(!lt(&arguments[0], &arguments[1])?),
            Self::Le => Value::Bool(le(&arguments[0], &arguments[1])?),
            Self::Gt => Value::Bool(!le(&arguments[0], &arguments[1])?),
            Self::Index => return index(&arguments[0], &arguments[1..]),
            Self::Slice => return slice(&arguments[0], &arguments[1..]),
            Self::Len => return length(&arguments[0]),
            Self::Not => Value::Bool(!arguments[0].value.truth()),
            Self::Html => Value::Text(escape::html(&values(arguments))),
            Self::Js => Value::Text(escape::javascript(&values(arguments))),
            Self::Urlquery => Value::Text(escape::url_query(&values(arguments))),
            Self::Print => Value::Text(format::sprint(&values(arguments))),
            Self::Println => Value::Text(format::sprintln(&values(arguments))),
            Self::Printf => match &arguments[0].value {
                Value::Text(text) => Value::Text(format::sprintf(text, &values(&arguments[1..]))),
                _ => Value::Nil,
            },
        })
    }
}

fn values(arguments: &[Evaluated]) -> Vec<Value> {
    arguments.iter().map(|argument| argument.value.clone()).collect()
}

fn call(function: &Evaluated, callee: &str) -> Outcome {
    if function.value.is_nil() {
        return Err("call of nil".into());
    }
    Err(format!("non-function {callee} of type {}", function.value.type_name()).into())
}

fn length(argument: &Evaluated) -> Outcome {
    let length = match &argument.value {
        Value::Nil if argument.interface => return Err("len of nil pointer".into()),
        Value::Nil => return Err("reflect: call of reflect.Value.Type on zero Value".into()),
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        other => return Err(format!("len of type {}", pointed_type(other)).into()),
    };
    Ok(Value::Int(length as i64))
}

/// The type of a value, or of what it points to.
fn pointed_type(value: &Value) -> &'static str {
    let name = value.type_name();
    if value.kind() == Kind::Pointer {
        name.trim_start_matches('*')
    } else {
        name
    }
}

/// An index into something of a length.
fn position(index: &Value, limit: usize) -> Result<usize, FunctionError> {
    let number = match index {
        Value::Nil => return Err("cannot index slice/array with nil".into()),
        Value::Int(number) | Value::Int64(number) => *number,
        Value::Uint8(number) => i64::from(*number),
        Value::Uint64(number) => *number as i64,
        Value::Object(object) if object.integer().is_some() => object.integer().unwrap_or(0),
        other => return Err(format!("cannot index slice/array with type {}", other.type_name()).into()),
    };
    match usize::try_from(number) {
        Ok(position) if position <= limit => Ok(position),
        _ => Err(format!("index out of range: {number}").into()),
    }
}

fn index(item: &Evaluated, indexes: &[Evaluated]) -> Outcome {
    if item.value.is_nil() {
        return Err("index of untyped nil".into());
    }
    let mut item = item.value.clone();
    for index in indexes {
        let index = &index.value;
        item = match &item {
            Value::Nil => return Err("index of nil pointer".into()),
            Value::Text(text) => {
                let position = position(index, text.len())?;
                let byte = text
                    .as_bytes()
                    .get(position)
                    .ok_or("reflect: string index out of range")?;
                Value::Uint8(*byte)
            }
            Value::Bytes(bytes) => {
                let position = position(index, bytes.len())?;
                Value::Uint8(*bytes.get(position).ok_or("reflect: slice index out of range")?)
            }
            Value::List(list) => {
                let position = position(index, list.len())?;
                list.get(position).ok_or("reflect: slice index out of range")?
            }
            Value::Map(map) => match index {
                Value::Text(key) => map.get(key.as_bytes()).unwrap_or_else(|| map.map_type().zero.value()),
                Value::Nil => return Err("value is nil; should be of type string".into()),
                other => return Err(format!("value has type {}; should be string", other.type_name()).into()),
            },
            other => return Err(format!("can't index item of type {}", pointed_type(other)).into()),
        };
    }
    Ok(item)
}

fn slice(item: &Evaluated, indexes: &[Evaluated]) -> Outcome {
    if item.value.is_nil() {
        return Err("slice of untyped nil".into());
    }
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()).into());
    }
    let length = match &item.value {
        Value::Text(_) if indexes.len() == 3 => return Err("cannot 3-index slice a string".into()),
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(list) => list.len(),
        other => return Err(format!("can't slice item of type {}", pointed_type(other)).into()),
    };
    let mut bounds = [0, length, length];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = position(&index.value, length)?;
    }
    let [start, end, capacity] = bounds;
    if start > end {
        return Err(format!("invalid slice index: {start} > {end}").into());
    }
    if end > capacity {
        return Err(format!("invalid slice index: {end} > {capacity}").into());
    }
    Ok(match &item.value {
        Value::Text(text) => Value::Text(text.as_bytes()[start..end].into()),
        Value::Bytes(bytes) => Value::Bytes(bytes[start..end].into()),
        Value::List(list) => Value::List(super::value::List::typed(
            list.list_type(),
            list.items()[start..end].to_vec(),
        )),
        _ => Value::Nil,
    })
}

/// The kinds that comparison knows.
#[derive(Clone, Copy, PartialEq)]
enum Basic<'a> {
    Bool(bool),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    Complex(f64, f64),
    Text(&'a [u8]),
    Other,
}

fn basic(value: &Value) -> Basic<'_> {
    match value {
        Value::Bool(value) => Basic::Bool(*value),
        Value::Int(value) | Value::Int64(value) => Basic::Integer(*value),
        Value::Uint8(value) => Basic::Unsigned(u64::from(*value)),
        Value::Uint64(value) => Basic::Unsigned(*value),
        Value::Float(value) => Basic::Float(*value),
        Value::Complex(real, imaginary) => Basic::Complex(*real, *imaginary),
        Value::Text(text) => Basic::Text(text.as_bytes()),
        Value::Object(object) => object.integer().map_or(Basic::Other, Basic::Integer),
        _ => Basic::Other,
    }
}

fn incompatible(left: &Value, right: &Value) -> FunctionError {
    let (left, right) = (left.type_name(), right.type_name());
    FunctionError::new(format!("incompatible types for comparison: {left} and {right}"))
}

fn eq(first: &Evaluated, others: &[Evaluated]) -> Result<bool, FunctionError> {
    if others.is_empty() {
        return Err("missing argument for comparison".into());
    }
    for other in others {
        let (left, right) = (&first.value, &other.value);
        let equal = match (basic(left), basic(right)) {
            (Basic::Integer(signed), Basic::Unsigned(unsigned))
            | (Basic::Unsigned(unsigned), Basic::Integer(signed)) => u64::try_from(signed) == Ok(unsigned),
            (Basic::Other, Basic::Other) => equal_other(left, right)?,
            (one, two) if std::mem::discriminant(&one) == std::mem::discriminant(&two) => one == two,
            _ if left.is_nil() || right.is_nil() => false,
            _ => return Err(incompatible(left, right)),
        };
        if equal {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Equality of what is neither a number nor a text: nil, containers, objects.
fn equal_other(left: &Value, right: &Value) -> Result<bool, FunctionError> {
    if left.is_nil() || right.is_nil() {
        return Ok(left.is_nil() && right.is_nil());
    }
    let shown = |value: &Value| format::sprintf_lossy("%s", std::slice::from_ref(value));
    let plain = |value: &Value| format::sprintf_lossy("%v", std::slice::from_ref(value));
    if left.kind() != right.kind() {
        let (left_type, right_type) = (left.type_name(), right.type_name());
        let text = format!(
            "non-comparable types {}: {left_type}, {right_type}: {}",
            shown(left),
            plain(right)
        );
        return Err(text.into());
    }
    match (left, right) {
        (Value::Object(one), Value::Object(two)) => {
            Ok(std::rc::Rc::ptr_eq(one, two) || (one.kind() != Kind::Pointer && one.equals(&**two)))
        }
        _ => Err(format!("non-comparable type {}: {}", shown(right), right.type_name()).into()),
    }
}

fn lt(left: &Evaluated, right: &Evaluated) -> Result<bool, FunctionError> {
    let (one, two) = (basic(&left.value), basic(&right.value));
    if one == Basic::Other || two == Basic::Other {
        return Err("invalid type for comparison".into());
    }
    Ok(match (one, two) {
        (Basic::Integer(one), Basic::Integer(two)) => one < two,
        (Basic::Unsigned(one), Basic::Unsigned(two)) => one < two,
        (Basic::Float(one), Basic::Float(two)) => one < two,
        (Basic::Text(one), Basic::Text(two)) => one < two,
        (Basic::Integer(one), Basic::Unsigned(two)) => u64::try_from(one).is_ok_and(|one| one < two) || one < 0,
        (Basic::Unsigned(one), Basic::Integer(two)) => u64::try_from(two).is_ok_and(|two| one < two),
        (Basic::Bool(_), Basic::Bool(_)) | (Basic::Complex(..), Basic::Complex(..)) => {
            return Err("invalid type for comparison".into());
        }
        _ => return Err(incompatible(&left.value, &right.value)),
    })
}

fn le(left: &Evaluated, right: &Evaluated) -> Result<bool, FunctionError> {
    Ok(lt(left, right)? || eq(left, std::slice::from_ref(right))?)
}
