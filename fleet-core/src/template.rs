//! Go's `text/template`: lex, parse, run, values, `fmt` printing. Functions come from outside.
//!
//! The language, its error texts and its printing are those of Go 1.26, the version that Helm v4.2.3 is built with.
//! A template is parsed once into an immutable tree, in which functions and variables are already found, and then run
//! any number of times, by any number of threads:
//!
//! - [`Templates`] is a set of templates that run each other by name; [`Template`] is the simple case of one text.
//! - [`Functions`] are what templates may call, besides the functions of the language itself. [`crate::sprig`] has
//!   sprig's.
//! - [`Context`] is one run: the [`Environment`] (time, randomness, the world outside) and the [`Limits`].
//! - [`Value`] is what templates work on.
//!
//! # The language
//!
//! Text is copied; actions stand between `{{` and `}}` (or other delimiters). `{{- ` and ` -}}` trim the white space
//! beside them, `{{/* */}}` is a comment. An action is a pipeline, or one of:
//!
//! ```text
//! {{if P}} {{else if P}} {{else}} {{end}}        {{with P}} {{else with P}} {{else}} {{end}}
//! {{range P}} {{break}} {{continue}} {{else}} {{end}}
//! {{define "name"}} {{end}}   {{template "name" P}}   {{block "name" P}} {{end}}
//!
//! pipeline  = [ variable { "," variable } ( ":=" | "=" ) ] command { "|" command }
//! command   = operand { operand }
//! operand   = term { "." name }
//! term      = "." | ".name" | "$" | "$name" | function | constant | "(" pipeline ")"
//! constant  = "text" | `raw text` | 'c' | number | true | false | nil
//! ```

mod builtins;
mod context;
mod error;
mod escape;
mod execute;
pub mod format;
mod functions;
mod lex;
mod number;
mod parse;
pub mod quote;
mod set;
mod stack;
mod text;
mod tree;
pub(crate) mod unicode;
mod value;

pub use context::{Context, Environment, Limits, SeededEnvironment};
pub use error::{ExecutionError, FunctionError, TemplateError};
pub use functions::{Callable, Function, Functions, Method, Parameter, Signature};
pub(crate) use number::{parse_float, parse_integer};
pub use parse::Parsed;
pub use set::{MissingKey, Template, TemplateOptions, Templates};
pub(crate) use stack::with_stack;
pub use text::Text;
pub use value::{Kind, List, ListType, Map, MapType, MapZero, Object, Value};
