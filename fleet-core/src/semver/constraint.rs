//! Constraints: reading, and whether a version satisfies one.

use std::cmp::Ordering;
use std::sync::LazyLock;

use regex::Regex;

use super::version::compare_prerelease;
use super::{SemverError, Version};

const OPERATORS: &str = r"(?:=||!=|>|<|>=|=>|<=|=<|~|~>|\^)";
const VERSION: &str = concat!(
    r"v?(?:[0-9|x|X|\*]+)(?:\.[0-9|x|X|\*]+)?(?:\.[0-9|x|X|\*]+)?",
    r"(?:-(?:[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?(?:\+(?:[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?"
);

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("because the pattern is made of constants")
}

/// A constraint on versions, such as `>=1.2, <2 || ^3.1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    groups: Vec<Group>,
}

/// Ranges that must all be satisfied.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    ranges: Vec<Range>,
    /// Whether some range has a pre-release: then pre-releases may satisfy the group.
    prereleases: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Tilde,
    Caret,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Range {
    operator: Operator,
    version: Version,
    /// Some number is open.
    open: bool,
    /// Only the first number is given.
    minor_open: bool,
    /// The first and the second number are given.
    patch_open: bool,
}

impl Constraint {
    /// Reads a constraint.
    ///
    /// # Errors
    /// The text is no constraint.
    pub fn parse(text: &str) -> Result<Self, SemverError> {
        static VALID: LazyLock<Regex> = LazyLock::new(|| {
            regex(&format!(
                r"^(?:\s*{OPERATORS}\s*{VERSION}\s*)(?:(?:\s+|,\s*){OPERATORS}\s*{VERSION}\s*)*$"
            ))
        });
        static EACH: LazyLock<Regex> = LazyLock::new(|| regex(&format!(r"{OPERATORS}\s*{VERSION}")));
        let text = with_hyphens_replaced(text);
        let mut groups = Vec::new();
        for part in text.split("||") {
            if !VALID.is_match(part) {
                return Err(improper(part));
            }
            let ranges = EACH
                .find_iter(part)
                .map(|range| Range::parse(range.as_str()))
                .collect::<Result<Vec<_>, _>>()?;
            let prereleases = ranges.iter().any(|range| !range.version.prerelease().is_empty());
            groups.push(Group { ranges, prereleases });
        }
        Ok(Self { groups })
    }

    /// Whether a version satisfies it.
    pub fn matches(&self, version: &Version) -> bool {
        self.groups.iter().any(|group| {
            (version.prerelease().is_empty() || group.prereleases)
                && group.ranges.iter().all(|range| range.matches(version))
        })
    }
}

impl std::str::FromStr for Constraint {
    type Err = SemverError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

fn improper(text: &str) -> SemverError {
    SemverError::ImproperConstraint(crate::template::quote::quote(text.as_bytes()))
}

/// `1.2 - 1.4` means `>= 1.2, <= 1.4`.
fn with_hyphens_replaced(text: &str) -> String {
    static HYPHEN: LazyLock<Regex> = LazyLock::new(|| regex(&format!(r"\s*({VERSION})\s+-\s+({VERSION})\s*")));
    HYPHEN.replace_all(text, ">= ${1}, <= ${2} ").into_owned()
}

impl Range {
    fn parse(text: &str) -> Result<Self, SemverError> {
        static PARTS: LazyLock<Regex> = LazyLock::new(|| {
            regex(&format!(
                r"^\s*({OPERATORS})\s*(v?([0-9|x|X|\*]+)(\.[0-9|x|X|\*]+)?(\.[0-9|x|X|\*]+)?{})\s*$",
                r"(-(?:[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?(\+(?:[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?"
            ))
        });
        let parts = PARTS.captures(text).ok_or_else(|| improper(text))?;
        let part = |index: usize| parts.get(index).map_or("", |part| part.as_str());
        let is_open = |number: &str| matches!(number.trim_start_matches('.'), "" | "x" | "X" | "*");
        let (major, minor, patch, prerelease) = (part(3), part(4), part(5), part(6));
        let (mut open, mut minor_open, mut patch_open) = (true, false, false);
        let version = if is_open(major) {
            format!("0.0.0{prerelease}")
        } else if is_open(minor) {
            minor_open = true;
            format!("{major}.0.0{prerelease}")
        } else if is_open(patch) {
            patch_open = true;
            format!("{major}{minor}.0{prerelease}")
        } else {
            open = false;
            part(2).to_owned()
        };
        let version = Version::parse(&version).map_err(|_| SemverError::ConstraintVersion)?;
        let operator = match part(1) {
            "!=" => Operator::NotEqual,
            ">" => Operator::Greater,
            "<" => Operator::Less,
            ">=" | "=>" => Operator::GreaterOrEqual,
            "<=" | "=<" => Operator::LessOrEqual,
            "~" | "~>" => Operator::Tilde,
            "^" => Operator::Caret,
            _ => Operator::Equal,
        };
        Ok(Self {
            operator,
            version,
            open,
            minor_open,
            patch_open,
        })
    }

    fn matches(&self, version: &Version) -> bool {
        let bound = &self.version;
        let order = version.cmp(bound);
        match self.operator {
            Operator::Equal if self.open => self.matches_tilde(version),
            Operator::Equal => order == Ordering::Equal,
            Operator::NotEqual => self.differs(version),
            Operator::Greater if self.minor_open => version.major() > bound.major(),
            Operator::Greater if self.patch_open => (version.major(), version.minor()) > (bound.major(), bound.minor()),
            Operator::Greater => order == Ordering::Greater,
            Operator::Less => order == Ordering::Less,
            Operator::GreaterOrEqual => order != Ordering::Less,
            Operator::LessOrEqual if self.open => {
                version.major() < bound.major()
                    || (version.major() == bound.major() && (version.minor() <= bound.minor() || self.minor_open))
            }
            Operator::LessOrEqual => order != Ordering::Greater,
            Operator::Tilde => self.matches_tilde(version),
            Operator::Caret => self.matches_caret(version),
        }
    }

    fn differs(&self, version: &Version) -> bool {
        let bound = &self.version;
        if self.open {
            if version.major() != bound.major() {
                return true;
            }
            if self.minor_open {
                return false;
            }
            if version.minor() != bound.minor() {
                return true;
            }
            if self.patch_open {
                return compare_prerelease(version.prerelease(), bound.prerelease()) != Ordering::Equal;
            }
        }
        version != bound
    }

    fn matches_tilde(&self, version: &Version) -> bool {
        let bound = &self.version;
        if version < bound {
            return false;
        }
        let zero = (bound.major(), bound.minor(), bound.patch()) == (0, 0, 0);
        if zero && !self.minor_open && !self.patch_open {
            return true;
        }
        version.major() == bound.major() && (version.minor() == bound.minor() || self.minor_open)
    }

    fn matches_caret(&self, version: &Version) -> bool {
        let bound = &self.version;
        if version < bound {
            return false;
        }
        if bound.major() > 0 || self.minor_open {
            return version.major() == bound.major();
        }
        if version.major() > 0 {
            return false;
        }
        if bound.minor() > 0 || self.patch_open {
            return version.minor() == bound.minor();
        }
        version.minor() == 0 && version.patch() == bound.patch()
    }
}
