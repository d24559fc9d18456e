//! The functions that templates call: a registry, and what each takes.
//!
//! Go checks the types of arguments by reflection before a function runs, and its error texts show it; so each function
//! declares its parameters here, and the executor does the checking for all of them. Functions are found when a template
//! is parsed: a name that is not registered is a parse error.

use std::fmt;
use std::sync::Arc;

use hashbrown::HashMap;

use super::context::Context;
use super::error::FunctionError;
use super::value::Value;

/// The type of one parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Parameter {
    /// `interface {}`: anything; a missing value arrives as nil.
    Any,
    /// `bool`.
    Bool,
    /// `int`.
    Int,
    /// `int64`.
    Int64,
    /// `uint32`: only constants are of this type; they arrive as `uint64`.
    Uint32,
    /// `float64`.
    Float64,
    /// `string`.
    Text,
    /// `map[string]interface {}`, or a type that stands for it; nil arrives as nil.
    Map,
    /// `[]interface {}`; nil arrives as nil.
    List,
    /// A type by the name that `%T` prints, such as `time.Time`.
    Named(&'static str),
    /// An integer type by its name, such as `time.Duration`; constants arrive as `int64`.
    NamedInteger(&'static str),
    /// `reflect.Value`: anything, unchecked.
    Reflect,
}

impl Parameter {
    /// Go's name of the type.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Int64 => "int64",
            Self::Uint32 => "uint32",
            Self::Float64 => "float64",
            Self::Text => "string",
            Self::Map => "map[string]interface {}",
            Self::List => "[]interface {}",
            Self::Named(name) | Self::NamedInteger(name) => name,
            Self::Reflect => "reflect.Value",
        }
    }

    /// Whether Go has a nil of this type.
    pub(crate) fn can_be_nil(self) -> bool {
        match self {
            Self::Any | Self::Map | Self::List | Self::Reflect => true,
            Self::Named(name) => name.starts_with('*') || name.starts_with("[]") || name.starts_with("map["),
            Self::NamedInteger(_)
            | Self::Bool
            | Self::Int
            | Self::Int64
            | Self::Uint32
            | Self::Float64
            | Self::Text => false,
        }
    }

    /// Whether a value that is not nil is of this type.
    pub(crate) fn accepts(self, value: &Value) -> bool {
        match self {
            Self::Any | Self::Reflect => true,
            Self::Bool => matches!(value, Value::Bool(_)),
            Self::Int => matches!(value, Value::Int(_)),
            Self::Int64 => matches!(value, Value::Int64(_)),
            Self::Uint32 => false,
            Self::Float64 => matches!(value, Value::Float(_)),
            Self::Text => matches!(value, Value::Text(_)),
            Self::Map => matches!(value, Value::Map(map) if map.map_type().assignable),
            Self::List => matches!(value, Value::List(list) if list.list_type().any),
            Self::Named(name) | Self::NamedInteger(name) => value.type_name() == name,
        }
    }
}

/// What a function takes: some parameters, and perhaps any number of further ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The parameters that must be there.
    pub fixed: &'static [Parameter],
    /// The type of the further ones.
    pub variadic: Option<Parameter>,
}

impl Signature {
    /// Exactly these parameters.
    pub const fn new(fixed: &'static [Parameter]) -> Self {
        Self { fixed, variadic: None }
    }

    /// These parameters, and any number of a further type.
    pub const fn variadic(fixed: &'static [Parameter], further: Parameter) -> Self {
        Self {
            fixed,
            variadic: Some(further),
        }
    }
}

/// What runs when a function is called: its arguments have the types of its signature.
pub type Callable = dyn Fn(&mut Context<'_>, &[Value]) -> Result<Value, FunctionError> + Send + Sync;

/// A registered function.
#[derive(Clone)]
pub struct Function {
    /// Its name.
    pub name: Arc<str>,
    /// What it takes.
    pub signature: Signature,
    pub(crate) call: Arc<Callable>,
}

impl fmt::Debug for Function {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Function")
            .field("name", &self.name)
            .field("signature", &self.signature)
            .finish()
    }
}

/// A method of a type: the receiver comes before the arguments.
#[derive(Debug)]
pub struct Method {
    /// What it takes.
    pub signature: Signature,
    /// What runs.
    pub call: fn(&mut Context<'_>, &Value, &[Value]) -> Result<Value, FunctionError>,
}

/// The functions that templates may call, besides those of the language itself (`and`, `eq`, `printf`, ...). A function
/// registered under the name of one of those hides it, except `and`, `or` and `call`.
#[derive(Clone, Debug, Default)]
pub struct Functions {
    by_name: HashMap<Arc<str>, Arc<Function>>,
}

impl Functions {
    /// No functions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a function; one of the same name is replaced.
    pub fn register(
        &mut self,
        name: &str,
        signature: Signature,
        call: impl Fn(&mut Context<'_>, &[Value]) -> Result<Value, FunctionError> + Send + Sync + 'static,
    ) {
        let name: Arc<str> = name.into();
        let function = Function {
            name: Arc::clone(&name),
            signature,
            call: Arc::new(call),
        };
        self.by_name.insert(name, Arc::new(function));
    }

    /// Takes a function away (Helm and Fleet remove some of sprig's).
    pub fn remove(&mut self, name: &str) {
        self.by_name.remove(name);
    }

    /// The function of a name.
    pub fn get(&self, name: &str) -> Option<&Arc<Function>> {
        self.by_name.get(name)
    }

    /// All names, sorted.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.by_name.keys().map(|name| &**name).collect();
        names.sort_unstable();
        names
    }
}
