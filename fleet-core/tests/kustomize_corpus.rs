//! Builds of real kustomizations against what kustomize v5.8.1 made of them, from the foreign corpus (`FLEET_CORPUS`).
#![cfg(feature = "kustomize")]
#![allow(clippy::disallowed_methods)]

use std::{collections::BTreeMap, path::Path};

use fleet_core::{
    kustomize::{BuildOptions, KustomizeError, build_with_warnings},
    tree::{Entry, Tree},
};
use sha2::{Digest, Sha256};

mod kustomize_tree;
mod support;
use kustomize_tree::Rooted;
use support::KustomizeCase;

fn load(root: &Path, folder: &Path, tree: &mut Tree) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            load(root, &path, tree);
        } else {
            let name = path
                .strip_prefix(root)
                .expect("below the root")
                .to_str()
                .expect("UTF-8");
            tree.insert(name, Entry::file(std::fs::read(&path).expect("a file")))
                .expect("a clean path");
        }
    }
}

fn first_difference(got: &str, want: &str) -> String {
    let (mut got_lines, mut want_lines) = (got.lines(), want.lines());
    let mut at = 0;
    loop {
        at += 1;
        match (got_lines.next(), want_lines.next()) {
            (Some(got), Some(want)) if got == want => {}
            (None, None) => return "end of file".to_owned(),
            (got, want) => return format!("line {at}: got {got:?}, want {want:?}"),
        }
    }
}

#[test]
fn real_kustomizations() {
    let Some(corpus) = support::corpus() else {
        return;
    };
    let corpus = corpus.join("kustomize");
    let cases = support::kustomize_cases(&corpus);
    let total = cases.len();
    let mut trees: BTreeMap<String, Tree> = BTreeMap::new();
    let mut failures = Vec::new();
    for case in cases {
        let mut parts = case.dir.splitn(3, '/').skip(1);
        let repository = parts.next().expect("a repository").to_owned();
        let folder = parts.next().unwrap_or_default();
        let tree = trees.entry(repository.clone()).or_insert_with(|| {
            let mut tree = Tree::new();
            let root = corpus.join("tree").join(&repository);
            load(&root, &root, &mut tree);
            tree
        });
        let options = BuildOptions::default();
        let (built, warnings) = build_with_warnings(&Rooted(tree), &format!("/{folder}"), &options);
        let warnings: String = warnings.iter().map(|line| format!("{line}\n")).collect();
        if warnings != case.warnings {
            failures.push(format!(
                "{}: warnings {warnings:?}, want {:?}",
                case.case, case.warnings
            ));
        }
        let built = built.and_then(|built| built.into_yaml());
        match (case.status.as_str(), built) {
            ("ok", Ok(yaml)) => {
                let digest: String = Sha256::digest(yaml.as_bytes())
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                if digest != case.sha256 {
                    let want = std::fs::read_to_string(corpus.join("expected").join(format!("{}.yaml", case.case)));
                    let difference = want.map_or_else(|_| "hash".to_owned(), |want| first_difference(&yaml, &want));
                    failures.push(format!("{}: {difference}", case.case));
                }
            }
            ("ok", Err(error)) => failures.push(format!("{}: fails: {error}", case.case)),
            (_, Ok(_)) => failures.push(format!("{}: succeeds, want {}", case.case, case.error)),
            (_, Err(error)) => check_error(&case, &error, &mut failures),
        }
    }
    assert!(
        failures.is_empty(),
        "{} failures in {total} cases\n{}",
        failures.len(),
        failures
            .iter()
            .take(60)
            .map(|line| line.chars().take(600).collect())
            .collect::<Vec<String>>()
            .join("\n")
    );
}

fn check_error(case: &KustomizeCase, error: &KustomizeError, failures: &mut Vec<String>) {
    let want = case
        .error
        .trim_end()
        .trim_start_matches("error: ")
        .replace("<root>/", "/")
        .replace("<root>", "/");
    let got = error.to_string();
    if got.trim_end() != want {
        failures.push(format!("{}: error\n   got {got}\n  want {want}", case.case));
    }
}
