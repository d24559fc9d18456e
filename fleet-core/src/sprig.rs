//! The sprig function library for `template`, one file a family.
//!
//! The functions are those of sprig v3.3.0, as Helm v4.2.3 and Fleet ship it, with their results and error texts; time,
//! randomness, keys and DNS come through [`crate::template::Environment`].
//!
//! Go's `keys` and `values` come in random order; here they are sorted, so that equal inputs give equal bytes.

#[cfg(feature = "helm")]
use crate::template::Value;
use crate::template::{Functions, Parameter, Signature};

mod arguments;
mod case;
mod crypto;
mod dates;
mod decimal;
mod defaults;
mod dicts;
mod encoding;
mod json;
mod lists;
mod network;
mod numbers;
mod paths;
mod random;
mod reflection;
mod regex;
mod semver;
mod strings;
mod time;
mod url;

pub use json::decode as decode_json;

/// All functions of sprig, without `env` and `expandenv`, which would read the environment of the process.
pub fn functions() -> Functions {
    let mut functions = Functions::new();
    register(&mut functions);
    functions
}

/// A `time.Time` read by a layout; without a zone in the text it has one of the given name, at UTC's time. None if the text
/// does not fit the layout.
#[cfg(feature = "helm")]
pub(crate) fn time_value(layout: &str, text: &str, zone: &str) -> Option<Value> {
    let local = time::Zone::fixed(0, zone);
    time::Time::parse(layout, text, &local).ok().map(Value::object)
}

/// Adds all functions of sprig to a registry.
pub fn register(functions: &mut Functions) {
    defaults::register(functions);
    strings::register(functions);
    case::register(functions);
    numbers::register(functions);
    random::register(functions);
    encoding::register(functions);
    lists::register(functions);
    dicts::register(functions);
    reflection::register(functions);
    json::register(functions);
    regex::register(functions);
    dates::register(functions);
    crypto::register(functions);
    semver::register(functions);
    paths::register(functions);
    url::register(functions);
    network::register(functions);
    functions.register("fail", Signature::new(&[Parameter::Text]), |_, arguments| {
        Err(arguments[0]
            .as_text()
            .map(|text| text.to_str().into_owned())
            .unwrap_or_default()
            .into())
    });
}

/// Why Go cannot compile a regular expression; none if it can.
#[cfg(feature = "helm")]
pub(crate) fn regex_error(source: &str) -> Option<String> {
    regex::error(source)
}

/// Whether an IP address is of version 4; Go's error if it is none.
#[cfg(feature = "helm")]
pub(crate) fn is_ipv4(text: &str) -> Result<bool, String> {
    url::address::is_ipv4(text)
}

/// Whether an address has a scheme; Go's error if it is none.
#[cfg(feature = "helm")]
pub(crate) fn is_absolute_url(text: &str) -> Result<bool, String> {
    url::is_absolute(text)
}
