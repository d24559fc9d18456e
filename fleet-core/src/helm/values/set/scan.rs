//! The parser behind `--set`, `--set-string`, `--set-file` and `--set-json`.

use std::iter::Peekable;
use std::str::CharIndices;

use serde_json::Value;

use super::super::{Values, go_type};
use super::{MAX_INDEX, MAX_NESTING, json_prefix};

/// Why parsing stopped.
pub(super) enum Stop {
    /// The text is used up, which ends it without an error.
    End,
    /// The text is wrong.
    Error(String),
}

/// How a value is made.
pub(super) enum Reader<'a> {
    /// From its text.
    Text(&'a mut dyn FnMut(String) -> Result<Value, String>),
    /// It is JSON.
    Json,
}

/// A list that is being read, or the start of something else.
enum Listed {
    List(Vec<Value>),
    /// The text ended before a value began.
    Nothing,
    NotAList,
}

pub(super) struct Parser<'a, 'r> {
    text: &'a str,
    characters: Peekable<CharIndices<'a>>,
    reader: Reader<'r>,
}

impl<'a, 'r> Parser<'a, 'r> {
    pub(super) fn new(text: &'a str, reader: Reader<'r>) -> Self {
        Self {
            text,
            characters: text.char_indices().peekable(),
            reader,
        }
    }

    /// Reads up to one of `stops`: the text without escapes, and the stop; none at the end of all text.
    fn until(&mut self, stops: &[char]) -> (String, Option<char>) {
        let mut read = String::new();
        while let Some((_, character)) = self.characters.next() {
            if stops.contains(&character) {
                return (read, Some(character));
            }
            if character == '\\' {
                let Some((_, escaped)) = self.characters.next() else {
                    break;
                };
                read.push(escaped);
            } else {
                read.push(character);
            }
        }
        (read, None)
    }

    /// One assignment, into `table`.
    pub(super) fn key(&mut self, table: &mut Values, nesting: usize) -> Result<(), Stop> {
        let (key, stop) = self.until(&['=', '[', ',', '.']);
        match stop {
            None if key.is_empty() => Err(Stop::End),
            None => Err(Stop::Error(format!("key {key:?} has no value"))),
            Some('[') => {
                let index = self.index()?;
                let mut list = list_at(table, &key).map_err(Stop::Error)?;
                let result = self.item(&mut list, index, nesting);
                assign(table, key, Value::Array(list));
                result
            }
            Some('=') => match self.value()? {
                Some(value) => {
                    assign(table, key, value);
                    Ok(())
                }
                None => {
                    assign(table, key, Value::String(String::new()));
                    Err(Stop::End)
                }
            },
            Some(',') => {
                assign(table, key.clone(), Value::String(String::new()));
                Err(Stop::Error(format!("key {key:?} has no value (cannot end with ,)")))
            }
            Some(_) => {
                let nesting = deeper(nesting).map_err(Stop::Error)?;
                let mut inner = table_at(table, &key).map_err(Stop::Error)?;
                let result = self.key(&mut inner, nesting);
                if result.is_ok() && inner.is_empty() {
                    restore(table, &key, inner);
                    return Err(Stop::Error(format!("key map {key:?} has no value")));
                }
                if inner.is_empty() {
                    restore(table, &key, inner)
                } else {
                    assign(table, key, Value::Object(inner))
                }
                result
            }
        }
    }

    /// What follows an index of a list: further indices, keys, or the value.
    fn item(&mut self, list: &mut Vec<Value>, index: usize, nesting: usize) -> Result<(), Stop> {
        let (text, stop) = self.until(&['[', '.', '=']);
        if !text.is_empty() {
            return Err(Stop::Error(format!("unexpected data at end of array index: {text:?}")));
        }
        match stop {
            None => Err(Stop::End),
            Some('=') => {
                let value = self.value()?.unwrap_or_else(|| Value::String(String::new()));
                put(list, index, value);
                Ok(())
            }
            Some('[') => {
                let next = self.index()?;
                let mut inner = match list.get_mut(index).map(Value::take) {
                    Some(Value::Array(inner)) => inner,
                    None | Some(Value::Null) => Vec::new(),
                    Some(other) => {
                        let message = not_a(&other, "[]interface {}");
                        put(list, index, other);
                        return Err(Stop::Error(message));
                    }
                };
                let result = self.item(&mut inner, next, nesting);
                if result.is_ok() || list.len() > index {
                    put(list, index, Value::Array(inner));
                }
                result
            }
            Some(_) => {
                let known = list.len() > index;
                let mut inner = match list.get_mut(index).map(Value::take) {
                    Some(Value::Object(inner)) => inner,
                    _ => Values::new(),
                };
                let result = self.key(&mut inner, nesting);
                if result.is_ok() || known {
                    put(list, index, Value::Object(inner));
                }
                result
            }
        }
    }

    fn index(&mut self) -> Result<usize, Stop> {
        let (text, stop) = self.until(&[']']);
        if stop.is_none() {
            return Err(Stop::End);
        }
        parse_index(&text).map_err(Stop::Error)
    }

    /// The value after `=`; none if the text ends there.
    fn value(&mut self) -> Result<Option<Value>, Stop> {
        if matches!(self.reader, Reader::Json) {
            return self.json().map(Some);
        }
        match self.list()? {
            Listed::List(items) => Ok(Some(Value::Array(items))),
            Listed::Nothing => Ok(None),
            Listed::NotAList => {
                let (text, _) = self.until(&[',']);
                self.make(text).map(Some)
            }
        }
    }

    fn list(&mut self) -> Result<Listed, Stop> {
        match self.characters.peek() {
            None => return Ok(Listed::Nothing),
            Some((_, '{')) => self.characters.next(),
            Some(_) => return Ok(Listed::NotAList),
        };
        let mut items = Vec::new();
        loop {
            let (text, stop) = self.until(&[',', '}']);
            match stop {
                None => return Err(Stop::Error("list must terminate with '}'".to_owned())),
                Some(',') => items.push(self.make(text)?),
                Some(_) => {
                    self.characters.next_if(|(_, character)| *character == ',');
                    items.push(self.make(text)?);
                    return Ok(Listed::List(items));
                }
            }
        }
    }

    fn make(&mut self, text: String) -> Result<Value, Stop> {
        match &mut self.reader {
            Reader::Text(make) => make(text).map_err(Stop::Error),
            Reader::Json => Ok(Value::String(text)),
        }
    }

    fn json(&mut self) -> Result<Value, Stop> {
        if self.nothing_left() {
            return Ok(Value::Null);
        }
        let start = self.characters.peek().map_or(self.text.len(), |(offset, _)| *offset);
        let (value, length) = json_prefix(&self.text[start..]).map_err(Stop::Error)?;
        while self
            .characters
            .next_if(|(offset, _)| *offset < start + length)
            .is_some()
        {}
        self.nothing_left();
        Ok(value)
    }

    /// Skips white space; whether the text or the assignment ends there. Its comma is skipped too.
    fn nothing_left(&mut self) -> bool {
        while self
            .characters
            .next_if(|(_, character)| character.is_whitespace())
            .is_some()
        {}
        self.characters.peek().is_none() || self.characters.next_if(|(_, character)| *character == ',').is_some()
    }
}

pub(super) fn assign(table: &mut Values, key: String, value: Value) {
    if !key.is_empty() {
        table.insert(key, value);
    }
}

/// Puts back a table that was taken out and stayed empty, if it had been there.
fn restore(table: &mut Values, key: &str, inner: Values) {
    if let Some(place @ Value::Object(_)) = table.get_mut(key) {
        *place = Value::Object(inner);
    }
}

/// Takes the list of a key out of a table; an absent or null one is empty.
pub(super) fn list_at(table: &mut Values, key: &str) -> Result<Vec<Value>, String> {
    match table.get_mut(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => Ok(std::mem::take(list)),
        Some(other) => Err(not_a(other, "[]interface {}")),
    }
}

/// Takes the table of a key out of a table; an absent or null one is empty.
pub(super) fn table_at(table: &mut Values, key: &str) -> Result<Values, String> {
    match table.get_mut(key) {
        None | Some(Value::Null) => Ok(Values::new()),
        Some(Value::Object(inner)) => Ok(std::mem::take(inner)),
        Some(other) => Err(not_a(other, "map[string]interface {}")),
    }
}

/// The text of the Go panic that Helm reports.
fn not_a(value: &Value, wanted: &str) -> String {
    let found = go_type(value);
    format!("unable to parse key: interface conversion: interface {{}} is {found}, not {wanted}")
}

pub(super) fn deeper(nesting: usize) -> Result<usize, String> {
    if nesting >= MAX_NESTING {
        let text = "value name nested level is greater than maximum supported nested level of";
        return Err(format!("{text} {MAX_NESTING}"));
    }
    Ok(nesting + 1)
}

pub(super) fn parse_index(text: &str) -> Result<usize, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!(
            "error parsing index: strconv.Atoi: parsing {text:?}: invalid syntax"
        ));
    }
    let Ok(index) = text.parse::<i64>() else {
        return Err(format!(
            "error parsing index: strconv.Atoi: parsing {text:?}: value out of range"
        ));
    };
    if index < 0 {
        return Err(format!("negative {index} index not allowed"));
    }
    if index > MAX_INDEX {
        return Err(format!(
            "index of {index} is greater than maximum supported index of {MAX_INDEX}"
        ));
    }
    usize::try_from(index).map_err(|_| format!("negative {index} index not allowed"))
}

/// Sets an item of a list, which grows as needed.
pub(super) fn put(list: &mut Vec<Value>, index: usize, value: Value) {
    if list.len() <= index {
        list.resize(index + 1, Value::Null);
    }
    list[index] = value;
}
