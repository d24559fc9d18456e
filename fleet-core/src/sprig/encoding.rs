//! Encodings and checksums: base64, base32, SHA, Adler-32.

use sha2::Digest;

use crate::template::{Functions, Text, Value};

use super::arguments::{TEXT, bytes};

pub(super) fn register(functions: &mut Functions) {
    functions.register("b64enc", TEXT, |_, arguments| {
        Ok(Value::text(base64(bytes(arguments, 0))))
    });
    functions.register("b64dec", TEXT, |_, arguments| {
        Ok(Value::Text(from_base64(bytes(arguments, 0)).unwrap_or_else(Text::from)))
    });
    functions.register("b32enc", TEXT, |_, arguments| {
        Ok(Value::text(to_base32(bytes(arguments, 0))))
    });
    functions.register("b32dec", TEXT, |_, arguments| {
        Ok(Value::Text(from_base32(bytes(arguments, 0)).unwrap_or_else(Text::from)))
    });
    functions.register("sha1sum", TEXT, |_, arguments| {
        Ok(Value::text(hexadecimal(&sha1::Sha1::digest(bytes(arguments, 0)))))
    });
    functions.register("sha256sum", TEXT, |_, arguments| {
        Ok(Value::text(hexadecimal(&sha2::Sha256::digest(bytes(arguments, 0)))))
    });
    functions.register("sha512sum", TEXT, |_, arguments| {
        Ok(Value::text(hexadecimal(&sha2::Sha512::digest(bytes(arguments, 0)))))
    });
    functions.register("adler32sum", TEXT, |_, arguments| {
        Ok(Value::text(adler32(bytes(arguments, 0)).to_string()))
    });
}

/// Lower-case digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// RFC 1950, section 8.2.
fn adler32(bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in bytes {
        low = (low + u32::from(*byte)) % 65521;
        high = (high + low) % 65521;
    }
    high << 16 | low
}

const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Base64 with padding.
pub(super) fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Base64 as Go reads it: line breaks are skipped, padding is required.
///
/// # Errors
/// Go's text, which names the byte.
pub(super) fn from_base64(text: &[u8]) -> Result<Text, String> {
    let corrupt = |position: usize| Err(format!("illegal base64 data at input byte {position}"));
    let skip = |mut position: usize| {
        while matches!(text.get(position), Some(b'\r' | b'\n')) {
            position += 1;
        }
        position
    };
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let mut position = 0;
    loop {
        let mut buffer = 0_u32;
        let mut count = 0;
        while count < 4 {
            position = skip(position);
            let Some(byte) = text.get(position) else {
                if count == 0 {
                    return Ok(Text::from_bytes(bytes));
                }
                return corrupt(text.len() - count);
            };
            match BASE64.iter().position(|other| other == byte) {
                Some(value) => buffer = buffer << 6 | value as u32,
                None if *byte != b'=' || count < 2 => return corrupt(position),
                None => break,
            }
            position += 1;
            count += 1;
        }
        if count == 4 {
            bytes.extend_from_slice(&buffer.to_be_bytes()[1..]);
            continue;
        }
        position = skip(position + 1);
        if count == 2 {
            match text.get(position) {
                None => return corrupt(text.len()),
                Some(b'=') => position = skip(position + 1),
                Some(_) => return corrupt(position - 1),
            }
        }
        if position < text.len() {
            return corrupt(position);
        }
        buffer <<= 6 * (4 - count);
        bytes.extend_from_slice(&buffer.to_be_bytes()[1..count]);
        return Ok(Text::from_bytes(bytes));
    }
}

fn to_base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for group in bytes.chunks(5) {
        let mut padded = [0; 8];
        padded[3..3 + group.len()].copy_from_slice(group);
        let buffer = u64::from_be_bytes(padded);
        for index in 0..8 {
            let used = index * 5 < group.len() * 8;
            let digit = BASE32[(buffer >> (35 - 5 * index)) as usize & 31];
            text.push(if used { char::from(digit) } else { '=' });
        }
    }
    text
}

/// Base32 as Go reads it: line breaks are skipped (and not counted in errors), padding is required.
fn from_base32(text: &[u8]) -> Result<Text, String> {
    let corrupt = |position: usize| Err(format!("illegal base32 data at input byte {position}"));
    let text: Vec<u8> = text
        .iter()
        .copied()
        .filter(|byte| !matches!(byte, b'\r' | b'\n'))
        .collect();
    let mut bytes = Vec::with_capacity(text.len() / 8 * 5);
    let mut rest = &text[..];
    while !rest.is_empty() {
        let mut buffer = 0_u64;
        let mut count = 0;
        let mut padded = false;
        while count < 8 && !padded {
            let Some((byte, after)) = rest.split_first() else {
                return corrupt(text.len() - count);
            };
            rest = after;
            if *byte == b'=' && count >= 2 && rest.len() < 8 {
                if rest.len() + count < 7 {
                    return corrupt(text.len());
                }
                let wrong = rest.iter().take(7 - count).position(|byte| *byte != b'=');
                if let Some(wrong) = wrong {
                    return corrupt(text.len() - rest.len() + wrong - 1);
                }
                if matches!(count, 3 | 6) {
                    return corrupt(text.len() - rest.len() - 1);
                }
                padded = true;
                continue;
            }
            match BASE32.iter().position(|other| other == byte) {
                Some(value) => buffer = buffer << 5 | value as u64,
                None => return corrupt(text.len() - rest.len() - 1),
            }
            count += 1;
        }
        buffer <<= 5 * (8 - count);
        bytes.extend_from_slice(&buffer.to_be_bytes()[3..3 + count * 5 / 8]);
        if padded {
            // What comes after the padding is not looked at.
            break;
        }
    }
    Ok(Text::from_bytes(bytes))
}
