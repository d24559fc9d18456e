//! The expressions that kustomizations select by. Nearly all are names with a dot or a `.*` here and there, or a choice of such: those
//! are compared, and only others are compiled: the first takes a quarter of the time of a small build.

use regex::Regex;

/// An expression.
#[derive(Debug)]
pub(super) enum Pattern {
    /// That one of these fits the whole of a text.
    Whole(Vec<Words>),
    /// That one of these fits the whole of a line.
    Line(Vec<Words>),
    Expression(Regex),
}

/// Words, between which any characters may stand: what `a.*b` says. In a word, a dot stands for any character, the others for
/// themselves. None fits the end of a line.
#[derive(Debug)]
pub(super) struct Words(Vec<Box<str>>);

/// Longer expressions are compiled: how long words are looked for grows with the square of their length, at worst.
const LONGEST: usize = 256;

impl Pattern {
    /// An expression that has to fit the whole of a text.
    pub(super) fn whole(pattern: &str) -> Result<Self, regex::Error> {
        let group = pattern.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        match choice(group.unwrap_or(pattern), |one| {
            let one = one.strip_prefix('^').unwrap_or(one);
            Words::new(one.strip_suffix('$').unwrap_or(one))
        }) {
            Some(choice) => Ok(Self::Whole(choice)),
            None => Regex::new(&format!("^(?:{pattern})$")).map(Self::Expression),
        }
    }

    /// An expression that has to fit some part of a text.
    pub(super) fn part(pattern: &str) -> Result<Self, regex::Error> {
        match choice(pattern, |one| Words::new(&format!(".*{one}.*"))) {
            Some(choice) => Ok(Self::Line(choice)),
            None => Regex::new(pattern).map(Self::Expression),
        }
    }

    pub(super) fn fits(&self, text: &str) -> bool {
        match self {
            Self::Whole(choice) => choice.iter().any(|words| words.fit(text)),
            Self::Line(choice) => text.split('\n').any(|line| choice.iter().any(|words| words.fit(line))),
            Self::Expression(expression) => expression.is_match(text),
        }
    }
}

fn choice(pattern: &str, words: impl FnMut(&str) -> Option<Words>) -> Option<Vec<Words>> {
    (pattern.len() <= LONGEST).then(|| pattern.split('|').map(words).collect())?
}

impl Words {
    fn new(pattern: &str) -> Option<Self> {
        // One or more characters are one, and any more.
        let pattern = pattern.replace(".+", "..*");
        let words: Vec<Box<str>> = pattern.split(".*").map(Box::from).collect();
        words.iter().all(|word| is_word(word)).then_some(Self(words))
    }

    fn fit(&self, text: &str) -> bool {
        let Some((first, others)) = self.0.split_first() else {
            return false;
        };
        let Some(mut rest) = after_word(first, text) else {
            return false;
        };
        let Some((last, middle)) = others.split_last() else {
            return rest.is_empty();
        };
        if rest.contains('\n') {
            return false;
        }
        for word in middle {
            match starts(rest).find_map(|rest| after_word(word, rest)) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        starts(rest).any(|rest| after_word(last, rest) == Some(""))
    }
}

/// The text from each of its characters on, and its end.
fn starts(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.char_indices().map(|(at, _)| at);
    ends.chain([text.len()]).map(|at| &text[at..])
}

/// The name of an image as an expression, behind which a tag and a digest may stand.
#[derive(Debug)]
pub(super) enum ImagePattern {
    /// A word as [`Words`] have them.
    Word(Box<str>),
    Expression(Regex),
}

impl ImagePattern {
    pub(super) fn new(name: &str) -> Result<Self, regex::Error> {
        if is_word(name) {
            return Ok(Self::Word(name.into()));
        }
        Regex::new(&image_expression(name)).map(Self::Expression)
    }

    pub(super) fn fits(&self, image: &str) -> bool {
        let word = match self {
            Self::Word(word) => word,
            Self::Expression(expression) => return expression.is_match(image),
        };
        let Some(mut rest) = after_word(word, image) else {
            return false;
        };
        for begin in [":", "@sha256:"] {
            if let Some(part) = rest.strip_prefix(begin) {
                let is_inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '{' | '}' | '-');
                rest = part.trim_start_matches(is_inside);
            }
        }
        rest.is_empty()
    }
}

fn image_expression(name: &str) -> String {
    format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$")
}

fn is_word(pattern: &str) -> bool {
    pattern
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'/' | b':' | b'@' | b'.'))
}

/// What follows a word at the beginning of a text.
fn after_word<'t>(word: &str, text: &'t str) -> Option<&'t str> {
    let mut rest = text;
    let mut parts = word.split('.');
    rest = rest.strip_prefix(parts.next()?)?;
    for part in parts {
        let mut characters = rest.chars();
        characters.next().filter(|character| *character != '\n')?;
        rest = characters.as_str().strip_prefix(part)?;
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_not_compiled() {
        for pattern in ["web-1", "web.*", ".+-web.*", "(a|b.*)", "^a$", "a|^b", "a.b", ""] {
            assert!(
                matches!(Pattern::whole(pattern).unwrap(), Pattern::Whole(_)),
                "{pattern}"
            );
        }
        for pattern in [
            "a?",
            "a*",
            "(a)|(b)",
            "a(b|c)",
            "[ab]",
            ".*?",
            "a\\.b",
            "a.*+",
            &"a".repeat(257),
        ] {
            assert!(!matches!(Pattern::whole(pattern), Ok(Pattern::Whole(_))), "{pattern}");
        }
        assert!(Pattern::whole("web.*-.").unwrap().fits("web-1-2"));
        assert!(matches!(Pattern::part("web.*").unwrap(), Pattern::Line(_)));
        assert!(Pattern::part("web").unwrap().fits("a\nmy web site"));
        assert!(
            ImagePattern::new("host.example:5000/a")
                .unwrap()
                .fits("host.example:5000/a:1@sha256:0a")
        );
        assert!(!ImagePattern::new("a").unwrap().fits("ab:1"));
        assert!(ImagePattern::new("a+").unwrap().fits("aa:1"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(6000))]

        #[test]
        fn names_fit_what_expressions_fit(
            pattern in "[(]?[\\^]?([ab.:@-]|[.][*+]|[|]|[$][|]|[|]\\^|[*?]){0,6}[$]?[)]?",
            text in "[ab.:@\né-]{0,6}",
        ) {
            let compiled = Regex::new(&format!("^(?:{pattern})$"));
            prop_assert_eq!(Pattern::whole(&pattern).is_ok(), compiled.is_ok());
            if let Ok(expression) = compiled {
                prop_assert_eq!(Pattern::whole(&pattern).unwrap().fits(&text), expression.is_match(&text));
            }
            let compiled = Regex::new(&pattern);
            prop_assert_eq!(Pattern::part(&pattern).is_ok(), compiled.is_ok());
            if let Ok(expression) = compiled {
                prop_assert_eq!(Pattern::part(&pattern).unwrap().fits(&text), expression.is_match(&text));
            }
        }

        #[test]
        fn images_fit_what_expressions_fit(word in "[a.:@-]{0,3}", text in "[ab.:@é-]{0,4}(:[a.]{0,3})?(@sha256:[0{}*]{0,3})?") {
            let expression = Regex::new(&image_expression(&word)).unwrap();
            prop_assert_eq!(ImagePattern::new(&word).unwrap().fits(&text), expression.is_match(&text));
        }
    }
}
