//! `.helmignore`: which files of a chart folder are no part of the chart (Helm v4.2.3 `internal/ignore` and
//! `loader.LoadDir`). Archives are not filtered.
//!
//! Each line is a Go glob (`*` and `?` never match `/`). One that begins with `/`, or has a `/` inside, is matched with the whole path,
//! any other with the last part of it; one that ends with `/` matches folders only. `!` does not re-include as in git: all that
//! does *not* match is ignored. `**` is refused.

use super::super::release::ChartFile;
use super::load::ChartError;
use crate::tree::glob::Pattern;
use crate::tree::path;

/// The rules of a `.helmignore`, and Helm's own, which ignores hidden files in `templates/`.
#[derive(Clone, Debug)]
pub struct Rules {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    pattern: Pattern,
    whole_path: bool,
    negated: bool,
    folders_only: bool,
}

impl Rules {
    /// Reads a `.helmignore`; without one, the text is empty.
    ///
    /// # Errors
    /// A pattern is no glob, or contains `**`.
    pub fn parse(text: &str) -> Result<Self, ChartError> {
        let mut rules = Vec::new();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for line in text.lines() {
            rules.extend(Rule::parse(line.trim())?);
        }
        rules.extend(Rule::parse("templates/.?*")?);
        Ok(Self { rules })
    }

    /// Whether a path, relative to the chart's folder, is ignored. Nothing in an ignored folder is looked at.
    pub fn ignores(&self, path: &str, is_folder: bool) -> bool {
        if matches!(path, "" | "." | "./") {
            return false;
        }
        for rule in &self.rules {
            let subject = if rule.whole_path { path } else { path::base(path) };
            if rule.negated {
                if rule.folders_only && !is_folder || !rule.pattern.matches(subject) {
                    return true;
                }
            } else if (!rule.folders_only || is_folder) && rule.pattern.matches(subject) {
                return true;
            }
        }
        false
    }
}

impl Rule {
    fn parse(line: &str) -> Result<Option<Self>, ChartError> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        if line.contains("**") {
            return Err(ChartError::Ignore(
                "double-star (**) syntax is not supported".to_owned(),
            ));
        }
        let broken = |_| ChartError::Ignore("syntax error in pattern".to_owned());
        let (negated, rest) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
        let (folders_only, rest) = rest.strip_suffix('/').map_or((false, rest), |rest| (true, rest));
        let (anchored, rest) = rest.strip_prefix('/').map_or((false, rest), |rest| (true, rest));
        let pattern = Pattern::new(rest).map_err(broken)?;
        Ok(Some(Self {
            whole_path: anchored || rest.contains('/'),
            pattern,
            negated,
            folders_only,
        }))
    }
}

/// The files of a chart folder that its `.helmignore`, if it has one, leaves over, in the order in which Helm walks the
/// folder.
///
/// # Errors
/// The `.helmignore` cannot be read.
pub fn filter(files: impl IntoIterator<Item = ChartFile>) -> Result<Vec<ChartFile>, ChartError> {
    let mut files: Vec<ChartFile> = files.into_iter().collect();
    // A walk visits the entries of a folder by name: compare part by part, not the whole text.
    files.sort_by(|a, b| a.name.split('/').cmp(b.name.split('/')));
    let text = files
        .iter()
        .find(|file| file.name == ".helmignore")
        .map(|file| String::from_utf8_lossy(&file.data));
    let rules = Rules::parse(text.as_deref().unwrap_or_default())?;
    // Files of one folder follow each other: it is asked about once.
    let mut last: (String, bool) = (String::new(), false);
    files.retain(|file| {
        let folder = file.name.rsplit_once('/').map_or("", |(folder, _)| folder);
        if folder != last.0 {
            let mut folders = file.name.match_indices('/').map(|(at, _)| &file.name[..at]);
            last = (folder.to_owned(), folders.any(|folder| rules.ignores(folder, true)));
        }
        !last.1 && !rules.ignores(&file.name, false)
    });
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negation_ignores_all_that_does_not_match() {
        let rules = Rules::parse("!*.yaml\n").expect("a glob");
        assert!(rules.ignores("a.txt", false));
        assert!(!rules.ignores("a.yaml", false));
        assert!(Rules::parse("**/x").is_err());
        assert!(Rules::parse("[").is_err());
    }
}
