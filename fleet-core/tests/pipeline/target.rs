//! Which clusters a bundle reaches, and with which options.

use std::collections::BTreeMap;

use fleet_core::api::{BundleDeploymentOptions, BundleSpec};
use fleet_core::labels::Labels;
use fleet_core::target::{
    BundleView, ClusterView, Estate, GroupView, TargetError, TargetOptions, deployment, targets_each,
};
use serde::Deserialize as _;
use serde_json::{Map, Value, json};

use super::{covers, run, same};

const NAMESPACE: &str = "space";

fn estate(case: &Value) -> Estate {
    let names = json!({"one": {"cluster": "one"}, "two": {"cluster": "two"}, "three": {"cluster": "three"}});
    let clusters = case.get("clusters").unwrap_or(&names);
    let clusters = clusters.as_object().unwrap().iter().map(|(name, labels)| {
        let labels = Labels::deserialize(labels.clone()).unwrap();
        ClusterView::new(NAMESPACE, name).with_labels(labels)
    });
    let group = |name: &str, selector: Value| GroupView {
        name: name.to_owned(),
        namespace: NAMESPACE.to_owned(),
        labels: [("group".to_owned(), name.to_owned())].into(),
        selector: serde_json::from_value(selector).unwrap(),
    };
    let of = |name: &str| group(name, json!({"matchLabels": {"cluster": name}}));
    Estate::new(clusters.collect()).with_groups(vec![of("one"), of("two"), of("three"), group("all", json!({}))])
}

fn check(case: &Value) -> Result<(), String> {
    let mut bundle = case.get("bundle").cloned().unwrap_or_else(|| json!({}));
    for (key, name) in [
        ("targets", "targets"),
        ("targetRestrictions", "restrictions"),
        ("targetCustomizationMode", "mode"),
    ] {
        if let Some(value) = case.get(name) {
            bundle[key] = value.clone();
        }
    }
    let spec = BundleSpec::deserialize(bundle).map_err(|error| error.to_string())?;
    let labels: Labels = case
        .get("labels")
        .map_or_else(Labels::new, |labels| serde_json::from_value(labels.clone()).unwrap());
    let view = BundleView::new(NAMESPACE, "b", &spec).with_labels(&labels);
    let mut got: BTreeMap<String, BundleDeploymentOptions> = BTreeMap::new();
    let mut failed = Vec::new();
    for target in targets_each(&view, &estate(case), &TargetOptions::default()).map_err(|error| error.to_string())? {
        match target {
            Ok(target) => {
                let of_deployment = deployment::spec(&view, &target);
                if let Some(wanted) = case.get("chart_options") {
                    same("chart options", &json!(of_deployment.helm_chart_options), wanted)?;
                }
                if let Some(wanted) = case.get("deployment_labels") {
                    same(
                        "labels",
                        &json!(deployment::labels(&view, &target, Some("s-1"))),
                        wanted,
                    )?;
                }
                got.insert(target.cluster.name.clone(), target.options.as_ref().clone());
            }
            Err(TargetError::Values { cluster, .. }) => failed.push(cluster),
            Err(error) => return Err(error.to_string()),
        }
    }
    same("failed", &json!(failed), case.get("failed").unwrap_or(&json!([])))?;
    let exact = case.get("equal");
    let wanted = exact.or_else(|| case.get("want")).and_then(Value::as_object).unwrap();
    let names = |keys: Vec<&String>| json!(keys);
    same(
        "clusters",
        &names(got.keys().collect()),
        &names(wanted.keys().collect()),
    )?;
    for (cluster, options) in &got {
        let mut options = serde_json::to_value(options).unwrap();
        // An empty section is made for every cluster that has labels.
        if wanted[cluster].get("helm").is_none() && options["helm"] == Value::Object(Map::new()) {
            options.as_object_mut().unwrap().remove("helm");
        }
        if exact.is_some() {
            same(cluster, &options, &wanted[cluster])?;
        } else if !covers(&options, &wanted[cluster]) {
            return Err(format!("{cluster}: {options}"));
        }
    }
    Ok(())
}

#[test]
fn bundles_reach_clusters() {
    run("target", check);
}
