//! Semantic versions and constraints with the grammar and the rules of Masterminds/semver v3.5.0.
//!
//! Chart versions, `kubeVersion`, dependency ranges and `semverCompare` all follow these rules, which are neither
//! cargo's nor npm's.
//!
//! # Versions
//!
//! Loose: an optional `v`, one to three numbers (missing ones are 0), a pre-release behind `-`, metadata behind `+`.
//!
//! # Constraints
//!
//! ```text
//! constraint = group { "||" group }
//! group      = range { [","] range }
//! range      = [ operator ] version | version " - " version
//! operator   = "=" | "!=" | ">" | "<" | ">=" | "=>" | "<=" | "=<" | "~" | "~>" | "^"
//! ```
//!
//! In the version of a range, missing parts, `x`, `X` and `*` stand for any number. A pre-release only satisfies a group
//! in which some range has a pre-release.

mod constraint;
mod version;

pub use constraint::Constraint;
pub use version::Version;

/// Why a version or a constraint cannot be read. Texts are those of Masterminds/semver.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SemverError {
    /// The text is no version.
    #[error("invalid semantic version")]
    InvalidVersion,
    /// A part of a version is larger than 64 bits.
    #[error("error parsing version segment: strconv.ParseUint: parsing {0:?}: value out of range")]
    OutOfRange(String),
    /// A part of a pre-release starts with 0.
    #[error("version segment starts with 0")]
    LeadingZero,
    /// The text has a character that no version has.
    #[error("invalid characters in version")]
    InvalidCharacters,
    /// The pre-release is malformed.
    #[error("invalid prerelease string")]
    InvalidPrerelease,
    /// The metadata is malformed.
    #[error("invalid metadata string")]
    InvalidMetadata,
    /// A version in a constraint cannot be read.
    #[error("constraint parser error")]
    ConstraintVersion,
    /// The text is no constraint.
    #[error("improper constraint: {0}")]
    ImproperConstraint(String),
}
