//! Names of branches that Fleet accepts.

use super::SourceError;

/// Longest name of a branch, in bytes.
const MAXIMUM_LENGTH: usize = 255;
/// What may stand nowhere in a name.
const FORBIDDEN: [&str; 12] = ["..", "//", "?", "*", "[", "@{", "\\", " ", "~", "^", ":", "\u{7f}"];

/// Checks the name of a branch by the rules of Fleet, which are those of `git check-ref-format` in short.
///
/// # Errors
///
/// [`SourceError::InvalidBranch`] with the rule that is broken.
pub fn validate_branch(branch: &str) -> Result<(), SourceError> {
    let refuse = |reason: String| {
        Err(SourceError::InvalidBranch {
            branch: branch.to_owned(),
            reason,
        })
    };
    if branch.is_empty() {
        return refuse("it is empty".to_owned());
    }
    if branch.len() > MAXIMUM_LENGTH {
        return refuse(format!("it is longer than {MAXIMUM_LENGTH} bytes"));
    }
    if branch.ends_with(".lock") {
        return refuse("it ends with \".lock\"".to_owned());
    }
    if branch.starts_with('.') {
        return refuse("it starts with \".\"".to_owned());
    }
    if branch == "@" {
        return refuse("it is \"@\"".to_owned());
    }
    if let Some(found) = FORBIDDEN.iter().find(|text| branch.contains(**text)) {
        return refuse(format!("it contains {found:?}"));
    }
    if branch.chars().any(char::is_control) {
        return refuse("it contains a control character".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in [
            "master",
            "main",
            "feature/some-thing",
            "v1.2",
            "a.b",
            "ünï",
            "-x",
            &"a".repeat(255),
        ] {
            assert!(validate_branch(good).is_ok(), "{good:?}");
        }
        let bad = [
            "", "x.lock", ".x", "@", "a..b", "a//b", "a?", "a*", "a[", "a@{b", "a\\b", "a b", "a~", "a^", "a:b",
        ];
        for bad in bad.into_iter().chain(["a\tb", "a\u{7f}", "a\0", &"a".repeat(256)]) {
            assert!(
                matches!(validate_branch(bad), Err(SourceError::InvalidBranch { .. })),
                "{bad:?}"
            );
        }
    }
}
