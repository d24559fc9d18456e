//! Constraints: reading, and whether a version satisfies one.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::LazyLock;

use regex::Regex;

use super::version::compare_prerelease;
use super::{SemverError, Version};

/// Longest first, so that the first that fits is the operator.
const OPERATORS: [(&str, Operator); 11] = [
    ("!=", Operator::NotEqual),
    (">=", Operator::GreaterOrEqual),
    ("=>", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("=<", Operator::LessOrEqual),
    ("~>", Operator::Tilde),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("~", Operator::Tilde),
    ("^", Operator::Caret),
];

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
        let text = with_hyphens_replaced(text);
        let groups = text.split("||").map(Group::parse).collect::<Result<_, _>>()?;
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

/// What Go's `\s` matches.
fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\x0c' | '\r')
}

/// `1.2 - 1.4` means `>= 1.2, <= 1.4`.
fn with_hyphens_replaced(text: &str) -> Cow<'_, str> {
    const VERSION: &str = concat!(
        r"v?(?:[0-9|x|X|\*]+)(?:\.[0-9|x|X|\*]+)?(?:\.[0-9|x|X|\*]+)?",
        r"(?:-(?:[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?(?:\+(?:[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?"
    );
    static HYPHEN: LazyLock<Regex> = LazyLock::new(|| {
        let space = r"[\t\n\x0c\r ]";
        let pattern = format!("{space}*({VERSION}){space}+-{space}+({VERSION}){space}*");
        Regex::new(&pattern).expect("because the pattern is made of constants")
    });
    // Few constraints have one, and the pattern takes longer to build than all else.
    let alone = |at: usize| text[..at].ends_with(is_space) && text[at + 1..].starts_with(is_space);
    if text.match_indices('-').any(|(at, _)| alone(at)) {
        HYPHEN.replace_all(text, ">= ${1}, <= ${2} ")
    } else {
        Cow::Borrowed(text)
    }
}

impl Group {
    /// Ranges parted by white space, commas or both.
    fn parse(text: &str) -> Result<Self, SemverError> {
        let mut ranges = Vec::new();
        let mut rest = text.trim_start_matches(is_space);
        loop {
            let (parts, after) = Parts::scan(rest).ok_or_else(|| improper(text))?;
            ranges.push(Range::new(&parts)?);
            rest = after.trim_start_matches(is_space);
            if rest.is_empty() {
                break;
            }
            match rest.strip_prefix(',') {
                Some(next) => rest = next.trim_start_matches(is_space),
                None if rest.len() < after.len() => {}
                None => return Err(improper(text)),
            }
        }
        let prereleases = ranges.iter().any(|range| !range.version.prerelease().is_empty());
        Ok(Self { ranges, prereleases })
    }
}

/// The pieces of one range, as they are written.
struct Parts<'a> {
    operator: Operator,
    /// All but the operator.
    version: &'a str,
    major: &'a str,
    /// With its dot; empty if it is not given. So are those that follow.
    minor: &'a str,
    patch: &'a str,
    /// With its hyphen.
    prerelease: &'a str,
}

impl<'a> Parts<'a> {
    /// The range that a text begins with, and what follows it.
    fn scan(text: &'a str) -> Option<(Self, &'a str)> {
        let (operator, rest) = OPERATORS
            .iter()
            .find_map(|(sign, operator)| Some((*operator, text.strip_prefix(sign)?)))
            .unwrap_or((Operator::Equal, text));
        let version = rest.trim_start_matches(is_space);
        let mut rest = version.strip_prefix('v').unwrap_or(version);
        let is_number = |character: char| matches!(character, '0'..='9' | 'x' | 'X' | '*' | '|');
        let is_identifier = |character: char| character.is_ascii_alphanumeric() || character == '-';
        let major = take(&mut rest, "", is_number);
        if major.is_empty() {
            return None;
        }
        let minor = take(&mut rest, ".", is_number);
        let patch = take(&mut rest, ".", is_number);
        let prerelease = identifiers(&mut rest, "-", is_identifier);
        identifiers(&mut rest, "+", is_identifier);
        let parts = Self {
            operator,
            version: &version[..version.len() - rest.len()],
            major,
            minor,
            patch,
            prerelease,
        };
        Some((parts, rest))
    }
}

/// Takes a sign and the characters that follow it; nothing where none does.
fn take<'a>(rest: &mut &'a str, sign: &str, accepted: impl Fn(char) -> bool) -> &'a str {
    let text = *rest;
    let Some(after) = text.strip_prefix(sign) else {
        return "";
    };
    let length = after.find(|character| !accepted(character)).unwrap_or(after.len());
    if length == 0 {
        return "";
    }
    let (taken, left) = text.split_at(sign.len() + length);
    *rest = left;
    taken
}

/// Takes a sign and identifiers parted by dots.
fn identifiers<'a>(rest: &mut &'a str, sign: &str, accepted: impl Fn(char) -> bool) -> &'a str {
    let text = *rest;
    if !take(rest, sign, &accepted).is_empty() {
        while !take(rest, ".", &accepted).is_empty() {}
    }
    &text[..text.len() - rest.len()]
}

impl Range {
    fn new(parts: &Parts<'_>) -> Result<Self, SemverError> {
        let is_open = |number: &str| matches!(number.trim_start_matches('.'), "" | "x" | "X" | "*");
        let Parts {
            operator,
            version,
            major,
            minor,
            patch,
            prerelease,
        } = *parts;
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
            version.to_owned()
        };
        let version = Version::parse(&version).map_err(|_| SemverError::ConstraintVersion)?;
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
