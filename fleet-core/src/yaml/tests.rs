//! Reading and writing together.

use serde_json::json;

use super::*;

#[test]
fn reads_as_go_yaml_v2() {
    let value = read("a: yes\n0x10: &x {k: 1}\nb:\n  l: 3\n  <<: {l: 2, m: 1}\nc: 1\nc: 2\n").expect("valid");
    assert_eq!(value, json!({"a": true, "16": {"k": 1}, "b": {"l": 2, "m": 1}, "c": 2}));
}

#[test]
fn errors_are_gos() {
    for (text, want) in [
        (
            "a: {{ x }}\n",
            "yaml: invalid map key: map[interface {}]interface {}{\"x\":interface {}(nil)}",
        ),
        (
            "a:\n\tb: 1\n",
            "yaml: line 2: found character that cannot start any token",
        ),
        ("a: .inf\n", "json: unsupported value: +Inf"),
        (
            "~: 1\n",
            "unsupported map key of type: %!s(<nil>), key: <nil>, value: 1",
        ),
    ] {
        assert_eq!(read(text).expect_err(text).to_string(), want);
    }
}

#[test]
fn strict_reading_refuses_duplicate_keys() {
    let error = read_with("a: 1\nb: {c: 1}\na: 2\n", &ReadOptions::default().strict()).expect_err("a is there twice");
    assert_eq!(
        error.to_string(),
        "yaml: unmarshal errors:\n  line 3: key \"a\" already set in map"
    );
    let error = read_with("a: 1\na: 2\n", &ReadOptions::dialect(Dialect::GoYaml3)).expect_err("a is there twice");
    assert_eq!(
        error.to_string(),
        "yaml: unmarshal errors:\n  line 2: mapping key \"a\" already defined at line 1"
    );
}

#[test]
fn positions_are_found_by_pointer() {
    let (_, positions) = read_with_positions("helm:\n  values:\n    a/b: [1,\n      2]\n").expect("valid");
    assert_eq!(
        positions.get("/helm/values/a~1b/1"),
        Some(Position { line: 4, column: 7 })
    );
    assert_eq!(
        positions.nearest("/helm/values/nope/x"),
        Some(Position { line: 2, column: 3 })
    );
}

#[test]
fn bombs_are_errors() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let items = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    assert_eq!(read(&text), Err(YamlError::ExcessiveAliasing));
    let tree = node::parse(&text, Dialect::GoYaml3, &Limits::default())
        .expect("valid")
        .expect("a document");
    assert_eq!(tree.expand(&Limits::default()), Err(YamlError::ExcessiveAliasing));
    let error = read(&"[".repeat(20_000)).expect_err("too deep");
    assert_eq!(error.to_string(), "yaml: exceeded max depth of 10000");
    let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
    assert!(matches!(read(&deep), Err(YamlError::Limit { .. })));
    let mut chain = String::from("a0: &a0 [x]\n");
    for level in 1..2_000 {
        chain.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    assert!(read(&chain).is_err());
}
