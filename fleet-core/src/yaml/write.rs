//! Writing YAML as Go writes it.
//!
//! `sigs.k8s.io/yaml.Marshal` goes a long way: value, JSON text, go-yaml v2's reader, its emitter. The detour shows in numbers
//! (`3.0` is `3`, `1e6` is `1000000`) and in texts that its reader refuses (control characters above ASCII), which make
//! the whole fail.

mod emitter;
mod order;
mod style;

use std::borrow::Cow;

use serde_json::{Number, Value};

use super::{YamlError, json};

/// Which of Go's emitters to follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteStyle {
    /// `sigs.k8s.io/yaml.Marshal` (go-yaml v2): lists under keys not indented, folding at 80 columns. Helm's `toYaml`,
    /// Fleet's bundles, Kustomize's output.
    #[default]
    Kubernetes,
    /// go-yaml v3 with an indent of 2: lists under keys indented, no folding, floats as they are. Helm's `toYamlPretty`.
    GoYaml3,
}

/// How YAML is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteOptions {
    /// The emitter.
    pub style: WriteStyle,
}

impl WriteOptions {
    /// Options with a style.
    pub fn style(style: WriteStyle) -> Self {
        Self { style }
    }
}

/// Writes a value as `sigs.k8s.io/yaml.Marshal` does. The text ends with a newline.
///
/// # Errors
/// Where Go fails: texts with DEL, U+0080 to U+009F, U+FFFE or U+FFFF, keys above 1,024 characters.
pub fn write(value: &Value) -> Result<String, YamlError> {
    write_with(value, WriteOptions::default())
}

/// [`write()`] with another style.
///
/// # Errors
/// As of [`write()`]; none with [`WriteStyle::GoYaml3`].
pub fn write_with(value: &Value, options: WriteOptions) -> Result<String, YamlError> {
    let mut text = String::new();
    if append(value, options.style, &mut text) {
        return Ok(text);
    }
    let detour = super::read(&json::to_string(value))?;
    emitter::emit_read(&detour, &mut text);
    Ok(text)
}

/// What is written: values, and trees that need not become values before.
pub(crate) trait Written: Sized {
    /// What it is; none if that is not for certain.
    fn shape(&self) -> Option<Shape<'_, Self>>;
}

/// What something is to be written as.
pub(crate) enum Shape<'a, T> {
    Null,
    Boolean(bool),
    Number(Number),
    Text(Cow<'a, str>),
    List(&'a [T]),
    /// Entries in the order of their keys' bytes; no key is there twice.
    Map(Vec<(&'a str, &'a T)>),
}

impl Written for Value {
    fn shape(&self) -> Option<Shape<'_, Self>> {
        Some(match self {
            Self::Null => Shape::Null,
            Self::Bool(value) => Shape::Boolean(*value),
            Self::Number(number) => Shape::Number(number.clone()),
            Self::String(text) => Shape::Text(Cow::Borrowed(text)),
            Self::Array(items) => Shape::List(items),
            Self::Object(map) => Shape::Map(map.iter().map(|(key, value)| (key.as_str(), value)).collect()),
        })
    }
}

/// Writes to the end of a text. False, and the text is as before, where go-yaml v2 might not read the JSON of a value back as it
/// was, or a shape is not certain.
pub(crate) fn append(value: &impl Written, style: WriteStyle, text: &mut String) -> bool {
    let begin = text.len();
    let written = emitter::emit(value, style, text).is_some();
    if !written {
        text.truncate(begin);
    }
    written
}
