//! Defaults and choices: `default`, `empty`, `coalesce`, `all`, `any`, `ternary`.

use crate::template::{Functions, Parameter, Signature, Value};

const VARIADIC: Signature = Signature::variadic(&[], Parameter::Any);

pub(super) fn register(functions: &mut Functions) {
    functions.register(
        "default",
        Signature::variadic(&[Parameter::Any], Parameter::Any),
        |_, arguments| {
            // Without a value to look at, the default stands.
            let given = arguments.get(1).filter(|given| given.truth());
            Ok(given.unwrap_or(&arguments[0]).clone())
        },
    );
    functions.register("empty", Signature::new(&[Parameter::Any]), |_, arguments| {
        Ok(Value::Bool(!arguments[0].truth()))
    });
    functions.register("coalesce", VARIADIC, |_, arguments| {
        Ok(arguments
            .iter()
            .find(|argument| argument.truth())
            .cloned()
            .unwrap_or_default())
    });
    functions.register("all", VARIADIC, |_, arguments| {
        Ok(Value::Bool(arguments.iter().all(Value::truth)))
    });
    functions.register("any", VARIADIC, |_, arguments| {
        Ok(Value::Bool(arguments.iter().any(Value::truth)))
    });
    functions.register(
        "ternary",
        Signature::new(&[Parameter::Any, Parameter::Any, Parameter::Bool]),
        |_, arguments| Ok(arguments[usize::from(!arguments[2].truth())].clone()),
    );
}
