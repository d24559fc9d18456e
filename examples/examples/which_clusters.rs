//! Asks which clusters a bundle reaches, with which options, and why.
//!
//! ```sh
//! cargo run --example which_clusters
//! ```

use fleet_core::scan::{ScanOptions, ScanTargets, scan};
use fleet_core::target::{BundleView, ClusterView, Estate, explain, targets};
use fleet_core::tree::Tree;

const FLEET_YAML: &str = "
defaultNamespace: web
targetCustomizations:
- name: big
  clusterSelector: {matchLabels: {size: big}}
  helm: {values: {replicas: 5}}
- name: never
  clusterName: quiet
  doNotDeploy: true
";

#[allow(clippy::print_stdout)]
fn main() -> anyhow::Result<()> {
    let tree = Tree::try_from(&[("web/fleet.yaml", FLEET_YAML), ("web/service.yaml", "kind: Service\n")][..])?;
    let production =
        serde_json::from_str(r#"{"name": "production", "clusterSelector": {"matchLabels": {"env": "prod"}}}"#)?;
    let mut options = ScanOptions::default();
    options.targets = Some(ScanTargets::for_git_targets(&[production]));
    let bundle = scan(&tree, "shop", &options).finish().bundles.remove(0);
    let cluster = |name: &str, labels: &[(&str, &str)]| {
        let labels = labels
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        ClusterView::new("fleet-local", name).with_labels(labels)
    };
    let estate = Estate::new(vec![
        cluster("one", &[("env", "prod"), ("size", "big")]),
        cluster("two", &[("env", "prod")]),
        cluster("quiet", &[("env", "prod")]),
        cluster("test", &[("env", "test")]),
    ]);
    let view = BundleView::new("fleet-local", &bundle.name, &bundle.spec);
    for target in targets(&view, &estate)? {
        let values = target.options.helm.as_ref().and_then(|helm| helm.values.clone());
        println!("{}: {:?}", target.cluster.name, values.map(|values| values.to_value()));
    }
    for cluster in &estate.clusters {
        println!("{}", explain(&view, &estate, &cluster.namespace, &cluster.name)?);
    }
    Ok(())
}
