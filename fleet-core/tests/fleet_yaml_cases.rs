//! fleet.yaml files of the kind that people write: what is read of each, what is remarked, and what is refused.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use fleet_core::scan::FleetYaml;
use serde_json::{Value, json};
use support::covers;

mod support;

fn check(case: &Value) -> Result<(), String> {
    let text = case["text"].as_str().unwrap();
    let read = FleetYaml::read("fleet.yaml", text.as_bytes());
    let (file, remarks) = match (read, case["error"].as_str()) {
        (Err(error), Some(wanted)) if error.to_string().starts_with(wanted) => return Ok(()),
        (Ok(read), None) => read,
        (result, wanted) => return Err(format!("{result:?}, wanted error {wanted:?}")),
    };
    let mut got = json!(file.spec);
    for (key, value) in [
        ("name", json!(file.name)),
        ("labels", json!(file.labels)),
        ("annotations", json!(file.annotations)),
        ("targetCustomizations", json!(file.target_customizations)),
        ("overrideTargets", json!(file.override_targets)),
        ("imageScans", json!(file.image_scans)),
    ] {
        got[key] = value;
    }
    if let Some(wanted) = case.get("want")
        && !covers(&got, wanted)
    {
        return Err(format!("got {got}"));
    }
    let remarks: Vec<String> = remarks.iter().map(ToString::to_string).collect();
    let wanted = case.get("remarks").cloned().unwrap_or_else(|| json!([]));
    let wanted: Vec<String> = wanted
        .as_array()
        .unwrap()
        .iter()
        .map(|text| format!("fleet.yaml:{}", text.as_str().unwrap()))
        .collect();
    if remarks == wanted {
        Ok(())
    } else {
        Err(format!("remarks {remarks:#?}"))
    }
}

#[test]
fn files_are_read_as_fleet_reads_them() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/fleet_yaml/read.yaml");
    let cases = support::cases(path);
    support::run(&cases, |case| case["text"].to_string(), check);
    assert!(cases.len() >= 100, "{}", cases.len());
}
