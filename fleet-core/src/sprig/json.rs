//! JSON of values, written and read as Go's `encoding/json` does it.

use crate::template::quote::{quote, quote_with};
use crate::template::{Context, FunctionError, Functions, List, Map, Text, Value};
use crate::yaml::json::{JsonOptions, to_string_with};

use super::arguments::{ANY, Outcome, TEXT, bytes};

/// Deeper texts than this are refused, as Go does.
const MAX_DEPTH: usize = 10_000;

pub(super) fn register(functions: &mut Functions) {
    let options = JsonOptions::default();
    for (name, options) in [("toJson", options), ("toPrettyJson", options.indent("  "))] {
        functions.register(name, ANY, move |context, arguments| {
            Ok(Value::text(encode(context, &arguments[0], options).unwrap_or_default()))
        });
    }
    for (name, options) in [
        ("mustToJson", options),
        ("mustToPrettyJson", options.indent("  ")),
        ("toRawJson", options.raw_html()),
        ("mustToRawJson", options.raw_html()),
    ] {
        functions.register(name, ANY, move |context, arguments| {
            Ok(Value::text(encode(context, &arguments[0], options)?))
        });
    }
    functions.register("fromJson", TEXT, |context, arguments| {
        context.charge_bytes(bytes(arguments, 0).len().saturating_mul(8))?;
        Ok(decode(bytes(arguments, 0)).unwrap_or_default())
    });
    functions.register("mustFromJson", TEXT, |context, arguments| {
        context.charge_bytes(bytes(arguments, 0).len().saturating_mul(8))?;
        decode(bytes(arguments, 0))
    });
}

fn encode(context: &mut Context<'_>, value: &Value, options: JsonOptions<'_>) -> Result<String, FunctionError> {
    let text = to_string_with(&value.to_json()?, options);
    context.charge_bytes(text.len())?;
    Ok(text)
}

/// Reads a JSON text as Go's `json.Unmarshal` into an `interface {}`: every number is a `float64`.
///
/// # Errors
/// Go's text.
pub fn decode(text: &[u8]) -> Outcome {
    let mut reader = Reader { text, position: 0 };
    reader.skip_space();
    let value = reader.value(0)?;
    reader.skip_space();
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.invalid("after top-level value")),
    }
}

struct Reader<'t> {
    text: &'t [u8],
    position: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.position).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.position += 1;
        }
    }

    /// The error of the byte at the position.
    fn invalid(&self, context: &str) -> FunctionError {
        // At the end Go tries a space: inside of a literal or a number that is what is wrong.
        let inside = [
            "in literal",
            "in numeric",
            "in exponent",
            "after decimal",
            "in string escape",
            "in \\u",
        ];
        let byte = match self.peek() {
            Some(byte) => byte,
            None if inside.iter().any(|part| context.starts_with(part)) => b' ',
            None => return "unexpected end of JSON input".into(),
        };
        // Go shows the byte as a character of its own.
        let shown = match byte {
            b'\'' => "'\\''".to_owned(),
            b'"' => "'\"'".to_owned(),
            _ => {
                let quoted = quote(char::from(byte).to_string().as_bytes());
                format!("'{}'", &quoted[1..quoted.len() - 1])
            }
        };
        format!("invalid character {shown} {context}").into()
    }

    fn value(&mut self, depth: usize) -> Outcome {
        if depth > MAX_DEPTH {
            return Err("exceeded max depth".into());
        }
        match self.peek() {
            Some(b'{') => crate::template::with_stack(depth, || self.object(depth)),
            Some(b'[') => crate::template::with_stack(depth, || self.array(depth)),
            Some(b'"') => Ok(Value::Text(self.string()?)),
            Some(b't') => self.literal("true", Value::Bool(true)),
            Some(b'f') => self.literal("false", Value::Bool(false)),
            Some(b'n') => self.literal("null", Value::Nil),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.invalid("looking for beginning of value")),
        }
    }

    fn literal(&mut self, literal: &str, value: Value) -> Outcome {
        for (index, expected) in literal.bytes().enumerate() {
            if self.peek() != Some(expected) {
                let expected = quote_with(&[expected], '\'', false);
                debug_assert!(index > 0, "because the first byte chose the literal");
                return Err(self.invalid(&format!("in literal {literal} (expecting {expected})")));
            }
            self.position += 1;
        }
        Ok(value)
    }

    fn digits(&mut self, context: &str) -> Result<(), FunctionError> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.invalid(context));
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.position += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Outcome {
        let start = self.position;
        if self.peek() == Some(b'-') {
            self.position += 1;
        }
        if self.peek() == Some(b'0') {
            self.position += 1;
        } else {
            self.digits("in numeric literal")?;
        }
        if self.peek() == Some(b'.') {
            self.position += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.position += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.position += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let text = String::from_utf8_lossy(&self.text[start..self.position]);
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Float(number)),
            _ => Err(format!("json: cannot unmarshal number {text} into Go value of type float64").into()),
        }
    }

    fn string(&mut self) -> Result<Text, FunctionError> {
        self.position += 1;
        let mut text = Vec::new();
        loop {
            match self.peek() {
                None => return Err(self.invalid("")),
                Some(b'"') => break,
                Some(0..=0x1f) => return Err(self.invalid("in string literal")),
                Some(b'\\') => {
                    self.position += 1;
                    self.escape(&mut text)?;
                }
                Some(byte) => {
                    text.push(byte);
                    self.position += 1;
                }
            }
        }
        self.position += 1;
        // Bytes that are no characters become U+FFFD.
        Ok(Text::from(Text::from_bytes(text).to_str()))
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), FunctionError> {
        let simple = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                self.position += 1;
                let mut code = self.hexadecimal()?;
                if (0xd800..0xdc00).contains(&code) && self.text[self.position..].starts_with(b"\\u") {
                    let before = self.position;
                    self.position += 2;
                    let low = self.hexadecimal()?;
                    if (0xdc00..0xe000).contains(&low) {
                        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                    } else {
                        self.position = before;
                    }
                }
                let character = char::from_u32(code).unwrap_or('\u{fffd}');
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return Err(self.invalid("in string escape code")),
        };
        text.push(simple);
        self.position += 1;
        Ok(())
    }

    fn hexadecimal(&mut self) -> Result<u32, FunctionError> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            code = code << 4 | digit.ok_or_else(|| self.invalid("in \\u hexadecimal character escape"))?;
            self.position += 1;
        }
        Ok(code)
    }

    fn array(&mut self, depth: usize) -> Outcome {
        self.position += 1;
        let mut items = Vec::new();
        self.skip_space();
        if self.peek() != Some(b']') {
            loop {
                self.skip_space();
                items.push(self.value(depth + 1)?);
                self.skip_space();
                match self.peek() {
                    Some(b',') => self.position += 1,
                    Some(b']') => break,
                    _ => return Err(self.invalid("after array element")),
                }
            }
        }
        self.position += 1;
        Ok(Value::List(List::new(items)))
    }

    fn object(&mut self, depth: usize) -> Outcome {
        self.position += 1;
        let object = Map::new();
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.position += 1;
            return Ok(Value::Map(object));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.invalid("looking for beginning of object key string"));
            }
            let key = self.string()?;
            self.skip_space();
            if self.peek() != Some(b':') {
                return Err(self.invalid("after object key"));
            }
            self.position += 1;
            self.skip_space();
            object.insert(key, self.value(depth + 1)?);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.position += 1,
                Some(b'}') => break,
                _ => return Err(self.invalid("after object key:value pair")),
            }
        }
        self.position += 1;
        Ok(Value::Map(object))
    }
}
