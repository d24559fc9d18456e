//! Loops: over lists, maps, bytes and integers.

use super::{Evaluated, Flow, Frame, Machine, Outcome, failure};
use crate::template::format;
use crate::template::text::Text;
use crate::template::tree::{Branch, Variable};
use crate::template::value::{Kind, MapZero, Value};

impl Machine<'_, '_> {
    pub(super) fn range<'t>(&mut self, frame: &mut Frame<'t>, dot: &Evaluated, branch: &'t Branch) -> Outcome<Flow> {
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

    pub(super) fn range_integer<'t>(
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
    pub(super) fn iteration<'t>(
        &mut self,
        frame: &mut Frame<'t>,
        branch: &'t Branch,
        index: Value,
        element: Evaluated,
    ) -> Outcome<bool> {
        self.step(frame)?;
        match branch.pipe.variables.as_slice() {
            [] => {}
            [only] => self.assign(frame, *only, element.clone())?,
            [first, second, ..] => {
                self.assign(frame, *first, Evaluated::plain(index))?;
                self.assign(frame, *second, element.clone())?;
            }
        }
        Ok(self.block(frame, &element, &branch.then)? != Flow::Break)
    }

    pub(super) fn assign(&mut self, frame: &Frame<'_>, variable: Variable, value: Evaluated) -> Outcome<()> {
        match variable.slot {
            Some(slot) => {
                self.context.variables[frame.base + slot as usize] = value;
                Ok(())
            }
            None => failure(
                frame,
                format!("undefined variable: {}", variable.name.of(&frame.tree.source)),
            ),
        }
    }
}
