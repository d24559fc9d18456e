//! In which style a text is written: what libyaml's emitter, go-yaml's ancestor, allows for it, and what go-yaml asks for.

use super::super::Dialect;
use super::super::scalar::is_string;
use super::WriteStyle;

/// The styles that a text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextStyle {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// What a text allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Analysis {
    /// It contains a break of any kind.
    pub(super) multiline: bool,
    /// go-yaml v2 reads it back from JSON as it is.
    pub(super) survives: bool,
    plain: bool,
    single_quoted: bool,
    literal: bool,
}

pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// go-yaml's table of what may stand unescaped.
pub(super) fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

fn is_blank_or_end(c: Option<char>) -> bool {
    c.is_none_or(|c| c == ' ' || c == '\t' || is_break(c))
}

/// Whether a text has nothing that any style would have to mind: ASCII on one line, no indicator where it would be one. Only
/// a quick answer to what [`analyze`] finds out.
fn is_harmless(text: &str) -> bool {
    let bytes = text.as_bytes();
    let first = match bytes.first() {
        Some(b'.') => !text.starts_with("..."),
        Some(first) => first.is_ascii_alphanumeric() || matches!(first, b'_' | b'/' | b'$' | b'('),
        None => false,
    };
    first
        && bytes.last() != Some(&b' ')
        && bytes
            .iter()
            .fold(true, |printable, byte| printable & matches!(byte, b' '..=b'~'))
        && memchr::memchr2_iter(b':', b'#', bytes).all(|index| match bytes[index] {
            b':' => !matches!(bytes.get(index + 1), None | Some(b' ')),
            _ => bytes[index - 1] != b' ',
        })
}

/// What [`analyze`] finds out about lines of printable ASCII, looking at their ends only; none for anything else.
fn analyze_lines(text: &str) -> Option<Analysis> {
    let bytes = text.as_bytes();
    let printable = |byte: &u8| matches!(byte, b' '..=b'~') | (*byte == b'\n');
    if !bytes.iter().fold(true, |all, byte| all & printable(byte)) {
        return None;
    }
    let mut breaks = memchr::memchr_iter(b'\n', bytes).peekable();
    breaks.peek()?;
    let (mut break_space, mut space_break) = (false, false);
    for index in breaks {
        break_space |= bytes.get(index + 1) == Some(&b' ');
        space_break |= index > 0 && bytes[index - 1] == b' ';
    }
    Some(Analysis {
        multiline: true,
        survives: true,
        plain: false,
        single_quoted: !(break_space || space_break),
        literal: !(bytes.last() == Some(&b' ') || space_break),
    })
}

/// Looks at every character once, or only at what stands for many of them.
pub(super) fn analyze(text: &str, style: WriteStyle) -> Analysis {
    if is_harmless(text) {
        return Analysis {
            multiline: false,
            survives: true,
            plain: true,
            single_quoted: true,
            literal: true,
        };
    }
    if text.is_empty() {
        return Analysis {
            multiline: false,
            survives: true,
            plain: true,
            single_quoted: true,
            literal: false,
        };
    }
    analyze_lines(text).unwrap_or_else(|| analyze_characters(text, style))
}

fn analyze_characters(text: &str, style: WriteStyle) -> Analysis {
    let mut indicators = text.starts_with("---") || text.starts_with("...");
    let (mut special, mut tabs, mut multiline) = (false, false, false);
    let (mut break_space, mut space_break) = (false, false);
    let mut survives = true;
    let mut previous = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let followed_by_blank = is_blank_or_end(chars.peek().copied());
        match (previous, c) {
            (None, '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`') => {
                indicators = true
            }
            (None, '?' | '-') | (_, ':') => indicators |= followed_by_blank,
            (Some(_), '#') => indicators |= is_blank_or_end(previous),
            _ => {}
        }
        if c == '\t' && style == WriteStyle::GoYaml3 {
            tabs = true;
        } else if !is_printable(c) {
            special = true;
        }
        survives &= !matches!(c, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}');
        if c == ' ' {
            break_space |= previous.is_some_and(is_break);
        } else if is_break(c) {
            multiline = true;
            space_break |= previous == Some(' ');
        }
        previous = Some(c);
    }
    let edge = |c: Option<char>| c.is_some_and(|c| c == ' ' || is_break(c));
    let edges = edge(text.chars().next()) || edge(text.chars().next_back());
    let unquotable = break_space || space_break || special || tabs;
    Analysis {
        multiline,
        survives,
        plain: !(edges || unquotable || multiline || indicators),
        single_quoted: !unquotable,
        literal: !(text.ends_with(' ') || space_break || special),
    }
}

/// The style of a text. `simple_key`: it stands before a `:` on the same line.
pub(super) fn choose(text: &str, analysis: &Analysis, simple_key: bool, style: WriteStyle) -> TextStyle {
    let wanted = if analysis.multiline && text.contains('\n') {
        TextStyle::Literal
    } else if may_be_plain(text, style) {
        TextStyle::Plain
    } else {
        TextStyle::DoubleQuoted
    };
    if simple_key && analysis.multiline {
        return TextStyle::DoubleQuoted;
    }
    match wanted {
        TextStyle::Plain if analysis.plain => TextStyle::Plain,
        TextStyle::Plain if analysis.single_quoted => TextStyle::SingleQuoted,
        TextStyle::Literal if analysis.literal && !simple_key => TextStyle::Literal,
        _ => TextStyle::DoubleQuoted,
    }
}

/// Whether the plain text would be read as a string, here and by older readers.
fn may_be_plain(text: &str, style: WriteStyle) -> bool {
    let old_boolean = || {
        matches!(
            text,
            "y" | "Y"
                | "yes"
                | "Yes"
                | "YES"
                | "on"
                | "On"
                | "ON"
                | "n"
                | "N"
                | "no"
                | "No"
                | "NO"
                | "off"
                | "Off"
                | "OFF"
        )
    };
    let string = match style {
        WriteStyle::Kubernetes => is_string(text, Dialect::GoYaml2),
        WriteStyle::GoYaml3 => is_string(text, Dialect::GoYaml3) && !old_boolean(),
    };
    string && !is_base_60(text)
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`: numbers to base 60 in YAML 1.1.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = unsigned.split(':');
    let whole = parts.next().unwrap_or_default();
    if !whole.starts_with(|c: char| c.is_ascii_digit()) || !whole.bytes().all(|c| c.is_ascii_digit() || c == b'_') {
        return false;
    }
    let mut rest: Vec<&str> = parts.collect();
    let Some(last) = rest.pop() else { return false };
    let (last, fraction) = last.split_once('.').unwrap_or((last, ""));
    rest.push(last);
    fraction.bytes().all(|c| c.is_ascii_digit() || c == b'_')
        && rest.iter().all(|part| match part.as_bytes() {
            [low] => low.is_ascii_digit(),
            [high, low] => (b'0'..=b'5').contains(high) && low.is_ascii_digit(),
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::WriteStyle;
    use super::{analyze, analyze_characters, is_base_60};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5000))]

        #[test]
        fn what_stands_for_many_characters_misses_none(text in "[a .:#\\-'\n\t~\u{7f}\u{85}é]{1,9}") {
            for style in [WriteStyle::Kubernetes, WriteStyle::GoYaml3] {
                prop_assert_eq!(analyze(&text, style), analyze_characters(&text, style));
            }
        }
    }

    #[test]
    fn base_60() {
        for text in ["1:30", "+1:30:00", "190:20:30.15", "1_0:5."] {
            assert!(is_base_60(text), "{text}");
        }
        for text in ["1:60", "1:", ":30", "1:300", "a:1", "1", "1:30.x", ""] {
            assert!(!is_base_60(text), "{text}");
        }
    }
}
