//! Reading TOML as BurntSushi/toml v1.6 does into an untyped map: `fromToml`.
//!
//! Values keep TOML's types (`int64`, `float64`, `time.Time`), tables of arrays are `[]map[string]interface {}`, and
//! errors have that library's texts, which charts print. Nesting is bounded.

mod number;

use std::collections::HashSet;

use crate::template::quote::quote;
use crate::template::{List, ListType, Map, Value};

/// How deep arrays and inline tables may nest.
const MAX_DEPTH: usize = 500;

/// Reads a document.
///
/// # Errors
/// The text of BurntSushi/toml, with the line and the key that came last.
pub(in crate::helm::engine) fn read(text: &str) -> Result<Value, String> {
    let mut reader = Reader {
        text,
        position: 0,
        line: 1,
        root: Map::new(),
        context: Vec::new(),
        current: String::new(),
        implicit: HashSet::new(),
    };
    match reader.document() {
        Ok(()) => Ok(Value::Map(reader.root)),
        Err(message) => {
            let mut path = reader.context.clone();
            if !reader.current.is_empty() {
                path.push(reader.current.clone());
            }
            let last = match path.is_empty() {
                true => String::new(),
                false => format!(" (last key {})", quote(dotted(&path).as_bytes())),
            };
            Err(format!("toml: line {}{last}: {message}", reader.line))
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    position: usize,
    line: usize,
    root: Map,
    /// The table that keys are set in.
    context: Vec<String>,
    /// The key whose value is being read.
    current: String,
    /// Tables that exist only because keys of them do; these may be defined once more.
    implicit: HashSet<Vec<String>>,
}

type Read<T> = Result<T, String>;

/// A path as keys are shown: those that are not bare are quoted.
fn dotted(path: &[String]) -> String {
    let shown = |key: &String| match !key.is_empty() && key.chars().all(is_bare) {
        true => key.clone(),
        false => quote(key.as_bytes()),
    };
    path.iter().map(shown).collect::<Vec<_>>().join(".")
}

fn is_bare(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

/// A character in single quotes, the end of the text as a zero.
fn shown(character: Option<char>) -> String {
    let quoted = quote(character.unwrap_or('\0').to_string().as_bytes());
    let inner = quoted[1..quoted.len() - 1].replace("\\\"", "\"");
    format!("'{}'", inner.replace('\'', "\\'"))
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.position..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.position += character.len_utf8();
        if character == '\n' {
            self.line += 1;
        }
        Some(character)
    }

    fn take(&mut self, prefix: &str) -> bool {
        let there = self.rest().starts_with(prefix);
        if there {
            self.position += prefix.len();
        }
        there
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t')) {
            self.position += 1;
        }
    }

    fn skip_comment(&mut self) -> Read<()> {
        if self.peek() == Some('#') {
            while self.peek().is_some_and(|character| character != '\n') {
                self.refuse_control(self.peek())?;
                self.next();
            }
        }
        Ok(())
    }

    fn skip_lines(&mut self) -> Read<()> {
        loop {
            self.skip_blanks();
            self.skip_comment()?;
            if !matches!(self.peek(), Some('\n' | '\r')) {
                return Ok(());
            }
            self.next();
        }
    }

    fn refuse_control(&self, character: Option<char>) -> Read<()> {
        match character {
            Some(control @ ('\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}')) => {
                let code = u32::from(control);
                Err(format!("TOML files cannot contain control characters: '0x{code:02x}'"))
            }
            _ => Ok(()),
        }
    }

    fn document(&mut self) -> Read<()> {
        loop {
            self.skip_lines()?;
            match self.peek() {
                None => return Ok(()),
                Some('[') => self.table()?,
                Some(_) => {
                    let outer = self.context.clone();
                    self.entry(0)?;
                    self.context = outer;
                    self.current.clear();
                }
            }
            self.skip_blanks();
            self.skip_comment()?;
            match self.peek() {
                None | Some('\n' | '\r') => {}
                other => {
                    let got = shown(other);
                    return Err(format!(
                        "expected a top-level item to end with a newline, comment, or EOF, but got {got} instead"
                    ));
                }
            }
        }
    }

    /// `[table]` or `[[table]]`.
    fn table(&mut self) -> Read<()> {
        self.position += 1;
        let is_array = self.take("[");
        let mut path = Vec::new();
        loop {
            self.skip_blanks();
            match self.peek() {
                Some(']') | None => {
                    return Err("unexpected end of table name (table names cannot be empty)".to_owned());
                }
                Some('.') => return Err("unexpected table separator (table names cannot be empty)".to_owned()),
                Some(_) => path.push(self.key_part()?),
            }
            self.skip_blanks();
            match self.peek() {
                Some('.') => self.position += 1,
                Some(']') => break,
                other => {
                    return Err(format!(
                        "expected '.' or ']' to end table name, but got {} instead",
                        shown(other)
                    ));
                }
            }
        }
        self.position += 1;
        if is_array && !self.take("]") {
            let got = shown(self.peek());
            return Err(format!(
                "expected end of table array name delimiter ']', but got {got} instead"
            ));
        }
        self.enter(&path, is_array)
    }

    /// One part of a key, bare or quoted.
    fn key_part(&mut self) -> Read<String> {
        match self.peek() {
            Some('"') => {
                self.position += 1;
                self.basic_string()
            }
            Some('\'') => {
                self.position += 1;
                self.literal_string()
            }
            _ => {
                let length = self.rest().find(|next| !is_bare(next)).unwrap_or(self.rest().len());
                let part = self.rest()[..length].to_owned();
                self.position += length;
                Ok(part)
            }
        }
    }

    /// The path of a key, up to the `=`.
    fn key(&mut self) -> Read<Vec<String>> {
        let mut path = Vec::new();
        loop {
            self.skip_blanks();
            match self.peek() {
                Some('=') if path.is_empty() => return Err("unexpected '=': key name appears blank".to_owned()),
                Some('=') => return Err("unexpected '='".to_owned()),
                Some('.') => return Err("unexpected '.': keys cannot start with a '.'".to_owned()),
                _ => path.push(self.key_part()?),
            }
            self.skip_blanks();
            match self.peek() {
                Some('.') => self.position += 1,
                Some('=') => {
                    self.position += 1;
                    return Ok(path);
                }
                None => return Err("unexpected EOF; expected key separator '='".to_owned()),
                other => return Err(format!("expected '.' or '=', but got {} instead", shown(other))),
            }
        }
    }

    /// A key and its value in the current table.
    fn entry(&mut self, depth: usize) -> Read<()> {
        let path = self.key()?;
        let Some((last, parents)) = path.split_last() else {
            return Ok(());
        };
        self.current.clone_from(last);
        let outer = self.context.clone();
        for index in 1..=parents.len() {
            let table: Vec<String> = outer.iter().chain(&parents[..index]).cloned().collect();
            self.implicit.insert(table.clone());
            self.enter(&table, false)?;
        }
        self.skip_blanks();
        let value = self.value(depth)?;
        self.set(last, value)
    }

    /// Makes a table the current one; it is made if it is not there.
    fn enter(&mut self, path: &[String], is_array: bool) -> Read<()> {
        let Some((last, parents)) = path.split_last() else {
            return Ok(());
        };
        let mut table = self.root.clone();
        for (index, part) in parents.iter().enumerate() {
            if !table.contains(part) {
                self.implicit.insert(path[..=index].to_vec());
                table.insert(part.as_str(), Value::Map(Map::new()));
            }
            table = match table.get(part) {
                Some(Value::Map(inner)) => inner,
                Some(Value::List(list)) if list.list_type().name == ListType::MAPS.name => last_table(&list),
                _ => {
                    let key = dotted(&path[..=index]);
                    return Err(format!("Key '{key}' was already created as a hash."));
                }
            };
        }
        self.context = parents.to_vec();
        if is_array {
            let mut tables = match table.get(last) {
                None => Vec::new(),
                Some(Value::List(list)) if list.list_type().name == ListType::MAPS.name => list.to_vec(),
                Some(_) => {
                    let key = dotted(path);
                    return Err(format!(
                        "Key '{key}' was already created and cannot be used as an array."
                    ));
                }
            };
            tables.push(Value::Map(Map::new()));
            table.insert(last.as_str(), Value::List(List::typed(ListType::MAPS, tables)));
            self.implicit.retain(|other| !other.starts_with(path));
        } else {
            self.set(last, Value::Map(Map::new()))?;
        }
        self.context.push(last.clone());
        Ok(())
    }

    /// Sets a key of the current table.
    fn set(&mut self, key: &str, value: Value) -> Read<()> {
        let defined = |path: &[String]| Err(format!("Key '{}' has already been defined.", dotted(path)));
        let mut table = self.root.clone();
        for (index, part) in self.context.iter().enumerate() {
            table = match table.get(part) {
                Some(Value::Map(inner)) => inner,
                Some(Value::List(list)) if list.list_type().name == ListType::MAPS.name => last_table(&list),
                _ => return defined(&self.context[..=index]),
            };
        }
        let mut path = self.context.clone();
        path.push(key.to_owned());
        if table.contains(key) {
            return if self.implicit.remove(&path) {
                Ok(())
            } else {
                defined(&path)
            };
        }
        table.insert(key, value);
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Read<Value> {
        if depth > MAX_DEPTH {
            return Err("arrays and tables nest too deeply".to_owned());
        }
        match self.peek() {
            None => Err("unexpected EOF; expected value".to_owned()),
            Some('[') => crate::template::with_stack(depth, || self.array(depth)),
            Some('{') => crate::template::with_stack(depth, || self.inline_table(depth)),
            Some('"') if self.take("\"\"\"") => self.long_string("\"\"\"", true),
            Some('\'') if self.take("'''") => self.long_string("'''", false),
            Some('"') => {
                self.position += 1;
                self.basic_string().map(Value::from)
            }
            Some('\'') => {
                self.position += 1;
                self.literal_string().map(Value::from)
            }
            Some('.') => Err("floats must start with a digit, not '.'".to_owned()),
            Some('+' | '-' | '0'..='9') => self.number(),
            Some(character) if character.is_alphabetic() => {
                let length = self
                    .rest()
                    .find(|next: char| !next.is_alphanumeric())
                    .unwrap_or(self.rest().len());
                let word = &self.rest()[..length];
                let value = match word {
                    "true" => Value::Bool(true),
                    "false" => Value::Bool(false),
                    "inf" => Value::Float(f64::INFINITY),
                    "nan" => Value::Float(f64::NAN),
                    _ => return Err(format!("expected value but found {} instead", quote(word.as_bytes()))),
                };
                self.position += length;
                Ok(value)
            }
            other => Err(format!("expected value but found {} instead", shown(other))),
        }
    }

    fn array(&mut self, depth: usize) -> Read<Value> {
        self.position += 1;
        let mut items = Vec::new();
        loop {
            self.skip_lines()?;
            match self.peek() {
                Some(']') => break,
                Some(',') => return Err("unexpected comma".to_owned()),
                _ => items.push(self.value(depth + 1)?),
            }
            self.skip_lines()?;
            match self.peek() {
                Some(',') => self.position += 1,
                Some(']') => break,
                other => {
                    let got = other.map_or("end of file".to_owned(), |_| shown(other));
                    return Err(format!(
                        "expected a comma (',') or array terminator (']'), but got {got}"
                    ));
                }
            }
        }
        self.position += 1;
        Ok(Value::list(items))
    }

    fn inline_table(&mut self, depth: usize) -> Read<Value> {
        self.position += 1;
        // Keys of the table are set in a document of its own, under the path that errors show.
        let outer_current = std::mem::take(&mut self.current);
        let outer_context = self.context.clone();
        let outer_root = std::mem::take(&mut self.root);
        let outer_implicit = std::mem::take(&mut self.implicit);
        let mut path = outer_context.clone();
        path.push(outer_current.clone());
        self.context.clear();
        for index in 1..=path.len() {
            self.implicit.insert(path[..index].to_vec());
        }
        self.enter(&path, false)?;
        self.implicit.clear();
        loop {
            self.skip_lines()?;
            match self.peek() {
                Some('}') => break,
                Some(',') => return Err("unexpected comma".to_owned()),
                _ => {}
            }
            self.entry(depth + 1)?;
            self.context.clone_from(&path);
            self.skip_lines()?;
            match self.peek() {
                Some(',') => self.position += 1,
                Some('}') => break,
                other => {
                    let got = other.map_or("end of file".to_owned(), |_| shown(other));
                    return Err(format!(
                        "expected a comma or an inline table terminator '}}', but got {got} instead"
                    ));
                }
            }
            self.current.clear();
        }
        self.position += 1;
        let table = path
            .iter()
            .try_fold(self.root.clone(), |table, part| match table.get(part) {
                Some(Value::Map(inner)) => Some(inner),
                _ => None,
            });
        self.root = outer_root;
        self.implicit = outer_implicit;
        self.context = outer_context;
        self.current = outer_current;
        Ok(Value::Map(table.unwrap_or_default()))
    }

    fn literal_string(&mut self) -> Read<String> {
        let mut text = String::new();
        loop {
            self.refuse_control(self.peek())?;
            match self.peek() {
                None => return Err("unexpected EOF; expected \"'\"".to_owned()),
                Some('\n') => return Err("strings cannot contain newlines".to_owned()),
                Some('\'') => break,
                Some(character) => text.push(character),
            }
            self.next();
        }
        self.position += 1;
        Ok(text)
    }

    fn basic_string(&mut self) -> Read<String> {
        let mut text = String::new();
        loop {
            self.refuse_control(self.peek())?;
            match self.peek() {
                None => return Err("unexpected EOF; expected '\"'".to_owned()),
                Some('\n') => return Err("strings cannot contain newlines".to_owned()),
                Some('"') => break,
                Some('\\') => text.push(self.escape()?),
                Some(character) => {
                    text.push(character);
                    self.next();
                }
            }
        }
        self.position += 1;
        Ok(text)
    }

    /// A string between three quotation marks; its first newline does not belong to it.
    fn long_string(&mut self, mark: &str, escapes: bool) -> Read<Value> {
        if !self.take("\n") {
            self.take("\r\n");
        }
        let quotation = mark.chars().next().unwrap_or('"');
        let mut text = String::new();
        loop {
            self.refuse_control(self.peek())?;
            if self.rest().starts_with(mark) {
                // Up to two more marks belong to the text.
                let marks = self.rest().chars().take_while(|next| *next == quotation).count().min(5);
                text.extend(std::iter::repeat_n(quotation, marks - 3));
                self.position += marks;
                return Ok(Value::from(text));
            }
            match self.peek() {
                None if escapes => return Err("unexpected EOF; expected '\"\"\"'".to_owned()),
                None => return Err("unexpected EOF; expected \"'''\"".to_owned()),
                Some('\\') if escapes => {
                    let after = self.rest()[1..].trim_start_matches([' ', '\t', '\r']);
                    if after.starts_with('\n') {
                        self.position += 1;
                        while self.peek().is_some_and(|next| matches!(next, ' ' | '\t' | '\r' | '\n')) {
                            self.next();
                        }
                    } else {
                        text.push(self.escape()?);
                    }
                }
                Some('\r') if self.rest().starts_with("\r\n") => {
                    self.next();
                }
                Some(character) => {
                    text.push(character);
                    self.next();
                }
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        self.position += 1;
        let Some(escaped) = self.next() else {
            // That library takes the end for a character, and counts a line less there.
            self.line -= 1;
            return Err("invalid escape in string '\\\0'".to_owned());
        };
        let (count, name) = match escaped {
            'b' => return Ok('\u{8}'),
            't' => return Ok('\t'),
            'n' => return Ok('\n'),
            'f' => return Ok('\u{c}'),
            'r' => return Ok('\r'),
            'e' => return Ok('\u{1b}'),
            '"' | '\\' => return Ok(escaped),
            'x' => (2, "two"),
            'u' => (4, "four"),
            'U' => (8, "eight"),
            _ => return Err(format!("invalid escape in string '\\{escaped}'")),
        };
        let digits: String = self.rest().chars().take(count).collect();
        let valid = digits.len() == count && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let code = valid.then(|| u32::from_str_radix(&digits, 16).ok()).flatten();
        let Some(code) = code else {
            let wrong = digits
                .find(|digit: char| !digit.is_ascii_hexdigit())
                .map_or(digits.len(), |at| at + 1);
            let got = quote(format!("\\{escaped}{}", &digits[..wrong.min(digits.len())]).as_bytes());
            return Err(format!(
                "expected {name} hexadecimal digits after '\\{escaped}', but got {got} instead"
            ));
        };
        self.position += count;
        char::from_u32(code).ok_or_else(|| format!("Escaped character '\\{escaped}{digits}' is not valid UTF-8."))
    }
}

/// The table that `[[table]]` made last.
fn last_table(tables: &List) -> Map {
    match tables.items().last() {
        Some(Value::Map(table)) => table.clone(),
        _ => Map::new(),
    }
}
