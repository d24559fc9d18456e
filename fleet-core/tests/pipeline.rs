//! Upstream's test scenarios of the manager's data path, by the numbers of the conformance checklist: one data file a stage, one
//! runner a stage, and a test that no number is missing.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

#[path = "pipeline/content.rs"]
mod content;
#[path = "pipeline/merge.rs"]
mod merge;
#[path = "pipeline/naming.rs"]
mod naming;
#[path = "pipeline/rollout.rs"]
mod rollout;
#[path = "pipeline/scan.rs"]
mod scan;
#[path = "pipeline/source.rs"]
mod source;
mod support;
#[path = "pipeline/target.rs"]
mod target;
#[path = "pipeline/values.rs"]
mod values;

use serde_json::Value;
use support::covers;

/// The cases of a file.
fn cases(name: &str) -> Vec<Value> {
    support::cases(format!(
        "{}/tests/corpus/pipeline/{name}.yaml",
        env!("CARGO_MANIFEST_DIR")
    ))
}

/// Runs every case, and reports all that fail by their numbers.
fn run(name: &str, check: impl Fn(&Value) -> Result<(), String>) {
    let number = |case: &Value| {
        let about = case["about"].as_str().unwrap_or_default();
        format!("{} {about}", case["line"].as_str().unwrap_or("?"))
    };
    support::run(&cases(name), number, check);
}

/// The difference, where there is one.
fn same(what: &str, got: &Value, want: &Value) -> Result<(), String> {
    if got == want {
        Ok(())
    } else {
        Err(format!("{what}\n  got  {got}\n  want {want}"))
    }
}

/// Lines of the checklist under the letters that this file answers for. What is not here is open, and listed in SHORTCOMINGS.md.
const LINES: &[(&str, std::ops::RangeInclusive<u32>)] = &[
    ("A", 1..=12),
    ("B", 1..=13),
    ("C", 1..=6),
    ("E", 1..=7),
    ("F", 1..=11),
    ("G", 1..=4),
    ("I", 1..=18),
    ("J", 2..=9),
    ("L", 5..=9),
    ("M", 4..=6),
    ("N", 1..=12),
    ("O", 1..=6),
    ("P", 1..=17),
    ("P", 19..=19),
    ("R", 1..=17),
    ("X", 1..=3),
    ("X", 11..=11),
];

#[test]
fn no_line_is_missing() {
    let mut found = std::collections::BTreeSet::new();
    for name in [
        "content", "merge", "naming", "program", "rollout", "scan", "source", "target", "values",
    ] {
        for case in cases(name) {
            found.insert(case["line"].as_str().expect("every case has its number").to_owned());
        }
    }
    let wanted = LINES
        .iter()
        .flat_map(|(letter, numbers)| numbers.clone().map(move |number| format!("{letter}{number}")));
    let missing: Vec<String> = wanted.filter(|line| !found.contains(line)).collect();
    assert!(missing.is_empty(), "no case of {}", missing.join(", "));
}
