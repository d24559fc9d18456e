//! The sprig function library for `template`, one file a family.
//!
//! The functions are those of sprig v3.3.0, as Helm v4.2.3 and Fleet ship it, with their results and error texts.
//! [`functions`] gives the text functions that neither takes away; time, randomness, keys and DNS come through
//! [`crate::template::Environment`].

use crate::template::Functions;

mod defaults;

/// All functions of sprig, without `env` and `expandenv`, which would read the environment of the process.
pub fn functions() -> Functions {
    let mut functions = Functions::new();
    register(&mut functions);
    functions
}

/// Adds all functions of sprig to a registry.
pub fn register(functions: &mut Functions) {
    defaults::register(functions);
}
