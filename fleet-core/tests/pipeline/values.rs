//! Values for a cluster.

use fleet_core::api::BundleSpec;
use fleet_core::target::{BundleView, ClusterView, Estate, targets};
use serde::Deserialize as _;
use serde_json::{Value, json};

use super::{run, same};

fn cluster() -> ClusterView {
    let text = |text: &str| text.to_owned();
    let mut cluster = ClusterView::new("space", "cluster").with_labels(
        [
            (text("env"), text("dev")),
            (text("team"), text("web")),
            (text("example.com/long-key"), text("value")),
        ]
        .into(),
    );
    cluster.annotations = [(text("owner"), text("someone"))].into();
    let values = json!({"names": ["alpha", "beta", "omega"], "deep": {"deeper": {"value": 7}}});
    cluster.template_values = serde_json::from_value(values).unwrap();
    cluster
}

fn check(case: &Value) -> Result<(), String> {
    let spec = json!({"helm": case["helm"], "targets": [{"clusterSelector": {}}]});
    let spec = BundleSpec::deserialize(spec).unwrap();
    let result = targets(&BundleView::new("space", "b", &spec), &Estate::new(vec![cluster()]));
    match (result, case.get("error").and_then(Value::as_str)) {
        (Ok(targets), None) => {
            let helm = targets[0].options.helm.as_ref().unwrap();
            same("values", &json!(helm.values), &case["values"])
        }
        (Err(error), Some(wanted)) if error.to_string().contains(wanted) => Ok(()),
        (result, _) => Err(format!("{result:?}")),
    }
}

#[test]
fn values_are_for_the_cluster() {
    run("values", check);
}
