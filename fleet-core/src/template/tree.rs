//! Parsed templates: an immutable tree in which functions are found and variables are slots, and its canonical text,
//! which error messages show.

use std::fmt;
use std::sync::Arc;

use super::builtins::Builtin;
use super::functions::Function;
use super::number::Number;
use super::quote::quote;
use super::text::Text;

/// A piece of a template's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// From byte to byte. Texts are shorter than 4 GiB, see [`super::parse::parse`].
    pub(super) fn new(start: usize, end: usize) -> Self {
        let number = |position: usize| u32::try_from(position).unwrap_or(u32::MAX);
        Self {
            start: number(start),
            end: number(end),
        }
    }

    pub(super) fn start(self) -> usize {
        self.start as usize
    }

    /// One piece from the beginning of this to the end of another.
    pub(super) fn to(self, other: Self) -> Self {
        Self {
            start: self.start,
            end: other.end,
        }
    }

    /// The piece of the text that it was made of.
    pub(crate) fn of(self, source: &str) -> &str {
        source.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// One template: the body of a text, of a `define` or of a `block`.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The name it is run by.
    pub(crate) name: Arc<str>,
    /// The name of the text it was parsed from: error positions show it.
    pub(crate) parse_name: Arc<str>,
    /// That text.
    pub(crate) source: Arc<str>,
    pub(crate) root: Block,
    /// How many variables can exist at once.
    pub(crate) slots: usize,
}

impl Tree {
    /// Whether it has nothing but white space (Go's `IsEmptyTree`): such a template never replaces another.
    pub(crate) fn is_blank(&self) -> bool {
        self.root.iter().all(|node| match node {
            Node::Text(text) => text.of(&self.source).trim().is_empty(),
            _ => false,
        })
    }

    /// `NAME:LINE:COLUMN` of a byte position, where columns count bytes from 0.
    pub(crate) fn location(&self, position: usize) -> String {
        let before = self.source.as_bytes().get(..position).unwrap_or_default();
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count();
        format!("{}:{line}:{column}", self.parse_name)
    }

    /// A node of it in canonical text.
    pub(crate) fn show<'a, T>(&'a self, node: &'a T) -> Shown<'a, T> {
        Shown {
            node,
            source: &self.source,
        }
    }
}

pub(crate) type Block = Box<[Node]>;

#[derive(Debug)]
pub(crate) enum Node {
    Text(Span),
    Action(Pipe),
    If(Box<Branch>),
    With(Box<Branch>),
    Range(Box<Branch>),
    Template(Box<Invocation>),
    Break,
    Continue,
}

#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) pipe: Pipe,
    pub(crate) then: Block,
    pub(crate) otherwise: Option<Block>,
}

#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) position: usize,
    pub(crate) name: Arc<str>,
    pub(crate) pipe: Option<Pipe>,
}

#[derive(Debug)]
pub(crate) struct Pipe {
    pub(crate) position: usize,
    /// Whether variables are assigned (`=`), not declared (`:=`).
    pub(crate) assign: bool,
    pub(crate) variables: Vec<Variable>,
    pub(crate) commands: Box<[Command]>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Variable {
    pub(crate) name: Span,
    /// Where its value is; none if no declaration comes before it when the template runs.
    pub(crate) slot: Option<u32>,
}

#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) position: usize,
    /// Never empty.
    pub(crate) operands: Box<[Operand]>,
}

#[derive(Debug)]
pub(crate) struct Operand {
    pub(crate) position: usize,
    pub(crate) kind: OperandKind,
}

/// Fields are one piece of the text, `.a.b`, empty if there are none.
#[derive(Debug)]
pub(crate) enum OperandKind {
    Dot,
    Nil,
    Bool(bool),
    Number(Box<Number>),
    Text { quoted: Span, text: Text },
    Field(Span),
    Variable { variable: Variable, fields: Span },
    Function(Callee),
    Pipe(Box<Pipe>),
    Chain { base: Box<Operand>, fields: Span },
}

#[derive(Debug)]
pub(crate) enum Callee {
    Builtin(Builtin),
    Function(Arc<Function>),
}

impl Callee {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Builtin(builtin) => builtin.name(),
            Self::Function(function) => &function.name,
        }
    }
}

/// A node with the text that its pieces are of.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'a, T> {
    pub(super) node: &'a T,
    pub(super) source: &'a str,
}

impl<'a, T> Shown<'a, T> {
    fn part<P>(&self, node: &'a P) -> Shown<'a, P> {
        let source = self.source;
        Shown { node, source }
    }
}

impl fmt::Display for Shown<'_, Invocation> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{{{{template {}", quote(self.node.name.as_bytes()))?;
        if let Some(pipe) = &self.node.pipe {
            write!(formatter, " {}", self.part(pipe))?;
        }
        formatter.write_str("}}")
    }
}

impl fmt::Display for Shown<'_, Pipe> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Pipe {
            assign,
            variables,
            commands,
            ..
        } = self.node;
        for (index, variable) in variables.iter().enumerate() {
            formatter.write_str(if index > 0 { ", " } else { "" })?;
            formatter.write_str(variable.name.of(self.source))?;
        }
        if !variables.is_empty() {
            formatter.write_str(if *assign { " = " } else { " := " })?;
        }
        for (index, command) in commands.iter().enumerate() {
            let bar = if index > 0 { " | " } else { "" };
            write!(formatter, "{bar}{}", self.part(command))?;
        }
        Ok(())
    }
}

impl fmt::Display for Shown<'_, Command> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, operand) in self.node.operands.iter().enumerate() {
            if index > 0 {
                formatter.write_str(" ")?;
            }
            self.part(operand).in_parentheses(formatter)?;
        }
        Ok(())
    }
}

impl Shown<'_, Operand> {
    fn in_parentheses(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.node.kind {
            OperandKind::Pipe(_) => write!(formatter, "({self})"),
            _ => write!(formatter, "{self}"),
        }
    }
}

impl fmt::Display for Shown<'_, Operand> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut piece = |span: Span| formatter.write_str(span.of(self.source));
        match &self.node.kind {
            OperandKind::Dot => formatter.write_str("."),
            OperandKind::Nil => formatter.write_str("nil"),
            OperandKind::Bool(value) => write!(formatter, "{value}"),
            OperandKind::Number(number) => formatter.write_str(&number.text),
            OperandKind::Text { quoted, .. } => piece(*quoted),
            OperandKind::Field(fields) => piece(*fields),
            OperandKind::Variable { variable, fields } => {
                piece(variable.name)?;
                piece(*fields)
            }
            OperandKind::Function(callee) => formatter.write_str(callee.name()),
            OperandKind::Pipe(pipe) => write!(formatter, "{}", self.part(&**pipe)),
            OperandKind::Chain { base, fields } => {
                self.part(&**base).in_parentheses(formatter)?;
                formatter.write_str(fields.of(self.source))
            }
        }
    }
}
