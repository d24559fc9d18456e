//! Versions: reading, order, printing.

use std::cmp::Ordering;
use std::fmt;

use super::SemverError;

/// A semantic version, with the text it was read from.
///
/// Equality and order are those of versions: metadata and the original text do not count.
#[derive(Clone, Debug)]
pub struct Version {
    major: u64,
    minor: u64,
    patch: u64,
    prerelease: String,
    metadata: String,
    original: String,
}

impl Version {
    /// Reads a version loosely: `v1`, `1.2` and `1.2.3-rc.1+build` are all fine.
    ///
    /// # Errors
    /// The text is no version.
    pub fn parse(text: &str) -> Result<Self, SemverError> {
        let body = text.strip_prefix('v').unwrap_or(text);
        let (body, metadata) = match body.split_once('+') {
            Some((body, metadata)) => (body, Some(metadata)),
            None => (body, None),
        };
        let (numbers, prerelease) = match body.split_once('-') {
            Some((numbers, prerelease)) => (numbers, Some(prerelease)),
            None => (body, None),
        };
        for identifiers in [prerelease, metadata].into_iter().flatten() {
            if !identifiers.split('.').all(is_identifier) {
                return Err(SemverError::InvalidVersion);
            }
        }
        let mut parts = [0; 3];
        for (count, part) in numbers.split('.').enumerate() {
            let slot = parts.get_mut(count).ok_or(SemverError::InvalidVersion)?;
            if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(SemverError::InvalidVersion);
            }
            *slot = part.parse().map_err(|_| SemverError::OutOfRange(part.to_owned()))?;
        }
        let prerelease = prerelease.unwrap_or_default();
        let leading_zero =
            |part: &str| part.len() > 1 && part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit());
        if prerelease.split('.').any(leading_zero) {
            return Err(SemverError::LeadingZero);
        }
        let [major, minor, patch] = parts;
        Ok(Self {
            major,
            minor,
            patch,
            prerelease: prerelease.to_owned(),
            metadata: metadata.unwrap_or_default().to_owned(),
            original: text.to_owned(),
        })
    }

    /// A release.
    pub fn new(major: u64, minor: u64, patch: u64) -> Self {
        let original = format!("{major}.{minor}.{patch}");
        Self {
            major,
            minor,
            patch,
            prerelease: String::new(),
            metadata: String::new(),
            original,
        }
    }

    /// The first number.
    pub fn major(&self) -> u64 {
        self.major
    }

    /// The second number.
    pub fn minor(&self) -> u64 {
        self.minor
    }

    /// The third number.
    pub fn patch(&self) -> u64 {
        self.patch
    }

    /// What stands behind `-`; empty if nothing does.
    pub fn prerelease(&self) -> &str {
        &self.prerelease
    }

    /// What stands behind `+`; empty if nothing does.
    pub fn metadata(&self) -> &str {
        &self.metadata
    }

    /// The text it was read from.
    pub fn original(&self) -> &str {
        &self.original
    }

    fn with_original(mut self, from: &Self) -> Self {
        let prefix = if from.original.starts_with('v') { "v" } else { "" };
        self.original = format!("{prefix}{self}");
        self
    }

    /// The next patch release; for a pre-release, the release itself.
    #[must_use]
    pub fn next_patch(&self) -> Self {
        let patch = if self.prerelease.is_empty() {
            self.patch.saturating_add(1)
        } else {
            self.patch
        };
        Self::new(self.major, self.minor, patch).with_original(self)
    }

    /// The next minor release.
    #[must_use]
    pub fn next_minor(&self) -> Self {
        Self::new(self.major, self.minor.saturating_add(1), 0).with_original(self)
    }

    /// The next major release.
    #[must_use]
    pub fn next_major(&self) -> Self {
        Self::new(self.major.saturating_add(1), 0, 0).with_original(self)
    }

    /// The same version with another pre-release.
    ///
    /// # Errors
    /// It is malformed.
    pub fn with_prerelease(&self, prerelease: &str) -> Result<Self, SemverError> {
        if !prerelease.is_empty() {
            let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
            if !prerelease.split('.').all(is_identifier) {
                return Err(SemverError::InvalidPrerelease);
            }
            if prerelease
                .split('.')
                .any(|part| part.len() > 1 && part.starts_with('0') && numeric(part))
            {
                return Err(SemverError::LeadingZero);
            }
        }
        Ok(Self {
            prerelease: prerelease.to_owned(),
            ..self.clone()
        }
        .with_original(self))
    }

    /// The same version with other metadata.
    ///
    /// # Errors
    /// It is malformed.
    pub fn with_metadata(&self, metadata: &str) -> Result<Self, SemverError> {
        if !metadata.is_empty() && !metadata.split('.').all(is_identifier) {
            return Err(SemverError::InvalidMetadata);
        }
        Ok(Self {
            metadata: metadata.to_owned(),
            ..self.clone()
        }
        .with_original(self))
    }
}

fn is_identifier(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Semantic Versioning 2.0.0, section 11, for the pre-release.
pub(super) fn compare_prerelease(left: &str, right: &str) -> Ordering {
    match (left.is_empty(), right.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let mut left = left.split('.');
    let mut right = right.split('.');
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(left), Some(right)) => match (left.parse::<u64>(), right.parse::<u64>()) {
                (Ok(left), Ok(right)) => left.cmp(&right),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => left.cmp(right),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.major, self.minor, self.patch)
            .cmp(&(other.major, other.minor, other.patch))
            .then_with(|| compare_prerelease(&self.prerelease, &other.prerelease))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.prerelease.is_empty() {
            write!(formatter, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(formatter, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

impl std::str::FromStr for Version {
    type Err = SemverError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}
