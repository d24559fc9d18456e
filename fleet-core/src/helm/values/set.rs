//! The `--set` family: assignments in one line of text, laid over values (Helm v4.2.3 `pkg/strvals`).
//!
//! ```text
//! assignments = assignment { "," assignment }
//! assignment  = path "=" value
//! path        = key { "." key | "[" index "]" }        `\` takes the next character as it is
//! value       = text up to "," | "{" text { "," text } "}"
//! ```
//!
//! [`set`] types its values: `true`, `false`, `null` and integers; [`set_string`] does not; [`set_file`] replaces each by the
//! contents of the file that it names; [`set_json`] takes JSON after `=`; [`set_literal`] takes all that follows.
//!
//! Quirks are kept where a user sees them: `a=1,` is fine, `,a=1` is not; an assignment to no key does nothing; an index
//! that never closes does nothing.

mod literal;
mod scan;

use serde_json::Value;

use super::{Values, ValuesError, merge};
use crate::yaml;
use scan::{Parser, Reader};

/// How deep a path may nest.
pub const MAX_NESTING: usize = 30;
/// Largest index of a list.
pub const MAX_INDEX: i64 = 65_536;

/// Applies an argument of `--set`.
///
/// # Errors
/// The text is no list of assignments, or assigns inside something that is neither table nor list.
pub fn set(values: &mut Values, text: &str) -> Result<(), ValuesError> {
    let mut typed = |text: String| Ok(typed_value(text));
    run(values, text, Reader::Text(&mut typed)).map_err(|error| assignment("--set data", &error))
}

/// Applies an argument of `--set-string`: every value is a string.
///
/// # Errors
/// As of [`set`].
pub fn set_string(values: &mut Values, text: &str) -> Result<(), ValuesError> {
    let mut string = |text: String| Ok(Value::String(text));
    run(values, text, Reader::Text(&mut string)).map_err(|error| assignment("--set-string data", &error))
}

/// Applies an argument of `--set-file`: each value names a file, whose contents `read` gives.
///
/// # Errors
/// As of [`set`], and the text that `read` fails with.
pub fn set_file(
    values: &mut Values,
    text: &str,
    read: &mut dyn FnMut(&str) -> Result<String, String>,
) -> Result<(), ValuesError> {
    let mut contents = |path: String| read(&path).map(Value::String);
    run(values, text, Reader::Text(&mut contents)).map_err(|error| assignment("--set-file data", &error))
}

/// Applies an argument of `--set-json`: assignments of JSON, or one JSON object that is merged as a whole.
///
/// # Errors
/// The text is neither; the message quotes the whole argument, as Helm's does.
pub fn set_json(values: &mut Values, text: &str) -> Result<(), ValuesError> {
    if text.trim().starts_with('{') {
        let parsed = serde_json::from_str(text).ok().and_then(super::from_json);
        let Some(over) = parsed else {
            return Err(ValuesError::Assignment(format!(
                "failed parsing --set-json data JSON: {text}"
            )));
        };
        *values = merge(std::mem::take(values), over);
        return Ok(());
    }
    run(values, text, Reader::Json)
        .map_err(|_| ValuesError::Assignment(format!("failed parsing --set-json data {text}")))
}

/// Applies an argument of `--set-literal`: one path, and all text after its `=`.
///
/// # Errors
/// As of [`set`].
pub fn set_literal(values: &mut Values, text: &str) -> Result<(), ValuesError> {
    literal::run(values, text).map_err(|error| assignment("--set-literal data", &error))
}

fn assignment(what: &str, error: &str) -> ValuesError {
    ValuesError::Assignment(format!("failed parsing {what}: {error}"))
}

fn run(values: &mut Values, text: &str, reader: Reader<'_>) -> Result<(), String> {
    let mut parser = Parser::new(text, reader);
    loop {
        match parser.key(values, 0) {
            Ok(()) => {}
            Err(scan::Stop::End) => return Ok(()),
            Err(scan::Stop::Error(message)) => return Err(message),
        }
    }
}

/// What `--set` makes of a text (Helm v4.2.3 `strvals.typedVal`).
fn typed_value(text: String) -> Value {
    if text.eq_ignore_ascii_case("true") {
        return Value::Bool(true);
    }
    if text.eq_ignore_ascii_case("false") {
        return Value::Bool(false);
    }
    if text.eq_ignore_ascii_case("null") {
        return Value::Null;
    }
    if text == "0" {
        return Value::from(0_i64);
    }
    if !text.starts_with('0')
        && let Ok(integer) = text.parse::<i64>()
    {
        return Value::from(integer);
    }
    Value::String(text)
}

/// Reads one JSON value from the front of a text; gives it and its length in bytes.
fn json_prefix(text: &str) -> Result<(Value, usize), String> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    match stream.next() {
        Some(Ok(mut value)) => {
            yaml::numbers_to_f64(&mut value);
            Ok((value, stream.byte_offset()))
        }
        Some(Err(error)) => Err(error.to_string()),
        None => Err("EOF".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn apply(text: &str) -> Result<Value, String> {
        let mut values = Values::new();
        set(&mut values, text).map_err(|error| error.to_string())?;
        Ok(Value::Object(values))
    }

    #[test]
    fn paths_lists_and_types() {
        assert_eq!(
            apply("a.b=1,c={x,2},d[1].e=null"),
            Ok(json!({"a": {"b": 1}, "c": ["x", 2], "d": [null, {"e": null}]}))
        );
        assert_eq!(apply(r"a\.b=1\,2"), Ok(json!({"a.b": "1,2"})));
        assert_eq!(
            apply("a=0123,b=+5,c=1.5,d=TRUE"),
            Ok(json!({"a": "0123", "b": 5, "c": "1.5", "d": true}))
        );
        assert_eq!(
            apply("a"),
            Err("failed parsing --set data: key \"a\" has no value".to_owned())
        );
        let deep = format!("{}x=1", "a.".repeat(31));
        assert!(apply(&deep).is_err_and(|error| error.contains("maximum supported nested level of 30")));
    }

    #[test]
    fn json_takes_objects_and_assignments() {
        let mut values = Values::new();
        set_json(&mut values, r#"a={"x":[1]},b=2"#).expect("two assignments");
        set_json(&mut values, r#"{"a":{"y":null}}"#).expect("one object");
        assert_eq!(Value::Object(values), json!({"a": {"x": [1.0], "y": null}, "b": 2.0}));
    }

    #[test]
    fn assigning_inside_a_scalar_is_an_error() {
        let mut values = super::super::from_json(json!({"a": 1})).expect("an object");
        let error = set(&mut values, "a.b=1").expect_err("a is no table").to_string();
        let want = "interface conversion: interface {} is float64, not map[string]interface {}";
        assert_eq!(error, format!("failed parsing --set data: unable to parse key: {want}"));
    }
}
