//! Helm's own template functions, beside sprig's (Helm v4.2.3 `engine/funcs.go`).

use std::sync::Arc;

use serde_json::Value as Json;

use super::error::{END, START};
use super::{go_json, toml, without_no_value};
use crate::sprig;
use crate::template::quote::quote;
use crate::template::{Context, FunctionError, Functions, Parameter, Signature, Text, Value};
use crate::yaml::{self, WriteOptions, WriteStyle};

/// How often the same name may be included inside itself.
const MAX_INCLUDES: usize = 1000;

/// How deep `include` and `tpl` may run templates inside each other, whatever their names.
const MAX_RUNS: usize = 10_000;

const ANY: Signature = Signature::new(&[Parameter::Any]);
const TEXT: Signature = Signature::new(&[Parameter::Text]);
const TEXT_ANY: Signature = Signature::new(&[Parameter::Text, Parameter::Any]);

type Outcome = Result<Value, FunctionError>;

/// All functions that templates of charts may call.
pub fn functions() -> Functions {
    let mut functions = sprig::functions();
    functions.remove("env");
    functions.remove("expandenv");
    functions.register("include", TEXT_ANY, include);
    functions.register("tpl", TEXT_ANY, tpl);
    functions.register("required", TEXT_ANY, required);
    functions.register("fail", TEXT, |_, arguments| Err(marked(&text(&arguments[0]))));
    let lookup_signature = Signature::new(&[Parameter::Text, Parameter::Text, Parameter::Text, Parameter::Text]);
    functions.register("lookup", lookup_signature, lookup);
    functions.register("getHostByName", TEXT, |context, arguments| {
        Ok(Value::from(
            context.environment().resolve(&text(&arguments[0])).unwrap_or_default(),
        ))
    });
    functions.register("toYaml", ANY, |_, arguments| {
        Ok(Value::from(
            arguments[0].to_json().map(|json| to_yaml(&json)).unwrap_or_default(),
        ))
    });
    functions.register("mustToYaml", ANY, |_, arguments| {
        let json = arguments[0]
            .to_json()
            .map_err(|error| format!("error marshaling into JSON: {error}"))?;
        let mut text = yaml::write(&json).map_err(|error| error.to_string())?;
        trim_newline(&mut text);
        Ok(Value::from(text))
    });
    functions.register("toYamlPretty", ANY, |_, arguments| {
        let json = arguments[0].to_json()?;
        let mut text = yaml::write_with(&json, WriteOptions::style(WriteStyle::GoYaml3)).unwrap_or_default();
        trim_newline(&mut text);
        Ok(Value::from(text))
    });
    functions.register("fromYaml", TEXT, |_, arguments| {
        Ok(map_or_error(
            yaml::read_object(&text(&arguments[0]))
                .map(Json::Object)
                .map_err(|error| error.to_string()),
        ))
    });
    functions.register("fromYamlArray", TEXT, |_, arguments| {
        Ok(list_or_error(
            yaml::read_array(&text(&arguments[0]))
                .map(Json::Array)
                .map_err(|error| error.to_string()),
        ))
    });
    functions.register("toJson", ANY, |_, arguments| {
        Ok(Value::from(go_json::write(&arguments[0]).unwrap_or_default()))
    });
    functions.register("mustToJson", ANY, |_, arguments| {
        Ok(Value::from(go_json::write(&arguments[0])?))
    });
    functions.register("fromJson", TEXT, |_, arguments| {
        Ok(map_or_error(decode(
            &text(&arguments[0]),
            "map[string]interface {}",
            Json::is_object,
        )))
    });
    functions.register("fromJsonArray", TEXT, |_, arguments| {
        Ok(list_or_error(decode(
            &text(&arguments[0]),
            "[]interface {}",
            Json::is_array,
        )))
    });
    functions.register("toToml", ANY, |_, arguments| {
        match toml::write(&arguments[0]) {
            // Go's encoder panics at nil, which is an error of the template; any other error is the result.
            Err(error) if arguments[0].is_nil() => Err(error.into()),
            result => Ok(Value::from(result.unwrap_or_else(|error| error))),
        }
    });
    functions.register("fromToml", TEXT, |_, arguments| {
        Ok(toml::read(&text(&arguments[0])).unwrap_or_else(|error| Value::map([("Error", Value::from(error))])))
    });
    functions.register("mustToToml", ANY, |_, arguments| {
        Ok(Value::from(toml::write(&arguments[0])?))
    });
    functions
}

fn text(value: &Value) -> String {
    value
        .as_text()
        .map(|text| text.to_str().into_owned())
        .unwrap_or_default()
}

fn trim_newline(text: &mut String) {
    if text.ends_with('\n') {
        text.pop();
    }
}

/// `toYaml`: what cannot be written is empty.
pub(super) fn to_yaml(json: &Json) -> String {
    let mut text = yaml::write(json).unwrap_or_default();
    trim_newline(&mut text);
    text
}

/// An error whose text Helm shows without the chain around it.
fn marked(message: &str) -> FunctionError {
    FunctionError::new(format!("{START}{message}{END}"))
}

/// Go overflows its stack where `tpl` or many templates run each other without end.
fn check_runs(context: &Context<'_>) -> Result<(), FunctionError> {
    if context.runs() > MAX_RUNS {
        return Err(format!("templates run each other more than the limit of {MAX_RUNS} deep").into());
    }
    Ok(())
}

fn include(context: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    check_runs(context)?;
    let name = text(&arguments[0]);
    if context.nesting(&name) > MAX_INCLUDES {
        let text = "rendering template has a nested reference name";
        return Err(format!("{text}: {name}: unable to execute template").into());
    }
    Ok(Value::Text(context.execute(&name, &arguments[1])?))
}

fn tpl(context: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    check_runs(context)?;
    let source = arguments[0].as_text().cloned().unwrap_or_default();
    if !source.as_bytes().windows(2).any(|pair| pair == b"{{") {
        return Ok(Value::Text(cleaned(source)));
    }
    let name = Arc::<str>::from(context.templates().name());
    let parsed = context.parse_text(&name, &source).map_err(|error| {
        FunctionError::nested(format!("cannot parse template {}: ", quote(source.as_bytes())), error)
    })?;
    let output = context.execute_parsed(&parsed, &arguments[1]).map_err(|error| {
        let prefix = format!("error during tpl function execution for {}: ", quote(source.as_bytes()));
        FunctionError::nested(prefix, error)
    })?;
    Ok(Value::Text(cleaned(output)))
}

fn cleaned(text: Text) -> Text {
    match text.as_str() {
        Some(known) if known.contains("<no value>") => Text::from(without_no_value(known)),
        _ => text,
    }
}

fn required(_: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    let value = &arguments[1];
    if value.is_nil() || value.as_text().is_some_and(Text::is_empty) {
        return Err(marked(&text(&arguments[0])));
    }
    Ok(value.clone())
}

fn lookup(context: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    let [api_version, kind, namespace, name] = [0, 1, 2, 3].map(|index| text(&arguments[index]));
    let found = context.environment().lookup(&api_version, &kind, &namespace, &name)?;
    match found {
        Json::Null => Ok(Value::map::<&str>([])),
        found => Ok(Value::from_json_with_integers(&found)),
    }
}

fn map_or_error(result: Result<Json, String>) -> Value {
    match result {
        Ok(json) => Value::from_json(&json),
        Err(message) => Value::map([("Error", Value::from(message))]),
    }
}

fn list_or_error(result: Result<Json, String>) -> Value {
    match result {
        Ok(json) => Value::from_json(&json),
        Err(message) => Value::list(vec![Value::from(message)]),
    }
}

/// Decodes JSON of one type as Go does, with its error text.
fn decode(text: &str, target: &str, fits: impl Fn(&Json) -> bool) -> Result<Json, String> {
    let json = go_json::read(text)?;
    if json.is_null() {
        return Ok(if target.starts_with("map") {
            Json::Object(serde_json::Map::new())
        } else {
            Json::Array(Vec::new())
        });
    }
    if fits(&json) {
        return Ok(json);
    }
    let kind = match json {
        Json::Bool(_) => "bool",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        _ => "object",
    };
    Err(format!("json: cannot unmarshal {kind} into Go value of type {target}"))
}
