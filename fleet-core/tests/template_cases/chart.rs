//! The least of a chart that the cases of the template language need: `.Values`, `.Release` and Helm's functions that need
//! nothing else, with Helm's texts for errors.

use std::sync::Arc;

use fleet_core::template::{
    Context, FunctionError, Functions, Limits, Map, MapType, MissingKey, Parameter, SeededEnvironment, Signature,
    TemplateError, TemplateOptions, Templates, Value,
};
use fleet_core::{sprig, yaml};

const NAME: &str = "t/templates/t.yaml";
const VALUES: &MapType = &MapType::named("common.Values", |_| None);

/// Renders a template with values; an error is Helm's text.
pub(crate) fn render(template: &str, values: &serde_json::Value) -> Result<String, String> {
    let options = TemplateOptions::default().with_missing_key(MissingKey::Zero);
    let mut templates = Templates::new("gotpl", functions(), options);
    templates.parse(NAME, template).map_err(|error| parse_error(&error))?;
    let environment = SeededEnvironment::default();
    let mut context = Context::new(Arc::new(templates), &environment, Limits::default());
    match context.execute(NAME, &scope(values)) {
        Ok(text) => Ok(text.to_str().replace("<no value>", "")),
        Err(error) => Err(execution_error(&error)),
    }
}

fn functions() -> Arc<Functions> {
    let mut functions = sprig::functions();
    let text_any = Signature::new(&[Parameter::Text, Parameter::Any]);
    functions.register("include", text_any, |context, arguments| {
        let name = arguments[0].as_text().cloned().unwrap_or_default();
        Ok(Value::Text(context.execute(&name.to_str(), &arguments[1])?))
    });
    functions.register("tpl", text_any, |context, arguments| {
        let text = arguments[0].as_text().cloned().unwrap_or_default();
        let quoted = fleet_core::template::quote::quote(text.as_bytes());
        let parsed = context
            .parse_text("gotpl", &text)
            .map_err(|error| FunctionError::nested(format!("cannot parse template {quoted}: "), error))?;
        let result = context.execute_parsed(&parsed, &arguments[1]).map_err(|error| {
            FunctionError::nested(format!("error during tpl function execution for {quoted}: "), error)
        })?;
        Ok(Value::text(result.to_str().replace("<no value>", "")))
    });
    functions.register("required", text_any, |_, arguments| match &arguments[1] {
        Value::Nil => Err(marked(&arguments[0])),
        Value::Text(text) if text.is_empty() => Err(marked(&arguments[0])),
        value => Ok(value.clone()),
    });
    functions.register("fail", Signature::new(&[Parameter::Text]), |_, arguments| {
        Err(marked(&arguments[0]))
    });
    functions.register("toYaml", Signature::new(&[Parameter::Any]), |_, arguments| {
        let text = arguments[0]
            .to_json()
            .ok()
            .and_then(|value| yaml::write(&value).ok())
            .unwrap_or_default();
        Ok(Value::text(text.strip_suffix('\n').unwrap_or(&text)))
    });
    functions.register("fromYaml", Signature::new(&[Parameter::Text]), |_, arguments| {
        let text = arguments[0].as_text().cloned().unwrap_or_default();
        Ok(match yaml::read_object(&text.to_str()) {
            Ok(object) => Value::from_json(&serde_json::Value::Object(object)),
            Err(error) => Value::map([("Error", Value::text(error.to_string()))]),
        })
    });
    functions.register("fromJson", Signature::new(&[Parameter::Text]), |_, arguments| {
        let text = arguments[0].as_text().cloned().unwrap_or_default();
        Ok(match sprig::decode_json(text.as_bytes()) {
            Ok(value @ Value::Map(_)) => value,
            Ok(value) => {
                let kind = match value {
                    Value::List(_) => "array",
                    Value::Text(_) => "string",
                    Value::Bool(_) => "bool",
                    _ => "number",
                };
                let error = format!("json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}");
                Value::map([("Error", Value::text(error))])
            }
            Err(error) => Value::map([("Error", Value::text(error.to_string()))]),
        })
    });
    functions.register("lookup", Signature::new(&[Parameter::Text; 4]), |_, _| {
        Ok(Value::Map(Map::new()))
    });
    Arc::new(functions)
}

fn marked(message: &Value) -> FunctionError {
    let message = message
        .as_text()
        .map(|text| text.to_str().into_owned())
        .unwrap_or_default();
    FunctionError::new(format!("\u{1}{message}\u{2}"))
}

fn scope(values: &serde_json::Value) -> Value {
    let values = match Value::from_json(values) {
        Value::Map(map) => Value::Map(Map::typed(VALUES, map.entries().clone())),
        _ => Value::Map(Map::typed(VALUES, Default::default())),
    };
    let release = Value::map([
        ("Name", Value::text("rel")),
        ("Namespace", Value::text("ns")),
        ("Service", Value::text("Helm")),
        ("Revision", Value::Int(1)),
        ("IsInstall", Value::Bool(true)),
        ("IsUpgrade", Value::Bool(false)),
    ]);
    let template = Map::typed(VALUES, Default::default());
    template.insert("Name", Value::text(NAME));
    template.insert("BasePath", Value::text("t/templates"));
    let chart = Value::map([("Name", Value::text("t")), ("Version", Value::text("0.1.0"))]);
    Value::map([
        ("Values", values),
        ("Release", release),
        ("Template", Value::Map(template)),
        ("Chart", chart),
    ])
}

fn parse_error(error: &TemplateError) -> String {
    let text = error.to_string();
    let tokens: Vec<&str> = text.split(": ").collect();
    match tokens[..] {
        [_, location, .., last] => format!("parse error at ({location}): {last}"),
        _ => text,
    }
}

/// What Helm makes of an error of execution: a message of `required` and `fail` alone, one error a line and level, or if
/// there is anything else in the chain, Go's text.
fn execution_error(error: &TemplateError) -> String {
    let text = error.to_string();
    let TemplateError::Execution(outer) = error else {
        return text;
    };
    if let Some((_, rest)) = text.split_once('\u{1}') {
        let message = rest.split('\u{2}').next().unwrap_or_default();
        return format!("execution error at ({}): {message}", outer.location);
    }
    let mut lines = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        match error {
            TemplateError::Execution(level) => {
                let message = level.message.trim_end();
                let quoted = fleet_core::template::quote::quote(level.template.as_bytes());
                lines.push(format!(
                    "{}\n  executing {quoted} at <{}>:\n    {message}",
                    level.location, level.node
                ));
                next = match &level.cause {
                    None => None,
                    Some(cause) if cause.message().is_empty() => cause.template_error(),
                    Some(_) => return text,
                };
            }
            TemplateError::Missing { .. } => {
                lines.push(error.to_string());
                next = None;
            }
            _ => return text,
        }
    }
    lines.join("\n")
}
