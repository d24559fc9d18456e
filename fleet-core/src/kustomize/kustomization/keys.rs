//! The keys that a kustomization file and its parts may have, and the types of their values.

use super::super::decode::{Struct, Type, embedded, field};

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
pub(in crate::kustomize) static FIELD_SPEC: Struct = Struct {
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
pub(in crate::kustomize) static SELECTOR: Struct = Struct {
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
pub(in crate::kustomize) static PATCH: Struct = Struct {
    name: "Patch",
    fields: &[
        field("path", Type::String),
        field("patch", Type::String),
        field("target", Type::Struct(&SELECTOR)),
        field("options", Type::Struct(&PATCH_OPTIONS)),
    ],
};
pub(in crate::kustomize) static IMAGE: Struct = Struct {
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
pub(in crate::kustomize) static REPLACEMENT: Struct = Struct {
    name: "ReplacementField",
    fields: &[
        embedded("Replacement", "source", Type::Struct(&SOURCE)),
        embedded("Replacement", "sourceValue", Type::String),
        embedded("Replacement", "targets", Type::List(&Type::Struct(&TARGET))),
        field("path", Type::String),
    ],
};
pub(in crate::kustomize) static REPLICA: Struct = Struct {
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
pub(in crate::kustomize) static GENERATOR_OPTIONS: Struct = Struct {
    name: "GeneratorOptions",
    fields: &[
        field("labels", TEXTS),
        field("annotations", TEXTS),
        field("disableNameSuffixHash", Type::Boolean),
        field("immutable", Type::Boolean),
    ],
};
pub(in crate::kustomize) static CONFIG_MAP: Struct = Struct {
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
pub(in crate::kustomize) static SECRET: Struct = Struct {
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
pub(in crate::kustomize) static HELM_CHART: Struct = Struct {
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
pub(in crate::kustomize) static KUSTOMIZATION: Struct = Struct {
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
