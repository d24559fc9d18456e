//! What the built-in transformers change: field specs by transformer, from kustomize's defaults, `configurations` files and `crds`.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use super::{
    decode::{Struct, Type, decode, embedded, field},
    error::{KustomizeError, Result},
    fields::{FieldSpec, FieldSpecs, merge_all, merge_one},
    id::Gvk,
    kustomization::FIELD_SPEC,
    table,
};

/// Which fields refer to objects of a kind by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct BackReference {
    pub(super) target: Gvk,
    pub(super) referrers: FieldSpecs,
}

/// Field specs by transformer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Config {
    pub(super) name_prefix: FieldSpecs,
    pub(super) name_suffix: FieldSpecs,
    pub(super) namespace: FieldSpecs,
    pub(super) common_labels: FieldSpecs,
    pub(super) labels: FieldSpecs,
    pub(super) template_labels: FieldSpecs,
    pub(super) common_annotations: FieldSpecs,
    pub(super) name_reference: Cow<'static, [BackReference]>,
    pub(super) var_reference: FieldSpecs,
    pub(super) images: FieldSpecs,
    pub(super) replicas: FieldSpecs,
}

impl Config {
    /// kustomize's own (v5.8.1).
    pub(super) fn built_in() -> Self {
        Self {
            name_prefix: Cow::Borrowed(table::NAME_PREFIX),
            name_suffix: Cow::Borrowed(table::NAME_SUFFIX),
            namespace: Cow::Borrowed(table::NAMESPACE),
            common_labels: Cow::Borrowed(table::COMMON_LABELS),
            labels: Cow::Borrowed(&[]),
            template_labels: Cow::Borrowed(table::TEMPLATE_LABELS),
            common_annotations: Cow::Borrowed(table::COMMON_ANNOTATIONS),
            name_reference: Cow::Borrowed(table::NAME_REFERENCE),
            var_reference: Cow::Borrowed(table::VAR_REFERENCE),
            images: Cow::Borrowed(table::IMAGES),
            replicas: Cow::Borrowed(table::REPLICAS),
        }
    }

    /// Adds another configuration's specs.
    pub(super) fn merge(&mut self, other: &Self) -> Result<()> {
        let merge = |specs: &mut FieldSpecs, other: &FieldSpecs, name: &str| {
            merge_all(specs, other).map_err(|error| error.context(format!("failed to merge {name} fieldSpec")))
        };
        merge(&mut self.name_prefix, &other.name_prefix, "NamePrefix")?;
        merge(&mut self.name_suffix, &other.name_suffix, "NameSuffix")?;
        merge(&mut self.namespace, &other.namespace, "NameSpace")?;
        merge(
            &mut self.common_annotations,
            &other.common_annotations,
            "CommonAnnotations",
        )?;
        merge(&mut self.labels, &other.labels, "Labels")?;
        merge(&mut self.template_labels, &other.template_labels, "TemplateLabels")?;
        merge(&mut self.common_labels, &other.common_labels, "CommonLabels")?;
        merge(&mut self.var_reference, &other.var_reference, "VarReference")?;
        merge(&mut self.images, &other.images, "Images")?;
        merge(&mut self.replicas, &other.replicas, "Replicas")?;
        if self.name_reference.is_empty() {
            self.name_reference = other.name_reference.clone();
        } else if !std::ptr::eq(self.name_reference.as_ptr(), other.name_reference.as_ptr()) {
            for reference in other.name_reference.iter() {
                self.add_reference(reference)?;
            }
        }
        Ok(())
    }

    fn add_reference(&mut self, new: &BackReference) -> Result<()> {
        let found = self.name_reference.iter().position(|old| old.target == new.target);
        let references = self.name_reference.to_mut();
        match found {
            Some(at) => merge_all(&mut references[at].referrers, &new.referrers),
            None => {
                references.push(new.clone());
                Ok(())
            }
        }
    }

    /// Adds what a `configurations` file says.
    pub(super) fn from_file(content: &[u8]) -> Result<Self> {
        let failure = |text: String| {
            KustomizeError::Kustomization(format!("error unmarshaling JSON: while decoding JSON: {text}"))
        };
        let text = crate::yaml::decode(content).map_err(|error| failure(error.to_string()))?;
        let options = crate::yaml::ReadOptions::default().strict();
        let value = crate::yaml::read_with(&text, &options).map_err(|error| failure(error.to_string()))?;
        let value = decode(&value, &CONFIG, true)
            .map_err(|error| failure(error.replace("types.TransformerConfig", "builtinconfig.TransformerConfig")))?;
        if value.is_null() {
            return Ok(Self::default());
        }
        let raw: RawConfig = serde_json::from_value(value).map_err(|error| failure(error.to_string()))?;
        Ok(raw.into())
    }

    /// What definitions in a `crds` file say by their extensions.
    pub(super) fn from_definitions(content: &[u8], path: &str) -> Result<Self> {
        super::crds::config(content, path)
    }

    pub(super) fn add_annotation(&mut self, spec: FieldSpec) -> Result<()> {
        merge_one(&mut self.common_annotations, spec)
    }

    pub(super) fn add_label(&mut self, spec: FieldSpec) -> Result<()> {
        merge_one(&mut self.common_labels, spec)
    }

    pub(super) fn add_prefix(&mut self, spec: FieldSpec) -> Result<()> {
        merge_one(&mut self.name_prefix, spec)
    }

    pub(super) fn add_name_reference(&mut self, target: Gvk, spec: FieldSpec) -> Result<()> {
        self.add_reference(&BackReference {
            target,
            referrers: Cow::Owned(vec![spec]),
        })
    }
}

pub(super) const SPECS: Type = Type::List(&Type::Struct(&FIELD_SPEC));

static BACK_REFERENCE: Struct = Struct {
    name: "NameBackReferences",
    fields: &[
        embedded("Gvk", "group", Type::String),
        embedded("Gvk", "version", Type::String),
        embedded("Gvk", "kind", Type::String),
        field("fieldSpecs", SPECS),
    ],
};

static CONFIG: Struct = Struct {
    name: "TransformerConfig",
    fields: &[
        field("namePrefix", SPECS),
        field("nameSuffix", SPECS),
        field("namespace", SPECS),
        field("commonLabels", SPECS),
        field("labels", SPECS),
        field("templateLabels", SPECS),
        field("commonAnnotations", SPECS),
        field("nameReference", Type::List(&Type::Struct(&BACK_REFERENCE))),
        field("varReference", SPECS),
        field("images", SPECS),
        field("replicas", SPECS),
    ],
};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawReference {
    group: String,
    version: String,
    kind: String,
    field_specs: Vec<FieldSpec>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawConfig {
    name_prefix: Vec<FieldSpec>,
    name_suffix: Vec<FieldSpec>,
    namespace: Vec<FieldSpec>,
    common_labels: Vec<FieldSpec>,
    labels: Vec<FieldSpec>,
    template_labels: Vec<FieldSpec>,
    common_annotations: Vec<FieldSpec>,
    name_reference: Vec<RawReference>,
    var_reference: Vec<FieldSpec>,
    images: Vec<FieldSpec>,
    replicas: Vec<FieldSpec>,
}

impl From<RawConfig> for Config {
    fn from(raw: RawConfig) -> Self {
        let references = raw.name_reference.into_iter().map(|reference| BackReference {
            target: Gvk {
                group: reference.group.into(),
                version: reference.version.into(),
                kind: reference.kind.into(),
            },
            referrers: Cow::Owned(reference.field_specs),
        });
        Self {
            name_prefix: Cow::Owned(raw.name_prefix),
            name_suffix: Cow::Owned(raw.name_suffix),
            namespace: Cow::Owned(raw.namespace),
            common_labels: Cow::Owned(raw.common_labels),
            labels: Cow::Owned(raw.labels),
            template_labels: Cow::Owned(raw.template_labels),
            common_annotations: Cow::Owned(raw.common_annotations),
            name_reference: Cow::Owned(references.collect()),
            var_reference: Cow::Owned(raw.var_reference),
            images: Cow::Owned(raw.images),
            replicas: Cow::Owned(raw.replicas),
        }
    }
}

/// Lists of field specs in the configuration of a built-in transformer, which has been decoded.
pub(super) fn field_specs(value: Option<&Value>) -> Result<FieldSpecs> {
    let mut specs = Vec::new();
    for item in value.and_then(Value::as_array).into_iter().flatten() {
        specs.push(
            serde_json::from_value(item.clone()).map_err(|error| KustomizeError::Kustomization(error.to_string()))?,
        );
    }
    Ok(Cow::Owned(specs))
}
