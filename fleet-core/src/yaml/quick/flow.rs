//! Flow collections that end on their line, of scalars that need no thought.

use std::borrow::Cow;

use super::super::event::ScalarStyle;
use super::{Builder, Plain, Reader};

impl<'a> Reader<'a> {
    /// `[…]` or `{…}`; the cursor is left behind it. Its node has been counted.
    pub(super) fn flow<B: Builder>(&mut self, builder: &mut B, depth: usize) -> Option<B::Node> {
        if depth >= self.depth {
            return None;
        }
        let mark = self.mark();
        let list = self.byte(0)? == b'[';
        let close = if list { b']' } else { b'}' };
        self.position += 1;
        let mut items = Vec::new();
        let mut map = (!list).then(|| builder.map(true, mark));
        self.skip_spaces();
        if self.byte(0)? == close {
            self.position += 1;
        } else {
            loop {
                match &mut map {
                    None => items.push(self.flow_value(builder, depth + 1)?),
                    Some(map) => {
                        let key = self.flow_key()?;
                        self.count()?;
                        let key = builder.key(key)?;
                        let value = self.flow_value(builder, depth + 1)?;
                        builder.insert(map, key, value)?;
                    }
                }
                self.skip_spaces();
                let byte = self.byte(0)?;
                self.position += 1;
                match byte {
                    b',' => self.skip_spaces(),
                    byte if byte == close => break,
                    _ => return None,
                }
            }
        }
        Some(match map {
            Some(map) => builder.complete(map),
            None => builder.list(items, true, mark),
        })
    }

    fn flow_value<B: Builder>(&mut self, builder: &mut B, depth: usize) -> Option<B::Node> {
        self.count()?;
        match self.byte(0)? {
            b'[' | b'{' => self.flow(builder, depth),
            b'"' | b'\'' => {
                let scalar = self.flow_quoted()?;
                builder.scalar(scalar)
            }
            _ => {
                let scalar = self.flow_word()?;
                builder.scalar(scalar)
            }
        }
    }

    /// A key, its `:` and the blanks after it.
    fn flow_key(&mut self) -> Option<Plain<'a>> {
        let begin = self.position;
        let quoted = matches!(self.byte(0)?, b'"' | b'\'');
        let key = if quoted { self.flow_quoted()? } else { self.flow_word()? };
        let colon = self.byte(0)? == b':' && (quoted || self.byte(1) == Some(b' '));
        if !colon || self.position - begin > super::MAX_KEY {
            return None;
        }
        self.position += 1;
        self.skip_spaces();
        Some(key)
    }

    /// A quoted scalar of one line of ASCII, so that columns behind it are bytes of that line.
    fn flow_quoted(&mut self) -> Option<Plain<'a>> {
        let begin = self.position;
        let scalar = self.quoted()?;
        let whole = &self.bytes[begin..self.position];
        (whole.is_ascii() && !whole.contains(&b'\n')).then_some(scalar)
    }

    fn flow_word(&mut self) -> Option<Plain<'a>> {
        let mark = self.mark();
        let rest = self.rest();
        let first = rest.first()?;
        let begins = first.is_ascii_alphanumeric()
            || matches!(first, b'_' | b'.' | b'/' | b'$')
            || *first == b'-' && rest.get(1)?.is_ascii_alphanumeric();
        if !begins {
            return None;
        }
        let in_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b'$' | b'-');
        let length = rest.iter().take_while(|byte| in_word(byte)).count();
        if !matches!(rest.get(length)?, b' ' | b',' | b':' | b']' | b'}') {
            return None;
        }
        let text = &self.text[self.position..self.position + length];
        self.position += length;
        // What follows is seen to by whoever wants it: another word, or a `:`, ends the attempt.
        Some(Plain {
            text: Cow::Borrowed(text),
            style: ScalarStyle::Plain,
            mark,
        })
    }
}
