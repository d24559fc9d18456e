//! The network: host names.

use crate::template::{Functions, Value};

use super::arguments::{TEXT, text};

pub(super) fn register(functions: &mut Functions) {
    functions.register("getHostByName", TEXT, |context, arguments| {
        let address = context.environment().resolve(&text(arguments, 0));
        Ok(Value::text(address.unwrap_or_default()))
    });
}
