//! Patterns of `.Files.Glob`, as `gobwas/glob` reads them with `/` as separator.
//!
//! ```text
//! *        any run of characters without /          **       any run of characters
//! ?        one character that is not /              [abc] [!abc] [a-z] [!a-z]   one character
//! {a,b*}   either pattern                           \x       the character x
//! ```
//!
//! A class is a list or one range, not both. A pattern that cannot be read matches every path, as in Helm.

use regex::Regex;

/// A pattern.
pub(super) struct Glob(Option<Regex>);

impl Glob {
    /// Reads a pattern.
    pub(super) fn new(pattern: &str) -> Self {
        Self(translate(pattern).and_then(|pattern| Regex::new(&pattern).ok()))
    }

    /// Whether a whole path matches.
    pub(super) fn matches(&self, path: &str) -> bool {
        self.0.as_ref().is_none_or(|regex| regex.is_match(path))
    }
}

/// The pattern as a regular expression.
fn translate(pattern: &str) -> Option<String> {
    let mut regex = String::from("(?s)^(?:");
    let mut characters = pattern.chars().peekable();
    let mut alternatives = 0_usize;
    while let Some(character) = characters.next() {
        match character {
            '*' if characters.next_if_eq(&'*').is_some() => {
                while characters.next_if_eq(&'*').is_some() {}
                regex.push_str(".*");
            }
            '*' => regex.push_str("[^/]*"),
            '?' => regex.push_str("[^/]"),
            '\\' => regex.push_str(&regex::escape(characters.next()?.encode_utf8(&mut [0; 4]))),
            '[' => class(&mut regex, &mut characters)?,
            '{' => {
                alternatives += 1;
                regex.push_str("(?:");
            }
            '}' if alternatives > 0 => {
                alternatives -= 1;
                regex.push(')');
            }
            ',' if alternatives > 0 => regex.push('|'),
            '}' | ']' => return None,
            other => regex.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    regex.push_str(")$");
    (alternatives == 0).then_some(regex)
}

fn class(regex: &mut String, characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<()> {
    let negated = characters.next_if_eq(&'!').is_some();
    let mut members = Vec::new();
    loop {
        match characters.next()? {
            ']' => break,
            '\\' => members.push(characters.next()?),
            other => members.push(other),
        }
    }
    let escape = |character: &char| regex::escape(character.encode_utf8(&mut [0; 4]));
    let inside = match members.as_slice() {
        [] => return None,
        [low, '-', high] if low <= high => format!("{}-{}", escape(low), escape(high)),
        [_, '-', ..] => return None,
        list => list
            .iter()
            .map(|member| {
                if *member == '-' {
                    "\\-".to_owned()
                } else {
                    escape(member)
                }
            })
            .collect(),
    };
    regex.push_str(if negated { "[^" } else { "[" });
    regex.push_str(&inside);
    regex.push(']');
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let matches = |pattern: &str, path: &str| Glob::new(pattern).matches(path);
        assert!(matches("d/*", "d/x") && !matches("d/*", "d/x/y") && matches("d/**", "d/x/y"));
        assert!(matches("**.yaml", "a/b.yaml") && !matches("*.yaml", "a/b.yaml"));
        assert!(matches("{a,b*}.txt", "bcd.txt") && !matches("{a,b*}.txt", "c.txt"));
        assert!(matches("[a-c]x", "bx") && !matches("[!a-c]x", "bx") && matches("[ab-]x", "-x"));
        assert!(matches("[", "anything") && matches("[a-zA-Z]", "anything") && matches("\\*", "*"));
    }
}
