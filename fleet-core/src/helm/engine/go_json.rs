//! JSON as Go's `encoding/json` reads and writes it: `fromJson` shows its error texts, `toJson` its order of struct fields.

use serde_json::Value;

use crate::template;
use crate::yaml::number::format_json;

/// Deeper values are refused, as Go refuses them (it does so at 10,000).
const MAX_DEPTH: usize = 10_000;

/// Reads one value, and nothing after it.
pub(crate) fn read(text: &str) -> Result<Value, String> {
    match serde_json::from_str(text) {
        Ok(value) => Ok(value),
        Err(error) => {
            let mut scanner = Scanner {
                characters: text.chars(),
                depth: 0,
            };
            Err(scanner.document().err().unwrap_or_else(|| error.to_string()))
        }
    }
}

/// Writes a value of a template: keys of maps sorted, fields of structs in their order, `<`, `>` and `&` escaped.
pub(super) fn write(value: &template::Value) -> Result<String, String> {
    let mut out = String::new();
    write_value(&mut out, value, 0)?;
    Ok(out)
}

/// Deeper values are cyclic, or made to exhaust the stack.
const MAX_WRITTEN_DEPTH: usize = 1000;

fn write_value(out: &mut String, value: &template::Value, depth: usize) -> Result<(), String> {
    use template::Value;
    if depth > MAX_WRITTEN_DEPTH {
        return Err(format!(
            "json: unsupported value: encountered a cycle via {}",
            value.type_name()
        ));
    }
    match value {
        Value::Nil => out.push_str("null"),
        Value::Text(text) => write_string(out, &text.to_str()),
        Value::Float(number) => match format_json(*number) {
            Some(text) => out.push_str(&text),
            None => return value.to_json().map(|_| ()),
        },
        Value::Bool(_) | Value::Int(_) | Value::Int64(_) | Value::Uint8(_) | Value::Uint64(_) => {
            out.push_str(&value.to_json()?.to_string());
        }
        Value::List(list) => {
            out.push('[');
            for (index, item) in list.items().iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                nested(out, item, depth)?;
            }
            out.push(']');
        }
        Value::Map(map) if map.map_type().nil && map.is_empty() => out.push_str("null"),
        Value::Map(map) => {
            out.push('{');
            for (index, (key, item)) in map.entries().iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write_string(out, &key.to_str());
                out.push(':');
                nested(out, item, depth)?;
            }
            out.push('}');
        }
        other => match super::capabilities::json_fields(other) {
            Some(fields) => {
                out.push('{');
                for (index, (key, item)) in fields.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    write_string(out, key);
                    out.push(':');
                    nested(out, item, depth)?;
                }
                out.push('}');
            }
            None => out.push_str(&crate::yaml::json::to_string(&other.to_json()?)),
        },
    }
    Ok(())
}

fn nested(out: &mut String, value: &template::Value, depth: usize) -> Result<(), String> {
    template::with_stack(depth, || write_value(out, value, depth + 1))
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Walks a text as Go's scanner does, only to find what is wrong with it.
struct Scanner<'a> {
    characters: std::str::Chars<'a>,
    depth: usize,
}

type Step<T = ()> = Result<T, String>;

/// A character in single quotes, as Go prints it here.
fn quoted(character: char) -> String {
    match character {
        '\'' => r"'\''".to_owned(),
        '"' => "'\"'".to_owned(),
        other => {
            let text = crate::template::quote::quote(other.encode_utf8(&mut [0; 4]).as_bytes());
            format!("'{}'", &text[1..text.len() - 1])
        }
    }
}

fn invalid<T>(character: Option<char>, context: &str) -> Step<T> {
    match character {
        None => Err("unexpected end of JSON input".to_owned()),
        Some(character) => Err(format!("invalid character {} {context}", quoted(character))),
    }
}

impl Scanner<'_> {
    fn next(&mut self) -> Option<char> {
        self.characters.next()
    }

    fn peek(&self) -> Option<char> {
        self.characters.clone().next()
    }

    /// The next character that is no white space.
    fn token(&mut self) -> Option<char> {
        self.characters
            .find(|character| !matches!(character, ' ' | '\t' | '\r' | '\n'))
    }

    fn document(&mut self) -> Step {
        let first = self.token();
        self.value(first)?;
        match self.token() {
            None => Ok(()),
            extra => invalid(extra, "after top-level value"),
        }
    }

    fn value(&mut self, first: Option<char>) -> Step {
        match first {
            Some('{') => self.nested(Self::object),
            Some('[') => self.nested(Self::array),
            Some('"') => self.string(),
            Some('t') => self.literal("true"),
            Some('f') => self.literal("false"),
            Some('n') => self.literal("null"),
            Some(digit @ ('-' | '0'..='9')) => self.number(digit),
            other => invalid(other, "looking for beginning of value"),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Step) -> Step {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("exceeded max depth".to_owned());
        }
        template::with_stack(self.depth, || read(self))?;
        self.depth -= 1;
        Ok(())
    }

    fn object(&mut self) -> Step {
        let mut token = self.token();
        if token == Some('}') {
            return Ok(());
        }
        loop {
            match token {
                Some('"') => self.string()?,
                other => return invalid(other, "looking for beginning of object key string"),
            }
            match self.token() {
                Some(':') => {}
                other => return invalid(other, "after object key"),
            }
            let first = self.token();
            self.value(first)?;
            match self.token() {
                Some(',') => token = self.token(),
                Some('}') => return Ok(()),
                other => return invalid(other, "after object key:value pair"),
            }
        }
    }

    fn array(&mut self) -> Step {
        let mut token = self.token();
        if token == Some(']') {
            return Ok(());
        }
        loop {
            self.value(token)?;
            match self.token() {
                Some(',') => token = self.token(),
                Some(']') => return Ok(()),
                other => return invalid(other, "after array element"),
            }
        }
    }

    fn string(&mut self) -> Step {
        loop {
            match self.next() {
                Some('"') => return Ok(()),
                Some('\\') => match self.next() {
                    Some('b' | 'f' | 'n' | 'r' | 't' | '\\' | '/' | '"') => {}
                    Some('u') => {
                        for _ in 0..4 {
                            match self.next() {
                                Some(digit) if digit.is_ascii_hexdigit() => {}
                                other => return invalid(other, "in \\u hexadecimal character escape"),
                            }
                        }
                    }
                    other => return invalid(other, "in string escape code"),
                },
                Some(control) if control < ' ' => return invalid(Some(control), "in string literal"),
                Some(_) => {}
                None => return invalid(None, ""),
            }
        }
    }

    fn literal(&mut self, word: &str) -> Step {
        for expected in word.chars().skip(1) {
            match self.next() {
                Some(character) if character == expected => {}
                other => return invalid(other, &format!("in literal {word} (expecting {})", quoted(expected))),
            }
        }
        Ok(())
    }

    fn number(&mut self, first: char) -> Step {
        let mut digit = first;
        if first == '-' {
            match self.next() {
                Some(found @ '0'..='9') => digit = found,
                other => return invalid(other, "in numeric literal"),
            }
        }
        if digit != '0' {
            self.digits();
        }
        if self.peek() == Some('.') {
            self.next();
            match self.next() {
                Some('0'..='9') => self.digits(),
                other => return invalid(other, "after decimal point in numeric literal"),
            }
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            self.next();
            if matches!(self.peek(), Some('+' | '-')) {
                self.next();
            }
            match self.next() {
                Some('0'..='9') => self.digits(),
                other => return invalid(other, "in exponent of numeric literal"),
            }
        }
        Ok(())
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some('0'..='9')) {
            self.next();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn errors_are_worded_as_by_go() {
        let error = |text: &str| read(text).expect_err("not JSON");
        assert_eq!(error(""), "unexpected end of JSON input");
        assert_eq!(
            error("{a}"),
            "invalid character 'a' looking for beginning of object key string"
        );
        assert_eq!(error("[1 2]"), "invalid character '2' after array element");
        assert_eq!(error("tru"), "unexpected end of JSON input");
        assert_eq!(error("trux"), "invalid character 'x' in literal true (expecting 'e')");
        assert_eq!(error("1 x"), "invalid character 'x' after top-level value");
        assert_eq!(error("\"\n\""), "invalid character '\\n' in string literal");
    }
}
