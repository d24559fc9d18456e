//! Text to tokens, as libyaml's scanner and its descendants in Go cut it: indentation becomes tokens of its own, and a key is
//! found by its `:` afterwards ("simple key"), within one line and 1,024 characters.
//!
//! Invariants: no input panics; work is linear in the text; errors have go-yaml's words and the marks that it derives its
//! line numbers from. Characters are checked in steps of 512 bytes, as go-yaml reads them, so that what it would
//! not have read yet does not matter here either.

mod directive;
mod scalar;
mod tag;

use std::collections::{HashMap, VecDeque};

use super::Dialect;
use super::event::ScalarStyle;

/// go-yaml's bound on nested collections.
const MAX_DEPTH: usize = 10_000;
/// How far from its beginning a simple key's `:` may be.
const SIMPLE_KEY_SPAN: usize = 1024;
/// What go-yaml reads at a time.
const CHUNK: usize = 512;

/// A place: characters from the beginning, line and column, all from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) index: usize,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// Who complains decides how go-yaml counts the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Reader,
    Scanner,
    Parser,
}

/// A problem with the places that its line is derived from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Problem {
    pub(super) origin: Origin,
    pub(super) text: &'static str,
    pub(super) context: Place,
    pub(super) place: Place,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    StreamEnd,
    VersionDirective { major: u32, minor: u32 },
    TagDirective { handle: String, prefix: String },
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(String),
    Anchor(String),
    Tag { handle: String, suffix: String },
    Scalar { text: String, style: ScalarStyle },
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: Place,
    pub(super) end: Place,
}

/// Where a simple key may begin, one for each level of flow collections.
#[derive(Clone, Copy, Debug, Default)]
struct SimpleKey {
    possible: bool,
    required: bool,
    token: usize,
    place: Place,
}

pub(super) struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    dialect: Dialect,
    position: usize,
    /// How far characters have been checked.
    checked: usize,
    place: Place,
    tokens: VecDeque<Token>,
    /// Tokens handed out so far.
    taken: usize,
    started: bool,
    ended: bool,
    flow_level: usize,
    /// Indent of the block collection that the cursor is in, -1 outside of any.
    indent: isize,
    indents: Vec<isize>,
    simple_key_allowed: bool,
    simple_keys: Vec<SimpleKey>,
    /// The level of the possible simple key that begins at a token.
    keys_by_token: HashMap<usize, usize>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str, dialect: Dialect) -> Self {
        let begin = if text.starts_with('\u{feff}') {
            '\u{feff}'.len_utf8()
        } else {
            0
        };
        Self {
            text,
            bytes: text.as_bytes(),
            dialect,
            position: begin,
            checked: begin,
            place: Place::default(),
            tokens: VecDeque::new(),
            taken: 0,
            started: false,
            ended: false,
            flow_level: 0,
            indent: -1,
            indents: Vec::new(),
            simple_key_allowed: true,
            simple_keys: vec![SimpleKey::default()],
            keys_by_token: HashMap::new(),
        }
    }

    /// The next token, left in the queue. After the end it is the end again.
    pub(super) fn peek(&mut self) -> Result<&Token, Problem> {
        self.fetch_more()?;
        if self.tokens.is_empty() {
            let place = self.place;
            self.tokens.push_back(Token {
                kind: TokenKind::StreamEnd,
                start: place,
                end: place,
            });
        }
        Ok(&self.tokens[0])
    }

    /// Takes the next token.
    pub(super) fn next(&mut self) -> Result<Token, Problem> {
        self.peek()?;
        self.taken += 1;
        Ok(self.tokens.pop_front().unwrap_or(Token {
            kind: TokenKind::StreamEnd,
            start: self.place,
            end: self.place,
        }))
    }

    fn fetch_more(&mut self) -> Result<(), Problem> {
        loop {
            // go-yaml v3 looks two tokens ahead, for its comments; so its scanner's complaints come earlier.
            let ahead = if self.dialect == Dialect::GoYaml3 { 2 } else { 0 };
            if self.tokens.len() > ahead {
                // More are needed only if a key may still turn out to begin at the head.
                let Some(level) = self.keys_by_token.get(&self.taken).copied() else {
                    return Ok(());
                };
                if !self.key_is_valid(level)? {
                    return Ok(());
                }
            }
            if self.ended {
                return Ok(());
            }
            self.fetch_next()?;
        }
    }

    fn fetch_next(&mut self) -> Result<(), Problem> {
        if !self.started {
            self.started = true;
            self.cache(1)?;
        }
        self.skip_to_next()?;
        self.unroll_indent(isize::try_from(self.place.column).unwrap_or(isize::MAX));
        self.cache(4)?;
        let Some(first) = self.byte(0) else {
            return self.fetch_stream_end();
        };
        let blank_after = self.is_blank_or_end(1);
        if self.place.column == 0 {
            if first == b'%' {
                return self.fetch_directive();
            }
            if self.at_document_indicator() {
                let kind = if first == b'-' {
                    TokenKind::DocumentStart
                } else {
                    TokenKind::DocumentEnd
                };
                return self.fetch_document_indicator(kind);
            }
        }
        let flow = self.flow_level > 0;
        match first {
            b'[' => self.fetch_flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(TokenKind::FlowMappingStart),
            b']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(TokenKind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if blank_after => self.fetch_block_entry(),
            b'?' if flow || blank_after => self.fetch_key(),
            b':' if flow || blank_after => self.fetch_value(),
            b'*' | b'&' => self.fetch_anchor(first == b'*'),
            b'!' => self.fetch_tag(),
            b'|' | b'>' if !flow => self.fetch_block_scalar(first == b'|'),
            b'\'' | b'"' => self.fetch_quoted(first == b'\''),
            b'-' | b'?' | b':' => self.fetch_plain(),
            b'#' | b'|' | b'>' | b'%' | b'@' | b'`' | b'\t' => {
                Err(self.problem(self.place, "found character that cannot start any token"))
            }
            _ => self.fetch_plain(),
        }
    }

    // --- characters ---

    /// Makes sure that the next `count` characters are allowed ones.
    fn cache(&mut self, count: usize) -> Result<(), Problem> {
        while self.checked < self.bytes.len() && self.checked < self.position + count {
            let mut end = (self.checked / CHUNK + 1) * CHUNK;
            while end < self.bytes.len() && !self.text.is_char_boundary(end) {
                end += 1;
            }
            let chunk = &self.text[self.checked..end.min(self.bytes.len())];
            let plain = chunk
                .bytes()
                .all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t'));
            if !plain && !chunk.chars().all(is_allowed) {
                let place = Place::default();
                let text = "control characters are not allowed";
                return Err(Problem {
                    origin: Origin::Reader,
                    text,
                    context: place,
                    place,
                });
            }
            self.checked += chunk.len();
        }
        Ok(())
    }

    fn byte(&self, offset: usize) -> Option<u8> {
        self.bytes.get(self.position + offset).copied()
    }

    fn rest(&self) -> &'a [u8] {
        &self.bytes[self.position.min(self.bytes.len())..]
    }

    /// The length in bytes of the line break at an offset, 0 if there is none; CR LF is one.
    fn break_length(&self, offset: usize) -> usize {
        match self.rest().get(offset..).unwrap_or_default() {
            [b'\r', b'\n', ..] => 2,
            [b'\n' | b'\r', ..] => 1,
            [0xc2, 0x85, ..] => 2,
            [0xe2, 0x80, 0xa8 | 0xa9, ..] => 3,
            _ => 0,
        }
    }

    fn is_blank(&self, offset: usize) -> bool {
        matches!(self.byte(offset), Some(b' ' | b'\t'))
    }

    fn is_break_or_end(&self, offset: usize) -> bool {
        self.byte(offset).is_none() || self.break_length(offset) > 0
    }

    fn is_blank_or_end(&self, offset: usize) -> bool {
        self.is_blank(offset) || self.is_break_or_end(offset)
    }

    fn at_document_indicator(&self) -> bool {
        self.place.column == 0
            && matches!(self.rest(), [b'-', b'-', b'-', ..] | [b'.', b'.', b'.', ..])
            && self.is_blank_or_end(3)
    }

    /// Goes past one character that is no break.
    fn skip(&mut self) {
        let length = match self.byte(0) {
            None => return,
            Some(0xf0..) => 4,
            Some(0xe0..) => 3,
            Some(0xc0..) => 2,
            Some(_) => 1,
        };
        self.position += length;
        self.place.index += 1;
        self.place.column += 1;
    }

    /// Goes past a line break, if there is one.
    fn skip_line(&mut self) {
        let length = self.break_length(0);
        if length > 0 {
            self.place.index += if self.rest().starts_with(b"\r\n") { 2 } else { 1 };
            self.place.column = 0;
            self.place.line += 1;
            self.position += length;
        }
    }

    /// Reads one character.
    fn read(&mut self, into: &mut String) {
        let begin = self.position;
        self.skip();
        into.push_str(&self.text[begin..self.position]);
    }

    /// Reads a line break: every one is a newline, but for the two of Unicode.
    fn read_line(&mut self, into: &mut String) {
        match self.break_length(0) {
            0 => return,
            3 => into.push_str(&self.text[self.position..self.position + 3]),
            _ => into.push('\n'),
        }
        self.skip_line();
    }

    fn problem(&self, context: Place, text: &'static str) -> Problem {
        Problem {
            origin: Origin::Scanner,
            text,
            context,
            place: self.place,
        }
    }

    fn push(&mut self, kind: TokenKind, start: Place) {
        self.tokens.push_back(Token {
            kind,
            start,
            end: self.place,
        });
    }

    /// Inserts a token before the one of a number, which is still in the queue: a possible key keeps it there.
    fn insert(&mut self, number: usize, token: Token) {
        let index = number.saturating_sub(self.taken).min(self.tokens.len());
        self.tokens.insert(index, token);
    }

    /// Pushes a token of `length` characters.
    fn push_indicator(&mut self, kind: TokenKind, length: usize) {
        let start = self.place;
        (0..length).for_each(|_| self.skip());
        self.push(kind, start);
    }

    /// Goes past blanks, comments and breaks.
    fn skip_to_next(&mut self) -> Result<(), Problem> {
        loop {
            self.cache(1)?;
            if self.place.index == 0 && self.rest().starts_with("\u{feff}".as_bytes()) {
                self.skip();
            }
            while self.byte(0) == Some(b' ')
                || self.byte(0) == Some(b'\t') && (self.flow_level > 0 || !self.simple_key_allowed)
            {
                self.skip();
                self.cache(1)?;
            }
            if self.byte(0) == Some(b'#') {
                while !self.is_break_or_end(0) {
                    self.skip();
                    self.cache(1)?;
                }
            }
            if self.break_length(0) == 0 {
                return Ok(());
            }
            self.cache(2)?;
            self.skip_line();
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    // --- simple keys and indentation ---

    fn key_is_valid(&mut self, level: usize) -> Result<bool, Problem> {
        let here = self.place;
        let key = &mut self.simple_keys[level];
        if !key.possible {
            return Ok(false);
        }
        if key.place.line < here.line || key.place.index + SIMPLE_KEY_SPAN < here.index {
            if key.required {
                let context = key.place;
                return Err(self.problem(context, "could not find expected ':'"));
            }
            key.possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    fn save_simple_key(&mut self) -> Result<(), Problem> {
        if !self.simple_key_allowed {
            return Ok(());
        }
        let required =
            self.flow_level == 0 && isize::try_from(self.place.column).is_ok_and(|column| column == self.indent);
        let key = SimpleKey {
            possible: true,
            required,
            token: self.taken + self.tokens.len(),
            place: self.place,
        };
        self.remove_simple_key()?;
        let level = self.simple_keys.len() - 1;
        self.keys_by_token.insert(key.token, level);
        self.simple_keys[level] = key;
        Ok(())
    }

    fn remove_simple_key(&mut self) -> Result<(), Problem> {
        let level = self.simple_keys.len() - 1;
        let key = self.simple_keys[level];
        if key.possible {
            if key.required {
                return Err(self.problem(key.place, "could not find expected ':'"));
            }
            self.simple_keys[level].possible = false;
            self.keys_by_token.remove(&key.token);
        }
        Ok(())
    }

    fn roll_indent(&mut self, column: usize, at: Option<usize>, kind: TokenKind, start: Place) -> Result<(), Problem> {
        let column = isize::try_from(column).unwrap_or(isize::MAX);
        if self.flow_level > 0 || self.indent >= column {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column;
        if self.indents.len() > MAX_DEPTH {
            let context = self.simple_keys[self.simple_keys.len() - 1].place;
            return Err(self.problem(context, "exceeded max depth of 10000"));
        }
        let token = Token {
            kind,
            start,
            end: start,
        };
        match at {
            Some(number) => self.insert(number, token),
            None => self.tokens.push_back(token),
        }
        Ok(())
    }

    fn unroll_indent(&mut self, column: isize) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            self.push(TokenKind::BlockEnd, self.place);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    // --- tokens ---

    fn fetch_stream_end(&mut self) -> Result<(), Problem> {
        if self.place.column != 0 {
            self.place.column = 0;
            self.place.line += 1;
        }
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        self.push(TokenKind::StreamEnd, self.place);
        self.ended = true;
        Ok(())
    }

    fn fetch_document_indicator(&mut self, kind: TokenKind) -> Result<(), Problem> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        self.push_indicator(kind, 3);
        Ok(())
    }

    fn fetch_flow_start(&mut self, kind: TokenKind) -> Result<(), Problem> {
        self.save_simple_key()?;
        // The level's key has the bracket's number as long as it has none of its own.
        let token = self.taken + self.tokens.len();
        self.simple_keys.push(SimpleKey {
            token,
            place: self.place,
            ..SimpleKey::default()
        });
        self.flow_level += 1;
        if self.flow_level > MAX_DEPTH {
            return Err(self.problem(self.place, "exceeded max depth of 10000"));
        }
        self.simple_key_allowed = true;
        self.push_indicator(kind, 1);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: TokenKind) -> Result<(), Problem> {
        self.remove_simple_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            // After an empty collection go-yaml so forgets that its bracket could begin a key, unless the `:` follows at once.
            if let Some(key) = self.simple_keys.pop() {
                self.keys_by_token.remove(&key.token);
            }
        }
        self.simple_key_allowed = false;
        self.push_indicator(kind, 1);
        Ok(())
    }

    fn fetch_flow_entry(&mut self) -> Result<(), Problem> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(TokenKind::FlowEntry, 1);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Result<(), Problem> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(self.problem(self.place, "block sequence entries are not allowed in this context"));
            }
            self.roll_indent(self.place.column, None, TokenKind::BlockSequenceStart, self.place)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(TokenKind::BlockEntry, 1);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<(), Problem> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(self.problem(self.place, "mapping keys are not allowed in this context"));
            }
            self.roll_indent(self.place.column, None, TokenKind::BlockMappingStart, self.place)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.push_indicator(TokenKind::Key, 1);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<(), Problem> {
        let level = self.simple_keys.len() - 1;
        if self.key_is_valid(level)? {
            let key = self.simple_keys[level];
            let token = Token {
                kind: TokenKind::Key,
                start: key.place,
                end: key.place,
            };
            self.insert(key.token, token);
            self.roll_indent(
                key.place.column,
                Some(key.token),
                TokenKind::BlockMappingStart,
                key.place,
            )?;
            self.simple_keys[level].possible = false;
            self.keys_by_token.remove(&key.token);
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return Err(self.problem(self.place, "mapping values are not allowed in this context"));
                }
                self.roll_indent(self.place.column, None, TokenKind::BlockMappingStart, self.place)?;
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.push_indicator(TokenKind::Value, 1);
        Ok(())
    }

    fn fetch_anchor(&mut self, alias: bool) -> Result<(), Problem> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.place;
        self.skip();
        let begin = self.position;
        self.cache(1)?;
        while self.byte(0).is_some_and(is_word) {
            self.skip();
            self.cache(1)?;
        }
        let name = self.text[begin..self.position].to_owned();
        let ends = self.is_blank_or_end(0)
            || matches!(
                self.byte(0),
                Some(b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`')
            );
        if name.is_empty() || !ends {
            return Err(self.problem(start, "did not find expected alphabetic or numeric character"));
        }
        self.push(
            if alias {
                TokenKind::Alias(name)
            } else {
                TokenKind::Anchor(name)
            },
            start,
        );
        Ok(())
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// What go-yaml's reader lets through.
fn is_allowed(c: char) -> bool {
    matches!(
        c,
        '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}'
            | '\u{10000}'..='\u{10ffff}'
    )
}
