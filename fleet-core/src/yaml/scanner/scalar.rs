//! Scalars: literal and folded blocks, quoted and plain.

use super::super::event::ScalarStyle;
use super::{Place, Problem, Scanner, TokenKind};

/// Blanks and breaks between two words, which become one space, newlines, or stay.
#[derive(Default)]
struct Gap {
    blanks: String,
    first_break: String,
    more_breaks: String,
    broken: bool,
}

impl Gap {
    /// Writes what the gap becomes: a single break folds to a space, each further one stays a newline.
    fn close(&mut self, into: &mut String) {
        if self.broken {
            if !self.first_break.starts_with('\n') {
                into.push_str(&self.first_break);
                into.push_str(&self.more_breaks);
            } else if self.more_breaks.is_empty() {
                into.push(' ');
            } else {
                into.push_str(&self.more_breaks);
            }
            self.first_break.clear();
            self.more_breaks.clear();
            self.broken = false;
        } else {
            into.push_str(&self.blanks);
        }
        self.blanks.clear();
    }
}

impl Scanner<'_> {
    /// Reads a blank or a break into the gap.
    fn read_gap(&mut self, gap: &mut Gap) -> Result<(), Problem> {
        if self.is_blank(0) {
            if gap.broken {
                self.skip();
            } else {
                self.read(&mut gap.blanks);
            }
        } else {
            self.cache(2)?;
            if gap.broken {
                self.read_line(&mut gap.more_breaks);
            } else {
                gap.blanks.clear();
                self.read_line(&mut gap.first_break);
                gap.broken = true;
            }
        }
        self.cache(1)
    }

    /// Reads up to a byte that is no part of a word in any context, quickly.
    fn read_run(&mut self, into: &mut String, stops: impl Fn(u8) -> bool) -> Result<(), Problem> {
        let begin = self.position;
        let end = self.checked.min(self.bytes.len());
        let length = self.bytes[begin..end.max(begin)]
            .iter()
            .take_while(|byte| byte.is_ascii_graphic() && !stops(**byte))
            .count();
        self.position += length;
        self.place.index += length;
        self.place.column += length;
        into.push_str(&self.text[begin..self.position]);
        self.cache(2)
    }

    pub(super) fn fetch_plain(&mut self) -> Result<(), Problem> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.place;
        let mut end = start;
        let mut text = String::new();
        let mut gap = Gap::default();
        let indent = usize::try_from(self.indent + 1).unwrap_or(0);
        let flow = self.flow_level > 0;
        loop {
            self.cache(4)?;
            if self.at_document_indicator() || self.byte(0) == Some(b'#') {
                break;
            }
            while !self.is_blank_or_end(0) && !self.ends_plain(flow) {
                gap.close(&mut text);
                self.read(&mut text);
                self.cache(2)?;
                self.read_run(&mut text, |byte| {
                    matches!(byte, b':' | b',' | b'?' | b'[' | b']' | b'{' | b'}')
                })?;
                end = self.place;
            }
            if !(self.is_blank(0) || self.break_length(0) > 0) {
                break;
            }
            self.cache(1)?;
            while self.is_blank(0) || self.break_length(0) > 0 {
                if gap.broken && self.place.column < indent && self.byte(0) == Some(b'\t') {
                    return Err(self.problem(start, "found a tab character that violates indentation"));
                }
                self.read_gap(&mut gap)?;
            }
            if !flow && self.place.column < indent {
                break;
            }
        }
        if gap.broken {
            self.simple_key_allowed = true;
        }
        let kind = TokenKind::Scalar {
            text,
            style: ScalarStyle::Plain,
        };
        self.tokens.push_back(super::Token { kind, start, end });
        Ok(())
    }

    /// Whether an indicator ends the plain scalar here.
    fn ends_plain(&self, flow: bool) -> bool {
        match self.byte(0) {
            Some(b':') => self.is_blank_or_end(1),
            Some(b',' | b'?' | b'[' | b']' | b'{' | b'}') => flow,
            _ => false,
        }
    }

    pub(super) fn fetch_quoted(&mut self, single: bool) -> Result<(), Problem> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.place;
        let quote = if single { b'\'' } else { b'"' };
        let mut text = String::new();
        let mut gap = Gap::default();
        self.skip();
        loop {
            self.cache(4)?;
            if self.at_document_indicator() {
                return Err(self.problem(start, "found unexpected document indicator"));
            }
            if self.byte(0).is_none() {
                return Err(self.problem(start, "found unexpected end of stream"));
            }
            while !self.is_blank_or_end(0) {
                match self.byte(0) {
                    Some(b'\'') if single && self.byte(1) == Some(b'\'') => {
                        text.push('\'');
                        self.skip();
                        self.skip();
                    }
                    Some(byte) if byte == quote => break,
                    Some(b'\\') if !single => {
                        if self.break_length(1) > 0 {
                            self.cache(3)?;
                            self.skip();
                            self.skip_line();
                            // Nothing comes of an escaped break but the breaks after it.
                            gap.broken = true;
                            break;
                        }
                        self.escape(start, &mut text)?;
                    }
                    _ => self.read(&mut text),
                }
                self.cache(2)?;
                self.read_run(&mut text, |byte| matches!(byte, b'\'' | b'"' | b'\\'))?;
            }
            self.cache(1)?;
            if self.byte(0) == Some(quote) {
                break;
            }
            while self.is_blank(0) || self.break_length(0) > 0 {
                self.read_gap(&mut gap)?;
            }
            gap.close(&mut text);
        }
        self.skip();
        let style = if single {
            ScalarStyle::SingleQuoted
        } else {
            ScalarStyle::DoubleQuoted
        };
        self.push(TokenKind::Scalar { text, style }, start);
        Ok(())
    }

    fn escape(&mut self, start: Place, text: &mut String) -> Result<(), Problem> {
        let mut digits = 0;
        match self.byte(1) {
            Some(b'0') => text.push('\0'),
            Some(b'a') => text.push('\u{7}'),
            Some(b'b') => text.push('\u{8}'),
            Some(b't' | b'\t') => text.push('\t'),
            Some(b'n') => text.push('\n'),
            Some(b'v') => text.push('\u{b}'),
            Some(b'f') => text.push('\u{c}'),
            Some(b'r') => text.push('\r'),
            Some(b'e') => text.push('\u{1b}'),
            Some(b' ') => text.push(' '),
            Some(b'"') => text.push('"'),
            Some(b'\'') => text.push('\''),

            Some(b'\\') => text.push('\\'),
            Some(b'N') => text.push('\u{85}'),
            Some(b'_') => text.push('\u{a0}'),
            Some(b'L') => text.push('\u{2028}'),
            Some(b'P') => text.push('\u{2029}'),
            Some(b'x') => digits = 2,
            Some(b'u') => digits = 4,
            Some(b'U') => digits = 8,
            _ => return Err(self.problem(start, "found unknown escape character")),
        }
        self.skip();
        self.skip();
        if digits == 0 {
            return Ok(());
        }
        self.cache(digits)?;
        let mut value: u32 = 0;
        for offset in 0..digits {
            let digit = self.byte(offset).and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.problem(start, "did not find expected hexdecimal number"));
            };
            value = value << 4 | digit;
        }
        let Some(c) = char::from_u32(value) else {
            return Err(self.problem(start, "found invalid Unicode character escape code"));
        };
        text.push(c);
        (0..digits).for_each(|_| self.skip());
        Ok(())
    }

    pub(super) fn fetch_block_scalar(&mut self, literal: bool) -> Result<(), Problem> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        let start = self.place;
        self.skip();
        self.cache(1)?;
        let (keep, strip, increment) = self.block_header(start)?;
        self.end_line(start, "did not find expected comment or line break")?;
        let around = usize::try_from(self.indent).unwrap_or(0);
        let mut indent = increment.map(|increment| around + increment);
        let mut text = String::new();
        let mut line_break = String::new();
        let mut more_breaks = String::new();
        self.block_breaks(&mut indent, &mut more_breaks, start)?;
        let indent_column = indent.unwrap_or(0);
        let mut after_blank = false;
        self.cache(1)?;
        while self.place.column == indent_column && self.byte(0).is_some() {
            let blank = self.is_blank(0);
            // A break between two lines of text folds to a space.
            if !literal && !after_blank && !blank && line_break.starts_with('\n') {
                if more_breaks.is_empty() {
                    text.push(' ');
                }
            } else {
                text.push_str(&line_break);
            }
            line_break.clear();
            text.push_str(&more_breaks);
            more_breaks.clear();
            after_blank = blank;
            while !self.is_break_or_end(0) {
                self.read(&mut text);
                self.cache(1)?;
                self.read_run(&mut text, |_| false)?;
            }
            self.cache(2)?;
            self.read_line(&mut line_break);
            self.block_breaks(&mut indent, &mut more_breaks, start)?;
        }
        if !strip {
            text.push_str(&line_break);
        }
        if keep {
            text.push_str(&more_breaks);
        }
        let style = if literal {
            ScalarStyle::Literal
        } else {
            ScalarStyle::Folded
        };
        self.push(TokenKind::Scalar { text, style }, start);
        Ok(())
    }

    /// Chomping and indentation indicators, in either order: (keep, strip, increment).
    fn block_header(&mut self, start: Place) -> Result<(bool, bool, Option<usize>), Problem> {
        let (mut keep, mut strip, mut increment, mut chomped) = (false, false, None, false);
        loop {
            match self.byte(0) {
                Some(sign @ (b'+' | b'-')) if !chomped => {
                    (keep, strip, chomped) = (sign == b'+', sign == b'-', true);
                }
                Some(b'0') if increment.is_none() => {
                    return Err(self.problem(start, "found an indentation indicator equal to 0"));
                }
                Some(digit @ b'1'..=b'9') if increment.is_none() => increment = Some(usize::from(digit - b'0')),
                _ => return Ok((keep, strip, increment)),
            }
            self.skip();
            self.cache(1)?;
        }
    }

    /// Goes past indentation and empty lines; finds the indent from the first line with text, where none was given.
    fn block_breaks(&mut self, indent: &mut Option<usize>, breaks: &mut String, start: Place) -> Result<(), Problem> {
        let mut widest = 0;
        loop {
            self.cache(1)?;
            while indent.is_none_or(|indent| self.place.column < indent) && self.byte(0) == Some(b' ') {
                self.skip();
                self.cache(1)?;
            }
            widest = widest.max(self.place.column);
            if indent.is_none_or(|indent| self.place.column < indent) && self.byte(0) == Some(b'\t') {
                return Err(self.problem(start, "found a tab character where an indentation space is expected"));
            }
            if self.break_length(0) == 0 {
                break;
            }
            self.cache(2)?;
            self.read_line(breaks);
        }
        if indent.is_none() {
            let least = usize::try_from(self.indent + 1).unwrap_or(0).max(1);
            *indent = Some(widest.max(least));
        }
        Ok(())
    }
}
