//! The parser of `--set-literal`: nothing is escaped, and everything after `=` is the value.

use serde_json::Value;

use super::super::Values;
use super::scan::{assign, deeper, list_at, parse_index, put, table_at};

pub(super) fn run(values: &mut Values, text: &str) -> Result<(), String> {
    if text.is_empty() { Ok(()) } else { key(values, text, 0) }
}

/// The text up to one of the stops, the stop, and what follows.
fn until<'a>(text: &'a str, stops: &[char]) -> (&'a str, Option<char>, &'a str) {
    match text.find(stops) {
        Some(at) => (&text[..at], text[at..].chars().next(), &text[at + 1..]),
        None => (text, None, ""),
    }
}

fn key(table: &mut Values, text: &str, nesting: usize) -> Result<(), String> {
    let (name, stop, rest) = until(text, &['=', '[', '.']);
    match stop {
        None if name.is_empty() => Ok(()),
        None => Err(format!("key {name:?} has no value")),
        Some('=') => {
            assign(table, name.to_owned(), Value::String(rest.to_owned()));
            Ok(())
        }
        Some('.') => {
            let nesting = deeper(nesting)?;
            let mut inner = table_at(table, name)?;
            let result = key(&mut inner, rest, nesting);
            if result.is_ok() && inner.is_empty() {
                return Err(format!("key map {name:?} has no value"));
            }
            assign(table, name.to_owned(), Value::Object(inner));
            result
        }
        Some(_) => {
            let (index, closed, rest) = until(rest, &[']']);
            if closed.is_none() {
                return Ok(());
            }
            let index = parse_index(index)?;
            let mut list = list_at(table, name)?;
            let result = item(&mut list, index, rest, nesting);
            assign(table, name.to_owned(), Value::Array(list));
            result
        }
    }
}

fn item(list: &mut Vec<Value>, index: usize, text: &str, nesting: usize) -> Result<(), String> {
    let (extra, stop, rest) = until(text, &['[', '.', '=']);
    if !extra.is_empty() {
        return Err(format!("unexpected data at end of array index: {extra:?}"));
    }
    match stop {
        None => Ok(()),
        Some('=') => {
            put(list, index, Value::String(rest.to_owned()));
            Ok(())
        }
        Some('.') => {
            let mut inner = match list.get_mut(index).map(Value::take) {
                Some(Value::Object(inner)) => inner,
                _ => Values::new(),
            };
            let result = key(&mut inner, rest, nesting);
            put(list, index, Value::Object(inner));
            result
        }
        Some(_) => {
            let (next, closed, rest) = until(rest, &[']']);
            if closed.is_none() {
                return Ok(());
            }
            let next = parse_index(next)?;
            let mut inner = match list.get_mut(index).map(Value::take) {
                Some(Value::Array(inner)) => inner,
                _ => Vec::new(),
            };
            let result = item(&mut inner, next, rest, nesting);
            put(list, index, Value::Array(inner));
            result
        }
    }
}
