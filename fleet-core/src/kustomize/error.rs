//! Why a build fails. The texts are kustomize v5.8.1's, prefixes included ("accumulating resources: …"), so that what a user knows from
//! there is found here; the variant says what kind of thing is wrong.

/// Why a build fails. Every message names the path, object or field it is about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KustomizeError {
    /// A file or folder is missing, is of the wrong kind, lies outside of the allowed root, or closes a cycle.
    #[error("{0}")]
    Load(String),
    /// A text is no YAML.
    #[error("{0}")]
    MalformedYaml(String),
    /// A kustomization file, or the configuration of a generator or transformer, is wrong.
    #[error("{0}")]
    Kustomization(String),
    /// A resource is no Kubernetes object, or cannot be written.
    #[error("{0}")]
    Resource(String),
    /// Two resources have the same ID.
    #[error("{0}")]
    Conflict(String),
    /// A patch cannot be read, finds no target, or does not fit.
    #[error("{0}")]
    Patch(String),
    /// A transformer does not fit a resource.
    #[error("{0}")]
    Transform(String),
    /// A generator's source is wrong.
    #[error("{0}")]
    Generator(String),
    /// A resource comes from elsewhere and was not supplied; see [`needs`](super::needs).
    #[error("{0}")]
    Remote(String),
    /// What kustomize as Fleet runs it refuses: plugins, functions, charts without a renderer.
    #[error("{0}")]
    Refused(String),
    /// The input exceeds a bound of ours.
    #[error("{0}")]
    Limit(String),
}

impl KustomizeError {
    /// The same error with a text before its message.
    pub(super) fn context(mut self, prefix: impl std::fmt::Display) -> Self {
        let message = match &mut self {
            Self::Load(message)
            | Self::MalformedYaml(message)
            | Self::Kustomization(message)
            | Self::Resource(message)
            | Self::Conflict(message)
            | Self::Patch(message)
            | Self::Transform(message)
            | Self::Generator(message)
            | Self::Remote(message)
            | Self::Refused(message)
            | Self::Limit(message) => message,
        };
        *message = format!("{prefix}: {message}");
        self
    }
}

/// The result of everything in this module.
pub(super) type Result<T> = std::result::Result<T, KustomizeError>;

/// A Go-quoted string (`%q`), as errors quote paths and causes.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            control if (control as u32) < 0x20 || control as u32 == 0x7f => {
                quoted.push_str(&format!("\\x{:02x}", control as u32));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
