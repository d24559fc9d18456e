//! Scalars: plain ones, those in quotes, and blocks.

use std::borrow::Cow;

use super::super::event::ScalarStyle;
use super::{Plain, Reader};

impl<'a> Reader<'a> {
    /// A plain scalar in a collection of an indent; the cursor is left behind it, on its last line.
    pub(super) fn plain(&mut self, around: usize) -> Option<Plain<'a>> {
        let mark = self.mark();
        match self.byte(0)? {
            b'-' if !self.is_blank_or_end(1) => {}
            b'-' | b'?' | b':' | b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\''
            | b'"' | b'%' | b'@' | b'`' => return None,
            _ => {}
        }
        let mut text = Cow::Borrowed(self.plain_line()?);
        while let Some(breaks) = self.continues(around)? {
            fold(text.to_mut(), breaks);
            let line = self.plain_line()?;
            text.to_mut().push_str(line);
        }
        Some(Plain {
            text,
            style: ScalarStyle::Plain,
            mark,
        })
    }

    /// What a plain scalar has on the line of the cursor, which is left behind it.
    fn plain_line(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
        let mut length = line.len();
        for index in memchr::memchr3_iter(b':', b'#', b'\t', line) {
            match line[index] {
                b':' if matches!(line.get(index + 1), None | Some(b' ')) => return None,
                b'#' if index > 0 && line[index - 1] == b' ' => {
                    length = index;
                    break;
                }
                b'\t' => return None,
                _ => {}
            }
        }
        while length > 0 && rest[length - 1] == b' ' {
            length -= 1;
        }
        let text = &self.text[self.position..self.position + length];
        self.position += length;
        Some(text)
    }

    /// Goes to the line that a plain scalar goes on with, if there is one, and says how many empty ones are before it.
    #[expect(clippy::option_option, reason = "the outer one is giving up")]
    fn continues(&mut self, around: usize) -> Option<Option<usize>> {
        let spaces = |from: usize| self.bytes[from..].iter().take_while(|byte| **byte == b' ').count();
        let mut end = self.position + spaces(self.position);
        let mut breaks = 0;
        // A comment, or the end of the text, ends the scalar.
        while self.bytes.get(end) == Some(&b'\n') {
            let start = end + 1;
            let indent = spaces(start);
            end = start + indent;
            match self.bytes.get(end) {
                Some(b'\n') => breaks += 1,
                Some(b'\t') => return None,
                Some(byte) if indent > around && *byte != b'#' => {
                    self.position = end;
                    self.line_start = start;
                    self.line += u32::try_from(breaks).ok()? + 1;
                    return Some(Some(breaks));
                }
                _ => break,
            }
        }
        Some(None)
    }

    /// A quoted scalar; the cursor is left behind it.
    pub(super) fn quoted(&mut self) -> Option<Plain<'a>> {
        let mark = self.mark();
        let quote = self.byte(0)?;
        self.position += 1;
        let mut text = Cow::Borrowed("");
        let mut begin = self.position;
        loop {
            match self.byte(0)? {
                b'\n' => {
                    let text = text.to_mut();
                    text.push_str(self.text[begin..self.position].trim_end_matches(' '));
                    fold(text, self.breaks()?);
                    begin = self.position;
                }
                b'\t' => return None,
                byte if byte == quote => {
                    let piece = &self.text[begin..self.position];
                    self.position += 1;
                    // Two single quotes are one.
                    if quote == b'\'' && self.byte(0) == Some(quote) {
                        text.to_mut().push_str(piece);
                        begin = self.position;
                        self.position += 1;
                        continue;
                    }
                    append(&mut text, piece);
                    break;
                }
                b'\\' if quote == b'"' => {
                    let text = text.to_mut();
                    text.push_str(&self.text[begin..self.position]);
                    self.position += 1;
                    if self.byte(0)? == b'\n' {
                        // Nothing comes of an escaped break but the empty lines after it.
                        push_breaks(text, self.breaks()?);
                    } else {
                        text.push(self.escaped()?);
                    }
                    begin = self.position;
                }
                _ => self.position += 1,
            }
        }
        let style = if quote == b'"' {
            ScalarStyle::DoubleQuoted
        } else {
            ScalarStyle::SingleQuoted
        };
        Some(Plain { text, style, mark })
    }

    /// The character that stands behind a backslash.
    fn escaped(&mut self) -> Option<char> {
        let digits = match self.byte(0)? {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            simple => {
                self.position += 1;
                return match simple {
                    b'n' => Some('\n'),
                    b't' => Some('\t'),
                    b'r' => Some('\r'),
                    b'"' => Some('"'),
                    b'\\' => Some('\\'),
                    b' ' => Some(' '),
                    _ => None,
                };
            }
        };
        let code = self.text.get(self.position + 1..self.position + 1 + digits)?;
        let hexadecimal = code.bytes().all(|byte| byte.is_ascii_hexdigit());
        self.position += 1 + digits;
        char::from_u32(u32::from_str_radix(code, 16).ok()?).filter(|_| hexadecimal)
    }

    /// Goes from the end of a line in quotes to the text of the next; says how many empty lines are between.
    fn breaks(&mut self) -> Option<usize> {
        let mut count = 0;
        loop {
            self.position += 1;
            self.line += 1;
            self.line_start = self.position;
            if matches!(self.rest(), [b'-', b'-', b'-', ..] | [b'.', b'.', b'.', ..]) {
                return None;
            }
            self.skip_spaces();
            match self.byte(0)? {
                b'\n' => count += 1,
                b'\t' => return None,
                _ => return Some(count),
            }
        }
    }

    /// A literal or folded scalar, with all its lines, in a collection of an indent.
    pub(super) fn block_scalar(&mut self, around: usize) -> Option<Plain<'a>> {
        let mark = self.mark();
        let literal = self.byte(0)? == b'|';
        self.position += 1;
        let (keep, strip) = match self.byte(0) {
            Some(b'+') => (true, false),
            Some(b'-') => (false, true),
            _ => (false, false),
        };
        self.position += usize::from(keep || strip);
        self.end_line()?;
        let style = if literal {
            ScalarStyle::Literal
        } else {
            ScalarStyle::Folded
        };
        let mut breaks = self.empty_lines(usize::MAX)?;
        let indent = self.rest().iter().take_while(|byte| **byte == b' ').count();
        if indent <= around || self.at_end() {
            // Nothing is in it; what the empty lines come to then depends on much.
            return None;
        }
        let mut text = String::new();
        let mut after_blank = false;
        let mut first = true;
        let mut broken = false;
        while let Some(line) = self.line_at(indent) {
            let blank = line.starts_with([' ', '\t']);
            if first {
            } else if !literal && !after_blank && !blank {
                // A break between two lines of text folds to a space.
                if breaks == 0 {
                    text.push(' ');
                }
            } else {
                text.push('\n');
            }
            push_breaks(&mut text, breaks);
            text.push_str(line);
            (first, after_blank) = (false, blank);
            broken = self.bytes[self.position - 1] == b'\n';
            breaks = self.empty_lines(indent)?;
        }
        if broken && !strip {
            text.push('\n');
        }
        if keep {
            push_breaks(&mut text, breaks);
        }
        Some(Plain {
            text: Cow::Owned(text),
            style,
            mark,
        })
    }

    /// Goes past lines that have at most `indent` spaces and nothing else; says how many they are.
    fn empty_lines(&mut self, indent: usize) -> Option<usize> {
        let mut count = 0;
        let mut widest = 0;
        loop {
            let spaces = self
                .rest()
                .iter()
                .take(indent)
                .take_while(|byte| **byte == b' ')
                .count();
            match self.byte(spaces) {
                Some(b'\n') => {
                    widest = widest.max(spaces);
                    self.position += spaces + 1;
                    self.line += 1;
                    count += 1;
                }
                // A tab in the place of an indent is a mistake.
                Some(b'\t') if spaces < indent => return None,
                // Before the first line of text, an empty one may not be deeper.
                Some(_) => return (indent < usize::MAX || widest <= spaces).then_some(count),
                // Blanks at the very end.
                None if spaces > 0 => return None,
                None => return Some(count),
            }
        }
    }

    /// The line at the cursor without its indent, if it has as much; the cursor goes past it.
    fn line_at(&mut self, indent: usize) -> Option<&'a str> {
        let rest = self.rest();
        if rest.len() <= indent || rest[..indent].iter().any(|byte| *byte != b' ') {
            return None;
        }
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let line = &self.text[self.position + indent..self.position + length];
        self.position += length;
        if !self.at_end() {
            self.position += 1;
            self.line += 1;
        }
        Some(line)
    }
}

/// A break becomes a space, unless empty lines follow: then each of them is a break.
fn fold(text: &mut String, empty_lines: usize) {
    if empty_lines == 0 {
        text.push(' ');
    } else {
        push_breaks(text, empty_lines);
    }
}

fn push_breaks(text: &mut String, count: usize) {
    for _ in 0..count {
        text.push('\n');
    }
}

fn append<'a>(text: &mut Cow<'a, str>, piece: &'a str) {
    if text.is_empty() {
        *text = Cow::Borrowed(piece);
    } else {
        text.to_mut().push_str(piece);
    }
}
