//! `fleet render helm` against Helm v4.2.3: order, values, dependencies, schemas, hooks and texts of errors.
//!
//! Cases lie outside of the project: `$FLEET_CORPUS` names the folder. `FLEET_CASE` picks cases by a part of their name.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::print_stderr)]

use std::collections::{BTreeMap, BTreeSet};

use clap::Parser;
use fleet_examples::cli::render_helm::RenderHelm;
use serde::Deserialize;

#[path = "../../fleet-core/tests/support/mod.rs"]
mod support;

#[derive(Parser)]
struct Program {
    #[command(flatten)]
    command: RenderHelm,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    files: BTreeMap<String, String>,
    values: serde_json::Value,
    args: Vec<String>,
    expect: Option<String>,
    expect_error: Option<String>,
    unstable: Option<String>,
}

fn same(unstable: Option<&str>, got: &str, want: &str) -> bool {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let words = |text: &str| text.split([' ', ',', '\n']).map(str::to_owned).collect::<BTreeSet<_>>();
    match unstable {
        Some("lines") => lines(got) == lines(want),
        Some("words") => words(got) == words(want),
        Some("text") => true,
        _ => got == want,
    }
}

fn check(case: &Case) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    for (path, text) in &case.files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let chart = root.join("t").display().to_string();
    let mut arguments: Vec<String> = ["fleet", "rel", &chart, "-n", "ns"].map(str::to_owned).to_vec();
    if case.values.as_object().is_some_and(|values| !values.is_empty()) {
        let path = root.join("values.json");
        std::fs::write(&path, case.values.to_string()).unwrap();
        arguments.extend(["-f".to_owned(), path.display().to_string()]);
    }
    arguments.extend(case.args.iter().cloned());
    let mut command = Program::try_parse_from(arguments)
        .map_err(|error| error.to_string())?
        .command;
    // The case was run in its folder; tests share a process, so paths are made absolute instead.
    for path in &mut command.values {
        *path = root.join(&*path);
    }
    for text in &mut command.set_file {
        for name in ["f.txt", "n.txt", "empty.txt", "nope.txt"] {
            *text = text.replace(name, &root.join(name).display().to_string());
        }
    }
    let got = command.render(&mut std::io::sink()).map_err(|error| error.to_string());
    let place = format!("{}/", root.display());
    let plain = |text: &str| match case.name.as_str() {
        "chart-missing" => text.replace(&place, "<root>/"),
        _ => text.replace(&place, ""),
    };
    match (got, &case.expect, &case.expect_error) {
        (Ok(text), Some(want), _) if same(case.unstable.as_deref(), &text, want) => Ok(()),
        (Ok(text), Some(want), _) => Err(format!("got  {text:?}\nwant {want:?}")),
        (Ok(_), _, want) => Err(format!("no error\nwant {want:?}")),
        (Err(error), _, Some(want)) if same(case.unstable.as_deref(), plain(&error).trim_end(), want.trim_end()) => {
            Ok(())
        }
        (Err(error), _, want) => Err(format!(
            "error {:?}\nwant  {:?}",
            plain(&error),
            want.as_ref().or(case.expect.as_ref())
        )),
    }
}

#[test]
fn cases_are_those_of_helm() {
    let Some(corpus) = support::corpus() else {
        return;
    };
    let only = std::env::var("FLEET_CASE").unwrap_or_default();
    let text = std::fs::read_to_string(corpus.join("helm-cases/order-cases.json")).unwrap();
    let cases: Vec<Case> = serde_json::from_str(&text).unwrap();
    let cases: Vec<&Case> = cases.iter().filter(|case| case.name.contains(&only)).collect();
    let mut failures = 0;
    for case in &cases {
        if let Err(failure) = check(case) {
            failures += 1;
            eprintln!("{}: {failure}", case.name);
        }
    }
    eprintln!("{failures} of {} cases fail", cases.len());
    assert_eq!(failures, 0);
}
