//! `.fleetignore`: which files and folders of a bundle's folder are left out (Fleet).
//!
//! One file a folder; its lines count there and below, whatever the depth. A line `NAME/*` leaves out whole folders of that
//! base name and never a file; any other line is a shell pattern against the base name of files and folders. Lines that are empty
//! or begin with `#` are comments (`\#` is a literal `#`), and trailing white space counts only after a backslash. There is no
//! negation, no `**`, and no pattern over several path elements.

use super::{TreeError, glob::Pattern};

/// The file's name.
pub const FILE_NAME: &str = ".fleetignore";

/// The lines that count in a folder: its own and those of the folders above, up to the root of the bundle.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ignore {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq)]
enum Rule {
    /// `NAME/*`.
    Folder(String),
    /// A pattern over base names. A line with a `/` elsewhere can match none, yet must be a valid pattern.
    Name(Pattern),
}

impl Ignore {
    /// The rules of this folder's `.fleetignore` added to those from above.
    ///
    /// # Errors
    /// [`TreeError::BadPattern`] for a line that is no pattern.
    pub fn with_file(&self, content: &[u8]) -> Result<Self, TreeError> {
        let mut rules = self.rules.clone();
        for line in String::from_utf8_lossy(content).lines() {
            let line = trim_end(line);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            rules.push(match line.strip_suffix("/*") {
                Some(folder) => Rule::Folder(folder.to_owned()),
                None => Rule::Name(Pattern::new(line)?),
            });
        }
        Ok(Self { rules })
    }

    /// Whether the file or folder of this base name is left out.
    pub fn ignores(&self, name: &str, is_folder: bool) -> bool {
        self.rules.iter().any(|rule| match rule {
            Rule::Folder(folder) => is_folder && folder == name,
            Rule::Name(pattern) => pattern.matches(name),
        })
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

/// Without trailing white space, but for one character of it that a backslash protects.
fn trim_end(line: &str) -> &str {
    let trimmed = line.trim_end();
    if trimmed.len() < line.len() && trimmed.ends_with('\\') {
        let protected = line[trimmed.len()..].chars().next().map_or(0, char::len_utf8);
        return &line[..trimmed.len() + protected];
    }
    trimmed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignores_by_base_name() {
        for (file, name, is_folder, expected) in [
            ("", "something.yaml", false, false),
            ("# something.yaml", "something.yaml", false, false),
            ("\\#something.yaml", "#something.yaml", false, true),
            ("something.yaml", "something.yaml", false, true),
            ("something*", "something_else.yaml", false, true),
            ("something*", "some.yaml", false, false),
            ("something.yaml  \t", "something.yaml", false, true),
            ("something.yaml\\ ", "something.yaml ", false, true),
            ("something.yaml\\ ", "something.yaml", false, false),
            ("something.yaml ", "something.yaml ", false, false),
            ("foo/*", "foo", true, true),
            ("foo/*", "foo", false, false),
            ("foo/*", "foo2", true, false),
            ("foo", "foo", true, true),
            ("a\r\nb\r\n", "b", false, true),
            ("!a\na", "a", false, true),
        ] {
            let ignore = Ignore::default().with_file(file.as_bytes()).unwrap();
            assert_eq!(ignore.ignores(name, is_folder), expected, "{file:?} {name:?}");
        }
        assert!(Ignore::default().with_file(b"[a").is_err());
    }
}
