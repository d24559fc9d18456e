//! Times and durations. The clock is that of the environment, and so is the zone called `Local`.

use crate::template::{Context, Functions, Parameter, Signature, Value};

use super::arguments::{ANY, NONE, TEXT_ANY, TEXT_TEXT, text};
use super::time::{Duration, Time, Zone, parse_duration};

const TIME: Signature = Signature::new(&[Parameter::Named("time.Time")]);
const TEXT_TIME: Signature = Signature::new(&[Parameter::Text, Parameter::Named("time.Time")]);
const TEXT_ANY_TEXT: Signature = Signature::new(&[Parameter::Text, Parameter::Any, Parameter::Text]);
const ANY_TEXT: Signature = Signature::new(&[Parameter::Any, Parameter::Text]);

const DAY_LAYOUT: &str = "2006-01-02";

pub(super) fn register(functions: &mut Functions) {
    functions.register("now", NONE, |context, _| Ok(Value::object(now(context))));
    functions.register("date", TEXT_ANY, |context, arguments| {
        Ok(Value::text(
            time_of(context, &arguments[1])
                .with_zone(Zone::local(context))
                .format(&text(arguments, 0)),
        ))
    });
    for name in ["dateInZone", "date_in_zone"] {
        functions.register(name, TEXT_ANY_TEXT, |context, arguments| {
            let time = time_of(context, &arguments[1]).with_zone(Zone::named(context, &text(arguments, 2)));
            Ok(Value::text(time.format(&text(arguments, 0))))
        });
    }
    functions.register("htmlDate", ANY, |context, arguments| {
        Ok(Value::text(
            time_of(context, &arguments[0])
                .with_zone(Zone::local(context))
                .format(DAY_LAYOUT),
        ))
    });
    functions.register("htmlDateInZone", ANY_TEXT, |context, arguments| {
        let time = time_of(context, &arguments[0]).with_zone(Zone::named(context, &text(arguments, 1)));
        Ok(Value::text(time.format(DAY_LAYOUT)))
    });
    for (name, must) in [
        ("dateModify", false),
        ("date_modify", false),
        ("mustDateModify", true),
        ("must_date_modify", true),
    ] {
        functions.register(name, TEXT_TIME, move |_, arguments| {
            match (parse_duration(&text(arguments, 0)), arguments[1].downcast::<Time>()) {
                (Ok(duration), Some(time)) => Ok(Value::object(time.plus(duration))),
                (Err(error), _) if must => Err(error.into()),
                _ => Ok(arguments[1].clone()),
            }
        });
    }
    for (name, must) in [("toDate", false), ("mustToDate", true)] {
        functions.register(name, TEXT_TEXT, move |context, arguments| {
            match Time::parse(&text(arguments, 0), &text(arguments, 1), &Zone::local(context)) {
                Ok(time) => Ok(Value::object(time)),
                Err(error) if must => Err(error.into()),
                Err(_) => Ok(Value::object(Time::ZERO)),
            }
        });
    }
    functions.register("unixEpoch", TIME, |_, arguments| {
        let seconds = arguments[0].downcast::<Time>().map_or(0, Time::unix);
        Ok(Value::text(seconds.to_string()))
    });
    durations(functions);
}

fn now(context: &Context<'_>) -> Time {
    let now = context.environment().now();
    let nanoseconds = now.as_nanosecond();
    Time::from_nanoseconds(nanoseconds).with_zone(Zone::local(context))
}

/// The time of a value: times themselves, seconds since 1970, and for everything else the current time.
fn time_of(context: &Context<'_>, value: &Value) -> Time {
    match value {
        Value::Int(seconds) | Value::Int64(seconds) => Time::from_unix(*seconds),
        other => other.downcast::<Time>().cloned().unwrap_or_else(|| now(context)),
    }
}

fn durations(functions: &mut Functions) {
    functions.register("ago", ANY, |context, arguments| {
        let since = now(context).minus(&time_of(context, &arguments[0]));
        Ok(Value::text(Duration(since).rounded(1_000_000_000).to_string()))
    });
    functions.register("duration", ANY, |_, arguments| {
        let seconds: i64 = match &arguments[0] {
            Value::Text(text) => text.to_str().parse().unwrap_or(0),
            Value::Int64(seconds) => *seconds,
            _ => 0,
        };
        Ok(Value::text(Duration(seconds.wrapping_mul(1_000_000_000)).to_string()))
    });
    functions.register("durationRound", ANY, |context, arguments| {
        let nanoseconds = match &arguments[0] {
            Value::Text(text) => parse_duration(&text.to_str()).unwrap_or(0),
            Value::Int64(nanoseconds) => *nanoseconds,
            other => other.downcast::<Time>().map_or(0, |time| now(context).minus(time)),
        };
        Ok(Value::text(largest_unit(nanoseconds.unsigned_abs())))
    });
}

/// The duration in its largest unit, the rest cut off.
fn largest_unit(nanoseconds: u64) -> String {
    const SECOND: u64 = 1_000_000_000;
    const HOUR: u64 = 3600 * SECOND;
    let units = [
        (HOUR * 24 * 365, "y"),
        (HOUR * 24 * 30, "mo"),
        (HOUR * 24, "d"),
        (HOUR, "h"),
        (60 * SECOND, "m"),
        (SECOND, "s"),
    ];
    for (unit, name) in units {
        if nanoseconds > unit {
            return format!("{}{name}", nanoseconds / unit);
        }
    }
    "0s".to_owned()
}
