//! Numbers, dates and times.

use super::{Read, Reader, shown};
use crate::sprig;
use crate::template::Value;
use crate::template::quote::quote;

impl Reader<'_> {
    pub(super) fn number(&mut self) -> Read<Value> {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let digits_at = |from: usize, count: usize| {
            bytes
                .get(from..from + count)
                .is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
        };
        if digits_at(0, 4) && bytes.get(4) == Some(&b'-') || digits_at(0, 2) && bytes.get(2) == Some(&b':') {
            return self.time();
        }
        for (prefix, base, name) in [
            ("0x", 16, "a hexadecimal"),
            ("0o", 8, "an octal"),
            ("0b", 2, "a binary"),
        ] {
            if rest.starts_with(prefix) {
                let length = rest[2..].find(|next: char| !(next.is_digit(base) || next == '_'));
                let length = length.unwrap_or(rest.len() - 2);
                if length == 0 {
                    let next = rest[2..].chars().next().unwrap_or('\0');
                    return Err(format!("not {name} number: '{prefix}{next}'"));
                }
                let written = &rest[..2 + length];
                return self.integer(written, base);
            }
        }
        let signed = rest.strip_prefix(['+', '-']).unwrap_or(rest);
        for (word, number) in [("inf", f64::INFINITY), ("nan", f64::NAN)] {
            if signed.len() < rest.len() && signed.starts_with(word) {
                self.position += 4;
                return Ok(Value::Float(if rest.starts_with('-') { -number } else { number }));
            }
        }
        match signed.chars().next() {
            Some('.') => return Err("floats must start with a digit, not '.'".to_owned()),
            Some('0'..='9') => {}
            other => return Err(format!("expected a digit but got {}", shown(other))),
        }
        let mut length = rest.len() - signed.len();
        while let Some(byte) = bytes.get(length) {
            let sign_of_exponent = matches!(byte, b'+' | b'-') && matches!(bytes[length - 1], b'e' | b'E');
            if !(byte.is_ascii_digit() || matches!(byte, b'_' | b'.' | b'e' | b'E') || sign_of_exponent) {
                break;
            }
            length += 1;
        }
        let written = &rest[..length];
        if written.contains(['.', 'e', 'E']) {
            self.float(written)
        } else {
            self.integer(written, 10)
        }
    }

    fn integer(&mut self, written: &str, base: u32) -> Read<Value> {
        check_digits(written, "integer", base)?;
        let plain = written.replace('_', "");
        let body = if base == 10 { &plain[..] } else { &plain[2..] };
        let number = i64::from_str_radix(body, base).map_err(|_| format!("{written} is out of range for int64"))?;
        self.position += written.len();
        Ok(Value::Int64(number))
    }

    fn float(&mut self, written: &str) -> Read<Value> {
        check_digits(written, "float", 10)?;
        let after_point = |point: usize| written[point + 1..].starts_with(|next: char| next.is_ascii_digit());
        if written.find('.').is_some_and(|point| !after_point(point)) {
            let quoted = quote(written.as_bytes());
            return Err(format!(
                "Invalid float {quoted}: '.' must be followed by one or more digits"
            ));
        }
        let number: f64 = written
            .replace('_', "")
            .parse()
            .map_err(|_| format!("Invalid float value: {}", quote(written.as_bytes())))?;
        if number.is_infinite() {
            return Err(format!("{written} is out of range for float64"));
        }
        self.position += written.len();
        Ok(Value::Float(number))
    }

    fn time(&mut self) -> Read<Value> {
        let rest = self.rest();
        let is_part = |next: char| next.is_ascii_digit() || "-:.+TtZz".contains(next);
        let mut length = rest.find(|next| !is_part(next)).unwrap_or(rest.len());
        // A space may stand between date and time.
        if length == 10 && rest[10..].starts_with(' ') && rest[11..].starts_with(|next: char| next.is_ascii_digit()) {
            length = 11 + rest[11..].find(|next| !is_part(next)).unwrap_or(rest.len() - 11);
        }
        let written = &rest[..length];
        let normal = written.to_uppercase().replacen(' ', "T", 1);
        let layouts = [
            ("2006-01-02T15:04:05.999999999Z07:00", ""),
            ("2006-01-02T15:04Z07:00", ""),
            ("2006-01-02T15:04:05.999999999", "datetime-local"),
            ("2006-01-02T15:04", "datetime-local"),
            ("2006-01-02", "date-local"),
            ("15:04:05.999999999", "time-local"),
            ("15:04", "time-local"),
        ];
        let time = layouts
            .iter()
            .find_map(|(layout, zone)| sprig::time_value(layout, &normal, zone));
        self.position += length;
        time.ok_or_else(|| format!("invalid datetime: {}", quote(written.as_bytes())))
    }
}

/// Underscores stand between digits, and a number does not begin with 0.
fn check_digits(written: &str, kind: &str, base: u32) -> Read<()> {
    let quoted = || quote(written.as_bytes());
    let body = if base == 10 { written } else { &written[2..] };
    let characters: Vec<char> = body.chars().collect();
    let is_digit = |at: Option<usize>| {
        at.and_then(|at| characters.get(at))
            .is_some_and(|next| next.is_digit(base))
    };
    let misplaced =
        |(at, next): (usize, &char)| *next == '_' && !(is_digit(at.checked_sub(1)) && is_digit(Some(at + 1)));
    if characters.iter().enumerate().any(misplaced) {
        return Err(format!(
            "Invalid {kind} {}: underscores must be surrounded by digits",
            quoted()
        ));
    }
    let unsigned = body.trim_start_matches(['+', '-']);
    let second = unsigned.chars().nth(1);
    if base == 10 && unsigned.starts_with('0') && second.is_some_and(|next| next.is_ascii_digit()) {
        return Err(format!("Invalid {kind} {}: cannot have leading zeroes", quoted()));
    }
    Ok(())
}
