//! From rendered files to a manifest: documents split, hooks taken out, the rest in install order (Helm v4.2.3
//! `action.renderResources` and `release/v1/util.SortManifests`).

mod head;
mod split;

use std::collections::BTreeMap;

use super::HelmError;
use super::capabilities::Capabilities;
use super::dependencies::is_compatible;
use super::engine::{RenderOptions, Rendered, render};
use super::metadata::Metadata;
use super::release::{Hook, HookDeletePolicy, HookEvent, HookOutputLogPolicy};
use super::values::Values;
use super::{Chart, dependencies::Node};
use crate::object::install_order;

pub use split::split;

/// The annotation that makes a document a hook.
pub const HOOK_ANNOTATION: &str = "helm.sh/hook";
/// The annotation with a hook's weight.
pub const HOOK_WEIGHT_ANNOTATION: &str = "helm.sh/hook-weight";
/// The annotation with a hook's delete policies.
pub const HOOK_DELETE_ANNOTATION: &str = "helm.sh/hook-delete-policy";
/// The annotation that says when a hook's logs are printed.
pub const HOOK_OUTPUT_LOG_ANNOTATION: &str = "helm.sh/hook-output-log-policy";
/// The annotation that keeps an object when its release lets go of it.
pub const RESOURCE_POLICY_ANNOTATION: &str = "helm.sh/resource-policy";

/// A document that is no hook.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// The file that it came from.
    pub source: String,
    /// Its API version; empty if it has none.
    pub api_version: String,
    /// Its kind; empty if it has none, as a document of comments has.
    pub kind: String,
    /// Its name; empty if it has none.
    pub name: String,
    /// The document, without separators.
    pub text: String,
}

/// What a chart comes to: its objects in install order, its hooks, its notes.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ManifestSet {
    /// Documents that are no hooks, in the order in which they are installed.
    pub manifests: Vec<Manifest>,
    /// Hooks by kind, then as they stand in files. They run by weight, see [`hooks_for`].
    pub hooks: Vec<Hook>,
    /// The notes of the root chart, or of all charts.
    pub notes: String,
    /// What Helm logs on the way.
    pub warnings: Vec<String>,
}

impl ManifestSet {
    /// The manifest as a release record has it: `---`, the source and the text of every document.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.write_text(&mut text);
        text
    }

    /// Adds [`ManifestSet::text`] to a text.
    pub fn write_text(&self, text: &mut String) {
        let length = |it: &Manifest| it.source.len() + it.text.len() + 20;
        text.reserve(self.manifests.iter().map(length).sum());
        for manifest in &self.manifests {
            push_document(text, &manifest.source, &manifest.text);
        }
    }
}

/// Adds a document as Helm prints it: a separator, the file that it came from, the text.
pub fn push_document(text: &mut String, source: &str, document: &str) {
    for part in ["---\n# Source: ", source, "\n", document, "\n"] {
        text.push_str(part);
    }
}

/// Renders a chart and makes its manifest: what `helm template` and `helm install` compute.
///
/// # Errors
/// All of [`render`], a chart that is not for this version of Kubernetes, and documents that are not YAML.
pub fn render_manifests(
    chart: &Chart,
    values: &Values,
    options: &RenderOptions<'_>,
) -> Result<(Node, ManifestSet), HelmError> {
    check_kube_version(chart.metadata(), &options.capabilities)?;
    let Rendered {
        mut files,
        chart,
        warnings,
    } = render(chart, values, options)?;
    let notes = take_notes(&mut files, chart.name(), false);
    let mut set = sort(&files)?;
    set.notes = notes;
    set.warnings.splice(0..0, warnings);
    Ok((chart, set))
}

/// Whether a chart is for a version of Kubernetes.
///
/// # Errors
/// [`HelmError::KubeVersion`] if it is not, or if its constraint cannot be read.
pub fn check_kube_version(metadata: &Metadata, capabilities: &Capabilities) -> Result<(), HelmError> {
    let (constraint, version) = (&metadata.kube_version, &capabilities.kube_version.normalized);
    if constraint.is_empty() || is_compatible(constraint, version) {
        return Ok(());
    }
    Err(HelmError::KubeVersion {
        constraint: constraint.clone(),
        version: version.clone(),
    })
}

/// Takes every `NOTES.txt` out of the files; gives that of the root chart, or, with `of_subcharts`, all of them.
pub fn take_notes(files: &mut BTreeMap<String, String>, chart: &str, of_subcharts: bool) -> String {
    let own = format!("{chart}/templates/NOTES.txt");
    let mut notes = String::new();
    files.retain(|path, text| {
        if !path.ends_with("NOTES.txt") {
            return true;
        }
        if of_subcharts || *path == own {
            if !notes.is_empty() {
                notes.push('\n');
            }
            notes.push_str(text);
        }
        false
    });
    notes
}

/// Splits files into documents, takes the hooks out, and sorts both by kind (Helm v4.2.3 `SortManifests`).
///
/// # Errors
/// A document is not YAML, or has no head as Kubernetes wants it.
pub fn sort(files: &BTreeMap<String, String>) -> Result<ManifestSet, HelmError> {
    let mut set = ManifestSet::default();
    for (path, text) in files {
        if crate::tree::path::base(path).starts_with('_') || text.trim().is_empty() {
            continue;
        }
        for document in split(text) {
            add(&mut set, path, document)?;
        }
    }
    set.manifests
        .sort_by(|a, b| install_order::install(&a.kind).cmp(&install_order::install(&b.kind)));
    set.hooks
        .sort_by(|a, b| install_order::install(&a.kind).cmp(&install_order::install(&b.kind)));
    Ok(set)
}

fn add(set: &mut ManifestSet, path: &str, text: &str) -> Result<(), HelmError> {
    let head =
        head::read(text).map_err(|message| HelmError::Manifest(format!("YAML parse error on {path}: {message}")))?;
    let head::Head {
        api_version,
        kind,
        name,
        annotations,
    } = head;
    let Some(events) = annotations.get(HOOK_ANNOTATION) else {
        let (source, text) = (path.to_owned(), text.to_owned());
        set.manifests.push(Manifest {
            source,
            api_version,
            kind,
            name,
            text,
        });
        return Ok(());
    };
    let known: Option<Vec<HookEvent>> = words(events).map(|word| HookEvent::parse(&word)).collect();
    let Some(events) = known else {
        set.warnings.push(format!("skipping unknown hooks hookTypes={events}"));
        return Ok(());
    };
    let listed = |annotation: &str| annotations.get(annotation).map(String::as_str);
    set.hooks.push(Hook {
        name,
        kind,
        path: path.to_owned(),
        manifest: text.to_owned(),
        events,
        weight: listed(HOOK_WEIGHT_ANNOTATION)
            .and_then(|weight| weight.parse().ok())
            .unwrap_or(0),
        delete_policies: listed(HOOK_DELETE_ANNOTATION)
            .map(|list| words(list).map(|word| HookDeletePolicy::parse(&word)).collect())
            .unwrap_or_default(),
        output_log_policies: listed(HOOK_OUTPUT_LOG_ANNOTATION)
            .map(|list| words(list).map(|word| HookOutputLogPolicy::parse(&word)).collect())
            .unwrap_or_default(),
        ..Hook::default()
    });
    Ok(())
}

/// The words of a comma-separated annotation.
fn words(list: &str) -> impl Iterator<Item = String> {
    list.split(',').map(|word| word.trim().to_lowercase())
}

/// The hooks of an event in the order in which they run: by weight, then by name (Helm v4.2.3 `hookByWeight`).
pub fn hooks_for(hooks: &[Hook], event: HookEvent) -> Vec<&Hook> {
    let mut found: Vec<&Hook> = hooks.iter().filter(|hook| hook.events.contains(&event)).collect();
    found.sort_by(|a, b| a.weight.cmp(&b.weight).then_with(|| a.name.cmp(&b.name)));
    found
}
