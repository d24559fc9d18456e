//! Timestamps as go-yaml recognizes them: Go's `time.Parse` with four layouts. go-yaml v2 keeps their text (what resolves to
//! one is quoted when it is written); v3 makes them times, which JSON prints by RFC 3339.

/// A time with its offset, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timestamp {
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    nanosecond: u32,
    /// Minutes east of Greenwich.
    offset: i32,
}

impl Timestamp {
    /// The form of `time.Time.MarshalJSON`: RFC 3339, with as many digits of the fraction as are needed.
    pub(super) fn to_rfc3339(self) -> String {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
            nanosecond,
            offset,
        } = self;
        let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        if nanosecond != 0 {
            text.push_str(format!(".{nanosecond:09}").trim_end_matches('0'));
        }
        if offset == 0 {
            text.push('Z');
        } else {
            let sign = if offset < 0 { '-' } else { '+' };
            let minutes = offset.unsigned_abs();
            text.push_str(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
        }
        text
    }

    /// Parses one of `2006-1-2T15:4:5.9Z07:00`, the same with `t`, `2006-1-2 15:4:5.9` and `2006-1-2`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        if digits != 4 || text.as_bytes().get(4) != Some(&b'-') {
            return None;
        }
        let mut rest = Cursor(&text[5..]);
        let year = text[..4].parse().ok()?;
        let month = rest.number(1..=12)?;
        rest.literal('-')?;
        let day = rest.number(1..=days_in(year, month))?;
        let mut time = Self {
            year,
            month,
            day,
            hour: 0,
            minute: 0,
            second: 0,
            nanosecond: 0,
            offset: 0,
        };
        match rest.0.chars().next() {
            None => return Some(time),
            Some(separator @ ('T' | 't')) => {
                rest.literal(separator)?;
                rest.clock(&mut time)?;
                time.offset = rest.zone()?;
            }
            Some(' ') => {
                rest.0 = rest.0.trim_start_matches(' ');
                rest.clock(&mut time)?;
            }
            Some(_) => return None,
        }
        rest.0.is_empty().then_some(time)
    }
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

struct Cursor<'a>(&'a str);

impl Cursor<'_> {
    fn literal(&mut self, expected: char) -> Option<()> {
        self.0 = self.0.strip_prefix(expected)?;
        Some(())
    }

    /// One or two digits.
    fn number(&mut self, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
        let length = self.0.bytes().take(2).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at(length);
        self.0 = rest;
        digits.parse().ok().filter(|number| range.contains(number))
    }

    fn clock(&mut self, time: &mut Timestamp) -> Option<()> {
        time.hour = self.number(0..=23)?;
        self.literal(':')?;
        time.minute = self.number(0..=59)?;
        self.literal(':')?;
        time.second = self.number(0..=59)?;
        if let Some(fraction) = self.0.strip_prefix(['.', ',']) {
            let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if length > 0 {
                let padded = format!("{:0<9}", &fraction[..length.min(9)]);
                time.nanosecond = padded.parse().ok()?;
                self.0 = &fraction[length..];
            }
        }
        Some(())
    }

    fn zone(&mut self) -> Option<i32> {
        if let Some(rest) = self.0.strip_prefix('Z') {
            self.0 = rest;
            return Some(0);
        }
        let sign = match self.0.chars().next()? {
            '+' => 1,
            '-' => -1,
            _ => return None,
        };
        let bytes = self.0.as_bytes();
        if bytes.len() < 6 || bytes[3] != b':' || !self.0.is_char_boundary(6) {
            return None;
        }
        let two = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| text.parse::<i32>().ok())?
        };
        let hours = two(self.0.get(1..3)?).filter(|hours| *hours <= 24)?;
        let minutes = two(self.0.get(4..6)?).filter(|minutes| *minutes < 60)?;
        self.0 = &self.0[6..];
        Some(sign * (hours * 60 + minutes))
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn layouts() {
        for (text, want) in [
            ("2001-12-14", Some("2001-12-14T00:00:00Z")),
            ("2001-1-2", Some("2001-01-02T00:00:00Z")),
            ("2001-12-14t21:59:43.10-05:00", Some("2001-12-14T21:59:43.1-05:00")),
            ("2001-12-14 21:59:43.10", Some("2001-12-14T21:59:43.1Z")),
            ("2001-12-14T21:59:43Z", Some("2001-12-14T21:59:43Z")),
            ("2001-12-14T21:59:43", None),
            ("2001-12-14 21:59:43Z", None),
            ("2001-02-30", None),
            ("2000-02-29", Some("2000-02-29T00:00:00Z")),
            ("2001-13-01", None),
            ("200-1-1", None),
            ("2001-1-1x", None),
            ("2001-1-1T1:1:1+0é", None),
        ] {
            assert_eq!(
                Timestamp::parse(text).map(Timestamp::to_rfc3339).as_deref(),
                want,
                "{text}"
            );
        }
    }
}
