//! One error for reading and writing. The texts are go-yaml's, `sigs.k8s.io/yaml`'s and `encoding/json`'s, because status
//! messages and Helm's `fromYaml` show them; only the limits that Go does not have speak for themselves.

use serde_json::Value;
use thiserror::Error;

/// Why a text could not be read, or a value not be written.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum YamlError {
    /// The text is no YAML. `line` counts from 1, as go-yaml names it; it names none for problems on the first line.
    #[error("yaml: {}{problem}", line_prefix(*line))]
    Syntax {
        /// go-yaml's words.
        problem: String,
        /// The line that go-yaml names.
        line: Option<usize>,
    },
    /// Most of the document comes from following aliases (go-yaml's guard), or more than [`super::Limits`] allows.
    #[error("yaml: document contains excessive aliasing")]
    ExcessiveAliasing,
    /// An alias without its anchor before it.
    #[error("yaml: unknown anchor '{0}' referenced")]
    UnknownAnchor(String),
    /// An alias inside of what it stands for.
    #[error("yaml: anchor '{0}' value contains itself")]
    RecursiveAnchor(String),
    /// A list or map as a key, in Go's syntax.
    #[error("yaml: invalid map key: {0}")]
    InvalidMapKey(String),
    /// `<<` with something else than maps.
    #[error("yaml: map merge requires map or sequence of maps as the value")]
    InvalidMerge,
    /// A tag that does not fit its scalar.
    #[error("yaml: cannot decode {found} `{text}` as a {tag}")]
    TagMismatch {
        /// The tag that the text resolves to.
        found: String,
        /// The scalar.
        text: String,
        /// The tag that it has.
        tag: String,
    },
    /// `!!binary` that is not base64.
    #[error("yaml: !!binary value contains invalid base64 data")]
    InvalidBinary,
    /// Keys that occur twice, in strict reading: (line of the value, key in Go's syntax).
    #[error("yaml: unmarshal errors:{}", duplicate_lines(.0))]
    DuplicateKeys(Vec<(usize, String)>),
    /// Keys that occur twice, where go-yaml v3 reads.
    #[error("yaml: unmarshal errors:{}", .0.iter().map(ToString::to_string).collect::<String>())]
    RepeatedKeys(Vec<RepeatedKey>),
    /// A key that JSON has no form for: null, or a number above `i64`.
    #[error("unsupported map key of type: {kind}, key: {key}, value: {value}")]
    UnsupportedKey {
        /// Go's type.
        kind: String,
        /// The key in Go's syntax.
        key: String,
        /// Its value in Go's syntax.
        value: String,
    },
    /// A key that is no text, where go-yaml v3 reads: Go's JSON has no form for such maps.
    #[error("json: unsupported type: map[interface {{}}]interface {{}}")]
    KeyIsNoText,
    /// A number that JSON has no form for.
    #[error("json: unsupported value: {0}")]
    UnsupportedValue(String),
    /// Reading failed before decoding (`sigs.k8s.io/yaml.Unmarshal`).
    #[error("error converting YAML to JSON: {0}")]
    Conversion(Box<YamlError>),
    /// The document is of another type than asked for.
    #[error(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into Go value of type {expected}"
    )]
    Decoding {
        /// Go's word for what stands there.
        found: &'static str,
        /// Go's type asked for.
        expected: &'static str,
    },
    /// A line that begins with `---` and goes on with something else than a comment.
    #[error("invalid Yaml document separator: {text}")]
    InvalidSeparator {
        /// What follows the dashes.
        text: String,
        /// The line, from 1.
        line: usize,
    },
    /// Text of another encoding: go-yaml's words.
    #[error("yaml: {0}")]
    Encoding(&'static str),
    /// A type that cannot be serialized.
    #[error("json: {0}")]
    Serialize(String),
    /// One of [`super::Limits`] is exceeded.
    #[error("yaml: the document has more than {limit} {what}")]
    Limit {
        /// What is counted.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}

/// A key that occurs twice.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\n  line {line}: mapping key {key} already defined at line {first}")]
pub struct RepeatedKey {
    /// The key in Go's syntax.
    pub key: String,
    /// Line of the second.
    pub line: usize,
    /// Line of the first.
    pub first: usize,
}

impl YamlError {
    /// The line (from 1) that the error names, if it does.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Syntax { line, .. } => *line,
            Self::InvalidSeparator { line, .. } => Some(*line),
            Self::DuplicateKeys(keys) => keys.first().map(|(line, _)| *line),
            Self::RepeatedKeys(keys) => keys.first().map(|key| key.line),
            Self::Conversion(inner) => inner.line(),
            _ => None,
        }
    }

    pub(super) fn decoding(found: &Value, expected: &'static str) -> Self {
        let found = match found {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        Self::Decoding { found, expected }
    }
}

fn line_prefix(line: Option<usize>) -> String {
    line.map(|line| format!("line {line}: ")).unwrap_or_default()
}

fn duplicate_lines(keys: &[(usize, String)]) -> String {
    keys.iter()
        .map(|(line, key)| format!("\n  line {line}: key {key} already set in map"))
        .collect()
}
