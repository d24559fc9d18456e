//! Go's `strconv.FormatFloat` for 64 bits.

/// A float as `%v` prints it.
pub(crate) fn float_text(value: f64) -> String {
    format_float(value, 'g', None)
}

/// Go's `strconv.FormatFloat(value, format, precision, 64)`; no precision means the shortest text that reads back as
/// the same number. Formats: `e E f g G b x X`.
pub(crate) fn format_float(value: f64, format: char, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let text = match format.to_ascii_lowercase() {
        'e' => exponent(value, precision),
        'f' => match precision {
            Some(precision) => format!("{value:.precision$}"),
            None => format!("{value}"),
        },
        'b' => binary(value),
        'x' => hexadecimal(value, precision),
        _ => general(value, precision),
    };
    if format.is_ascii_uppercase() {
        text.to_ascii_uppercase()
    } else {
        text
    }
}

/// `d.ddde±dd`: Rust's text with Go's exponent, which has a sign and at least two digits.
fn exponent(value: f64, precision: Option<usize>) -> String {
    let text = match precision {
        Some(precision) => format!("{value:.precision$e}"),
        None => format!("{value:e}"),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{mantissa}e{sign}{digits:0>2}")
}

fn general(value: f64, precision: Option<usize>) -> String {
    // The digits and the exponent, as the exponent form has them.
    let digits = precision.map(|precision| precision.max(1));
    let text = match digits {
        Some(digits) => format!("{value:.*e}", digits - 1),
        None => format!("{value:e}"),
    };
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    let mantissa = if mantissa.contains('.') {
        mantissa.trim_end_matches('0').trim_end_matches('.')
    } else {
        mantissa
    };
    let count = mantissa.bytes().filter(u8::is_ascii_digit).count();
    // The exponent form is used from this power on.
    let limit = match digits {
        None => 6,
        Some(digits) if digits > count && count as i32 > power => count as i32,
        Some(digits) => digits as i32,
    };
    if power < -4 || power >= limit {
        let (sign, digits) = if power < 0 { ('-', -power) } else { ('+', power) };
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    // Rust prints without an exponent, with as many decimals as the digits ask for.
    let decimals = (count as i32 - 1 - power).max(0) as usize;
    format!("{value:.decimals$}")
}

/// `%b`: mantissa and power of two, in decimal.
fn binary(value: f64) -> String {
    let (negative, mantissa, exponent) = parts(value);
    let sign = if negative { "-" } else { "" };
    format!("{sign}{mantissa}p{exponent:+}")
}

/// Sign, mantissa and power of two: the value is their product.
fn parts(value: f64) -> (bool, u64, i32) {
    let bits = value.to_bits();
    let biased = ((bits >> 52) & 0x7ff) as i32;
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) = if biased == 0 {
        (fraction, -1074)
    } else {
        (fraction | 1 << 52, biased - 1075)
    };
    (bits >> 63 == 1, mantissa, exponent)
}

/// `%x`: `0x1.8p+01`.
fn hexadecimal(value: f64, precision: Option<usize>) -> String {
    let (negative, mut mantissa, mut exponent) = parts(value);
    let sign = if negative { "-" } else { "" };
    if mantissa == 0 {
        exponent = 0;
    } else {
        // One digit before the point: the leading one at bit 60, fifteen hexadecimal digits behind it.
        exponent += 52;
        while mantissa >> 52 == 0 {
            mantissa <<= 1;
            exponent -= 1;
        }
        mantissa <<= 8;
    }
    if let Some(precision) = precision
        && precision < 15
    {
        let shift = precision * 4;
        let extra = (mantissa << shift) & ((1 << 60) - 1);
        mantissa >>= 60 - shift;
        if extra | (mantissa & 1) > 1 << 59 {
            mantissa += 1;
        }
        mantissa <<= 60 - shift;
        if mantissa & 1 << 61 != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let digits = format!("{:015x}", mantissa & ((1 << 60) - 1));
    let fraction = match precision {
        Some(precision) => format!("{digits:0<precision$}")[..precision].to_owned(),
        None => digits.trim_end_matches('0').to_owned(),
    };
    let point = if fraction.is_empty() { "" } else { "." };
    let (exponent_sign, magnitude) = if exponent < 0 {
        ('-', -exponent)
    } else {
        ('+', exponent)
    };
    format!(
        "{sign}0x{}{point}{fraction}p{exponent_sign}{magnitude:0>2}",
        mantissa >> 60
    )
}
