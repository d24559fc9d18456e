//! Text into tokens, by the rules of Go's `text/template/parse`.
//!
//! All tokens are made before parsing starts; an error ends them, and the parser reports it when it gets there. A token is a
//! piece of the text; lines are counted when an error needs one.

use super::quote::character_code;
use super::tree::Span;
use super::unicode::{is_digit, is_letter, is_print};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Error,
    Eof,
    Text,
    LeftDelimiter,
    RightDelimiter,
    Space,
    Assign,
    Declare,
    Pipe,
    LeftParenthesis,
    RightParenthesis,
    /// Another printable ASCII character, such as a comma.
    Character,
    CharacterConstant,
    Number,
    Complex,
    String,
    RawString,
    Identifier,
    Field,
    Variable,
    Bool,
    Dot,
    Nil,
    Keyword(Keyword),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Span,
}

/// What the lexer depends on.
pub(super) struct Syntax<'a> {
    pub(super) left: &'a str,
    pub(super) right: &'a str,
    /// Whether `break` and `continue` are keywords: not if functions have these names.
    pub(super) break_is_keyword: bool,
    pub(super) continue_is_keyword: bool,
}

/// The tokens of a text; the last is `Eof` or `Error`, and for the latter its message is beside them.
pub(super) fn lex(input: &str, syntax: &Syntax<'_>) -> (Vec<Token>, Option<String>) {
    let mut lexer = Lexer {
        input,
        syntax,
        position: 0,
        start: 0,
        // A guess that spares most texts from growing it step by step.
        tokens: Vec::with_capacity(input.len() / 16 + 2),
    };
    let message = lexer.run().err();
    if message.is_some() {
        let span = Span::new(lexer.start, lexer.start);
        let kind = TokenKind::Error;
        lexer.tokens.push(Token { kind, span });
    }
    (lexer.tokens, message)
}

struct Lexer<'a, 's> {
    input: &'a str,
    syntax: &'s Syntax<'s>,
    position: usize,
    start: usize,
    tokens: Vec<Token>,
}

impl<'a> Lexer<'a, '_> {
    fn rest(&self) -> &'a str {
        &self.input[self.position..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.advance(character.len_utf8());
        Some(character)
    }

    /// Moves on by some bytes.
    fn advance(&mut self, bytes: usize) {
        self.position += bytes;
    }

    fn byte(&self) -> Option<u8> {
        self.input.as_bytes().get(self.position).copied()
    }

    fn emit(&mut self, kind: TokenKind) {
        let span = Span::new(self.start, self.position);
        self.tokens.push(Token { kind, span });
        self.ignore();
    }

    fn ignore(&mut self) {
        self.start = self.position;
    }

    /// Where the next left delimiter is.
    fn find_left(&self) -> Option<usize> {
        let rest = self.rest().as_bytes();
        let left = self.syntax.left.as_bytes();
        let first = *left.first()?;
        let mut from = 0;
        loop {
            let found = from + memchr::memchr(first, rest.get(from..)?)?;
            if rest[found..].starts_with(left) {
                return Some(found);
            }
            from = found + 1;
        }
    }

    fn run(&mut self) -> Result<(), String> {
        loop {
            let Some(index) = self.find_left() else {
                let length = self.rest().len();
                self.advance(length);
                if self.position > self.start {
                    self.emit(TokenKind::Text);
                }
                self.emit(TokenKind::Eof);
                return Ok(());
            };
            let text = &self.rest()[..index];
            let trims = is_left_trim(&self.rest()[index + self.syntax.left.len()..]);
            let kept = if trims {
                text.trim_end_matches(is_space).len()
            } else {
                index
            };
            self.advance(kept);
            if kept > 0 {
                self.emit(TokenKind::Text);
            }
            self.advance(index - kept);
            self.ignore();
            self.left_delimiter()?;
        }
    }

    fn left_delimiter(&mut self) -> Result<(), String> {
        self.advance(self.syntax.left.len());
        let marker = if is_left_trim(self.rest()) { 2 } else { 0 };
        if self.rest()[marker..].starts_with("/*") {
            self.advance(marker);
            self.ignore();
            return self.comment();
        }
        self.emit(TokenKind::LeftDelimiter);
        self.advance(marker);
        self.ignore();
        self.action()
    }

    fn comment(&mut self) -> Result<(), String> {
        let Some(end) = self.rest()[2..].find("*/") else {
            return Err("unclosed comment".to_owned());
        };
        self.advance(end + 4);
        let Some(trims) = self.at_right_delimiter() else {
            return Err("comment ends before closing delimiter".to_owned());
        };
        self.close(trims);
        self.ignore();
        Ok(())
    }

    /// Moves over the right delimiter and the white space that it trims.
    fn close(&mut self, trims: bool) {
        if trims {
            self.advance(2);
        }
        self.advance(self.syntax.right.len());
        if trims {
            let blank = self.blank();
            self.advance(blank);
        }
    }

    /// Whether the right delimiter comes now, and if so, whether it trims.
    fn at_right_delimiter(&self) -> Option<bool> {
        let rest = self.rest();
        if matches!(rest.as_bytes(), [b' ' | b'\t' | b'\r' | b'\n', b'-', ..])
            && rest[2..].starts_with(self.syntax.right)
        {
            return Some(true);
        }
        rest.starts_with(self.syntax.right).then_some(false)
    }

    fn action(&mut self) -> Result<(), String> {
        let mut depth = 0_usize;
        loop {
            if let Some(trims) = self.at_right_delimiter() {
                if depth > 0 {
                    return Err("unclosed left paren".to_owned());
                }
                if trims {
                    self.advance(2);
                    self.ignore();
                }
                self.advance(self.syntax.right.len());
                self.emit(TokenKind::RightDelimiter);
                if trims {
                    let blank = self.blank();
                    self.advance(blank);
                    self.ignore();
                }
                return Ok(());
            }
            let Some(character) = self.peek() else {
                return Err("unclosed action".to_owned());
            };
            if is_space(character) {
                self.space();
                continue;
            }
            self.advance(character.len_utf8());
            match character {
                '=' => self.emit(TokenKind::Assign),
                ':' => {
                    if self.next() != Some('=') {
                        return Err("expected :=".to_owned());
                    }
                    self.emit(TokenKind::Declare);
                }
                '|' => self.emit(TokenKind::Pipe),
                '"' => self.quoted('"', "unterminated quoted string", TokenKind::String)?,
                '\'' => self.quoted('\'', "unterminated character constant", TokenKind::CharacterConstant)?,
                '`' => {
                    let Some(end) = self.rest().find('`') else {
                        return Err("unterminated raw quoted string".to_owned());
                    };
                    self.advance(end + 1);
                    self.emit(TokenKind::RawString);
                }
                '$' => self.field_or_variable(TokenKind::Variable, TokenKind::Variable)?,
                '.' if !self.peek().is_some_and(|next| next.is_ascii_digit()) && !self.rest().is_empty() => {
                    self.field_or_variable(TokenKind::Field, TokenKind::Dot)?;
                }
                '.' | '+' | '-' | '0'..='9' => {
                    self.position = self.start;
                    self.number()?;
                }
                '(' => {
                    depth += 1;
                    self.emit(TokenKind::LeftParenthesis);
                }
                ')' => {
                    let Some(less) = depth.checked_sub(1) else {
                        return Err("unexpected right paren".to_owned());
                    };
                    depth = less;
                    self.emit(TokenKind::RightParenthesis);
                }
                _ if is_alphanumeric(character) => self.word()?,
                _ if character.is_ascii() && is_print(character) => self.emit(TokenKind::Character),
                _ => {
                    return Err(format!(
                        "unrecognized character in action: {}",
                        character_code(Some(character))
                    ));
                }
            }
        }
    }

    /// How many white space characters come now.
    fn blank(&self) -> usize {
        let spaces = self.rest().bytes();
        spaces.take_while(|byte| is_space(char::from(*byte))).count()
    }

    /// A run of white space; the last one stays if it belongs to a trimming right delimiter.
    fn space(&mut self) {
        let blank = self.blank();
        let last = &self.rest()[blank - 1..];
        if is_right_trim(last) && last[2..].starts_with(self.syntax.right) {
            if blank == 1 {
                // The delimiter itself begins here; `action` sees it next time round.
                return;
            }
            self.advance(blank - 1);
        } else {
            self.advance(blank);
        }
        self.emit(TokenKind::Space);
    }

    fn quoted(&mut self, end: char, message: &str, kind: TokenKind) -> Result<(), String> {
        loop {
            match self.next() {
                Some('\\') => {
                    if matches!(self.next(), None | Some('\n')) {
                        return Err(message.to_owned());
                    }
                }
                None | Some('\n') => return Err(message.to_owned()),
                Some(character) if character == end => break,
                Some(_) => {}
            }
        }
        self.emit(kind);
        Ok(())
    }

    fn at_terminator(&self) -> bool {
        match self.byte() {
            None | Some(b'.' | b',' | b'|' | b':' | b')' | b'(' | b' ' | b'\t' | b'\r' | b'\n') => true,
            Some(_) => self.rest().starts_with(self.syntax.right),
        }
    }

    /// Moves over letters, digits and underscores; none of them ends a line.
    fn alphanumerics(&mut self) {
        while let Some(byte) = self.byte() {
            if byte.is_ascii() {
                if !is_alphanumeric(char::from(byte)) {
                    return;
                }
                self.position += 1;
            } else {
                match self.peek() {
                    Some(character) if is_alphanumeric(character) => self.position += character.len_utf8(),
                    _ => return,
                }
            }
        }
    }

    fn field_or_variable(&mut self, kind: TokenKind, bare: TokenKind) -> Result<(), String> {
        if self.at_terminator() {
            self.emit(bare);
            return Ok(());
        }
        self.alphanumerics();
        if !self.at_terminator() {
            return Err(format!("bad character {}", character_code(self.peek())));
        }
        self.emit(kind);
        Ok(())
    }

    fn word(&mut self) -> Result<(), String> {
        self.alphanumerics();
        if !self.at_terminator() {
            return Err(format!("bad character {}", character_code(self.peek())));
        }
        let kind = match &self.input[self.start..self.position] {
            "block" => TokenKind::Keyword(Keyword::Block),
            "break" if self.syntax.break_is_keyword => TokenKind::Keyword(Keyword::Break),
            "continue" if self.syntax.continue_is_keyword => TokenKind::Keyword(Keyword::Continue),
            "define" => TokenKind::Keyword(Keyword::Define),
            "else" => TokenKind::Keyword(Keyword::Else),
            "end" => TokenKind::Keyword(Keyword::End),
            "if" => TokenKind::Keyword(Keyword::If),
            "nil" => TokenKind::Nil,
            "range" => TokenKind::Keyword(Keyword::Range),
            "template" => TokenKind::Keyword(Keyword::Template),
            "with" => TokenKind::Keyword(Keyword::With),
            "true" | "false" => TokenKind::Bool,
            _ => TokenKind::Identifier,
        };
        self.emit(kind);
        Ok(())
    }

    fn number(&mut self) -> Result<(), String> {
        let bad = |lexer: &Self| {
            let text = &lexer.input[lexer.start..lexer.position];
            format!("bad number syntax: {}", super::quote::quote(text.as_bytes()))
        };
        if !self.scan_number() {
            return Err(bad(self));
        }
        if matches!(self.peek(), Some('+' | '-')) {
            if !self.scan_number() || !self.input[..self.position].ends_with('i') {
                return Err(bad(self));
            }
            self.emit(TokenKind::Complex);
            return Ok(());
        }
        self.emit(TokenKind::Number);
        Ok(())
    }

    fn accept(&mut self, accepted: &str) -> bool {
        let yes = self.peek().is_some_and(|character| accepted.contains(character));
        if yes {
            self.next();
        }
        yes
    }

    fn accept_run(&mut self, accepted: &str) {
        while self.accept(accepted) {}
    }

    fn scan_number(&mut self) -> bool {
        const DECIMAL: &str = "0123456789_";
        const HEXADECIMAL: &str = "0123456789abcdefABCDEF_";
        self.accept("+-");
        let mut digits = DECIMAL;
        if self.accept("0") {
            if self.accept("xX") {
                digits = HEXADECIMAL;
            } else if self.accept("oO") {
                digits = "01234567_";
            } else if self.accept("bB") {
                digits = "01_";
            }
        }
        self.accept_run(digits);
        if self.accept(".") {
            self.accept_run(digits);
        }
        if (digits == DECIMAL && self.accept("eE")) || (digits == HEXADECIMAL && self.accept("pP")) {
            self.accept("+-");
            self.accept_run(DECIMAL);
        }
        self.accept("i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.next();
            return false;
        }
        true
    }
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

fn is_alphanumeric(character: char) -> bool {
    match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => true,
        _ if character.is_ascii() => false,
        _ => is_letter(character) || is_digit(character),
    }
}

fn is_left_trim(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next() == Some('-') && characters.next().is_some_and(is_space)
}

fn is_right_trim(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(is_space) && characters.next() == Some('-')
}
