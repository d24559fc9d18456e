//! How a platform team pins what its bundles render to: `cargo test` fails where a commit changes an object, and
//! `cargo insta review` shows how.
//!
//! ```sh
//! cargo test --example snapshot_bundles
//! ```

use std::path::Path;

use fleet_core::api::BundleDeploymentOptions;
use fleet_core::render::{BundleContent, RenderContext, render};
use fleet_core::scan::{ScanOptions, scan};
use fleet_core::target::{BundleView, ClusterView, Estate, targets};
use fleet_examples::cli::folder;

/// The objects of a bundle of this repository, as YAML, for a cluster with a label `env`.
fn objects(path: &str, env: &str) -> anyhow::Result<String> {
    let tree = folder::read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")), path)?;
    let mut options = ScanOptions::default();
    options.paths = vec![path.to_owned()];
    let bundle = scan(&tree, "fleet", &options).finish().bundles.remove(0);
    let cluster = ClusterView::new("fleet-local", env).with_labels([("env".to_owned(), env.to_owned())].into());
    let view = BundleView::new("fleet-local", &bundle.name, &bundle.spec);
    let matched = targets(&view, &Estate::new(vec![cluster]))?;
    let plain = BundleDeploymentOptions::default();
    let options = matched.first().map_or(&plain, |target| target.options.as_ref());
    let content = BundleContent::from_resources(&bundle.spec.resources)?;
    let rendered = render(&bundle.name, &content, options, &RenderContext::default())?;
    let documents: Result<Vec<String>, _> = rendered.objects.iter().map(fleet_core::yaml::write).collect();
    Ok(documents?.join("---\n"))
}

#[allow(clippy::print_stdout)]
fn main() -> anyhow::Result<()> {
    println!("{}", objects("examples/bundles/hello", "prod")?);
    Ok(())
}

#[test]
fn production_has_three_replicas() {
    insta::assert_snapshot!(objects("examples/bundles/hello", "prod").expect("the bundle renders"));
}
