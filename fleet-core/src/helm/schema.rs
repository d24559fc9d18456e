//! Values against `values.schema.json` (Helm v4.2.3 `chart/common/util.ValidateAgainstSchema`).
//!
//! Drafts 4, 6, 7, 2019-09 and 2020-12 by `$schema`, 2020-12 without it. A `$ref` to an address is given by the caller's
//! function; without one, or where that fails, the render fails and names the address. `urn:` references fit anything, as in
//! Helm. A compiled schema is kept with its chart, unless parts of it came from outside.

mod formats;
mod message;
mod quick;

use std::error::Error;
use std::sync::{Arc, OnceLock};

use boon::{CompileError, Compiler, SchemaIndex, Schemas, UrlLoader};
use serde_json::Value;

use super::HelmError;
use super::dependencies::Node;
use super::values::{Values, go_type};

/// Gives the schema that an address names, or says why it cannot.
pub type SchemaSource<'a> = &'a dyn Fn(&str) -> Result<Value, String>;

/// The address that Helm gives the schema of a chart.
const LOCATION: &str = "file:///values.schema.json";

/// Most schemas that one may refer to from outside.
const MAX_REMOTE: usize = 64;

/// What was made of a schema, kept with its chart: the quick form, where it has one, and the full one, once it was needed.
#[derive(Default)]
pub(crate) struct Compiled {
    quick: OnceLock<Option<quick::Quick>>,
    full: OnceLock<Result<Arc<Schema>, String>>,
}

struct Schema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl std::fmt::Debug for Compiled {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Compiled").finish_non_exhaustive()
    }
}

/// Whether any chart has a schema.
pub(crate) fn any(node: &Node) -> bool {
    node.parts.schema.is_some() || node.dependencies.iter().any(any)
}

/// Validates the coalesced values of a chart, and those of its subcharts with their schemas.
pub(crate) fn validate(node: &Node, values: &Values, source: Option<SchemaSource<'_>>) -> Result<(), HelmError> {
    let mut problems = String::new();
    chart(node, &Value::Object(values.clone()), source, &mut problems);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(HelmError::Schema(problems))
    }
}

fn chart(node: &Node, values: &Value, source: Option<SchemaSource<'_>>, problems: &mut String) {
    if let Some(schema) = &node.parts.schema
        && let Err(problem) = single(&node.parts.compiled_schema, schema, values, source)
    {
        problems.push_str(&format!("{}:\n{problem}", node.name()));
    }
    for child in &node.dependencies {
        match values.get(child.name()) {
            None | Some(Value::Null) => {}
            Some(table @ Value::Object(_)) => chart(child, table, source, problems),
            Some(other) => {
                let text = "invalid type for values: expected object (map), got";
                problems.push_str(&format!("{}:\n{text} {}\n", child.name(), go_type(other)));
            }
        }
    }
}

/// Validates values with one schema; the error is Helm's text.
fn single(kept: &Compiled, text: &[u8], values: &Value, source: Option<SchemaSource<'_>>) -> Result<(), String> {
    let quick = kept.quick.get_or_init(|| quick::Quick::new(&parse(text).ok()?));
    if quick.as_ref().is_some_and(|quick| quick.accepts(values)) {
        return Ok(());
    }
    let schema = match kept.full.get() {
        Some(known) => known.clone()?,
        None => {
            let (compiled, remote) = compile(text, source);
            let compiled = compiled.map(Arc::new);
            if !remote {
                let _ = kept.full.set(compiled.clone());
            }
            compiled?
        }
    };
    schema
        .schemas
        .validate(values, schema.index)
        .map_err(|error| message::causes(&error))
}

/// Compiles a schema; says too whether anything was asked for outside.
fn compile(text: &[u8], source: Option<SchemaSource<'_>>) -> (Result<Schema, String>, bool) {
    let json = match parse(text) {
        Ok(json) => json,
        Err(error) => return (Err(error), false),
    };
    let mut remote: Vec<(String, Value)> = Vec::new();
    loop {
        match compile_with(&json, &remote) {
            Ok(schema) => return (Ok(schema), !remote.is_empty()),
            Err(error) => {
                let CompileError::LoadUrlError { url, .. } = *error else {
                    return (Err(message::compile_error(&error)), !remote.is_empty());
                };
                let loaded = match source {
                    _ if remote.len() >= MAX_REMOTE => Err(format!("more than {MAX_REMOTE} schemas")),
                    Some(source) => source(&url),
                    None => Err("no source of remote schemas is given".to_owned()),
                };
                match loaded {
                    Ok(json) if remote.iter().all(|(known, _)| *known != url) => remote.push((url, json)),
                    Ok(_) => return (Err(format!("failing loading {url:?}: it refers to itself")), true),
                    Err(error) => return (Err(format!("failing loading {url:?}: {error}")), true),
                }
            }
        }
    }
}

/// Compiles a schema with those that it refers to, as far as they are known.
fn compile_with(json: &Value, remote: &[(String, Value)]) -> Result<Schema, Box<CompileError>> {
    let mut schemas = Schemas::new();
    let mut compiler = Compiler::new();
    compiler.use_loader(Box::new(Nowhere));
    formats::register(&mut compiler);
    compiler.add_resource(LOCATION, json.clone()).map_err(Box::new)?;
    for (address, json) in remote {
        compiler.add_resource(address, json.clone()).map_err(Box::new)?;
    }
    let index = compiler.compile(LOCATION, &mut schemas).map_err(Box::new)?;
    Ok(Schema { schemas, index })
}

/// Reads the schema's JSON, with the texts of Go's decoder.
fn parse(text: &[u8]) -> Result<Value, String> {
    let text = String::from_utf8_lossy(text);
    let mut json = super::engine::read_json(&text).map_err(|error| match error.as_str() {
        "unexpected end of JSON input" if text.trim().is_empty() => "EOF".to_owned(),
        "unexpected end of JSON input" => "unexpected EOF".to_owned(),
        _ => error,
    })?;
    // A draft that is a name, not an address, is taken for the latest, as in Helm.
    if json
        .get("$schema")
        .and_then(Value::as_str)
        .is_some_and(|draft| draft.starts_with("urn:"))
        && let Some(object) = json.as_object_mut()
    {
        object.remove("$schema");
    }
    Ok(json)
}

/// Knows only names, which stand for schemas that fit anything.
struct Nowhere;

impl UrlLoader for Nowhere {
    fn load(&self, url: &str) -> Result<Value, Box<dyn Error>> {
        if url.starts_with("urn:") {
            Ok(Value::Bool(true))
        } else {
            Err("not loaded".into())
        }
    }
}
