//! A text as YAML, in both of Go's dialects: read or refused, and what was read can be written and read again.

use fleet_core::yaml::{self, Dialect, ReadOptions, WriteOptions, WriteStyle};
use serde_json::Value;

use crate::Target;

/// The target.
pub const TARGET: Target = Target {
    name: "yaml",
    run,
    words: &[
        "- ",
        ": ",
        "? ",
        "<<: *a",
        "&a ",
        "*a",
        "!!str ",
        "!!binary ",
        "!!float ",
        "!<x> ",
        "---\n",
        "...\n",
        "|2-\n",
        ">+\n",
        "\\x41",
        "\"\\",
        "%TAG ! a:\n",
        "%YAML 1.1\n",
        "\t",
        "\r\n",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "1e3",
        "0x",
        "0o7",
        "1_0",
        "1:30",
        "yes",
        "~",
        "null",
        ".inf",
        ".nan",
        "2001-01-01",
        "{",
        "}",
        "[",
        "]",
        ",",
        "#",
        "'",
        "\"",
        "\n  ",
        "=",
    ],
};

/// Reads the text in all ways.
pub fn run(data: &[u8]) {
    let _ = yaml::decode(data);
    let text = String::from_utf8_lossy(data);
    for (dialect, style) in [(Dialect::GoYaml2, None), (Dialect::GoYaml3, Some(WriteStyle::GoYaml3))] {
        let options = ReadOptions::dialect(dialect);
        let _ = yaml::read_with(&text, &options.clone().strict());
        if let Ok(value) = yaml::read_with(&text, &options) {
            read_the_long_way(&text, &options, &value);
            round_trip(&value, &options, style);
        }
    }
    let _ = yaml::read_with_positions(&text);
    let _ = yaml::read_all(&text);
    let _ = yaml::read_object(&text);
    let _ = yaml::documents(&text);
}

/// A directive keeps a text from the quick way through plain documents.
fn read_the_long_way(text: &str, options: &ReadOptions, value: &Value) {
    if text.contains(['%', '\u{feff}']) || text.contains("---") {
        return;
    }
    let long = yaml::read_with(&format!("%YAML 1.1\n---\n{text}"), options);
    assert_eq!(long.as_ref(), Ok(value), "{text:?}");
}

fn round_trip(value: &Value, options: &ReadOptions, style: Option<WriteStyle>) {
    if holds_text_that_go_loses(value, style.is_some()) {
        return;
    }
    let written = match style {
        None => yaml::write(value),
        Some(style) => yaml::write_with(value, WriteOptions::style(style)),
    };
    let written = written.unwrap_or_else(|error| panic!("cannot write {value}: {error}"));
    let read = yaml::read_with(&written, options).unwrap_or_else(|error| panic!("cannot read {written:?}: {error}"));
    assert_eq!(floats(read), floats(value.clone()), "by way of {written:?}");
}

fn floats(mut value: Value) -> Value {
    yaml::numbers_to_f64(&mut value);
    value
}

/// What Go itself does not write, or not read as it was written: control characters, the key `<<` (a merge), keys of more than 1024
/// bytes as JSON, where a byte takes up to six (the parser that `sigs.k8s.io/yaml` turns JSON to YAML by refuses them), and in go-yaml v3 literals with tabs.
fn holds_text_that_go_loses(value: &Value, version_3: bool) -> bool {
    let lost = |text: &str| {
        text == "<<"
            || text.chars().any(|letter| {
                matches!(letter, '\u{7f}'..='\u{9f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
                    || version_3 && letter == '\t'
            })
    };
    match value {
        Value::String(text) => lost(text),
        Value::Array(items) => items.iter().any(|item| holds_text_that_go_loses(item, version_3)),
        Value::Object(map) => map
            .iter()
            .any(|(key, value)| key.len() > 160 || lost(key) || holds_text_that_go_loses(value, version_3)),
        _ => false,
    }
}
