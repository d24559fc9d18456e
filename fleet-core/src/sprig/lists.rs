//! Lists. All copy; none changes its argument. Those named `must…` differ only in how Go reports an error; here both do
//! it the same way.

use crate::template::{Functions, List, ListType, Value};

use super::arguments::{ANIES, ANY, ANY_ANIES, ANY_ANY, INT_ANY, NIL_POINTER, Outcome, elements, elements_or, int};

pub(super) fn register(functions: &mut Functions) {
    for name in ["list", "tuple"] {
        functions.register(name, ANIES, |_, arguments| Ok(Value::list(arguments)));
    }
    for name in ["first", "mustFirst"] {
        functions.register(name, ANY, |_, arguments| {
            Ok(elements_or(&arguments[0], "Cannot find first on type")?
                .into_iter()
                .next()
                .unwrap_or_default())
        });
    }
    for name in ["last", "mustLast"] {
        functions.register(name, ANY, |_, arguments| {
            Ok(elements_or(&arguments[0], "Cannot find last on type")?
                .pop()
                .unwrap_or_default())
        });
    }
    for name in ["rest", "mustRest"] {
        functions.register(name, ANY, |_, arguments| {
            let items = elements_or(&arguments[0], "Cannot find rest on type")?;
            Ok(Value::list(items.get(1..).unwrap_or_default()))
        });
    }
    for name in ["initial", "mustInitial"] {
        functions.register(name, ANY, |_, arguments| {
            let mut items = elements_or(&arguments[0], "Cannot find initial on type")?;
            items.pop();
            Ok(Value::list(items))
        });
    }
    for name in ["append", "push", "mustAppend", "mustPush"] {
        functions.register(name, ANY_ANY, |_, arguments| {
            let mut items = elements_or(&arguments[0], "Cannot push on type")?;
            items.push(arguments[1].clone());
            Ok(Value::list(items))
        });
    }
    for name in ["prepend", "mustPrepend"] {
        functions.register(name, ANY_ANY, |_, arguments| {
            let mut items = elements_or(&arguments[0], "Cannot prepend on type")?;
            items.insert(0, arguments[1].clone());
            Ok(Value::list(items))
        });
    }
    for name in ["reverse", "mustReverse"] {
        functions.register(name, ANY, |_, arguments| {
            let mut items = elements_or(&arguments[0], "Cannot find reverse on type")?;
            items.reverse();
            Ok(Value::list(items))
        });
    }
    for name in ["compact", "mustCompact"] {
        functions.register(name, ANY, |_, arguments| {
            let mut items = elements_or(&arguments[0], "Cannot compact on type")?;
            items.retain(Value::truth);
            Ok(Value::list(items))
        });
    }
    membership(functions);
    parts(functions);
}

fn membership(functions: &mut Functions) {
    for name in ["uniq", "mustUniq"] {
        functions.register(name, ANY, |context, arguments| {
            let mut kept: Vec<Value> = Vec::new();
            for item in elements_or(&arguments[0], "Cannot find uniq on type")? {
                context.charge_steps(kept.len() as u64 / 8)?;
                if !kept.iter().any(|other| other.deep_equal(&item)) {
                    kept.push(item);
                }
            }
            Ok(Value::list(kept))
        });
    }
    for name in ["without", "mustWithout"] {
        functions.register(name, ANY_ANIES, |_, arguments| {
            let mut items = elements_or(&arguments[0], "Cannot find without on type")?;
            items.retain(|item| !arguments[1..].iter().any(|other| other.deep_equal(item)));
            Ok(Value::list(items))
        });
    }
    for name in ["has", "mustHas"] {
        functions.register(name, ANY_ANY, |_, arguments| {
            if arguments[1].is_nil() {
                return Ok(Value::Bool(false));
            }
            let items = elements_or(&arguments[1], "Cannot find has on type")?;
            Ok(Value::Bool(items.iter().any(|item| arguments[0].deep_equal(item))))
        });
    }
}

fn parts(functions: &mut Functions) {
    for name in ["slice", "mustSlice"] {
        functions.register(name, ANY_ANIES, |_, arguments| slice(arguments));
    }
    functions.register("concat", ANIES, |_, arguments| {
        let mut all = Vec::new();
        for list in arguments {
            if list.is_nil() {
                return Err(NIL_POINTER.into());
            }
            let items = elements(list);
            all.extend(items.ok_or_else(|| format!("Cannot concat type {} as list", list.kind().name()))?);
        }
        Ok(Value::list(all))
    });
    for name in ["chunk", "mustChunk"] {
        functions.register(name, INT_ANY, |_, arguments| {
            let items = elements_or(&arguments[1], "Cannot chunk type")?;
            let chunks = match usize::try_from(int(arguments, 0)) {
                Ok(size) if size > 0 => items.chunks(size).map(Value::list).collect(),
                // sprig's arithmetic on a negative size.
                Err(_) if items.len() == 1 => vec![Value::list(items)],
                Err(_) if items.len() as u64 <= int(arguments, 0).unsigned_abs() && !items.is_empty() => Vec::new(),
                _ => return Err("runtime error: makeslice: len out of range".into()),
            };
            Ok(Value::List(List::typed(ListType::LISTS, chunks)))
        });
    }
}

fn slice(arguments: &[Value]) -> Outcome {
    let list = &arguments[0];
    let items = elements_or(list, "list should be type of slice or array but")?;
    if items.is_empty() {
        return Ok(Value::Nil);
    }
    let bound = |index: usize, default: usize| match arguments.get(index) {
        Some(bound) => usize::try_from(super::numbers::to_integer(bound)).ok(),
        None => Some(default),
    };
    let (start, end) = (bound(1, 0), bound(2, items.len()));
    let part = match (start, end) {
        (Some(start), Some(end)) => items.get(start..end),
        _ => None,
    };
    let part = part.ok_or("reflect.Value.Slice: slice index out of bounds")?.to_vec();
    Ok(match list {
        Value::List(list) => Value::List(List::typed(list.list_type(), part)),
        // Bytes stay bytes.
        _ => Value::Bytes(
            part.iter()
                .map(|byte| if let Value::Uint8(byte) = byte { *byte } else { 0 })
                .collect(),
        ),
    })
}
