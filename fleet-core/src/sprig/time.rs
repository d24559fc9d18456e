//! Go's `time.Time` and `time.Duration` as values, with the methods that templates can call.
//!
//! Civil time is computed here, because Go's times reach beyond the years that jiff knows; the rules of time zones are
//! jiff's.

use std::any::Any;
use std::fmt;

use crate::template::{Context, Kind, Method, Object, Parameter, Signature, Value};

use super::arguments::{NIL_POINTER, NONE, TEXT, int, text};
use super::semver::method;

mod layout;
mod parse;

pub(super) use parse::parse_duration;

const SECOND: i64 = 1_000_000_000;

/// A time zone.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Zone {
    Utc,
    Rules(jiff::tz::TimeZone),
    Fixed { offset: i64, name: String },
}

impl Zone {
    pub(super) fn local(context: &Context<'_>) -> Self {
        Self::of(context.environment().time_zone())
    }

    fn of(zone: jiff::tz::TimeZone) -> Self {
        if zone == jiff::tz::TimeZone::UTC {
            Self::Utc
        } else {
            Self::Rules(zone)
        }
    }

    /// A zone that is always so many seconds east of UTC.
    #[cfg(feature = "helm")]
    pub(super) fn fixed(offset: i64, name: &str) -> Self {
        Self::Fixed {
            offset,
            name: name.to_owned(),
        }
    }

    /// A zone of the time zone database; an unknown name is UTC.
    pub(super) fn named(context: &Context<'_>, name: &str) -> Self {
        match name {
            "" | "UTC" => Self::Utc,
            "Local" => Self::local(context),
            // Go finds names by their exact case.
            _ => match jiff::tz::TimeZone::get(name) {
                Ok(zone) if zone.iana_name() == Some(name) => Self::Rules(zone),
                _ => Self::Utc,
            },
        }
    }

    /// Seconds east of UTC at a time, and the abbreviation.
    fn at(&self, unix: i64) -> (i64, String) {
        match self {
            Self::Utc => (0, "UTC".to_owned()),
            Self::Fixed { offset, name } => (*offset, name.clone()),
            Self::Rules(zone) => match jiff::Timestamp::from_second(within_known_years(unix)) {
                Ok(timestamp) => {
                    let info = zone.to_offset_info(timestamp);
                    (i64::from(info.offset().seconds()), info.abbreviation().to_owned())
                }
                Err(_) => (0, "UTC".to_owned()),
            },
        }
    }
}

/// A second of a year that jiff knows, 400 years or a multiple of them away: the calendar repeats then, and the rules of
/// zones with it.
fn within_known_years(unix: i64) -> i64 {
    const CYCLE: i64 = 146_097 * 86_400;
    // The year 9900, after which every zone follows its last rule.
    const LAST: i64 = 250_248_000_000;
    if unix > LAST {
        return unix - ((unix - LAST).div_euclid(CYCLE) + 1) * CYCLE;
    }
    unix.max(-LAST)
}

/// Go's `time.Time`.
#[derive(Clone, Debug)]
pub(super) struct Time {
    unix: i64,
    nanosecond: i64,
    zone: Zone,
}

/// A time as people read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Civil {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
}

/// Days from 1970-01-01 to a day of the Gregorian calendar; months and days may be out of range.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year.saturating_add((month - 1).div_euclid(12));
    let month = (month - 1).rem_euclid(12) + 1;
    // Years begin in March here, so that the leap day is the last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468 + day - 1
}

impl Civil {
    fn from_unix(unix: i64) -> Self {
        let days = unix.div_euclid(86_400);
        let seconds = unix.rem_euclid(86_400);
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * shifted_month + 2) / 5 + 1,
            hour: seconds / 3600,
            minute: seconds / 60 % 60,
            second: seconds % 60,
        }
    }

    fn to_unix(self) -> i64 {
        let days = days_from_civil(self.year, self.month, self.day);
        days.saturating_mul(86_400)
            .saturating_add(self.hour * 3600 + self.minute * 60 + self.second)
    }

    fn year_day(self) -> i64 {
        days_from_civil(self.year, self.month, self.day) - days_from_civil(self.year, 1, 1) + 1
    }
}

impl Time {
    /// Go's zero time: the first of January of the year 1.
    pub(super) const ZERO: Self = Self {
        unix: -62_135_596_800,
        nanosecond: 0,
        zone: Zone::Utc,
    };

    pub(super) fn from_unix(unix: i64) -> Self {
        Self {
            unix,
            nanosecond: 0,
            zone: Zone::Utc,
        }
    }

    pub(super) fn from_nanoseconds(nanoseconds: i128) -> Self {
        let second = i128::from(SECOND);
        Self {
            unix: i64::try_from(nanoseconds.div_euclid(second)).unwrap_or(0),
            nanosecond: nanoseconds.rem_euclid(second) as i64,
            zone: Zone::Utc,
        }
    }

    pub(super) fn with_zone(mut self, zone: Zone) -> Self {
        self.zone = zone;
        self
    }

    pub(super) fn unix(&self) -> i64 {
        self.unix
    }

    /// A time of day in a zone.
    fn from_civil(civil: Civil, nanosecond: i64, zone: &Zone) -> Self {
        let wall = civil.to_unix();
        let (guess, _) = zone.at(wall);
        let (offset, _) = zone.at(wall.saturating_sub(guess));
        Self {
            unix: wall.saturating_sub(offset),
            nanosecond,
            zone: zone.clone(),
        }
    }

    fn civil(&self) -> Civil {
        Civil::from_unix(self.unix.saturating_add(self.zone.at(self.unix).0))
    }

    pub(super) fn plus(&self, nanoseconds: i64) -> Self {
        let total = self.nanosecond + nanoseconds.rem_euclid(SECOND);
        let carry = nanoseconds.div_euclid(SECOND) + total / SECOND;
        Self {
            unix: self.unix.saturating_add(carry),
            nanosecond: total % SECOND,
            zone: self.zone.clone(),
        }
    }

    /// The nanoseconds from another time to this; what does not fit is the nearest that does.
    pub(super) fn minus(&self, other: &Self) -> i64 {
        let seconds = i128::from(self.unix) - i128::from(other.unix);
        let nanoseconds = seconds * i128::from(SECOND) + i128::from(self.nanosecond - other.nanosecond);
        nanoseconds.clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }

    /// Go's `Format`.
    pub(super) fn format(&self, layout: &str) -> String {
        layout::format(self, layout)
    }

    /// Go's `ParseInLocation`.
    pub(super) fn parse(layout: &str, text: &str, zone: &Zone) -> Result<Self, String> {
        parse::parse(layout, text, zone)
    }

    fn weekday(&self) -> i64 {
        let days = self.unix.saturating_add(self.zone.at(self.unix).0).div_euclid(86_400);
        (days + 4).rem_euclid(7)
    }

    fn order(&self, other: &Self) -> std::cmp::Ordering {
        (self.unix, self.nanosecond).cmp(&(other.unix, other.nanosecond))
    }

    fn text(&self) -> String {
        self.format("2006-01-02 15:04:05.999999999 -0700 MST")
    }
}

fn time(value: &Value) -> Result<&Time, String> {
    value.downcast().ok_or_else(|| NIL_POINTER.to_owned())
}

const OTHER: Signature = Signature::new(&[Parameter::Named("time.Time")]);
const SPAN: Signature = Signature::new(&[Parameter::NamedInteger("time.Duration")]);
const YEARS_MONTHS_DAYS: Signature = Signature::new(&[Parameter::Int, Parameter::Int, Parameter::Int]);

fn time_method(name: &str) -> Option<&'static Method> {
    match name {
        "Format" => method!(TEXT, |_, this, arguments| Ok(Value::text(
            time(this)?.format(&text(arguments, 0))
        ))),
        "String" => method!(NONE, |_, this, _| Ok(Value::text(time(this)?.text()))),
        "Unix" => method!(NONE, |_, this, _| Ok(Value::Int64(time(this)?.unix))),
        "UnixNano" => method!(NONE, |_, this, _| {
            let time = time(this)?;
            Ok(Value::Int64(
                time.unix.wrapping_mul(SECOND).wrapping_add(time.nanosecond),
            ))
        }),
        "UnixMilli" => method!(NONE, |_, this, _| {
            let time = time(this)?;
            Ok(Value::Int64(
                time.unix.wrapping_mul(1000).wrapping_add(time.nanosecond / 1_000_000),
            ))
        }),
        "UnixMicro" => method!(NONE, |_, this, _| {
            let time = time(this)?;
            Ok(Value::Int64(
                time.unix.wrapping_mul(1_000_000).wrapping_add(time.nanosecond / 1000),
            ))
        }),
        "Year" => method!(NONE, |_, this, _| Ok(Value::Int(time(this)?.civil().year))),
        "Month" => method!(NONE, |_, this, _| Ok(Value::object(Month(time(this)?.civil().month)))),
        "Day" => method!(NONE, |_, this, _| Ok(Value::Int(time(this)?.civil().day))),
        "Hour" => method!(NONE, |_, this, _| Ok(Value::Int(time(this)?.civil().hour))),
        "Minute" => method!(NONE, |_, this, _| Ok(Value::Int(time(this)?.civil().minute))),
        "Second" => method!(NONE, |_, this, _| Ok(Value::Int(time(this)?.civil().second))),
        "Nanosecond" => method!(NONE, |_, this, _| Ok(Value::Int(time(this)?.nanosecond))),
        "YearDay" => method!(NONE, |_, this, _| Ok(Value::Int(time(this)?.civil().year_day()))),
        "Weekday" => method!(NONE, |_, this, _| Ok(Value::object(Weekday(time(this)?.weekday())))),
        "UTC" => method!(NONE, |_, this, _| Ok(Value::object(
            time(this)?.clone().with_zone(Zone::Utc)
        ))),
        "Local" => method!(NONE, |context, this, _| {
            Ok(Value::object(time(this)?.clone().with_zone(Zone::local(context))))
        }),
        "IsZero" => method!(NONE, |_, this, _| Ok(Value::Bool(
            time(this)?.order(&Time::ZERO).is_eq()
        ))),
        "Before" => method!(OTHER, |_, this, arguments| {
            Ok(Value::Bool(time(this)?.order(time(&arguments[0])?).is_lt()))
        }),
        "After" => method!(OTHER, |_, this, arguments| {
            Ok(Value::Bool(time(this)?.order(time(&arguments[0])?).is_gt()))
        }),
        "Equal" => method!(OTHER, |_, this, arguments| {
            Ok(Value::Bool(time(this)?.order(time(&arguments[0])?).is_eq()))
        }),
        "Compare" => method!(OTHER, |_, this, arguments| {
            Ok(Value::Int(time(this)?.order(time(&arguments[0])?) as i64))
        }),
        "Sub" => method!(OTHER, |_, this, arguments| {
            Ok(Value::object(Duration(time(this)?.minus(time(&arguments[0])?))))
        }),
        "Add" => method!(SPAN, |_, this, arguments| {
            Ok(Value::object(time(this)?.plus(duration(&arguments[0])?.0)))
        }),
        "AddDate" => method!(YEARS_MONTHS_DAYS, |_, this, arguments| {
            let time = time(this)?;
            let bounded = |index: usize| int(arguments, index).clamp(-1_000_000_000, 1_000_000_000);
            let mut civil = time.civil();
            civil.year += bounded(0);
            civil.month += bounded(1);
            civil.day += bounded(2);
            Ok(Value::object(Time::from_civil(civil, time.nanosecond, &time.zone)))
        }),
        _ => None,
    }
}

impl Object for Time {
    fn type_name(&self) -> &'static str {
        "time.Time"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        time_method(name)
    }

    fn text(&self) -> Option<String> {
        Some(self.text())
    }

    fn json(&self) -> Result<serde_json::Value, String> {
        Ok(self.format("2006-01-02T15:04:05.999999999Z07:00").into())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other = other.as_any().downcast_ref::<Self>();
        other.is_some_and(|other| self.order(other).is_eq() && self.zone == other.zone)
    }
}

/// Go's `time.Duration`: nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Duration(pub(super) i64);

fn duration(value: &Value) -> Result<Duration, String> {
    match value {
        Value::Int64(nanoseconds) => Ok(Duration(*nanoseconds)),
        other => other.downcast().copied().ok_or_else(|| NIL_POINTER.to_owned()),
    }
}

impl Duration {
    /// Rounded to a multiple, halves away from zero.
    pub(super) fn rounded(self, multiple: i64) -> Self {
        if multiple <= 0 {
            return self;
        }
        let rest = self.0 % multiple;
        let half = rest.unsigned_abs() >= multiple.unsigned_abs() - rest.unsigned_abs();
        let down = self.0 - rest;
        Self(if half {
            down.saturating_add(if self.0 < 0 { -multiple } else { multiple })
        } else {
            down
        })
    }
}

impl fmt::Display for Duration {
    /// Go's `String`: `1h2m3.5s`, below a second in smaller units.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.0.unsigned_abs();
        if self.0 < 0 {
            formatter.write_str("-")?;
        }
        let fraction = |number: u64, unit: u64| {
            let digits = format!("{:0width$}", number % unit, width = unit.ilog10() as usize);
            let digits = digits.trim_end_matches('0');
            let point = if digits.is_empty() { "" } else { "." };
            format!("{}{point}{digits}", number / unit)
        };
        match total {
            0 => formatter.write_str("0s"),
            1..1000 => write!(formatter, "{total}ns"),
            1000..1_000_000 => write!(formatter, "{}µs", fraction(total, 1000)),
            1_000_000..1_000_000_000 => write!(formatter, "{}ms", fraction(total, 1_000_000)),
            _ => {
                let minutes = total / (60 * SECOND as u64);
                let seconds = fraction(total % (60 * SECOND as u64), SECOND as u64);
                match (minutes / 60, minutes % 60) {
                    (0, 0) => write!(formatter, "{seconds}s"),
                    (0, minutes) => write!(formatter, "{minutes}m{seconds}s"),
                    (hours, minutes) => write!(formatter, "{hours}h{minutes}m{seconds}s"),
                }
            }
        }
    }
}

fn duration_method(name: &str) -> Option<&'static Method> {
    match name {
        "String" => method!(NONE, |_, this, _| Ok(Value::text(duration(this)?.to_string()))),
        "Hours" => method!(NONE, |_, this, _| Ok(Value::Float(duration(this)?.0 as f64 / 3_600e9))),
        "Minutes" => method!(NONE, |_, this, _| Ok(Value::Float(duration(this)?.0 as f64 / 60e9))),
        "Seconds" => method!(NONE, |_, this, _| Ok(Value::Float(duration(this)?.0 as f64 / 1e9))),
        "Milliseconds" => method!(NONE, |_, this, _| Ok(Value::Int64(duration(this)?.0 / 1_000_000))),
        "Microseconds" => method!(NONE, |_, this, _| Ok(Value::Int64(duration(this)?.0 / 1000))),
        "Nanoseconds" => method!(NONE, |_, this, _| Ok(Value::Int64(duration(this)?.0))),
        "Abs" => method!(NONE, |_, this, _| Ok(Value::object(Duration(
            duration(this)?.0.saturating_abs()
        )))),
        "Round" => method!(SPAN, |_, this, arguments| {
            Ok(Value::object(duration(this)?.rounded(duration(&arguments[0])?.0)))
        }),
        _ => None,
    }
}

/// An integer type with a name and a text.
macro_rules! named_integer {
    ($type:ident, $name:literal, $kind:expr, $method:expr, $text:expr) => {
        impl Object for $type {
            fn type_name(&self) -> &'static str {
                $name
            }

            fn as_any(&self) -> &dyn Any {
                self
            }

            fn kind(&self) -> Kind {
                $kind
            }

            fn method(&self, name: &str) -> Option<&'static Method> {
                $method(name)
            }

            fn text(&self) -> Option<String> {
                Some($text(self))
            }

            fn integer(&self) -> Option<i64> {
                Some(self.0)
            }

            fn json(&self) -> Result<serde_json::Value, String> {
                Ok(self.0.into())
            }

            fn equals(&self, other: &dyn Object) -> bool {
                other
                    .as_any()
                    .downcast_ref::<Self>()
                    .is_some_and(|other| self.0 == other.0)
            }
        }
    };
}

/// Go's `time.Month`.
#[derive(Debug)]
struct Month(i64);

/// Go's `time.Weekday`.
#[derive(Debug)]
struct Weekday(i64);

named_integer!(
    Duration,
    "time.Duration",
    Kind::Int64,
    duration_method,
    ToString::to_string
);
named_integer!(
    Month,
    "time.Month",
    Kind::Int,
    |name: &str| match name {
        "String" => method!(NONE, |_, this, _| Ok(Value::text(
            this.downcast().map_or("", |month: &Month| {
                layout::MONTHS[(month.0 - 1).rem_euclid(12) as usize]
            })
        ))),
        _ => None,
    },
    |month: &Month| layout::MONTHS[(month.0 - 1).rem_euclid(12) as usize].to_owned()
);
named_integer!(
    Weekday,
    "time.Weekday",
    Kind::Int,
    |name: &str| match name {
        "String" => method!(NONE, |_, this, _| Ok(Value::text(
            this.downcast()
                .map_or("", |day: &Weekday| layout::DAYS[day.0.rem_euclid(7) as usize])
        ))),
        _ => None,
    },
    |day: &Weekday| layout::DAYS[day.0.rem_euclid(7) as usize].to_owned()
);
