//! The commands of `fleet` by upstream's scenarios: cases of the checklist's file for the program.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

#[path = "../../fleet-core/tests/support/mod.rs"]
mod support;

fn fleet(folder: &Path, arguments: &Value) -> Output {
    let arguments = arguments
        .as_array()
        .unwrap()
        .iter()
        .map(|argument| argument.as_str().unwrap());
    Command::new(env!("CARGO_BIN_EXE_fleet"))
        .current_dir(folder)
        .args(arguments)
        .env_remove("COMMIT")
        .env_remove("NAMESPACE")
        .output()
        .unwrap()
}

/// Whether the texts are there, in this order.
fn has_in_order(text: &str, wanted: &Value) -> Result<(), String> {
    let mut rest = text;
    for wanted in wanted.as_array().into_iter().flatten() {
        let wanted = wanted.as_str().unwrap();
        match rest.find(wanted) {
            Some(at) => rest = &rest[at..],
            None => return Err(format!("no {wanted:?} in\n{text}")),
        }
    }
    Ok(())
}

fn check(case: &Value) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in case["files"].as_object().into_iter().flatten() {
        let file = folder.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text.as_str().unwrap()).unwrap();
    }
    let output = match case["pipe"].as_array() {
        // What all but the last print is the input of the next, as d.yaml.
        Some(steps) => {
            let (last, before) = steps.split_last().unwrap();
            for step in before {
                let output = fleet(folder.path(), step);
                if !output.status.success() {
                    return Err(format!("{step}: {}", String::from_utf8_lossy(&output.stderr)));
                }
                fs::write(folder.path().join("d.yaml"), output.stdout).unwrap();
            }
            fleet(folder.path(), last)
        }
        None => fleet(folder.path(), &case["arguments"]),
    };
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    let code = case["code"].as_i64().unwrap_or_default();
    if output.status.code().map(i64::from) != Some(code) {
        return Err(format!("exit code {:?}, wanted {code}: {stderr}", output.status.code()));
    }
    has_in_order(&stdout, &case["stdout"])?;
    has_in_order(&stderr, &case["stderr"])?;
    for (key, text) in [("lacks", &stdout), ("lacks_stderr", &stderr)] {
        for unwanted in case[key].as_array().into_iter().flatten() {
            if text.contains(unwanted.as_str().unwrap()) {
                return Err(format!("{unwanted} in\n{text}"));
            }
        }
    }
    Ok(())
}

#[test]
fn commands_do_what_upstreams_do() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fleet-core/tests/corpus/pipeline/program.yaml");
    let name = |case: &Value| format!("{} {}", case["line"], case["about"]);
    support::run(&support::cases(file), name, check);
}
