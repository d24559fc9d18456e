//! Character classes as Go's `unicode` package has them: by general category, of Unicode 15.0, the version of Go 1.26.

use std::sync::LazyLock;

use regex_syntax::hir::{Class, HirKind};

/// Sorted ranges of code points.
type Ranges = Vec<(char, char)>;

fn ranges(class: &str) -> Ranges {
    let pattern = format!("[{class}&&\\p{{age=15.0}}]");
    let hir = regex_syntax::parse(&pattern).expect("because the class is one of the constants below");
    match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => class.iter().map(|range| (range.start(), range.end())).collect(),
        _ => Vec::new(),
    }
}

fn contains(ranges: &Ranges, character: char) -> bool {
    let after = ranges.partition_point(|(start, _)| *start <= character);
    after > 0 && ranges[after - 1].1 >= character
}

/// Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols, and the ASCII space.
pub(crate) fn is_print(character: char) -> bool {
    static RANGES: LazyLock<Ranges> = LazyLock::new(|| ranges(r"[\p{L}\p{M}\p{N}\p{P}\p{S}]"));
    if character.is_ascii() {
        return matches!(character, ' '..='~');
    }
    contains(&RANGES, character)
}

/// Go's `unicode.IsLetter`.
pub(crate) fn is_letter(character: char) -> bool {
    static RANGES: LazyLock<Ranges> = LazyLock::new(|| ranges(r"\p{L}"));
    if character.is_ascii() {
        return character.is_ascii_alphabetic();
    }
    contains(&RANGES, character)
}

/// Go's `unicode.IsDigit`.
pub(crate) fn is_digit(character: char) -> bool {
    static RANGES: LazyLock<Ranges> = LazyLock::new(|| ranges(r"\p{Nd}"));
    if character.is_ascii() {
        return character.is_ascii_digit();
    }
    contains(&RANGES, character)
}
/// Go's `unicode.IsUpper`.
pub(crate) fn is_upper(character: char) -> bool {
    static RANGES: LazyLock<Ranges> = LazyLock::new(|| ranges(r"\p{Lu}"));
    if character.is_ascii() {
        return character.is_ascii_uppercase();
    }
    contains(&RANGES, character)
}

/// Go's `unicode.IsLower`.
pub(crate) fn is_lower(character: char) -> bool {
    static RANGES: LazyLock<Ranges> = LazyLock::new(|| ranges(r"\p{Ll}"));
    if character.is_ascii() {
        return character.is_ascii_lowercase();
    }
    contains(&RANGES, character)
}

/// Go's `unicode.IsTitle`.
pub(crate) fn is_title(character: char) -> bool {
    static RANGES: LazyLock<Ranges> = LazyLock::new(|| ranges(r"\p{Lt}"));
    !character.is_ascii() && contains(&RANGES, character)
}

/// Go's `unicode.IsSpace`.
pub(crate) fn is_space(character: char) -> bool {
    matches!(character, '\t'..='\r' | ' ' | '\u{85}' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}')
        || matches!(
            character,
            '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
        )
}

/// Go's `unicode.IsPunct`.
pub(crate) fn is_punctuation(character: char) -> bool {
    static RANGES: LazyLock<Ranges> = LazyLock::new(|| ranges(r"\p{P}"));
    contains(&RANGES, character)
}

/// Go's `unicode.IsNumber`.
pub(crate) fn is_number(character: char) -> bool {
    static RANGES: LazyLock<Ranges> = LazyLock::new(|| ranges(r"\p{N}"));
    contains(&RANGES, character)
}
