//! JSON as Go's `encoding/json` prints it: maps sorted by key, struct fields as declared, `<`, `>`, `&`, U+2028 and U+2029
//! escaped, floats in the shortest form with Go's exponents. Deployment IDs and content names are hashes of these bytes.
//!
//! Invariant: the order in which a map iterates never shows, whatever features `serde_json` is built with.

mod serializer;

use serde::Serialize;
use serde_json::{Number, Value};

use super::YamlError;
use super::number::format_json;

/// How JSON is printed. The default is `json.Marshal`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JsonOptions<'a> {
    /// Escape `<`, `>` and `&`, so that the text can stand in HTML (`SetEscapeHTML`).
    pub escape_html: bool,
    /// Line breaks, and this before each nested level (`json.MarshalIndent` with an empty prefix).
    pub indent: Option<&'a str>,
}

impl Default for JsonOptions<'_> {
    fn default() -> Self {
        Self {
            escape_html: true,
            indent: None,
        }
    }
}

impl<'a> JsonOptions<'a> {
    /// Leaves `<`, `>` and `&` as they are.
    pub fn raw_html(mut self) -> Self {
        self.escape_html = false;
        self
    }

    /// Breaks lines and indents.
    pub fn indent(mut self, indent: &'a str) -> Self {
        self.indent = Some(indent);
        self
    }
}

/// `json.Marshal` of an untyped value.
pub fn to_string(value: &Value) -> String {
    to_string_with(value, JsonOptions::default())
}

/// `json.MarshalIndent(value, "", "  ")`.
pub fn to_string_pretty(value: &Value) -> String {
    to_string_with(value, JsonOptions::default().indent("  "))
}

/// An untyped value with options.
pub fn to_string_with(value: &Value, options: JsonOptions<'_>) -> String {
    let mut writer = Writer {
        out: String::new(),
        options,
        level: 0,
    };
    writer.value(value);
    writer.out
}

/// `json.Marshal` of a typed value: fields in the order of their declaration, maps sorted.
///
/// A struct with `#[serde(flatten)]` keeps the order of its fields too.
///
/// # Errors
/// NaN, infinities, and keys that JSON has no form for.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, YamlError> {
    to_string_typed(value, JsonOptions::default()).map(String::into_bytes)
}

/// A typed value with options.
///
/// # Errors
/// As of [`to_vec`].
pub fn to_string_typed<T: Serialize + ?Sized>(value: &T, options: JsonOptions<'_>) -> Result<String, YamlError> {
    let mut writer = Writer {
        out: String::new(),
        options,
        level: 0,
    };
    value
        .serialize(serializer::Serializer { writer: &mut writer })
        .map_err(|error| error.0)?;
    Ok(writer.out)
}

struct Writer<'a> {
    out: String,
    options: JsonOptions<'a>,
    level: usize,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Value::Number(number) => self.number(number),
            Value::String(text) => self.string(text),
            Value::Array(items) => {
                self.open('[');
                for (index, item) in items.iter().enumerate() {
                    self.separate(index == 0);
                    self.value(item);
                }
                self.close(']', items.is_empty());
            }
            Value::Object(map) => {
                let mut entries: Vec<_> = map.iter().collect();
                entries.sort_unstable_by_key(|(key, _)| key.as_str());
                self.open('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    self.separate(index == 0);
                    self.key(key);
                    self.value(value);
                }
                self.close('}', entries.is_empty());
            }
        }
    }

    fn number(&mut self, number: &Number) {
        if let Some(value) = number.as_i64() {
            self.out.push_str(&value.to_string());
        } else if let Some(value) = number.as_u64() {
            self.out.push_str(&value.to_string());
        } else if let Some(text) = number.as_f64().and_then(format_json) {
            self.out.push_str(&text);
        } else {
            // Only numbers of `arbitrary_precision` come here: their own text is what there is.
            self.out.push_str(&number.to_string());
        }
    }

    fn open(&mut self, bracket: char) {
        self.out.push(bracket);
        self.level += 1;
    }

    fn separate(&mut self, first: bool) {
        if !first {
            self.out.push(',');
        }
        self.line();
    }

    fn close(&mut self, bracket: char, empty: bool) {
        self.level -= 1;
        if !empty {
            self.line();
        }
        self.out.push(bracket);
    }

    fn line(&mut self) {
        if let Some(indent) = self.options.indent {
            self.out.push('\n');
            for _ in 0..self.level {
                self.out.push_str(indent);
            }
        }
    }

    fn key(&mut self, key: &str) {
        self.string(key);
        self.out
            .push_str(if self.options.indent.is_some() { ": " } else { ":" });
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        let mut begin = 0;
        for (index, c) in text.char_indices() {
            let escape = match c {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\u{8}' => "\\b",
                '\u{c}' => "\\f",
                '<' if self.options.escape_html => "\\u003c",
                '>' if self.options.escape_html => "\\u003e",
                '&' if self.options.escape_html => "\\u0026",
                '\u{2028}' => "\\u2028",
                '\u{2029}' => "\\u2029",
                '\0'..='\u{1f}' => "",
                _ => continue,
            };
            self.out.push_str(&text[begin..index]);
            if escape.is_empty() {
                self.out.push_str(&format!("\\u{:04x}", u32::from(c)));
            } else {
                self.out.push_str(escape);
            }
            begin = index + c.len_utf8();
        }
        self.out.push_str(&text[begin..]);
        self.out.push('"');
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::*;

    #[test]
    fn untyped_values() {
        let value = json!({"b": [1, 1.0, 1e21, 1e-7, -0.0], "a": "<a&b>\u{2028}\u{1}\u{7f}\u{8}é", "e": {}, "f": []});
        assert_eq!(
            to_string(&value),
            "{\"a\":\"\\u003ca\\u0026b\\u003e\\u2028\\u0001\u{7f}\\bé\",\"b\":[1,1,1e+21,1e-7,-0],\"e\":{},\"f\":[]}"
        );
        assert_eq!(to_string_with(&json!("<"), JsonOptions::default().raw_html()), "\"<\"");
        assert_eq!(
            to_string_pretty(&json!({"a": [1, {}], "b": []})),
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}"
        );
    }

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Typed {
        zeta: u8,
        #[serde(skip_serializing_if = "Option::is_none")]
        alpha: Option<String>,
        map: HashMap<u32, f64>,
        #[serde(flatten)]
        rest: Rest,
        any: Value,
        kind: Kind,
    }

    #[derive(Serialize)]
    struct Rest {
        y: (),
        x: (u8, char),
    }

    #[derive(Serialize)]
    enum Kind {
        Unit,
        Tuple(u8, u8),
        Struct { a: i64 },
    }

    #[test]
    fn typed_values_keep_their_order_and_maps_do_not() {
        let mut value = Typed {
            zeta: 1,
            alpha: None,
            map: HashMap::from([(10, 1.0), (9, 0.5)]),
            rest: Rest { y: (), x: (1, '<') },
            any: json!({"b": 1, "a": 2.0}),
            kind: Kind::Unit,
        };
        let text = |value: &Typed| String::from_utf8(to_vec(value).expect("serializable")).expect("UTF-8");
        assert_eq!(
            text(&value),
            r#"{"zeta":1,"map":{"10":1,"9":0.5},"y":null,"x":[1,"\u003c"],"any":{"a":2,"b":1},"kind":"Unit"}"#
        );
        value.alpha = Some("é".to_owned());
        value.kind = Kind::Tuple(1, 2);
        assert!(text(&value).contains(r#""alpha":"é""#));
        assert!(text(&value).ends_with(r#""kind":{"Tuple":[1,2]}}"#));
        value.kind = Kind::Struct { a: -1 };
        assert!(text(&value).ends_with(r#""kind":{"Struct":{"a":-1}}}"#));
        assert!(to_vec(&f64::NAN).is_err());
    }
}
