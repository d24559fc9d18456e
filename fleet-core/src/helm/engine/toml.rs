//! `toToml`, with the layout of `BurntSushi/toml` v1.6: plain keys before tables, tables indented by two under their parent.

mod read;

use crate::template::{Kind, Text, Value, format};

pub(super) use read::read;

/// Deeper values are refused: they are cyclic, or made to exhaust the stack.
const MAX_DEPTH: usize = 1000;

/// Writes a value; only a map is a document, but anything else is written too, as Go's encoder does.
pub(super) fn write(value: &Value) -> Result<String, String> {
    let mut writer = Writer { out: String::new() };
    match entries(value) {
        Some(entries) => writer.table(&[], entries)?,
        None if value.is_nil() => return Err("reflect: call of reflect.Value.Type on zero Value".to_owned()),
        None if matches!(value, Value::Complex(..)) => {
            return Err(format!("unsupported type for key '': {}", value.type_name()));
        }
        None => writer.element(value, 0)?,
    }
    Ok(writer.out)
}

/// Nil, or a nil map.
fn is_nil(value: &Value) -> bool {
    value.is_nil() || value.as_map().is_some_and(|map| map.map_type().nil && map.is_empty())
}

type Entries = Vec<(String, Value)>;

/// The entries of a map or the fields of a struct.
fn entries(value: &Value) -> Option<Entries> {
    match value {
        Value::Map(map) if map.map_type().nil && map.is_empty() => None,
        Value::Map(map) => {
            let entries = map.entries();
            Some(
                entries
                    .iter()
                    .map(|(key, value)| (key.to_str().into_owned(), value.clone()))
                    .collect(),
            )
        }
        Value::Object(object)
            if matches!(object.kind(), Kind::Struct | Kind::Pointer)
                && !matches!(object.json(), Ok(serde_json::Value::String(_))) =>
        {
            Some(
                object
                    .fields()
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect(),
            )
        }
        _ => None,
    }
}

/// The tables of a list that holds only tables.
fn tables(value: &Value) -> Result<Option<Vec<Entries>>, String> {
    let Value::List(list) = value else { return Ok(None) };
    let items = list.items();
    if items.iter().any(Value::is_nil) {
        return Err("toml: cannot encode array with nil element".to_owned());
    }
    let found: Option<Vec<Entries>> = items.iter().map(entries).collect();
    Ok(found.filter(|found| !found.is_empty()))
}

struct Writer {
    out: String,
}

impl Writer {
    fn table(&mut self, path: &[&str], entries: Entries) -> Result<(), String> {
        if path.len() > MAX_DEPTH {
            return Err("toml: tables nest too deeply".to_owned());
        }
        let mut later = Vec::new();
        for (key, value) in &entries {
            if is_nil(value) {
                continue;
            }
            if self::entries(value).is_some() || tables(value)?.is_some() {
                later.push((key, value));
                continue;
            }
            self.indent(path.len());
            self.out.push_str(&quoted_key(key));
            self.out.push_str(" = ");
            self.element(value, 0)?;
            self.out.push('\n');
        }
        for (key, value) in later {
            let path: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
            if let Some(items) = tables(value)? {
                for entries in items {
                    self.blank_line();
                    self.header(&path, "[[", "]]");
                    self.nested(&path, entries)?;
                }
            } else if let Some(entries) = self::entries(value) {
                if path.len() == 1 {
                    self.blank_line();
                }
                self.header(&path, "[", "]");
                self.nested(&path, entries)?;
            }
        }
        Ok(())
    }

    fn nested(&mut self, path: &[&str], entries: Entries) -> Result<(), String> {
        crate::template::with_stack(path.len(), || self.table(path, entries))
    }

    fn header(&mut self, path: &[&str], open: &str, close: &str) {
        self.indent(path.len() - 1);
        let path: Vec<String> = path.iter().map(|key| quoted_key(key)).collect();
        self.out.push_str(&format!("{open}{}{close}\n", path.join(".")));
    }

    fn indent(&mut self, depth: usize) {
        self.out.push_str(&"  ".repeat(depth));
    }

    fn blank_line(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    fn element(&mut self, value: &Value, depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err("toml: values nest too deeply".to_owned());
        }
        if let Some(entries) = entries(value) {
            self.out.push('{');
            let filled = entries.iter().filter(|(_, value)| !is_nil(value));
            for (index, (key, value)) in filled.enumerate() {
                self.out.push_str(if index > 0 { ", " } else { "" });
                self.out.push_str(&quoted_key(key));
                self.out.push_str(" = ");
                self.inner(value, depth)?;
            }
            self.out.push('}');
            return Ok(());
        }
        match value {
            Value::List(list) => {
                self.out.push('[');
                let items: Vec<Value> = list.items().to_vec();
                for (index, item) in items.iter().enumerate() {
                    if item.is_nil() {
                        return Err("toml: cannot encode array with nil element".to_owned());
                    }
                    self.out.push_str(if index > 0 { ", " } else { "" });
                    self.inner(item, depth)?;
                }
                self.out.push(']');
            }
            Value::Float(number) => self.out.push_str(&float(*number)),
            Value::Text(text) => self.out.push_str(&quoted(text)),
            // Times and versions are written as they are in JSON, times without quotes.
            Value::Object(object) if object.text().is_some() => match object.json()? {
                serde_json::Value::String(text) if object.type_name() == "time.Time" => self.out.push_str(&text),
                serde_json::Value::String(text) => self.out.push_str(&quoted(&Text::from(text))),
                other => self.out.push_str(&other.to_string()),
            },
            other => self
                .out
                .push_str(&format::sprintf_lossy("%v", std::slice::from_ref(other))),
        }
        Ok(())
    }

    fn inner(&mut self, value: &Value, depth: usize) -> Result<(), String> {
        crate::template::with_stack(depth, || self.element(value, depth + 1))
    }
}

/// Go's shortest form, with a decimal point where it has neither that nor an exponent.
fn float(number: f64) -> String {
    let text = format::sprintf_lossy("%v", &[Value::Float(number)]);
    match text.as_str() {
        "NaN" => "nan".to_owned(),
        "+Inf" => "inf".to_owned(),
        "-Inf" => "-inf".to_owned(),
        text if text.contains(['.', 'e']) => text.to_owned(),
        text => format!("{text}.0"),
    }
}

fn quoted_key(key: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !key.is_empty() && key.bytes().all(bare) {
        key.to_owned()
    } else {
        quoted(&Text::from(key))
    }
}

fn quoted(text: &Text) -> String {
    let mut out = String::from("\"");
    for character in text.to_str().chars() {
        match character {
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control < ' ' || control == '\u{7f}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(control)));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn layout() {
        let value = json!({"a": 1.0, "c": {"d": 1.5, "e": {"f": true}}, "g": [1.0, {"b": "x"}], "h": [{"a": 1.0}, {"b": {"c": 2.0}}]});
        let want = "a = 1.0\ng = [1.0, {b = \"x\"}]\n\n[c]\n  d = 1.5\n  [c.e]\n    f = true\n\n[[h]]\n  a = 1.0\n\n[[h]]\n  [h.b]\n    c = 2.0\n";
        assert_eq!(write(&Value::from_json(&value)).as_deref(), Ok(want));
        let odd = json!({"": 1e6, "q r": {"s.t": "\u{7f}é\n"}});
        assert_eq!(
            write(&Value::from_json(&odd)).as_deref(),
            Ok("\"\" = 1e+06\n\n[\"q r\"]\n  \"s.t\" = \"\\u007fé\\n\"\n")
        );
        assert_eq!(
            write(&Value::from_json(&json!([null]))).unwrap_err(),
            "toml: cannot encode array with nil element"
        );
    }
}
