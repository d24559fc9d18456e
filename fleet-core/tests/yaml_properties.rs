//! What holds for any text and any value: nothing panics, what is written is read back, and `serde_yaml` says the same where
//! YAML 1.1 and 1.2 agree.

use fleet_core::yaml::{self, Dialect, ReadOptions, WriteOptions, WriteStyle};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Texts full of what YAML cares about.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-c]{1,3}",
        Just(" ".to_owned()),
        Just("\n".to_owned()),
        Just("\n  ".to_owned()),
        "[-:?#&*!|>'\"%@`{}\\[\\],=~<]{1,2}",
        "\\PC",
        proptest::sample::select(vec![
            "- ",
            ": ",
            "? ",
            "<<: *a",
            "&a ",
            "*a",
            "!!str ",
            "!a!b ",
            "!<",
            "---\n",
            "...\n",
            "|2-\n",
            ">+\n",
            "\\x",
            "\"\\",
            "%TAG ! a:\n",
            "%YAML 1.1\n",
            "\t",
            "\r\n",
            "\u{85}",
            "\u{2028}",
            "\u{feff}",
            "%41",
            "1e3",
            "0x",
            "yes",
            "2001-01-01",
        ])
        .prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn values() -> impl Strategy<Value = Value> {
    let text =
        prop_oneof!["[ -~]{0,12}", "[a-z \n]{0,100}", "[\\PC\n\t]{0,12}"].prop_filter("these fail in Go", |text| {
            // Go writes the key `<<` without quotes, and reads it as a merge.
            text != "<<"
                && !text
                    .chars()
                    .any(|c| matches!(c, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}'))
        });
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        proptest::num::f64::NORMAL.prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((text.clone(), inner), 0..5)
                .prop_map(|entries| Value::Object(entries.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn as_floats(mut value: Value) -> Value {
    yaml::numbers_to_f64(&mut value);
    value
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn no_text_panics(text in texts()) {
        for dialect in [Dialect::GoYaml2, Dialect::GoYaml3] {
            if let Ok(value) = yaml::read_with(&text, &ReadOptions::dialect(dialect).strict()) {
                let _ = yaml::write(&value);
            }
        }
        let _ = yaml::read_with_positions(&text);
        let _ = yaml::read_all(&text);
    }

    #[test]
    fn what_is_written_is_read_back(value in values()) {
        let text = yaml::write(&value).expect("a text that Go writes");
        prop_assert_eq!(as_floats(yaml::read(&text).expect("what was written is YAML")), as_floats(value.clone()), "{}", text);
        let text = yaml::write_with(&value, WriteOptions::style(WriteStyle::GoYaml3)).expect("go-yaml v3 writes any text");
        // go-yaml v3 does not read its own literals that begin with a tab.
        if !text.contains('\t') {
            let read = yaml::read_with(&text, &ReadOptions::dialect(Dialect::GoYaml3)).expect("what was written is YAML");
            prop_assert_eq!(as_floats(read), as_floats(value.clone()), "{}", text);
        }
        // The order of keys does not show.
        prop_assert_eq!(yaml::json::to_string(&value), yaml::json::to_string(&yaml::read(&yaml::json::to_string(&value)).unwrap_or(value.clone())));
    }

    #[test]
    fn serde_yaml_reads_what_is_written(value in values()) {
        let text = yaml::write(&value).expect("a text that Go writes");
        let read: Value = serde_yaml::from_str(&text).expect("what was written is YAML 1.2 too");
        prop_assert_eq!(as_floats(read), as_floats(value), "{}", text);
    }
}

#[test]
fn deep_values_are_written() {
    let mut value = json!("x");
    for level in 0..400 {
        value = if level % 2 == 0 {
            json!([value])
        } else {
            json!({"a": value})
        };
    }
    let text = yaml::write(&value).expect("it is plain");
    assert_eq!(yaml::read(&text), Ok(value));
}
