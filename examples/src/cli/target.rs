//! `fleet target`: the Content and the BundleDeployments of a bundle on an inventory of clusters.

use std::{io::Write, path::PathBuf};

use anyhow::Result;
use clap::Args;
use fleet_core::{
    api::{BundleDeploymentSpec, BundleDeploymentStatus},
    render::content,
    rollout,
    target::{BundleView, Target, deployment, targets},
    yaml,
};
use serde_json::{Value, json};

use super::{
    bundle::{InventoryFlags, read_bundles},
    logging::LoggingFlags,
};

/// Show what a bundle makes of an inventory of clusters.
#[derive(Args, Clone, Debug)]
pub struct TargetCommand {
    /// File with a Bundle, as `fleet apply -o` prints it; without it, this help is printed.
    #[arg(short, long, value_name = "FILE")]
    pub bundle_file: Option<PathBuf>,
    /// The clusters.
    #[command(flatten)]
    pub inventory: InventoryFlags,
    /// Namespace of the bundle, in place of its own.
    #[arg(short, long)]
    pub namespace: Option<String>,
    /// Print the matched targets as a list on standard error.
    #[arg(short = 'l', long)]
    pub dump_input_list: bool,
    /// What upstream's logging has.
    #[command(flatten)]
    pub logging: LoggingFlags,
}

impl TargetCommand {
    /// Prints the objects to `out`, and the list of targets to `reports`.
    pub fn run(&self, out: &mut dyn Write, reports: &mut dyn Write) -> Result<()> {
        let Some(file) = &self.bundle_file else {
            return super::help("target", out);
        };
        let bundles = read_bundles(file)?;
        let estate = self.inventory.read()?;
        for mut bundle in bundles {
            if let Some(namespace) = &self.namespace {
                bundle.namespace.clone_from(namespace);
            }
            let view = BundleView::new(&bundle.namespace, &bundle.name, &bundle.spec).with_labels(&bundle.labels);
            let matched = targets(&view, &estate)?;
            let (name, spec) = content::encode(&bundle.spec.resources);
            let staged = rollout::stage_all(&view, &matched, &estate, &name)?;
            let mut objects = vec![json!({
                "apiVersion": "fleet.cattle.io/v1alpha1",
                "kind": "Content",
                "metadata": {"name": name},
                "content": spec.content,
                "sha256sum": spec.sha256sum,
                "status": {},
            })];
            for (target, spec) in matched.iter().zip(staged) {
                if let Some(spec) = spec {
                    objects.push(object(&view, target, spec)?);
                }
            }
            for object in objects {
                write!(out, "---\n{}\n", yaml::write(&object)?)?;
            }
            if self.dump_input_list {
                let list = if matched.is_empty() {
                    Value::Null
                } else {
                    serde_json::to_value(&matched)?
                };
                write!(reports, "{}", yaml::write(&list)?)?;
            }
        }
        Ok(())
    }
}

fn object(bundle: &BundleView<'_>, target: &Target, mut spec: BundleDeploymentSpec) -> Result<Value> {
    // Upstream's CLI leaves to the manager what depends on where contents are.
    spec.oci_contents = false;
    spec.helm_chart_options = None;
    Ok(json!({
        "apiVersion": "fleet.cattle.io/v1alpha1",
        "kind": "BundleDeployment",
        "metadata": {
            "labels": deployment::labels(bundle, target, None),
            "name": bundle.name,
            "namespace": target.cluster.deployment_namespace,
        },
        "spec": spec,
        "status": BundleDeploymentStatus::default(),
    }))
}
