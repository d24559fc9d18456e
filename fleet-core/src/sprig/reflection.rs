//! Types and kinds of values, equality.

use crate::template::{Functions, Value};

use super::arguments::{ANY, ANY_ANY, TEXT_ANY, text};

pub(super) fn register(functions: &mut Functions) {
    functions.register("typeOf", ANY, |_, arguments| Ok(Value::text(arguments[0].type_name())));
    functions.register("typeIs", TEXT_ANY, |_, arguments| {
        Ok(Value::Bool(arguments[1].type_name() == text(arguments, 0)))
    });
    functions.register("typeIsLike", TEXT_ANY, |_, arguments| {
        let (name, wanted) = (arguments[1].type_name(), text(arguments, 0));
        Ok(Value::Bool(name == wanted || name.strip_prefix('*') == Some(&*wanted)))
    });
    functions.register("kindOf", ANY, |_, arguments| {
        Ok(Value::text(arguments[0].kind().name()))
    });
    functions.register("kindIs", TEXT_ANY, |_, arguments| {
        Ok(Value::Bool(arguments[1].kind().name() == text(arguments, 0)))
    });
    functions.register("deepEqual", ANY_ANY, |_, arguments| {
        Ok(Value::Bool(arguments[0].deep_equal(&arguments[1])))
    });
}
