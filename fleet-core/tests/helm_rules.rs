//! Small charts, with what Helm v4.2.3 makes of them: values of three levels of charts with nulls, globals and imports
//! (`helm/coalesce.json`), and values against schemas (`helm/schema.json`, `helm/schema_formats.json`). `expect` is the result, or the text of the error.
#![allow(clippy::disallowed_methods)]

use std::sync::Arc;

use fleet_core::helm::{Chart, ReleaseInfo, RenderOptions, render, values};
use serde::Deserialize;
use serde_json::{Map, Value};

fn chart(files: impl IntoIterator<Item = (String, String)>) -> Chart {
    let files = files
        .into_iter()
        .map(|(path, text)| (path, Arc::from(text.into_bytes())));
    Chart::from_files(files).expect("the chart can be loaded")
}

fn options() -> RenderOptions<'static> {
    RenderOptions::new(ReleaseInfo::install("rel", "ns"))
}

#[derive(Deserialize)]
struct CoalesceCase {
    files: Map<String, Value>,
    values: Value,
    expect: Value,
}

#[test]
fn values_are_coalesced_as_by_helm() {
    let cases: Vec<CoalesceCase> = serde_json::from_str(include_str!("helm/coalesce.json")).expect("cases are JSON");
    for case in cases {
        let files = case
            .files
            .iter()
            .map(|(path, text)| (path.clone(), text.as_str().unwrap_or_default().to_owned()));
        let template = ("templates/d.yaml".to_owned(), "{{ toJson .Values }}".to_owned());
        let chart = chart(files.chain([template]));
        let user = values::from_json(case.values.clone()).expect("values are an object");
        let got = match render(&chart, &user, &options()) {
            Ok(rendered) => serde_json::from_str(&rendered.files["t/templates/d.yaml"]).expect("toJson gives JSON"),
            Err(error) => Value::String(format!("ERR {error}")),
        };
        assert_eq!(got, case.expect, "{:?} with {}", case.files, case.values);
    }
}

#[derive(Deserialize)]
struct SchemaCase {
    schema: Value,
    values: Value,
    expect: String,
}

#[test]
fn schemas_are_worded_as_by_helm() {
    check_schemas(include_str!("helm/schema.json"));
}

/// Every format with texts that fit it and texts that do not, and numbers as they are printed for people.
#[test]
fn formats_and_numbers_are_worded_as_by_helm() {
    check_schemas(include_str!("helm/schema_formats.json"));
}

fn check_schemas(cases: &str) {
    let cases: Vec<SchemaCase> = serde_json::from_str(cases).expect("cases are JSON");
    let mut wrong = Vec::new();
    for case in cases {
        let chart = chart([
            (
                "Chart.yaml".to_owned(),
                "apiVersion: v2\nname: t\nversion: 0.1.0\n".to_owned(),
            ),
            ("values.schema.json".to_owned(), case.schema.to_string()),
        ]);
        let user = values::from_json(case.values.clone()).expect("values are an object");
        let got = match render(&chart, &user, &options()) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        };
        let text = got.split_once("\nt:\n").map_or(got.as_str(), |(_, text)| text).trim();
        if text != case.expect {
            wrong.push(format!(
                "{} with {}: got {text:?}, want {:?}",
                case.schema, case.values, case.expect
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_remote_schema_comes_from_the_caller() {
    let chart = chart([
        (
            "Chart.yaml".to_owned(),
            "apiVersion: v2\nname: t\nversion: 0.1.0\n".to_owned(),
        ),
        (
            "values.schema.json".to_owned(),
            r#"{"$ref": "https://example.com/a.json"}"#.to_owned(),
        ),
    ]);
    let error = render(&chart, &values::Values::new(), &options())
        .expect_err("there is no source")
        .to_string();
    assert!(
        error.contains("failing loading \"https://example.com/a.json\""),
        "{error}"
    );
    let source = |address: &str| match address {
        "https://example.com/a.json" => Ok(serde_json::json!({"properties": {"a": {"$ref": "b.json"}}})),
        "https://example.com/b.json" => Ok(serde_json::json!({"type": "string"})),
        other => Err(format!("unexpected {other}")),
    };
    let user = values::read("a: 1").expect("values are YAML");
    let error = render(&chart, &user, &options().with_schemas(&source))
        .expect_err("a is no string")
        .to_string();
    assert!(error.ends_with("- at '/a': got number, want string\n"), "{error}");
}
