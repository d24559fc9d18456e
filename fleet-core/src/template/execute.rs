//! Running a tree over data, step by step as Go's `text/template` does it.
//!
//! Go works on `reflect.Value`, where nothing comes in two sorts: a nil in a variable of type `interface {}` (a key of
//! a map that is missing or null) and no value at all (the result of a pipeline that is nil). [`Evaluated`] tells them
//! apart; what functions get is the same nil for both.
//!
//! Positions in errors are those of the node that was touched last (`at`), also where that is not the one that failed.

mod call;
mod range;

use std::sync::Arc;

use super::context::Context;
use super::error::{ExecutionError, FunctionError, TemplateError};
use super::format;
use super::functions::Parameter;
use super::set::MissingKey;
use super::stack::with_stack;
use super::tree::{Branch, Command, Invocation, Node, Operand, OperandKind, Pipe, Span, Tree, Variable};

use super::value::{Kind, Value};

/// A value, and whether Go has it in a variable of type `interface {}`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evaluated {
    pub(crate) value: Value,
    pub(crate) interface: bool,
}

impl Evaluated {
    fn plain(value: Value) -> Self {
        Self {
            value,
            interface: false,
        }
    }

    /// No value at all.
    fn is_invalid(&self) -> bool {
        self.value.is_nil() && !self.interface
    }

    fn type_name(&self) -> &'static str {
        if self.interface {
            "interface {}"
        } else {
            self.value.type_name()
        }
    }
}

type Outcome<T> = Result<T, Box<TemplateError>>;

/// Runs a template and gives the bytes that it prints.
pub(super) fn run(context: &mut Context<'_>, tree: &Arc<Tree>, data: &Value) -> Result<Vec<u8>, TemplateError> {
    let missing_key = context.templates.options().missing_key;
    let mut machine = Machine {
        context,
        output: Vec::new(),
        missing_key,
    };
    machine
        .template(tree, Evaluated::plain(data.clone()), None)
        .map_err(|error| *error)?;
    Ok(machine.output)
}

/// What happens after a node.
#[derive(Clone, Copy, PartialEq)]
enum Flow {
    Next,
    Break,
    Continue,
}

/// The node that was touched last.
#[derive(Clone, Copy)]
enum At<'t> {
    Beginning,
    Invocation(&'t Invocation),
    Pipe(&'t Pipe),
    Command(&'t Command),
    Operand(&'t Operand),
}

/// One running template.
struct Frame<'t> {
    tree: &'t Tree,
    at: At<'t>,
    /// Where its variables begin.
    base: usize,
}

struct Machine<'c, 'e> {
    context: &'c mut Context<'e>,
    output: Vec<u8>,
    missing_key: MissingKey,
}

/// What the arguments of a call are: operands, and the value that was piped in.
struct Arguments<'t, 'v> {
    operands: &'t [Operand],
    piped: Option<&'v Evaluated>,
}

impl Arguments<'_, '_> {
    const NONE: Self = Self {
        operands: &[],
        piped: None,
    };

    fn is_empty(&self) -> bool {
        self.operands.is_empty() && self.piped.is_none()
    }
}

fn failure<T>(frame: &Frame<'_>, message: impl Into<String>) -> Outcome<T> {
    Err(failed(frame, message.into(), None))
}

fn failed(frame: &Frame<'_>, message: String, cause: Option<FunctionError>) -> Box<TemplateError> {
    let (position, node) = match frame.at {
        At::Beginning => (0, String::new()),
        At::Invocation(invocation) => (
            invocation.position,
            with_stack(usize::MAX, || frame.tree.show(invocation).to_string()),
        ),
        At::Pipe(pipe) => (
            pipe.position,
            with_stack(usize::MAX, || frame.tree.show(pipe).to_string()),
        ),
        At::Command(command) => (
            command.position,
            with_stack(usize::MAX, || frame.tree.show(command).to_string()),
        ),
        At::Operand(operand) => (
            operand.position,
            with_stack(usize::MAX, || frame.tree.show(operand).to_string()),
        ),
    };
    Box::new(TemplateError::Execution(Box::new(ExecutionError {
        template: frame.tree.name.to_string(),
        location: frame.tree.location(position),
        node,
        message,
        cause,
    })))
}

impl Machine<'_, '_> {
    /// Runs a template; `caller` is where an excess of depth is reported.
    fn template(&mut self, tree: &Tree, dot: Evaluated, caller: Option<&Frame<'_>>) -> Outcome<()> {
        let mut frame = Frame {
            tree,
            at: At::Beginning,
            base: self.context.variables.len(),
        };
        let limit = self.context.limits().depth;
        if self.context.depth >= limit {
            return failure(
                caller.unwrap_or(&frame),
                format!("exceeded maximum template depth ({limit})"),
            );
        }
        self.context.depth += 1;
        self.context
            .variables
            .resize_with(frame.base + tree.slots, Evaluated::default);
        self.context.variables[frame.base] = dot.clone();
        let result = self.nested(|machine| machine.block(&mut frame, &dot, &tree.root));
        self.context.variables.truncate(frame.base);
        self.context.depth -= 1;
        result.map(|_| ())
    }

    /// Runs a level deeper: in a template, a control structure, or parentheses.
    fn nested<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        self.context.levels += 1;
        let result = with_stack(self.context.levels, || run(self));
        self.context.levels -= 1;
        result
    }

    fn step(&mut self, frame: &Frame<'_>) -> Outcome<()> {
        self.context
            .charge_steps(1)
            .map_err(|error| failed(frame, error.to_string(), None))
    }

    fn block<'t>(&mut self, frame: &mut Frame<'t>, dot: &Evaluated, block: &'t [Node]) -> Outcome<Flow> {
        for node in block {
            let flow = self.node(frame, dot, node)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn node<'t>(&mut self, frame: &mut Frame<'t>, dot: &Evaluated, node: &'t Node) -> Outcome<Flow> {
        let before = self.output.len();
        match node {
            Node::Text(text) => self.output.extend_from_slice(text.of(&frame.tree.source).as_bytes()),
            Node::Action(pipe) => {
                let value = self.pipe(frame, dot, pipe)?.value;
                if pipe.variables.is_empty() {
                    self.print(&value);
                }
            }
            Node::If(branch) => return self.nested(|machine| machine.branch(frame, dot, branch, false)),
            Node::With(branch) => return self.nested(|machine| machine.branch(frame, dot, branch, true)),
            Node::Range(branch) => return self.nested(|machine| machine.range(frame, dot, branch)),
            Node::Template(invocation) => {
                self.invocation(frame, dot, invocation)?;
                return Ok(Flow::Next);
            }
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        let written = self.output.len() - before;
        self.context
            .charge_bytes(written)
            .map_err(|error| failed(frame, error.to_string(), None))?;
        Ok(Flow::Next)
    }

    fn print(&mut self, value: &Value) {
        match value {
            Value::Nil => self.output.extend_from_slice(b"<no value>"),
            Value::Object(object) if object.kind() == Kind::Pointer && object.text().is_none() => {
                // Go prints what the pointer points to, not the `&` before it.
                let mut printed = Vec::new();
                format::append(&mut printed, value);
                self.output
                    .extend_from_slice(printed.strip_prefix(b"&").unwrap_or(&printed));
            }
            _ => format::append(&mut self.output, value),
        }
    }

    fn branch<'t>(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Evaluated,
        branch: &'t Branch,
        sets_dot: bool,
    ) -> Outcome<Flow> {
        let value = self.pipe(frame, dot, &branch.pipe)?;
        if value.value.truth() {
            let dot = if sets_dot { &value } else { dot };
            return self.block(frame, dot, &branch.then);
        }
        match &branch.otherwise {
            Some(otherwise) => self.block(frame, dot, otherwise),
            None => Ok(Flow::Next),
        }
    }

    fn invocation<'t>(&mut self, frame: &mut Frame<'t>, dot: &Evaluated, invocation: &'t Invocation) -> Outcome<()> {
        frame.at = At::Invocation(invocation);
        self.step(frame)?;
        let Some(tree) = self.context.templates.lookup(&invocation.name).cloned() else {
            let name = super::quote::quote(invocation.name.as_bytes());
            return failure(frame, format!("template {name} not defined"));
        };
        let data = match &invocation.pipe {
            Some(pipe) => self.pipe(frame, dot, pipe)?,
            None => Evaluated::default(),
        };
        self.template(&tree, data, Some(frame))
    }

    fn pipe<'t>(&mut self, frame: &mut Frame<'t>, dot: &Evaluated, pipe: &'t Pipe) -> Outcome<Evaluated> {
        frame.at = At::Pipe(pipe);
        let mut value: Option<Evaluated> = None;
        for command in &pipe.commands {
            self.step(frame)?;
            let mut result = self.command(frame, dot, command, value.as_ref())?;
            // Go takes the value out of its interface here: a nil in it becomes no value.
            result.interface = false;
            value = Some(result);
        }
        let value = value.unwrap_or_default();
        for variable in &pipe.variables {
            self.assign(frame, *variable, value.clone())?;
        }
        Ok(value)
    }

    fn command<'t>(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Evaluated,
        command: &'t Command,
        piped: Option<&Evaluated>,
    ) -> Outcome<Evaluated> {
        let first = &command.operands[0];
        let arguments = Arguments {
            operands: &command.operands[1..],
            piped,
        };
        match &first.kind {
            OperandKind::Field(fields) => {
                frame.at = At::Operand(first);
                self.fields(frame, dot, dot.clone(), *fields, first, &arguments)
            }
            OperandKind::Chain { base, fields } => self.chain(frame, dot, first, base, *fields, &arguments),
            OperandKind::Variable { variable, fields } => {
                self.variable(frame, dot, first, *variable, *fields, &arguments)
            }
            OperandKind::Function(callee) => {
                frame.at = At::Operand(first);
                self.function(frame, dot, callee, At::Command(command), &arguments)
            }
            OperandKind::Pipe(pipe) => {
                not_a_function(frame, first, &arguments)?;
                self.nested(|machine| machine.pipe(frame, dot, pipe))
            }
            kind => {
                frame.at = At::Operand(first);
                not_a_function(frame, first, &arguments)?;
                match kind {
                    OperandKind::Dot => Ok(dot.clone()),
                    OperandKind::Nil => failure(frame, "nil is not a command"),
                    _ => self.constant(frame, first),
                }
            }
        }
    }

    /// The value of a constant where no type is asked for.
    fn constant(&mut self, frame: &Frame<'_>, operand: &Operand) -> Outcome<Evaluated> {
        let value = match &operand.kind {
            OperandKind::Bool(value) => Value::Bool(*value),
            OperandKind::Text { text, .. } => Value::Text(text.clone()),
            OperandKind::Number(number) => number.ideal().or_else(|message| failure(frame, message))?,
            _ => return failure(frame, format!("can't evaluate command {}", frame.tree.show(operand))),
        };
        Ok(Evaluated::plain(value))
    }

    fn variable<'t>(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Evaluated,
        operand: &'t Operand,
        variable: Variable,
        fields: Span,
        arguments: &Arguments<'t, '_>,
    ) -> Outcome<Evaluated> {
        frame.at = At::Operand(operand);
        let Some(slot) = variable.slot else {
            return failure(
                frame,
                format!("undefined variable: {}", variable.name.of(&frame.tree.source)),
            );
        };
        let value = self.context.variables[frame.base + slot as usize].clone();
        if fields == Span::default() {
            not_a_function(frame, operand, arguments)?;
            return Ok(value);
        }
        self.fields(frame, dot, value, fields, operand, arguments)
    }

    fn chain<'t>(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Evaluated,
        operand: &'t Operand,
        base: &'t Operand,
        fields: Span,
        arguments: &Arguments<'t, '_>,
    ) -> Outcome<Evaluated> {
        frame.at = At::Operand(operand);
        let receiver = self.argument(frame, dot, base, Parameter::Reflect)?;
        self.fields(frame, dot, receiver, fields, operand, arguments)
    }
}

fn not_a_function(frame: &Frame<'_>, first: &Operand, arguments: &Arguments<'_, '_>) -> Outcome<()> {
    if arguments.is_empty() {
        return Ok(());
    }
    failure(
        frame,
        format!("can't give argument to non-function {}", frame.tree.show(first)),
    )
}
