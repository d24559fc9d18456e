//! Parsed templates: an immutable tree in which functions are found and variables are slots, and its canonical text,
//! which error messages show.

use std::fmt;
use std::sync::Arc;

use super::builtins::Builtin;
use super::functions::Function;
use super::number::Number;
use super::quote::quote;
use super::text::Text;

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
            Node::Text(text) => text.to_str().trim().is_empty(),
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
}

pub(crate) type Block = Vec<Node>;

#[derive(Debug)]
pub(crate) enum Node {
    Text(Text),
    Action(Pipe),
    If(Branch),
    With(Branch),
    Range(Branch),
    Template(Invocation),
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
    pub(crate) commands: Vec<Command>,
}

#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub(crate) name: Arc<str>,
    /// Where its value is; none if no declaration comes before it when the template runs.
    pub(crate) slot: Option<usize>,
}

#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) position: usize,
    /// Never empty.
    pub(crate) operands: Vec<Operand>,
}

#[derive(Debug)]
pub(crate) struct Operand {
    pub(crate) position: usize,
    pub(crate) kind: OperandKind,
}

#[derive(Debug)]
pub(crate) enum OperandKind {
    Dot,
    Nil,
    Bool(bool),
    Number(Number),
    Text { quoted: Arc<str>, text: Text },
    Field(Vec<Arc<str>>),
    Variable { variable: Variable, fields: Vec<Arc<str>> },
    Function(Callee),
    Pipe(Pipe),
    Chain { base: Box<Operand>, fields: Vec<Arc<str>> },
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

impl fmt::Display for Invocation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{{{{template {}", quote(self.name.as_bytes()))?;
        if let Some(pipe) = &self.pipe {
            write!(formatter, " {pipe}")?;
        }
        formatter.write_str("}}")
    }
}

impl fmt::Display for Pipe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, variable) in self.variables.iter().enumerate() {
            write!(formatter, "{}{}", if index > 0 { ", " } else { "" }, variable.name)?;
        }
        if !self.variables.is_empty() {
            formatter.write_str(if self.assign { " = " } else { " := " })?;
        }
        for (index, command) in self.commands.iter().enumerate() {
            write!(formatter, "{}{command}", if index > 0 { " | " } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, operand) in self.operands.iter().enumerate() {
            if index > 0 {
                formatter.write_str(" ")?;
            }
            match &operand.kind {
                OperandKind::Pipe(pipe) => write!(formatter, "({pipe})")?,
                _ => write!(formatter, "{operand}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            OperandKind::Dot => formatter.write_str("."),
            OperandKind::Nil => formatter.write_str("nil"),
            OperandKind::Bool(value) => write!(formatter, "{value}"),
            OperandKind::Number(number) => formatter.write_str(&number.text),
            OperandKind::Text { quoted, .. } => formatter.write_str(quoted),
            OperandKind::Field(names) => write_fields(formatter, names),
            OperandKind::Variable { variable, fields } => {
                formatter.write_str(&variable.name)?;
                write_fields(formatter, fields)
            }
            OperandKind::Function(callee) => formatter.write_str(callee.name()),
            OperandKind::Pipe(pipe) => write!(formatter, "{pipe}"),
            OperandKind::Chain { base, fields } => {
                match &base.kind {
                    OperandKind::Pipe(pipe) => write!(formatter, "({pipe})")?,
                    _ => write!(formatter, "{base}")?,
                }
                write_fields(formatter, fields)
            }
        }
    }
}

fn write_fields(formatter: &mut fmt::Formatter<'_>, fields: &[Arc<str>]) -> fmt::Result {
    fields.iter().try_for_each(|field| write!(formatter, ".{field}"))
}
