//! The string form of selectors.
//!
//! Source: `labels.Parse`. Words are what stands between white space and `!<>=(),`; `in` and `notin` are operators only
//! behind a key.

use super::{LabelError, Operator, Requirement};

/// Bound on the length of a text: selectors come in requests.
const MAX_LENGTH: usize = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Symbol(&'a str),
    Open,
    Close,
    Comma,
    End,
}

impl<'a> Token<'a> {
    fn text(self) -> &'a str {
        match self {
            Self::Word(text) | Self::Symbol(text) => text,
            Self::Open => "(",
            Self::Close => ")",
            Self::Comma => ",",
            Self::End => "",
        }
    }
}

fn is_special(byte: u8) -> bool {
    matches!(byte, b'!' | b'<' | b'>' | b'=' | b'(' | b')' | b',')
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Splits a text into tokens; operators take the longest run that is one.
fn tokens(text: &str) -> Result<Vec<Token<'_>>, LabelError> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            byte if is_space(byte) => at += 1,
            b'(' | b')' | b',' => {
                at += 1;
                tokens.push(match bytes[start] {
                    b'(' => Token::Open,
                    b')' => Token::Close,
                    _ => Token::Comma,
                });
            }
            byte if is_special(byte) => {
                let two = bytes.get(at..at + 2);
                at += if matches!(two, Some(b"==" | b"!=")) { 2 } else { 1 };
                tokens.push(Token::Symbol(&text[start..at]));
            }
            _ => {
                while at < bytes.len() && !is_special(bytes[at]) && !is_space(bytes[at]) {
                    at += 1;
                }
                tokens.push(Token::Word(&text[start..at]));
            }
        }
    }
    Ok(tokens)
}

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Token<'a> {
        self.tokens.get(self.at).copied().unwrap_or(Token::End)
    }

    fn next(&mut self) -> Token<'a> {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn found<T>(token: Token<'_>, expected: &str) -> Result<T, LabelError> {
        Err(LabelError::Syntax(format!(
            "found '{}', expected: {expected}",
            token.text()
        )))
    }

    fn requirement(&mut self) -> Result<Requirement, LabelError> {
        let absent = self.peek() == Token::Symbol("!");
        if absent {
            self.at += 1;
        }
        let key = match self.next() {
            Token::Word(word) => word,
            other => return Self::found(other, "identifier"),
        };
        let key_errors = super::validate_key(key);
        if !key_errors.is_empty() {
            return Err(LabelError::Syntax(format!(
                "key: Invalid value: {key:?}: {}",
                key_errors.join("; ")
            )));
        }
        if absent || matches!(self.peek(), Token::End | Token::Comma) {
            if absent && !matches!(self.peek(), Token::End | Token::Comma) {
                return Self::found(self.peek(), "',' or 'end of string'");
            }
            let operator = if absent {
                Operator::DoesNotExist
            } else {
                Operator::Exists
            };
            return Requirement::new(key, operator, Vec::new());
        }
        let token = self.next();
        let operator = match token.text() {
            "in" => Operator::In,
            "notin" => Operator::NotIn,
            "=" => Operator::Equals,
            "==" => Operator::DoubleEquals,
            "!=" => Operator::NotEquals,
            ">" => Operator::GreaterThan,
            "<" => Operator::LessThan,
            _ => return Self::found(token, "in, notin, =, ==, !=, gt, lt"),
        };
        let values = match operator {
            Operator::In | Operator::NotIn => self.set()?,
            _ => vec![self.value()?],
        };
        Requirement::new(key, operator, values)
    }

    /// `(a,b)`; nothing between two commas is the empty value.
    fn set(&mut self) -> Result<Vec<String>, LabelError> {
        match self.next() {
            Token::Open => {}
            other => return Self::found(other, "'('"),
        }
        let mut values = Vec::new();
        loop {
            match self.peek() {
                Token::Word(word) => {
                    self.at += 1;
                    values.push(word.to_owned());
                }
                Token::Comma | Token::Close => values.push(String::new()),
                other => return Self::found(other, "',', ')' or identifier"),
            }
            match self.next() {
                Token::Comma => {}
                Token::Close => return Ok(values),
                other => return Self::found(other, "',' or ')'"),
            }
        }
    }

    /// One value; none at all is the empty one.
    fn value(&mut self) -> Result<String, LabelError> {
        match self.peek() {
            Token::Word(word) => {
                self.at += 1;
                Ok(word.to_owned())
            }
            Token::End | Token::Comma => Ok(String::new()),
            other => Self::found(other, "identifier"),
        }
    }
}

/// The requirements of a text, in its order.
pub(super) fn parse(text: &str) -> Result<Vec<Requirement>, LabelError> {
    if text.len() > MAX_LENGTH {
        return Err(LabelError::Syntax(format!(
            "a selector of {} bytes is too long",
            text.len()
        )));
    }
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
    };
    let mut requirements = Vec::new();
    if parser.peek() == Token::End {
        return Ok(requirements);
    }
    loop {
        requirements.push(parser.requirement()?);
        match parser.next() {
            Token::End => return Ok(requirements),
            Token::Comma => match parser.peek() {
                Token::Word(_) | Token::Symbol("!") => {}
                other => return Parser::found(other, "identifier after ','"),
            },
            other => return Parser::found(other, "',' or 'end of string'"),
        }
    }
}
