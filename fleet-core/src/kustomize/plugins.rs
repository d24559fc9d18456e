//! Generators, transformers and validators that stand as resources of `apiVersion: builtin`, and the configuration of those that stand
//! in the kustomization.

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::Value;

use super::{
    config::{SPECS, field_specs},
    decode::{Struct, Type, decode, field},
    error::{KustomizeError, Result, quote},
    fields::FieldSpecs,
    generate,
    json_patch::{self, Operation},
    kustomization::{
        CONFIG_MAP, Generator, HELM_CHART, HelmChart, HelmGlobals, IMAGE, Image, PATCH, Patch, REPLACEMENT, REPLICA,
        Replacement, Replica, SECRET, SELECTOR, Selector,
    },
    loader::Loader,
    node::{Mapping, Node},
    resmap::ResMap,
    resource::Resource,
    target::Session,
    transform::{
        self, End, Namespace, SubjectMode, patch, replacement,
        value_add::{ValueTarget, value_add},
    },
};

const TEXTS: Type = Type::Map(&Type::String);

static FIELD_SPECS: Struct = Struct {
    name: "FieldSpecs",
    fields: &[field("fieldSpecs", SPECS)],
};
static ANNOTATIONS_TRANSFORMER: Struct = Struct {
    name: "AnnotationsTransformerPlugin",
    fields: &[field("annotations", TEXTS), field("fieldSpecs", SPECS)],
};
static LABEL_TRANSFORMER: Struct = Struct {
    name: "LabelTransformerPlugin",
    fields: &[field("labels", TEXTS), field("fieldSpecs", SPECS)],
};
static NAMESPACE_TRANSFORMER: Struct = Struct {
    name: "NamespaceTransformerPlugin",
    fields: &[
        field("fieldSpecs", SPECS),
        field("unsetOnly", Type::Boolean),
        field("setRoleBindingSubjects", Type::String),
    ],
};
static IMAGE_TAG_TRANSFORMER: Struct = Struct {
    name: "ImageTagTransformerPlugin",
    fields: &[field("imageTag", Type::Struct(&IMAGE)), field("fieldSpecs", SPECS)],
};
static REPLICA_COUNT_TRANSFORMER: Struct = Struct {
    name: "ReplicaCountTransformerPlugin",
    fields: &[field("replica", Type::Struct(&REPLICA)), field("fieldSpecs", SPECS)],
};
static PATCH_TRANSFORMER: Struct = Struct {
    name: "PatchTransformerPlugin",
    fields: PATCH.fields,
};
static JSON_PATCH_TRANSFORMER: Struct = Struct {
    name: "PatchJson6902TransformerPlugin",
    fields: &[
        field("target", Type::Struct(&SELECTOR)),
        field("path", Type::String),
        field("jsonOp", Type::String),
    ],
};
static REPLACEMENT_TRANSFORMER: Struct = Struct {
    name: "ReplacementTransformerPlugin",
    fields: &[field("replacements", Type::List(&Type::Struct(&REPLACEMENT)))],
};

/// A built-in generator or transformer with its configuration.
pub(super) enum Plugin {
    Generate(Box<Generator>, generate::Kind),
    Chart(Box<HelmChart>, Option<HelmGlobals>),
    /// What there is to generate, or why there is nothing: that shows only when it is generated.
    Made(Box<Result<Resource>>),
    Pairs(BTreeMap<String, String>, FieldSpecs),
    Namespace {
        name: String,
        subjects: SubjectMode,
        unset_only: bool,
        specs: FieldSpecs,
    },
    Affix {
        prefix: String,
        suffix: String,
        specs: FieldSpecs,
    },
    Image(Box<Image>, FieldSpecs),
    Replica(Replica, FieldSpecs),
    Patch(Box<patch::Loaded>),
    JsonPatch(Vec<Operation>, Selector),
    StrategicPatches(Vec<Resource>),
    Replacements(Vec<Replacement>),
    ValueAdd(String, Vec<ValueTarget>),
    Hash,
}

impl Plugin {
    /// Changes the resources; generators do nothing here.
    pub(super) fn transform(&self, resources: &mut ResMap, session: &Session<'_>) -> Result<()> {
        let Session { schemas, growth, .. } = session;
        match self {
            Self::Generate(..) | Self::Chart(..) | Self::Made(_) => Ok(()),
            Self::Pairs(pairs, specs) => transform::pairs(resources, pairs, specs, growth),
            Self::Namespace {
                name,
                subjects,
                unset_only,
                specs,
            } => {
                let namespace = Namespace {
                    name,
                    subjects: *subjects,
                    unset_only: *unset_only,
                };
                transform::namespace(resources, &namespace, specs, growth)
            }
            Self::Affix { prefix, suffix, specs } => {
                transform::affix(resources, prefix, End::Prefix, specs, growth)?;
                transform::affix(resources, suffix, End::Suffix, specs, growth)
            }
            Self::Image(image, specs) => transform::images(resources, image, specs),
            Self::Replica(replica, specs) => transform::replicas(resources, replica, specs),
            Self::Patch(patch) => patch::apply(resources, patch, schemas, growth),
            Self::JsonPatch(operations, target) => patch::apply_json(resources, operations, target, growth),
            Self::StrategicPatches(patches) => patch::apply_by_id(resources, patches, schemas),
            Self::Replacements(replacements) => replacement::replacements(resources, replacements, growth),
            Self::ValueAdd(value, targets) => value_add(resources, value, targets),
            Self::Hash => transform::hashes(resources),
        }
    }
}

/// A field by its name in any case.
fn get<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let object = value.as_object()?;
    object.get(name).or_else(|| {
        object
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

fn text(value: &Value, name: &str) -> String {
    match get(value, name) {
        Some(Value::String(text)) => text.clone(),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
        _ => String::new(),
    }
}

fn typed<T: serde::de::DeserializeOwned>(value: &Value, structure: &'static Struct) -> Result<T> {
    let value = decoded(value, structure)?;
    serde_json::from_value(value).map_err(|error| KustomizeError::Kustomization(error.to_string()))
}

fn decoded(value: &Value, structure: &'static Struct) -> Result<Value> {
    decode(value, structure, false).map_err(|error| {
        KustomizeError::Kustomization(format!("error unmarshaling JSON: while decoding JSON: {error}"))
    })
}

fn typed_at<T: serde::de::DeserializeOwned + Default>(
    value: &Value,
    name: &str,
    structure: &'static Struct,
) -> Result<T> {
    match get(value, name) {
        Some(value) if !value.is_null() => typed(value, structure),
        _ => Ok(T::default()),
    }
}

/// Field specs of the transformers that insist on some; theirs is another reader.
fn required_specs(config: &Value) -> Result<FieldSpecs> {
    match get(config, "fieldSpecs") {
        None | Some(Value::Null) => Err(KustomizeError::Kustomization(
            "fieldSpecs is not expected to be nil".to_owned(),
        )),
        Some(Value::Array(_)) => field_specs(get(&decoded(config, &FIELD_SPECS)?, "fieldSpecs")),
        Some(_) => Err(KustomizeError::Kustomization(
            "yaml: unmarshal errors: fieldSpecs is no list".to_owned(),
        )),
    }
}

fn pairs(value: &Value, name: &str) -> BTreeMap<String, String> {
    let pairs = get(value, name).and_then(Value::as_object);
    let pairs = pairs.into_iter().flatten();
    pairs
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// Reads a generator's or transformer's configuration. Only built-in ones run.
pub(super) fn load(resource: &Resource, generator: bool, loader: &Loader<'_>, session: &Session<'_>) -> Result<Plugin> {
    let id = resource.current_id();
    if !(id.gvk.group.is_empty() && id.gvk.version == "builtin") {
        return Err(KustomizeError::Refused(format!(
            "external plugins disabled; unable to load external plugin '{}'",
            id.gvk.kind
        )));
    }
    let mut config = Node::Mapping(resource.object.clone()).to_value()?;
    if let Some(annotations) = config
        .pointer_mut("/metadata/annotations")
        .and_then(Value::as_object_mut)
    {
        annotations.remove(super::resource::ORIGIN);
    }
    let plugin = (|| {
        Ok(Some(match &*id.gvk.kind {
            "AnnotationsTransformer" => {
                let fields = decoded(&config, &ANNOTATIONS_TRANSFORMER)?;
                Plugin::Pairs(pairs(&fields, "annotations"), field_specs(fields.get("fieldSpecs"))?)
            }
            "LabelTransformer" => {
                let fields = decoded(&config, &LABEL_TRANSFORMER)?;
                Plugin::Pairs(pairs(&fields, "labels"), field_specs(fields.get("fieldSpecs"))?)
            }
            "NamespaceTransformer" => namespace(&config)?,
            "PrefixSuffixTransformer" => Plugin::Affix {
                prefix: text(&config, "prefix"),
                suffix: text(&config, "suffix"),
                specs: required_specs(&config)?,
            },
            "PrefixTransformer" => Plugin::Affix {
                prefix: text(&config, "prefix"),
                suffix: String::new(),
                specs: required_specs(&config)?,
            },
            "SuffixTransformer" => Plugin::Affix {
                prefix: String::new(),
                suffix: text(&config, "suffix"),
                specs: required_specs(&config)?,
            },
            "ImageTagTransformer" => {
                let fields = decoded(&config, &IMAGE_TAG_TRANSFORMER)?;
                Plugin::Image(
                    typed_at(&fields, "imageTag", &IMAGE)?,
                    field_specs(fields.get("fieldSpecs"))?,
                )
            }
            "ReplicaCountTransformer" => {
                let fields = decoded(&config, &REPLICA_COUNT_TRANSFORMER)?;
                let specs = field_specs(fields.get("fieldSpecs"))?;
                Plugin::Replica(typed_at(&fields, "replica", &REPLICA)?, specs)
            }
            "PatchTransformer" => {
                let entry: Patch = typed(&config, &PATCH_TRANSFORMER)?;
                let shown = || crate::yaml::write(&config).unwrap_or_default();
                Plugin::Patch(Box::new(patch::load(
                    &entry,
                    loader,
                    &mut session.keys.borrow_mut(),
                    &shown,
                )?))
            }
            "PatchJson6902Transformer" => {
                let mut entry: Patch = typed(&config, &JSON_PATCH_TRANSFORMER)?;
                entry.patch = text(&config, "jsonOp");
                let (operations, target) = json_patch(&entry, loader, session)?;
                Plugin::JsonPatch(operations, target)
            }
            "PatchStrategicMergeTransformer" => {
                let paths = get(&config, "paths").and_then(Value::as_array).into_iter().flatten();
                let mut entries: Vec<String> = paths.filter_map(Value::as_str).map(str::to_owned).collect();
                let inline = text(&config, "patches");
                if !inline.is_empty() {
                    entries.push(inline);
                }
                if entries.is_empty() {
                    return Err(KustomizeError::Patch(
                        "empty file path and empty patch content".to_owned(),
                    ));
                }
                Plugin::StrategicPatches(strategic_patches(&entries, loader, session)?)
            }
            "ReplacementTransformer" => {
                let fields = decoded(&config, &REPLACEMENT_TRANSFORMER)?;
                let entries = fields
                    .get("replacements")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten();
                let entries = entries
                    .map(|entry| typed(entry, &REPLACEMENT))
                    .collect::<Result<Vec<_>>>()?;
                Plugin::Replacements(replacements(&entries, loader, session)?)
            }
            "ValueAddTransformer" => value_add_config(&config)?,
            "HashTransformer" => Plugin::Hash,
            "ConfigMapGenerator" => Plugin::Generate(
                Box::new(with_metadata(&config, &CONFIG_MAP)?),
                generate::Kind::ConfigMap,
            ),
            "SecretGenerator" => Plugin::Generate(Box::new(with_metadata(&config, &SECRET)?), generate::Kind::Secret),
            "HelmChartInflationGenerator" => {
                let home = text(&config, "chartHome");
                let globals = (!home.is_empty()).then(|| HelmGlobals {
                    chart_home: home,
                    config_home: text(&config, "configHome"),
                });
                Plugin::Chart(typed(&config, &HELM_CHART)?, globals)
            }
            "IAMPolicyGenerator" => Plugin::Made(Box::new(iam_policy(&config))),
            _ => return Ok(None),
        }))
    })();
    let is_generator = |plugin: &Plugin| matches!(plugin, Plugin::Generate(..) | Plugin::Chart(..) | Plugin::Made(_));
    match plugin {
        Ok(None) => Err(KustomizeError::Kustomization(format!(
            "unable to load builtin {}",
            id.gvk
        ))),
        Ok(Some(plugin)) if is_generator(&plugin) == generator => Ok(plugin),
        Ok(Some(_)) => {
            let wanted = if generator { "generator" } else { "transformer" };
            Err(KustomizeError::Kustomization(format!("plugin {id} not a {wanted}")))
        }
        Err(error) => Err(error.context(format!("plugin {id} fails configuration"))),
    }
}

/// A generator's arguments; its name is its metadata's unless it has its own.
fn with_metadata(config: &Value, structure: &'static Struct) -> Result<Generator> {
    let mut generator: Generator = typed(config, structure)?;
    let metadata = get(config, "metadata").cloned().unwrap_or_default();
    if generator.name.is_empty() {
        generator.name = text(&metadata, "name");
    }
    if generator.namespace.is_empty() {
        generator.namespace = text(&metadata, "namespace");
    }
    if !generator.env.is_empty() {
        generator.envs.push(std::mem::take(&mut generator.env));
    }
    Ok(generator)
}

fn namespace(config: &Value) -> Result<Plugin> {
    let metadata = get(config, "metadata").cloned().unwrap_or_default();
    let config = decoded(config, &NAMESPACE_TRANSFORMER)
        .map_err(|error| error.context("unmarshalling NamespaceTransformer config"))?;
    let subjects = match text(&config, "setRoleBindingSubjects").as_str() {
        "" | "defaultOnly" => SubjectMode::Default,
        "allServiceAccounts" => SubjectMode::AllServiceAccounts,
        "none" => SubjectMode::None,
        other => {
            return Err(KustomizeError::Kustomization(format!(
                "invalid value {} for setRoleBindingSubjects: must be one of \"defaultOnly\", \"none\" or \"allServiceAccounts\"",
                quote(other)
            )));
        }
    };
    let unset_only = get(&config, "unsetOnly").and_then(Value::as_bool).unwrap_or_default();
    Ok(Plugin::Namespace {
        name: text(&metadata, "namespace"),
        subjects,
        unset_only,
        specs: field_specs(config.get("fieldSpecs"))?,
    })
}

fn value_add_config(config: &Value) -> Result<Plugin> {
    let mut value = text(config, "value");
    if value.is_empty() {
        let metadata = get(config, "metadata").cloned().unwrap_or_default();
        value = text(&metadata, "name");
    }
    let mut targets = Vec::new();
    for target in get(config, "targets").and_then(Value::as_array).into_iter().flatten() {
        let selector = match get(target, "selector") {
            Some(selector) if !selector.is_null() => Some(typed(selector, &SELECTOR)?),
            _ => None,
        };
        let field_path = text(target, "fieldPath");
        let file_path_position = get(target, "filePathPosition")
            .and_then(Value::as_i64)
            .unwrap_or_default();
        let problem = if field_path.is_empty() {
            "fieldPath cannot be empty".to_owned()
        } else if file_path_position < 0 {
            format!("value of FilePathPosition ({file_path_position}) cannot be negative")
        } else {
            targets.push(ValueTarget {
                selector,
                field_path,
                file_path_position,
            });
            continue;
        };
        return Err(KustomizeError::Kustomization(problem));
    }
    if targets.is_empty() {
        return Err(KustomizeError::Kustomization(
            "must specify at least one target".to_owned(),
        ));
    }
    Ok(Plugin::ValueAdd(value, targets))
}

/// A ServiceAccount bound to one of Google's.
fn iam_policy(config: &Value) -> Result<Resource> {
    if text(config, "cloud") != "gke" {
        return Err(KustomizeError::Kustomization(format!(
            "cloud provider {} not supported yet",
            text(config, "cloud")
        )));
    }
    let field = |name: &str| get(config, name).cloned().unwrap_or_default();
    let (service, account) = (field("kubernetesService"), field("serviceAccount"));
    let mut metadata = Mapping::default();
    let email = format!(
        "{}@{}.iam.gserviceaccount.com",
        text(&account, "name"),
        text(&account, "projectId")
    );
    let mut annotations = Mapping::default();
    annotations.set("iam.gke.io/gcp-service-account", Node::string(email));
    metadata.set("annotations", Node::Mapping(annotations));
    metadata.set("name", Node::string(text(&service, "name")));
    let namespace = text(&service, "namespace");
    if !namespace.is_empty() {
        metadata.set("namespace", Node::string(namespace));
    }
    let mut object = Mapping::default();
    object.set("apiVersion", Node::string("v1"));
    object.set("kind", Node::string("ServiceAccount"));
    object.set("metadata", Node::Mapping(metadata));
    Ok(Resource::new(object))
}

/// Reads `patchesStrategicMerge`: each entry is a patch, or else the path of a file with patches.
pub(super) fn strategic_patches(
    entries: &[String],
    loader: &Loader<'_>,
    session: &Session<'_>,
) -> Result<Vec<Resource>> {
    let mut patches = Vec::new();
    for entry in entries {
        let inline = session.read(entry.as_bytes());
        match inline {
            Ok(found) if !found.is_empty() => patches.extend(found),
            _ => patches.extend(session.load(loader, entry).and_then(|content| session.read(&content))?),
        }
    }
    if patches.is_empty() {
        return Err(KustomizeError::Patch(format!(
            "patch appears to be empty; files=[{}], Patch=",
            entries.join(" ")
        )));
    }
    Ok(patches)
}

/// Reads an entry of `patchesJson6902`.
pub(super) fn json_patch(
    entry: &Patch,
    loader: &Loader<'_>,
    session: &Session<'_>,
) -> Result<(Vec<Operation>, Selector)> {
    let failure = |text: String| KustomizeError::Patch(text);
    let target = entry.target.clone().unwrap_or_default();
    if target.name.is_empty() {
        return Err(failure("must specify the target name".to_owned()));
    }
    let text = match (entry.path.as_str(), entry.patch.as_str()) {
        ("", "") => return Err(failure("empty file path and empty jsonOp".to_owned())),
        ("", text) => text.to_owned(),
        (path, "") => {
            let content = session.load(loader, path)?;
            String::from_utf8_lossy(&content).into_owned()
        }
        _ => return Err(failure("must specify a file path or jsonOp, not both".to_owned())),
    };
    let operations = json_patch::parse(&text).map_err(|error| failure(format!("decoding {text}: {error}")))?;
    if operations.is_empty() {
        return Err(failure(format!(
            "patch appears to be empty; file={}, JsonOp={text}",
            entry.path
        )));
    }
    Ok((operations, target))
}

/// Reads `replacements`: entries stand for themselves, or for a file with one or several.
pub(super) fn replacements(
    entries: &[Replacement],
    loader: &Loader<'_>,
    session: &Session<'_>,
) -> Result<Vec<Replacement>> {
    let mut found = Vec::new();
    for entry in entries {
        if entry.path.is_empty() {
            found.push(entry.clone());
            continue;
        }
        if entry.source.is_some() || entry.source_value.is_some() || entry.targets.is_some() {
            return Err(KustomizeError::Kustomization(
                "cannot specify both path and inline replacement".to_owned(),
            ));
        }
        let content = session.load(loader, &entry.path)?;
        let failure =
            |text: String| KustomizeError::Kustomization(format!("replacements file '{}': {text}", entry.path));
        let text: Cow<'_, str> = crate::yaml::decode(&content).map_err(|error| failure(error.to_string()))?;
        let value = crate::yaml::read(&text).map_err(|error| failure(error.to_string()))?;
        match &value {
            Value::Array(items) => {
                for item in items {
                    found.push(typed(item, &REPLACEMENT)?);
                }
            }
            Value::Object(_) => found.push(typed::<Replacement>(&value, &REPLACEMENT)?),
            _ => {
                let kind = match value {
                    Value::String(_) => "string",
                    Value::Bool(_) => "bool",
                    Value::Number(_) => "float64",
                    _ => "invalid",
                };
                return Err(KustomizeError::Kustomization(format!(
                    "unsupported replacement type encountered within replacement path: {kind}"
                )));
            }
        }
    }
    Ok(found)
}
