//! Format strings: flags, width, precision, argument indexes.

use super::printer::{Flags, Printer};
use crate::template::value::Value;

/// Go refuses wider fields and higher precisions than this.
const MAX_NUMBER: i64 = 1_000_000;

pub(super) fn run(printer: &mut Printer, format: &[u8], arguments: &[Value]) {
    let mut scan = Scan {
        format,
        position: 0,
        arguments,
        next: 0,
        reordered: false,
        good_index: true,
    };
    while scan.position < format.len() {
        let rest = &format[scan.position..];
        let literal = rest.iter().position(|byte| *byte == b'%').unwrap_or(rest.len());
        printer.extend(&rest[..literal]);
        scan.position += literal;
        if scan.position < format.len() {
            scan.position += 1;
            scan.directive(printer);
        }
    }
    if !scan.reordered && scan.next < arguments.len() {
        printer.flags = Flags::default();
        printer.extend(b"%!(EXTRA ");
        for (index, argument) in arguments[scan.next..].iter().enumerate() {
            if index > 0 {
                printer.extend(b", ");
            }
            if argument.is_nil() {
                printer.extend(b"<nil>");
            } else {
                printer.extend(argument.type_name().as_bytes());
                printer.push(b'=');
                printer.argument(argument, 'v');
            }
        }
        printer.push(b')');
    }
}

struct Scan<'a> {
    format: &'a [u8],
    position: usize,
    arguments: &'a [Value],
    /// The argument that the next directive takes.
    next: usize,
    reordered: bool,
    good_index: bool,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.format.get(self.position).copied()
    }

    fn directive(&mut self, printer: &mut Printer) {
        printer.flags = Flags::default();
        self.good_index = true;
        while let Some(byte) = self.peek() {
            match byte {
                b'#' => printer.flags.sharp = true,
                b'0' => printer.flags.zero = true,
                b'+' => printer.flags.plus = true,
                b'-' => printer.flags.minus = true,
                b' ' => printer.flags.space = true,
                _ => break,
            }
            self.position += 1;
        }
        let mut after_index = self.index();
        if self.peek() == Some(b'*') {
            self.position += 1;
            match self.integer_argument() {
                Some(width) => {
                    printer.flags.width = Some(width.unsigned_abs() as usize);
                    if width < 0 {
                        printer.flags.minus = true;
                        printer.flags.zero = false;
                    }
                }
                None => printer.extend(b"%!(BADWIDTH)"),
            }
            after_index = false;
        } else {
            printer.flags.width = self.number();
            if after_index && printer.flags.width.is_some() {
                self.good_index = false;
            }
        }
        if self.peek() == Some(b'.') {
            self.position += 1;
            if after_index {
                self.good_index = false;
            }
            after_index = self.index();
            if self.peek() == Some(b'*') {
                self.position += 1;
                match self.integer_argument() {
                    Some(precision) if precision >= 0 => printer.flags.precision = Some(precision as usize),
                    _ => printer.extend(b"%!(BADPREC)"),
                }
                after_index = false;
            } else {
                printer.flags.precision = Some(self.number().unwrap_or(0));
            }
        }
        if !after_index {
            self.index();
        }
        self.verb(printer);
    }

    fn verb(&mut self, printer: &mut Printer) {
        let rest = &self.format[self.position..];
        let Some(chunk) = rest.utf8_chunks().next() else {
            printer.extend(b"%!(NOVERB)");
            return;
        };
        let (verb, length) = match chunk.valid().chars().next() {
            Some(verb) => (verb, verb.len_utf8()),
            None => ('\u{fffd}', 1),
        };
        self.position += length;
        if verb == '%' {
            printer.push(b'%');
        } else if !self.good_index {
            printer.error_text(verb, "BADINDEX");
        } else if let Some(argument) = self.arguments.get(self.next) {
            self.next += 1;
            if verb == 'v' {
                let flags = &mut printer.flags;
                flags.go_syntax = std::mem::take(&mut flags.sharp);
                flags.field_names = std::mem::take(&mut flags.plus);
            }
            printer.argument(argument, verb);
        } else {
            printer.error_text(verb, "MISSING");
        }
    }

    fn number(&mut self) -> Option<usize> {
        let start = self.position;
        let mut number = 0_i64;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            if number > MAX_NUMBER {
                // Too large: Go gives up on the rest of the format.
                self.position = self.format.len();
                return None;
            }
            number = number * 10 + i64::from(digit - b'0');
            self.position += 1;
        }
        (self.position > start).then_some(number as usize)
    }

    /// An argument index, such as `[2]`: whether there was a valid one.
    fn index(&mut self) -> bool {
        if self.peek() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let rest = &self.format[self.position..];
        let Some(end) = rest.iter().position(|byte| *byte == b']') else {
            self.good_index = false;
            self.position += 1;
            return false;
        };
        let digits = std::str::from_utf8(&rest[1..end]).unwrap_or_default();
        let valid = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let index: Option<usize> = valid.then(|| digits.parse().ok()).flatten();
        self.position += end + 1;
        match index {
            Some(index) if (1..=self.arguments.len()).contains(&index) => {
                self.next = index - 1;
                true
            }
            _ => {
                self.good_index = false;
                valid
            }
        }
    }

    fn integer_argument(&mut self) -> Option<i64> {
        let argument = self.arguments.get(self.next)?;
        self.next += 1;
        let number = match argument {
            Value::Int(number) | Value::Int64(number) => *number,
            Value::Uint8(number) => i64::from(*number),
            Value::Uint64(number) => i64::try_from(*number).ok()?,
            _ => return None,
        };
        (-MAX_NUMBER..=MAX_NUMBER).contains(&number).then_some(number)
    }
}
