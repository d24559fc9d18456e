//! The expressions that kustomizations select by. Nearly all are words or paths, with a dot here and there: those are compared, and
//! only others are compiled.

use regex::Regex;

/// An expression that has to fit the whole of a text.
#[derive(Debug)]
pub(super) enum Pattern {
    /// Letters, digits and such, each of which stands for itself, and dots, each of which stands for any character.
    Word(Box<str>),
    Expression(Regex),
}

impl Pattern {
    pub(super) fn new(pattern: &str) -> Result<Self, regex::Error> {
        if is_word(pattern) {
            return Ok(Self::Word(pattern.into()));
        }
        Regex::new(&format!("^(?:{pattern})$")).map(Self::Expression)
    }

    pub(super) fn fits(&self, text: &str) -> bool {
        match self {
            Self::Word(word) => after_word(word, text) == Some(""),
            Self::Expression(expression) => expression.is_match(text),
        }
    }
}

/// The name of an image as an expression, behind which a tag and a digest may stand.
#[derive(Debug)]
pub(super) struct ImagePattern(Pattern);

impl ImagePattern {
    pub(super) fn new(name: &str) -> Result<Self, regex::Error> {
        if is_word(name) {
            return Ok(Self(Pattern::Word(name.into())));
        }
        let pattern = format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$");
        Ok(Self(Pattern::Expression(Regex::new(&pattern)?)))
    }

    pub(super) fn fits(&self, image: &str) -> bool {
        let word = match &self.0 {
            Pattern::Word(word) => word,
            Pattern::Expression(expression) => return expression.is_match(image),
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

    fn image_expression(name: &str) -> Regex {
        let pattern = format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$");
        Regex::new(&pattern).unwrap()
    }

    #[test]
    fn words_are_not_compiled() {
        assert!(matches!(Pattern::new("web-1").unwrap(), Pattern::Word(_)));
        assert!(matches!(Pattern::new("web.*").unwrap(), Pattern::Expression(_)));
        assert!(Pattern::new("web.*").unwrap().fits("web-1"));
        assert!(
            ImagePattern::new("host.example:5000/a")
                .unwrap()
                .fits("host.example:5000/a:1@sha256:0a")
        );
        assert!(!ImagePattern::new("a").unwrap().fits("ab:1"));
        assert!(ImagePattern::new("a+").unwrap().fits("aa:1"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        #[test]
        fn words_fit_what_expressions_fit(word in "[a.:@-]{0,4}", text in "[ab.:@\né-]{0,6}") {
            let expression = Regex::new(&format!("^(?:{word})$")).unwrap();
            prop_assert_eq!(Pattern::new(&word).unwrap().fits(&text), expression.is_match(&text));
        }

        #[test]
        fn images_fit_what_expressions_fit(word in "[a.:@-]{0,3}", text in "[ab.:@é-]{0,4}(:[a.]{0,3})?(@sha256:[0{}*]{0,3})?") {
            prop_assert_eq!(ImagePattern::new(&word).unwrap().fits(&text), image_expression(&word).is_match(&text));
        }
    }
}
