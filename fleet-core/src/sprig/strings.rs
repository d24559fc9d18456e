//! Texts: trimming, cutting, joining, splitting, padding, quoting.
//!
//! As in Go, positions and lengths count bytes.

use crate::template::format::text_of;
use crate::template::quote::quote;
use crate::template::unicode::is_space;
use crate::template::{Context, FunctionError, Functions, Map, Parameter, Signature, Text, Value};

use super::arguments::{
    ANIES, ANY, INT_TEXT, Outcome, TEXT, TEXT_ANY, TEXT_TEXT, TEXT_TEXT_INT, TEXT_TEXT_TEXT, bytes, elements, int,
    text, to_text, to_texts,
};

pub(super) fn register(functions: &mut Functions) {
    trimming(functions);
    cutting(functions);
    joining(functions);
    layout(functions);
}

fn trimming(functions: &mut Functions) {
    functions.register("trim", TEXT, |_, arguments| {
        Ok(Value::text(text(arguments, 0).trim_matches(is_space)))
    });
    for name in ["trimAll", "trimall"] {
        functions.register(name, TEXT_TEXT, |_, arguments| {
            let cut = text(arguments, 0);
            Ok(Value::text(
                text(arguments, 1).trim_matches(|character| cut.contains(character)),
            ))
        });
    }
    functions.register("trimSuffix", TEXT_TEXT, |_, arguments| {
        let whole = bytes(arguments, 1);
        Ok(Value::text(whole.strip_suffix(bytes(arguments, 0)).unwrap_or(whole)))
    });
    functions.register("trimPrefix", TEXT_TEXT, |_, arguments| {
        let whole = bytes(arguments, 1);
        Ok(Value::text(whole.strip_prefix(bytes(arguments, 0)).unwrap_or(whole)))
    });
    functions.register("nospace", TEXT, |_, arguments| {
        let whole = bytes(arguments, 0);
        // goutils takes each byte for a character, so that letters beyond ASCII fall apart where something is left out.
        if !whole.iter().any(|byte| is_space(char::from(*byte))) {
            return Ok(arguments[0].clone());
        }
        let characters = whole.iter().copied().map(char::from);
        Ok(Value::text(
            characters.filter(|character| !is_space(*character)).collect::<String>(),
        ))
    });
    functions.register("contains", TEXT_TEXT, |_, arguments| {
        let (part, whole) = (bytes(arguments, 0), bytes(arguments, 1));
        Ok(Value::Bool(
            part.is_empty() || whole.windows(part.len()).any(|window| window == part),
        ))
    });
    functions.register("hasPrefix", TEXT_TEXT, |_, arguments| {
        Ok(Value::Bool(bytes(arguments, 1).starts_with(bytes(arguments, 0))))
    });
    functions.register("hasSuffix", TEXT_TEXT, |_, arguments| {
        Ok(Value::Bool(bytes(arguments, 1).ends_with(bytes(arguments, 0))))
    });
}

fn cutting(functions: &mut Functions) {
    functions.register("trunc", INT_TEXT, |_, arguments| {
        let (count, whole) = (int(arguments, 0), bytes(arguments, 1));
        let length = whole.len() as i64;
        Ok(Value::text(match count {
            _ if count < 0 && length.saturating_add(count) > 0 => &whole[(length + count) as usize..],
            _ if count >= 0 && length > count => &whole[..count as usize],
            _ => whole,
        }))
    });
    let substr = Signature::new(&[Parameter::Int, Parameter::Int, Parameter::Text]);
    functions.register("substr", substr, |_, arguments| {
        let (start, end, whole) = (int(arguments, 0), int(arguments, 1), bytes(arguments, 2));
        let length = whole.len() as i64;
        let (start, end, shown_end) = match () {
            () if start < 0 => (0, end, true),
            () if end < 0 || end > length => (start, length, false),
            () => (start, end, true),
        };
        if end < 0 || end > length {
            let extra = if end < 0 {
                String::new()
            } else {
                format!(" with length {length}")
            };
            return Err(format!("runtime error: slice bounds out of range [:{end}]{extra}").into());
        }
        if start > end {
            let end = if shown_end { end } else { length };
            return Err(format!("runtime error: slice bounds out of range [{start}:{end}]").into());
        }
        Ok(Value::text(&whole[start as usize..end as usize]))
    });
    functions.register("abbrev", INT_TEXT, |_, arguments| {
        let (width, whole) = (int(arguments, 0), bytes(arguments, 1));
        Ok(Value::text(if width < 4 {
            whole.to_vec()
        } else {
            abbreviate(whole, 0, width)
        }))
    });
    let abbrevboth = Signature::new(&[Parameter::Int, Parameter::Int, Parameter::Text]);
    functions.register("abbrevboth", abbrevboth, |_, arguments| {
        let (offset, width, whole) = (int(arguments, 0), int(arguments, 1), bytes(arguments, 2));
        let too_narrow = width < 4 || (offset > 0 && width < 7);
        Ok(Value::text(if too_narrow {
            whole.to_vec()
        } else {
            abbreviate(whole, offset, width)
        }))
    });
    functions.register("split", TEXT_TEXT, |context, arguments| {
        numbered(context, &split(bytes(arguments, 1), bytes(arguments, 0), usize::MAX))
    });
    let splitn = Signature::new(&[Parameter::Text, Parameter::Int, Parameter::Text]);
    functions.register("splitn", splitn, |context, arguments| {
        let limit = usize::try_from(int(arguments, 1)).unwrap_or(usize::MAX);
        numbered(context, &split(bytes(arguments, 2), bytes(arguments, 0), limit))
    });
    functions.register("splitList", TEXT_TEXT, |context, arguments| {
        let parts = split(bytes(arguments, 1), bytes(arguments, 0), usize::MAX);
        context.charge_bytes(parts.len() * 64)?;
        Ok(Value::texts(parts))
    });
}

/// At most `width` bytes of a text, `...` where something is left out; with an offset, from there on.
fn abbreviate(whole: &[u8], offset: i64, width: i64) -> Vec<u8> {
    let length = whole.len() as i64;
    if length <= width {
        return whole.to_vec();
    }
    let mut offset = offset.min(length);
    if length - offset < width - 3 {
        offset = length - (width - 3);
    }
    if offset <= 4 {
        return [&whole[..(width - 3) as usize], b"..."].concat();
    }
    if width < 7 {
        return Vec::new();
    }
    if offset + width - 3 < length {
        let rest = abbreviate(&whole[offset as usize..], 0, width - 3);
        return [b"...", &*rest].concat();
    }
    [b"...", &whole[(length - (width - 3)) as usize..]].concat()
}

/// Go's `strings.SplitN`: an empty separator splits into characters.
fn split<'t>(whole: &'t [u8], separator: &[u8], limit: usize) -> Vec<&'t [u8]> {
    let mut parts = Vec::new();
    if limit == 0 {
        return parts;
    }
    let mut rest = whole;
    if separator.is_empty() {
        while !rest.is_empty() && parts.len() + 1 < limit {
            let length = first_character(rest);
            parts.push(&rest[..length]);
            rest = &rest[length..];
        }
        if !rest.is_empty() {
            parts.push(rest);
        }
        return parts;
    }
    while parts.len() + 1 < limit {
        let Some(index) = find(rest, separator) else { break };
        parts.push(&rest[..index]);
        rest = &rest[index + separator.len()..];
    }
    parts.push(rest);
    parts
}

fn find(whole: &[u8], part: &[u8]) -> Option<usize> {
    match (std::str::from_utf8(whole), std::str::from_utf8(part)) {
        (Ok(whole), Ok(part)) => whole.find(part),
        _ => whole.windows(part.len()).position(|window| window == part),
    }
}

/// Length of the first character; a byte that starts none counts as one.
fn first_character(text: &[u8]) -> usize {
    let valid = text.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next());
    valid.map_or(1, char::len_utf8)
}

fn numbered(context: &mut Context<'_>, parts: &[&[u8]]) -> Outcome {
    context.charge_bytes(parts.len() * 64)?;
    let entries = parts
        .iter()
        .enumerate()
        .map(|(index, part)| (format!("_{index}"), *part));
    Ok(Value::Map(Map::texts(entries)))
}

fn joining(functions: &mut Functions) {
    functions.register("toString", ANY, |_, arguments| Ok(Value::Text(to_text(&arguments[0]))));
    functions.register("toStrings", ANY, |_, arguments| {
        Ok(Value::texts(to_texts(&arguments[0])))
    });
    functions.register("join", TEXT_ANY, |context, arguments| {
        let separator = bytes(arguments, 0);
        let parts = to_texts(&arguments[1]);
        context.charge_bytes(parts.len().saturating_mul(separator.len()))?;
        let parts: Vec<&[u8]> = parts.iter().map(Text::as_bytes).collect();
        Ok(Value::text(parts.join(separator)))
    });
    functions.register("sortAlpha", ANY, |_, arguments| {
        let list = &arguments[0];
        if let Value::List(list) = list
            && list.list_type().name == "[]string"
        {
            // Go sorts the very list that it is given here.
            list.sort_texts();
            return Ok(Value::List(list.clone()));
        }
        let mut texts = to_texts(list);
        if list.is_nil() {
            texts.push(to_text(list));
        }
        if elements(list).is_some() {
            texts.sort();
        }
        Ok(Value::texts(texts))
    });
    functions.register("quote", ANIES, |_, arguments| {
        let quoted = arguments.iter().filter(|argument| !argument.is_nil());
        let quoted: Vec<String> = quoted.map(|argument| quote(to_text(argument).as_bytes())).collect();
        Ok(Value::text(quoted.join(" ")))
    });
    functions.register("squote", ANIES, |_, arguments| {
        let mut quoted = Vec::new();
        for argument in arguments.iter().filter(|argument| !argument.is_nil()) {
            if !quoted.is_empty() {
                quoted.push(b' ');
            }
            quoted.push(b'\'');
            quoted.extend_from_slice(text_of(argument).as_bytes());
            quoted.push(b'\'');
        }
        Ok(Value::text(quoted))
    });
    functions.register("cat", ANIES, |_, arguments| {
        let parts: Vec<Text> = arguments
            .iter()
            .filter(|argument| !argument.is_nil())
            .map(text_of)
            .collect();
        let parts: Vec<&[u8]> = parts.iter().map(Text::as_bytes).collect();
        Ok(Value::text(parts.join(&b' ')))
    });
    functions.register("plural", TEXT_TEXT_INT, |_, arguments| {
        Ok(arguments[usize::from(int(arguments, 2) != 1)].clone())
    });
}

fn layout(functions: &mut Functions) {
    functions.register("repeat", INT_TEXT, |context, arguments| {
        let part = bytes(arguments, 1);
        let count = repeat_count(context, int(arguments, 0), part.len())?;
        Ok(Value::text(part.repeat(count)))
    });
    functions.register("indent", INT_TEXT, |context, arguments| {
        Ok(Value::text(indented(context, arguments, b"")?))
    });
    functions.register("nindent", INT_TEXT, |context, arguments| {
        Ok(Value::text(indented(context, arguments, b"\n")?))
    });
    functions.register("replace", TEXT_TEXT_TEXT, |context, arguments| {
        let (old, new, whole) = (bytes(arguments, 0), bytes(arguments, 1), bytes(arguments, 2));
        Ok(Value::text(replaced(context, whole, old, new)?))
    });
    functions.register("wrap", INT_TEXT, |context, arguments| {
        wrapped(context, bytes(arguments, 1), int(arguments, 0), b"\n", false)
    });
    let wrap_with = Signature::new(&[Parameter::Int, Parameter::Text, Parameter::Text]);
    functions.register("wrapWith", wrap_with, |context, arguments| {
        let separator = match bytes(arguments, 1) {
            b"" => b"\n",
            separator => separator,
        };
        wrapped(context, bytes(arguments, 2), int(arguments, 0), separator, true)
    });
}

fn repeat_count(context: &mut Context<'_>, count: i64, length: usize) -> Result<usize, FunctionError> {
    let count = usize::try_from(count).map_err(|_| "strings: negative Repeat count")?;
    context.charge_bytes(count.saturating_mul(length))?;
    Ok(count)
}

fn indented(context: &mut Context<'_>, arguments: &[Value], before: &[u8]) -> Result<Vec<u8>, FunctionError> {
    let whole = bytes(arguments, 1);
    let spaces = repeat_count(context, int(arguments, 0), 1)?;
    let lines = whole.iter().filter(|byte| **byte == b'\n').count() + 1;
    context.charge_bytes(spaces.saturating_mul(lines))?;
    let mut result = Vec::with_capacity(before.len() + whole.len() + spaces * lines);
    result.extend_from_slice(before);
    for (index, line) in whole.split(|byte| *byte == b'\n').enumerate() {
        if index > 0 {
            result.push(b'\n');
        }
        result.resize(result.len() + spaces, b' ');
        result.extend_from_slice(line);
    }
    Ok(result)
}

fn replaced(context: &mut Context<'_>, whole: &[u8], old: &[u8], new: &[u8]) -> Result<Vec<u8>, FunctionError> {
    let mut result = Vec::with_capacity(whole.len());
    let mut rest = whole;
    if old.is_empty() {
        // Go replaces the nothing before each character and at the end.
        context.charge_bytes(new.len().saturating_mul(whole.len() + 1))?;
        while !rest.is_empty() {
            let length = first_character(rest);
            result.extend_from_slice(new);
            result.extend_from_slice(&rest[..length]);
            rest = &rest[length..];
        }
        result.extend_from_slice(new);
        return Ok(result);
    }
    while let Some(index) = find(rest, old) {
        context.charge_bytes(new.len())?;
        result.extend_from_slice(&rest[..index]);
        result.extend_from_slice(new);
        rest = &rest[index + old.len()..];
    }
    result.extend_from_slice(rest);
    Ok(result)
}

/// Lines of at most `width` bytes, broken at spaces; long words are broken too if `breaks_words`.
fn wrapped(context: &mut Context<'_>, whole: &[u8], width: i64, separator: &[u8], breaks_words: bool) -> Outcome {
    let width = usize::try_from(width).unwrap_or(1).max(1);
    context.charge_bytes(whole.len().saturating_mul(separator.len().max(1)))?;
    let mut result = Vec::with_capacity(whole.len());
    let mut rest = whole;
    while rest.len() > width {
        if rest[0] == b' ' {
            rest = &rest[1..];
            continue;
        }
        let space = rest[..=width].iter().rposition(|byte| *byte == b' ');
        let (line, next) = match space {
            Some(space) => (space, space + 1),
            None if breaks_words => (width, width),
            None => match rest[width..].iter().position(|byte| *byte == b' ') {
                Some(space) => (width + space, width + space + 1),
                None => break,
            },
        };
        result.extend_from_slice(&rest[..line]);
        result.extend_from_slice(separator);
        rest = &rest[next..];
    }
    result.extend_from_slice(rest);
    Ok(Value::text(result))
}
