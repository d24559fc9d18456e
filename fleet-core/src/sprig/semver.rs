//! Semantic versions as values, and comparing them with constraints.

use std::any::Any;

use crate::semver::{Constraint, SemverError, Version};
use crate::template::{Functions, Kind, Method, Object, Parameter, Signature, Value};

use super::arguments::{NONE, Outcome, TEXT, TEXT_TEXT, text};

pub(super) fn register(functions: &mut Functions) {
    functions.register("semver", TEXT, |_, arguments| {
        Ok(Value::object(SemanticVersion(parse(&text(arguments, 0))?)))
    });
    functions.register("semverCompare", TEXT_TEXT, |context, arguments| {
        let constraint = text(arguments, 0);
        let parsed = context.remembered(&format!("constraint {constraint}"), || Constraint::parse(&constraint));
        match &*parsed {
            Ok(constraint) => Ok(Value::Bool(constraint.matches(&parse(&text(arguments, 1))?))),
            Err(error) => Err(error.to_string().into()),
        }
    });
}

fn parse(text: &str) -> Result<Version, String> {
    Version::parse(text).map_err(|error| error.to_string())
}

/// Go's `*semver.Version`.
#[derive(Debug)]
pub(crate) struct SemanticVersion(pub(crate) Version);

const OTHER: Signature = Signature::new(&[Parameter::Named("*semver.Version")]);

fn version(value: &Value) -> Result<&Version, String> {
    let version = value.downcast::<SemanticVersion>().map(|version| &version.0);
    let version = version.or_else(|| value.downcast::<VersionStruct>().map(|version| &version.0));
    version.ok_or_else(|| super::arguments::NIL_POINTER.to_owned())
}

macro_rules! method {
    ($signature:expr, $call:expr) => {{
        static METHOD: Method = Method {
            signature: $signature,
            call: $call,
        };
        Some(&METHOD)
    }};
}
pub(super) use method;

fn next(result: Result<Version, SemverError>) -> Outcome {
    let version = result.map_err(|error| error.to_string())?;
    Ok(Value::object(VersionStruct(version)))
}

/// Methods that Go has for the struct too, not only for a pointer to it.
fn value_method(name: &str) -> Option<&'static Method> {
    match name {
        "Major" => method!(NONE, |_, this, _| Ok(Value::Uint64(version(this)?.major()))),
        "Minor" => method!(NONE, |_, this, _| Ok(Value::Uint64(version(this)?.minor()))),
        "Patch" => method!(NONE, |_, this, _| Ok(Value::Uint64(version(this)?.patch()))),
        "Prerelease" => method!(NONE, |_, this, _| Ok(Value::text(version(this)?.prerelease()))),
        "Metadata" => method!(NONE, |_, this, _| Ok(Value::text(version(this)?.metadata()))),
        "String" => method!(NONE, |_, this, _| Ok(Value::text(version(this)?.to_string()))),
        "IncMajor" => method!(NONE, |_, this, _| next(Ok(version(this)?.next_major()))),
        "IncMinor" => method!(NONE, |_, this, _| next(Ok(version(this)?.next_minor()))),
        "IncPatch" => method!(NONE, |_, this, _| next(Ok(version(this)?.next_patch()))),
        "SetPrerelease" => {
            method!(TEXT, |_, this, arguments| next(
                version(this)?.with_prerelease(&text(arguments, 0))
            ))
        }
        "SetMetadata" => method!(TEXT, |_, this, arguments| next(
            version(this)?.with_metadata(&text(arguments, 0))
        )),
        _ => None,
    }
}

fn pointer_method(name: &str) -> Option<&'static Method> {
    match name {
        "Original" => method!(NONE, |_, this, _| Ok(Value::text(version(this)?.original()))),
        "Compare" => method!(OTHER, |_, this, arguments| {
            Ok(Value::Int(version(this)?.cmp(version(&arguments[0])?) as i64))
        }),
        "Equal" => method!(OTHER, |_, this, arguments| Ok(Value::Bool(
            version(this)? == version(&arguments[0])?
        ))),
        "LessThan" => method!(OTHER, |_, this, arguments| Ok(Value::Bool(
            version(this)? < version(&arguments[0])?
        ))),
        "GreaterThan" => {
            method!(OTHER, |_, this, arguments| Ok(Value::Bool(
                version(this)? > version(&arguments[0])?
            )))
        }
        "LessThanEqual" => {
            method!(OTHER, |_, this, arguments| Ok(Value::Bool(
                version(this)? <= version(&arguments[0])?
            )))
        }
        "GreaterThanEqual" => {
            method!(OTHER, |_, this, arguments| Ok(Value::Bool(
                version(this)? >= version(&arguments[0])?
            )))
        }
        _ => value_method(name),
    }
}

/// The fields of Go's struct, which no template can reach but some verbs print.
fn printed_fields(version: &Version) -> Vec<(&'static str, Value)> {
    vec![
        ("major", Value::Uint64(version.major())),
        ("minor", Value::Uint64(version.minor())),
        ("patch", Value::Uint64(version.patch())),
        ("pre", Value::text(version.prerelease())),
        ("metadata", Value::text(version.metadata())),
        ("original", Value::text(version.original())),
    ]
}

impl Object for SemanticVersion {
    fn type_name(&self) -> &'static str {
        "*semver.Version"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kind(&self) -> Kind {
        Kind::Pointer
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        pointer_method(name)
    }

    fn text(&self) -> Option<String> {
        Some(self.0.to_string())
    }

    fn printed_fields(&self) -> Vec<(&'static str, Value)> {
        printed_fields(&self.0)
    }

    fn json(&self) -> Result<serde_json::Value, String> {
        Ok(self.0.to_string().into())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other = other.as_any().downcast_ref::<Self>();
        other.is_some_and(|other| self.0 == other.0 && self.0.original() == other.0.original())
    }
}

/// Go's `semver.Version`, which the methods that give another version return: it has no pointer's methods.
#[derive(Debug)]
struct VersionStruct(Version);

impl Object for VersionStruct {
    fn type_name(&self) -> &'static str {
        "semver.Version"
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        value_method(name)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn text(&self) -> Option<String> {
        Some(self.0.to_string())
    }

    fn printed_fields(&self) -> Vec<(&'static str, Value)> {
        printed_fields(&self.0)
    }

    fn json(&self) -> Result<serde_json::Value, String> {
        Ok(self.0.to_string().into())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other = other.as_any().downcast_ref::<Self>();
        other.is_some_and(|other| self.0 == other.0 && self.0.original() == other.0.original())
    }
}
