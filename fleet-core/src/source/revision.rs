//! A commit: the hash that names one state of a repository for ever.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::SourceError;

/// A full commit hash, in lower case: 40 hexadecimal digits (SHA-1) or 64 (SHA-256).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Revision(String);

impl Revision {
    /// Reads a full commit hash.
    ///
    /// # Errors
    ///
    /// [`SourceError::InvalidRevision`] when the text is not one; a tag or a shortened hash is not.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        if Self::is_hash(text) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(SourceError::InvalidRevision {
                revision: text.to_owned(),
            })
        }
    }

    /// Whether the text is a full commit hash; a GitRepo's revision that is one needs no look at the repository.
    pub fn is_hash(text: &str) -> bool {
        matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    }

    /// The hash.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Revision {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Revision {
    type Error = SourceError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Revision> for String {
    fn from(revision: Revision) -> Self {
        revision.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_full_hashes() {
        assert!(Revision::is_hash(&"a1".repeat(20)));
        assert!(Revision::is_hash(&"a1".repeat(32)));
        assert!(!Revision::is_hash(&"a1".repeat(19)));
        assert!(!Revision::is_hash(&"g1".repeat(20)));
        assert!(!Revision::is_hash("v1.0.0"));
        assert_eq!(Revision::parse(&"AB".repeat(20)).unwrap().as_str(), "ab".repeat(20));
    }
}
