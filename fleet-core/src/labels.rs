//! Label selectors: compile, match, parse.
//!
//! Source: `k8s.io/apimachinery/pkg/labels` and `metav1.LabelSelectorAsSelector`: the same selectors are accepted, the same
//! labels match, and errors say the same.
//!
//! The string form, comma-separated requirements that must all hold:
//!
//! | requirement | labels that match |
//! |---|---|
//! | `key` | the key is there |
//! | `!key` | it is not there |
//! | `key=value`, `key==value` | it has this value |
//! | `key!=value` | it has another value, or is not there |
//! | `key in (a,b)` | it has one of the values |
//! | `key notin (a,b)` | it has none of them, or is not there |
//! | `key>1`, `key<1` | its value is a number above, below |
//!
//! ```
//! use fleet_core::labels::Selector;
//! let selector = Selector::parse("app in (web, api), !canary")?;
//! let labels = [("app".to_owned(), "web".to_owned())].into();
//! assert!(selector.matches(&labels));
//! assert_eq!(selector.to_string(), "app in (api,web),!canary");
//! # Ok::<(), fleet_core::labels::LabelError>(())
//! ```

mod merge;
mod parse;
mod validate;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::api::LabelSelector;

pub use merge::merge_selectors;
pub use validate::{validate_key, validate_value};

/// Labels of an object.
pub type Labels = BTreeMap<String, String>;

/// A selector that Kubernetes would not accept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LabelError {
    /// An operator of a `matchExpressions` entry.
    #[error("{0:?} is not a valid label selector operator")]
    Operator(String),
    /// A key, value or list of values; the text is Kubernetes'.
    #[error("{0}")]
    Invalid(String),
    /// The string form cannot be read.
    #[error("unable to parse requirement: {0}")]
    Syntax(String),
}

/// How a requirement compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub enum Operator {
    /// One of the values.
    In,
    /// The one value; prints as `=`.
    Equals,
    /// The one value; prints as `==`.
    DoubleEquals,
    /// None of the values, or no such key.
    NotIn,
    /// Not the one value, or no such key.
    NotEquals,
    /// The key is there.
    Exists,
    /// The key is not there.
    DoesNotExist,
    /// A number above the one value.
    GreaterThan,
    /// A number below the one value.
    LessThan,
}

/// One requirement of a selector.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Requirement {
    key: String,
    operator: Operator,
    values: BTreeSet<String>,
}

impl Requirement {
    /// A requirement, its key and values checked as Kubernetes checks them.
    ///
    /// # Errors
    /// [`LabelError::Invalid`] with everything that is wrong.
    pub fn new(key: &str, operator: Operator, values: Vec<String>) -> Result<Self, LabelError> {
        validate::requirement(key, operator, &values)?;
        Ok(Self {
            key: key.to_owned(),
            operator,
            values: values.into_iter().collect(),
        })
    }

    /// Key of the label.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// How it compares.
    pub fn operator(&self) -> Operator {
        self.operator
    }

    /// The values, sorted.
    pub fn values(&self) -> &BTreeSet<String> {
        &self.values
    }

    /// Whether labels meet it.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.matches_value(labels.get(&self.key).map(String::as_str))
    }

    /// Whether the value of its key meets it; `None` where the key is not there.
    pub fn matches_value(&self, value: Option<&str>) -> bool {
        match self.operator {
            Operator::In | Operator::Equals | Operator::DoubleEquals => value.is_some_and(|v| self.values.contains(v)),
            Operator::NotIn | Operator::NotEquals => value.is_none_or(|v| !self.values.contains(v)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::GreaterThan => self.compare(value, |label, bound| label > bound),
            Operator::LessThan => self.compare(value, |label, bound| label < bound),
        }
    }

    fn compare(&self, value: Option<&str>, holds: impl Fn(i64, i64) -> bool) -> bool {
        let label = value.and_then(validate::integer);
        let bound = self.values.first().and_then(|bound| validate::integer(bound));
        matches!((label, bound), (Some(label), Some(bound)) if holds(label, bound))
    }

    /// True where labels without the key can match.
    pub fn matches_absent(&self) -> bool {
        matches!(
            self.operator,
            Operator::NotIn | Operator::NotEquals | Operator::DoesNotExist
        )
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operator = match self.operator {
            Operator::Exists => return formatter.write_str(&self.key),
            Operator::DoesNotExist => return write!(formatter, "!{}", self.key),
            Operator::Equals => "=",
            Operator::DoubleEquals => "==",
            Operator::NotEquals => "!=",
            Operator::In => " in ",
            Operator::NotIn => " notin ",
            Operator::GreaterThan => ">",
            Operator::LessThan => "<",
        };
        let values: Vec<&str> = self.values.iter().map(String::as_str).collect();
        let values = values.join(",");
        match self.operator {
            Operator::In | Operator::NotIn => write!(formatter, "{}{operator}({values})", self.key),
            _ => write!(formatter, "{}{operator}{values}", self.key),
        }
    }
}

/// A compiled selector: requirements sorted by key, all of which must hold. Without any it matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Selector {
    requirements: Vec<Requirement>,
}

impl Selector {
    /// A selector that matches everything.
    pub fn everything() -> Self {
        Self::default()
    }

    /// A selector of requirements.
    pub fn new(mut requirements: Vec<Requirement>) -> Self {
        // Stable, as upstream's: requirements on one key keep their order.
        requirements.sort_by(|a, b| a.key.cmp(&b.key));
        Self { requirements }
    }

    /// Compiles `metav1.LabelSelector`. What an absent selector means is the caller's matter.
    ///
    /// # Errors
    /// Operators, keys and values that Kubernetes does not accept.
    pub fn compile(selector: &LabelSelector) -> Result<Self, LabelError> {
        let mut requirements = Vec::with_capacity(selector.match_labels.len() + selector.match_expressions.len());
        for (key, value) in &selector.match_labels {
            requirements.push(Requirement::new(key, Operator::Equals, vec![value.clone()])?);
        }
        for expression in &selector.match_expressions {
            let operator = match expression.operator.as_str() {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                other => return Err(LabelError::Operator(other.to_owned())),
            };
            requirements.push(Requirement::new(&expression.key, operator, expression.values.clone())?);
        }
        Ok(Self::new(requirements))
    }

    /// Reads the string form.
    ///
    /// # Errors
    /// [`LabelError::Syntax`] with what was found and expected, or what is wrong with a key or value.
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        parse::parse(text).map(Self::new)
    }

    /// Whether labels meet every requirement.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.requirements.iter().all(|requirement| requirement.matches(labels))
    }

    /// The requirements, sorted by key.
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// True where everything matches.
    pub fn is_everything(&self) -> bool {
        self.requirements.is_empty()
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, requirement) in self.requirements.iter().enumerate() {
            if index > 0 {
                formatter.write_str(",")?;
            }
            write!(formatter, "{requirement}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
