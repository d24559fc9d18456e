//! Values from everywhere: the user's file, `--set` in all its forms, a chart's and a subchart's values with imports and a
//! schema. They are coalesced and validated, or refused.
//!
//! An input has parts separated by lines of `%%`: lines for `--set` and its like (the first letter of a line says which), the
//! user's values, the chart's, the subchart's, the schema.

use std::sync::Arc;

use fleet_core::helm::{Chart, ReleaseInfo, RenderOptions, render, values};

use crate::Target;

/// The target.
pub const TARGET: Target = Target {
    name: "values",
    run,
    words: &[
        "\n%%\n",
        "s",
        "t",
        "j",
        "l",
        "a=b",
        "a.b=c",
        "a[0]=1",
        "a[0].b=x",
        "[65535]",
        "={1,2}",
        "\\,",
        "\\.",
        "null",
        "global:",
        "sub:",
        "sub.",
        "tags.",
        "exports:",
        "{\"type\":\"object\"}",
        "\"properties\":",
        "\"$ref\":\"#/$defs/a\"",
        "\"pattern\":\"^a\"",
        "\"format\":\"date-time\"",
        "\"anyOf\":[",
        "\"required\":[\"a\"]",
        ": ",
        "\n  ",
        "{}",
        "[]",
        "1e400",
        "-0",
        "true",
    ],
};

const CHART: &str = "apiVersion: v2\nname: t\nversion: 0.1.0\ndependencies:\n\
    - {name: sub, version: '*', condition: sub.enabled, tags: [x], import-values: [data, {child: a, parent: b}]}\n";

/// Makes values of the parts, and renders a chart that prints them.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut parts = text.split("\n%%\n");
    let mut next = || parts.next().unwrap_or_default().to_owned();
    let (assignments, user, own, below, schema) = (next(), next(), next(), next(), next());
    let mut given = values::read(&user).unwrap_or_default();
    for line in assignments.lines() {
        let mut letters = line.chars();
        let form = letters.next();
        let text = letters.as_str();
        let _ = match form {
            Some('t') => values::set_string(&mut given, text),
            Some('j') => values::set_json(&mut given, text),
            Some('l') => values::set_literal(&mut given, text),
            Some('f') => values::set_file(&mut given, text, &mut |path| Ok(path.to_owned())),
            _ => values::set(&mut given, text),
        };
    }
    let mut files = vec![
        ("Chart.yaml", CHART.to_owned()),
        ("values.yaml", own),
        ("templates/t.yaml", "{{ toYaml .Values }}".to_owned()),
        (
            "charts/sub/Chart.yaml",
            "apiVersion: v2\nname: sub\nversion: 0.1.0\n".to_owned(),
        ),
        ("charts/sub/values.yaml", below),
        ("charts/sub/templates/t.yaml", "{{ toJson .Values }}".to_owned()),
    ];
    if !schema.is_empty() {
        files.push(("values.schema.json", schema));
    }
    let files = files
        .into_iter()
        .map(|(path, text)| (path.to_owned(), Arc::from(text.into_bytes())));
    let Ok(chart) = Chart::from_files(files) else { return };
    let options = RenderOptions::new(ReleaseInfo::install("rel", "ns"));
    let _ = render(&chart, &given, &options);
    let _ = values::coalesce(&chart, &given);
}
