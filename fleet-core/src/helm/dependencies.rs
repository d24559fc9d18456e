//! Dependencies: which subcharts a render has, under which names, and what values they give to their parents (Helm v4.2.3
//! `chart/v2/util.ProcessDependencies`).
//!
//! What lies in `charts/` and is not declared is always there. What is declared can have an alias, be switched off by tags
//! and conditions, and export values. All this depends on the user's values, so it is done for each render, on a light copy of
//! the tree of charts: a [`Node`] shares everything that it does not change.

mod imports;
mod switches;

pub(crate) use imports::Imported;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::chart::{Chart, Crd, Parts};
use super::metadata::Metadata;
use super::release::ChartRecord;
use super::values::{Values, ValuesError, coalesce_node, to_values};
use crate::semver::{Constraint, Version};

/// A chart as one render sees it.
#[derive(Clone, Debug)]
pub struct Node {
    pub(crate) parts: Arc<Parts>,
    pub(crate) metadata: Arc<Metadata>,
    pub(crate) values: Arc<Values>,
    pub(crate) dependencies: Vec<Node>,
}

/// A chart whose dependencies are processed, and what Helm logs on the way.
#[derive(Clone, Debug)]
pub struct Processed {
    /// The chart that is left.
    pub chart: Node,
    /// Such as conditions that are no bools.
    pub warnings: Vec<String>,
}

impl Node {
    /// A chart as it was loaded.
    pub fn of(chart: &Chart) -> Self {
        let parts = &chart.parts;
        Self {
            parts: Arc::clone(parts),
            metadata: Arc::clone(&parts.metadata),
            values: Arc::clone(&parts.values),
            dependencies: parts.dependencies.iter().map(Node::of).collect(),
        }
    }

    /// Visits the node and all below it, parents first.
    fn each(&mut self, visit: &mut dyn FnMut(&mut Self)) {
        visit(self);
        self.dependencies.iter_mut().for_each(|child| child.each(visit));
    }

    /// The name: its alias, if it has one.
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// What `Chart.yaml` says, with the alias for the name, and without dependencies that are switched off.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The chart's own values, and what it imports.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// The subcharts that are left.
    pub fn dependencies(&self) -> &[Node] {
        &self.dependencies
    }

    /// Whether it is a library, whose templates are only for others to include.
    pub fn is_library(&self) -> bool {
        self.metadata.chart_type == "library"
    }

    /// The definitions in `crds/` of the chart and of all that is left of its subcharts, in the order in which Helm
    /// installs them (Helm v4.2.3 `CRDObjects`).
    pub fn crds(&self) -> Vec<Crd> {
        let mut crds = Vec::new();
        self.collect_crds(self.name(), &mut crds);
        crds
    }

    fn collect_crds(&self, path: &str, crds: &mut Vec<Crd>) {
        for file in &self.parts.files {
            let extension = crate::tree::path::extension(&file.name);
            if file.name.starts_with("crds/") && matches!(extension, ".yaml" | ".yml" | ".json") {
                let filename = format!("{path}/{}", file.name);
                crds.push(Crd {
                    name: file.name.clone(),
                    filename,
                    data: Arc::clone(&file.data),
                });
            }
        }
        for child in &self.dependencies {
            child.collect_crds(&format!("{path}/charts/{}", child.name()), crds);
        }
    }

    /// The chart as a release record keeps it: values with what was imported, no subcharts.
    pub fn record(&self) -> ChartRecord {
        let parts = &self.parts;
        let changed = !Arc::ptr_eq(&self.values, &parts.values);
        ChartRecord {
            metadata: Metadata::clone(&self.metadata),
            lock: parts.lock.clone(),
            templates: parts.templates.clone(),
            values: (parts.has_values || changed).then(|| Values::clone(&self.values)),
            schema: parts.schema.clone(),
            schemamodtime: parts.schema_modified,
            files: parts.files.clone(),
            modtime: parts.modified,
        }
    }
}

/// Processes the dependencies of a chart for the values of one render.
///
/// # Errors
/// [`ValuesError::NotATable`] if the name of a subchart has a value that is no table.
pub fn process(chart: &Chart, user: &Values) -> Result<Processed, ValuesError> {
    let mut warnings = Vec::new();
    let mut chart = Node::of(chart);
    enable(&mut chart, user, "", &mut warnings)?;
    imports::process(&mut chart, &mut warnings)?;
    Ok(Processed { chart, warnings })
}

/// Renames, multiplies and removes subcharts, from the root down.
fn enable(node: &mut Node, values: &Values, path: &str, warnings: &mut Vec<String>) -> Result<(), ValuesError> {
    if node.metadata.dependencies.is_empty() {
        return Ok(());
    }
    let mut metadata = Metadata::clone(&node.metadata);
    let present = std::mem::take(&mut node.dependencies);
    let undeclared = |chart: &&Node| !metadata.dependencies.iter().any(|wanted| satisfies(chart, wanted));
    node.dependencies = present.iter().filter(undeclared).cloned().collect();
    for wanted in &mut metadata.dependencies {
        if let Some(chart) = present.iter().find(|chart| satisfies(chart, wanted)) {
            let mut chart = chart.clone();
            if !wanted.alias.is_empty() {
                Arc::make_mut(&mut chart.metadata).name.clone_from(&wanted.alias);
            }
            node.dependencies.push(chart);
        }
        if !wanted.alias.is_empty() {
            wanted.name.clone_from(&wanted.alias);
        }
        wanted.enabled = true;
    }
    // Only tags, conditions and deeper levels look at the values; Helm refuses a scalar in place of a table in any case.
    let values = coalesce_node(node, values, false, warnings)?;
    switches::tags(&mut metadata.dependencies, &values, warnings);
    switches::conditions(&mut metadata.dependencies, &values, path, warnings);
    let off = metadata.dependencies.iter().filter(|dependency| !dependency.enabled);
    let off: BTreeSet<String> = off.map(|dependency| dependency.name.clone()).collect();
    node.dependencies.retain(|chart| !off.contains(chart.name()));
    metadata
        .dependencies
        .retain(|dependency| !off.contains(&dependency.name));
    node.metadata = Arc::new(metadata);
    if node
        .dependencies
        .iter()
        .all(|child| child.metadata.dependencies.is_empty())
    {
        return Ok(());
    }
    let values = to_values(&values);
    for child in &mut node.dependencies {
        let path = format!("{path}{}.", child.name());
        enable(child, &values, &path, warnings)?;
    }
    Ok(())
}

/// Whether a chart is the one that a declaration means: a version range that cannot be read fits nothing.
fn satisfies(chart: &Node, wanted: &super::metadata::Dependency) -> bool {
    chart.name() == wanted.name && is_compatible(&wanted.version, &chart.metadata.version)
}

/// Whether a version satisfies a constraint (Helm v4.2.3 `IsCompatibleRange`): never, if either cannot be read.
pub fn is_compatible(constraint: &str, version: &str) -> bool {
    match (Constraint::parse(constraint), Version::parse(version)) {
        (Ok(constraint), Ok(version)) => constraint.matches(&version),
        _ => false,
    }
}
