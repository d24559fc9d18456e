//! Printing one value with one verb.

use super::float::format_float;
use crate::template::quote::{can_backquote, quote_character, quote_with};
use crate::template::text::Text;
use crate::template::unicode::is_print;
use crate::template::value::{Kind, List, Map, Object, Value};

/// Deeper values than this are cyclic, or made to exhaust the stack.
const MAX_DEPTH: usize = 1000;

/// What stands where Go prints an address.
const ADDRESS: u64 = 0xc0_0000_0000;

/// The flags of a directive.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flags {
    pub(super) plus: bool,
    pub(super) minus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    /// `%+v`.
    pub(super) field_names: bool,
    /// `%#v`.
    pub(super) go_syntax: bool,
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
}

#[derive(Debug, Default)]
pub(super) struct Printer {
    output: Vec<u8>,
    pub(super) flags: Flags,
    /// Set while the text of a wrong verb is printed: methods are not called then.
    erroring: bool,
}

impl Printer {
    pub(super) fn onto(output: Vec<u8>) -> Self {
        Self {
            output,
            ..Self::default()
        }
    }

    pub(super) fn finish(self) -> Text {
        Text::from_bytes(self.output)
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.output
    }

    pub(super) fn push(&mut self, byte: u8) {
        self.output.push(byte);
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.output.extend_from_slice(bytes);
    }

    fn push_char(&mut self, character: char) {
        self.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// `%!verb(text)`.
    pub(super) fn error_text(&mut self, verb: char, text: &str) {
        self.extend(b"%!");
        self.push_char(verb);
        self.push(b'(');
        self.extend(text.as_bytes());
        self.push(b')');
    }

    fn bad_verb(&mut self, value: &Value, verb: char) {
        if value.is_nil() {
            self.error_text(verb, "<nil>");
            return;
        }
        let before = std::mem::replace(&mut self.erroring, true);
        self.extend(b"%!");
        self.push_char(verb);
        self.push(b'(');
        self.extend(value.type_name().as_bytes());
        self.push(b'=');
        self.value(value, 'v', 0);
        self.push(b')');
        self.erroring = before;
    }

    /// An operand.
    pub(super) fn argument(&mut self, value: &Value, verb: char) {
        match (value, verb) {
            (Value::Nil, 'T' | 'v') => self.pad(b"<nil>"),
            (Value::Nil, _) => self.bad_verb(value, verb),
            (_, 'T') => self.text(value.type_name().as_bytes(), value, 's'),
            (_, 'p') => self.pointer(value, 'p'),
            _ => self.value(value, verb, 0),
        }
    }

    fn value(&mut self, value: &Value, verb: char, depth: usize) {
        if depth > MAX_DEPTH {
            self.extend(b"...");
            return;
        }
        if verb == 'w' && matches!(value, Value::List(_) | Value::Map(_) | Value::Object(_)) {
            // The verb of wrapped errors is refused for what might be one, as a whole.
            self.bad_verb(value, verb);
            return;
        }
        match value {
            Value::Nil if self.flags.go_syntax => self.extend(b"interface {}(nil)"),
            Value::Nil => self.extend(b"<nil>"),
            Value::Bool(flag) => match verb {
                't' | 'v' => self.pad(if *flag { b"true" } else { b"false" }),
                _ => self.bad_verb(value, verb),
            },
            Value::Int(number) | Value::Int64(number) => {
                self.integer(number.unsigned_abs(), *number < 0, true, value, verb);
            }
            Value::Uint8(number) => self.integer(u64::from(*number), false, false, value, verb),
            Value::Uint64(number) => self.integer(*number, false, false, value, verb),
            Value::Float(number) => self.float(*number, value, verb),
            Value::Complex(real, imaginary) => self.complex(*real, *imaginary, value, verb),
            Value::Text(text) => self.text(text.as_bytes(), value, verb),
            Value::Bytes(bytes) => self.bytes(bytes, value, verb),
            Value::List(list) => self.list(list, verb, depth),
            Value::Map(map) => self.map(map, verb, depth),
            Value::Object(object) => self.object(&**object, value, verb, depth),
        }
    }

    fn list(&mut self, list: &List, verb: char, depth: usize) {
        let go = self.flags.go_syntax;
        if go {
            self.extend(list.list_type().name.as_bytes());
        }
        self.push(if go { b'{' } else { b'[' });
        for (index, item) in list.items().iter().enumerate() {
            if index > 0 {
                self.extend(if go { b", " } else { b" " });
            }
            crate::template::with_stack(depth, || self.value(item, verb, depth + 1));
        }
        self.push(if go { b'}' } else { b']' });
    }

    fn map(&mut self, map: &Map, verb: char, depth: usize) {
        let go = self.flags.go_syntax;
        if go {
            self.extend(map.map_type().name.as_bytes());
            self.push(b'{');
        } else {
            self.extend(b"map[");
        }
        for (index, (key, item)) in map.entries().iter().enumerate() {
            if index > 0 {
                self.extend(if go { b", " } else { b" " });
            }
            self.value(&Value::Text(key.clone()), verb, depth + 1);
            self.push(b':');
            crate::template::with_stack(depth, || self.value(item, verb, depth + 1));
        }
        self.push(if go { b'}' } else { b']' });
    }

    fn object(&mut self, object: &dyn Object, value: &Value, verb: char, depth: usize) {
        let prints_itself = !self.erroring && !self.flags.go_syntax && matches!(verb, 'v' | 's' | 'x' | 'X' | 'q');
        if prints_itself && let Some(text) = object.text() {
            self.text(text.as_bytes(), value, verb);
            return;
        }
        if let Some(number) = object.integer() {
            self.integer(number.unsigned_abs(), number < 0, true, value, verb);
            return;
        }
        if object.kind() == Kind::Pointer {
            if depth > 0 {
                self.pointer(value, verb);
                return;
            }
            self.push(b'&');
            if let Some(target) = object.target() {
                self.value(&target, verb, depth + 1);
                return;
            }
        }
        let go = self.flags.go_syntax;
        if go {
            self.extend(object.type_name().trim_start_matches('*').as_bytes());
        }
        self.push(b'{');
        for (index, (name, field)) in object.printed_fields().iter().enumerate() {
            if index > 0 {
                self.extend(if go { b", " } else { b" " });
            }
            if go || self.flags.field_names {
                self.extend(name.as_bytes());
                self.push(b':');
            }
            self.value(field, verb, depth + 1);
        }
        self.push(b'}');
    }

    fn pointer(&mut self, value: &Value, verb: char) {
        let has_address = matches!(value.kind(), Kind::Map | Kind::Pointer | Kind::Slice);
        match verb {
            _ if !has_address => self.bad_verb(value, verb),
            'v' if self.flags.go_syntax => {
                self.extend(format!("({})({ADDRESS:#x})", value.type_name()).as_bytes());
            }
            'v' | 'p' => {
                let sharp = self.flags.sharp;
                self.flags.sharp = verb == 'v' || !sharp;
                self.digits(ADDRESS, 16, false, 'v', false);
                self.flags.sharp = sharp;
            }
            'b' | 'o' | 'd' | 'x' | 'X' => self.integer(ADDRESS, false, false, value, verb),
            _ => self.bad_verb(value, verb),
        }
    }

    /// Writes a text with the padding that the width asks for; it counts characters.
    fn pad(&mut self, text: &[u8]) {
        let Some(width) = self.flags.width else {
            self.extend(text);
            return;
        };
        let length: usize = text
            .utf8_chunks()
            .map(|chunk| chunk.valid().chars().count() + chunk.invalid().len())
            .sum();
        let missing = width.saturating_sub(length);
        if self.flags.minus {
            self.extend(text);
            self.padding(missing);
        } else {
            self.padding(missing);
            self.extend(text);
        }
    }

    fn padding(&mut self, count: usize) {
        let byte = if self.flags.zero && !self.flags.minus {
            b'0'
        } else {
            b' '
        };
        self.output.resize(self.output.len() + count, byte);
    }

    fn pad_without_zeros(&mut self, text: &[u8]) {
        let zero = std::mem::replace(&mut self.flags.zero, false);
        self.pad(text);
        self.flags.zero = zero;
    }

    fn integer(&mut self, magnitude: u64, negative: bool, signed: bool, value: &Value, verb: char) {
        match verb {
            'v' if self.flags.go_syntax && !signed => {
                let sharp = std::mem::replace(&mut self.flags.sharp, true);
                self.digits(magnitude, 16, false, 'v', false);
                self.flags.sharp = sharp;
            }
            'v' | 'd' => self.digits(magnitude, 10, negative, verb, false),
            'b' => self.digits(magnitude, 2, negative, verb, false),
            'o' | 'O' => self.digits(magnitude, 8, negative, verb, false),
            'x' => self.digits(magnitude, 16, negative, verb, false),
            'X' => self.digits(magnitude, 16, negative, verb, true),
            'c' | 'q' | 'U' => {
                let code = if negative { magnitude.wrapping_neg() } else { magnitude };
                self.character(code, verb);
            }
            _ => self.bad_verb(value, verb),
        }
    }

    fn digits(&mut self, magnitude: u64, base: u32, negative: bool, verb: char, upper: bool) {
        let flags = self.flags;
        let mut least = 0;
        if let Some(precision) = flags.precision {
            least = precision;
            if precision == 0 && magnitude == 0 {
                self.flags.zero = false;
                self.padding(flags.width.unwrap_or(0));
                self.flags.zero = flags.zero;
                return;
            }
        } else if let Some(width) = flags.width
            && flags.zero
            && !flags.minus
        {
            least = if negative || flags.plus || flags.space {
                width.saturating_sub(1)
            } else {
                width
            };
        }
        let digits = match base {
            2 => format!("{magnitude:b}"),
            8 => format!("{magnitude:o}"),
            16 if upper => format!("{magnitude:X}"),
            16 => format!("{magnitude:x}"),
            _ => magnitude.to_string(),
        };
        let mut digits = "0".repeat(least.saturating_sub(digits.len())) + &digits;
        if flags.sharp {
            match base {
                2 => digits.insert_str(0, "0b"),
                8 if !digits.starts_with('0') => digits.insert(0, '0'),
                16 => digits.insert_str(0, if upper { "0X" } else { "0x" }),
                _ => {}
            }
        }
        if verb == 'O' {
            digits.insert_str(0, "0o");
        }
        if negative {
            digits.insert(0, '-');
        } else if flags.plus {
            digits.insert(0, '+');
        } else if flags.space {
            digits.insert(0, ' ');
        }
        self.pad_without_zeros(digits.as_bytes());
    }

    fn character(&mut self, code: u64, verb: char) {
        let character = u32::try_from(code).ok().and_then(char::from_u32);
        match verb {
            'c' => self.pad(character.unwrap_or('\u{fffd}').encode_utf8(&mut [0; 4]).as_bytes()),
            'q' => {
                let code = character.map_or(-1, |character| i64::from(u32::from(character)));
                self.pad(quote_character(code, self.flags.plus).as_bytes());
            }
            _ => {
                let least = self.flags.precision.unwrap_or(4).max(4);
                let mut text = format!("U+{code:0least$X}");
                if let Some(character) = character
                    && self.flags.sharp
                    && is_print(character)
                {
                    text.push_str(&format!(" '{character}'"));
                }
                self.pad_without_zeros(text.as_bytes());
            }
        }
    }

    fn float(&mut self, number: f64, value: &Value, verb: char) {
        match verb {
            'v' => self.float_digits(number, 'g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => self.float_digits(number, verb, None),
            'f' | 'e' | 'E' => self.float_digits(number, verb, Some(6)),
            'F' => self.float_digits(number, 'f', Some(6)),
            _ => self.bad_verb(value, verb),
        }
    }

    fn complex(&mut self, real: f64, imaginary: f64, value: &Value, verb: char) {
        if !matches!(verb, 'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E') {
            return self.bad_verb(value, verb);
        }
        let plus = self.flags.plus;
        self.push(b'(');
        self.float(real, value, verb);
        self.flags.plus = true;
        self.float(imaginary, value, verb);
        self.extend(b"i)");
        self.flags.plus = plus;
    }

    fn float_digits(&mut self, number: f64, format: char, precision: Option<usize>) {
        let flags = self.flags;
        let precision = flags.precision.or(precision);
        let mut text = format_float(number, format, precision);
        if !text.starts_with(['-', '+']) {
            text.insert(0, '+');
        }
        if flags.space && text.starts_with('+') && !flags.plus {
            text.replace_range(..1, " ");
        }
        if number.is_infinite() || number.is_nan() {
            if number.is_nan() && !flags.space && !flags.plus {
                text.remove(0);
            }
            self.pad_without_zeros(text.as_bytes());
            return;
        }
        if flags.sharp && format != 'b' {
            text = with_point(&text, format, precision);
        }
        if !flags.plus && text.starts_with('+') {
            self.pad(&text.as_bytes()[1..]);
            return;
        }
        let missing = flags.width.unwrap_or(0).saturating_sub(text.len());
        if flags.zero && !flags.minus && missing > 0 {
            self.extend(&text.as_bytes()[..1]);
            self.padding(missing);
            self.extend(&text.as_bytes()[1..]);
            return;
        }
        self.pad(text.as_bytes());
    }

    fn text(&mut self, text: &[u8], value: &Value, verb: char) {
        match verb {
            'v' if self.flags.go_syntax => self.quoted(text),
            'v' | 's' => {
                let shown = self.truncated(text);
                self.pad(&shown);
            }
            'q' => self.quoted(text),
            'x' => self.hexadecimal(text, false),
            'X' => self.hexadecimal(text, true),
            _ => self.bad_verb(value, verb),
        }
    }

    fn truncated(&self, text: &[u8]) -> Vec<u8> {
        let Some(limit) = self.flags.precision else {
            return text.to_vec();
        };
        let mut shown = Vec::new();
        let mut count = 0;
        for chunk in text.utf8_chunks() {
            for character in chunk.valid().chars() {
                if count == limit {
                    return shown;
                }
                count += 1;
                shown.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            for byte in chunk.invalid() {
                if count == limit {
                    return shown;
                }
                count += 1;
                shown.push(*byte);
            }
        }
        shown
    }

    fn quoted(&mut self, text: &[u8]) {
        let shown = self.truncated(text);
        let quoted = if self.flags.sharp && can_backquote(&shown) {
            [b"`", &*shown, b"`"].concat()
        } else {
            quote_with(&shown, '"', self.flags.plus).into_bytes()
        };
        self.pad(&quoted);
    }

    fn hexadecimal(&mut self, text: &[u8], upper: bool) {
        let flags = self.flags;
        let text = &text[..flags.precision.unwrap_or(text.len()).min(text.len())];
        let prefix = if upper { "0X" } else { "0x" };
        let mut digits = String::new();
        for (index, byte) in text.iter().enumerate() {
            if flags.space && index > 0 {
                digits.push(' ');
            }
            if flags.sharp && (flags.space || index == 0) {
                digits.push_str(prefix);
            }
            digits.push_str(&if upper {
                format!("{byte:02X}")
            } else {
                format!("{byte:02x}")
            });
        }
        self.pad(digits.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8], value: &Value, verb: char) {
        match verb {
            'v' | 'd' if self.flags.go_syntax => {
                self.extend(b"[]byte{");
                let items: Vec<String> = bytes.iter().map(|byte| format!("{byte:#x}")).collect();
                self.extend(items.join(", ").as_bytes());
                self.push(b'}');
            }
            's' | 'q' | 'x' | 'X' => self.text(bytes, value, verb),
            _ => {
                self.push(b'[');
                for (index, byte) in bytes.iter().enumerate() {
                    if index > 0 {
                        self.push(b' ');
                    }
                    self.value(&Value::Uint8(*byte), verb, 1);
                }
                self.push(b']');
            }
        }
    }
}

/// `%#g` and its like: always a point, and trailing zeros up to the precision.
fn with_point(text: &str, format: char, precision: Option<usize>) -> String {
    let (sign, body) = text.split_at(1);
    let exponent_letters: &[char] = if format.eq_ignore_ascii_case(&'x') {
        &['p', 'P']
    } else {
        &['e', 'E']
    };
    let split = body.find(exponent_letters).unwrap_or(body.len());
    let (mantissa, tail) = body.split_at(split);
    let mut digits = match format {
        'g' | 'G' | 'x' => precision.unwrap_or(6) as i64,
        _ => 0,
    };
    let mut saw_point = false;
    let mut saw_digit = false;
    // The x of a hexadecimal number counts, too.
    for character in mantissa.chars() {
        if character == '.' {
            saw_point = true;
        } else {
            saw_digit |= character != '0';
            if saw_digit {
                digits -= 1;
            }
        }
    }
    let mut result = format!("{sign}{mantissa}");
    if !saw_point {
        // A lone 0 counts as a digit when the point comes behind it.
        if mantissa.len() == 1 && mantissa.starts_with('0') {
            digits -= 1;
        }
        result.push('.');
    }
    result.extend(std::iter::repeat_n('0', digits.max(0) as usize));
    result + tail
}
