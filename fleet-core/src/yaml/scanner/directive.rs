//! `%YAML` and `%TAG`.

use super::{Place, Problem, Scanner, TokenKind, is_word};

impl Scanner<'_> {
    pub(super) fn fetch_directive(&mut self) -> Result<(), Problem> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.place;
        self.skip();
        let kind = match self.directive_name(start)?.as_str() {
            "YAML" => {
                self.skip_blanks()?;
                let major = self.version_number(start)?;
                if self.byte(0) != Some(b'.') {
                    return Err(self.problem(start, "did not find expected digit or '.' character"));
                }
                self.skip();
                TokenKind::VersionDirective {
                    major,
                    minor: self.version_number(start)?,
                }
            }
            "TAG" => {
                self.skip_blanks()?;
                let handle = self.tag_handle(true, start)?;
                self.cache(1)?;
                if !self.is_blank(0) {
                    return Err(self.problem(start, "did not find expected whitespace"));
                }
                self.skip_blanks()?;
                let prefix = self.tag_uri("", start)?;
                self.cache(1)?;
                if !self.is_blank_or_end(0) {
                    return Err(self.problem(start, "did not find expected whitespace or line break"));
                }
                TokenKind::TagDirective { handle, prefix }
            }
            _ => return Err(self.problem(start, "found unknown directive name")),
        };
        self.push(kind, start);
        self.end_line(start, "did not find expected comment or line break")
    }

    pub(super) fn skip_blanks(&mut self) -> Result<(), Problem> {
        self.cache(1)?;
        while self.is_blank(0) {
            self.skip();
            self.cache(1)?;
        }
        Ok(())
    }

    /// Goes past blanks, a comment and the break that must follow.
    pub(super) fn end_line(&mut self, start: Place, complaint: &'static str) -> Result<(), Problem> {
        self.skip_blanks()?;
        if self.byte(0) == Some(b'#') {
            while !self.is_break_or_end(0) {
                self.skip();
                self.cache(1)?;
            }
        }
        if !self.is_break_or_end(0) {
            return Err(self.problem(start, complaint));
        }
        self.cache(2)?;
        self.skip_line();
        Ok(())
    }

    fn directive_name(&mut self, start: Place) -> Result<String, Problem> {
        let begin = self.position;
        self.cache(1)?;
        while self.byte(0).is_some_and(is_word) {
            self.skip();
            self.cache(1)?;
        }
        let name = self.text[begin..self.position].to_owned();
        if name.is_empty() {
            return Err(self.problem(start, "could not find expected directive name"));
        }
        if !self.is_blank_or_end(0) {
            return Err(self.problem(start, "found unexpected non-alphabetical character"));
        }
        Ok(name)
    }

    fn version_number(&mut self, start: Place) -> Result<u32, Problem> {
        let mut number = 0;
        let mut length = 0;
        self.cache(1)?;
        while let Some(digit @ b'0'..=b'9') = self.byte(0) {
            length += 1;
            if length > 2 {
                return Err(self.problem(start, "found extremely long version number"));
            }
            number = number * 10 + u32::from(digit - b'0');
            self.skip();
            self.cache(1)?;
        }
        if length == 0 {
            return Err(self.problem(start, "did not find expected version number"));
        }
        Ok(number)
    }
}
