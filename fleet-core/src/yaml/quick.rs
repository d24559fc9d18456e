//! The quick way through plain documents: block mappings and sequences, scalars, flow collections of one line. Most of what
//! people and programs write is of this kind.
//!
//! Nothing here is an error: whatever this reader does not know for certain (anchors, tags, tabs, flow collections of several
//! lines, mistakes) makes it give up, and the scanner reads the text again, with its full grammar and its messages.
//! Invariant: a text that is not given up means exactly what the scanner makes of it, places included; tests compare the two.

mod build;
mod flow;
mod scalar;

use std::borrow::Cow;

use super::Limits;
use super::event::{Mark, ScalarStyle};

pub(super) use build::{Nodes, Values};

/// Deeper texts go the long way; so recursion is safe.
const MAX_DEPTH: usize = 100;
/// Longer keys go the long way, which knows how long they may be.
const MAX_KEY: usize = 1000;

/// A scalar as it was read.
pub(crate) struct Plain<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) style: ScalarStyle,
    pub(super) mark: Mark,
}

/// What becomes of a document; every method may give up.
pub(crate) trait Builder {
    type Node;
    type Key;
    type Map;

    fn scalar(&mut self, scalar: Plain<'_>) -> Option<Self::Node>;
    fn list(&mut self, items: Vec<Self::Node>, flow: bool, mark: Mark) -> Self::Node;
    fn key(&mut self, scalar: Plain<'_>) -> Option<Self::Key>;
    fn map(&mut self, flow: bool, mark: Mark) -> Self::Map;
    fn insert(&mut self, map: &mut Self::Map, key: Self::Key, value: Self::Node) -> Option<()>;
    fn complete(&mut self, map: Self::Map) -> Self::Node;
    /// Whether the value of a key is only read for its mistakes. Depth 0 is the document's own mapping.
    fn skips(&self, _depth: usize, _key: &Self::Key) -> bool {
        false
    }
}

/// Reads a document; `None`: it has to go the long way.
pub(super) fn read<B: Builder>(text: &str, limits: &Limits, builder: &mut B) -> Option<B::Node> {
    if !is_plain(text) {
        return None;
    }
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        position: 0,
        line: 1,
        line_start: 0,
        depth: limits.depth.min(MAX_DEPTH),
        nodes: limits.nodes,
    };
    let mut indent = reader.next_line(true)?;
    if indent == Some(0) && reader.rest().starts_with(b"---") {
        reader.position += 3;
        reader.end_line()?;
        indent = reader.next_line(false)?;
    }
    let node = reader.block(builder, indent?, 0)?;
    reader.at_end().then_some(node)
}

/// Whether a text has only characters that mean the same everywhere: no carriage return, no line break of Unicode's own, nothing
/// that go-yaml refuses.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let ascii = |byte: u8| (b' '..=b'~').contains(&byte) | (byte == b'\n') | (byte == b'\t');
    // Without a branch in the loop, which is many bytes at a time then.
    let known = |chunk: &[u8]| {
        chunk
            .iter()
            .fold(true, |known, byte| known & (ascii(*byte) | (*byte >= 0x80)))
    };
    if !bytes.chunks(1024).all(known) {
        return false;
    }
    bytes.is_ascii()
        || text
            .chars()
            .all(|c| c.is_ascii() || matches!(c, '\u{a1}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{10000}'..='\u{10ffff}'))
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    position: usize,
    /// From 1.
    line: u32,
    line_start: usize,
    depth: usize,
    nodes: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a [u8] {
        &self.bytes[self.position..]
    }

    fn byte(&self, offset: usize) -> Option<u8> {
        self.bytes.get(self.position + offset).copied()
    }

    fn is_blank_or_end(&self, offset: usize) -> bool {
        matches!(self.byte(offset), None | Some(b' ' | b'\n'))
    }

    fn at_end(&self) -> bool {
        self.position >= self.bytes.len()
    }

    /// Where the cursor is. Before it on its line stand only ASCII characters, or the reader has given up.
    fn mark(&self) -> Mark {
        let column = self.position - self.line_start + 1;
        Mark {
            line: self.line,
            column: u32::try_from(column).unwrap_or(u32::MAX),
        }
    }

    fn count(&mut self) -> Option<()> {
        self.nodes = self.nodes.checked_sub(1)?;
        Some(())
    }

    fn skip_spaces(&mut self) {
        let spaces = self.rest().iter().take_while(|byte| **byte == b' ').count();
        self.position += spaces;
    }

    /// Goes to the next line that has more than blanks and a comment. Gives its indent, or none at the end of the text.
    #[expect(clippy::option_option, reason = "the outer one is giving up")]
    fn next_line(&mut self, may_start: bool) -> Option<Option<usize>> {
        loop {
            self.line_start = self.position;
            self.skip_spaces();
            match self.byte(0) {
                None => return Some(None),
                Some(b'\n') => {
                    self.position += 1;
                    self.line += 1;
                }
                Some(b'#') => self.skip_line(),
                Some(b'\t') => return None,
                Some(_) => {
                    let indent = self.position - self.line_start;
                    let marker = indent == 0
                        && matches!(self.rest(), [b'-', b'-', b'-', ..] | [b'.', b'.', b'.', ..])
                        && !(may_start && self.byte(0) == Some(b'-'));
                    return if marker { None } else { Some(Some(indent)) };
                }
            }
        }
    }

    /// Goes past the rest of the line.
    fn skip_line(&mut self) {
        let rest = self.rest();
        match memchr::memchr(b'\n', rest) {
            Some(length) => {
                self.position += length + 1;
                self.line += 1;
            }
            None => self.position = self.bytes.len(),
        }
    }

    /// Goes past the end of a line on which only blanks and a comment may follow.
    fn end_line(&mut self) -> Option<()> {
        let begin = self.position;
        self.skip_spaces();
        match self.byte(0) {
            None | Some(b'\n') => {}
            Some(b'#') if self.position > begin => {}
            _ => return None,
        }
        self.skip_line();
        Some(())
    }

    /// A block collection whose first line the cursor is on.
    fn block<B: Builder>(&mut self, builder: &mut B, indent: usize, depth: usize) -> Option<B::Node> {
        if depth >= self.depth {
            return None;
        }
        self.count()?;
        if self.at_entry() {
            self.sequence(builder, indent, depth)
        } else {
            self.mapping(builder, indent, depth)
        }
    }

    fn at_entry(&self) -> bool {
        self.byte(0) == Some(b'-') && self.is_blank_or_end(1)
    }

    /// The indent of the line that the cursor is on, after a value of a collection: whether it has another entry.
    fn follows(&self, indent: usize) -> Option<bool> {
        if self.at_end() {
            return Some(false);
        }
        // A deeper line goes on with the value before it, or is a mistake.
        let found = self.position - self.line_start;
        (found <= indent).then_some(found == indent)
    }

    fn mapping<B: Builder>(&mut self, builder: &mut B, indent: usize, depth: usize) -> Option<B::Node> {
        let mut map = builder.map(false, self.mark());
        loop {
            let key = self.key()?;
            self.count()?;
            let key = builder.key(key)?;
            if builder.skips(depth, &key) {
                self.value(&mut build::Check, indent, depth + 1, true)?;
            } else {
                let value = self.value(builder, indent, depth + 1, true)?;
                builder.insert(&mut map, key, value)?;
            }
            if !self.follows(indent)? {
                return Some(builder.complete(map));
            }
        }
    }

    fn sequence<B: Builder>(&mut self, builder: &mut B, indent: usize, depth: usize) -> Option<B::Node> {
        let mark = self.mark();
        let mut items = Vec::new();
        while self.at_entry() {
            self.position += 1;
            items.push(self.value(builder, indent, depth + 1, false)?);
            if !self.follows(indent)? {
                break;
            }
        }
        Some(builder.list(items, false, mark))
    }

    /// The value after a key's `:` or a `-`, with the end of its line; `indent` is that of the collection it stands in.
    fn value<B: Builder>(&mut self, builder: &mut B, indent: usize, depth: usize, in_mapping: bool) -> Option<B::Node> {
        let begin = self.mark();
        self.skip_spaces();
        match self.byte(0) {
            None | Some(b'\n' | b'#') => {
                self.end_line_or_comment()?;
                match self.next_line(false)? {
                    Some(found) if found > indent => return self.block(builder, found, depth),
                    Some(found) if found == indent && in_mapping && self.at_entry() => {
                        return self.block(builder, found, depth);
                    }
                    _ => {}
                }
                self.count()?;
                return builder.scalar(Plain {
                    text: Cow::Borrowed(""),
                    style: ScalarStyle::Plain,
                    mark: begin,
                });
            }
            Some(_) if !in_mapping => {
                // `- key: value` and `- - item`: a collection that begins on this line.
                let column = self.position - self.line_start;
                if self.at_entry() || self.key_end().is_some() {
                    return self.block(builder, column, depth);
                }
            }
            Some(_) => {}
        }
        self.count()?;
        let node = match self.byte(0) {
            Some(b'|' | b'>') => {
                let scalar = self.block_scalar(indent)?;
                self.next_line(false)?;
                return builder.scalar(scalar);
            }
            Some(b'[' | b'{') => self.flow(builder, depth)?,
            Some(b'"' | b'\'') => {
                let scalar = self.quoted()?;
                builder.scalar(scalar)?
            }
            _ => {
                let scalar = self.plain(indent)?;
                builder.scalar(scalar)?
            }
        };
        self.end_line()?;
        self.next_line(false)?;
        Some(node)
    }

    /// The end of a line after blanks: the cursor is at its break, or at a comment that a blank comes before.
    fn end_line_or_comment(&mut self) -> Option<()> {
        if self.byte(0) == Some(b'#') && self.bytes[self.position - 1] != b' ' {
            return None;
        }
        self.skip_line();
        Some(())
    }

    /// A key with its `:`.
    fn key(&mut self) -> Option<Plain<'a>> {
        let mark = self.mark();
        let end = self.key_end()?;
        let whole = &self.text[self.position..end];
        self.position = end + 1;
        let (text, style) = match whole.as_bytes()[0] {
            b'"' => (&whole[1..whole.len() - 1], ScalarStyle::DoubleQuoted),
            b'\'' => (&whole[1..whole.len() - 1], ScalarStyle::SingleQuoted),
            _ => (whole, ScalarStyle::Plain),
        };
        Some(Plain {
            text: Cow::Borrowed(text),
            style,
            mark,
        })
    }

    /// Where the `:` of the key is that begins at the cursor; `None` if there is no simple one.
    fn key_end(&self) -> Option<usize> {
        let rest = self.rest();
        let length = match rest.first()? {
            quote @ (b'"' | b'\'') => {
                let inside = rest[1..].iter().take(MAX_KEY);
                let end = inside.take_while(|byte| *byte != quote && matches!(byte, b' '..=b'~') && **byte != b'\\');
                let end = end.count() + 1;
                (rest.get(end) == Some(quote)).then_some(end + 1)?
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'/' | b'$' | b'~' | b'+' | b'<' | b'(' | b'=' => {
                self.plain_key_length(rest)?
            }
            b'-' if !self.is_blank_or_end(1) => self.plain_key_length(rest)?,
            _ => return None,
        };
        let end = self.position + length;
        let ends = self.bytes.get(end) == Some(&b':') && matches!(self.bytes.get(end + 1), None | Some(b' ' | b'\n'));
        ends.then_some(end)
    }

    fn plain_key_length(&self, rest: &[u8]) -> Option<usize> {
        for (index, byte) in rest.iter().enumerate().take(MAX_KEY) {
            match byte {
                b':' if matches!(rest.get(index + 1), None | Some(b' ' | b'\n')) => {
                    return (rest[index - 1] != b' ').then_some(index);
                }
                b'#' if rest[index - 1] == b' ' => return None,
                b' '..=b'~' => {}
                _ => return None,
            }
        }
        None
    }
}

#[cfg(test)]
pub(crate) mod tests;
