//! YAML and JSON exactly as Go reads and writes them.
//!
//! Fleet, Helm and Kustomize are Go programs: what a document means to them, how they print it and what they say about a
//! broken one comes from Go's YAML libraries. So this module has its own resolver and emitter:
//!
//! - [`read`]: the first document of a text as `sigs.k8s.io/yaml` (over go-yaml v2) gives it: YAML 1.1 booleans, octal
//!   numbers, `<<` merged by position, the last of duplicate keys, keys made strings.
//! - [`write()`]: what `sigs.k8s.io/yaml.Marshal` prints: sorted keys, lists not indented, its quoting and folding.
//! - [`documents`]: the splitter of Kubernetes' YAML reader.
//! - [`json`]: Go's `encoding/json` output, which names and deployment IDs are hashes of.
//! - [`node`]: the tree with tags, styles and positions, for Kustomize and for diagnostics.
//!
//! Invariants: every input is hostile. Depth, size, node count and what aliases copy are bounded by [`Limits`]; nothing
//! panics; the same input gives the same output, in any order of a map's keys.
//!
//! ```
//! use fleet_core::yaml;
//! let value = yaml::read("replicas: 010\nhost: yes\n")?;
//! assert_eq!(yaml::write(&value)?, "host: true\nreplicas: 8\n");
//! # Ok::<(), yaml::YamlError>(())
//! ```

mod documents;
mod encoding;
mod error;
mod event;
mod go_syntax;
pub mod json;
mod limits;
pub mod node;
pub mod number;
mod positions;
pub(crate) mod quick;
pub mod scalar;
mod scanner;
mod timestamp;
mod value;
mod write;

use serde_json::{Map, Value};

pub use documents::{Document, documents, split_documents, strip_byte_order_mark};
pub use encoding::decode;
pub use error::{RepeatedKey, YamlError};
#[cfg(feature = "kustomize")]
pub(crate) use event::Mark;
pub use limits::Limits;
pub use positions::{Position, Positions};
pub use scalar::Dialect;
#[cfg(feature = "kustomize")]
pub(crate) use write::{Shape, Written, append};
pub use write::{WriteOptions, WriteStyle, write, write_with};

/// How a text is read. The default is what `sigs.k8s.io/yaml.Unmarshal` does.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ReadOptions {
    /// Which of Go's YAML libraries to follow.
    pub dialect: Dialect,
    /// Duplicate keys are an error (`sigs.k8s.io/yaml.UnmarshalStrict`). go-yaml v3 always refuses them.
    pub strict: bool,
    /// Bounds on what a text may cost.
    pub limits: Limits,
}

impl ReadOptions {
    /// Options for a dialect.
    pub fn dialect(dialect: Dialect) -> Self {
        Self {
            dialect,
            ..Self::default()
        }
    }

    /// Refuses duplicate keys.
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }
}

/// Reads the first document of a text; later ones are not looked at. An empty text is `null`.
///
/// Integers stay integers (`i64`, or `u64` above it), everything else with a decimal point or exponent is `f64`: what
/// decodes further into untyped Go values sees only `f64`, see [`read_object`].
///
/// Source: `sigs.k8s.io/yaml.YAMLToJSON`.
///
/// # Errors
/// What Go would say, as [`YamlError`]'s text.
pub fn read(text: &str) -> Result<Value, YamlError> {
    read_with(text, &ReadOptions::default())
}

/// [`read`] with another dialect, strictness or other limits.
///
/// # Errors
/// What Go would say.
pub fn read_with(text: &str, options: &ReadOptions) -> Result<Value, YamlError> {
    read_kept(text, options, |_, _| true)
}

/// [`read_with`], but of mappings only the entries that `keeps` says yes to, by the depth of the mapping (0 for the
/// document's own) and the key. The rest is read for its mistakes alone, which is quicker; a text of an uncommon kind is
/// read in full all the same, so the value may hold more.
///
/// # Errors
/// As of [`read_with`], wherever in the text.
pub fn read_kept(text: &str, options: &ReadOptions, keeps: impl Fn(usize, &str) -> bool) -> Result<Value, YamlError> {
    node::check_length(text, &options.limits)?;
    let mut values = quick::Values {
        dialect: options.dialect,
        repeats: options.dialect == Dialect::GoYaml2 && !options.strict,
        keeps,
    };
    if let Some(value) = quick::read(text, &options.limits, &mut values) {
        return Ok(value);
    }
    match node::compose(text, options.dialect, &options.limits)? {
        Some(document) => value::convert(&document, options),
        None => Ok(Value::Null),
    }
}

/// Reads a text into a map, as Go decodes into `map[string]any` by `sigs.k8s.io/yaml.Unmarshal`: every number becomes `f64`,
/// nothing or `null` an empty map. Values files, `fromYaml` and `fleet.yaml`'s values are read so.
///
/// # Errors
/// [`YamlError::Conversion`] and [`YamlError::Decoding`], whose texts are Go's (Helm's `fromYaml` shows them).
pub fn read_object(text: &str) -> Result<Map<String, Value>, YamlError> {
    match unmarshal(text)? {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        other => Err(YamlError::decoding(&other, "map[string]interface {}")),
    }
}

/// Reads a text into a list, as Go decodes into `[]any`: Helm's `fromYamlArray`.
///
/// # Errors
/// As of [`read_object`].
pub fn read_array(text: &str) -> Result<Vec<Value>, YamlError> {
    match unmarshal(text)? {
        Value::Array(items) => Ok(items),
        Value::Null => Ok(Vec::new()),
        other => Err(YamlError::decoding(&other, "[]interface {}")),
    }
}

fn unmarshal(text: &str) -> Result<Value, YamlError> {
    let mut value = read(text).map_err(|error| YamlError::Conversion(Box::new(error)))?;
    numbers_to_f64(&mut value);
    Ok(value)
}

/// Makes every number an `f64`, as Go's `encoding/json` does when it decodes into untyped values.
/// Integers above 2^53 lose digits, as they do there.
pub fn numbers_to_f64(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(float) = number.as_f64().and_then(serde_json::Number::from_f64) {
                *number = float;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(numbers_to_f64),
        Value::Object(map) => map.values_mut().for_each(numbers_to_f64),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Reads every document of a text (split as [`split_documents`] does), leaving out empty ones and such with comments only.
///
/// # Errors
/// The first document's error that cannot be read.
pub fn read_all(text: &str) -> Result<Vec<Value>, YamlError> {
    let mut values = Vec::new();
    for document in split_documents(text)? {
        let value = read(document.text)?;
        if !value.is_null() {
            values.push(value);
        }
    }
    Ok(values)
}

/// Reads the first document, and where each of its values stands, for diagnostics.
///
/// # Errors
/// As of [`read`].
pub fn read_with_positions(text: &str) -> Result<(Value, Positions), YamlError> {
    let options = ReadOptions::default();
    match node::parse(text, options.dialect, &options.limits)? {
        Some(document) => Ok((value::convert(&document, &options)?, Positions::of(&document))),
        None => Ok((Value::Null, Positions::default())),
    }
}

#[cfg(test)]
mod tests;
