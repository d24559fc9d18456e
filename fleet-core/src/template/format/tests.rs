use super::{sprint, sprintf};
use crate::template::{Text, Value};

fn check(format: &str, arguments: &[Value], want: &str) {
    assert_eq!(sprintf(&Text::from(format), arguments), want, "{format}");
}

#[test]
fn verbs_print_as_in_go() {
    check(
        "%05d|%-5s|%5.2f",
        &[Value::Int(42), "ab".into(), Value::Float(2.34567)],
        "00042|ab   | 2.35",
    );
    check("%d", &["x".into()], "%!d(string=x)");
    check("%s", &[Value::list([Value::Int(1), "a".into()])], "[%!s(int=1) a]");
    check(
        "%#v",
        &[Value::map([("a", Value::Int(1))])],
        "map[string]interface {}{\"a\":1}",
    );
    check("%[2]*[1]d", &[Value::Int(5), Value::Int(3)], "  5");
    check("%!", &[], "%!!(MISSING)");
    check("x", &[Value::Int(1)], "x%!(EXTRA int=1)");
}

#[test]
fn floats_print_as_in_go() {
    for (float, want) in [
        (100000.0, "100000"),
        (1e6, "1e+06"),
        (0.0001, "0.0001"),
        (1e-5, "1e-05"),
        (1e21, "1e+21"),
    ] {
        assert_eq!(sprint(&[Value::Float(float)]), want);
    }
}
