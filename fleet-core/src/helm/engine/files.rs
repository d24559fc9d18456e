//! `.Files`: the files of a chart that are no templates (Helm v4.2.3 `engine.files`).

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::release::ChartFile;
use super::glob::Glob;
use crate::template::{Context, FunctionError, Map, MapType, Method, Parameter, Signature, Text, Value};
use crate::tree::path;

const FILES: &MapType = &MapType::named_bytes("engine.files", method);

/// `.Files` of a chart.
pub(super) fn object(files: &[ChartFile]) -> Value {
    let entries = files
        .iter()
        .map(|file| (Text::from(file.name.as_str()), Value::Bytes(Arc::clone(&file.data))));
    Value::Map(Map::typed(FILES, entries.collect()))
}

fn method(name: &str) -> Option<&'static Method> {
    const ONE: Signature = Signature::new(&[Parameter::Text]);
    const NONE: Signature = Signature::new(&[]);
    static GET: Method = Method {
        signature: ONE,
        call: get,
    };
    static GET_BYTES: Method = Method {
        signature: ONE,
        call: get_bytes,
    };
    static GLOB: Method = Method {
        signature: ONE,
        call: glob,
    };
    static LINES: Method = Method {
        signature: ONE,
        call: lines,
    };
    static AS_CONFIG: Method = Method {
        signature: NONE,
        call: as_config,
    };
    static AS_SECRETS: Method = Method {
        signature: NONE,
        call: as_secrets,
    };
    match name {
        "Get" => Some(&GET),
        "GetBytes" => Some(&GET_BYTES),
        "Glob" => Some(&GLOB),
        "Lines" => Some(&LINES),
        "AsConfig" => Some(&AS_CONFIG),
        "AsSecrets" => Some(&AS_SECRETS),
        _ => None,
    }
}

type Outcome = Result<Value, FunctionError>;

/// The bytes of the file that the first argument names; of one that is not there, none.
fn bytes(receiver: &Value, arguments: &[Value]) -> Arc<[u8]> {
    let name = arguments.first().and_then(Value::as_text);
    match name.and_then(|name| receiver.as_map()?.get(name.as_bytes())) {
        Some(Value::Bytes(bytes)) => bytes,
        _ => Arc::default(),
    }
}

fn get(_: &mut Context<'_>, receiver: &Value, arguments: &[Value]) -> Outcome {
    Ok(Value::Text(Text::from_bytes(bytes(receiver, arguments).to_vec())))
}

fn get_bytes(_: &mut Context<'_>, receiver: &Value, arguments: &[Value]) -> Outcome {
    Ok(Value::Bytes(bytes(receiver, arguments)))
}

fn lines(_: &mut Context<'_>, receiver: &Value, arguments: &[Value]) -> Outcome {
    let bytes = bytes(receiver, arguments);
    if bytes.is_empty() {
        return Ok(Value::texts::<Text>([]));
    }
    let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    Ok(Value::texts(
        text.split(|byte| *byte == b'\n')
            .map(|line| Text::from_bytes(line.to_vec())),
    ))
}

fn glob(_: &mut Context<'_>, receiver: &Value, arguments: &[Value]) -> Outcome {
    let pattern = arguments[0]
        .as_text()
        .map(|text| text.to_str().into_owned())
        .unwrap_or_default();
    let glob = Glob::new(&pattern);
    let mut found = BTreeMap::new();
    if let Some(map) = receiver.as_map() {
        for (name, bytes) in map.entries().iter() {
            if glob.matches(&name.to_str()) {
                found.insert(name.clone(), bytes.clone());
            }
        }
    }
    Ok(Value::Map(Map::typed(FILES, found)))
}

/// YAML of a map from the last part of each path to something made of its bytes.
fn as_yaml(receiver: &Value, make: impl Fn(&[u8]) -> String) -> Outcome {
    let mut map = serde_json::Map::new();
    if let Some(files) = receiver.as_map() {
        for (name, value) in files.entries().iter() {
            if let Value::Bytes(bytes) = value {
                map.insert(path::base(&name.to_str()).to_owned(), make(bytes).into());
            }
        }
    }
    Ok(Value::from(super::functions::to_yaml(&serde_json::Value::Object(map))))
}

fn as_config(_: &mut Context<'_>, receiver: &Value, _: &[Value]) -> Outcome {
    as_yaml(receiver, |bytes| Text::from_bytes(bytes.to_vec()).to_str().into_owned())
}

fn as_secrets(_: &mut Context<'_>, receiver: &Value, _: &[Value]) -> Outcome {
    as_yaml(receiver, |bytes| STANDARD.encode(bytes))
}
