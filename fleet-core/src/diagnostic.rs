//! Reports beside results: what a reader or scanner has to say about its input.
//!
//! A diagnostic never changes a result. What makes a result impossible is an error of its module.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much a [`Diagnostic`] matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Severity {
    /// Worth knowing; nothing to do.
    Information,
    /// Probably not what was meant: the input is used, but a part of it has no effect.
    Warning,
    /// The part that the diagnostic names could not be used.
    Error,
}

/// One report about a place in the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// A stable word for the kind of report, such as `unknown-key`; programs may filter by it.
    pub code: String,
    /// The file it is about, relative to the root of its tree; empty when it is about no file.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The line in that file, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// What is the matter, in one lower-case sentence without a full stop.
    pub message: String,
    /// What to do about it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Diagnostic {
    /// A report of the given severity, about no place yet.
    pub fn new(severity: Severity, code: &str, message: impl Into<String>) -> Self {
        Self {
            severity,
            code: code.to_owned(),
            path: String::new(),
            line: None,
            message: message.into(),
            hint: None,
        }
    }

    /// A [`Severity::Warning`].
    pub fn warning(code: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// The same report, about `path`.
    #[must_use]
    pub fn at(mut self, path: &str, line: Option<usize>) -> Self {
        path.clone_into(&mut self.path);
        self.line = line;
        self
    }

    /// The same report, with the way out.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// `path:line: severity: message (hint)`, the form that editors and terminals make clickable.
impl fmt::Display for Diagnostic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(out, "{}:", self.path)?;
            if let Some(line) = self.line {
                write!(out, "{line}:")?;
            }
            out.write_str(" ")?;
        }
        let severity = match self.severity {
            Severity::Information => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(out, "{severity}: {}", self.message)?;
        if let Some(hint) = &self.hint {
            write!(out, " ({hint})")?;
        }
        Ok(())
    }
}

/// The known word that an unknown one was probably meant to be: same letters in another case, or an edit distance
/// of at most a third of its length.
pub fn likely<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let unknown: Vec<char> = unknown.to_lowercase().chars().collect();
    known
        .into_iter()
        .map(|word| {
            (
                distance(&unknown, &word.to_lowercase().chars().collect::<Vec<_>>()),
                word,
            )
        })
        .filter(|(distance, word)| *distance <= (word.chars().count() / 3).max(1) && *distance < unknown.len())
        .min()
        .map(|(_, word)| word)
}

/// Edit distance in which two exchanged neighbours count as one edit.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (row, a) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, b) in right.iter().enumerate() {
            let mut best = (previous[column] + usize::from(a != b))
                .min(previous[column + 1] + 1)
                .min(current[column] + 1);
            if row > 0 && column > 0 && *a == right[column - 1] && left[row - 1] == *b {
                best = best.min(before[column - 1] + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut previous, current);
    }
    previous[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_like_a_compiler() {
        let report = Diagnostic::warning("unknown-key", "unknown key \"namespce\"")
            .at("app/fleet.yaml", Some(3))
            .with_hint("did you mean \"namespace\"?");
        assert_eq!(
            report.to_string(),
            "app/fleet.yaml:3: warning: unknown key \"namespce\" (did you mean \"namespace\"?)"
        );
    }

    #[test]
    fn finds_the_likely_word() {
        let known = [
            "namespace",
            "defaultNamespace",
            "helm",
            "kustomize",
            "targetCustomizations",
        ];
        for (unknown, expected) in [
            ("namespce", Some("namespace")),
            ("hlem", Some("helm")),
            ("targetCustomisations", Some("targetCustomizations")),
            ("x", None),
            ("somethingElse", None),
        ] {
            assert_eq!(likely(unknown, known), expected, "{unknown}");
        }
    }
}
