//! The layout: block style with an indent of 2, folding, quoting. Follows what libyaml's emitter does as go-yaml sets it up.
//!
//! `whitespace` and `indention` are that emitter's memory of what stands before the cursor: whether a blank is needed before
//! the next indicator, and whether the line holds nothing but indentation and indicators so far.

use serde_json::{Number, Value};

use super::super::number::{format_g, format_json};
use super::order;
use super::style::{Analysis, TextStyle, analyze, choose, is_break, is_printable};
use super::{Shape, WriteStyle, Written};

/// Keys longer than this (in bytes) stand on a line of their own, after `?`.
const SIMPLE_KEY_LENGTH: usize = 128;
/// What indents are made of.
const SPACES: &str = "                                                                ";
/// A blank beyond this column is where a line is folded.
const WIDTH: usize = 80;

/// Writes to the end of a text; none, and only a part is there, if go-yaml v2 might not read the JSON of the value back as it was.
pub(super) fn emit(value: &impl Written, style: WriteStyle, out: &mut String) -> Option<()> {
    emit_with(value, style, style == WriteStyle::Kubernetes, out)
}

/// Writes what go-yaml v2 has read from JSON.
pub(super) fn emit_read(value: &Value, out: &mut String) {
    emit_with(value, WriteStyle::Kubernetes, false, out);
}

fn emit_with(value: &impl Written, style: WriteStyle, checked: bool, out: &mut String) -> Option<()> {
    let mut emitter = Emitter {
        out,
        style,
        checked,
        column: 0,
        whitespace: true,
        indention: true,
    };
    emitter.node(value, None, false)?;
    emitter.indent(0);
    Some(())
}

struct Emitter<'a> {
    out: &'a mut String,
    style: WriteStyle,
    /// Gives up where the detour through JSON could show.
    checked: bool,
    column: usize,
    whitespace: bool,
    indention: bool,
}

impl Emitter<'_> {
    /// `parent`: the indent of the collection around, `None` at the top.
    fn node<T: Written>(&mut self, value: &T, parent: Option<usize>, in_mapping: bool) -> Option<()> {
        let scalar_indent = parent.map_or(2, |indent| indent + 2);
        match value.shape()? {
            Shape::Null => self.plain("null", scalar_indent, false),
            Shape::Boolean(value) => self.plain(if value { "true" } else { "false" }, scalar_indent, false),
            Shape::Number(number) => self.plain(&self.number(&number), scalar_indent, false),
            Shape::Text(text) => {
                let analysis = self.analyze(&text)?;
                self.text(&text, &analysis, scalar_indent, false);
            }
            Shape::List([]) => self.empty("[]"),
            Shape::Map(entries) if entries.is_empty() => self.empty("{}"),
            Shape::List(items) => {
                let indentless = self.style == WriteStyle::Kubernetes && in_mapping && !self.indention;
                let indent = parent.map_or(0, |indent| if indentless { indent } else { indent + 2 });
                for item in items {
                    self.indent(indent);
                    self.indicator("-", true, true);
                    self.node(item, Some(indent), false)?;
                }
            }
            Shape::Map(entries) => {
                let indent = parent.map_or(0, |indent| indent + 2);
                for (key, value) in order::sort(entries, self.style) {
                    self.indent(indent);
                    let analysis = self.analyze(key)?;
                    // A key's JSON may be six times as long as the key.
                    if self.checked && key.len() >= 160 {
                        return None;
                    }
                    if key.len() <= SIMPLE_KEY_LENGTH && !analysis.multiline {
                        self.text(key, &analysis, indent + 2, true);
                        self.indicator(":", false, false);
                    } else {
                        self.indicator("?", true, true);
                        self.text(key, &analysis, indent + 2, false);
                        self.indent(indent);
                        self.indicator(":", true, true);
                    }
                    self.node(value, Some(indent), true)?;
                }
            }
        }
        Some(())
    }

    fn analyze(&self, text: &str) -> Option<Analysis> {
        let analysis = analyze(text, self.style);
        (!self.checked || analysis.survives).then_some(analysis)
    }

    fn number(&self, number: &Number) -> String {
        if let Some(value) = number.as_i64() {
            return value.to_string();
        }
        if let Some(value) = number.as_u64() {
            return value.to_string();
        }
        let Some(value) = number.as_f64() else {
            return number.to_string();
        };
        if self.style == WriteStyle::Kubernetes
            && let Some(text) = format_json(value)
        {
            // The JSON of a whole number is read back as an integer, as long as it fits.
            if let Ok(whole) = text.parse::<i64>() {
                return whole.to_string();
            }
            if let Ok(whole) = text.parse::<u64>() {
                return whole.to_string();
            }
        }
        format_g(value)
    }

    fn empty(&mut self, brackets: &str) {
        self.indicator(brackets, true, false);
    }

    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    /// Writes a piece without breaks.
    fn put_all(&mut self, piece: &str) {
        self.out.push_str(piece);
        self.column += if piece.is_ascii() {
            piece.len()
        } else {
            piece.chars().count()
        };
    }

    fn line_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    /// Writes a break of the text itself.
    fn text_break(&mut self, c: char) {
        if c == '\n' {
            self.line_break();
        } else {
            self.out.push(c);
            self.column = 0;
        }
        self.indention = true;
    }

    /// Goes to an indent, on a new line unless this one is still blank up to there.
    fn indent(&mut self, indent: usize) {
        if !self.indention || self.column > indent || self.column == indent && !self.whitespace {
            self.line_break();
        }
        let mut missing = indent.saturating_sub(self.column);
        self.column += missing;
        while missing > 0 {
            let piece = &SPACES[..missing.min(SPACES.len())];
            self.out.push_str(piece);
            missing -= piece.len();
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn indicator(&mut self, indicator: &str, blank_before: bool, is_indention: bool) {
        if blank_before && !self.whitespace {
            self.put(' ');
        }
        self.put_all(indicator);
        self.whitespace = false;
        self.indention &= is_indention;
    }

    fn text(&mut self, text: &str, analysis: &Analysis, indent: usize, simple_key: bool) {
        match choose(text, analysis, simple_key, self.style) {
            TextStyle::Plain => self.plain(text, indent, !simple_key),
            TextStyle::SingleQuoted => self.single_quoted(text, indent, !simple_key),
            TextStyle::DoubleQuoted => self.double_quoted(text, indent, !simple_key),
            TextStyle::Literal => self.literal(text, indent),
        }
    }

    fn folds(&self) -> bool {
        self.style == WriteStyle::Kubernetes && self.column > WIDTH
    }

    fn plain(&mut self, text: &str, indent: usize, may_fold: bool) {
        if !self.whitespace {
            self.put(' ');
        }
        let mut rest = text;
        let mut after_space = false;
        loop {
            let (word, more) = rest.split_at(memchr::memchr(b' ', rest.as_bytes()).unwrap_or(rest.len()));
            if !word.is_empty() {
                self.put_all(word);
                self.indention = false;
                after_space = false;
            }
            let Some(more) = more.strip_prefix(' ') else { break };
            if may_fold && !after_space && self.folds() && !more.starts_with(' ') {
                self.indent(indent);
            } else {
                self.put(' ');
            }
            after_space = true;
            rest = more;
        }
        self.whitespace = false;
        self.indention = false;
    }

    fn single_quoted(&mut self, text: &str, indent: usize, may_fold: bool) {
        self.indicator("'", true, false);
        let (mut after_space, mut after_break) = (false, false);
        let mut first = true;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if c == ' ' {
                let inside = !first && chars.peek().is_some_and(|next| *next != ' ');
                if may_fold && !after_space && inside && self.folds() {
                    self.indent(indent);
                } else {
                    self.put(c);
                }
                after_space = true;
            } else if is_break(c) {
                if !after_break && c == '\n' {
                    self.line_break();
                }
                self.text_break(c);
                after_break = true;
            } else {
                if after_break {
                    self.indent(indent);
                }
                if c == '\'' {
                    self.put('\'');
                }
                self.put(c);
                self.indention = false;
                (after_space, after_break) = (false, false);
            }
            first = false;
        }
        self.indicator("'", false, false);
    }

    fn double_quoted(&mut self, text: &str, indent: usize, may_fold: bool) {
        self.indicator("\"", true, false);
        // go-yaml asks for a byte order mark at the beginning of the text, wherever it is in it.
        let escape_all = text.starts_with('\u{feff}');
        let (mut after_space, mut first) = (false, true);
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if escape_all || !self.printable(c) || is_break(c) || c == '"' || c == '\\' {
                self.escape(c);
                after_space = false;
            } else if c == ' ' {
                if may_fold && !after_space && !first && chars.peek().is_some() && self.folds() {
                    self.indent(indent);
                    if chars.peek() == Some(&' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(c);
                }
                after_space = true;
            } else {
                self.put(c);
                after_space = false;
            }
            first = false;
        }
        self.indicator("\"", false, false);
    }

    fn printable(&self, c: char) -> bool {
        is_printable(c)
    }

    fn escape(&mut self, c: char) {
        let short = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(c);
                let text = match code {
                    0..=0xff => format!("\\x{code:02X}"),
                    0x100..=0xffff => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                };
                text.chars().for_each(|c| self.put(c));
                return;
            }
        };
        self.put('\\');
        self.put(short);
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.indicator("|", true, false);
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            self.indicator("2", false, false);
        }
        let mut ends = text.chars().rev();
        match (ends.next().is_some_and(is_break), ends.next().is_none_or(is_break)) {
            (false, _) => self.indicator("-", false, false),
            (true, true) => self.indicator("+", false, false),
            (true, false) => {}
        }
        self.line_break();
        self.indention = true;
        self.whitespace = true;
        let newlines_only = !text.contains(['\r', '\u{85}', '\u{2028}', '\u{2029}']);
        let mut rest = text;
        while !rest.is_empty() {
            let end = if newlines_only {
                memchr::memchr(b'\n', rest.as_bytes())
            } else {
                rest.find(is_break)
            };
            let (line, more) = rest.split_at(end.unwrap_or(rest.len()));
            if !line.is_empty() {
                self.indent(indent);
                self.put_all(line);
                self.indention = false;
            }
            let mut more = more.chars();
            if let Some(c) = more.next() {
                self.text_break(c);
            }
            rest = more.as_str();
        }
    }
}
