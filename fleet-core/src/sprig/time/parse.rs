//! Reading times by a layout, and durations, as Go does it.

use super::layout::{DAYS, MONTHS, Unit, next_unit};
use super::{Civil, Time, Zone, days_from_civil};
use std::fmt::Write;

/// The quoted texts of Go's time package: everything beyond printable ASCII is written as bytes.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for byte in text.bytes() {
        // Writing to a string does not fail.
        let _ = match byte {
            b'"' | b'\\' => write!(quoted, "\\{}", char::from(byte)),
            b' '..=b'~' | 0x7f => write!(quoted, "{}", char::from(byte)),
            _ => write!(quoted, "\\x{byte:02x}"),
        };
    }
    quoted.push('"');
    quoted
}

/// What a text says about a time so far.
struct Parts {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanosecond: i64,
    /// Whether it said morning or afternoon.
    afternoon: Option<bool>,
    offset: Option<i64>,
    zone_name: String,
    utc: bool,
}

/// Why a part cannot be read.
enum Wrong {
    /// It is not there.
    Absent,
    /// It is a number that does not fit.
    Range(&'static str),
}

type Read<T> = Result<T, Wrong>;

pub(super) fn parse(layout: &str, text: &str, zone: &Zone) -> Result<Time, String> {
    let mut parts = Parts {
        year: 0,
        month: None,
        day: None,
        year_day: None,
        hour: 0,
        minute: 0,
        second: 0,
        nanosecond: 0,
        afternoon: None,
        offset: None,
        zone_name: String::new(),
        utc: false,
    };
    let (mut layout_rest, mut rest) = (layout, text);
    let quoted = |text: &str| quote(text);
    loop {
        let unit = next_unit(layout_rest);
        let (before, element, after) = match &unit {
            Some((before, _, after)) => (
                *before,
                &layout_rest[before.len()..layout_rest.len() - after.len()],
                *after,
            ),
            None => (layout_rest, "", ""),
        };
        let cannot = |value: &str, element: &str| {
            format!(
                "parsing time {} as {}: cannot parse {} as {}",
                quoted(text),
                quoted(layout),
                quoted(value),
                quoted(element)
            )
        };
        rest = skip(rest, before).ok_or_else(|| cannot(rest, before))?;
        let Some((_, unit, _)) = unit else {
            if !rest.is_empty() {
                return Err(format!("parsing time {}: extra text: {}", quoted(text), quoted(rest)));
            }
            break;
        };
        layout_rest = after;
        let value = rest;
        rest = parts.read(unit, rest, after).map_err(|wrong| match wrong {
            Wrong::Absent => cannot(value, element),
            Wrong::Range(what) => format!("parsing time {}: {what} out of range", quoted(text)),
        })?;
    }
    parts
        .finish(zone)
        .map_err(|what| format!("parsing time {}: {what} out of range", quoted(text)))
}

/// Takes the literal part of a layout off a text; runs of spaces match any number of them.
fn skip<'t>(mut text: &'t str, mut literal: &str) -> Option<&'t str> {
    while let Some(first) = literal.chars().next() {
        if first == ' ' {
            if !text.is_empty() && !text.starts_with(' ') {
                return None;
            }
            literal = literal.trim_start_matches(' ');
            text = text.trim_start_matches(' ');
            continue;
        }
        text = text.strip_prefix(first)?;
        literal = &literal[first.len_utf8()..];
    }
    Some(text)
}

/// A number of one or two digits; two are required if `fixed`.
fn number(text: &str, fixed: bool) -> Read<(i64, &str)> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    if digits == 0 || (fixed && digits < 2) {
        return Err(Wrong::Absent);
    }
    Ok((text[..digits].parse().map_err(|_| Wrong::Absent)?, &text[digits..]))
}

/// One of some names, in any case.
fn name<'t>(text: &'t str, names: &[&str], length: Option<usize>) -> Read<(usize, &'t str)> {
    for (index, name) in names.iter().enumerate() {
        let name = length.map_or(*name, |length| &name[..length]);
        if let Some(start) = text.get(..name.len())
            && start.eq_ignore_ascii_case(name)
        {
            return Ok((index, &text[name.len()..]));
        }
    }
    Err(Wrong::Absent)
}

/// Exactly so many digits.
fn digits(text: &str, count: usize) -> Read<(i64, &str)> {
    let digits = text
        .get(..count)
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|digits| digits.parse().ok()).ok_or(Wrong::Absent)?;
    Ok((number, &text[count..]))
}

fn within(number: i64, low: i64, high: i64, what: &'static str) -> Read<i64> {
    if (low..=high).contains(&number) {
        Ok(number)
    } else {
        Err(Wrong::Range(what))
    }
}

impl Parts {
    fn read<'t>(&mut self, unit: Unit, text: &'t str, layout_rest: &str) -> Read<&'t str> {
        let mut rest = text;
        let mut plain = |fixed: bool| -> Read<i64> {
            let (value, after) = number(rest, fixed)?;
            rest = after;
            Ok(value)
        };
        match unit {
            Unit::Year => {
                let year = plain(true)?;
                self.year = if year >= 69 { year + 1900 } else { year + 2000 };
            }
            Unit::LongYear => (self.year, rest) = digits(text, 4)?,
            Unit::Month => {
                let (index, after) = name(text, &MONTHS, Some(3))?;
                (self.month, rest) = (Some(index as i64 + 1), after);
            }
            Unit::LongMonth => {
                let (index, after) = name(text, &MONTHS, None)?;
                (self.month, rest) = (Some(index as i64 + 1), after);
            }
            Unit::NumericMonth | Unit::ZeroMonth => {
                self.month = Some(within(plain(unit == Unit::ZeroMonth)?, 1, 12, "month")?);
            }
            Unit::Weekday => rest = name(text, &DAYS, Some(3))?.1,
            Unit::LongWeekday => rest = name(text, &DAYS, None)?.1,
            Unit::Day | Unit::SpaceDay | Unit::ZeroDay => {
                let text = if unit == Unit::SpaceDay {
                    text.strip_prefix(' ').unwrap_or(text)
                } else {
                    text
                };
                let (day, after) = number(text, unit == Unit::ZeroDay)?;
                (self.day, rest) = (Some(day), after);
            }
            Unit::SpaceYearDay | Unit::ZeroYearDay => {
                let spaces = text.bytes().take(2).take_while(|byte| *byte == b' ').count();
                let spaces = if unit == Unit::SpaceYearDay { spaces } else { 0 };
                let (day, after) = digits(&text[spaces..], 3 - spaces)?;
                (self.year_day, rest) = (Some(day), after);
            }
            Unit::Hour => self.hour = within(plain(false)?, 0, 23, "hour")?,
            Unit::Hour12 | Unit::ZeroHour12 => {
                self.hour = within(plain(unit == Unit::ZeroHour12)?, 0, 12, "hour")?;
            }
            Unit::Minute | Unit::ZeroMinute => {
                self.minute = within(plain(unit == Unit::ZeroMinute)?, 0, 59, "minute")?;
            }
            Unit::Second | Unit::ZeroSecond => {
                self.second = within(plain(unit == Unit::ZeroSecond)?, 0, 59, "second")?;
                // A fraction is read even if the layout has none.
                let expected = matches!(next_unit(layout_rest), Some(("", Unit::Fraction { .. }, _)));
                if !expected && rest.starts_with(['.', ',']) {
                    let count = rest[1..].bytes().take_while(u8::is_ascii_digit).count();
                    if count > 0 {
                        self.nanosecond = fraction(&rest[1..=count])?;
                        rest = &rest[1 + count..];
                    }
                }
            }
            Unit::UpperHalf | Unit::LowerHalf => {
                let half = text.get(..2).ok_or(Wrong::Absent)?;
                self.afternoon = Some(match (unit, half) {
                    (Unit::UpperHalf, "PM") | (Unit::LowerHalf, "pm") => true,
                    (Unit::UpperHalf, "AM") | (Unit::LowerHalf, "am") => false,
                    _ => return Err(Wrong::Absent),
                });
                rest = &text[2..];
            }
            Unit::Fraction {
                digits, trimmed: false, ..
            } => {
                let shown = text
                    .get(1..=digits)
                    .filter(|_| text.starts_with(['.', ',']))
                    .ok_or(Wrong::Absent)?;
                if !shown.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(Wrong::Absent);
                }
                self.nanosecond = fraction(shown)?;
                rest = &text[1 + digits..];
            }
            Unit::Fraction { .. } => {
                let count = text
                    .get(1..)
                    .unwrap_or_default()
                    .bytes()
                    .take_while(u8::is_ascii_digit)
                    .count();
                if text.starts_with(['.', ',']) && count > 0 {
                    self.nanosecond = fraction(&text[1..=count])?;
                    rest = &text[1 + count..];
                }
            }
            Unit::Offset { zulu: true, .. } if text.starts_with('Z') => {
                self.utc = true;
                rest = &text[1..];
            }
            Unit::Offset {
                colon,
                minutes,
                seconds,
                ..
            } => {
                (self.offset, rest) = offset(text, colon, minutes, seconds)?;
            }
            Unit::ZoneName => {
                let length = zone_name_length(text).ok_or(Wrong::Absent)?;
                if &text[..length] == "UTC" {
                    self.utc = true;
                } else {
                    self.zone_name = text[..length].to_owned();
                }
                rest = &text[length..];
            }
        }
        Ok(rest)
    }

    fn finish(mut self, zone: &Zone) -> Result<Time, &'static str> {
        match self.afternoon {
            Some(true) if self.hour < 12 => self.hour += 12,
            Some(false) if self.hour == 12 => self.hour = 0,
            _ => {}
        }
        if let Some(year_day) = self.year_day {
            let length = days_from_civil(self.year + 1, 1, 1) - days_from_civil(self.year, 1, 1);
            if year_day < 1 || year_day > length {
                return Err("day-of-year");
            }
            let date = Civil::from_unix((days_from_civil(self.year, 1, 1) + year_day - 1) * 86_400);
            if self.month.is_some_and(|month| month != date.month) {
                return Err("day-of-year does not match month");
            }
            if self.day.is_some_and(|day| day != date.day) {
                return Err("day-of-year does not match day");
            }
            (self.month, self.day) = (Some(date.month), Some(date.day));
        }
        let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        let length = days_from_civil(self.year, month + 1, 1) - days_from_civil(self.year, month, 1);
        if day < 1 || day > length {
            return Err("day");
        }
        let civil = Civil {
            year: self.year,
            month,
            day,
            hour: self.hour,
            minute: self.minute,
            second: self.second,
        };
        if self.utc {
            return Ok(Time::from_civil(civil, self.nanosecond, &Zone::Utc));
        }
        let wall = civil.to_unix();
        if let Some(offset) = self.offset {
            let unix = wall - offset;
            let (local, abbreviation) = zone.at(unix);
            let is_local = local == offset && (self.zone_name.is_empty() || self.zone_name == abbreviation);
            let zone = if is_local {
                zone.clone()
            } else {
                Zone::Fixed {
                    offset,
                    name: self.zone_name,
                }
            };
            return Ok(Time {
                unix,
                nanosecond: self.nanosecond,
                zone,
            });
        }
        if !self.zone_name.is_empty() {
            let (offset, abbreviation) = zone.at(wall);
            if abbreviation == self.zone_name {
                return Ok(Time {
                    unix: wall - offset,
                    nanosecond: self.nanosecond,
                    zone: zone.clone(),
                });
            }
            // An unknown zone: its name is kept, its offset is only known for those like GMT+3.
            let hours = self
                .zone_name
                .strip_prefix("GMT")
                .and_then(|hours| hours.parse::<i64>().ok());
            let offset = hours.unwrap_or(0) * 3600;
            let zone = Zone::Fixed {
                offset,
                name: self.zone_name,
            };
            return Ok(Time {
                unix: wall,
                nanosecond: self.nanosecond,
                zone,
            });
        }
        Ok(Time::from_civil(civil, self.nanosecond, zone))
    }
}

/// Nanoseconds of the digits behind the point; those beyond nine do not count.
fn fraction(digits: &str) -> Read<i64> {
    let nine = format!("{digits:0<9}");
    nine[..9].parse().map_err(|_| Wrong::Absent)
}

fn offset(text: &str, colon: bool, minutes: bool, seconds: bool) -> Read<(Option<i64>, &str)> {
    let negative = match text.as_bytes().first() {
        Some(b'+') => false,
        Some(b'-') => true,
        _ => return Err(Wrong::Absent),
    };
    let (hours, mut rest) = digits(&text[1..], 2)?;
    let mut total = within(hours, 0, 24, "time zone offset hour")? * 3600;
    for (shown, unit, what) in [
        (minutes, 60, "time zone offset minute"),
        (seconds, 1, "time zone offset second"),
    ] {
        if shown {
            if colon {
                rest = rest.strip_prefix(':').ok_or(Wrong::Absent)?;
            }
            let (value, after) = digits(rest, 2)?;
            total += within(value, 0, 60, what)? * unit;
            rest = after;
        }
    }
    Ok((Some(if negative { -total } else { total }), rest))
}

/// How long the abbreviation of a zone is: `MST`, `CEST`, `+03`, `GMT-8`.
fn zone_name_length(text: &str) -> Option<usize> {
    let signed = |text: &str| -> Option<usize> {
        text.strip_prefix(['+', '-'])?;
        let digits = text[1..].bytes().take_while(u8::is_ascii_digit).count();
        let hours: i64 = text[1..1 + digits].parse().ok()?;
        (hours <= 23).then_some(1 + digits)
    };
    for special in ["ChST", "MeST"] {
        if text.starts_with(special) {
            return Some(4);
        }
    }
    if let Some(rest) = text.strip_prefix("GMT") {
        return Some(3 + signed(rest).unwrap_or(0));
    }
    if text.starts_with(['+', '-']) {
        return signed(text);
    }
    let letters = text.bytes().take(6).take_while(u8::is_ascii_uppercase).count();
    match letters {
        5 if text.as_bytes()[4] == b'T' => Some(5),
        4 if text.as_bytes()[3] == b'T' || text.starts_with("WITA") => Some(4),
        3 => Some(3),
        _ => None,
    }
}

/// Go's `time.ParseDuration`, in nanoseconds.
pub(in crate::sprig) fn parse_duration(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {}", quote(text));
    let (negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0_u128;
    while !rest.is_empty() {
        let whole = rest.bytes().take_while(u8::is_ascii_digit).count();
        let mut length = whole;
        let mut decimals = "";
        if rest[whole..].starts_with('.') {
            let count = rest[whole + 1..].bytes().take_while(u8::is_ascii_digit).count();
            decimals = &rest[whole + 1..whole + 1 + count];
            length += 1 + count;
        }
        if whole == 0 && decimals.is_empty() {
            return Err(invalid());
        }
        let number: u64 = if whole == 0 {
            0
        } else {
            rest[..whole].parse().map_err(|_| invalid())?
        };
        rest = &rest[length..];
        let unit_length = rest
            .find(|next: char| next == '.' || next.is_ascii_digit())
            .unwrap_or(rest.len());
        let name = &rest[..unit_length];
        let unit: u64 = match name {
            "" => return Err(format!("time: missing unit in duration {}", quote(text))),
            "ns" => 1,
            "us" | "µs" | "μs" => 1000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => {
                let (unit, text) = (quote(name), quote(text));
                return Err(format!("time: unknown unit {unit} in duration {text}"));
            }
        };
        rest = &rest[unit_length..];
        total += u128::from(number) * u128::from(unit);
        if !decimals.is_empty() {
            let fraction: f64 = format!("0.{decimals}").parse().unwrap_or(0.0);
            total += (fraction * unit as f64) as u128;
        }
        if total > 1 << 63 {
            return Err(invalid());
        }
    }
    match (negative, i64::try_from(total)) {
        (false, Ok(total)) => Ok(total),
        (true, Ok(total)) => Ok(-total),
        (true, Err(_)) => Ok(i64::MIN),
        (false, Err(_)) => Err(invalid()),
    }
}
