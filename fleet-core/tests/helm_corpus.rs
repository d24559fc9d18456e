//! Real charts, rendered by this crate and by Helm v4.2.3 (release `rel`, namespace `ns`).
//!
//! Every file must have the same bytes, every error the same text. Charts lie outside of the project: `$FLEET_CORPUS` names the
//! folder. `FLEET_CASE` picks cases by a part of their name.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::print_stderr)]

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use fleet_core::helm::chart::ignore;
use fleet_core::helm::{Chart, ReleaseInfo, RenderOptions, render, values};
use serde::Deserialize;
use sha2::{Digest, Sha256};

#[path = "support/chart_files.rs"]
mod chart_files;
mod support;

use chart_files::chart_files;

#[derive(Deserialize)]
struct Case {
    case: String,
    chart: String,
    values: Option<String>,
    status: String,
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    nondeterministic: Vec<String>,
    #[serde(default)]
    error: String,
    #[serde(default)]
    network: bool,
}

fn load(folder: &Path) -> Result<Chart, String> {
    let files = chart_files(folder).map_err(|error| error.to_string())?;
    let files = ignore::filter(files).map_err(|error| error.to_string())?;
    Chart::from_chart_files(files).map_err(|error| error.to_string())
}

fn check(case: &Case, chart: &Result<Chart, String>, root: &Path) -> Result<(), String> {
    let user = match &case.values {
        Some(path) => values::read(&std::fs::read_to_string(root.join(path)).unwrap()).map_err(|e| e.to_string())?,
        None => values::Values::new(),
    };
    let options = RenderOptions::new(ReleaseInfo::install("rel", "ns"));
    let rendered = chart
        .clone()
        .and_then(|chart| render(&chart, &user, &options).map_err(|error| error.to_string()));
    match (rendered, case.status.as_str()) {
        (Ok(rendered), "ok") => {
            for (path, text) in &rendered.files {
                let hash: String = Sha256::digest(text.as_bytes())
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                match case.files.get(path) {
                    Some(want) if *want == hash => {}
                    Some(_) => {
                        if let Some(folder) = std::env::var_os("FLEET_DUMP") {
                            std::fs::write(Path::new(&folder).join(path.replace('/', "+")), text).unwrap();
                        }
                        return Err(format!("text differs: {path}"));
                    }
                    None if case.nondeterministic.contains(path) => {}
                    None => return Err(format!("file that Helm does not have: {path}")),
                }
            }
            match case.files.keys().find(|path| !rendered.files.contains_key(*path)) {
                Some(path) => Err(format!("file is missing: {path}")),
                None => Ok(()),
            }
        }
        (Ok(_), _) => Err(format!("no error, but Helm says: {}", case.error)),
        (Err(_), "error") if case.network => Ok(()),
        (Err(error), "error") if error == case.error => Ok(()),
        (Err(error), "error") => Err(format!("error: {error}\n  but Helm says: {}", case.error)),
        (Err(error), _) => Err(format!("error: {error}")),
    }
}

#[test]
fn renders_are_those_of_helm() {
    let Some(corpus) = support::corpus() else { return };
    let root = corpus.join("helm");
    let only = std::env::var("FLEET_CASE").unwrap_or_default();
    let text = std::fs::read_to_string(root.join("cases.jsonl")).unwrap();
    let cases: Vec<Case> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut charts: HashMap<String, Arc<Result<Chart, String>>> = HashMap::new();
    let mut failures: Vec<(String, String)> = Vec::new();
    let mut count = 0;
    for case in cases.iter().filter(|case| case.case.contains(&only)) {
        count += 1;
        let chart = charts
            .entry(case.chart.clone())
            .or_insert_with(|| Arc::new(load(&root.join(&case.chart))))
            .clone();
        if let Err(failure) = check(case, &chart, &root) {
            failures.push((case.case.clone(), failure));
        }
    }
    for (case, failure) in &failures {
        eprintln!("{case}: {failure}");
    }
    eprintln!("{} of {count} cases fail", failures.len());
    assert!(failures.is_empty());
}
