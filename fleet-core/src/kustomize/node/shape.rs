//! What is written of a node: the JSON that [`Node::to_value`] makes of it, without making it.

use std::borrow::Cow;

use serde_json::Value;

use super::{Node, Scalar, Style, Tag};
use crate::yaml::{Shape, Written};

impl Written for Node {
    /// None for what may be an error: [`Node::to_value`] knows which one.
    fn shape(&self) -> Option<Shape<'_, Self>> {
        Some(match self {
            Self::Scalar(scalar) => scalar.shape()?,
            Self::Sequence(items) => Shape::List(items),
            Self::Mapping(mapping) => {
                let strings = mapping.entries.iter().all(|(key, _)| key.tag() == Tag::String);
                let entries = mapping.entries.iter().map(|(key, value)| (key.text(), value));
                let mut entries: Vec<_> = strings.then(|| entries.collect())?;
                entries.sort_unstable_by_key(|(key, _)| *key);
                let repeated = entries.windows(2).any(|pair| pair[0].0 == pair[1].0);
                (!repeated).then_some(Shape::Map(entries))?
            }
        })
    }
}

impl Scalar {
    fn shape(&self) -> Option<Shape<'_, Node>> {
        Some(match self.tag {
            Tag::String => Shape::Text(Cow::Borrowed(&self.text)),
            Tag::Null if self.style != Style::Nothing => Shape::Null,
            Tag::Integer if is_decimal(&self.text) => Shape::Number(self.text.parse::<i64>().ok()?.into()),
            _ => match self.to_value().ok()? {
                Value::Null => Shape::Null,
                Value::Bool(value) => Shape::Boolean(value),
                Value::Number(number) => Shape::Number(number),
                Value::String(text) => Shape::Text(Cow::Owned(text)),
                Value::Array(_) | Value::Object(_) => return None,
            },
        })
    }
}

/// Whether an integer needs no thought: few digits, of which the first is no zero.
fn is_decimal(text: &str) -> bool {
    matches!(text.as_bytes(), [b'1'..=b'9', rest @ ..] if rest.len() < 15 && rest.iter().all(u8::is_ascii_digit))
        || text == "0"
}
