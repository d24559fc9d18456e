//! `common.Values`: the type of `.Values` and of the dot, a map with methods (Helm v4.2.3 `chart/common.Values`).

use super::super::values::{table_at, value_at};
use crate::template::{Context, FunctionError, Map, MapType, Method, Parameter, Signature, Value};

/// The type.
pub(super) const VALUES: &MapType = &MapType::named("common.Values", method);

fn method(name: &str) -> Option<&'static Method> {
    static AS_MAP: Method = Method {
        signature: Signature::new(&[]),
        call: as_map,
    };
    static YAML: Method = Method {
        signature: Signature::new(&[]),
        call: yaml,
    };
    static TABLE: Method = Method {
        signature: Signature::new(&[Parameter::Text]),
        call: table,
    };
    static PATH_VALUE: Method = Method {
        signature: Signature::new(&[Parameter::Text]),
        call: path_value,
    };
    static ENCODE: Method = Method {
        signature: Signature::new(&[Parameter::Named("io.Writer")]),
        call: encode,
    };
    match name {
        "AsMap" => Some(&AS_MAP),
        "YAML" => Some(&YAML),
        "Table" => Some(&TABLE),
        "PathValue" => Some(&PATH_VALUE),
        "Encode" => Some(&ENCODE),
        _ => None,
    }
}

type Outcome = Result<Value, FunctionError>;

fn receiver(value: &Value) -> Map {
    value.as_map().cloned().unwrap_or_default()
}

fn as_map(_: &mut Context<'_>, value: &Value, _: &[Value]) -> Outcome {
    Ok(Value::Map(receiver(value).with_type(MapType::ANY)))
}

fn yaml(_: &mut Context<'_>, value: &Value, _: &[Value]) -> Outcome {
    let json = value.to_json()?;
    crate::yaml::write(&json)
        .map(Value::from)
        .map_err(|error| error.to_string().into())
}

fn not_a(what: &str, name: &str) -> FunctionError {
    format!("{} is not a {what}", crate::template::quote::quote(name.as_bytes())).into()
}

fn table(_: &mut Context<'_>, value: &Value, arguments: &[Value]) -> Outcome {
    let path = arguments[0]
        .as_text()
        .map(|text| text.to_str().into_owned())
        .unwrap_or_default();
    let table = table_at(&receiver(value), &path).map_err(|part| not_a("table", part))?;
    Ok(Value::Map(table.with_type(VALUES)))
}

fn path_value(_: &mut Context<'_>, value: &Value, arguments: &[Value]) -> Outcome {
    let path = arguments[0]
        .as_text()
        .map(|text| text.to_str().into_owned())
        .unwrap_or_default();
    if path.is_empty() {
        return Err("YAML path cannot be empty".into());
    }
    let key = path.rsplit('.').next().unwrap_or_default();
    value_at(&receiver(value), &path).ok_or_else(|| not_a("value", key))
}

fn encode(_: &mut Context<'_>, _: &Value, _: &[Value]) -> Outcome {
    Ok(Value::Nil)
}
