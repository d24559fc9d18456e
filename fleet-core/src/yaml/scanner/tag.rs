//! Tags: `!name`, `!!name`, `!handle!name`, `!<uri>`.

use super::{Place, Problem, Scanner, TokenKind, is_word};

impl Scanner<'_> {
    pub(super) fn fetch_tag(&mut self) -> Result<(), Problem> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.place;
        self.cache(2)?;
        let (handle, suffix);
        if self.byte(1) == Some(b'<') {
            self.skip();
            self.skip();
            handle = String::new();
            suffix = self.tag_uri("", start)?;
            if self.byte(0) != Some(b'>') {
                return Err(self.problem(start, "did not find the expected '>'"));
            }
            self.skip();
        } else {
            let head = self.tag_handle(false, start)?;
            if head.len() > 1 && head.ends_with('!') {
                handle = head;
                suffix = self.tag_uri("", start)?;
            } else {
                let uri = self.tag_uri(&head, start)?;
                // `!` alone: no handle, only what it is.
                (handle, suffix) = if uri.is_empty() {
                    (String::new(), "!".to_owned())
                } else {
                    ("!".to_owned(), uri)
                };
            }
        }
        self.cache(1)?;
        if !self.is_blank_or_end(0) {
            return Err(self.problem(start, "did not find expected whitespace or line break"));
        }
        self.push(TokenKind::Tag { handle, suffix }, start);
        Ok(())
    }

    pub(super) fn tag_handle(&mut self, directive: bool, start: Place) -> Result<String, Problem> {
        self.cache(1)?;
        if self.byte(0) != Some(b'!') {
            return Err(self.problem(start, "did not find expected '!'"));
        }
        let begin = self.position;
        self.skip();
        self.cache(1)?;
        while self.byte(0).is_some_and(is_word) {
            self.skip();
            self.cache(1)?;
        }
        if self.byte(0) == Some(b'!') {
            self.skip();
        } else if directive && self.position - begin != 1 {
            return Err(self.problem(start, "did not find expected '!'"));
        }
        Ok(self.text[begin..self.position].to_owned())
    }

    /// The URI of a tag. `head`: what has been read of it as a handle, whose `!` does not belong to it.
    pub(super) fn tag_uri(&mut self, head: &str, start: Place) -> Result<String, Problem> {
        let mut uri = head.get(1..).unwrap_or_default().as_bytes().to_vec();
        let mut found = !head.is_empty();
        self.cache(1)?;
        while let Some(byte) = self.byte(0) {
            match byte {
                b'%' => self.uri_escape(start, &mut uri)?,
                b';' | b'/' | b'?' | b':' | b'@' | b'&' | b'=' | b'+' | b'$' | b',' | b'.' | b'!' | b'~' | b'*'
                | b'\'' | b'(' | b')' | b'[' | b']' => {
                    uri.push(byte);
                    self.skip();
                }
                byte if is_word(byte) => {
                    uri.push(byte);
                    self.skip();
                }
                _ => break,
            }
            found = true;
            self.cache(1)?;
        }
        if !found {
            return Err(self.problem(start, "did not find expected tag URI"));
        }
        Ok(String::from_utf8_lossy(&uri).into_owned())
    }

    /// One character as escaped octets.
    fn uri_escape(&mut self, start: Place, uri: &mut Vec<u8>) -> Result<(), Problem> {
        let mut left = None;
        while left != Some(0) {
            self.cache(3)?;
            let octet = match self.rest() {
                [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0);
                    u8::try_from(digit(*high) * 16 + digit(*low)).unwrap_or(0)
                }
                _ => return Err(self.problem(start, "did not find URI escaped octet")),
            };
            left = Some(match left {
                None => match octet {
                    0..=0x7f => 0,
                    0xc0..=0xdf => 1,
                    0xe0..=0xef => 2,
                    0xf0..=0xf7 => 3,
                    _ => return Err(self.problem(start, "found an incorrect leading UTF-8 octet")),
                },
                Some(count) if octet & 0xc0 == 0x80 => count - 1,
                Some(_) => return Err(self.problem(start, "found an incorrect trailing UTF-8 octet")),
            });
            uri.push(octet);
            (0..3).for_each(|_| self.skip());
        }
        Ok(())
    }
}
