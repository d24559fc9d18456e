//! Formats as Go's library checks and words them, where its Rust sister differs: addresses as `net/url` and `net/netip` read
//! them, dates as `time` does. Names for international mail and hosts are unknown to it, so anything fits them.

use std::error::Error;

use boon::{Compiler, Format};
use serde_json::Value;

use crate::sprig;
use crate::template::quote::quote;

type Checked = Result<(), Box<dyn Error>>;

/// Registers the formats.
pub(super) fn register(compiler: &mut Compiler) {
    macro_rules! format {
        ($name:literal, $check:expr) => {
            compiler.register_format(Format {
                name: $name,
                func: |value| match value {
                    Value::String(text) => $check(text).map_err(Into::into),
                    _ => Ok(()),
                },
            });
        };
    }
    format!("ipv4", ipv4);
    format!("ipv6", ipv6);
    format!("uuid", uuid);
    format!("json-pointer", json_pointer);
    format!("relative-json-pointer", relative_json_pointer);
    format!("semver", semver);
    format!("date", date);
    format!("uri", absolute);
    format!("iri", absolute);
    format!("uri-reference", reference);
    format!("iri-reference", reference);
    compiler.register_format(Format {
        name: "idn-email",
        func: anything,
    });
    compiler.register_format(Format {
        name: "idn-hostname",
        func: anything,
    });
}

/// The text of an error of the formats that are checked by the Rust library, as Go's words it.
pub(super) fn reworded(format: &str, text: &str, error: String) -> String {
    if format == "uri-template"
        && let Err(error) = address(text)
    {
        return error;
    }
    if error.starts_with("invalid date element: ")
        && let Some(Err(error)) = text.get(..10).map(date)
    {
        return format!("invalid date element: {error}");
    }
    if format == "email"
        && error == "invalid ipv4 address: invalid IPv4 address syntax"
        && let Some(Err(error)) = text.rsplit_once("@[").map(|(_, host)| ipv4(host.trim_end_matches(']')))
    {
        return format!("invalid ipv4 address: {error}");
    }
    if format == "duration"
        && let Some(rest) = error.strip_prefix("invalid unit ")
    {
        return format!("invalid unit '{rest}'");
    }
    if format == "duration"
        && let Some(rest) = error.strip_prefix("unit ")
        && let Some(unit) = rest.strip_suffix(" out of order")
    {
        return format!("unit '{unit}' out of order");
    }
    error.replace("non-positive hour/min/sec", "invalid hour/min/sec")
}

fn anything(_: &Value) -> Checked {
    Ok(())
}

fn ipv4(text: &str) -> Result<(), String> {
    let groups: Vec<&str> = text.split('.').collect();
    if groups.len() != 4 {
        return Err("expected four decimals".to_owned());
    }
    for group in groups {
        if group.len() > 1 && group.starts_with('0') {
            return Err("leading zeros".to_owned());
        }
        match group.parse::<i64>() {
            Ok(0..=255) => {}
            Ok(_) => return Err("decimal must be between 0 and 255".to_owned()),
            Err(_) => {
                return Err(format!(
                    "strconv.Atoi: parsing {}: invalid syntax",
                    quote(group.as_bytes())
                ));
            }
        }
    }
    Ok(())
}

fn ipv6(text: &str) -> Result<(), String> {
    if !text.contains(':') {
        return Err("missing colon".to_owned());
    }
    sprig::is_ipv4(text)?;
    if text.contains('%') {
        return Err("zone id is not a part of ipv6 address".to_owned());
    }
    Ok(())
}

fn uuid(text: &str) -> Result<(), String> {
    let elements: Vec<&str> = text.split('-').collect();
    if elements.len() != 5 {
        return Err("must have 5 elements".to_owned());
    }
    for (index, (element, length)) in elements.iter().zip([8, 4, 4, 4, 12]).enumerate() {
        if element.len() != length {
            return Err(format!("element {} must be {length} characters long", index + 1));
        }
        if let Some(character) = element.chars().find(|character| !character.is_ascii_hexdigit()) {
            return Err(format!("non-hex character {character:?}"));
        }
    }
    Ok(())
}

fn json_pointer(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    let Some(tokens) = text.strip_prefix('/') else {
        return Err("not starting with /".to_owned());
    };
    let escaped = |(at, _)| matches!(tokens[at + 1..].chars().next(), Some('0' | '1'));
    if tokens.match_indices('~').all(escaped) {
        Ok(())
    } else {
        Err("~ must be followed by 0 or 1".to_owned())
    }
}

fn relative_json_pointer(text: &str) -> Result<(), String> {
    let end = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    match &text[..end] {
        "" => Err("must start with non-negative integer".to_owned()),
        digits if digits.len() > 1 && digits.starts_with('0') => Err("starts with zero".to_owned()),
        _ if &text[end..] == "#" => Ok(()),
        _ => json_pointer(&text[end..]),
    }
}

fn semver(text: &str) -> Result<(), String> {
    let core = text.find(['-', '+']).map_or(text, |end| &text[..end]);
    let numbers: Vec<&str> = core.split('.').collect();
    if numbers.len() != 3 {
        return Err("versionCore must have 3 numbers separated by dot".to_owned());
    }
    for (number, name) in numbers.iter().zip(["major", "minor", "patch"]) {
        match *number {
            "" => return Err(format!("{name} is empty")),
            number if !number.bytes().all(|byte| byte.is_ascii_digit()) => {
                return Err(format!("{name} contains non-digit"));
            }
            number if number.len() > 1 && number.starts_with('0') => return Err(format!("{name} starts with zero")),
            _ => {}
        }
    }
    let (before_build, build) = text
        .split_once('+')
        .map_or((text, None), |(before, build)| (before, Some(build)));
    if let Some((_, release)) = before_build.split_once('-') {
        identifiers(release, "pre-release")?;
        let is_padded =
            |part: &str| part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit());
        if release.split('.').any(is_padded) {
            return Err("pre-release numeric identifier starts with zero".to_owned());
        }
    }
    match build {
        None => Ok(()),
        Some("") => Err("build is empty".to_owned()),
        Some(build) => identifiers(build, "build"),
    }
}

fn identifiers(text: &str, name: &str) -> Result<(), String> {
    for identifier in text.split('.') {
        if identifier.is_empty() {
            return Err(format!("{name} identifier is empty"));
        }
        let wrong = |character: &char| !character.is_ascii_alphanumeric() && *character != '-';
        if let Some(character) = identifier.chars().find(wrong) {
            return Err(format!("invalid character '{character}' in {name} identifier"));
        }
    }
    Ok(())
}

fn date(text: &str) -> Result<(), String> {
    let quoted = quote(text.as_bytes());
    let cannot = |rest: &str, part: &str| {
        let rest = quote(rest.as_bytes());
        Err(format!(
            "parsing time {quoted} as \"2006-01-02\": cannot parse {rest} as {}",
            quote(part.as_bytes())
        ))
    };
    let digits = |rest: &str, count: usize| {
        let found = rest
            .get(..count)
            .filter(|found| found.bytes().all(|byte| byte.is_ascii_digit()));
        found.and_then(|found| found.parse::<u16>().ok())
    };
    let Some(year) = digits(text, 4) else {
        return cannot(text, "2006");
    };
    let Some(rest) = text[4..].strip_prefix('-') else {
        return cannot(&text[4..], "-");
    };
    let Some(month) = digits(rest, 2) else {
        return cannot(rest, "01");
    };
    if !(1..=12).contains(&month) {
        return Err(format!("parsing time {quoted}: month out of range"));
    }
    let Some(rest) = rest[2..].strip_prefix('-') else {
        return cannot(&rest[2..], "-");
    };
    let Some(day) = digits(rest, 2) else {
        return cannot(rest, "02");
    };
    if rest.len() > 2 {
        return Err(format!(
            "parsing time {quoted}: extra text: {}",
            quote(&rest.as_bytes()[2..])
        ));
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u16::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if (1..=days).contains(&day) {
        Ok(())
    } else {
        Err(format!("parsing time {quoted}: day out of range"))
    }
}

fn address(text: &str) -> Result<bool, String> {
    sprig::is_absolute_url(text).map_err(|error| format!("parse {}: {error}", quote(text.as_bytes())))
}

fn absolute(text: &str) -> Result<(), String> {
    if address(text)? {
        no_zone(text)
    } else {
        Err("relative url".to_owned())
    }
}

/// Hosts in brackets are addresses of IPv6, which have no zone.
fn no_zone(text: &str) -> Result<(), String> {
    let authority = text
        .split_once("//")
        .map_or("", |(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or_default());
    if authority.contains('[') && authority.contains("%25") {
        return Err("invalid ipv6 address: zone id is not a part of ipv6 address".to_owned());
    }
    Ok(())
}

fn reference(text: &str) -> Result<(), String> {
    address(text)?;
    no_zone(text)?;
    if text.contains('\\') {
        Err("contains \\".to_owned())
    } else {
        Ok(())
    }
}
