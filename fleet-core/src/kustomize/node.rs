//! The tree that transformers work on: maps in the order of the text, scalars with their text, type and whether they were quoted.
//!
//! Compact, since a build holds all of its resources at once: keys are shared, a scalar is its text, and a short text needs no
//! memory of its own. Invariants: no alias and no
//! merge key is left; depth is bounded by the reader.

mod build;
mod shape;
#[cfg(test)]
mod tests;

use std::{
    borrow::Borrow,
    collections::HashSet,
    hash::{Hash, Hasher},
    sync::Arc,
};

use serde_json::{Map, Number, Value};
use smol_str::SmolStr;

pub(super) use build::Nodes;

use super::error::{KustomizeError, Result};
use crate::yaml::{
    Dialect,
    node::{self as yaml_node, NodeKind, ScalarStyle},
    number::{Integer, format_g},
    scalar::{self, Scalar as Resolved},
};

/// What a scalar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Tag {
    Null,
    Boolean,
    Integer,
    Float,
    Timestamp,
    Binary,
    String,
    /// Made without a type: it follows from the text once it is written.
    Unresolved,
    /// Of a key only: a list or a map, which cannot be written.
    Collection,
}

impl Tag {
    pub(super) fn short(self) -> &'static str {
        match self {
            Self::Null => "!!null",
            Self::Boolean => "!!bool",
            Self::Integer => "!!int",
            Self::Float => "!!float",
            Self::Timestamp => "!!timestamp",
            Self::Binary => "!!binary",
            Self::String => "!!str",
            Self::Unresolved => "",
            Self::Collection => "!!map",
        }
    }
}

/// How a scalar is written, as far as it matters: kustomize's setters leave the style of what they overwrite, and what is in quotes
/// is a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    /// In quotes, or as a block.
    Quoted,
    /// Nothing at all within `{…}` or `[…]`: null, but go-yaml writes it as an empty text.
    Nothing,
}

/// A scalar. Setters may replace the text and leave the type, as kustomize's do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scalar {
    pub(super) text: SmolStr,
    pub(super) tag: Tag,
    pub(super) style: Style,
}

/// A map's key: its text, shared, and its type, which is nearly always a string.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key(Arc<KeyData>);

#[derive(Debug, PartialEq, Eq, Hash)]
struct KeyData {
    text: Box<str>,
    tag: Tag,
}

impl Key {
    pub(super) fn new(text: &str) -> Self {
        Self(Arc::new(KeyData {
            text: text.into(),
            tag: Tag::String,
        }))
    }

    /// A key as kustomize's setters write a new one: without quotes, so that `1` or `true` is no string, and the object no JSON.
    pub(super) fn plain(text: &str) -> Self {
        Self(Arc::new(KeyData {
            text: text.into(),
            tag: plain_tag(text),
        }))
    }

    pub(super) fn text(&self) -> &str {
        &self.0.text
    }

    pub(super) fn tag(&self) -> Tag {
        self.0.tag
    }
}

/// A map.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Mapping {
    pub(super) entries: Vec<(Key, Node)>,
}

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Scalar(Scalar),
    Sequence(Vec<Node>),
    Mapping(Mapping),
}

/// Shares equal keys within a build: those that are strings, as nearly all are.
#[derive(Debug, Default)]
pub(super) struct Keys(HashSet<ByText>);

/// A key that is a string, found by its text.
#[derive(Debug)]
struct ByText(Key);

impl Borrow<str> for ByText {
    fn borrow(&self) -> &str {
        self.0.text()
    }
}

impl Hash for ByText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.text().hash(state);
    }
}

impl PartialEq for ByText {
    fn eq(&self, other: &Self) -> bool {
        self.0.text() == other.0.text()
    }
}

impl Eq for ByText {}

impl Keys {
    fn get(&mut self, text: &str, tag: Tag) -> Key {
        if tag != Tag::String {
            let text = text.into();
            return Key(Arc::new(KeyData { text, tag }));
        }
        if let Some(found) = self.0.get(text) {
            return found.0.clone();
        }
        let key = Key::new(text);
        self.0.insert(ByText(key.clone()));
        key
    }
}

impl Scalar {
    pub(super) fn string(text: impl Into<SmolStr>) -> Self {
        Self {
            text: text.into(),
            tag: Tag::String,
            style: Style::Plain,
        }
    }

    /// A plain scalar, whose type follows from its text.
    pub(super) fn plain(text: impl Into<SmolStr>) -> Self {
        let text = text.into();
        let tag = plain_tag(&text);
        Self {
            text,
            tag,
            style: Style::Plain,
        }
    }
}

impl Scalar {
    /// kyaml's setter puts texts in quotes that YAML 1.1 reads as something else (`yes`), even where it only sets what is there.
    pub(super) fn quote_old_words(&mut self) {
        if self.tag == Tag::String && self.style == Style::Plain && self.text.len() <= 64 {
            let resolved = scalar::resolve(&self.text, None, true, Dialect::GoYaml2);
            if !matches!(resolved, Ok(Resolved::String(_))) {
                self.style = Style::Quoted;
            }
        }
    }

    /// Puts another scalar in this one's place, and leaves the style.
    pub(super) fn replace(&mut self, new: Self) {
        let is_text = self.style == Style::Quoted && !matches!(new.tag, Tag::Null);
        self.tag = if is_text { Tag::String } else { new.tag };
        self.text = new.text;
        if self.style == Style::Nothing {
            self.style = Style::Plain;
        }
    }
}

/// The type that go-yaml v3 gives a plain scalar.
pub(super) fn plain_tag(text: &str) -> Tag {
    let special = match text.as_bytes().first() {
        None => return Tag::Null,
        Some(first) => matches!(
            first,
            b'0'..=b'9' | b'+' | b'-' | b'.' | b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F'
        ),
    };
    if !special {
        return Tag::String;
    }
    match scalar::resolve(text, None, true, Dialect::GoYaml3) {
        Ok(resolved) => tag_of(&resolved),
        Err(_) => Tag::String,
    }
}

fn tag_of(resolved: &Resolved) -> Tag {
    match resolved {
        Resolved::Null => Tag::Null,
        Resolved::Boolean(_) => Tag::Boolean,
        Resolved::Integer(_) => Tag::Integer,
        Resolved::Float(_) => Tag::Float,
        Resolved::Timestamp(_) => Tag::Timestamp,
        _ => Tag::String,
    }
}

impl Node {
    pub(super) fn string(text: impl Into<SmolStr>) -> Self {
        Self::Scalar(Scalar::string(text))
    }

    pub(super) fn mapping() -> Self {
        Self::Mapping(Mapping::default())
    }

    pub(super) fn as_mapping(&self) -> Option<&Mapping> {
        match self {
            Self::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    pub(super) fn as_mapping_mut(&mut self) -> Option<&mut Mapping> {
        match self {
            Self::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// A scalar's text, whatever its type.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Scalar(Scalar { tag: Tag::Null, .. }))
    }

    pub(super) fn is_string(&self) -> bool {
        matches!(self, Self::Scalar(Scalar { tag: Tag::String, .. }))
    }

    /// kyaml's `IsNilOrEmpty`: null, or an empty map, list or text.
    pub(super) fn is_nil_or_empty(&self) -> bool {
        match self {
            Self::Scalar(scalar) => scalar.tag == Tag::Null || scalar.text.is_empty(),
            Self::Sequence(items) => items.is_empty(),
            Self::Mapping(mapping) => mapping.entries.is_empty(),
        }
    }

    pub(super) fn kind_name(&self) -> &'static str {
        match self {
            Self::Scalar(_) => "ScalarNode",
            Self::Sequence(_) => "SequenceNode",
            Self::Mapping(_) => "MappingNode",
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.as_mapping().and_then(|mapping| mapping.get(key))
    }

    /// From go-yaml v3's tree; aliases must have been expanded. `<<` is applied here: explicit keys win, then the first source.
    pub(super) fn from_yaml(node: yaml_node::Node, keys: &mut Keys) -> Result<Self> {
        Self::from_yaml_in(node, keys, false)
    }

    fn from_yaml_in(node: yaml_node::Node, keys: &mut Keys, in_flow: bool) -> Result<Self> {
        Ok(match node.kind {
            NodeKind::Scalar { text, style, implicit } => {
                let style = match style {
                    ScalarStyle::Plain if in_flow && text.is_empty() => Style::Nothing,
                    ScalarStyle::Plain => Style::Plain,
                    _ => Style::Quoted,
                };
                let tag = scalar_tag(&text, node.tag.as_deref(), implicit);
                Self::Scalar(Scalar {
                    text: text.into(),
                    tag,
                    style,
                })
            }
            NodeKind::Sequence { items, flow } => Self::Sequence(
                items
                    .into_iter()
                    .map(|item| Self::from_yaml_in(item, keys, in_flow || flow))
                    .collect::<Result<_>>()?,
            ),
            NodeKind::Mapping { entries, flow } => Self::mapping_from_yaml(entries, keys, in_flow || flow)?,
            NodeKind::Alias { anchor, .. } => {
                return Err(KustomizeError::MalformedYaml(format!(
                    "yaml: unknown anchor '{}' referenced",
                    anchor.name
                )));
            }
        })
    }

    fn mapping_from_yaml(
        entries: Vec<(yaml_node::Node, yaml_node::Node)>,
        keys: &mut Keys,
        flow: bool,
    ) -> Result<Self> {
        let mut mapping = Mapping {
            entries: Vec::with_capacity(entries.len()),
        };
        let mut merged = Vec::new();
        for (key, value) in entries {
            if key.is_merge_key() {
                match Self::from_yaml_in(value, keys, flow)? {
                    Self::Mapping(source) => merged.push(source),
                    Self::Sequence(sources) => {
                        for source in sources {
                            match source {
                                Self::Mapping(source) => merged.push(source),
                                _ => return Err(bad_merge()),
                            }
                        }
                    }
                    Self::Scalar(_) => return Err(bad_merge()),
                }
                continue;
            }
            let key = match key.kind {
                NodeKind::Scalar { text, implicit, .. } => {
                    let tag = scalar_tag(&text, key.tag.as_deref(), implicit);
                    keys.get(&text, tag)
                }
                // Templates look so (`{{ … }}`). It is an error once it is written.
                _ => keys.get("", Tag::Collection),
            };
            mapping.entries.push((key, Self::from_yaml_in(value, keys, flow)?));
        }
        for source in merged {
            for (key, value) in source.entries {
                if mapping.get(key.text()).is_none() {
                    mapping.entries.push((key, value));
                }
            }
        }
        Ok(Self::Mapping(mapping))
    }

    /// As JSON, the way kyaml writes it: numbers through float64 where JSON has them so, timestamps as RFC 3339.
    ///
    /// # Errors
    /// Duplicate keys, keys that are no strings, texts that do not fit their type, infinities.
    pub(super) fn to_value(&self) -> Result<Value> {
        self.value_at(true)
    }

    fn value_at(&self, root: bool) -> Result<Value> {
        Ok(match self {
            Self::Scalar(scalar) => scalar.to_value()?,
            Self::Sequence(items) => {
                Value::Array(items.iter().map(|item| item.value_at(false)).collect::<Result<_>>()?)
            }
            Self::Mapping(mapping) => {
                let mut object = Map::new();
                for (key, value) in &mapping.entries {
                    if key.tag() == Tag::Collection || !root && key.tag() != Tag::String {
                        return Err(KustomizeError::Resource(format!(
                            "json: unsupported type: map[interface {{}}]interface {{}} (key {})",
                            key.text()
                        )));
                    }
                    if object.insert(key.text().to_owned(), value.value_at(false)?).is_some() {
                        return Err(KustomizeError::Resource(format!(
                            "yaml: unmarshal errors:\n  mapping key {} already defined",
                            super::error::quote(key.text())
                        )));
                    }
                }
                Value::Object(object)
            }
        })
    }

    /// From JSON, as kyaml reads it back: all numbers are float64 and written in Go's shortest form, keys are sorted.
    pub(super) fn from_json(value: &Value) -> Self {
        match value {
            Value::Null => Self::Scalar(Scalar {
                text: "null".into(),
                tag: Tag::Null,
                style: Style::Plain,
            }),
            Value::Bool(value) => Self::Scalar(Scalar::plain(if *value { "true" } else { "false" })),
            Value::Number(number) => Self::Scalar(Scalar::plain(format_g(number.as_f64().unwrap_or_default()))),
            Value::String(text) => {
                let is_quoted = plain_tag(text) != Tag::String || text.contains('\n');
                let style = if is_quoted { Style::Quoted } else { Style::Plain };
                Self::Scalar(Scalar {
                    style,
                    ..Scalar::string(text.as_str())
                })
            }
            Value::Array(items) => Self::Sequence(items.iter().map(Self::from_json).collect()),
            Value::Object(object) => {
                let mut entries: Vec<_> = object
                    .iter()
                    .map(|(key, value)| (Key::new(key), Self::from_json(value)))
                    .collect();
                entries.sort_by(|left, right| left.0.text().cmp(right.0.text()));
                Self::Mapping(Mapping { entries })
            }
        }
    }
}

fn bad_merge() -> KustomizeError {
    KustomizeError::MalformedYaml("yaml: map merge requires map or sequence of maps as the value".to_owned())
}

fn scalar_tag(text: &str, tag: Option<&str>, implicit: bool) -> Tag {
    match tag.map(|tag| tag.strip_prefix("tag:yaml.org,2002:").unwrap_or(tag)) {
        None if implicit => plain_tag(text),
        Some("null") => Tag::Null,
        Some("bool") => Tag::Boolean,
        Some("int") => Tag::Integer,
        Some("float") => Tag::Float,
        Some("timestamp") => Tag::Timestamp,
        Some("binary") => Tag::Binary,
        _ => Tag::String,
    }
}

impl Scalar {
    fn to_value(&self) -> Result<Value> {
        let tag = match self.tag {
            Tag::String => return Ok(Value::String(self.text.to_string())),
            // Nothing that was made without a type is an empty text, not null.
            Tag::Unresolved if self.text.is_empty() => return Ok(Value::String(String::new())),
            Tag::Unresolved => return Self::plain(self.text.clone()).to_value(),
            Tag::Null if self.style == Style::Nothing => return Ok(Value::String(String::new())),
            Tag::Null => return Ok(Value::Null),
            tag => tag,
        };
        let long = format!("tag:yaml.org,2002:{}", &tag.short()[2..]);
        let resolved = scalar::resolve(&self.text, Some(&long), false, Dialect::GoYaml3)
            .map_err(|error| KustomizeError::Resource(error.to_string()))?;
        Ok(match resolved {
            Resolved::Null => Value::Null,
            Resolved::Boolean(value) => Value::Bool(value),
            Resolved::Integer(integer) => integer_value(&integer),
            Resolved::Float(value) if value.is_finite() => float_value(value),
            Resolved::Float(value) => {
                let text = if value.is_nan() {
                    "NaN"
                } else if value > 0.0 {
                    "+Inf"
                } else {
                    "-Inf"
                };
                return Err(KustomizeError::Resource(format!("json: unsupported value: {text}")));
            }
            Resolved::Timestamp(text) | Resolved::String(text) => Value::String(text),
        })
    }
}

fn integer_value(integer: &Integer) -> Value {
    match integer {
        Integer::Signed(value) => Value::from(*value),
        Integer::Unsigned(value) => Value::from(*value),
    }
}

/// A float as it comes back from JSON: what has no fraction there is an integer again.
pub(super) fn float_value(value: f64) -> Value {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range is checked before"
    )]
    if value.fract() == 0.0 {
        if value.abs() < 9_223_372_036_854_775_808.0 {
            return json_integer(value as i64, value);
        }
        if value > 0.0 && value < 18_446_744_073_709_551_616.0 {
            return Value::from(decimal_digits(value).parse::<u64>().unwrap_or(value as u64));
        }
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

fn json_integer(fallback: i64, value: f64) -> Value {
    // JSON has the shortest decimal form, whose digits beyond 2^53 are zeros and not those of the float.
    Value::from(decimal_digits(value).parse::<i64>().unwrap_or(fallback))
}

/// The shortest digits of an integral float, filled with zeros.
fn decimal_digits(value: f64) -> String {
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: usize = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(|character| *character != '.').collect();
    format!("{sign}{digits:0<width$}", width = exponent + 1)
}

impl Mapping {
    pub(super) fn position(&self, key: &str) -> Option<usize> {
        self.entries.iter().position(|(found, _)| found.text() == key)
    }

    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entries
            .iter()
            .find(|(found, _)| found.text() == key)
            .map(|(_, value)| value)
    }

    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries
            .iter_mut()
            .find(|(found, _)| found.text() == key)
            .map(|(_, value)| value)
    }

    /// Sets a field, in its place if it is there, at the end if not.
    pub(super) fn set(&mut self, key: &str, value: Node) {
        match self.get_mut(key) {
            Some(found) => *found = value,
            None => self.entries.push((Key::plain(key), value)),
        }
    }

    pub(super) fn remove(&mut self, key: &str) -> Option<Node> {
        self.position(key).map(|at| self.entries.remove(at).1)
    }

    /// The map below a key; made if it is missing or null, `None` if something else is there.
    pub(super) fn mapping_at(&mut self, key: &str) -> Option<&mut Mapping> {
        let at = match self.position(key) {
            Some(at) => at,
            None => {
                self.entries.push((Key::plain(key), Node::mapping()));
                self.entries.len() - 1
            }
        };
        let node = &mut self.entries[at].1;
        if node.is_null() {
            *node = Node::mapping();
        }
        node.as_mapping_mut()
    }
}
