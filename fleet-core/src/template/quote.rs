//! Go's quoted strings: `strconv.Quote` and its relatives, and reading them back.

use std::fmt::Write;

use super::text::Text;
use super::unicode::is_print;

/// Go's `strconv.Quote`.
pub fn quote(text: &[u8]) -> String {
    quote_with(text, '"', false)
}

/// Go's `strconv.Quote`, or with `ascii` its `QuoteToASCII`, in the given quotation marks.
pub(crate) fn quote_with(text: &[u8], mark: char, ascii: bool) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(mark);
    for chunk in text.utf8_chunks() {
        chunk
            .valid()
            .chars()
            .for_each(|character| escape(&mut quoted, character, mark, ascii));
        for byte in chunk.invalid() {
            let _ = write!(quoted, "\\x{byte:02x}");
        }
    }
    quoted.push(mark);
    quoted
}

/// Go's `strconv.QuoteRune`.
pub(crate) fn quote_character(code: i64, ascii: bool) -> String {
    let character = u32::try_from(code).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
    let mut quoted = String::from("'");
    escape(&mut quoted, character, '\'', ascii);
    quoted.push('\'');
    quoted
}

fn escape(quoted: &mut String, character: char, mark: char, ascii: bool) {
    match character {
        _ if character == mark || character == '\\' => {
            quoted.push('\\');
            quoted.push(character);
        }
        '\u{7}' => quoted.push_str("\\a"),
        '\u{8}' => quoted.push_str("\\b"),
        '\u{c}' => quoted.push_str("\\f"),
        '\n' => quoted.push_str("\\n"),
        '\r' => quoted.push_str("\\r"),
        '\t' => quoted.push_str("\\t"),
        '\u{b}' => quoted.push_str("\\v"),
        _ if is_print(character) && (!ascii || character.is_ascii()) => quoted.push(character),
        _ => {
            let code = u32::from(character);
            let _ = match code {
                0..0x20 | 0x7f => write!(quoted, "\\x{code:02x}"),
                0x20..0x10000 => write!(quoted, "\\u{code:04x}"),
                _ => write!(quoted, "\\U{code:08x}"),
            };
        }
    }
}

/// Go's `strconv.CanBackquote`: whether `%#q` may use a raw string.
pub(crate) fn can_backquote(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| {
        text.chars().all(|character| {
            character != '\u{feff}'
                && character != '`'
                && character != '\u{7f}'
                && (character >= ' ' || character == '\t')
        })
    })
}

/// Quotes a text, of which only so many characters are shown: `"abc"...`.
pub(super) fn quote_prefix(text: &str, characters: usize) -> String {
    if text.len() <= characters {
        return quote(text.as_bytes());
    }
    let shown: String = text.chars().take(characters).collect();
    format!("{}...", quote(shown.as_bytes()))
}

/// A character as Go's `%#U` prints it; the end of the text is -1 there.
pub(super) fn character_code(character: Option<char>) -> String {
    match character {
        None => "U+FFFFFFFFFFFFFFFF".to_owned(),
        Some(character) if is_print(character) => format!("U+{:04X} '{character}'", u32::from(character)),
        Some(character) => format!("U+{:04X}", u32::from(character)),
    }
}

/// Go's `strconv.Unquote` for strings in `"` and raw strings.
pub(super) fn unquote(quoted: &str) -> Option<Text> {
    if let Some(raw) = quoted.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) {
        return Some(raw.replace('\r', "").into());
    }
    let mut rest = quoted.strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr2(b'\\', b'"', rest.as_bytes()).is_none() {
        return Some(rest.into());
    }
    let mut bytes = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let (unit, length) = unquote_unit(rest, '"')?;
        match unit {
            Unit::Byte(byte) => bytes.push(byte),
            Unit::Character(character) => {
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        rest = &rest[length..];
    }
    Some(Text::from_bytes(bytes))
}

/// The code of a character constant, such as `'a'`; none if it is malformed.
pub(super) fn unquote_character(quoted: &str) -> Result<i64, String> {
    let malformed = || format!("malformed character constant: {quoted}");
    let rest = quoted.strip_prefix('\'').ok_or_else(malformed)?;
    let (unit, length) = unquote_unit(rest, '\'').ok_or("invalid syntax")?;
    if &rest[length..] != "'" {
        return Err(malformed());
    }
    Ok(match unit {
        Unit::Byte(byte) => i64::from(byte),
        Unit::Character(character) => i64::from(u32::from(character)),
    })
}

enum Unit {
    /// From `\x` or octal escapes.
    Byte(u8),
    Character(char),
}

/// The first character or escape of a text, and its length.
fn unquote_unit(text: &str, mark: char) -> Option<(Unit, usize)> {
    let first = text.chars().next()?;
    if first == mark {
        return None;
    }
    if first != '\\' {
        return Some((Unit::Character(first), first.len_utf8()));
    }
    let escape = text[1..].chars().next()?;
    let hexadecimal = |digits: usize| {
        let digits = text.get(2..2 + digits)?;
        let valid = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        valid.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
    };
    let simple = match escape {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '\\' => '\\',
        '\'' | '"' if escape == mark => escape,
        'x' => return Some((Unit::Byte(u8::try_from(hexadecimal(2)?).ok()?), 4)),
        'u' => return Some((Unit::Character(char::from_u32(hexadecimal(4)?)?), 6)),
        'U' => return Some((Unit::Character(char::from_u32(hexadecimal(8)?)?), 10)),
        '0'..='7' => {
            let digits = text.get(1..4)?;
            let valid = digits.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
            let code = valid.then(|| u32::from_str_radix(digits, 8).ok()).flatten()?;
            return Some((Unit::Byte(u8::try_from(code).ok()?), 4));
        }
        _ => return None,
    };
    Some((Unit::Character(simple), 2))
}
