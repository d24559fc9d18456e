//! Running a tree over data, step by step as Go's `text/template` does it.
//!
//! Go works on `reflect.Value`, where nothing comes in two sorts: a nil in a variable of type `interface {}` (a key of
//! a map that is missing or null) and no value at all (the result of a pipeline that is nil). [`Evaluated`] tells them
//! apart; what functions get is the same nil for both.
//!
//! Positions in errors are those of the node that was touched last (`at`), also where that is not the one that failed.

use std::sync::Arc;

use super::builtins::Builtin;
use super::context::Context;
use super::error::{ExecutionError, FunctionError, TemplateError};
use super::format;
use super::functions::{Method, Parameter, Signature};
use super::set::MissingKey;
use super::text::Text;
use super::tree::{Branch, Callee, Command, Invocation, Node, Operand, OperandKind, Pipe, Tree, Variable};
use super::value::{Kind, MapZero, Value};

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

/// Runs something that may recurse, on a new piece of stack if little is left.
pub(crate) fn with_stack<T>(run: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, run)
}

type Outcome<T> = Result<T, Box<TemplateError>>;

/// Runs a template and gives what it prints.
pub(super) fn run(context: &mut Context<'_>, tree: &Arc<Tree>, data: &Value) -> Result<Text, TemplateError> {
    let missing_key = context.templates.options().missing_key;
    let mut machine = Machine {
        context,
        output: Vec::new(),
        missing_key,
    };
    machine
        .template(tree, Evaluated::plain(data.clone()), None)
        .map_err(|error| *error)?;
    Ok(Text::from_bytes(machine.output))
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
        At::Invocation(invocation) => (invocation.position, with_stack(|| invocation.to_string())),
        At::Pipe(pipe) => (pipe.position, with_stack(|| pipe.to_string())),
        At::Command(command) => (command.position, with_stack(|| command.to_string())),
        At::Operand(operand) => (operand.position, with_stack(|| operand.to_string())),
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
        let result = with_stack(|| self.block(&mut frame, &dot, &tree.root));
        self.context.variables.truncate(frame.base);
        self.context.depth -= 1;
        result.map(|_| ())
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
            Node::Text(text) => self.output.extend_from_slice(text.as_bytes()),
            Node::Action(pipe) => {
                let value = self.pipe(frame, dot, pipe)?.value;
                if pipe.variables.is_empty() {
                    self.print(&value);
                }
            }
            Node::If(branch) => return with_stack(|| self.branch(frame, dot, branch, false)),
            Node::With(branch) => return with_stack(|| self.branch(frame, dot, branch, true)),
            Node::Range(branch) => return with_stack(|| self.range(frame, dot, branch)),
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

    fn range<'t>(&mut self, frame: &mut Frame<'t>, dot: &Evaluated, branch: &'t Branch) -> Outcome<Flow> {
        let value = self.pipe(frame, dot, &branch.pipe)?.value;
        let integer = |number: i64| (Value::Int(number), number);
        let ran = match &value {
            Value::Nil => false,
            Value::Int(number) => self.range_integer(frame, branch, &value, integer(*number).1, Value::Int)?,
            Value::Int64(number) => self.range_integer(frame, branch, &value, *number, Value::Int64)?,
            Value::Uint8(number) => self.range_integer(frame, branch, &value, i64::from(*number), |number| {
                Value::Uint8(u8::try_from(number).unwrap_or(u8::MAX))
            })?,
            Value::Uint64(number) => {
                let number = i64::try_from(*number).unwrap_or(i64::MAX);
                self.range_integer(frame, branch, &value, number, |number| Value::Uint64(number as u64))?
            }
            Value::Bytes(bytes) => {
                for (index, byte) in bytes.iter().enumerate() {
                    let element = Evaluated::plain(Value::Uint8(*byte));
                    if !self.iteration(frame, branch, Value::Int(index as i64), element)? {
                        break;
                    }
                }
                !bytes.is_empty()
            }
            Value::List(list) => {
                let interface = list.list_type().any;
                let length = list.len();
                for index in 0..length {
                    let element = Evaluated {
                        value: list.get(index).unwrap_or_default(),
                        interface,
                    };
                    if !self.iteration(frame, branch, Value::Int(index as i64), element)? {
                        break;
                    }
                }
                length > 0
            }
            Value::Map(map) => {
                let interface = map.map_type().zero == MapZero::Any;
                // As in Go, the entries are those of the beginning, whatever the loop does to the map.
                let entries: Vec<(Text, Value)> = map
                    .entries()
                    .iter()
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect();
                let ran = !entries.is_empty();
                for (key, value) in entries {
                    if !self.iteration(frame, branch, Value::Text(key), Evaluated { value, interface })? {
                        break;
                    }
                }
                ran
            }
            Value::Bool(_) | Value::Float(_) | Value::Complex(..) | Value::Text(_) | Value::Object(_) => {
                let mut printed = format::text_of(&value).to_str().into_owned();
                if value.kind() == Kind::Pointer && printed.starts_with('&') {
                    printed.remove(0);
                }
                return failure(frame, format!("range can't iterate over {printed}"));
            }
        };
        match &branch.otherwise {
            Some(otherwise) if !ran => self.block(frame, dot, otherwise),
            _ => Ok(Flow::Next),
        }
    }

    fn range_integer<'t>(
        &mut self,
        frame: &mut Frame<'t>,
        branch: &'t Branch,
        value: &Value,
        end: i64,
        element: impl Fn(i64) -> Value,
    ) -> Outcome<bool> {
        if branch.pipe.variables.len() > 1 {
            let text = format!(
                "can't use {} to iterate over more than one variable",
                format::text_of(value)
            );
            return failure(frame, text);
        }
        for number in 0..end {
            if !self.iteration(frame, branch, Value::Nil, Evaluated::plain(element(number)))? {
                break;
            }
        }
        Ok(end > 0)
    }

    /// One turn of a loop: whether another one follows.
    fn iteration<'t>(
        &mut self,
        frame: &mut Frame<'t>,
        branch: &'t Branch,
        index: Value,
        element: Evaluated,
    ) -> Outcome<bool> {
        self.step(frame)?;
        match branch.pipe.variables.as_slice() {
            [] => {}
            [only] => self.assign(frame, only, element.clone())?,
            [first, second, ..] => {
                self.assign(frame, first, Evaluated::plain(index))?;
                self.assign(frame, second, element.clone())?;
            }
        }
        Ok(self.block(frame, &element, &branch.then)? != Flow::Break)
    }

    fn assign(&mut self, frame: &Frame<'_>, variable: &Variable, value: Evaluated) -> Outcome<()> {
        match variable.slot {
            Some(slot) => {
                self.context.variables[frame.base + slot] = value;
                Ok(())
            }
            None => failure(frame, format!("undefined variable: {}", variable.name)),
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
            self.assign(frame, variable, value.clone())?;
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
            OperandKind::Field(names) => {
                frame.at = At::Operand(first);
                self.fields(frame, dot, dot.clone(), names, first, &arguments)
            }
            OperandKind::Chain { base, fields } => self.chain(frame, dot, first, base, fields, &arguments),
            OperandKind::Variable { variable, fields } => {
                self.variable(frame, dot, first, variable, fields, &arguments)
            }
            OperandKind::Function(callee) => {
                frame.at = At::Operand(first);
                self.function(frame, dot, callee, At::Command(command), &arguments)
            }
            OperandKind::Pipe(pipe) => {
                not_a_function(frame, first, &arguments)?;
                with_stack(|| self.pipe(frame, dot, pipe))
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
            _ => return failure(frame, format!("can't evaluate command {}", operand)),
        };
        Ok(Evaluated::plain(value))
    }

    fn variable<'t>(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Evaluated,
        operand: &'t Operand,
        variable: &Variable,
        fields: &[Arc<str>],
        arguments: &Arguments<'t, '_>,
    ) -> Outcome<Evaluated> {
        frame.at = At::Operand(operand);
        let Some(slot) = variable.slot else {
            return failure(frame, format!("undefined variable: {}", variable.name));
        };
        let value = self.context.variables[frame.base + slot].clone();
        if fields.is_empty() {
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
        fields: &[Arc<str>],
        arguments: &Arguments<'t, '_>,
    ) -> Outcome<Evaluated> {
        frame.at = At::Operand(operand);
        let receiver = self.argument(frame, dot, base, Parameter::Reflect)?;
        self.fields(frame, dot, receiver, fields, operand, arguments)
    }

    /// Fields of fields; the last may be a method with arguments.
    fn fields<'t>(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Evaluated,
        mut receiver: Evaluated,
        names: &[Arc<str>],
        operand: &'t Operand,
        arguments: &Arguments<'t, '_>,
    ) -> Outcome<Evaluated> {
        let Some((last, before)) = names.split_last() else {
            return Ok(receiver);
        };
        for name in before {
            receiver = self.field(frame, dot, &receiver, name, operand, &Arguments::NONE)?;
        }
        self.field(frame, dot, &receiver, last, operand, arguments)
    }

    fn field<'t>(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Evaluated,
        receiver: &Evaluated,
        name: &Arc<str>,
        operand: &'t Operand,
        arguments: &Arguments<'t, '_>,
    ) -> Outcome<Evaluated> {
        if receiver.is_invalid() {
            if self.missing_key == MissingKey::Error {
                return failure(
                    frame,
                    format!("nil data; no entry for key {}", super::quote::quote(name.as_bytes())),
                );
            }
            return Ok(Evaluated::default());
        }
        let method = match &receiver.value {
            Value::Map(map) => (map.map_type().method)(name),
            Value::List(list) => (list.list_type().method)(name),
            Value::Object(object) => object.method(name),
            _ => None,
        };
        if let Some(method) = method {
            return self.method(frame, dot, receiver, name, method, operand, arguments);
        }
        match &receiver.value {
            Value::Nil => failure(frame, format!("nil pointer evaluating interface {{}}.{name}")),
            Value::Map(map) => {
                if !arguments.is_empty() {
                    return failure(frame, format!("{name} is not a method but has arguments"));
                }
                let zero = map.map_type().zero;
                let interface = zero == MapZero::Any;
                if let Some(value) = map.get(name.as_bytes()) {
                    return Ok(Evaluated { value, interface });
                }
                match self.missing_key {
                    MissingKey::Invalid => Ok(Evaluated::default()),
                    MissingKey::Zero => Ok(Evaluated {
                        value: zero.value(),
                        interface,
                    }),
                    MissingKey::Error => {
                        let key = super::quote::quote(name.as_bytes());
                        failure(frame, format!("map has no entry for key {key}"))
                    }
                }
            }
            Value::Object(object) => match object.field(name) {
                Some(_) if !arguments.is_empty() => {
                    failure(frame, format!("{name} has arguments but cannot be invoked as function"))
                }
                Some(value) => Ok(Evaluated {
                    interface: value.is_nil(),
                    value,
                }),
                None => failure(
                    frame,
                    format!("can't evaluate field {name} in type {}", receiver.type_name()),
                ),
            },
            _ => failure(
                frame,
                format!("can't evaluate field {name} in type {}", receiver.type_name()),
            ),
        }
    }

    #[allow(clippy::too_many_arguments)] // A call in a template has as many sides.
    fn method<'t>(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Evaluated,
        receiver: &Evaluated,
        name: &str,
        method: &'static Method,
        operand: &'t Operand,
        arguments: &Arguments<'t, '_>,
    ) -> Outcome<Evaluated> {
        let values = self.arguments(frame, dot, name, &method.signature, arguments)?;
        let values: Vec<Value> = values.into_iter().map(|argument| argument.value).collect();
        let result = (method.call)(self.context, &receiver.value, &values);
        self.result(frame, name, At::Operand(operand), result)
    }

    fn function<'t>(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Evaluated,
        callee: &'t Callee,
        at: At<'t>,
        arguments: &Arguments<'t, '_>,
    ) -> Outcome<Evaluated> {
        match callee {
            Callee::Builtin(builtin @ (Builtin::And | Builtin::Or)) => {
                self.short_circuit(frame, dot, *builtin, arguments)
            }
            Callee::Builtin(builtin) => {
                let values = self.arguments(frame, dot, builtin.name(), &builtin.signature(), arguments)?;
                let written = match arguments.operands.first() {
                    Some(operand) if *builtin == Builtin::Call => operand.to_string(),
                    Some(_) => String::new(),
                    None => values.first().map(|value| reflected(&value.value)).unwrap_or_default(),
                };
                let result = builtin.call(&values, &written);
                self.result(frame, builtin.name(), at, result)
            }
            Callee::Function(function) => {
                let values = self.arguments(frame, dot, &function.name, &function.signature, arguments)?;
                let values: Vec<Value> = values.into_iter().map(|argument| argument.value).collect();
                let result = (function.call)(self.context, &values);
                self.result(frame, &function.name, at, result)
            }
        }
    }

    fn result<'t>(
        &mut self,
        frame: &mut Frame<'t>,
        name: &str,
        at: At<'t>,
        result: Result<Value, FunctionError>,
    ) -> Outcome<Evaluated> {
        let checked = result.and_then(|value| {
            let bytes = match &value {
                Value::Text(text) => text.len(),
                Value::Bytes(bytes) => bytes.len(),
                Value::List(list) => list.len() * size_of::<Value>(),
                _ => 0,
            };
            self.context.charge_bytes(bytes)?;
            Ok(value)
        });
        match checked {
            Ok(value) => Ok(Evaluated {
                interface: value.is_nil(),
                value,
            }),
            Err(error) => {
                frame.at = at;
                Err(failed(frame, format!("error calling {name}: "), Some(error)))
            }
        }
    }

    fn check_count(
        &self,
        frame: &Frame<'_>,
        name: &str,
        signature: &Signature,
        arguments: &Arguments<'_, '_>,
    ) -> Outcome<()> {
        let written = arguments.operands.len();
        let count = written + usize::from(arguments.piped.is_some());
        let fixed = signature.fixed.len();
        if signature.variadic.is_some() {
            if count < fixed {
                return failure(
                    frame,
                    format!("wrong number of args for {name}: want at least {fixed} got {written}"),
                );
            }
        } else if count != fixed {
            return failure(
                frame,
                format!("wrong number of args for {name}: want {fixed} got {count}"),
            );
        }
        Ok(())
    }

    fn arguments<'t>(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Evaluated,
        name: &str,
        signature: &Signature,
        arguments: &Arguments<'t, '_>,
    ) -> Outcome<Vec<Evaluated>> {
        self.check_count(frame, name, signature, arguments)?;
        let parameter = |index: usize| signature.fixed.get(index).copied().or(signature.variadic);
        let mut values = Vec::with_capacity(arguments.operands.len() + 1);
        for (index, operand) in arguments.operands.iter().enumerate() {
            let parameter = parameter(index).unwrap_or(Parameter::Any);
            values.push(self.argument(frame, dot, operand, parameter)?);
        }
        if let Some(piped) = arguments.piped {
            let parameter = parameter(values.len()).unwrap_or(Parameter::Any);
            values.push(validated(frame, piped.clone(), parameter)?);
        }
        Ok(values)
    }

    fn short_circuit<'t>(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Evaluated,
        builtin: Builtin,
        arguments: &Arguments<'t, '_>,
    ) -> Outcome<Evaluated> {
        self.check_count(frame, builtin.name(), &builtin.signature(), arguments)?;
        let mut value = Evaluated::default();
        for operand in arguments.operands {
            value = self.argument(frame, dot, operand, Parameter::Reflect)?;
            if value.value.truth() == (builtin == Builtin::Or) {
                return Ok(value);
            }
        }
        Ok(arguments.piped.cloned().unwrap_or(value))
    }

    /// The value of an operand that is given to a parameter.
    fn argument<'t>(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Evaluated,
        operand: &'t Operand,
        parameter: Parameter,
    ) -> Outcome<Evaluated> {
        frame.at = At::Operand(operand);
        let value = match &operand.kind {
            OperandKind::Dot => dot.clone(),
            OperandKind::Nil => {
                if !parameter.can_be_nil() {
                    return failure(frame, format!("cannot assign nil to {}", parameter.type_name()));
                }
                return Ok(Evaluated {
                    value: Value::Nil,
                    interface: parameter == Parameter::Any,
                });
            }
            OperandKind::Field(names) => self.fields(frame, dot, dot.clone(), names, operand, &Arguments::NONE)?,
            OperandKind::Variable { variable, fields } => {
                self.variable(frame, dot, operand, variable, fields, &Arguments::NONE)?
            }
            OperandKind::Pipe(pipe) => {
                frame.at = At::Pipe(pipe);
                with_stack(|| self.pipe(frame, dot, pipe))?
            }
            OperandKind::Function(callee) => {
                self.function(frame, dot, callee, At::Operand(operand), &Arguments::NONE)?
            }
            OperandKind::Chain { base, fields } => {
                if matches!(base.kind, OperandKind::Nil) {
                    return failure(frame, format!("indirection through explicit nil in {operand}"));
                }
                self.chain(frame, dot, operand, base, fields, &Arguments::NONE)?
            }
            OperandKind::Bool(_) | OperandKind::Number(_) | OperandKind::Text { .. } => {
                return self.typed_constant(frame, operand, parameter);
            }
        };
        validated(frame, value, parameter)
    }

    /// A constant becomes what the parameter asks for, if it can.
    fn typed_constant(&mut self, frame: &Frame<'_>, operand: &Operand, parameter: Parameter) -> Outcome<Evaluated> {
        let expected = |wanted: &str| failure(frame, format!("expected {wanted}; found {operand}"));
        let value = match (parameter, &operand.kind) {
            (Parameter::Any | Parameter::Reflect, _) => return self.constant(frame, operand),
            (Parameter::Bool, OperandKind::Bool(value)) => Value::Bool(*value),
            (Parameter::Bool, _) => return expected("bool"),
            (Parameter::Text, OperandKind::Text { text, .. }) => Value::Text(text.clone()),
            (Parameter::Text, _) => return expected("string"),
            (Parameter::Int | Parameter::Int64, OperandKind::Number(number)) => match number.integer {
                Some(integer) if parameter == Parameter::Int => Value::Int(integer),
                Some(integer) => Value::Int64(integer),
                None => return expected("integer"),
            },
            (Parameter::Int | Parameter::Int64, _) => return expected("integer"),
            (Parameter::Uint32, OperandKind::Number(number)) => match number.unsigned {
                Some(unsigned) => Value::Uint64(unsigned & u64::from(u32::MAX)),
                None => return expected("unsigned integer"),
            },
            (Parameter::Uint32, _) => return expected("unsigned integer"),
            (Parameter::Float64, OperandKind::Number(number)) => match number.float {
                Some(float) => Value::Float(float),
                None => return expected("float"),
            },
            (Parameter::Float64, _) => return expected("float"),
            (Parameter::NamedInteger(_), OperandKind::Number(number)) => match number.integer {
                Some(integer) => Value::Int64(integer),
                None => return expected("integer"),
            },
            (Parameter::NamedInteger(_), _) => return expected("integer"),
            (Parameter::Map | Parameter::List | Parameter::Named(_), _) => {
                let wanted = parameter.type_name();
                return failure(frame, format!("can't handle {operand} for arg of type {wanted}"));
            }
        };
        Ok(Evaluated::plain(value))
    }
}

/// Go's `reflect.Value.String`, which `call` shows for a function that is piped in.
fn reflected(value: &Value) -> String {
    match value {
        Value::Nil => "<invalid Value>".to_owned(),
        Value::Text(text) => text.to_str().into_owned(),
        other => format!("<{} Value>", other.type_name()),
    }
}

fn not_a_function(frame: &Frame<'_>, first: &Operand, arguments: &Arguments<'_, '_>) -> Outcome<()> {
    if arguments.is_empty() {
        return Ok(());
    }
    failure(frame, format!("can't give argument to non-function {first}"))
}

/// Checks a value against the type of a parameter.
fn validated(frame: &Frame<'_>, value: Evaluated, parameter: Parameter) -> Outcome<Evaluated> {
    let name = parameter.type_name();
    if value.is_invalid() {
        if parameter.can_be_nil() {
            return Ok(Evaluated {
                value: Value::Nil,
                interface: parameter == Parameter::Any,
            });
        }
        return failure(frame, format!("invalid value; expected {name}"));
    }
    if matches!(parameter, Parameter::Any | Parameter::Reflect) {
        return Ok(value);
    }
    if value.value.is_nil() || !parameter.accepts(&value.value) {
        let got = if value.value.is_nil() {
            "interface {}"
        } else {
            value.value.type_name()
        };
        return failure(frame, format!("wrong type for value; expected {name}; got {got}"));
    }
    Ok(Evaluated::plain(value.value))
}
