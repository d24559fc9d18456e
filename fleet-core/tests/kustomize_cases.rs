//! Rules of kustomize's edges: each case of `kustomize/cases` gives what kustomize v5.8.1 gave (`kustomize/want`, by `record.py`).
//!
//! `KUSTOMIZE_CASE` picks cases by a part of their name.
#![cfg(feature = "kustomize")]
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use std::{collections::BTreeMap, path::Path};

use fleet_core::{
    kustomize::{BuildOptions, build_with_warnings},
    tree::{Entry, Tree},
    yaml,
};
use serde::Deserialize;

mod kustomize_tree;
use kustomize_tree::Rooted;

#[derive(Deserialize)]
struct Case {
    name: String,
    #[serde(default)]
    folder: String,
    /// The part of the error that is the same where kustomize also quotes Go's values.
    #[serde(default)]
    cause: String,
    files: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Want {
    name: String,
    yaml: Option<String>,
    #[serde(default)]
    error: String,
    #[serde(default)]
    warnings: String,
}

/// The first lines that differ.
fn difference(got: &str, want: &str) -> String {
    let (got, want): (Vec<&str>, Vec<&str>) = (got.lines().collect(), want.lines().collect());
    let same = got.iter().zip(&want).take_while(|(got, want)| got == want).count();
    let some = |lines: &[&str]| {
        let from = same.saturating_sub(2).min(lines.len());
        lines[from..(same + 6).min(lines.len())].join("\n")
    };
    format!("line {}: got\n{}\nwant\n{}", same + 1, some(&got), some(&want))
}

fn check(case: &Case, want: &Want) -> Result<(), String> {
    let mut tree = Tree::new();
    for (path, text) in &case.files {
        tree.insert(path, Entry::file(text.as_bytes())).unwrap();
    }
    let folder = format!("/{}", case.folder);
    let (built, warnings) = build_with_warnings(&Rooted(&tree), &folder, &BuildOptions::default());
    let warnings: String = warnings.iter().map(|line| format!("{line}\n")).collect();
    if warnings != want.warnings {
        return Err(format!("warnings\n got {warnings}\nwant {}", want.warnings));
    }
    let root = |text: &str| text.replace("<root>/", "/").replace("<root>", "/");
    match (built.and_then(|built| built.into_yaml()), &want.yaml) {
        (Ok(got), Some(want)) if got == *want => Ok(()),
        (Ok(got), Some(want)) => Err(difference(&got, want)),
        (Ok(got), None) => Err(format!("succeeds, want {}\n{got}", want.error)),
        (Err(error), Some(_)) => Err(format!("fails: {error}")),
        // Where kustomize crashes, an error has to say what is wrong.
        (Err(_), None) if want.error.starts_with("panic: ") => Ok(()),
        (Err(error), None) if !case.cause.is_empty() => {
            let both = [error.to_string(), root(&want.error)];
            match both.iter().find(|text| !text.contains(&case.cause)) {
                None => Ok(()),
                Some(text) => Err(format!("error without its cause {}\n{text}", case.cause)),
            }
        }
        (Err(error), None) if error.to_string().trim_end() == root(&want.error).trim_end() => Ok(()),
        (Err(error), None) => Err(format!("error\n got {error}\nwant {}", root(&want.error))),
    }
}

#[test]
fn edges() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kustomize");
    let only = std::env::var("KUSTOMIZE_CASE").unwrap_or_default();
    let (mut failures, mut total) = (Vec::new(), 0);
    for entry in std::fs::read_dir(folder.join("cases")).unwrap() {
        let path = entry.unwrap().path();
        let topic = path.file_stem().unwrap().to_str().unwrap();
        let cases = yaml::read(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let cases: Vec<Case> = serde_json::from_value(cases).unwrap();
        let want = std::fs::read_to_string(folder.join(format!("want/{topic}.json"))).unwrap();
        let want: Vec<Want> = serde_json::from_str(&want).unwrap();
        assert_eq!(cases.len(), want.len(), "{topic}: record the cases anew");
        for (case, want) in cases.iter().zip(&want) {
            assert_eq!(case.name, want.name, "{topic}: record the cases anew");
            if !case.name.contains(&only) {
                continue;
            }
            total += 1;
            if let Err(text) = check(case, want) {
                failures.push(format!("{topic}: {}: {text}", case.name));
            }
        }
    }
    assert!(
        failures.is_empty() && total > 0,
        "{} of {total} cases fail\n{}",
        failures.len(),
        failures.join("\n\n")
    );
}
