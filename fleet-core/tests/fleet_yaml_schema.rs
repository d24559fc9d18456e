//! The JSON schema of fleet.yaml against the reader: what is read without a remark is valid, what is not is marked.
#![cfg(feature = "crd")]
#![allow(clippy::disallowed_methods, clippy::print_stderr, clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use boon::{Compiler, SchemaIndex, Schemas};
use fleet_core::scan::{FleetYaml, fleet_yaml_schema};
use fleet_core::yaml;
use serde_json::Value;

mod support;

struct Checker {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Checker {
    fn new() -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("fleet.json", fleet_yaml_schema()).unwrap();
        let index = compiler.compile("fleet.json", &mut schemas).unwrap();
        Self { schemas, index }
    }

    /// What is wrong, on one line; `None` where the document is valid.
    fn problem(&self, document: &Value) -> Option<String> {
        let error = self.schemas.validate(document, self.index).err()?;
        Some(format!("{error:#}").replace('\n', " "))
    }
}

/// Cases of the file: a text that is valid, or one that is marked, with words of the message.
#[test]
fn typing_errors_are_marked() {
    let checker = Checker::new();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/fleet_yaml/schema.yaml");
    let cases = support::cases(path);
    for case in &cases {
        let document = case["document"].clone();
        let problem = checker.problem(&document);
        match case.get("marked").and_then(Value::as_str) {
            None => assert_eq!(problem, None, "{document}"),
            Some(words) => {
                let problem = problem.unwrap_or_else(|| panic!("valid: {document}"));
                assert!(problem.contains(words), "{document}: {problem}");
            }
        }
    }
    assert!(cases.len() > 40, "{}", cases.len());
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path
            .file_name()
            .is_some_and(|name| name == "fleet.yaml" || name == "fleet.yml")
        {
            found.push(path);
        }
    }
}

/// Every fleet.yaml of the foreign repositories is valid, unless the reader has something to say about it too.
#[test]
fn the_schema_agrees_with_the_reader() {
    let Some(corpus) = support::corpus() else {
        return;
    };
    let checker = Checker::new();
    let mut found = Vec::new();
    files(&corpus.join("fleet/repos"), &mut found);
    let (mut valid, mut marked) = (0, 0);
    for file in &found {
        let content = std::fs::read(file).unwrap();
        let read = FleetYaml::read("fleet.yaml", &content);
        // What is no YAML is no matter of a schema.
        let Some(document) = std::str::from_utf8(&content)
            .ok()
            .and_then(|text| yaml::read(text).ok())
        else {
            continue;
        };
        let problem = checker.problem(&document);
        let name = file.display();
        // What the API refuses is read, and marked.
        let refused = problem
            .as_deref()
            .is_some_and(|text| text.contains("/helm/releaseName'"));
        match read {
            Ok((_, remarks)) if remarks.is_empty() && !refused => {
                valid += 1;
                assert_eq!(problem, None, "{name}");
            }
            result => {
                marked += 1;
                assert!(problem.is_some(), "{name}: valid, the reader says {result:?}");
            }
        }
    }
    eprintln!("{valid} files valid, {marked} marked");
    assert!(valid > 200, "{valid}");
}
