//! Maps, and merging them. `set`, `unset` and the `merge` family change their argument, which every other reference to
//! the same map sees.

use crate::template::{FunctionError, Functions, Map, MapZero, Parameter, Signature, Text, Value};

use super::arguments::{ANIES, ANY, Outcome, bytes, map, to_text};

const MAP: Signature = Signature::new(&[Parameter::Map]);
const MAP_TEXT: Signature = Signature::new(&[Parameter::Map, Parameter::Text]);
const MAP_TEXTS: Signature = Signature::variadic(&[Parameter::Map], Parameter::Text);
const MAPS: Signature = Signature::variadic(&[], Parameter::Map);
const MAP_MAPS: Signature = Signature::variadic(&[Parameter::Map], Parameter::Map);

/// Deeper values than this are cyclic, or made to exhaust the machine.
const MAX_DEPTH: usize = 1000;

pub(super) fn register(functions: &mut Functions) {
    functions.register("dict", ANIES, |_, arguments| {
        let dict = Map::new();
        for pair in arguments.chunks(2) {
            // A key without a value gets an empty text.
            dict.insert(
                to_text(&pair[0]),
                pair.get(1).cloned().unwrap_or_else(|| Value::text("")),
            );
        }
        Ok(Value::Map(dict))
    });
    functions.register("get", MAP_TEXT, |_, arguments| {
        let found = map(arguments, 0).and_then(|dict| dict.get(bytes(arguments, 1)));
        Ok(found.unwrap_or_else(|| Value::text("")))
    });
    functions.register(
        "set",
        Signature::new(&[Parameter::Map, Parameter::Text, Parameter::Any]),
        |_, arguments| {
            let dict = map(arguments, 0).ok_or("assignment to entry in nil map")?;
            dict.insert(Text::from(bytes(arguments, 1)), arguments[2].clone());
            Ok(arguments[0].clone())
        },
    );
    functions.register("unset", MAP_TEXT, |_, arguments| {
        if let Some(dict) = map(arguments, 0) {
            dict.remove(bytes(arguments, 1));
        }
        Ok(or_empty(&arguments[0]))
    });
    functions.register("hasKey", MAP_TEXT, |_, arguments| {
        Ok(Value::Bool(
            map(arguments, 0).is_some_and(|dict| dict.contains(bytes(arguments, 1))),
        ))
    });
    selection(functions);
    merging(functions);
}

/// Go's nil map, which prints and ranges as an empty one.
fn or_empty(value: &Value) -> Value {
    if value.is_nil() {
        Value::Map(Map::new())
    } else {
        value.clone()
    }
}

fn selection(functions: &mut Functions) {
    functions.register(
        "pluck",
        Signature::variadic(&[Parameter::Text], Parameter::Map),
        |_, arguments| {
            let key = bytes(arguments, 0);
            let found = arguments[1..]
                .iter()
                .filter_map(Value::as_map)
                .filter_map(|dict| dict.get(key));
            Ok(Value::list(found.collect::<Vec<_>>()))
        },
    );
    functions.register("keys", MAPS, |_, arguments| {
        let mut keys: Vec<Text> = Vec::new();
        for dict in arguments.iter().filter_map(Value::as_map) {
            keys.extend(dict.entries().keys().cloned());
        }
        Ok(Value::texts(keys))
    });
    functions.register("values", MAP, |_, arguments| {
        let values = map(arguments, 0).map(|dict| dict.entries().values().cloned().collect::<Vec<_>>());
        Ok(Value::list(values.unwrap_or_default()))
    });
    functions.register("pick", MAP_TEXTS, |_, arguments| {
        let picked = Map::new();
        for key in arguments[1..].iter().filter_map(Value::as_text) {
            if let Some(value) = map(arguments, 0).and_then(|dict| dict.get(key.as_bytes())) {
                picked.insert(key.clone(), value);
            }
        }
        Ok(Value::Map(picked))
    });
    functions.register("omit", MAP_TEXTS, |_, arguments| {
        let kept = map(arguments, 0).map(Map::shallow_copy).unwrap_or_default();
        for key in arguments[1..].iter().filter_map(Value::as_text) {
            kept.remove(key.as_bytes());
        }
        Ok(Value::Map(kept))
    });
    functions.register("dig", ANIES, |_, arguments| dig(arguments));
}

fn conversion(value: &Value, wanted: &str) -> FunctionError {
    let got = if value.is_nil() { "nil" } else { value.type_name() };
    format!("interface conversion: interface {{}} is {got}, not {wanted}").into()
}

fn dig(arguments: &[Value]) -> Outcome {
    let [keys @ .., default, dict] = arguments else {
        return Err("dig needs at least three arguments".into());
    };
    if keys.is_empty() {
        return Err("dig needs at least three arguments".into());
    }
    let as_dict = |value: &Value| match value {
        Value::Map(map) if map.map_type().name == "map[string]interface {}" => Ok(map.clone()),
        _ => Err(conversion(value, "map[string]interface {}")),
    };
    let mut dict = as_dict(dict)?;
    for key in keys {
        if key.as_text().is_none() {
            return Err(conversion(key, "string"));
        }
    }
    let Some((last, path)) = keys.split_last() else {
        return Ok(default.clone());
    };
    let key = |key: &Value| key.as_text().cloned().unwrap_or_default();
    for step in path {
        match dict.get(key(step).as_bytes()) {
            Some(next) => dict = as_dict(&next)?,
            None => return Ok(default.clone()),
        }
    }
    Ok(dict.get(key(last).as_bytes()).unwrap_or_else(|| default.clone()))
}

fn merging(functions: &mut Functions) {
    for (name, overwrites) in [
        ("merge", false),
        ("mustMerge", false),
        ("mergeOverwrite", true),
        ("mustMergeOverwrite", true),
    ] {
        functions.register(name, MAP_MAPS, move |_, arguments| {
            let target = map(arguments, 0).cloned().unwrap_or_default();
            for source in arguments[1..].iter().filter_map(Value::as_map) {
                merge(&target, source, overwrites, 0)?;
            }
            Ok(if arguments[0].is_nil() {
                Value::Map(target)
            } else {
                arguments[0].clone()
            })
        });
    }
    for name in ["deepCopy", "mustDeepCopy"] {
        functions.register(name, ANY, |context, arguments| {
            if arguments[0].is_nil() {
                return Err("reflect: call of reflect.Value.Type on zero Value".into());
            }
            let mut bytes = 0;
            let copy = deep_copy(&arguments[0], 0, &mut bytes)?;
            context.charge_bytes(bytes)?;
            Ok(copy)
        });
    }
}

/// Merges as mergo v1.0.1 does: into the target, whose values win unless they are empty (0, false, "", nil, an empty
/// list or map) or `overwrites`; maps in both are merged in turn.
fn merge(target: &Map, source: &Map, overwrites: bool, depth: usize) -> Result<(), FunctionError> {
    if target.is_same(source) {
        return Ok(());
    }
    if depth > MAX_DEPTH {
        return Err("maps nest too deeply to be merged".into());
    }
    // A copy: source and target may share maps further down.
    let entries: Vec<(Text, Value)> = source
        .entries()
        .iter()
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    for (key, value) in entries {
        let present = target.get(key.as_bytes());
        if value.is_nil() {
            if overwrites {
                insert(target, key, value)?;
            }
            continue;
        }
        if let (Value::Map(source), Some(Value::Map(target))) = (&value, &present) {
            crate::template::with_stack(depth, || merge(target, source, overwrites, depth + 1))?;
            if !target.is_empty() {
                continue;
            }
        }
        let is_empty = present.as_ref().is_none_or(|present| !present.truth());
        if overwrites || is_empty {
            insert(target, key, value)?;
        }
    }
    Ok(())
}

fn insert(target: &Map, key: Text, value: Value) -> Result<(), FunctionError> {
    if target.map_type().zero == MapZero::Text && value.as_text().is_none() {
        let (got, wanted) = (value.type_name(), "string");
        return Err(
            format!("reflect.Value.SetMapIndex: value of type {got} is not assignable to type {wanted}").into(),
        );
    }
    target.insert(key, value);
    Ok(())
}

/// A copy of maps and lists down to the last; types stay.
fn deep_copy(value: &Value, depth: usize, bytes: &mut usize) -> Outcome {
    if depth > MAX_DEPTH {
        return Err("value nests too deeply to be copied".into());
    }
    Ok(match value {
        Value::List(list) => {
            *bytes += list.len() * size_of::<Value>();
            let items = list.to_vec();
            let items = items
                .iter()
                .map(|item| copy_deeper(item, depth, bytes))
                .collect::<Result<_, _>>()?;
            Value::List(crate::template::List::typed(list.list_type(), items))
        }
        Value::Map(map) => {
            *bytes += map.len() * 2 * size_of::<Value>();
            let entries = map.entries().clone();
            let entries = entries
                .into_iter()
                .map(|(key, item)| Ok((key, copy_deeper(&item, depth, bytes)?)))
                .collect::<Result<_, FunctionError>>()?;
            Value::Map(Map::typed(map.map_type(), entries))
        }
        other => other.clone(),
    })
}

fn copy_deeper(value: &Value, depth: usize, bytes: &mut usize) -> Outcome {
    crate::template::with_stack(depth, || deep_copy(value, depth + 1, bytes))
}
