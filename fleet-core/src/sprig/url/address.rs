//! IP addresses as Go's `net/netip.ParseAddr` reads them, with its errors.

use crate::template::quote::quote;

/// Whether an address is of IPv4.
///
/// # Errors
/// Go's text.
pub(crate) fn is_ipv4(text: &str) -> Result<bool, String> {
    let checked = match text.bytes().find(|byte| matches!(byte, b'.' | b':' | b'%')) {
        Some(b'.') => ipv4(text).map(|()| true),
        Some(b':') => ipv6(text).map(|()| false),
        Some(_) => Err(("missing IPv6 address", "")),
        None => Err(("unable to parse IP", "")),
    };
    checked.map_err(|(message, at)| {
        let at = if at.is_empty() {
            String::new()
        } else {
            format!(" (at {})", quote(at.as_bytes()))
        };
        format!("ParseAddr({}): {message}{at}", quote(text.as_bytes()))
    })
}

/// What is wrong, and the text from there on.
type Checked<'t> = Result<(), (&'static str, &'t str)>;

fn ipv4(text: &str) -> Checked<'_> {
    let bytes = text.as_bytes();
    let (mut value, mut fields, mut digits) = (0_u32, 0, 0);
    for (index, byte) in bytes.iter().enumerate() {
        let rest = text.get(index..).unwrap_or_default();
        match byte {
            b'0'..=b'9' => {
                if digits == 1 && value == 0 {
                    return Err(("IPv4 field has octet with leading zero", ""));
                }
                value = value * 10 + u32::from(byte - b'0');
                digits += 1;
                if value > 255 {
                    return Err(("IPv4 field has value >255", ""));
                }
            }
            b'.' => {
                if index == 0 || index == bytes.len() - 1 || bytes[index - 1] == b'.' {
                    return Err(("IPv4 field must have at least one digit", rest));
                }
                if fields == 3 {
                    return Err(("IPv4 address too long", ""));
                }
                (fields, value, digits) = (fields + 1, 0, 0);
            }
            _ => return Err(("unexpected character", rest)),
        }
    }
    if fields < 3 {
        return Err(("IPv4 address too short", ""));
    }
    Ok(())
}

fn ipv6(text: &str) -> Checked<'_> {
    let mut rest = text;
    if let Some((address, zone)) = text.split_once('%') {
        if zone.is_empty() {
            return Err(("zone must be a non-empty string", ""));
        }
        rest = address;
    }
    let mut ellipsis = None;
    if let Some(after) = rest.strip_prefix("::") {
        ellipsis = Some(0);
        rest = after;
    }
    let mut filled = 0;
    while filled < 16 && !(rest.is_empty() && ellipsis.is_some()) {
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        if digits > 4 {
            return Err(("each group must have 4 or less digits", rest));
        }
        if digits == 0 {
            return Err(("each colon-separated field must have at least one digit", rest));
        }
        if rest.as_bytes().get(digits) == Some(&b'.') {
            if ellipsis.is_none() && filled != 12 {
                let message = "embedded IPv4 address must replace the final 2 fields of the address";
                return Err((message, rest));
            }
            if filled + 4 > 16 {
                let message = "too many hex fields to fit an embedded IPv4 at the end of the address";
                return Err((message, rest));
            }
            ipv4(rest)?;
            (rest, filled) = ("", filled + 4);
            break;
        }
        (rest, filled) = (&rest[digits..], filled + 2);
        if rest.is_empty() {
            break;
        }
        let Some(after) = rest.strip_prefix(':') else {
            return Err(("unexpected character, want colon", rest));
        };
        if after.is_empty() {
            return Err(("colon must be followed by more characters", rest));
        }
        rest = after;
        if let Some(after) = rest.strip_prefix(':') {
            if ellipsis.is_some() {
                return Err(("multiple :: in address", rest));
            }
            (ellipsis, rest) = (Some(filled), after);
        }
    }
    match (rest.is_empty(), ellipsis) {
        (false, _) => Err(("trailing garbage after address", rest)),
        (true, None) if filled < 16 => Err(("address string too short", "")),
        (true, Some(_)) if filled == 16 => Err(("the :: must expand to at least one field of zeros", "")),
        _ => Ok(()),
    }
}
