use proptest::prelude::*;

use super::*;

/// Accepted by kubectl v1.36, with the form that we print.
const ACCEPTED: &[(&str, &str)] = &[
    ("a in ()", "a in ()"),
    ("in in (in)", "in in (in)"),
    ("a=", "a="),
    ("a<1,b>2", "a<1,b>2"),
    ("!a,!b", "!a,!b"),
    ("a   in   (b ,c)", "a in (b,c)"),
    ("a in (,)", "a in ()"),
    ("a in (b,,c)", "a in (,b,c)"),
    ("a=,b", "a=,b"),
    ("notin", "notin"),
    ("a!=b", "a!=b"),
    ("a notin(x)", "a notin (x)"),
    ("b=2,a=1,a==0", "a=1,a==0,b=2"),
    ("a=in", "a=in"),
    ("in=x", "in=x"),
    ("!in", "!in"),
    (" ", ""),
    ("", ""),
];

/// Refused by kubectl v1.36.
const REFUSED: &[&str] = &[
    "a in",
    "a=b,!",
    "a==b,,c",
    "-x=1",
    "a b",
    "a=b c",
    "!a=b",
    "a in (x,y",
    "a>x",
    "a notin (x",
    "=",
    "a in (a b)",
    "x/y/z",
    "/y",
    "a=-b",
    "X_y/z",
    "a!b",
    "a,",
    ",a",
    "a=(b)",
    "a in (b),",
    "a>",
    "!",
    "a in b",
    "a in (=)",
    "a===b",
    "!!a",
    "a in (b)c",
    "a<1.5",
    "a=!b",
    "a=b=c",
    "a/=1",
    "é=1",
    "a=é",
    "a<>1",
    "!a in (b)",
    "a in (-x,y,_)",
    "!notin=",
    ",",
    "a,,",
    "(a)",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=b",
];

#[test]
fn the_string_form_is_kubectls() {
    for (text, printed) in ACCEPTED {
        assert_eq!(&Selector::parse(text).unwrap().to_string(), printed, "{text}");
    }
    for text in REFUSED {
        assert!(Selector::parse(text).is_err(), "{text} is accepted");
    }
}

fn selector(json: &str) -> Result<Selector, LabelError> {
    Selector::compile(&serde_json::from_str(json).unwrap())
}

#[test]
fn selectors_match_as_in_kubernetes() {
    let labels: Labels = [("env", "prod"), ("n", "5")]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
    for (json, matches) in [
        ("{}", true),
        (r#"{"matchLabels": {"env": "prod"}}"#, true),
        (r#"{"matchLabels": {"env": "prod", "x": ""}}"#, false),
        (
            r#"{"matchExpressions": [{"key": "env", "operator": "In", "values": ["dev", "prod"]}]}"#,
            true,
        ),
        (
            r#"{"matchExpressions": [{"key": "env", "operator": "NotIn", "values": ["prod"]}]}"#,
            false,
        ),
        (
            r#"{"matchExpressions": [{"key": "x", "operator": "NotIn", "values": ["prod"]}]}"#,
            true,
        ),
        (
            r#"{"matchExpressions": [{"key": "x", "operator": "DoesNotExist"}]}"#,
            true,
        ),
        (r#"{"matchExpressions": [{"key": "env", "operator": "Exists"}]}"#, true),
    ] {
        assert_eq!(selector(json).unwrap().matches(&labels), matches, "{json}");
    }
    assert!(Selector::parse("n>4,n<6,!x").unwrap().matches(&labels));
    assert!(!Selector::parse("env>4").unwrap().matches(&labels));
}

#[test]
fn what_is_wrong_is_said_in_kubernetes_words() {
    let expression = |operator: &str, values: &str| {
        selector(&format!(
            r#"{{"matchExpressions": [{{"key": "a", "operator": "{operator}", "values": {values}}}]}}"#
        ))
        .unwrap_err()
        .to_string()
    };
    assert_eq!(
        expression("Near", "[]"),
        "\"Near\" is not a valid label selector operator"
    );
    assert_eq!(
        expression("In", "[]"),
        "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty"
    );
    assert!(expression("Exists", r#"["x"]"#).ends_with("values set must be empty for exists and does not exist"));
    assert!(expression("In", r#"["a b"]"#).starts_with("values[0][a]: Invalid value: \"a b\": a valid label must be"));
    assert_eq!(
        Selector::parse("a=b,,c").unwrap_err().to_string(),
        "unable to parse requirement: found ',', expected: identifier after ','"
    );
}

proptest! {
    #[test]
    fn no_text_panics(text in "[ab!=<>(), innot/.é-]{0,30}") {
        if let Ok(selector) = Selector::parse(&text) {
            prop_assert_eq!(Selector::parse(&selector.to_string()).unwrap(), selector);
        }
    }
}
