//! Fields, methods and functions, and the checking of what they are given.

use super::{Arguments, At, Evaluated, Frame, Machine, Outcome, failed, failure};
use crate::template::builtins::Builtin;
use crate::template::error::FunctionError;
use crate::template::functions::{Method, Parameter, Signature};
use crate::template::quote::quote;
use crate::template::set::MissingKey;
use crate::template::tree::{Callee, Operand, OperandKind, Span};
use crate::template::value::{MapZero, Value};

impl Machine<'_, '_> {
    /// Fields of fields; the last may be a method with arguments.
    pub(super) fn fields<'t>(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Evaluated,
        mut receiver: Evaluated,
        fields: Span,
        operand: &'t Operand,
        arguments: &Arguments<'t, '_>,
    ) -> Outcome<Evaluated> {
        let Some(mut names) = fields.of(&frame.tree.source).strip_prefix('.') else {
            return Ok(receiver);
        };
        while let Some((name, rest)) = names.split_once('.') {
            receiver = self.field(frame, dot, &receiver, name, operand, &Arguments::NONE)?;
            names = rest;
        }
        self.field(frame, dot, &receiver, names, operand, arguments)
    }

    pub(super) fn field<'t>(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Evaluated,
        receiver: &Evaluated,
        name: &str,
        operand: &'t Operand,
        arguments: &Arguments<'t, '_>,
    ) -> Outcome<Evaluated> {
        if receiver.is_invalid() {
            if self.missing_key == MissingKey::Error {
                return failure(frame, format!("nil data; no entry for key {}", quote(name.as_bytes())));
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
                        let key = quote(name.as_bytes());
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
    pub(super) fn method<'t>(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Evaluated,
        receiver: &Evaluated,
        name: &str,
        method: &'static Method,
        operand: &'t Operand,
        arguments: &Arguments<'t, '_>,
    ) -> Outcome<Evaluated> {
        let values: Vec<Value> = self.arguments(frame, dot, name, &method.signature, arguments)?;
        let result = (method.call)(self.context, &receiver.value, &values);
        self.result(frame, name, At::Operand(operand), result)
    }

    pub(super) fn function<'t>(
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
                let values: Vec<Evaluated> =
                    self.arguments(frame, dot, builtin.name(), &builtin.signature(), arguments)?;
                let written = match arguments.operands.first() {
                    Some(operand) if *builtin == Builtin::Call => frame.tree.show(operand).to_string(),
                    Some(_) => String::new(),
                    None => values.first().map(|value| reflected(&value.value)).unwrap_or_default(),
                };
                let result = builtin.call(&values, &written);
                self.result(frame, builtin.name(), at, result)
            }
            Callee::Function(function) => {
                let values: Vec<Value> = self.arguments(frame, dot, &function.name, &function.signature, arguments)?;
                let result = (function.call)(self.context, &values);
                self.result(frame, &function.name, at, result)
            }
        }
    }

    pub(super) fn result<'t>(
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

    pub(super) fn check_count(
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

    /// The arguments of a call: as values where it does not tell a nil from no value.
    fn arguments<'t, T: Argument>(
        &mut self,
        frame: &mut Frame<'t>,
        dot: &Evaluated,
        name: &str,
        signature: &Signature,
        arguments: &Arguments<'t, '_>,
    ) -> Outcome<Vec<T>> {
        self.check_count(frame, name, signature, arguments)?;
        let parameter = |index: usize| signature.fixed.get(index).copied().or(signature.variadic);
        let mut values = Vec::with_capacity(arguments.operands.len() + 1);
        for (index, operand) in arguments.operands.iter().enumerate() {
            let parameter = parameter(index).unwrap_or(Parameter::Any);
            values.push(T::from(self.argument(frame, dot, operand, parameter)?));
        }
        if let Some(piped) = arguments.piped {
            let parameter = parameter(values.len()).unwrap_or(Parameter::Any);
            values.push(T::from(validated(frame, piped.clone(), parameter)?));
        }
        values.iter_mut().for_each(|argument| pass(argument.value()));
        Ok(values)
    }

    pub(super) fn short_circuit<'t>(
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
    pub(super) fn argument<'t>(
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
            OperandKind::Field(fields) => self.fields(frame, dot, dot.clone(), *fields, operand, &Arguments::NONE)?,
            OperandKind::Variable { variable, fields } => {
                self.variable(frame, dot, operand, *variable, *fields, &Arguments::NONE)?
            }
            OperandKind::Pipe(pipe) => {
                frame.at = At::Pipe(pipe);
                self.nested(|machine| machine.pipe(frame, dot, pipe))?
            }
            OperandKind::Function(callee) => {
                self.function(frame, dot, callee, At::Operand(operand), &Arguments::NONE)?
            }
            OperandKind::Chain { base, fields } => {
                if matches!(base.kind, OperandKind::Nil) {
                    return failure(
                        frame,
                        format!("indirection through explicit nil in {}", frame.tree.show(operand)),
                    );
                }
                self.chain(frame, dot, operand, base, *fields, &Arguments::NONE)?
            }
            OperandKind::Bool(_) | OperandKind::Number(_) | OperandKind::Text { .. } => {
                return self.typed_constant(frame, operand, parameter);
            }
        };
        validated(frame, value, parameter)
    }

    /// A constant becomes what the parameter asks for, if it can.
    pub(super) fn typed_constant(
        &mut self,
        frame: &Frame<'_>,
        operand: &Operand,
        parameter: Parameter,
    ) -> Outcome<Evaluated> {
        let expected = |wanted: &str| failure(frame, format!("expected {wanted}; found {}", frame.tree.show(operand)));
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
                let operand = frame.tree.show(operand);
                return failure(frame, format!("can't handle {operand} for arg of type {wanted}"));
            }
        };
        Ok(Evaluated::plain(value))
    }
}

/// What a call is given.
trait Argument: From<Evaluated> {
    fn value(&mut self) -> &mut Value;
}

impl Argument for Evaluated {
    fn value(&mut self) -> &mut Value {
        &mut self.value
    }
}

impl Argument for Value {
    fn value(&mut self) -> &mut Value {
        self
    }
}

impl From<Evaluated> for Value {
    fn from(evaluated: Evaluated) -> Self {
        evaluated.value
    }
}

/// What a call gets of a value: of some objects a copy.
fn pass(value: &mut Value) {
    if let Value::Object(object) = value
        && let Some(copy) = object.passed()
    {
        *value = copy;
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
