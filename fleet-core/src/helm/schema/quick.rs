//! The answer to most validations, "yes", without building a validator.
//!
//! Building the full validator with its meta-schemas takes longer than rendering a chart. A schema of common keywords is
//! read here in one pass, and values that it certainly accepts are let through. Everything else is left to the full
//! validator: keywords, drafts, patterns and shapes that this does not know in full, comparisons that depend on how
//! numbers are represented, and all values that do not fit, whose errors only it words.
//!
//! Invariant: [`Quick::accepts`] says yes only where the full validator compiles the schema and accepts the values.

mod read;

use std::collections::HashMap;
use std::sync::OnceLock;

use regex::Regex;
use serde_json::{Map, Value};

/// Deeper than this, values or references are left to the full validator.
const MAX_DEPTH: usize = 256;

/// What is certain of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    Unsure,
}

use Answer::{No, Unsure, Yes};

impl From<bool> for Answer {
    fn from(yes: bool) -> Self {
        if yes { Yes } else { No }
    }
}

impl Answer {
    /// Both have to be.
    fn and(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            No => No,
            Yes => other(),
            Unsure if other() == No => No,
            Unsure => Unsure,
        }
    }
}

/// A schema that is known in full.
#[derive(Debug)]
pub(super) struct Quick {
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    never: bool,
    /// Formats are left to the full validator where the value is a text.
    format: bool,
    reference: Option<usize>,
    types: Vec<Type>,
    allowed: Option<Vec<Value>>,
    required: Vec<String>,
    properties: HashMap<String, usize>,
    patterns: Vec<(Pattern, usize)>,
    additional: Option<usize>,
    names: Option<usize>,
    items: Option<usize>,
    unique: bool,
    pattern: Option<Pattern>,
    bounds: Vec<(Bound, u64)>,
    numbers: Vec<(Comparison, i64)>,
    all: Vec<usize>,
    any: Vec<usize>,
    one: Vec<usize>,
    not: Option<usize>,
    condition: Option<(usize, Option<usize>, Option<usize>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Array,
    Boolean,
    Integer,
    Null,
    Number,
    Object,
    String,
}

#[derive(Clone, Copy, Debug)]
enum Bound {
    MinLength,
    MaxLength,
    MinItems,
    MaxItems,
    MinProperties,
    MaxProperties,
}

#[derive(Clone, Copy, Debug)]
enum Comparison {
    Minimum,
    Maximum,
    ExclusiveMinimum,
    ExclusiveMaximum,
}

/// A pattern that means the same to all engines; built when it is first needed.
#[derive(Debug)]
struct Pattern {
    text: String,
    regex: OnceLock<Option<Regex>>,
}

impl Pattern {
    fn new(text: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || " _-^$.*+?()|[]{},:/@".contains(c);
        // `\.` and the like; classes such as `\d` differ between engines.
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            let known = match character {
                '\\' => characters.next().is_some_and(|c| ".-+*?()[]{}|^$/\\".contains(c)),
                _ => plain(character),
            };
            if !known {
                return None;
            }
        }
        // `(?…` and classes in classes are this engine's own; `[^` and `[]` are read differently.
        let odd = ["(?", "[[", "[]", "[^]", "&&", "--", "~~", "{,"];
        if odd.iter().any(|odd| text.contains(odd)) || regex_syntax::ast::parse::Parser::new().parse(text).is_err() {
            return None;
        }
        Some(Self {
            text: text.to_owned(),
            regex: OnceLock::new(),
        })
    }

    fn matches(&self, text: &str) -> Answer {
        // A line break is where `.` and `$` differ.
        if !text.is_ascii() || text.contains(['\n', '\r']) {
            return Unsure;
        }
        match self.regex.get_or_init(|| Regex::new(&self.text).ok()) {
            Some(regex) => regex.is_match(text).into(),
            None => Unsure,
        }
    }
}

impl Quick {
    /// Whether values certainly fit.
    pub(super) fn accepts(&self, values: &Value) -> bool {
        self.check(0, values, 0) == Yes
    }

    fn check(&self, node: usize, value: &Value, depth: usize) -> Answer {
        if depth > MAX_DEPTH {
            return Unsure;
        }
        let node = &self.nodes[node];
        if node.never {
            return No;
        }
        let check = |node: usize, value: &Value| self.check(node, value, depth + 1);
        let mut answer = Yes;
        if node.format && value.is_string() {
            answer = Unsure;
        }
        answer = answer
            .and(|| is_type(&node.types, value))
            .and(|| node.reference.map_or(Yes, |target| check(target, value)))
            .and(|| node.allowed.as_ref().map_or(Yes, |allowed| is_one_of(allowed, value)))
            .and(|| node.within(value));
        if let Value::String(text) = value {
            answer = answer.and(|| node.pattern.as_ref().map_or(Yes, |pattern| pattern.matches(text)));
        }
        if let (Value::Array(items), Some(schema)) = (value, node.items) {
            answer = items
                .iter()
                .fold(answer, |answer, item| answer.and(|| check(schema, item)));
        }
        if let Value::Array(items) = value
            && node.unique
        {
            answer = answer.and(|| all_differ(items));
        }
        if let Value::Object(map) = value {
            answer = answer.and(|| self.object(node, map, depth));
        }
        for schema in &node.all {
            answer = answer.and(|| check(*schema, value));
        }
        if !node.any.is_empty() {
            answer = answer.and(|| {
                let answers = node.any.iter().map(|schema| check(*schema, value));
                answers.fold(No, |found, answer| match (found, answer) {
                    (Yes, _) | (_, Yes) => Yes,
                    (Unsure, _) | (_, Unsure) => Unsure,
                    (No, No) => No,
                })
            });
        }
        if !node.one.is_empty() {
            answer = answer.and(|| {
                let answers: Vec<Answer> = node.one.iter().map(|schema| check(*schema, value)).collect();
                match answers.iter().filter(|answer| **answer == Yes).count() {
                    _ if answers.contains(&Unsure) => Unsure,
                    count => (count == 1).into(),
                }
            });
        }
        if let Some(schema) = node.not {
            answer = answer.and(|| match check(schema, value) {
                Yes => No,
                No => Yes,
                Unsure => Unsure,
            });
        }
        if let Some((condition, then, otherwise)) = node.condition {
            answer = answer.and(|| match check(condition, value) {
                Yes => then.map_or(Yes, |schema| check(schema, value)),
                No => otherwise.map_or(Yes, |schema| check(schema, value)),
                Unsure => Unsure,
            });
        }
        answer
    }

    fn object(&self, node: &Node, map: &Map<String, Value>, depth: usize) -> Answer {
        if !node.required.iter().all(|name| map.contains_key(name)) {
            return No;
        }
        let mut answer = Yes;
        for (name, value) in map {
            let mut evaluated = false;
            if let Some(schema) = node.properties.get(name) {
                evaluated = true;
                answer = answer.and(|| self.check(*schema, value, depth + 1));
            }
            for (pattern, schema) in &node.patterns {
                match pattern.matches(name) {
                    Yes => {
                        evaluated = true;
                        answer = answer.and(|| self.check(*schema, value, depth + 1));
                    }
                    No => {}
                    Unsure => return Unsure,
                }
            }
            if let Some(schema) = node.additional.filter(|_| !evaluated) {
                answer = answer.and(|| self.check(schema, value, depth + 1));
            }
            if let Some(schema) = node.names {
                answer = answer.and(|| self.check(schema, &Value::String(name.clone()), depth + 1));
            }
        }
        answer
    }
}

impl Node {
    /// Whether lengths and numbers are within their bounds.
    fn within(&self, value: &Value) -> Answer {
        let length = match value {
            Value::String(text) if self.bounds.is_empty() => text.len(),
            Value::String(text) => text.chars().count(),
            Value::Array(items) => items.len(),
            Value::Object(map) => map.len(),
            Value::Number(_) if self.numbers.is_empty() => return Yes,
            Value::Number(number) => {
                // Beyond this, numbers are compared as they are written.
                let Some(number) = number.as_i64().filter(|number| number.unsigned_abs() < 1 << 53) else {
                    return Unsure;
                };
                let holds = |(comparison, bound): &(Comparison, i64)| match comparison {
                    Comparison::Minimum => number >= *bound,
                    Comparison::Maximum => number <= *bound,
                    Comparison::ExclusiveMinimum => number > *bound,
                    Comparison::ExclusiveMaximum => number < *bound,
                };
                return self.numbers.iter().all(holds).into();
            }
            Value::Null | Value::Bool(_) => return Yes,
        };
        let length = length as u64;
        let holds = |(bound, limit): &(Bound, u64)| match (bound, value) {
            (Bound::MinLength, Value::String(_))
            | (Bound::MinItems, Value::Array(_))
            | (Bound::MinProperties, Value::Object(_)) => length >= *limit,
            (Bound::MaxLength, Value::String(_))
            | (Bound::MaxItems, Value::Array(_))
            | (Bound::MaxProperties, Value::Object(_)) => length <= *limit,
            _ => true,
        };
        self.bounds.iter().all(holds).into()
    }
}

fn is_type(types: &[Type], value: &Value) -> Answer {
    if types.is_empty() {
        return Yes;
    }
    let mut answer = No;
    for kind in types {
        match (kind, value) {
            (Type::Array, Value::Array(_))
            | (Type::Boolean, Value::Bool(_))
            | (Type::Null, Value::Null)
            | (Type::Number, Value::Number(_))
            | (Type::Object, Value::Object(_))
            | (Type::String, Value::String(_)) => return Yes,
            (Type::Integer, Value::Number(number)) if number.is_i64() || number.is_u64() => return Yes,
            // Drafts differ on 1.0.
            (Type::Integer, Value::Number(_)) => answer = Unsure,
            _ => {}
        }
    }
    answer
}

/// Whether a value equals others in one representation only.
fn is_simple(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => true,
        Value::Number(number) => number.is_i64(),
        Value::Array(_) | Value::Object(_) => false,
    }
}

fn is_one_of(allowed: &[Value], value: &Value) -> Answer {
    if !is_simple(value) {
        return Unsure;
    }
    if allowed.contains(value) {
        return Yes;
    }
    if allowed.iter().all(is_simple) { No } else { Unsure }
}

fn all_differ(items: &[Value]) -> Answer {
    // Few items: comparing each with each is quickest.
    if items.len() > 64 || !items.iter().all(is_simple) {
        return Unsure;
    }
    let repeated = |at: usize| items[..at].contains(&items[at]);
    (!(0..items.len()).any(repeated)).into()
}

#[cfg(test)]
mod tests;
