//! The quick way and the long way give one tree, places included.

use proptest::prelude::*;

use super::super::{Dialect, Limits, ReadOptions, node, value};
use super::{Nodes, Values, read};

/// Compares both ways; says whether the quick one was taken.
fn compare(text: &str) -> bool {
    let limits = Limits::default();
    let Some(root) = read(text, &limits, &mut Nodes) else {
        return false;
    };
    for dialect in [Dialect::GoYaml2, Dialect::GoYaml3] {
        let tree = node::compose(text, dialect, &limits)
            .unwrap_or_else(|error| panic!("{text:?}: {error}"))
            .unwrap_or_else(|| panic!("{text:?}: nothing"));
        assert_eq!(root, tree.root, "{text:?}");
        for strict in [false, true] {
            let mut options = ReadOptions::dialect(dialect);
            options.strict = strict;
            let repeats = dialect == Dialect::GoYaml2 && !strict;
            let long = value::convert(&tree, &options);
            for kept in [true, false] {
                let keeps = |_: usize, _: &str| kept;
                if let Some(value) = read(
                    text,
                    &limits,
                    &mut Values {
                        dialect,
                        repeats,
                        keeps,
                    },
                ) {
                    let long = long.as_ref().unwrap_or_else(|error| panic!("{text:?}: {error}"));
                    assert!(!kept || value == *long, "{text:?}: {value} is not {long}");
                }
            }
        }
    }
    true
}

#[test]
fn plain_documents_are_read_quickly() {
    for text in [
        "a: 1\nb:\n  c: [x, \"y\", {z: 1}]\n  d: {}\ne: []\n",
        "# c\n---\n# d\na:\n- b\n-   c: 1 # e\n    d: 'it''s'\n-\n- - x\n  - y\nf: \"q\\n\"\n",
        "a: |\n  x\n\n    y\n  \nb: >-\n  one\n  two\n\n  three\n   deeper\n  four\nc: |+\n  end\n\n",
        "- a: b\n  c:\n\n  d: e # f\n- x:y\n",
        "a: ünï\n'b c': d\n\"e\": f\ng:\n# h\n  i: j",
        "k: |\n  no break at the end",
        "a: one\n  two  \n\n   three # c\nb:\n- four\n  five\n\n\n- 8080: x\n  yes: y\n",
        "a: \"one\\\n  \\ two \\\n\n  \\u00e9\\x41\"\n",
        "a: 'one\n  it''s two\n\n  three'\nb: \"x \n\n\n  y\\n\n  z\"\nc: \"q\n\"\n",
    ] {
        assert!(compare(text), "{text:?} goes the long way");
    }
}

#[test]
fn what_is_uncommon_goes_the_long_way() {
    for text in [
        "a: b\n c: d\n",
        "a: &x 1\nb: *x\n",
        "a: b: c\n",
        "a:\tb\n",
        "- a\nb: c\n",
        "a: 'x\n---\n  y'\n",
        "a: \"\\e\"\n",
        "? a\n: b\n",
        "a: !!str 1\n",
        "{a: b}\n",
        "text\n",
        "",
        "# c\n",
        "a: b\n---\nc: d\n",
        "a: b\r\n",
        "a: |2\n  x\n",
        "a: [b,\n c]\n",
        "\u{feff}a: b\n",
        "a: \u{85}b\n",
    ] {
        assert!(!compare(text), "{text:?}");
    }
}

/// Lines of any kind, mistakes included.
pub(crate) fn line() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "b:",
        "- ",
        "-",
        "c: ",
        "d",
        ": ",
        ":",
        " ",
        "  ",
        "#",
        " # x",
        "|",
        "|-",
        "|+",
        ">",
        ">-",
        ">+",
        "'",
        "\"",
        "''",
        "\\n",
        "\\ ",
        "\\u00e9",
        "\\x4",
        "\\\n",
        "\\",
        "[",
        "]",
        "{",
        "}",
        ", ",
        ",",
        "1",
        "0x1",
        "1.5",
        "1e999",
        ".inf",
        "~",
        "null",
        "yes",
        "<<",
        "<<: ",
        "&x ",
        "*x",
        "!t ",
        "? ",
        "?",
        "%",
        "@",
        "`",
        "\t",
        "---",
        "...",
        "é",
        "\u{a0}",
        "\u{2028}",
        "2001-01-01",
        "=",
        "-x",
        "key",
    ]);
    let indent = prop::sample::select(vec!["", "", " ", "  ", "  ", "    "]);
    (indent, prop::collection::vec(piece, 0..6)).prop_map(|(indent, pieces)| format!("{indent}{}", pieces.concat()))
}

/// Lines of the common kind, so that long documents stay plain often.
pub(crate) fn common() -> impl Strategy<Value = String> {
    let indent = prop::sample::select(vec!["", "", "  ", "  ", "    ", "      "]);
    let rest = prop::sample::select(vec![
        "a: b",
        "b:",
        "c: 'd'",
        "- e",
        "- f: g",
        "-",
        "h: |",
        "i: >",
        "j: |+",
        "k: >-",
        "text",
        "",
        " ",
        "# comment",
        "l: [a, b]",
        "m: {a: b}",
        "n: \"o\\tp\" # q",
        "- - r",
        "s: t u v",
        "- w: |",
        "x y z",
        "a: c",
        "o: 'it''s'",
        "- \"a\": b",
        "p:  # q",
    ]);
    (indent, rest).prop_map(|(indent, rest)| format!("{indent}{rest}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn both_ways_agree(lines in prop::collection::vec(prop_oneof![1 => line(), 3 => common()], 1..9), end in prop::bool::ANY) {
        let mut text = lines.join("\n");
        if end {
            text.push('\n');
        }
        compare(&text);
    }

    #[test]
    fn both_ways_agree_on_plain_documents(lines in prop::collection::vec(common(), 1..12), end in prop::bool::ANY) {
        let mut text = lines.join("\n");
        if end {
            text.push('\n');
        }
        compare(&text);
    }
}
