//! Random texts, numbers and identifiers. Randomness comes from the environment of the run.

use crate::template::{Context, FunctionError, Functions, Text, Value};

use super::arguments::{INT, NONE, Outcome, TEXT, int, text};

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &[u8] = b"0123456789";

pub(super) fn register(functions: &mut Functions) {
    functions.register("randAlpha", INT, |context, arguments| {
        Ok(drawn(context, int(arguments, 0), LETTERS)?.into())
    });
    functions.register("randNumeric", INT, |context, arguments| {
        Ok(drawn(context, int(arguments, 0), DIGITS)?.into())
    });
    functions.register("randAscii", INT, |context, arguments| {
        let printable: Vec<u8> = (b' '..=b'~').collect();
        Ok(drawn(context, int(arguments, 0), &printable)?.into())
    });
    functions.register("randAlphaNum", INT, alphanumeric);
    functions.register("randBytes", INT, |context, arguments| {
        let count = usize::try_from(int(arguments, 0)).map_err(|_| "runtime error: makeslice: len out of range")?;
        context.charge_bytes(count)?;
        let mut bytes = vec![0; count];
        context.environment().random(&mut bytes);
        Ok(Value::text(super::encoding::base64(&bytes)))
    });
    functions.register("uuidv4", NONE, |context, _| {
        let mut bytes = [0; 16];
        context.environment().random(&mut bytes);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let digits = super::encoding::hexadecimal(&bytes);
        let groups = [
            &digits[..8],
            &digits[8..12],
            &digits[12..16],
            &digits[16..20],
            &digits[20..],
        ];
        Ok(Value::text(groups.join("-")))
    });
    functions.register("shuffle", TEXT, |context, arguments| {
        let mut characters: Vec<char> = text(arguments, 0).chars().collect();
        for last in (1..characters.len()).rev() {
            let other = below(context, last as u64 + 1) as usize;
            characters.swap(last, other);
        }
        Ok(Value::text(characters.into_iter().collect::<String>()))
    });
}

/// A number below a bound that is not 0; every number is equally likely.
pub(super) fn below(context: &Context<'_>, bound: u64) -> u64 {
    // Numbers from the last, incomplete, run of `bound` would favour the small ones.
    let limit = u64::MAX - u64::MAX % bound;
    loop {
        let mut bytes = [0; 8];
        context.environment().random(&mut bytes);
        let number = u64::from_le_bytes(bytes);
        if number < limit {
            return number % bound;
        }
    }
}

fn drawn(context: &mut Context<'_>, count: i64, from: &[u8]) -> Result<Text, FunctionError> {
    let Ok(count) = usize::try_from(count) else {
        return Ok(Text::default());
    };
    context.charge_bytes(count)?;
    context.charge_steps(count as u64 / 16)?;
    let characters: Vec<u8> = (0..count)
        .map(|_| from[below(context, from.len() as u64) as usize])
        .collect();
    Ok(characters.into())
}

/// Letters and digits, at least one of them a digit.
fn alphanumeric(context: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    let drawn = drawn(context, int(arguments, 0), &[LETTERS, DIGITS].concat())?;
    let mut characters = drawn.as_bytes().to_vec();
    if !characters.is_empty() && !characters.iter().any(u8::is_ascii_digit) {
        let position = below(context, characters.len() as u64) as usize;
        characters[position] = DIGITS[below(context, 10) as usize];
    }
    Ok(Value::text(characters))
}
