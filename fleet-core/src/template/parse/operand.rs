//! Operands: constants, fields, variables, functions and what stands in parentheses.

use std::sync::Arc;

use super::super::builtins::Builtin;
use super::super::lex::TokenKind;
use super::super::number::Number;
use super::super::quote::quote;
use super::super::tree::{Callee, Operand, OperandKind, Shown, Span, Variable};
use super::{Parse, Parser};

impl Parser<'_> {
    pub(super) fn operand(&mut self) -> Parse<Option<Operand>> {
        let Some(mut operand) = self.term()? else {
            return Ok(None);
        };
        if self.peek().kind != TokenKind::Field {
            return Ok(Some(operand));
        }
        // No space is between the fields of an operand, so all of them are one piece.
        let mut further = self.take().span;
        let position = further.start();
        while self.peek().kind == TokenKind::Field {
            further = further.to(self.take().span);
        }
        match &mut operand.kind {
            OperandKind::Field(fields) => *fields = fields.to(further),
            OperandKind::Variable { fields, .. } => *fields = further,
            OperandKind::Bool(_)
            | OperandKind::Text { .. }
            | OperandKind::Number(_)
            | OperandKind::Nil
            | OperandKind::Dot => {
                return Err(format!(
                    "unexpected . after term {}",
                    quote(self.shown(&operand).to_string().as_bytes())
                ));
            }
            OperandKind::Function(_) | OperandKind::Pipe(_) | OperandKind::Chain { .. } => {
                let kind = OperandKind::Chain {
                    base: Box::new(operand),
                    fields: further,
                };
                return Ok(Some(Operand { position, kind }));
            }
        }
        operand.position = position;
        Ok(Some(operand))
    }

    fn shown<'n, T>(&'n self, node: &'n T) -> Shown<'n, T> {
        let source = self.text;
        Shown { node, source }
    }

    fn term(&mut self) -> Parse<Option<Operand>> {
        let token = self.take_after_space();
        let span = token.span;
        let text = self.piece(span);
        let kind = match token.kind {
            TokenKind::Identifier => OperandKind::Function(self.function(text)?),
            TokenKind::Dot => OperandKind::Dot,
            TokenKind::Nil => OperandKind::Nil,
            TokenKind::Variable => OperandKind::Variable {
                variable: self.variable(span)?,
                fields: Span::default(),
            },
            TokenKind::Field => OperandKind::Field(span),
            TokenKind::Bool => OperandKind::Bool(text == "true"),
            TokenKind::CharacterConstant => OperandKind::Number(Box::new(Number::character(text)?)),
            TokenKind::Complex => OperandKind::Number(Box::new(Number::complex(text)?)),
            TokenKind::Number => OperandKind::Number(Box::new(Number::parse(text)?)),
            TokenKind::LeftParenthesis => {
                let pipe = |parser: &mut Self| parser.pipeline("parenthesized pipeline", TokenKind::RightParenthesis);
                OperandKind::Pipe(Box::new(self.nested(pipe)?))
            }
            TokenKind::String | TokenKind::RawString => OperandKind::Text {
                text: self.string(token)?,
                quoted: span,
            },
            _ => {
                self.next -= 1;
                return Ok(None);
            }
        };
        // A parenthesised pipeline is where its first operand is, as in Go.
        let position = match &kind {
            OperandKind::Pipe(pipe) => pipe.position,
            _ => span.start(),
        };
        Ok(Some(Operand { position, kind }))
    }

    fn function(&self, name: &str) -> Parse<Callee> {
        let builtin = Builtin::find(name);
        if let Some(builtin) = builtin.filter(|builtin| !builtin.can_be_hidden()) {
            return Ok(Callee::Builtin(builtin));
        }
        if let Some(function) = self.functions.get(name) {
            return Ok(Callee::Function(Arc::clone(function)));
        }
        builtin
            .map(Callee::Builtin)
            .ok_or_else(|| format!("function {} not defined", quote(name.as_bytes())))
    }

    fn variable(&self, span: Span) -> Parse<Variable> {
        let name = self.piece(span);
        let mut known = self.definition.known.iter().rev();
        if name != "$" && !known.any(|other| self.piece(*other) == name) {
            return Err(format!("undefined variable {}", quote(name.as_bytes())));
        }
        Ok(Variable {
            name: span,
            slot: self.slot(name),
        })
    }

    /// The slot of a variable that exists where the parser is.
    pub(super) fn slot(&self, name: &str) -> Option<u32> {
        let scope = &self.definition.scope;
        match scope.iter().rposition(|other| self.piece(*other) == name) {
            Some(index) => u32::try_from(index + 1).ok(),
            None => (name == "$").then_some(0),
        }
    }
}
