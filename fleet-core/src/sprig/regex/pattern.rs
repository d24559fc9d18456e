//! Go's syntax of regular expressions, rewritten for the `regex` crate.
//!
//! What differs: Perl classes and word boundaries are ASCII, `\Q…\E`, octal escapes, a lone `{` and a `[` inside a class
//! are literal, `\p{^Greek}`, flags, and a class has no set operators. What Go refuses is refused with Go's reason.

use regex::bytes::{Captures, Match, Regex, RegexBuilder};

const POSIX_CLASSES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) regex: Regex,
    /// Whether the text of the pattern is empty.
    pub(super) is_empty: bool,
    /// Names of the groups by number.
    names: Vec<Option<String>>,
}

/// What a compiled pattern may take.
const SIZE_LIMIT: usize = 10 << 20;

/// Go's limits for repetition counts and for nesting.
const MAX_REPEAT: u32 = 1000;
const MAX_NESTING: usize = 1000;

impl Pattern {
    /// Compiles a pattern; an error is Go's reason.
    pub(super) fn compile(source: &str) -> Result<Self, String> {
        let mut rewriter = Rewriter {
            source,
            position: 0,
            output: String::with_capacity(source.len() + 8),
            names: vec![None],
            open: Vec::new(),
            last: Last::Nothing,
        };
        rewriter.run()?;
        let Rewriter { output, names, .. } = rewriter;
        let regex = RegexBuilder::new(&output)
            .size_limit(SIZE_LIMIT)
            .nest_limit(MAX_NESTING as u32 * 4)
            .build();
        match regex {
            Ok(regex) => Ok(Self {
                regex,
                is_empty: source.is_empty(),
                names,
            }),
            Err(regex::Error::CompiledTooBig(_)) => Err("expression too large".to_owned()),
            Err(_) => Err(format!("invalid or unsupported Perl syntax: `{source}`")),
        }
    }

    /// All matches, in order.
    pub(super) fn matches<'p>(&'p self, whole: &'p [u8]) -> impl Iterator<Item = Match<'p>> {
        self.regex.find_iter(whole).filter(|found| is_whole(whole, found))
    }

    /// Go's `Expand`: `$1`, `$name`, `${name}`, `$$`. A name is as long as it can be; an unknown one is empty.
    pub(super) fn expand(&self, template: &[u8], captures: &Captures<'_>, output: &mut Vec<u8>) {
        let mut rest = template;
        while let Some(dollar) = rest.iter().position(|byte| *byte == b'$') {
            output.extend_from_slice(&rest[..dollar]);
            rest = &rest[dollar + 1..];
            if let Some(after) = rest.strip_prefix(b"$") {
                output.push(b'$');
                rest = after;
                continue;
            }
            let (braced, body) = match rest.strip_prefix(b"{") {
                Some(body) => (true, body),
                None => (false, rest),
            };
            let valid = String::from_utf8_lossy(body);
            let is_name = |character: char| {
                character == '_'
                    || crate::template::unicode::is_letter(character)
                    || crate::template::unicode::is_digit(character)
            };
            let length = valid.find(|character| !is_name(character)).unwrap_or(valid.len());
            let name = &valid[..length];
            if name.is_empty() || (braced && body.get(length) != Some(&b'}')) {
                output.push(b'$');
                continue;
            }
            rest = &body[length + usize::from(braced)..];
            let number: Option<usize> = name
                .bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| name.parse().ok())
                .flatten();
            let group = match number {
                Some(number) if name == "0" || !name.starts_with('0') => captures.get(number),
                // Of several groups of a name the first that took part.
                _ => {
                    let mut named = self
                        .names
                        .iter()
                        .enumerate()
                        .filter(|(_, other)| other.as_deref() == Some(name));
                    named.find_map(|(position, _)| captures.get(position))
                }
            };
            if let Some(group) = group {
                output.extend_from_slice(group.as_bytes());
            }
        }
        output.extend_from_slice(rest);
    }
}

/// Whether a match does not lie between the bytes of one character: this engine finds nothing there too, Go does not.
pub(super) fn is_whole(whole: &[u8], found: &Match<'_>) -> bool {
    let is_continuation = |index: usize| whole.get(index).is_some_and(|byte| byte & 0xc0 == 0x80);
    !found.is_empty() || !is_continuation(found.start()) || std::str::from_utf8(whole).is_err()
}

/// What was read last, for the rules of repetition.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    /// Nothing that can be repeated.
    Nothing,
    Operand,
    /// A repetition that began at a position.
    Repetition(usize),
}

struct Rewriter<'p> {
    source: &'p str,
    position: usize,
    output: String,
    names: Vec<Option<String>>,
    /// Positions of the open groups.
    open: Vec<usize>,
    last: Last,
}

impl Rewriter<'_> {
    fn rest(&self) -> &str {
        &self.source[self.position..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.position += character.len_utf8();
        Some(character)
    }

    fn literal(&mut self, character: char) {
        self.output
            .push_str(&regex_syntax::escape(character.encode_utf8(&mut [0; 4])));
        self.last = Last::Operand;
    }

    fn operand(&mut self, text: &str) {
        self.output.push_str(text);
        self.last = Last::Operand;
    }

    fn run(&mut self) -> Result<(), String> {
        while let Some(character) = self.peek() {
            let start = self.position;
            match character {
                '(' => self.group()?,
                ')' => {
                    if self.open.pop().is_none() {
                        return Err(format!("unexpected ): `{}`", self.source));
                    }
                    self.position += 1;
                    self.operand(")");
                }
                '|' => {
                    self.position += 1;
                    self.output.push('|');
                    self.last = Last::Nothing;
                }
                '[' => self.class()?,
                '*' | '+' | '?' => {
                    self.position += 1;
                    self.repetition(start, &character.to_string())?;
                }
                '{' => match self.counts()? {
                    Some(counts) => self.repetition(start, &counts)?,
                    None => {
                        self.position += 1;
                        self.literal('{');
                    }
                },
                '\\' => self.escape()?,
                '^' | '$' | '.' => {
                    self.position += 1;
                    self.operand(&character.to_string());
                }
                _ => {
                    self.position += character.len_utf8();
                    self.literal(character);
                }
            }
        }
        if !self.open.is_empty() {
            return Err(format!("missing closing ): `{}`", self.source));
        }
        Ok(())
    }

    fn repetition(&mut self, start: usize, operator: &str) -> Result<(), String> {
        let lazy = self.peek() == Some('?');
        if lazy {
            self.position += 1;
        }
        match self.last {
            Last::Nothing => {
                let written = &self.source[start..start + operator_length(self.source, start)];
                return Err(format!("missing argument to repetition operator: `{written}`"));
            }
            Last::Repetition(before) => {
                let written = &self.source[before..self.position];
                return Err(format!("invalid nested repetition operator: `{written}`"));
            }
            Last::Operand => {}
        }
        self.output.push_str(operator);
        if lazy {
            self.output.push('?');
        }
        self.last = Last::Repetition(start);
        Ok(())
    }

    /// `{n}`, `{n,}` or `{n,m}`; anything else is no repetition.
    fn counts(&mut self) -> Result<Option<String>, String> {
        let Some(end) = self.rest().find('}') else {
            return Ok(None);
        };
        let written = self.rest()[..=end].to_owned();
        let body = &written[1..end];
        let (low, high) = body
            .split_once(',')
            .map_or((body, None), |(low, high)| (low, Some(high)));
        let is_number = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_digit())
                && (text.len() == 1 || !text.starts_with('0'))
        };
        if !is_number(low) || high.is_some_and(|high| !high.is_empty() && !is_number(high)) {
            return Ok(None);
        }
        let number = |text: &str| text.parse().unwrap_or(u32::MAX);
        let least = number(low);
        let most = high.filter(|high| !high.is_empty()).map(number);
        if least > MAX_REPEAT || most.is_some_and(|most| most > MAX_REPEAT || most < least) {
            return Err(format!("invalid repeat count: `{written}`"));
        }
        self.position += written.len();
        Ok(Some(written))
    }

    fn group(&mut self) -> Result<(), String> {
        if self.open.len() >= MAX_NESTING {
            return Err(format!("expression nests too deeply: `{}`", self.source));
        }
        let start = self.position;
        if !self.rest().starts_with("(?") {
            self.position += 1;
            self.open.push(start);
            self.names.push(None);
            self.output.push('(');
            self.last = Last::Nothing;
            return Ok(());
        }
        let rest = self.rest().to_owned();
        let name_start = ["(?P<", "(?<"].into_iter().find(|prefix| rest.starts_with(prefix));
        if let Some(prefix) = name_start.filter(|_| !rest.starts_with("(?<=") && !rest.starts_with("(?<!")) {
            let Some(end) = rest.find('>') else {
                return Err(format!("invalid named capture: `{rest}`"));
            };
            let name = &rest[prefix.len()..end];
            let is_word = |character: char| character == '_' || character.is_ascii_alphanumeric();
            if name.is_empty() || !name.chars().all(is_word) {
                return Err(format!("invalid named capture: `{}`", &rest[..=end]));
            }
            self.names.push(Some(name.to_owned()));
            self.position += end + 1;
            self.open.push(start);
            self.output.push('(');
            self.last = Last::Nothing;
            return Ok(());
        }
        self.position += 2;
        let mut sign = false;
        let mut flags = String::new();
        loop {
            let bad = |rewriter: &Self| {
                let written = &rewriter.source[start..rewriter.position];
                Err(format!("invalid or unsupported Perl syntax: `{written}`"))
            };
            match self.next() {
                None => return Err("missing argument to repetition operator: `?`".to_owned()),
                Some(flag @ ('i' | 'm' | 's' | 'U')) => flags.push(flag),
                Some('-') if !sign => {
                    sign = true;
                    flags.push('-');
                }
                Some(end @ (':' | ')')) => {
                    if flags.ends_with('-') {
                        return bad(self);
                    }
                    if end == ':' {
                        self.open.push(start);
                    }
                    if !flags.is_empty() || end == ':' {
                        self.output.push_str(&format!("(?{flags}{end}"));
                    }
                    self.last = Last::Nothing;
                    return Ok(());
                }
                Some(_) => return bad(self),
            }
        }
    }

    fn escape(&mut self) -> Result<(), String> {
        let rest = self.rest().to_owned();
        let Some(escaped) = rest.chars().nth(1) else {
            return Err("trailing backslash at end of expression: ``".to_owned());
        };
        match escaped {
            'Q' => {
                self.position += 2;
                let body = self.rest().to_owned();
                let (quoted, length) = match body.find("\\E") {
                    Some(end) => (&body[..end], end + 2),
                    None => (&body[..], body.len()),
                };
                self.position += length;
                quoted.chars().for_each(|character| self.literal(character));
            }
            'A' | 'z' => {
                self.position += 2;
                self.operand(&rest[..2]);
            }
            'b' | 'B' => {
                self.position += 2;
                self.operand(&format!("(?-u:{})", &rest[..2]));
            }
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => {
                self.position += 2;
                let class = perl_class(escaped);
                self.operand(&format!("[{class}]"));
            }
            'p' | 'P' => {
                let class = self.unicode_class()?;
                self.operand(&class);
            }
            _ => {
                let character = self.escaped_character()?;
                self.literal(character);
            }
        }
        Ok(())
    }

    /// `\pN`, `\p{Greek}`, `\P{^Greek}`.
    fn unicode_class(&mut self) -> Result<String, String> {
        let rest = self.rest().to_owned();
        let mut negated = rest.starts_with("\\P");
        let body = &rest[2..];
        let (name, length) = match body.chars().next() {
            Some('{') => match body.find('}') {
                Some(end) => (&body[1..end], end + 1),
                None => return Err(format!("invalid character class range: `{rest}`")),
            },
            Some(letter) => (&body[..letter.len_utf8()], letter.len_utf8()),
            None => return Err(format!("invalid character class range: `{rest}`")),
        };
        let written = &rest[..2 + length];
        let plain = match name.strip_prefix('^') {
            Some(plain) => {
                negated = !negated;
                plain
            }
            None => name,
        };
        self.position += written.len();
        let class = if negated {
            format!("\\P{{{plain}}}")
        } else {
            format!("\\p{{{plain}}}")
        };
        // Go knows general categories and scripts by their exact names.
        let is_exact = plain == "Any" || plain.starts_with(|first: char| first.is_ascii_uppercase());
        if !is_exact || plain.contains(['=', ':']) || regex_syntax::parse(&class).is_err() {
            return Err(format!("invalid character class range: `{written}`"));
        }
        Ok(class)
    }

    /// An escape that stands for one character.
    fn escaped_character(&mut self) -> Result<char, String> {
        let rest = self.rest().to_owned();
        let mut characters = rest.chars();
        characters.next();
        let Some(escaped) = characters.next() else {
            return Err("trailing backslash at end of expression: ``".to_owned());
        };
        let invalid = |length: usize| {
            let shown = rest
                .char_indices()
                .nth(length)
                .map_or(&rest[..], |(end, _)| &rest[..end]);
            Err(format!("invalid escape sequence: `{shown}`"))
        };
        let (character, length) = match escaped {
            'a' => ('\u{7}', 2),
            'f' => ('\u{c}', 2),
            'n' => ('\n', 2),
            'r' => ('\r', 2),
            't' => ('\t', 2),
            'v' => ('\u{b}', 2),
            '1'..='7' if !characters.next().is_some_and(|next| ('0'..='7').contains(&next)) => return invalid(2),
            '0'..='7' => {
                let digits: String = rest[1..]
                    .chars()
                    .take(3)
                    .take_while(|digit| ('0'..='7').contains(digit))
                    .collect();
                let code = u32::from_str_radix(&digits, 8).unwrap_or(0);
                (char::from_u32(code).unwrap_or('\u{fffd}'), 1 + digits.len())
            }
            'x' => {
                let (digits, length) = match rest[2..].strip_prefix('{') {
                    Some(body) => match body.find('}') {
                        Some(end) => (&body[..end], 4 + end),
                        None => return invalid(usize::MAX),
                    },
                    None => (rest.get(2..4).unwrap_or_default(), 4),
                };
                let hexadecimal = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                let code = hexadecimal.then(|| u32::from_str_radix(digits, 16).ok()).flatten();
                match code.and_then(char::from_u32) {
                    Some(character) => (character, length),
                    None => return invalid(length.min(4)),
                }
            }
            _ if escaped.is_ascii() && !escaped.is_ascii_alphanumeric() => (escaped, 2),
            _ => return invalid(2),
        };
        self.position += length;
        Ok(character)
    }

    fn class(&mut self) -> Result<(), String> {
        let start = self.position;
        let missing = |rewriter: &Self| format!("missing closing ]: `{}`", &rewriter.source[start..]);
        self.position += 1;
        self.output.push('[');
        if self.peek() == Some('^') {
            self.position += 1;
            self.output.push('^');
        }
        let mut first = true;
        loop {
            let rest = self.rest().to_owned();
            let Some(character) = self.peek() else {
                return Err(missing(self));
            };
            if character == ']' && !first {
                self.position += 1;
                self.output.push(']');
                self.last = Last::Operand;
                return Ok(());
            }
            first = false;
            if rest.starts_with("[:")
                && let Some(end) = rest.find(":]")
            {
                let name = &rest[..end + 2];
                let class = name[2..end].strip_prefix('^').unwrap_or(&name[2..end]);
                if !POSIX_CLASSES.contains(&class) {
                    return Err(format!("invalid character class range: `{name}`"));
                }
                self.position += name.len();
                self.output.push_str(name);
                continue;
            }
            if let Some(perl) = rest.strip_prefix('\\').and_then(|rest| rest.chars().next()) {
                if matches!(perl, 'd' | 'D' | 's' | 'S' | 'w' | 'W') {
                    self.position += 2;
                    self.output.push_str(&format!("[{}]", perl_class(perl)));
                    continue;
                }
                if matches!(perl, 'p' | 'P') {
                    let class = self.unicode_class()?;
                    self.output.push_str(&class);
                    continue;
                }
            }
            let range_start = self.position;
            let low = self
                .class_character()
                .map_err(|error| error.unwrap_or_else(|| missing(self)))?;
            let mut high = low;
            if self.rest().starts_with('-') && !self.rest().starts_with("-]") && self.rest().len() > 1 {
                self.position += 1;
                high = self
                    .class_character()
                    .map_err(|error| error.unwrap_or_else(|| missing(self)))?;
                if high < low {
                    let written = &self.source[range_start..self.position];
                    return Err(format!("invalid character class range: `{written}`"));
                }
            }
            self.output.push_str(&format!("\\x{{{:X}}}", u32::from(low)));
            if high != low {
                self.output.push_str(&format!("-\\x{{{:X}}}", u32::from(high)));
            }
        }
    }

    /// One character of a class; the error is none if the class ends there.
    fn class_character(&mut self) -> Result<char, Option<String>> {
        if self.peek() == Some('\\') {
            return self.escaped_character().map_err(Some);
        }
        self.next().ok_or(None)
    }
}

/// How long the operator at a position is, as error texts show it.
fn operator_length(source: &str, start: usize) -> usize {
    let rest = &source[start..];
    let operator = if rest.starts_with('{') {
        rest.find('}').map_or(1, |end| end + 1)
    } else {
        1
    };
    operator + usize::from(rest[operator..].starts_with('?'))
}

/// The ASCII characters of a Perl class, for use inside of a class.
fn perl_class(class: char) -> &'static str {
    match class {
        'd' => "0-9",
        'D' => "^0-9",
        's' => "\\t\\n\\f\\r ",
        'S' => "^\\t\\n\\f\\r ",
        'w' => "0-9A-Za-z_",
        _ => "^0-9A-Za-z_",
    }
}
