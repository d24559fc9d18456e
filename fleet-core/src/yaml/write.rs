//! Writing YAML as Go writes it.
//!
//! `sigs.k8s.io/yaml.Marshal` goes a long way: value, JSON text, go-yaml v2's reader, its emitter. The detour shows in numbers
//! (`3.0` is `3`, `1e6` is `1000000`) and in texts that its reader refuses (control characters above ASCII), which make
//! the whole fail.

mod emitter;
mod order;
mod style;

use serde_json::Value;

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
    if options.style == WriteStyle::Kubernetes && !survives_json(value) {
        let detour = super::read(&json::to_string(value))?;
        return Ok(emitter::emit(&detour, options.style));
    }
    Ok(emitter::emit(value, options.style))
}

/// Whether go-yaml v2 reads back the JSON of a value as it was; looks only for what could be otherwise.
fn survives_json(value: &Value) -> bool {
    match value {
        Value::String(text) => survives(text),
        Value::Array(items) => items.iter().all(survives_json),
        // A key's JSON may be six times as long as the key.
        Value::Object(map) => map
            .iter()
            .all(|(key, value)| key.len() < 160 && survives(key) && survives_json(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

fn survives(text: &str) -> bool {
    !text.bytes().any(|byte| byte == 0x7f || byte >= 0xc2)
        || !text
            .chars()
            .any(|c| matches!(c, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}'))
}
