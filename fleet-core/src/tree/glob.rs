//! Shell patterns as Go's `filepath.Match` and `filepath.Glob` read them.
//!
//! `*` and `?` match any character but `/`; `[abc]`, `[a-z]` and `[^a]` are classes, `\` takes the next character
//! literally. There is no `**` and no `{a,b}`, and a leading dot is nothing special. A pattern is checked whole, whether or
//! not a name matches its beginning.

use super::{Tree, TreeError, path};

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Literal(char),
    AnyOne,
    AnyRun,
    Class { negated: bool, ranges: Vec<(char, char)> },
}

/// A parsed pattern, for matching many names.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    tokens: Vec<Token>,
}

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// [`TreeError::BadPattern`] where Go says "syntax error in pattern".
    pub fn new(pattern: &str) -> Result<Self, TreeError> {
        let bad = || TreeError::BadPattern {
            pattern: pattern.to_owned(),
        };
        let mut tokens = Vec::new();
        let mut rest = pattern.chars().peekable();
        while let Some(character) = rest.next() {
            tokens.push(match character {
                '*' => {
                    if tokens.last() == Some(&Token::AnyRun) {
                        continue;
                    }
                    Token::AnyRun
                }
                '?' => Token::AnyOne,
                '\\' => Token::Literal(rest.next().ok_or_else(bad)?),
                '[' => {
                    let negated = rest.next_if_eq(&'^').is_some();
                    let mut ranges = Vec::new();
                    loop {
                        if !ranges.is_empty() && rest.next_if_eq(&']').is_some() {
                            break;
                        }
                        let low = class_character(&mut rest).ok_or_else(bad)?;
                        let high = match rest.next_if_eq(&'-') {
                            Some(_) => class_character(&mut rest).ok_or_else(bad)?,
                            None => low,
                        };
                        ranges.push((low, high));
                    }
                    Token::Class { negated, ranges }
                }
                other => Token::Literal(other),
            });
        }
        Ok(Self { tokens })
    }

    /// Whether the pattern matches the whole of `name`, in time O(pattern × name).
    pub fn matches(&self, name: &str) -> bool {
        let (mut token, mut rest) = (0, name);
        // The last `*`, and what is left of the name where it was taken to end.
        let mut star: Option<(usize, &str)> = None;
        loop {
            let character = rest.chars().next();
            let matched = match (self.tokens.get(token), character) {
                (None, None) => return true,
                (Some(Token::AnyRun), _) => {
                    star = Some((token, rest));
                    token += 1;
                    continue;
                }
                (Some(token), Some(character)) => token.matches(character),
                _ => false,
            };
            if let Some(character) = character.filter(|_| matched) {
                token += 1;
                rest = &rest[character.len_utf8()..];
                continue;
            }
            match star.and_then(|(at, end)| Some((at, end, end.chars().next()?))) {
                Some((star_token, end, character)) if character != '/' => {
                    rest = &end[character.len_utf8()..];
                    star = Some((star_token, rest));
                    token = star_token + 1;
                }
                _ => return false,
            }
        }
    }
}

impl Token {
    fn matches(&self, character: char) -> bool {
        match self {
            Self::Literal(literal) => *literal == character,
            Self::AnyOne => character != '/',
            Self::AnyRun => false,
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&character)) != *negated
            }
        }
    }
}

/// One end of a range in a class. The class must go on after it, or the pattern is bad.
fn class_character(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    let character = match rest.next()? {
        '-' | ']' => return None,
        '\\' => rest.next()?,
        other => other,
    };
    rest.peek().map(|_| character)
}

/// Whether `pattern` matches the whole of `name`, as Go's `filepath.Match`.
///
/// # Errors
/// [`TreeError::BadPattern`].
pub fn matches(pattern: &str, name: &str) -> Result<bool, TreeError> {
    Ok(Pattern::new(pattern)?.matches(name))
}

/// Whether the pattern has a character that is special; without one it names one path.
pub fn is_pattern(pattern: &str) -> bool {
    pattern.contains(['*', '?', '[', '\\'])
}

/// The paths of files and folders of the tree that match, as Go's `filepath.Glob` in the tree's root: a pattern without
/// special characters gives itself, as it was written, where it exists.
///
/// # Errors
/// [`TreeError::BadPattern`].
pub fn glob(tree: &Tree, pattern: &str) -> Result<Vec<String>, TreeError> {
    Pattern::new(pattern)?;
    glob_checked(tree, pattern, 0)
}

/// Deeper patterns than this match nothing: no repository is that deep, and recursion stays bounded.
const MAXIMUM_DEPTH: usize = 128;

fn glob_checked(tree: &Tree, pattern: &str, depth: usize) -> Result<Vec<String>, TreeError> {
    if !is_pattern(pattern) {
        let exists = path::inside(pattern).is_some_and(|inside| tree.exists(&inside));
        return Ok(if exists { vec![pattern.to_owned()] } else { Vec::new() });
    }
    if depth > MAXIMUM_DEPTH {
        return Ok(Vec::new());
    }
    let (folder, name) = pattern.rsplit_once('/').unwrap_or((".", pattern));
    let name = Pattern::new(name)?;
    let folders = if is_pattern(folder) {
        glob_checked(tree, folder, depth + 1)?
    } else {
        vec![folder.to_owned()]
    };
    let mut found = Vec::new();
    for folder in folders {
        let Some(inside) = path::inside(&folder).and_then(|inside| tree.resolve(&inside).ok()) else {
            continue;
        };
        if tree.is_folder(&inside) {
            found.extend(
                tree.children(&inside)
                    .into_iter()
                    .filter(|child| name.matches(child.name))
                    .map(|child| path::join([folder.as_str(), child.name])),
            );
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_as_go() {
        for (pattern, name, expected) in [
            ("abc", "abc", Some(true)),
            ("*", "abc", Some(true)),
            ("*c", "abc", Some(true)),
            ("a*", "ab/c", Some(false)),
            ("a*/b", "abc/b", Some(true)),
            ("a*/b", "a/c/b", Some(false)),
            ("a*b*c*d*e*/f", "axbxcxdxe/f", Some(true)),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/fff", Some(false)),
            ("a*b?c*x", "abxbbxdbxebxczzx", Some(true)),
            ("a*b?c*x", "abxbbxdbxebxczzy", Some(false)),
            ("ab[c]", "abc", Some(true)),
            ("ab[b-d]", "abc", Some(true)),
            ("ab[^c]", "abc", Some(false)),
            ("ab[^b-d]", "abc", Some(false)),
            ("a\\*b", "a*b", Some(true)),
            ("a\\*b", "ab", Some(false)),
            ("a?b", "a☺b", Some(true)),
            ("a[^a]b", "a☺b", Some(true)),
            ("a???b", "a☺b", Some(false)),
            ("a?b", "a/b", Some(false)),
            ("a*b", "a/b", Some(false)),
            ("[\\]a]", "]", Some(true)),
            ("[\\-]", "-", Some(true)),
            ("[x\\-]", "x", Some(true)),
            ("[x\\-]", "-", Some(true)),
            ("[\\-x]", "a", Some(false)),
            ("[]a]", "]", None),
            ("[-]", "-", None),
            ("[x-]", "x", None),
            ("[-x]", "x", None),
            ("\\", "a", None),
            ("[a-b-c]", "a", None),
            ("[", "a", None),
            ("[^", "a", None),
            ("[^bc", "a", None),
            ("a[", "a", None),
            ("a[", "ab", None),
            ("a[", "x", None),
            ("a/b[", "x", None),
            ("*x", "xxx", Some(true)),
            ("", "", Some(true)),
            ("*", "", Some(true)),
            (".*", ".git", Some(true)),
            ("*", ".git", Some(true)),
        ] {
            assert_eq!(matches(pattern, name).ok(), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn many_stars_stay_cheap() {
        let pattern = Pattern::new(&"*a".repeat(200)).unwrap();
        assert!(!pattern.matches(&"b".repeat(20_000)));
    }
}
