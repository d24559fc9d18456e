//! Numbers of templates: every syntax of Go's constants, and all values that one can stand for.

use super::quote::unquote_character;
use super::value::Value;

/// A number of a template. Which value it has depends on the parameter that it is given to.
#[derive(Clone, Debug)]
pub(crate) struct Number {
    /// As it is written.
    pub(crate) text: Box<str>,
    pub(crate) integer: Option<i64>,
    pub(crate) unsigned: Option<u64>,
    pub(crate) float: Option<f64>,
    pub(crate) complex: Option<(f64, f64)>,
}

impl Number {
    /// A character constant.
    pub(super) fn character(text: &str) -> Result<Self, String> {
        let code = unquote_character(text)?;
        Ok(Self {
            text: text.into(),
            integer: Some(code),
            unsigned: u64::try_from(code).ok(),
            float: Some(code as f64),
            complex: None,
        })
    }

    /// A complex constant, such as `1+2i`.
    pub(super) fn complex(text: &str) -> Result<Self, String> {
        let syntax = || "syntax error scanning complex number".to_owned();
        let body = text.strip_suffix('i').ok_or_else(syntax)?;
        // The sign of the imaginary part is the last one that belongs to no exponent.
        let hexadecimal = body.contains(['x', 'X']);
        let split = body
            .char_indices()
            .rev()
            .find(|(index, character)| {
                let before = body[..*index].chars().next_back();
                let exponent = if hexadecimal {
                    matches!(before, Some('p' | 'P'))
                } else {
                    matches!(before, Some('e' | 'E'))
                };
                *index > 0 && matches!(character, '+' | '-') && !exponent
            })
            .map(|(index, _)| index)
            .ok_or_else(syntax)?;
        let real = parse_float(&body[..split]).ok_or_else(syntax)?;
        let imaginary = parse_float(&body[split..]).ok_or_else(syntax)?;
        Ok(Self::from_complex(text, real, imaginary))
    }

    fn from_complex(text: &str, real: f64, imaginary: f64) -> Self {
        let float = (imaginary == 0.0).then_some(real);
        Self {
            text: text.into(),
            integer: float.and_then(exact_i64),
            unsigned: float.and_then(exact_u64),
            float,
            complex: Some((real, imaginary)),
        }
    }

    /// Any other number.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if let Some(body) = text.strip_suffix('i')
            && let Some(imaginary) = parse_float(body)
        {
            return Ok(Self::from_complex(text, 0.0, imaginary));
        }
        let mut unsigned = if text.starts_with(['+', '-']) {
            None
        } else {
            parse_unsigned(text)
        };
        let integer = parse_integer(text);
        if integer == Some(0) {
            unsigned = Some(0);
        }
        let mut number = Self {
            text: text.into(),
            integer,
            unsigned,
            float: None,
            complex: None,
        };
        if let Some(integer) = integer {
            number.float = Some(integer as f64);
        } else if let Some(unsigned) = unsigned {
            number.float = Some(unsigned as f64);
        } else if let Some(float) = parse_float(text) {
            if !text.contains(['.', 'e', 'E', 'p', 'P']) {
                return Err(format!("integer overflow: {}", super::quote::quote(text.as_bytes())));
            }
            number.float = Some(float);
            number.integer = exact_i64(float);
            number.unsigned = exact_u64(float);
        } else {
            return Err(format!(
                "illegal number syntax: {}",
                super::quote::quote(text.as_bytes())
            ));
        }
        Ok(number)
    }

    /// Its value where no type is asked for; an error is the text of an overflow.
    pub(crate) fn ideal(&self) -> Result<Value, String> {
        if let Some((real, imaginary)) = self.complex {
            return Ok(Value::Complex(real, imaginary));
        }
        let text = &*self.text;
        let hexadecimal = text.starts_with('0') && matches!(text.as_bytes().get(1), Some(b'x' | b'X'));
        let hexadecimal = hexadecimal && text.len() > 2 && !text.contains(['p', 'P']);
        if let Some(float) = self.float
            && !hexadecimal
            && !text.starts_with('\'')
            && text.contains(['.', 'e', 'E', 'p', 'P'])
        {
            return Ok(Value::Float(float));
        }
        match self.integer {
            Some(integer) => Ok(Value::Int(integer)),
            None => Err(format!("{} overflows int", self.text)),
        }
    }
}

/// The same number as an integer, if there is one.
fn exact_i64(float: f64) -> Option<i64> {
    // Converting rounds towards zero and saturates; 2^63 itself does not fit.
    let integer = float as i64;
    (integer as f64 == float && float < 9_223_372_036_854_775_808.0).then_some(integer)
}

fn exact_u64(float: f64) -> Option<u64> {
    let unsigned = float as u64;
    (unsigned as f64 == float && float < 18_446_744_073_709_551_616.0).then_some(unsigned)
}

/// Go's `strconv.ParseInt(text, 0, 64)`.
pub(crate) fn parse_integer(text: &str) -> Option<i64> {
    if let Some(rest) = text.strip_prefix('-') {
        return 0_i64.checked_sub_unsigned(parse_unsigned(rest)?);
    }
    parse_unsigned(text.strip_prefix('+').unwrap_or(text)).and_then(|unsigned| i64::try_from(unsigned).ok())
}

/// Go's `strconv.ParseUint(text, 0, 64)`: a prefix says the base, underscores may stand between digits.
pub(crate) fn parse_unsigned(text: &str) -> Option<u64> {
    let (base, digits) = match text.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, &text[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &text[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &text[2..]),
        [b'0', _, ..] => (8, &text[1..]),
        _ => (10, text),
    };
    if !underscores_are_fine(text) || digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(&digits.replace('_', ""), base).ok()
}

/// Whether every underscore stands between digits, or between a base prefix and a digit.
fn underscores_are_fine(text: &str) -> bool {
    if !text.contains('_') {
        return true;
    }
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let lower = text.to_ascii_lowercase();
    let hexadecimal = lower.starts_with("0x");
    let has_prefix = hexadecimal || lower.starts_with("0b") || lower.starts_with("0o");
    // What came before: '0' a digit or prefix, '_' an underscore, '!' anything else, '^' the beginning.
    let mut before = if has_prefix { '0' } else { '^' };
    for character in lower.chars().skip(if has_prefix { 2 } else { 0 }) {
        if character.is_ascii_digit() || (hexadecimal && character.is_ascii_hexdigit()) {
            before = '0';
        } else if character == '_' {
            if before != '0' {
                return false;
            }
            before = '_';
        } else {
            if before == '_' {
                return false;
            }
            before = '!';
        }
    }
    before != '_'
}

/// Go's `strconv.ParseFloat(text, 64)`: decimal and hexadecimal; what is too large is an error.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let (negative, body) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let magnitude = match body.to_ascii_lowercase().as_str() {
        "inf" | "infinity" => f64::INFINITY,
        "nan" => return Some(f64::NAN),
        lower if lower.starts_with("0x") => parse_hexadecimal_float(lower)?,
        lower => {
            let valid = lower
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'+' | b'-' | b'_'));
            let valid = valid && underscores_are_fine(lower);
            let value: f64 = valid.then(|| lower.replace('_', "").parse().ok()).flatten()?;
            if value.is_infinite() {
                return None;
            }
            value
        }
    };
    Some(if negative { -magnitude } else { magnitude })
}

fn parse_hexadecimal_float(lower: &str) -> Option<f64> {
    if !underscores_are_fine(lower) {
        return None;
    }
    let body = lower[2..].replace('_', "");
    let (mantissa, exponent) = body.split_once('p')?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0_u128;
    let mut shift = 0_i32;
    for digit in whole.chars().chain(fraction.chars()) {
        let digit = u128::from(digit.to_digit(16)?);
        if value >> 120 == 0 {
            value = value << 4 | digit;
        } else {
            shift += 4;
        }
    }
    let scale = exponent
        .saturating_add(shift)
        .saturating_sub(4 * i32::try_from(fraction.len()).ok()?);
    // Two steps keep the scale in the range of the exponent, where multiplying by a power of two is exact.
    let half = scale.clamp(-2000, 2000) / 2;
    let result = value as f64 * 2_f64.powi(half) * 2_f64.powi(scale.clamp(-2000, 2000) - half);
    result.is_finite().then_some(result)
}
