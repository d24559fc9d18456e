//! The kustomization file: its types, and how it is read (kustomize v5.8.1 `api/types`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    decode::{Struct, Type, decode, embedded, field},
    error::{KustomizeError, Result},
    fields::FieldSpec,
    id::{Gvk, Id},
};

macro_rules! text_list {
    () => {
        Type::List(&Type::String)
    };
}

const TEXTS: Type = Type::Map(&Type::String);

static METADATA: Struct = Struct {
    name: "ObjectMeta",
    fields: &[
        field("name", Type::String),
        field("namespace", Type::String),
        field("labels", TEXTS),
        field("annotations", TEXTS),
    ],
};
pub(super) static FIELD_SPEC: Struct = Struct {
    name: "FieldSpec",
    fields: &[
        embedded("Gvk", "group", Type::String),
        embedded("Gvk", "version", Type::String),
        embedded("Gvk", "kind", Type::String),
        field("path", Type::String),
        field("create", Type::Boolean),
    ],
};
static LABEL: Struct = Struct {
    name: "Label",
    fields: &[
        field("pairs", TEXTS),
        field("includeSelectors", Type::Boolean),
        field("includeTemplates", Type::Boolean),
        field("fields", Type::List(&Type::Struct(&FIELD_SPEC))),
    ],
};
pub(super) static SELECTOR: Struct = Struct {
    name: "Selector",
    fields: &[
        embedded("ResId.Gvk", "group", Type::String),
        embedded("ResId.Gvk", "version", Type::String),
        embedded("ResId.Gvk", "kind", Type::String),
        embedded("ResId", "name", Type::String),
        embedded("ResId", "namespace", Type::String),
        field("annotationSelector", Type::String),
        field("labelSelector", Type::String),
    ],
};
static PATCH_OPTIONS: Struct = Struct {
    name: "PatchArgs",
    fields: &[
        field("allowNameChange", Type::Boolean),
        field("allowKindChange", Type::Boolean),
    ],
};
pub(super) static PATCH: Struct = Struct {
    name: "Patch",
    fields: &[
        field("path", Type::String),
        field("patch", Type::String),
        field("target", Type::Struct(&SELECTOR)),
        field("options", Type::Struct(&PATCH_OPTIONS)),
    ],
};
pub(super) static IMAGE: Struct = Struct {
    name: "Image",
    fields: &[
        field("name", Type::String),
        field("newName", Type::String),
        field("tagSuffix", Type::String),
        field("newTag", Type::String),
        field("digest", Type::String),
    ],
};
static FIELD_OPTIONS: Struct = Struct {
    name: "FieldOptions",
    fields: &[
        field("delimiter", Type::String),
        field("index", Type::Integer("int")),
        field("encoding", Type::String),
        field("create", Type::Boolean),
    ],
};
static SOURCE: Struct = Struct {
    name: "SourceSelector",
    fields: &[
        embedded("ResId.Gvk", "group", Type::String),
        embedded("ResId.Gvk", "version", Type::String),
        embedded("ResId.Gvk", "kind", Type::String),
        embedded("ResId", "name", Type::String),
        embedded("ResId", "namespace", Type::String),
        field("fieldPath", Type::String),
        field("options", Type::Struct(&FIELD_OPTIONS)),
    ],
};
static TARGET: Struct = Struct {
    name: "TargetSelector",
    fields: &[
        field("select", Type::Struct(&SELECTOR)),
        field("reject", Type::List(&Type::Struct(&SELECTOR))),
        field("fieldPaths", text_list!()),
        field("options", Type::Struct(&FIELD_OPTIONS)),
    ],
};
pub(super) static REPLACEMENT: Struct = Struct {
    name: "ReplacementField",
    fields: &[
        embedded("Replacement", "source", Type::Struct(&SOURCE)),
        embedded("Replacement", "sourceValue", Type::String),
        embedded("Replacement", "targets", Type::List(&Type::Struct(&TARGET))),
        field("path", Type::String),
    ],
};
pub(super) static REPLICA: Struct = Struct {
    name: "Replica",
    fields: &[field("name", Type::String), field("count", Type::Integer("int64"))],
};
static VAR_TARGET: Struct = Struct {
    name: "Target",
    fields: &[
        field("apiVersion", Type::String),
        embedded("Gvk", "group", Type::String),
        embedded("Gvk", "version", Type::String),
        embedded("Gvk", "kind", Type::String),
        field("name", Type::String),
        field("namespace", Type::String),
    ],
};
static VAR_FIELD: Struct = Struct {
    name: "FieldSelector",
    fields: &[field("fieldPath", Type::String)],
};
static VAR: Struct = Struct {
    name: "Var",
    fields: &[
        field("name", Type::String),
        field("objref", Type::Struct(&VAR_TARGET)),
        field("fieldref", Type::Struct(&VAR_FIELD)),
    ],
};
static LEGACY_SORT: Struct = Struct {
    name: "LegacySortOptions",
    fields: &[field("orderFirst", text_list!()), field("orderLast", text_list!())],
};
static SORT_OPTIONS: Struct = Struct {
    name: "SortOptions",
    fields: &[
        field("order", Type::String),
        field("legacySortOptions", Type::Struct(&LEGACY_SORT)),
    ],
};
pub(super) static GENERATOR_OPTIONS: Struct = Struct {
    name: "GeneratorOptions",
    fields: &[
        field("labels", TEXTS),
        field("annotations", TEXTS),
        field("disableNameSuffixHash", Type::Boolean),
        field("immutable", Type::Boolean),
    ],
};
pub(super) static CONFIG_MAP: Struct = Struct {
    name: "ConfigMapArgs",
    fields: &[
        embedded("GeneratorArgs", "namespace", Type::String),
        embedded("GeneratorArgs", "name", Type::String),
        embedded("GeneratorArgs", "behavior", Type::String),
        embedded("GeneratorArgs.KvPairSources", "literals", text_list!()),
        embedded("GeneratorArgs.KvPairSources", "files", text_list!()),
        embedded("GeneratorArgs.KvPairSources", "envs", text_list!()),
        embedded("GeneratorArgs.KvPairSources", "env", Type::String),
        embedded("GeneratorArgs", "options", Type::Struct(&GENERATOR_OPTIONS)),
    ],
};
pub(super) static SECRET: Struct = Struct {
    name: "SecretArgs",
    fields: &[
        embedded("GeneratorArgs", "namespace", Type::String),
        embedded("GeneratorArgs", "name", Type::String),
        embedded("GeneratorArgs", "behavior", Type::String),
        embedded("GeneratorArgs.KvPairSources", "literals", text_list!()),
        embedded("GeneratorArgs.KvPairSources", "files", text_list!()),
        embedded("GeneratorArgs.KvPairSources", "envs", text_list!()),
        embedded("GeneratorArgs.KvPairSources", "env", Type::String),
        embedded("GeneratorArgs", "options", Type::Struct(&GENERATOR_OPTIONS)),
        field("type", Type::String),
    ],
};
static HELM_GLOBALS: Struct = Struct {
    name: "HelmGlobals",
    fields: &[field("chartHome", Type::String), field("configHome", Type::String)],
};
pub(super) static HELM_CHART: Struct = Struct {
    name: "HelmChart",
    fields: &[
        field("name", Type::String),
        field("version", Type::String),
        field("repo", Type::String),
        field("releaseName", Type::String),
        field("namespace", Type::String),
        field("valuesFile", Type::String),
        field("additionalValuesFiles", text_list!()),
        field("valuesInline", Type::Map(&Type::Any)),
        field("valuesMerge", Type::String),
        field("includeCRDs", Type::Boolean),
        field("skipHooks", Type::Boolean),
        field("skipTests", Type::Boolean),
        field("apiVersions", text_list!()),
        field("kubeVersion", Type::String),
        field("nameTemplate", Type::String),
        field("debug", Type::Boolean),
        field("devel", Type::Boolean),
    ],
};
static HELM_CHART_ARGS: Struct = Struct {
    name: "HelmChartArgs",
    fields: &[
        field("chartName", Type::String),
        field("chartVersion", Type::String),
        field("chartRepoUrl", Type::String),
        field("chartHome", Type::String),
        field("chartRepoName", Type::String),
        field("helmBin", Type::String),
        field("helmHome", Type::String),
        field("values", Type::String),
        field("valuesLocal", Type::Map(&Type::Any)),
        field("valuesMerge", Type::String),
        field("releaseName", Type::String),
        field("releaseNamespace", Type::String),
        field("extraArgs", text_list!()),
    ],
};
static KUSTOMIZATION: Struct = Struct {
    name: "Kustomization",
    fields: &[
        embedded("TypeMeta", "kind", Type::String),
        embedded("TypeMeta", "apiVersion", Type::String),
        field("metadata", Type::Struct(&METADATA)),
        field("openapi", TEXTS),
        field("namePrefix", Type::String),
        field("nameSuffix", Type::String),
        field("namespace", Type::String),
        field("commonLabels", TEXTS),
        field("labels", Type::List(&Type::Struct(&LABEL))),
        field("commonAnnotations", TEXTS),
        field("patchesStrategicMerge", text_list!()),
        field("patchesJson6902", Type::List(&Type::Struct(&PATCH))),
        field("patches", Type::List(&Type::Struct(&PATCH))),
        field("images", Type::List(&Type::Struct(&IMAGE))),
        field("imageTags", Type::List(&Type::Struct(&IMAGE))),
        field("replacements", Type::List(&Type::Struct(&REPLACEMENT))),
        field("replicas", Type::List(&Type::Struct(&REPLICA))),
        field("vars", Type::List(&Type::Struct(&VAR))),
        field("sortOptions", Type::Struct(&SORT_OPTIONS)),
        field("resources", text_list!()),
        field("components", text_list!()),
        field("crds", text_list!()),
        field("bases", text_list!()),
        field("configMapGenerator", Type::List(&Type::Struct(&CONFIG_MAP))),
        field("secretGenerator", Type::List(&Type::Struct(&SECRET))),
        field("helmGlobals", Type::Struct(&HELM_GLOBALS)),
        field("helmCharts", Type::List(&Type::Struct(&HELM_CHART))),
        field(
            "helmChartInflationGenerator",
            Type::List(&Type::Struct(&HELM_CHART_ARGS)),
        ),
        field("generatorOptions", Type::Struct(&GENERATOR_OPTIONS)),
        field("configurations", text_list!()),
        field("generators", text_list!()),
        field("transformers", text_list!()),
        field("validators", text_list!()),
        field("buildMetadata", text_list!()),
    ],
};

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
