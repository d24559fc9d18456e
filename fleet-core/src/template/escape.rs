//! Go's `html`, `js` and `urlquery`.

use std::fmt::Write;

use super::format::sprint;
use super::text::Text;
use super::unicode::is_print;
use super::value::Value;

/// What these functions escape: the one text given, or all arguments printed; nothing prints as `<no value>`.
fn joined(arguments: &[Value]) -> Text {
    if let [Value::Text(text)] = arguments {
        return text.clone();
    }
    let printable: Vec<Value> = arguments
        .iter()
        .map(|argument| {
            if argument.is_nil() {
                Value::text("<no value>")
            } else {
                argument.clone()
            }
        })
        .collect();
    sprint(&printable)
}

pub(super) fn html(arguments: &[Value]) -> Text {
    let text = joined(arguments);
    let mut escaped = Vec::with_capacity(text.len());
    for byte in text.as_bytes() {
        match byte {
            0 => escaped.extend_from_slice("\u{fffd}".as_bytes()),
            b'"' => escaped.extend_from_slice(b"&#34;"),
            b'\'' => escaped.extend_from_slice(b"&#39;"),
            b'&' => escaped.extend_from_slice(b"&amp;"),
            b'<' => escaped.extend_from_slice(b"&lt;"),
            b'>' => escaped.extend_from_slice(b"&gt;"),
            _ => escaped.push(*byte),
        }
    }
    escaped.into()
}

pub(super) fn javascript(arguments: &[Value]) -> Text {
    let text = joined(arguments);
    let mut escaped = String::with_capacity(text.len());
    for chunk in text.as_bytes().utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => escaped.push_str("\\\\"),
                '\'' => escaped.push_str("\\'"),
                '"' => escaped.push_str("\\\""),
                '<' | '>' | '&' | '=' | '\0'..='\u{1f}' => {
                    let _ = write!(escaped, "\\u{:04X}", u32::from(character));
                }
                _ if character.is_ascii() || is_print(character) => escaped.push(character),
                _ => {
                    let _ = write!(escaped, "\\u{:04X}", u32::from(character));
                }
            }
        }
        // Go decodes these bytes to U+FFFD, which is printable, and copies them.
        escaped.extend(std::iter::repeat_n('\u{fffd}', chunk.invalid().len()));
    }
    escaped.into()
}

pub(super) fn url_query(arguments: &[Value]) -> Text {
    let mut escaped = String::new();
    for byte in joined(arguments).as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => escaped.push(char::from(*byte)),
            b' ' => escaped.push('+'),
            _ => {
                let _ = write!(escaped, "%{byte:02X}");
            }
        }
    }
    escaped.into()
}
