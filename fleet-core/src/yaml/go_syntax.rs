//! Values in Go's syntax (`%#v`), as error texts show them: `map[interface {}]interface {}{"x":interface {}(nil)}`.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::Dialect;
use super::node::{Node, NodeKind};
use super::number::{Integer, format_g};
use super::scalar::{self, Scalar};

/// No error text needs more; what is longer ends in an ellipsis.
const MAX_LENGTH: usize = 64 << 10;

/// A node's value in Go's syntax.
pub(super) fn show(node: &Node, anchors: &HashMap<u32, &Node>, dialect: Dialect) -> String {
    let mut printer = Printer {
        anchors,
        dialect,
        out: String::new(),
    };
    printer.print(node, true, 0);
    printer.out
}

struct Printer<'a> {
    anchors: &'a HashMap<u32, &'a Node>,
    dialect: Dialect,
    out: String,
}

impl<'a> Printer<'a> {
    fn print(&mut self, node: &'a Node, top: bool, depth: usize) {
        if self.out.len() > MAX_LENGTH || depth > 1000 {
            self.out.push('…');
            return;
        }
        match &node.kind {
            NodeKind::Scalar { .. } => {
                let text = match self.resolve(node) {
                    Scalar::Null if top => "<nil>".to_owned(),
                    Scalar::Null => "interface {}(nil)".to_owned(),
                    Scalar::Boolean(value) => value.to_string(),
                    Scalar::Integer(Integer::Signed(value)) => value.to_string(),
                    Scalar::Integer(Integer::Unsigned(value)) => format!("{value:#x}"),
                    Scalar::Float(value) => format_g(value),
                    Scalar::String(text) | Scalar::Timestamp(text) => quote(&text),
                };
                self.out.push_str(&text);
            }
            NodeKind::Sequence { items, .. } => {
                self.out.push_str("[]interface {}{");
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.out.push_str(", ");
                    }
                    self.print(item, false, depth + 1);
                }
                self.out.push('}');
            }
            NodeKind::Mapping { entries, .. } => {
                self.out.push_str(match self.dialect {
                    Dialect::GoYaml2 => "map[interface {}]interface {}{",
                    Dialect::GoYaml3 => "map[string]interface {}{",
                });
                // Go prints maps by keys: numbers by value, texts by bytes.
                let mut sorted: Vec<_> = entries
                    .iter()
                    .map(|(key, value)| (self.resolve(key), key, value))
                    .collect();
                sorted.sort_by(|a, b| compare(&a.0, &b.0));
                for (index, (_, key, value)) in sorted.into_iter().enumerate() {
                    if index > 0 {
                        self.out.push_str(", ");
                    }
                    self.print(key, false, depth + 1);
                    self.out.push(':');
                    self.print(value, false, depth + 1);
                }
                self.out.push('}');
            }
            NodeKind::Alias { anchor, recursive } => match self.anchors.get(&anchor.number) {
                Some(target) if !recursive => self.print(target, top, depth + 1),
                _ => self.out.push('…'),
            },
        }
    }

    fn resolve(&self, node: &Node) -> Scalar {
        match &node.kind {
            NodeKind::Scalar { text, implicit, .. } => {
                scalar::resolve(text, node.tag.as_deref(), *implicit, self.dialect)
                    .unwrap_or_else(|_| Scalar::String(text.clone()))
            }
            _ => Scalar::Null,
        }
    }
}

/// Go's order of map keys: nil first, types in the order that the linker gave them, then by value.
fn compare(a: &Scalar, b: &Scalar) -> Ordering {
    fn rank(scalar: &Scalar) -> u8 {
        match scalar {
            Scalar::Null => 0,
            Scalar::String(_) | Scalar::Timestamp(_) => 1,
            Scalar::Boolean(_) => 2,
            Scalar::Integer(_) => 3,
            Scalar::Float(_) => 4,
        }
    }
    match (a, b) {
        (Scalar::String(a), Scalar::String(b)) => a.cmp(b),
        (Scalar::Integer(Integer::Signed(a)), Scalar::Integer(Integer::Signed(b))) => a.cmp(b),
        (Scalar::Float(a), Scalar::Float(b)) => a.total_cmp(b),
        (Scalar::Boolean(a), Scalar::Boolean(b)) => a.cmp(b),
        _ => rank(a).cmp(&rank(b)),
    }
}

/// `strconv.Quote`, near enough for error texts: printable characters stay.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            c if c.is_ascii_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if c.is_control() || matches!(c, '\u{a0}' | '\u{ad}' | '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
