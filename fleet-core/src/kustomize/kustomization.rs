//! The kustomization file: its types, and how it is read (kustomize v5.8.1 `api/types`).

mod keys;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    decode::decode,
    error::{KustomizeError, Result},
    fields::FieldSpec,
    id::{Gvk, Id},
};
use keys::KUSTOMIZATION;
pub(super) use keys::{CONFIG_MAP, FIELD_SPEC, HELM_CHART, IMAGE, PATCH, REPLACEMENT, REPLICA, SECRET, SELECTOR};

/// A selector of resources.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Selector {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) annotation_selector: String,
    pub(super) label_selector: String,
}

impl std::fmt::Display for Selector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let gvk = Gvk {
            group: self.group.clone().into(),
            version: self.version.clone().into(),
            kind: self.kind.clone().into(),
        };
        let id = Id {
            gvk,
            name: self.name.clone(),
            namespace: self.namespace.clone(),
        };
        write!(
            formatter,
            "{id}:a={}:l={}",
            self.annotation_selector, self.label_selector
        )
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PatchOptions {
    pub(super) allow_name_change: bool,
    pub(super) allow_kind_change: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Patch {
    pub(super) path: String,
    pub(super) patch: String,
    pub(super) target: Option<Selector>,
    pub(super) options: PatchOptions,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Label {
    pub(super) pairs: BTreeMap<String, String>,
    pub(super) include_selectors: bool,
    pub(super) include_templates: bool,
    pub(super) fields: Vec<FieldSpec>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Image {
    pub(super) name: String,
    pub(super) new_name: String,
    pub(super) tag_suffix: String,
    pub(super) new_tag: String,
    pub(super) digest: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct FieldOptions {
    pub(super) delimiter: String,
    pub(super) index: i64,
    pub(super) create: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Source {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) field_path: String,
    pub(super) options: Option<FieldOptions>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Target {
    pub(super) select: Option<Selector>,
    pub(super) reject: Vec<Selector>,
    pub(super) field_paths: Vec<String>,
    pub(super) options: Option<FieldOptions>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Replacement {
    pub(super) source: Option<Source>,
    pub(super) source_value: Option<String>,
    pub(super) targets: Option<Vec<Target>>,
    pub(super) path: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Replica {
    pub(super) name: String,
    pub(super) count: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct VarTarget {
    pub(super) api_version: String,
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) namespace: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct VarField {
    pub(super) field_path: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Var {
    pub(super) name: String,
    pub(super) objref: VarTarget,
    pub(super) fieldref: VarField,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct LegacySortOptions {
    pub(super) order_first: Vec<String>,
    pub(super) order_last: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct SortOptions {
    pub(super) order: String,
    pub(super) legacy_sort_options: Option<LegacySortOptions>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct GeneratorOptions {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) disable_name_suffix_hash: bool,
    pub(super) immutable: bool,
}

/// A ConfigMap or Secret to generate.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Generator {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) behavior: String,
    pub(super) literals: Vec<String>,
    pub(super) files: Vec<String>,
    pub(super) envs: Vec<String>,
    pub(super) env: String,
    pub(super) options: Option<GeneratorOptions>,
    #[serde(rename = "type")]
    pub(super) kind: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct HelmGlobals {
    pub(super) chart_home: String,
    pub(super) config_home: String,
}

/// A chart to render, as `helmCharts` names it (kustomize v5.8.1 `types.HelmChart`).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct HelmChart {
    /// The chart's name, which is its folder's below the chart home.
    pub name: String,
    /// A version or a range of versions.
    pub version: String,
    /// The repository it is pulled from, if it is not in the chart home.
    pub repo: String,
    /// The release's name.
    pub release_name: String,
    /// The release's namespace.
    pub namespace: String,
    /// A file of values, from the kustomization's folder.
    pub values_file: String,
    /// More files of values, after the first.
    pub additional_values_files: Vec<String>,
    /// Values written in the kustomization.
    pub values_inline: BTreeMap<String, Value>,
    /// How inline values and the file's are merged: `override` (default), `merge` or `replace`.
    pub values_merge: String,
    /// Render the chart's `crds/` too.
    #[serde(rename = "includeCRDs")]
    pub include_crds: bool,
    /// Leave hooks out.
    pub skip_hooks: bool,
    /// Leave tests out.
    pub skip_tests: bool,
    /// API versions for `.Capabilities.APIVersions`.
    pub api_versions: Vec<String>,
    /// Kubernetes version for `.Capabilities.KubeVersion`.
    pub kube_version: String,
    /// A template for the release's name.
    pub name_template: String,
    /// Print more on failure.
    pub debug: bool,
    /// Accept development versions.
    pub devel: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct HelmChartArgs {
    chart_name: String,
    chart_version: String,
    chart_repo_url: String,
    chart_home: String,
    helm_home: String,
    values: String,
    values_local: BTreeMap<String, Value>,
    values_merge: String,
    release_name: String,
    release_namespace: String,
}

/// A kustomization file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Kustomization {
    pub(super) kind: String,
    pub(super) api_version: String,
    pub(super) openapi: BTreeMap<String, String>,
    pub(super) name_prefix: String,
    pub(super) name_suffix: String,
    pub(super) namespace: String,
    pub(super) common_labels: BTreeMap<String, String>,
    pub(super) labels: Vec<Label>,
    pub(super) common_annotations: BTreeMap<String, String>,
    pub(super) patches_strategic_merge: Vec<String>,
    pub(super) patches_json6902: Vec<Patch>,
    pub(super) patches: Vec<Patch>,
    pub(super) images: Vec<Image>,
    image_tags: Vec<Image>,
    pub(super) replacements: Vec<Replacement>,
    pub(super) replicas: Vec<Replica>,
    pub(super) vars: Vec<Var>,
    pub(super) sort_options: Option<SortOptions>,
    pub(super) resources: Vec<String>,
    pub(super) components: Vec<String>,
    pub(super) crds: Vec<String>,
    bases: Vec<String>,
    pub(super) config_map_generator: Vec<Generator>,
    pub(super) secret_generator: Vec<Generator>,
    pub(super) helm_globals: Option<HelmGlobals>,
    pub(super) helm_charts: Vec<HelmChart>,
    helm_chart_inflation_generator: Vec<HelmChartArgs>,
    pub(super) generator_options: Option<GeneratorOptions>,
    pub(super) configurations: Vec<String>,
    pub(super) generators: Vec<String>,
    pub(super) transformers: Vec<String>,
    pub(super) validators: Vec<String>,
    pub(super) build_metadata: Vec<String>,
}

const DEPRECATED: [(&str, &str); 6] = [
    ("bases", "resources"),
    ("commonLabels", "labels"),
    ("imageTags", "images"),
    ("patchesJson6902", "patches"),
    ("patchesStrategicMerge", "patches"),
    ("vars", "replacements"),
];

/// Reads a kustomization file; warnings about deprecated fields come beside it.
pub(super) fn read(content: &[u8], folder: &str, warnings: &mut Vec<String>) -> Result<Kustomization> {
    let invalid = |text: String| KustomizeError::Kustomization(format!("invalid Kustomization: {text}"));
    let text = crate::yaml::decode(content).map_err(|error| invalid(error.to_string()))?;
    let value = crate::yaml::read(&text).map_err(|error| invalid(error.to_string()))?;
    let value = decode(&value, &KUSTOMIZATION, true).map_err(invalid)?;
    let empty = serde_json::Map::new();
    let fields = value.as_object().unwrap_or(&empty);
    for (old, new) in DEPRECATED {
        if fields.contains_key(old) {
            let experimental = if old == "vars" { "[EXPERIMENTAL] " } else { "" };
            warnings.push(format!(
                "# Warning: '{old}' is deprecated. Please use '{new}' instead. {experimental}Run 'kustomize edit fix' to update your \
                 Kustomization automatically."
            ));
        }
    }
    let is_empty = fields
        .iter()
        .all(|(key, value)| matches!(key.as_str(), "kind" | "apiVersion") || value.as_str().is_some_and(str::is_empty));
    let value = Value::Object(fields.clone());
    let mut kustomization: Kustomization = serde_json::from_value(value).map_err(|error| invalid(error.to_string()))?;
    kustomization.normalize();
    if is_empty {
        return Err(KustomizeError::Kustomization("kustomization.yaml is empty".to_owned()));
    }
    kustomization.check(folder)?;
    Ok(kustomization)
}

impl Kustomization {
    pub(super) fn is_component(&self) -> bool {
        self.kind == "Component"
    }

    fn normalize(&mut self) {
        if self.kind.is_empty() {
            self.kind = "Kustomization".to_owned();
        }
        if self.api_version.is_empty() {
            self.api_version = self.required_version().to_owned();
        }
        self.resources.append(&mut self.bases);
        self.images.append(&mut self.image_tags);
        for generator in self.config_map_generator.iter_mut().chain(&mut self.secret_generator) {
            if !generator.env.is_empty() {
                generator.envs.push(std::mem::take(&mut generator.env));
            }
        }
        for old in std::mem::take(&mut self.helm_chart_inflation_generator) {
            if self.helm_globals.is_none() && !(old.chart_home.is_empty() && old.helm_home.is_empty()) {
                self.helm_globals = Some(HelmGlobals {
                    chart_home: old.chart_home,
                    config_home: old.helm_home,
                });
            }
            self.helm_charts.push(HelmChart {
                name: old.chart_name,
                version: old.chart_version,
                repo: old.chart_repo_url,
                release_name: old.release_name,
                namespace: old.release_namespace,
                values_file: old.values,
                values_inline: old.values_local,
                values_merge: old.values_merge,
                ..HelmChart::default()
            });
        }
    }

    fn required_version(&self) -> &'static str {
        if self.is_component() {
            "kustomize.config.k8s.io/v1alpha1"
        } else {
            "kustomize.config.k8s.io/v1beta1"
        }
    }

    fn check(&self, folder: &str) -> Result<()> {
        let mut errors = String::new();
        if !matches!(self.kind.as_str(), "Kustomization" | "Component") {
            errors.push_str("\nkind should be Kustomization or Component");
        }
        if self.api_version != self.required_version() {
            errors.push_str(&format!(
                "\napiVersion for {} should be {}",
                self.kind,
                self.required_version()
            ));
        }
        if errors.is_empty() {
            return Ok(());
        }
        Err(KustomizeError::Kustomization(format!(
            "Failed to read kustomization file under {folder}:{errors}"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        read(text.as_bytes(), "/d", &mut Vec::new()).unwrap_err().to_string()
    }

    #[test]
    fn field_names_match_in_any_case() {
        let kustomization = read(b"Resources: [a]\nNAMEPREFIX: x\n", "/d", &mut Vec::new()).unwrap();
        assert_eq!(
            (kustomization.resources, kustomization.name_prefix),
            (vec!["a".to_owned()], "x".to_owned())
        );
    }

    #[test]
    fn errors_are_gos() {
        let cases = [
            ("foo: 1\n", "json: unknown field \"foo\""),
            (
                "images: [{name: n}]\n",
                "json: cannot unmarshal bool into Go struct field Image.images.name of type string",
            ),
            (
                "patches: [{target: {kind: 1}, patch: x}]\n",
                "json: cannot unmarshal number into Go struct field Selector.patches.target.ResId.Gvk.kind of type string",
            ),
            (
                "- a\n",
                "json: cannot unmarshal array into Go value of type types.Kustomization",
            ),
        ];
        for (text, want) in cases {
            assert_eq!(error(text), format!("invalid Kustomization: {want}"));
        }
        assert_eq!(error("kind: Kustomization\n"), "kustomization.yaml is empty");
    }
}
