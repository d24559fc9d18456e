//! Go's `fmt`: how values are printed, with and without verbs.
//!
//! Exact down to the texts for wrong verbs (`%!d(string=x)`), because charts print values of unknown type all the time
//! and what comes out is deployed. Depth is bounded: a value that contains itself prints `...` where Go would run out
//! of stack.

mod directive;
mod float;
mod printer;

pub(crate) use float::float_text;

use super::text::Text;
use super::value::Value;
use printer::Printer;

/// Go's `fmt.Sprintf`.
pub fn sprintf(format: &Text, arguments: &[Value]) -> Text {
    let mut printer = Printer::default();
    directive::run(&mut printer, format.as_bytes(), arguments);
    printer.finish()
}

/// Go's `fmt.Sprint`: a space between two operands if neither is a string.
pub fn sprint(arguments: &[Value]) -> Text {
    let mut printer = Printer::default();
    let mut before_is_text = true;
    for argument in arguments {
        let is_text = matches!(argument, Value::Text(_));
        if !is_text && !before_is_text {
            printer.push(b' ');
        }
        printer.argument(argument, 'v');
        before_is_text = is_text;
    }
    printer.finish()
}

/// Go's `fmt.Sprintln`: a space between all operands, and a newline.
pub fn sprintln(arguments: &[Value]) -> Text {
    let mut printer = Printer::default();
    for (index, argument) in arguments.iter().enumerate() {
        if index > 0 {
            printer.push(b' ');
        }
        printer.argument(argument, 'v');
    }
    printer.push(b'\n');
    printer.finish()
}

/// A value as `%v` prints it.
pub fn text_of(value: &Value) -> Text {
    match value {
        Value::Text(text) => text.clone(),
        _ => sprint(std::slice::from_ref(value)),
    }
}

/// Appends a value as `%v` prints it.
pub(crate) fn append(output: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Text(text) => output.extend_from_slice(text.as_bytes()),
        _ => {
            let mut printer = Printer::onto(std::mem::take(output));
            printer.argument(value, 'v');
            *output = printer.into_bytes();
        }
    }
}

pub(crate) fn sprintf_lossy(format: &str, arguments: &[Value]) -> String {
    sprintf(&format.into(), arguments).to_str().into_owned()
}

#[cfg(test)]
mod tests;
