//! Bytes to text, as go-yaml's reader decodes them: UTF-8, or UTF-16 with a byte order mark.

use std::borrow::Cow;

use super::YamlError;

/// Decodes the bytes of a YAML file. A UTF-8 byte order mark stays in the text, which [`super::read`] and the others skip.
///
/// # Errors
/// go-yaml's words for what is not in the encoding.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, YamlError> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes).map(Cow::Owned),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes).map(Cow::Owned),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Cow::Borrowed(text)),
            Err(error) => {
                let rest = &bytes[error.valid_up_to()..];
                Err(YamlError::Encoding(utf8_problem(rest, error.error_len())))
            }
        },
    }
}

fn utf8_problem(rest: &[u8], length: Option<usize>) -> &'static str {
    match (rest.first(), length) {
        (Some(0x80..=0xbf | 0xf8..), _) | (None, _) => "invalid leading UTF-8 octet",
        (_, None) => "incomplete UTF-8 octet sequence",
        // go-yaml wants all octets that the first one announces before it looks at any.
        (Some(first), _) if (first.leading_ones() as usize) > rest.len() => "incomplete UTF-8 octet sequence",
        (Some(0xc0 | 0xc1), _) => "invalid length of a UTF-8 sequence",
        (Some(0xe0), _) if rest.get(1).is_some_and(|next| (0x80..0xa0).contains(next)) => {
            "invalid length of a UTF-8 sequence"
        }
        (Some(0xf0), _) if rest.get(1).is_some_and(|next| (0x80..0x90).contains(next)) => {
            "invalid length of a UTF-8 sequence"
        }
        (Some(0xed), _) if rest.get(1).is_some_and(|next| (0xa0..0xc0).contains(next)) => "invalid Unicode character",
        (Some(0xf4), _) if rest.get(1).is_some_and(|next| (0x90..0xc0).contains(next)) => "invalid Unicode character",
        (Some(0xf5..=0xf7), _) => "invalid Unicode character",
        _ => "invalid trailing UTF-8 octet",
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, YamlError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(YamlError::Encoding("incomplete UTF-16 character"));
    }
    char::decode_utf16(pairs.iter().map(|pair| unit(*pair)))
        .collect::<Result<String, _>>()
        .map_err(|_| YamlError::Encoding("unexpected low surrogate area"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        assert_eq!(decode(b"a: \xc3\xa9").as_deref(), Ok("a: é"));
        assert_eq!(decode(b"\xff\xfea\0:\0").as_deref(), Ok("a:"));
        assert_eq!(decode(b"\xfe\xff\0a").as_deref(), Ok("a"));
        assert_eq!(decode(b"\xff"), Err(YamlError::Encoding("invalid leading UTF-8 octet")));
        assert_eq!(
            decode(b"a\xc3"),
            Err(YamlError::Encoding("incomplete UTF-8 octet sequence"))
        );
        assert_eq!(
            decode(b"a\xe9\n"),
            Err(YamlError::Encoding("incomplete UTF-8 octet sequence"))
        );
        assert_eq!(
            decode(b"a\xe9\n\n"),
            Err(YamlError::Encoding("invalid trailing UTF-8 octet"))
        );
    }
}
