//! The case of texts: upper, lower, title, camel, snake, kebab, initials.

use crate::template::unicode::{
    is_digit, is_letter, is_lower, is_number, is_punctuation, is_space, is_title, is_upper,
};
use crate::template::{Functions, Value};

use super::arguments::{TEXT, text};

type Conversion = fn(&str) -> String;

pub(super) fn register(functions: &mut Functions) {
    let conversions: [(&str, Conversion); 9] = [
        ("upper", |text| text.chars().map(to_upper).collect()),
        ("lower", |text| text.chars().map(to_lower).collect()),
        ("title", title),
        ("untitle", untitle),
        ("swapcase", swap),
        ("camelcase", camel),
        ("snakecase", |text| words(text, '_')),
        ("kebabcase", |text| words(text, '-')),
        ("initials", initials),
    ];
    for (name, convert) in conversions {
        functions.register(name, TEXT, move |_, arguments| {
            Ok(Value::text(convert(&text(arguments, 0))))
        });
    }
}

/// Go maps character by character: one that would become several stays.
fn to_upper(character: char) -> char {
    let mut upper = character.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) => upper,
        _ => character,
    }
}

/// The digraphs of Unicode have a form of their own at the beginning of a word.
fn to_title(character: char) -> char {
    match character {
        '\u{1c4}'..='\u{1c6}' => '\u{1c5}',
        '\u{1c7}'..='\u{1c9}' => '\u{1c8}',
        '\u{1ca}'..='\u{1cc}' => '\u{1cb}',
        '\u{1f1}'..='\u{1f3}' => '\u{1f2}',
        _ => to_upper(character),
    }
}

fn to_lower(character: char) -> char {
    character.to_lowercase().next().unwrap_or(character)
}

/// Upper case at the beginning of each word, in Go's old sense: after anything but letters, digits and `_`.
fn title(text: &str) -> String {
    let mut before = ' ';
    let upper_after_separator = |character: char| {
        let separates = match before {
            '_' => false,
            before if before.is_ascii() => !before.is_ascii_alphanumeric(),
            before => !is_letter(before) && !is_digit(before) && is_space(before),
        };
        before = character;
        if separates { to_title(character) } else { character }
    };
    text.chars().map(upper_after_separator).collect()
}

/// Changes the first character of each word between white space.
fn first_of_words(text: &str, change: fn(char) -> char) -> String {
    let mut at_start = true;
    let step = |character: char| {
        let first = at_start && !is_space(character);
        at_start = is_space(character);
        if first { change(character) } else { character }
    };
    text.chars().map(step).collect()
}

fn untitle(text: &str) -> String {
    first_of_words(text, to_lower)
}

fn initials(text: &str) -> String {
    // goutils takes each byte for a character.
    let text: String = text.bytes().map(char::from).collect();
    text.split(is_space).filter_map(|word| word.chars().next()).collect()
}

fn swap(text: &str) -> String {
    let mut after_space = true;
    let step = |character: char| {
        if is_upper(character) || is_title(character) {
            after_space = false;
            to_lower(character)
        } else if is_lower(character) {
            let first = std::mem::replace(&mut after_space, false);
            if first {
                to_title(character)
            } else {
                to_upper(character)
            }
        } else {
            after_space = is_space(character);
            character
        }
    };
    text.chars().map(step).collect()
}

fn is_connector(character: char) -> bool {
    matches!(character, '-' | '_') || is_space(character)
}

/// Words without what connects them, each with an upper-case initial (xstrings' `ToPascalCase`). Connectors at the
/// beginning and the end stay, and of several in a row all but the last.
fn camel(text: &str) -> String {
    let mut characters = text.chars();
    let mut result = String::with_capacity(text.len());
    // Whether the word began with upper case and has had no lower case yet: its upper case becomes lower.
    let mut shouting;
    let mut current = loop {
        match characters.next() {
            None => {
                // xstrings writes the last of nothing but connectors twice.
                result.extend(text.chars().next_back());
                return result;
            }
            Some(character) if is_connector(character) => result.push(character),
            Some(character) => {
                shouting = is_upper(character);
                break to_upper(character);
            }
        }
    };
    for next in characters {
        let before = current;
        current = next;
        if is_connector(next) && is_connector(before) {
            result.push(before);
        } else if is_connector(before) {
            shouting = is_upper(next);
            current = to_upper(next);
        } else {
            if shouting {
                if is_upper(next) {
                    current = to_lower(next);
                } else {
                    shouting = false;
                }
            }
            result.push(before);
        }
    }
    result.push(current);
    result
}

/// What a piece of a text is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// The end of the text.
    End,
    Connector,
    Punctuation,
    Number,
    /// Begins with upper case.
    Upper,
    Letters,
    Other,
}

/// Letters of scripts that have words; those of CJK scripts do not count.
fn is_alphabetic(character: char) -> bool {
    is_letter(character)
        && !matches!(character,
            '\u{3034}'..='\u{30fe}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{a700}'..='\u{a707}'
            | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}' | '\u{20000}'..='\u{2fa1f}')
}

/// The first piece of a text, and the rest.
fn next_piece(text: &str) -> (Piece, &str, &str) {
    let run = |from: usize, belongs: &dyn Fn(char) -> bool| {
        from + text[from..]
            .find(|character| !belongs(character))
            .unwrap_or(text.len() - from)
    };
    let Some(first) = text.chars().next() else {
        return (Piece::End, "", "");
    };
    let (piece, end) = if is_connector(first) {
        (Piece::Connector, run(0, &is_connector))
    } else if is_punctuation(first) {
        (Piece::Punctuation, run(0, &is_punctuation))
    } else if is_upper(first) {
        let after = first.len_utf8();
        let second = text[after..].chars().next();
        let end = match second {
            Some(second) if is_upper(second) => {
                let end = run(after, &is_upper);
                // The last capital belongs to the word that follows: HTTP and Server.
                match text[end..].chars().next() {
                    Some(next) if is_alphabetic(next) => {
                        end - text[..end].chars().next_back().map_or(0, char::len_utf8)
                    }
                    _ => end,
                }
            }
            Some(second) if is_alphabetic(second) => run(after, &|next| is_alphabetic(next) && !is_upper(next)),
            _ => after,
        };
        (Piece::Upper, end)
    } else if is_alphabetic(first) {
        (Piece::Letters, run(0, &|next| is_alphabetic(next) && !is_upper(next)))
    } else if is_number(first) {
        (Piece::Number, run(0, &is_number))
    } else {
        let other =
            |next: char| !is_connector(next) && !is_alphabetic(next) && !is_number(next) && !is_punctuation(next);
        (Piece::Other, run(0, &other))
    };
    (piece, &text[..end], &text[end..])
}

/// Words in lower case, connected (xstrings' `ToSnakeCase` and `ToKebabCase`). Numbers belong to the word before them,
/// unless lower-case letters follow them.
fn words(text: &str, connector: char) -> String {
    let mut result = String::with_capacity(text.len() + 8);
    let push = |result: &mut String, piece: Piece, text: &str| match piece {
        Piece::Upper => result.extend(text.chars().map(|c| if is_upper(c) { to_lower(c) } else { c })),
        Piece::Connector => result.extend(text.chars().map(|_| connector)),
        _ => result.push_str(text),
    };
    let joins = |piece: Piece| matches!(piece, Piece::Connector | Piece::Punctuation);
    let (mut piece, mut word, mut rest) = next_piece(text);
    while !rest.is_empty() {
        if piece != Piece::Connector {
            push(&mut result, piece, word);
        }
        let (before, before_word) = (piece, word);
        (piece, word, rest) = next_piece(rest);
        match before {
            Piece::Number => {
                while matches!(piece, Piece::Letters | Piece::Number) {
                    push(&mut result, piece, word);
                    (piece, word, rest) = next_piece(rest);
                }
                if piece != Piece::End && !joins(piece) {
                    result.push(connector);
                }
            }
            Piece::Connector => push(&mut result, before, before_word),
            Piece::Punctuation => {}
            _ if piece != Piece::Number => {
                if !joins(piece) {
                    result.push(connector);
                }
            }
            _ if rest.is_empty() => {}
            _ => {
                let number = word;
                (piece, word, rest) = next_piece(rest);
                if piece != Piece::Letters {
                    push(&mut result, Piece::Number, number);
                    if !joins(piece) {
                        result.push(connector);
                    }
                    continue;
                }
                result.push(connector);
                push(&mut result, Piece::Number, number);
                while matches!(piece, Piece::Letters | Piece::Number) {
                    push(&mut result, piece, word);
                    (piece, word, rest) = next_piece(rest);
                }
                if piece != Piece::End && !joins(piece) {
                    result.push(connector);
                }
            }
        }
    }
    push(&mut result, piece, word);
    result
}
