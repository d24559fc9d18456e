//! Durations as Go reads and writes them.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A duration (`metav1.Duration`): read as Go's `time.ParseDuration`, printed as Go's `Duration.String`, so `60s` comes
/// back as `1m0s`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    /// Nanoseconds.
    pub nanoseconds: i64,
}

/// A text that is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DurationError {
    /// The text has no meaning, or is out of range.
    #[error("time: invalid duration {0:?}")]
    Invalid(String),
    /// A number without a unit.
    #[error("time: missing unit in duration {0:?}")]
    MissingUnit(String),
    /// A unit that is none.
    #[error("time: unknown unit {unit:?} in duration {text:?}")]
    UnknownUnit {
        /// The unit.
        unit: String,
        /// The whole text.
        text: String,
    },
}

impl Duration {
    /// A number of seconds; more than fits is the longest duration.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self {
            nanoseconds: seconds.saturating_mul(1_000_000_000),
        }
    }

    /// The standard library's duration, where this one is not negative.
    pub fn to_std(self) -> Option<std::time::Duration> {
        u64::try_from(self.nanoseconds)
            .ok()
            .map(std::time::Duration::from_nanos)
    }
}

fn unit_nanoseconds(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        // Micro sign and Greek mu.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// Digits at the beginning of a text.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let invalid = || DurationError::Invalid(text.to_owned());
        let (negative, mut rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        if rest == "0" {
            return Ok(Self::default());
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut total: u64 = 0;
        while !rest.is_empty() {
            let (whole, after) = digits(rest);
            let (fraction, after) = match after.strip_prefix('.') {
                Some(after) => digits(after),
                None => ("", after),
            };
            if whole.is_empty() && fraction.is_empty() {
                return Err(invalid());
            }
            let end = after
                .find(|c: char| c == '.' || c.is_ascii_digit())
                .unwrap_or(after.len());
            let (unit, after) = after.split_at(end);
            if unit.is_empty() {
                return Err(DurationError::MissingUnit(text.to_owned()));
            }
            let scale = unit_nanoseconds(unit).ok_or_else(|| DurationError::UnknownUnit {
                unit: unit.to_owned(),
                text: text.to_owned(),
            })?;
            let whole: u64 = if whole.is_empty() {
                0
            } else {
                whole.parse().map_err(|_| invalid())?
            };
            let mut nanoseconds = whole.checked_mul(scale).filter(|n| *n <= 1 << 63).ok_or_else(invalid)?;
            // More digits than these are below a nanosecond in every unit.
            let kept = &fraction[..fraction.len().min(18)];
            if !kept.is_empty() {
                let value: u64 = kept.parse().map_err(|_| invalid())?;
                let part = value as f64 * (scale as f64 / 10f64.powi(kept.len() as i32));
                nanoseconds = nanoseconds.checked_add(part as u64).ok_or_else(invalid)?;
            }
            total = total
                .checked_add(nanoseconds)
                .filter(|n| *n <= 1 << 63)
                .ok_or_else(invalid)?;
            rest = after;
        }
        let nanoseconds = match negative {
            true => (total as i64).wrapping_neg(),
            false => i64::try_from(total).map_err(|_| invalid())?,
        };
        Ok(Self { nanoseconds })
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.nanoseconds.unsigned_abs();
        let sign = if self.nanoseconds < 0 { "-" } else { "" };
        let mut text = String::new();
        let (amount, below, unit) = match total {
            0 => return formatter.write_str("0s"),
            1..1_000 => (total, 0, "ns"),
            1_000..1_000_000 => (total / 1_000, total % 1_000 * 1_000_000, "\u{b5}s"),
            1_000_000..1_000_000_000 => (total / 1_000_000, total % 1_000_000 * 1_000, "ms"),
            _ => {
                let minutes = total / 60_000_000_000;
                if minutes >= 60 {
                    write!(text, "{}h", minutes / 60)?;
                }
                if minutes > 0 {
                    write!(text, "{}m", minutes % 60)?;
                }
                (total / 1_000_000_000 % 60, total % 1_000_000_000, "s")
            }
        };
        write!(text, "{amount}")?;
        if below > 0 {
            let fraction = format!("{below:09}");
            write!(text, ".{}", fraction.trim_end_matches('0'))?;
        }
        write!(formatter, "{sign}{text}{unit}")
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(feature = "crd")]
impl schemars::JsonSchema for Duration {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "minLength": 1,
            "maxLength": 32,
            "x-kubernetes-validations": [{
                "rule": "self == '0' || (self.matches('^([0-9]+([.][0-9]+)?(ns|us|\u{b5}s|ms|s|m|h))+$') \
                         && duration(self) <= duration('2562047h'))",
                "message": "must be a valid Go duration using units ns, us, \u{b5}s, ms, s, m, h (e.g. 15s, 5m, 2h, \
                            1h30m); units like d (days) or w (weeks) are not supported",
            }],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Duration;

    #[test]
    fn durations_come_back_as_go_prints_them() {
        for (text, printed) in [
            ("0", "0s"),
            ("60s", "1m0s"),
            ("1h30m", "1h30m0s"),
            ("1.5h", "1h30m0s"),
            ("-5m", "-5m0s"),
            ("15s", "15s"),
            (".5s", "500ms"),
            ("1.s", "1s"),
            ("1500us", "1.5ms"),
            ("1\u{b5}s", "1\u{b5}s"),
            ("3ns", "3ns"),
            ("36h", "36h0m0s"),
            ("1m0.25s", "1m0.25s"),
            ("2562047h47m16.854775807s", "2562047h47m16.854775807s"),
        ] {
            assert_eq!(text.parse::<Duration>().unwrap().to_string(), printed, "{text}");
        }
        for (text, message) in [
            ("", "time: invalid duration \"\""),
            ("x", "time: invalid duration \"x\""),
            ("5", "time: missing unit in duration \"5\""),
            ("5d", "time: unknown unit \"d\" in duration \"5d\""),
            ("2562048h", "time: invalid duration \"2562048h\""),
            (
                "99999999999999999999h",
                "time: invalid duration \"99999999999999999999h\"",
            ),
        ] {
            assert_eq!(text.parse::<Duration>().unwrap_err().to_string(), message, "{text}");
        }
    }
}
