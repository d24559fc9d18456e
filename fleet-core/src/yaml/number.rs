//! Numbers as Go reads and prints them: `strconv.ParseInt` with base 0, `ParseFloat`, and `FormatFloat` with the shortest
//! digits that read back as the same number. Templates, JSON and YAML print through here.

/// The shortest decimal digits of a finite, positive number and its exponent: `digits[0].digits[1..] x 10^exponent`.
fn shortest(scientific: &str) -> (String, i32) {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    (
        mantissa.chars().filter(|c| *c != '.').collect(),
        exponent.parse().unwrap_or(0),
    )
}

fn exponent_form(digits: &str, exponent: i32, minimum: usize) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    let point = if digits.len() > 1 { "." } else { "" };
    format!(
        "{}{point}{}e{sign}{:0minimum$}",
        &digits[..1],
        &digits[1..],
        exponent.unsigned_abs()
    )
}

fn plain_form(digits: &str, exponent: i32) -> String {
    let length = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    if exponent < 0 {
        format!("0.{}{digits}", "0".repeat((-exponent - 1).unsigned_abs() as usize))
    } else if exponent + 1 >= length {
        format!(
            "{digits}{}",
            "0".repeat((exponent + 1 - length).unsigned_abs() as usize)
        )
    } else {
        let (whole, fraction) = digits.split_at((exponent + 1).unsigned_abs() as usize);
        format!("{whole}.{fraction}")
    }
}

fn special(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("NaN")
    } else if value == f64::INFINITY {
        Some("+Inf")
    } else if value == f64::NEG_INFINITY {
        Some("-Inf")
    } else {
        None
    }
}

fn signed(negative: bool, text: String) -> String {
    if negative { format!("-{text}") } else { text }
}

/// `strconv.FormatFloat(value, 'g', -1, 64)`: exponent form below 1e-4 and from 1e6 on (`1e+06`). Templates print floats so.
pub fn format_g(value: f64) -> String {
    match special(value) {
        Some(text) => text.to_owned(),
        None => signed(value.is_sign_negative(), general(&format!("{:e}", value.abs()))),
    }
}

/// `strconv.FormatFloat(value, 'g', -1, 32)`, by which `sigs.k8s.io/yaml` makes float keys strings.
pub fn format_g32(value: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the precision of a key is that of a 32-bit float"
    )]
    let narrow = value as f32;
    match special(f64::from(narrow)) {
        Some(text) => text.to_owned(),
        None => signed(narrow.is_sign_negative(), general(&format!("{:e}", narrow.abs()))),
    }
}

fn general(scientific: &str) -> String {
    let (digits, exponent) = shortest(scientific);
    if !(-4..6).contains(&exponent) {
        exponent_form(&digits, exponent, 2)
    } else {
        plain_form(&digits, exponent)
    }
}

/// A number as `encoding/json` prints it: exponent form below 1e-6 and from 1e21 on, without a leading zero in the exponent.
/// `None` for what JSON has no form for.
pub fn format_json(value: f64) -> Option<String> {
    if special(value).is_some() {
        return None;
    }
    let (digits, exponent) = shortest(&format!("{:e}", value.abs()));
    let absolute = value.abs();
    let text = if absolute != 0.0 && !(1e-6..1e21).contains(&absolute) {
        exponent_form(&digits, exponent, if exponent > 0 { 2 } else { 1 })
    } else {
        plain_form(&digits, exponent)
    };
    Some(signed(value.is_sign_negative(), text))
}

/// `strconv.ParseFloat(text, 64)` for decimal texts, without the texts for infinity; out of range is `None`, as it is an error there.
pub(super) fn parse_float(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// `strconv.ParseInt(text, 0, 64)` and then `ParseUint`: sign, `0x`, `0o`, `0b`, and a leading `0` for octal.
pub fn parse_integer(text: &str) -> Option<Integer> {
    let (negative, signed, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, true, &text[1..]),
        b'+' => (false, true, &text[1..]),
        _ => (false, false, text),
    };
    let lower = |prefix: &str| unsigned.get(..2).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    let (radix, digits) = if lower("0x") {
        (16, &unsigned[2..])
    } else if lower("0o") {
        (8, &unsigned[2..])
    } else if lower("0b") {
        (2, &unsigned[2..])
    } else if unsigned.len() > 1 && unsigned.starts_with('0') {
        (8, &unsigned[1..])
    } else {
        (10, unsigned)
    };
    parse_radix(digits, radix, negative, signed)
}

/// `strconv.ParseInt(digits, radix, 64)`, or `ParseUint` where there was no sign.
pub(super) fn parse_radix(digits: &str, radix: u32, negative: bool, signed: bool) -> Option<Integer> {
    if digits.is_empty() || !digits.bytes().all(|byte| char::from(byte).is_digit(radix)) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return 0_i64.checked_sub_unsigned(magnitude).map(Integer::Signed);
    }
    match i64::try_from(magnitude) {
        Ok(value) => Some(Integer::Signed(value)),
        Err(_) if signed => None,
        Err(_) => Some(Integer::Unsigned(magnitude)),
    }
}

/// An integer as go-yaml resolves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integer {
    /// Within `i64`.
    Signed(i64),
    /// Above `i64::MAX`.
    Unsigned(u64),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn general_form_is_gos() {
        for (value, want) in [
            (0.0, "0"),
            (1.5, "1.5"),
            (100_000.0, "100000"),
            (1e6, "1e+06"),
            (1_000_000.5, "1.0000005e+06"),
            (1_234_567.0, "1.234567e+06"),
            (999_999.5, "999999.5"),
            (123_456.789, "123456.789"),
            (12_345_678_901.0, "1.2345678901e+10"),
            (1e20, "1e+20"),
            (1e21, "1e+21"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-0.0, "-0"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(format_g(value), want);
        }
        assert_eq!(format_g32(1.1), "1.1");
    }

    #[test]
    fn json_form_is_gos() {
        for (value, want) in [
            (3.0, "3"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
            (1.25e-10, "1.25e-10"),
            (9_223_372_036_854_775_808.0, "9223372036854776000"),
            (0.12, "0.12"),
            (-12.5, "-12.5"),
        ] {
            assert_eq!(format_json(value).as_deref(), Some(want));
        }
        assert_eq!(format_json(f64::INFINITY), None);
    }

    #[test]
    fn integers_are_read_with_base_zero() {
        for (text, want) in [
            ("0", Some(Integer::Signed(0))),
            ("0644", Some(Integer::Signed(420))),
            ("08", None),
            ("0o17", Some(Integer::Signed(15))),
            ("-0x1", Some(Integer::Signed(-1))),
            ("0b2", None),
            ("0x", None),
            ("-9223372036854775808", Some(Integer::Signed(i64::MIN))),
            ("-9223372036854775809", None),
            ("18446744073709551615", Some(Integer::Unsigned(u64::MAX))),
            ("+18446744073709551615", None),
            ("18446744073709551616", None),
            ("+", None),
            ("1é", None),
        ] {
            assert_eq!(parse_integer(text), want, "{text}");
        }
    }
}
