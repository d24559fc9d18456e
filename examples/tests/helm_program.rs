//! `fleet render helm` beside the program `helm template`: the same bytes on the standard output, the same errors, for real
//! charts and for a matrix of flags.
//!
//! Charts lie in `$FLEET_CORPUS`, the program in `$FLEET_ORACLE`. `FLEET_CASE` picks cases by a part of their name.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::process::Command;

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
    case: String,
    chart: String,
    values: Option<String>,
    #[serde(default)]
    nondeterministic: Vec<String>,
    cli: String,
    #[serde(default)]
    cli_error: String,
    #[serde(default)]
    network: bool,
}

fn ours(arguments: &[String]) -> Result<String, String> {
    let arguments = ["fleet".to_owned()].into_iter().chain(arguments.iter().cloned());
    let command = Program::try_parse_from(arguments)
        .map_err(|error| error.to_string())?
        .command;
    command.render(&mut std::io::sink()).map_err(|error| error.to_string())
}

fn theirs(helm: &Path, arguments: &[String]) -> Result<String, String> {
    let output = Command::new(helm).arg("template").args(arguments).output().unwrap();
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout).unwrap());
    }
    let errors = String::from_utf8(output.stderr).unwrap();
    let start = errors.find("Error: ").map_or(0, |at| at + "Error: ".len());
    let text = &errors[start..];
    let end = text.find("\n\nUse --debug flag").unwrap_or(text.len());
    Err(text[..end].trim_end().to_owned())
}

fn folders() -> Option<(PathBuf, PathBuf)> {
    Some((support::corpus()?.join("helm"), support::oracle()?.join("helm")))
}

fn cases(root: &Path) -> Vec<Case> {
    let only = std::env::var("FLEET_CASE").unwrap_or_default();
    let text = std::fs::read_to_string(root.join("cases.jsonl")).unwrap();
    let all = text.lines().map(|line| serde_json::from_str::<Case>(line).unwrap());
    all.filter(|case| case.case.contains(&only)).collect()
}

fn report(failures: &[String], count: usize) {
    for failure in failures {
        eprintln!("{}", failure.chars().take(2000).collect::<String>());
    }
    eprintln!("{} of {count} cases fail", failures.len());
    assert!(failures.is_empty());
}

/// The first line that differs, with its number.
fn difference(got: &str, want: &str) -> String {
    let lines = got.lines().zip(want.lines()).enumerate();
    match lines.into_iter().find(|(_, (got, want))| got != want) {
        Some((number, (got, want))) => format!("line {}: got {got:?}, want {want:?}", number + 1),
        None => format!("got {} lines, want {}", got.lines().count(), want.lines().count()),
    }
}

#[test]
fn real_charts() {
    let Some((root, helm)) = folders() else { return };
    let cases = cases(&root);
    let mut failures = Vec::new();
    for case in &cases {
        let mut arguments = vec!["rel".to_owned(), root.join(&case.chart).display().to_string()];
        arguments.extend(["-n".to_owned(), "ns".to_owned()]);
        if let Some(values) = &case.values {
            arguments.extend(["-f".to_owned(), root.join(values).display().to_string()]);
        }
        let problem = match (ours(&arguments), case.cli.as_str()) {
            (Err(_), "error") if case.network => None,
            (Err(error), "error") if error.trim_end() == case.cli_error.trim_end() => None,
            (Err(error), _) => Some(format!("error {error}\n  want {}", case.cli_error)),
            (Ok(_), "error") => Some(format!("no error, want {}", case.cli_error)),
            (Ok(_), _) if !case.nondeterministic.is_empty() => None,
            (Ok(got), _) => match theirs(&helm, &arguments) {
                Ok(want) if got == want => None,
                Ok(want) => Some(difference(&got, &want)),
                Err(error) => Some(format!("helm fails: {error}")),
            },
        };
        failures.extend(problem.map(|problem| format!("{}: {problem}", case.case)));
    }
    report(&failures, cases.len());
}

/// Flags, and what a chart of the corpus is rendered with.
const FLAGS: &[&[&str]] = &[
    &[],
    &["-n", "other"],
    &["--include-crds"],
    &["--skip-crds"],
    &["--no-hooks"],
    &["--skip-tests"],
    &["--is-upgrade"],
    &["--kube-version", "1.29.4"],
    &["--kube-version", "v1.16.0"],
    &[
        "--api-versions",
        "monitoring.coreos.com/v1",
        "-a",
        "policy/v1/PodDisruptionBudget",
    ],
    &[
        "--set",
        "nameOverride=short,replicaCount=3",
        "--set-string",
        "podAnnotations.a=1",
    ],
    &[
        "--set-json",
        "tolerations=[{\"key\":\"a\"}]",
        "--set-literal",
        "fullnameOverride=lit",
    ],
    &["--include-crds", "--no-hooks", "--skip-tests", "--kube-version", "1.30"],
    &["-s", "templates/*"],
    &["-s", "templates/deployment.yaml"],
    &["-s", "templates/nope.yaml"],
    &["--set", "a"],
    &["--kube-version", "nope"],
    &["--skip-schema-validation"],
];

#[test]
fn flags() {
    let Some((root, helm)) = folders() else { return };
    let cases = cases(&root);
    // A chart that draws random texts with some values may draw them with any.
    let random: Vec<&str> = cases
        .iter()
        .filter(|case| !case.nondeterministic.is_empty())
        .map(|case| case.chart.as_str())
        .collect();
    let mut charts: Vec<String> = Vec::new();
    for case in &cases {
        if case.cli == "ok" && !random.contains(&case.chart.as_str()) && !charts.contains(&case.chart) {
            charts.push(case.chart.clone());
        }
    }
    let mut failures = Vec::new();
    let mut count = 0;
    // Every flag with a different set of charts: all pairs would take an hour.
    for (index, flags) in FLAGS.iter().enumerate() {
        for chart in charts.iter().skip(index % 7).step_by(7) {
            count += 1;
            let path = root.join(chart).display().to_string();
            let arguments: Vec<String> = ["rel", &path]
                .into_iter()
                .chain(flags.iter().copied())
                .map(str::to_owned)
                .collect();
            let (got, want) = (ours(&arguments), theirs(&helm, &arguments));
            let problem = match (&got, &want) {
                (Ok(got), Ok(want)) if got == want => continue,
                (Err(got), Err(want)) if got.trim_end() == want.trim_end() => continue,
                (Ok(got), Ok(want)) => difference(got, want),
                _ => format!(
                    "got {:?}\n  want {:?}",
                    got.map(|text| text.len()),
                    want.map(|text| text.len())
                ),
            };
            failures.push(format!("{chart} {flags:?}: {problem}"));
        }
    }
    report(&failures, count);
}
