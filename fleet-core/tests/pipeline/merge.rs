//! Options and selectors merged.

use fleet_core::api::{BundleDeploymentOptions, LabelSelector};
use fleet_core::labels::merge_selectors;
use fleet_core::target::merge::merge;
use serde::Deserialize as _;
use serde_json::{Value, json};

use super::{run, same};

fn check(case: &Value) -> Result<(), String> {
    if let Some(selectors) = case.get("selectors") {
        let selectors = Vec::<Option<LabelSelector>>::deserialize(selectors.clone()).unwrap();
        let before = selectors.clone();
        let merged = merge_selectors(selectors.iter().map(Option::as_ref));
        assert_eq!(selectors, before, "nothing that is given is changed");
        return same("selector", &json!(merged), &case["merged"]);
    }
    let options = |value: &Value| BundleDeploymentOptions::deserialize(value.clone()).unwrap();
    let base = options(&case["base"]);
    let customs: Vec<_> = case["custom"].as_array().unwrap().iter().map(options).collect();
    let merged = customs
        .iter()
        .fold(base.clone(), |merged, custom| merge(&merged, custom));
    assert_eq!(base, options(&case["base"]), "nothing that is given is changed");
    same("options", &json!(merged), &json!(options(&case["merged"])))
}

#[test]
fn options_are_merged() {
    run("merge", check);
}
