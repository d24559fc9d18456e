//! Regular expressions with the syntax and the error texts of Go's `regexp`, run by the `regex` crate.
//!
//! Both engines are of one family (leftmost-first, linear time), but their syntaxes differ at the edges; `pattern`
//! rewrites one into the other. A pattern is compiled once a run.

use std::rc::Rc;

use crate::template::{Context, FunctionError, Functions, Parameter, Signature, Text, Value};

use super::arguments::{Outcome, TEXT, TEXT_TEXT, TEXT_TEXT_INT, TEXT_TEXT_TEXT, bytes, int, text};

mod pattern;

use pattern::{Pattern, is_whole};

/// How a function reports a pattern that cannot be compiled.
#[derive(Clone, Copy)]
enum Failure {
    /// It panics: with the pattern before the reason.
    Panic,
    /// It returns the reason.
    Error,
}

type Call = fn(&mut Context<'_>, &Pattern, &[Value]) -> Outcome;

/// Why Go cannot compile a regular expression; none if it can.
#[cfg(feature = "helm")]
pub(super) fn error(source: &str) -> Option<String> {
    Pattern::compile(source).err()
}

pub(super) fn register(functions: &mut Functions) {
    functions.register("regexMatch", TEXT_TEXT, |context, arguments| {
        let matches = compiled(context, arguments, Failure::Error)
            .is_ok_and(|pattern| pattern.regex.is_match(bytes(arguments, 1)));
        Ok(Value::Bool(matches))
    });
    functions.register("mustRegexMatch", TEXT_TEXT, |context, arguments| {
        Ok(Value::Bool(
            compiled(context, arguments, Failure::Error)?
                .regex
                .is_match(bytes(arguments, 1)),
        ))
    });
    functions.register("regexQuoteMeta", TEXT, |_, arguments| {
        let mut quoted = String::new();
        for character in text(arguments, 0).chars() {
            if r"\.+*?()|[]{}^$".contains(character) {
                quoted.push('\\');
            }
            quoted.push(character);
        }
        Ok(Value::text(quoted))
    });
    let pairs: [(&str, &str, Signature, Call); 5] = [
        ("regexFind", "mustRegexFind", TEXT_TEXT, find),
        ("regexFindAll", "mustRegexFindAll", TEXT_TEXT_INT, find_all),
        (
            "regexReplaceAll",
            "mustRegexReplaceAll",
            TEXT_TEXT_TEXT,
            |context, pattern, arguments| replace_all(context, pattern, arguments, false),
        ),
        (
            "regexReplaceAllLiteral",
            "mustRegexReplaceAllLiteral",
            TEXT_TEXT_TEXT,
            |context, pattern, arguments| replace_all(context, pattern, arguments, true),
        ),
        (
            "regexSplit",
            "mustRegexSplit",
            Signature::new(&[Parameter::Text, Parameter::Text, Parameter::Int]),
            split,
        ),
    ];
    for (name, must_name, signature, call) in pairs {
        for (name, failure) in [(name, Failure::Panic), (must_name, Failure::Error)] {
            functions.register(name, signature, move |context, arguments| {
                let pattern = compiled(context, arguments, failure)?;
                call(context, &pattern, arguments)
            });
        }
    }
}

fn compiled(context: &mut Context<'_>, arguments: &[Value], failure: Failure) -> Result<Rc<Pattern>, FunctionError> {
    let source = text(arguments, 0);
    context.charge_steps(bytes(arguments, 1).len() as u64 / 64)?;
    let compiled = context.remembered(&format!("pattern {source}"), || Pattern::compile(&source).map(Rc::new));
    compiled
        .as_ref()
        .as_ref()
        .map(Rc::clone)
        .map_err(|reason| match failure {
            Failure::Error => format!("error parsing regexp: {reason}").into(),
            Failure::Panic => {
                let quoted = match crate::template::quote::can_backquote(source.as_bytes()) {
                    true => format!("`{source}`"),
                    false => crate::template::quote::quote(source.as_bytes()),
                };
                format!("regexp: Compile({quoted}): error parsing regexp: {reason}").into()
            }
        })
}

fn find(_: &mut Context<'_>, pattern: &Pattern, arguments: &[Value]) -> Outcome {
    let found = pattern.regex.find(bytes(arguments, 1));
    Ok(Value::text(found.map_or(&b""[..], |found| found.as_bytes())))
}

fn find_all(context: &mut Context<'_>, pattern: &Pattern, arguments: &[Value]) -> Outcome {
    let limit = usize::try_from(int(arguments, 2)).unwrap_or(usize::MAX);
    let whole = bytes(arguments, 1);
    let found: Vec<Text> = pattern
        .matches(whole)
        .take(limit)
        .map(|found| found.as_bytes().into())
        .collect();
    context.charge_bytes(found.len() * 64)?;
    Ok(Value::texts(found))
}

fn replace_all(context: &mut Context<'_>, pattern: &Pattern, arguments: &[Value], literal: bool) -> Outcome {
    let (whole, template) = (bytes(arguments, 1), bytes(arguments, 2));
    let mut result = Vec::with_capacity(whole.len());
    let mut end = 0;
    for captures in pattern.regex.captures_iter(whole) {
        let Some(found) = captures.get(0).filter(|found| is_whole(whole, found)) else {
            continue;
        };
        result.extend_from_slice(&whole[end..found.start()]);
        let before = result.len();
        if literal {
            result.extend_from_slice(template);
        } else {
            pattern.expand(template, &captures, &mut result);
        }
        context.charge_bytes(result.len() - before)?;
        end = found.end();
    }
    result.extend_from_slice(&whole[end..]);
    Ok(Value::text(result))
}

fn split(context: &mut Context<'_>, pattern: &Pattern, arguments: &[Value]) -> Outcome {
    let (whole, limit) = (bytes(arguments, 1), int(arguments, 2));
    if limit == 0 {
        return Ok(Value::texts(Vec::<Text>::new()));
    }
    if !pattern.is_empty && whole.is_empty() {
        return Ok(Value::texts([""]));
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut parts: Vec<&[u8]> = Vec::new();
    let (mut start, mut end) = (0, 0);
    for found in pattern.matches(whole).take(limit) {
        if parts.len() + 1 == limit {
            break;
        }
        end = found.start();
        if found.end() != 0 {
            parts.push(&whole[start..end]);
        }
        start = found.end();
    }
    if end != whole.len() {
        parts.push(&whole[start..]);
    }
    context.charge_bytes(parts.len() * 64)?;
    Ok(Value::texts(parts))
}
