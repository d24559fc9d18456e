//! Numbers: conversions, arithmetic on integers and on decimals, sequences.

use crate::template::format::text_of;
use crate::template::{Context, FunctionError, Functions, Kind, Parameter, Signature, Text, Value};

use super::arguments::{ANIES, ANY, ANY_ANIES, ANY_ANY, INT, NONE, Outcome, TEXT, int, ints, text};
use super::decimal::Decimal;

pub(super) fn register(functions: &mut Functions) {
    functions.register("int", ANY, |_, arguments| Ok(Value::Int(to_integer(&arguments[0]))));
    functions.register("int64", ANY, |_, arguments| Ok(Value::Int64(to_integer(&arguments[0]))));
    functions.register("float64", ANY, |_, arguments| Ok(Value::Float(to_float(&arguments[0]))));
    functions.register("atoi", TEXT, |_, arguments| {
        Ok(Value::Int(decimal_integer(&text(arguments, 0))))
    });
    functions.register("toDecimal", ANY, |_, arguments| {
        let digits = text_of(&arguments[0]);
        let digits = digits.to_str();
        Ok(Value::Int64(i64::from_str_radix(&digits, 8).unwrap_or(0)))
    });
    integers(functions);
    floats(functions);
    sequences(functions);
}

fn integers(functions: &mut Functions) {
    functions.register("add", ANIES, |_, arguments| {
        Ok(Value::Int64(
            arguments.iter().map(to_integer).fold(0, i64::wrapping_add),
        ))
    });
    functions.register("add1", ANY, |_, arguments| {
        Ok(Value::Int64(to_integer(&arguments[0]).wrapping_add(1)))
    });
    functions.register("sub", ANY_ANY, |_, arguments| {
        Ok(Value::Int64(
            to_integer(&arguments[0]).wrapping_sub(to_integer(&arguments[1])),
        ))
    });
    functions.register("mul", ANY_ANIES, |_, arguments| {
        Ok(Value::Int64(
            arguments.iter().map(to_integer).fold(1, i64::wrapping_mul),
        ))
    });
    functions.register("div", ANY_ANY, |_, arguments| divide(arguments, i64::wrapping_div));
    functions.register("mod", ANY_ANY, |_, arguments| divide(arguments, i64::wrapping_rem));
    for name in ["max", "biggest"] {
        functions.register(name, ANY_ANIES, |_, arguments| {
            Ok(Value::Int64(arguments.iter().map(to_integer).max().unwrap_or(0)))
        });
    }
    functions.register("min", ANY_ANIES, |_, arguments| {
        Ok(Value::Int64(arguments.iter().map(to_integer).min().unwrap_or(0)))
    });
    functions.register(
        "randInt",
        Signature::new(&[Parameter::Int, Parameter::Int]),
        |context, arguments| {
            let (low, high) = (int(arguments, 0), int(arguments, 1));
            let span = high.wrapping_sub(low);
            if span <= 0 {
                return Err("invalid argument to Intn".into());
            }
            let drawn = super::random::below(context, span as u64) as i64;
            Ok(Value::Int(low.wrapping_add(drawn)))
        },
    );
}

fn divide(arguments: &[Value], operation: fn(i64, i64) -> i64) -> Outcome {
    match to_integer(&arguments[1]) {
        0 => Err("runtime error: integer divide by zero".into()),
        divisor => Ok(Value::Int64(operation(to_integer(&arguments[0]), divisor))),
    }
}

fn floats(functions: &mut Functions) {
    functions.register("maxf", ANY_ANIES, |_, arguments| Ok(extreme(arguments, |a, b| a > b)));
    functions.register("minf", ANY_ANIES, |_, arguments| Ok(extreme(arguments, |a, b| a < b)));
    functions.register("floor", ANY, |_, arguments| {
        Ok(Value::Float(to_float(&arguments[0]).floor()))
    });
    functions.register("ceil", ANY, |_, arguments| {
        Ok(Value::Float(to_float(&arguments[0]).ceil()))
    });
    let round = Signature::variadic(&[Parameter::Any, Parameter::Int], Parameter::Float64);
    functions.register("round", round, |_, arguments| {
        let turn = match arguments.get(2) {
            Some(Value::Float(turn)) => *turn,
            _ => 0.5,
        };
        let places = i32::try_from(int(arguments, 1)).unwrap_or(i32::MAX);
        let scale = power_of_ten(places);
        let scaled = scale * to_float(&arguments[0]);
        // The fraction keeps its sign: negative numbers are always rounded down.
        let rounded = if scaled.fract() >= turn {
            scaled.ceil()
        } else {
            scaled.floor()
        };
        Ok(Value::Float(rounded / scale))
    });
    functions.register("addf", ANIES, |_, arguments| {
        decimals(&Value::Float(0.0), arguments, |left, right| Ok(left.plus(right)))
    });
    functions.register("add1f", ANY, |_, arguments| {
        decimals(&arguments[0], &[Value::Int(1)], |left, right| Ok(left.plus(right)))
    });
    functions.register("subf", ANY_ANIES, |_, arguments| {
        decimals(&arguments[0], &arguments[1..], |left, right| Ok(left.minus(right)))
    });
    functions.register("mulf", ANY_ANIES, |_, arguments| {
        decimals(&arguments[0], &arguments[1..], |left, right| Ok(left.times(right)))
    });
    functions.register("divf", ANY_ANIES, |_, arguments| {
        decimals(&arguments[0], &arguments[1..], |left, right| {
            left.divided_by(right).ok_or_else(|| "decimal division by 0".into())
        })
    });
}

/// Go's `math.Pow(10, n)`: powers that a `float64` has exactly come out exact.
fn power_of_ten(exponent: i32) -> f64 {
    format!("1e{exponent}").parse().unwrap_or(f64::INFINITY)
}

fn extreme(arguments: &[Value], better: fn(f64, f64) -> bool) -> Value {
    let mut numbers = arguments.iter().map(to_float);
    let mut best = numbers.next().unwrap_or(0.0);
    for number in numbers {
        if number.is_nan() || better(number, best) {
            best = number;
        }
    }
    Value::Float(best)
}

fn decimals(
    first: &Value,
    others: &[Value],
    operation: impl Fn(&Decimal, &Decimal) -> Result<Decimal, FunctionError>,
) -> Outcome {
    let decimal = |value: &Value| -> Result<Decimal, FunctionError> {
        let number = to_float(value);
        Decimal::from_float(number)
            .ok_or_else(|| format!("Cannot create a Decimal from {}", text_of(&Value::Float(number))).into())
    };
    let mut result = decimal(first)?;
    for other in others {
        result = operation(&result, &decimal(other)?)?;
    }
    Ok(Value::Float(result.to_float()))
}

fn sequences(functions: &mut Functions) {
    functions.register("until", INT, |context, arguments| {
        let count = int(arguments, 0);
        Ok(ints(steps(context, 0, count, if count < 0 { -1 } else { 1 })?))
    });
    let three = Signature::new(&[Parameter::Int, Parameter::Int, Parameter::Int]);
    functions.register("untilStep", three, |context, arguments| {
        Ok(ints(steps(
            context,
            int(arguments, 0),
            int(arguments, 1),
            int(arguments, 2),
        )?))
    });
    functions.register("seq", Signature::variadic(&[], Parameter::Int), |context, arguments| {
        let numbers: Vec<i64> = (0..arguments.len()).map(|index| int(arguments, index)).collect();
        let (start, end, step) = match numbers[..] {
            [end] => (1, end, if end < 1 { -1 } else { 1 }),
            [start, end] => (start, end, if end < start { -1 } else { 1 }),
            [start, step, end] if end >= start || step <= 0 => (start, end, step),
            _ => return Ok(Value::text("")),
        };
        let beyond = end.wrapping_add(if end < start { -1 } else { 1 });
        let items = steps(context, start, beyond, step)?;
        let items: Vec<String> = items.iter().map(i64::to_string).collect();
        Ok(Value::text(items.join(" ")))
    });
    functions.register("hello", NONE, |_, _| Ok(Value::text("Hello!")));
}

/// The numbers from `start` up or down to `stop`, which is not one of them.
fn steps(context: &mut Context<'_>, start: i64, stop: i64, step: i64) -> Result<Vec<i64>, FunctionError> {
    if step == 0 || (stop < start) != (step < 0) {
        return Ok(Vec::new());
    }
    let distance = stop.abs_diff(start);
    let count = distance.div_ceil(step.unsigned_abs());
    let bytes = usize::try_from(count)
        .unwrap_or(usize::MAX)
        .saturating_mul(size_of::<Value>());
    context.charge_bytes(bytes)?;
    Ok((0..count as i64).map(|index| start + index * step).collect())
}

/// `int64` of anything, as spf13/cast v1.7 converts: texts are read in the base that their prefix says, what cannot be
/// converted is 0.
pub(super) fn to_integer(value: &Value) -> i64 {
    match value {
        Value::Int(number) | Value::Int64(number) => *number,
        Value::Uint8(number) => i64::from(*number),
        Value::Uint64(number) => *number as i64,
        Value::Float(number) => float_to_integer(*number),
        Value::Bool(value) => i64::from(*value),
        Value::Text(text) => parse(text),
        // `time.Month` and `time.Weekday`, but not `time.Duration`.
        Value::Object(object) if object.kind() == Kind::Int => object.integer().unwrap_or(0),
        _ => 0,
    }
}

/// Go's conversion on 64-bit machines: what does not fit is the smallest integer.
fn float_to_integer(number: f64) -> i64 {
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number) {
        number as i64
    } else {
        i64::MIN
    }
}

fn parse(text: &Text) -> i64 {
    let Some(text) = text.as_str() else { return 0 };
    // A fraction of zeros is cut off, no other.
    let whole = text.trim_end_matches('0');
    let digits = match whole.strip_suffix('.') {
        Some(digits) if whole.len() < text.len() => digits,
        _ => text,
    };
    crate::template::parse_integer(digits).unwrap_or(0)
}

/// `float64` of anything, as spf13/cast v1.7 converts.
pub(super) fn to_float(value: &Value) -> f64 {
    match value {
        Value::Int(number) | Value::Int64(number) => *number as f64,
        Value::Uint8(number) => f64::from(*number),
        Value::Uint64(number) => *number as f64,
        Value::Float(number) => *number,
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::Text(text) => text.as_str().and_then(crate::template::parse_float).unwrap_or(0.0),
        _ => 0.0,
    }
}

/// Go's `strconv.Atoi`, errors dropped: what is too large is the largest integer.
fn decimal_integer(text: &str) -> i64 {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    text.parse()
        .unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX })
}
