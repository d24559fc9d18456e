//! Go's layouts: a text that shows how the second of January 2006, 15:04:05 MST, would be written.

use std::fmt::Write;

use super::Time;

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// A part of a layout that stands for a part of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    LongYear,
    Year,
    LongMonth,
    Month,
    NumericMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    SpaceDay,
    ZeroDay,
    SpaceYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    UpperHalf,
    LowerHalf,
    ZoneName,
    /// With `Z` for UTC, colons, minutes, seconds.
    Offset {
        zulu: bool,
        colon: bool,
        minutes: bool,
        seconds: bool,
    },
    /// Digits of a second behind a point or comma; `trimmed`: without trailing zeros.
    Fraction {
        digits: usize,
        trimmed: bool,
        separator: char,
    },
}

/// The first unit of a layout: what comes before it, the unit, what comes after it.
pub(super) fn next_unit(layout: &str) -> Option<(&str, Unit, &str)> {
    for (index, _) in layout.char_indices() {
        let rest = &layout[index..];
        if let Some((unit, skip, length)) = unit_at(rest) {
            return Some((&layout[..index + skip], unit, &rest[skip + length..]));
        }
    }
    None
}

/// The unit at the beginning of a text: how much text comes before it after all, and its length.
fn unit_at(rest: &str) -> Option<(Unit, usize, usize)> {
    const OFFSETS: [(&str, Unit); 10] = [
        (
            "-07:00:00",
            Unit::Offset {
                zulu: false,
                colon: true,
                minutes: true,
                seconds: true,
            },
        ),
        (
            "-07:00",
            Unit::Offset {
                zulu: false,
                colon: true,
                minutes: true,
                seconds: false,
            },
        ),
        (
            "-070000",
            Unit::Offset {
                zulu: false,
                colon: false,
                minutes: true,
                seconds: true,
            },
        ),
        (
            "-0700",
            Unit::Offset {
                zulu: false,
                colon: false,
                minutes: true,
                seconds: false,
            },
        ),
        (
            "-07",
            Unit::Offset {
                zulu: false,
                colon: false,
                minutes: false,
                seconds: false,
            },
        ),
        (
            "Z07:00:00",
            Unit::Offset {
                zulu: true,
                colon: true,
                minutes: true,
                seconds: true,
            },
        ),
        (
            "Z07:00",
            Unit::Offset {
                zulu: true,
                colon: true,
                minutes: true,
                seconds: false,
            },
        ),
        (
            "Z070000",
            Unit::Offset {
                zulu: true,
                colon: false,
                minutes: true,
                seconds: true,
            },
        ),
        (
            "Z0700",
            Unit::Offset {
                zulu: true,
                colon: false,
                minutes: true,
                seconds: false,
            },
        ),
        (
            "Z07",
            Unit::Offset {
                zulu: true,
                colon: false,
                minutes: false,
                seconds: false,
            },
        ),
    ];
    const PLAIN: [(&str, Unit); 21] = [
        ("January", Unit::LongMonth),
        ("Monday", Unit::LongWeekday),
        ("MST", Unit::ZoneName),
        ("002", Unit::ZeroYearDay),
        ("01", Unit::ZeroMonth),
        ("02", Unit::ZeroDay),
        ("03", Unit::ZeroHour12),
        ("04", Unit::ZeroMinute),
        ("05", Unit::ZeroSecond),
        ("06", Unit::Year),
        ("15", Unit::Hour),
        ("1", Unit::NumericMonth),
        ("2006", Unit::LongYear),
        ("2", Unit::Day),
        ("__2", Unit::SpaceYearDay),
        ("_2", Unit::SpaceDay),
        ("3", Unit::Hour12),
        ("4", Unit::Minute),
        ("5", Unit::Second),
        ("PM", Unit::UpperHalf),
        ("pm", Unit::LowerHalf),
    ];
    if rest.starts_with("_2006") {
        return Some((Unit::LongYear, 1, 4));
    }
    for (text, unit) in [("Jan", Unit::Month), ("Mon", Unit::Weekday)] {
        let long = if text == "Jan" { "January" } else { "Monday" };
        if rest.starts_with(text) && !rest.starts_with(long) {
            // Not the beginning of another word.
            let word = rest[3..].starts_with(|next: char| next.is_ascii_lowercase());
            return (!word).then_some((unit, 0, 3));
        }
    }
    let known = PLAIN.iter().chain(&OFFSETS).find(|(text, _)| rest.starts_with(text));
    if let Some((text, unit)) = known {
        return Some((*unit, 0, text.len()));
    }
    let separator = rest.chars().next().filter(|first| matches!(first, '.' | ','))?;
    let digit = rest[1..].chars().next().filter(|digit| matches!(digit, '0' | '9'))?;
    let digits = rest[1..].chars().take_while(|other| *other == digit).count();
    let more = rest[1 + digits..].starts_with(|next: char| next.is_ascii_digit());
    (!more).then_some((
        Unit::Fraction {
            digits,
            trimmed: digit == '9',
            separator,
        },
        0,
        1 + digits,
    ))
}

pub(super) fn format(time: &Time, layout: &str) -> String {
    let civil = time.civil();
    let (offset, abbreviation) = time.zone.at(time.unix);
    let mut text = String::with_capacity(layout.len() + 8);
    let mut rest = layout;
    while let Some((before, unit, after)) = next_unit(rest) {
        text.push_str(before);
        rest = after;
        let twelve = (civil.hour + 11) % 12 + 1;
        let month = MONTHS[(civil.month - 1).rem_euclid(12) as usize];
        let day = DAYS[time.weekday() as usize];
        // Writing to a string does not fail.
        let _ = match unit {
            Unit::LongYear if civil.year < 0 => write!(text, "-{:04}", -civil.year),
            Unit::LongYear => write!(text, "{:04}", civil.year),
            Unit::Year => write!(text, "{:02}", civil.year.max(0) % 100),
            Unit::LongMonth => write!(text, "{month}"),
            Unit::Month => write!(text, "{}", &month[..3]),
            Unit::NumericMonth => write!(text, "{}", civil.month),
            Unit::ZeroMonth => write!(text, "{:02}", civil.month),
            Unit::LongWeekday => write!(text, "{day}"),
            Unit::Weekday => write!(text, "{}", &day[..3]),
            Unit::Day => write!(text, "{}", civil.day),
            Unit::SpaceDay => write!(text, "{:2}", civil.day),
            Unit::ZeroDay => write!(text, "{:02}", civil.day),
            Unit::SpaceYearDay => write!(text, "{:3}", civil.year_day()),
            Unit::ZeroYearDay => write!(text, "{:03}", civil.year_day()),
            Unit::Hour => write!(text, "{:02}", civil.hour),
            Unit::Hour12 => write!(text, "{twelve}"),
            Unit::ZeroHour12 => write!(text, "{twelve:02}"),
            Unit::Minute => write!(text, "{}", civil.minute),
            Unit::ZeroMinute => write!(text, "{:02}", civil.minute),
            Unit::Second => write!(text, "{}", civil.second),
            Unit::ZeroSecond => write!(text, "{:02}", civil.second),
            Unit::UpperHalf => write!(text, "{}", if civil.hour >= 12 { "PM" } else { "AM" }),
            Unit::LowerHalf => write!(text, "{}", if civil.hour >= 12 { "pm" } else { "am" }),
            Unit::ZoneName if abbreviation.is_empty() => write!(text, "{}", offset_text(offset, false, true, false)),
            Unit::ZoneName => write!(text, "{abbreviation}"),
            Unit::Offset { zulu: true, .. } if offset == 0 => write!(text, "Z"),
            Unit::Offset {
                colon,
                minutes,
                seconds,
                ..
            } => {
                write!(text, "{}", offset_text(offset, colon, minutes, seconds))
            }
            Unit::Fraction {
                digits,
                trimmed,
                separator,
            } => {
                let all = format!("{:09}", time.nanosecond);
                let shown = format!("{all:0<digits$}");
                let shown = &shown[..digits];
                let shown = if trimmed { shown.trim_end_matches('0') } else { shown };
                if shown.is_empty() {
                    Ok(())
                } else {
                    write!(text, "{separator}{shown}")
                }
            }
        };
    }
    text.push_str(rest);
    text
}

fn offset_text(offset: i64, colon: bool, minutes: bool, seconds: bool) -> String {
    let (sign, absolute) = if offset < 0 { ('-', -offset) } else { ('+', offset) };
    let mut text = format!("{sign}{:02}", absolute / 3600);
    for (shown, value) in [(minutes, absolute / 60 % 60), (seconds, absolute % 60)] {
        if shown {
            if colon {
                text.push(':');
            }
            let _ = write!(text, "{value:02}");
        }
    }
    text
}
