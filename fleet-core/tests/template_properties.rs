//! Nothing that a template or its data can say makes the engine panic, hang or exhaust memory.
#![allow(clippy::unwrap_used)] // Tests.

use std::sync::Arc;

use fleet_core::sprig;
use fleet_core::template::{
    Context, Limits, SeededEnvironment, Template, TemplateError, TemplateOptions, Templates, Text, Value,
};
use proptest::prelude::*;

/// Limits that a run reaches within a moment.
fn small_limits() -> Limits {
    let mut limits = Limits::default();
    limits.steps = 20_000;
    limits.bytes = 4 << 20;
    limits
}

fn data() -> Value {
    Value::map([
        ("s", Value::text("some text")),
        ("n", Value::Float(3.5)),
        ("l", Value::list([Value::Int(1), Value::Nil, Value::text("x")])),
        ("m", Value::map([("a", Value::map([("b", Value::Bool(true))]))])),
        ("bytes", Value::Text(Text::from_bytes([0xff, b'a', 0xe2, 0x82]))),
    ])
}

fn run(text: &str) -> Result<Text, TemplateError> {
    let template = Template::parse("t", text, Arc::new(sprig::functions()), TemplateOptions::default())?;
    template.execute(&data(), &SeededEnvironment::default(), small_limits())
}

/// Pieces of which templates are made, well-formed and not.
fn piece() -> impl Strategy<Value = String> {
    let names: Vec<String> = {
        // Keys take long to make; their functions are tested by themselves.
        let slow = |name: &&str| !name.starts_with("gen") && !["bcrypt", "htpasswd", "derivePassword"].contains(name);
        sprig::functions()
            .names()
            .into_iter()
            .filter(slow)
            .map(str::to_owned)
            .collect()
    };
    let fixed = [
        "{{",
        "}}",
        "{{- ",
        " -}}",
        "{{/*",
        "*/}}",
        "if ",
        "else ",
        "end ",
        "range ",
        "with ",
        "define \"x\" ",
        "template \"x\" ",
        "block \"x\" ",
        "break",
        "continue",
        "$x",
        "$",
        ".",
        ".s",
        ".n",
        ".l",
        ".m.a.b",
        ".bytes",
        ".nope",
        " | ",
        " := ",
        " = ",
        ", ",
        "(",
        ")",
        " ",
        "\n",
        "nil",
        "true",
        "\"text\"",
        "`raw`",
        "'c'",
        "0",
        "-1",
        "9223372036854775807",
        "1.5",
        "1e308",
        "0x1F",
        "1i",
        "printf \"%v%d%[3]*.2f|\" ",
        "index ",
        "eq ",
        "and ",
        "\"%s\"",
        "\"(a+)+$\"",
        "\"2006-01-02\"",
        "\"é\\xff\"",
        "é",
        "\"\"",
    ];
    prop_oneof![
        4 => proptest::sample::select(fixed.to_vec()).prop_map(str::to_owned),
        3 => proptest::sample::select(names).prop_map(|name| format!("{name} ")),
        1 => any::<char>().prop_map(String::from),
    ]
}

/// A call with arguments of all kinds, which is well-formed.
fn call() -> impl Strategy<Value = String> {
    let arguments = [
        ".",
        ".s",
        ".n",
        ".l",
        ".m",
        ".bytes",
        ".nope",
        "nil",
        "true",
        "\"\"",
        "\"text\"",
        "\"1h\"",
        "\"%d %s\"",
        "\"[\"",
        "\"1.2.3\"",
        "0",
        "1",
        "-1",
        "3",
        "-9223372036854775808",
        "1.5",
        "(list)",
        "(dict)",
        "(int64 -7)",
        "(list 1 \"a\" nil)",
        "(dict \"k\" (list 1))",
        "(semver \"1.2.3\")",
        "(toDate \"2006\" \"2020\")",
        "100000",
    ];
    let slow = |name: &&str| !name.starts_with("gen") && !["bcrypt", "htpasswd", "derivePassword"].contains(name);
    let mut names: Vec<String> = sprig::functions()
        .names()
        .into_iter()
        .filter(slow)
        .map(str::to_owned)
        .collect();
    names.extend(
        [
            "index", "slice", "len", "print", "printf", "println", "html", "js", "urlquery", "eq", "lt", "not", "call",
        ]
        .map(str::to_owned),
    );
    let argument = proptest::sample::select(arguments.to_vec());
    (
        proptest::sample::select(names),
        proptest::collection::vec(argument, 0..5),
    )
        .prop_map(|(name, arguments)| format!("{{{{ {name} {} }}}}", arguments.join(" ")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text_is_a_template_or_an_error(pieces in proptest::collection::vec(piece(), 0..24)) {
        let _ = run(&pieces.concat());
    }

    #[test]
    fn any_action_is_a_result_or_an_error(pieces in proptest::collection::vec(piece(), 0..12)) {
        let _ = run(&format!("{{{{ {} }}}}", pieces.concat()));
    }

    #[test]
    fn any_call_is_a_result_or_an_error(text in call()) {
        let first = run(&text).map_err(|error| error.to_string());
        let second = run(&text).map_err(|error| error.to_string());
        prop_assert_eq!(first, second);
    }

    #[test]
    fn text_without_actions_is_copied(text in "[^{]{0,200}") {
        prop_assert_eq!(run(&text).unwrap(), text.as_str());
    }

    #[test]
    fn a_quoted_text_is_read_back(text in any::<String>()) {
        let quoted = fleet_core::template::quote::quote(text.as_bytes());
        prop_assert_eq!(run(&format!("{{{{ {quoted} }}}}")).unwrap(), text.as_str());
    }

    #[test]
    fn base64_and_json_are_read_back(text in any::<String>()) {
        let quoted = fleet_core::template::quote::quote(text.as_bytes());
        let template = format!("{{{{ {quoted} | b64enc | b64dec | b32enc | b32dec | toJson | fromJson }}}}");
        prop_assert_eq!(run(&template).unwrap(), text.as_str());
    }
}

fn fails_with(text: &str, part: &str) {
    let error = run(text).unwrap_err().to_string();
    assert!(error.contains(part), "{error}");
}

#[test]
fn a_run_is_bounded() {
    fails_with("{{ range until 1000000 }}{{ end }}", "more than the limit of");
    fails_with("{{ range 1000000 }}{{ end }}", "more than the limit of 20000 steps");
    fails_with("{{ repeat 1000000000 \"x\" }}", "more than the limit of");
    fails_with(
        "{{ $x := \"x\" }}{{ range until 60 }}{{ $x = print $x $x }}{{ end }}",
        "more than the limit of",
    );
    fails_with(
        "{{ $x := list 1 }}{{ range until 60 }}{{ $x = concat $x $x }}{{ end }}",
        "more than the limit of",
    );
    fails_with(
        "{{ define \"x\" }}{{ template \"x\" }}{{ end }}{{ template \"x\" }}",
        "more than the limit of",
    );
    fails_with("{{ indent 1000000000 \"x\" }}", "more than the limit of");
    fails_with("{{ seq 1 1000000000 }}", "more than the limit of");
    fails_with("{{ randAlpha 1000000000 }}", "more than the limit of");
    fails_with(
        "{{ replace \"\" (repeat 10000 \"x\") (repeat 10000 \"y\") }}",
        "more than the limit of",
    );
}

#[test]
fn templates_nest_as_deep_as_the_limit_says() {
    let mut templates = Templates::new("t", Arc::new(sprig::functions()), TemplateOptions::default());
    templates
        .parse(
            "t",
            "{{ define \"x\" }}{{ if true }}{{ template \"x\" . }}{{ end }}{{ end }}{{ template \"x\" }}",
        )
        .unwrap();
    let environment = SeededEnvironment::default();
    let mut context = Context::new(Arc::new(templates), &environment, Limits::default());
    let error = context.execute("t", &Value::Nil).unwrap_err().to_string();
    assert!(error.ends_with("exceeded maximum template depth (100000)"), "{error}");
}

#[test]
fn nesting_of_text_and_values_is_bounded() {
    let deep = format!("{{{{ {}1{} }}}}", "(".repeat(100_000), ")".repeat(100_000));
    fails_with(&deep, "max expression depth exceeded");
    let deep = format!("{}{}", "{{if true}}".repeat(100_000), "{{end}}".repeat(100_000));
    fails_with(&deep, "max expression depth exceeded");
    let within = format!("{{{{ {}1{} }}}}", "(".repeat(900), ")".repeat(900));
    assert_eq!(run(&within).unwrap(), "1");
    // A list in a list in a list, and so on: printed as far as it goes, and dropped without recursion.
    let nested = "{{ $x := list }}{{ range until 5000 }}{{ $x = list $x }}{{ end }}{{ $x }}{{ toJson $x }}";
    assert!(run(nested).unwrap().to_str().contains("[[[["));
    // A map that contains itself.
    let cyclic =
        "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ $d | toString | len }}{{ toJson $d }}{{ deepEqual $d (dict) }}";
    assert!(run(cyclic).is_ok());
    fails_with(
        "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ deepCopy $d }}",
        "nests too deeply",
    );
}
