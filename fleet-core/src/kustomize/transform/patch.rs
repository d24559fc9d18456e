//! `patches`, `patchesStrategicMerge` and `patchesJson6902` (kustomize's PatchTransformer and its two forebears).

use std::collections::HashSet;

use super::super::{
    error::{KustomizeError, Result, quote},
    growth::Growth,
    id::Id,
    json_patch::{self, Operation},
    kustomization::{Patch, Selector},
    loader::Loader,
    merge,
    node::{Keys, Node},
    read,
    resmap::ResMap,
    resource::Resource,
    schema::Schemas,
};

/// A patch that has been read.
pub(crate) enum Loaded {
    StrategicMerge(Vec<Resource>, Option<Selector>, String),
    Json {
        operations: Vec<Operation>,
        target: Option<Selector>,
        source: String,
    },
}

/// Reads a patch; what can be read as both kinds, or as neither, is an error. `config` is what errors show.
pub(crate) fn load(patch: &Patch, loader: &Loader<'_>, keys: &mut Keys, config: &dyn Fn() -> String) -> Result<Loaded> {
    let inline = patch.patch.trim();
    let (text, source) = match (inline, patch.path.as_str()) {
        ("", "") => {
            return Err(KustomizeError::Patch(format!(
                "must specify one of patch and path in\n{}",
                config()
            )));
        }
        ("", path) => {
            let content = loader
                .load(path)
                .map_err(|error| error.context(format!("failed to get the patch file from path({path})")))?;
            (
                String::from_utf8_lossy(&content).into_owned(),
                format!("[path: {}]", quote(path)),
            )
        }
        (inline, "") => (inline.to_owned(), format!("[patch: {}]", quote(inline))),
        _ => {
            return Err(KustomizeError::Patch(format!(
                "patch and path can't be set at the same time\n{}",
                config()
            )));
        }
    };
    let merges = read::resources(text.as_bytes(), keys);
    let operations = json_patch::parse(&text);
    match (merges, operations) {
        (Ok(merges), Ok(operations)) if merges.is_empty() && operations.is_empty() => {
            Ok(Loaded::StrategicMerge(Vec::new(), None, source))
        }
        (Ok(_), Ok(_)) => Err(KustomizeError::Patch(format!(
            "illegally qualifies as both an SM and JSON patch: {source}"
        ))),
        (Err(_), Err(_)) => Err(KustomizeError::Patch(format!(
            "unable to parse SM or JSON patch from {source}"
        ))),
        (Ok(mut merges), Err(_)) => {
            for merge in &mut merges {
                merge.allow_name_change = patch.options.allow_name_change;
                merge.allow_kind_change = patch.options.allow_kind_change;
            }
            Ok(Loaded::StrategicMerge(merges, patch.target.clone(), source))
        }
        (Err(_), Ok(operations)) => Ok(Loaded::Json {
            operations,
            target: patch.target.clone(),
            source,
        }),
    }
}

/// Applies a patch.
pub(crate) fn apply(resources: &mut ResMap, patch: &Loaded, schemas: &Schemas, growth: &Growth) -> Result<()> {
    match patch {
        Loaded::StrategicMerge(patches, None, _) => patches.iter().try_for_each(|patch| {
            let id = patch.current_id();
            let at = resources.by_id(&id).map_err(|error| {
                error.context(format!(
                    "no resource matches strategic merge patch {}",
                    quote(&id.to_string())
                ))
            })?;
            merge_into(&mut resources.list_mut()[at], patch.clone(), schemas)
        }),
        Loaded::StrategicMerge(patches, Some(target), source) => {
            let [patch] = patches.as_slice() else {
                if patches.is_empty() {
                    return Ok(());
                }
                return Err(KustomizeError::Patch(format!(
                    "Multiple Strategic-Merge Patches in one `patches` entry is not allowed to set `patches.target` field: \
                     {source}"
                )));
            };
            let selected = resources.select(target).map_err(|error| {
                error.context(format!(
                    "unable to find patch target {} in `resources`",
                    quote(&target.to_string())
                ))
            })?;
            apply_to(resources, &selected, patch, schemas)
        }
        Loaded::Json {
            target: None, source, ..
        } => Err(KustomizeError::Patch(format!(
            "must specify a target for JSON patch {source}"
        ))),
        Loaded::Json {
            operations,
            target: Some(target),
            ..
        } => {
            for at in resources.select(target)? {
                let resource = &mut resources.list_mut()[at];
                resource.store_previous_id();
                json_with_history(resource, operations, growth)?;
            }
            Ok(())
        }
    }
}

/// `patchesJson6902`: the same, without a new entry in the objects' history.
pub(crate) fn apply_json(
    resources: &mut ResMap,
    operations: &[Operation],
    target: &Selector,
    growth: &Growth,
) -> Result<()> {
    for at in resources.select(target)? {
        json_with_history(&mut resources.list_mut()[at], operations, growth)?;
    }
    Ok(())
}

/// The patch sees the annotations that kustomize keeps an object's history in, so that there are annotations wherever there is one.
fn json_with_history(resource: &mut Resource, operations: &[Operation], growth: &Growth) -> Result<()> {
    let internal = resource.internal_annotations();
    if internal.is_empty() {
        return json(resource, operations, growth);
    }
    let mut pairs = resource.pairs("annotations");
    pairs.extend(internal.clone());
    pairs.sort();
    resource.set_pairs("annotations", pairs);
    json(resource, operations, growth)?;
    let mut pairs = resource.pairs("annotations");
    pairs.retain(|(key, _)| !internal.iter().any(|(internal, _)| internal == key));
    resource.set_pairs("annotations", pairs);
    Ok(())
}

/// Applies operations to an object by way of JSON.
fn json(resource: &mut Resource, operations: &[Operation], growth: &Growth) -> Result<()> {
    let mut value = Node::Mapping(std::mem::take(&mut resource.object)).to_value()?;
    json_patch::apply(&mut value, operations, growth)?;
    resource.object = match Node::from_json(&value) {
        Node::Mapping(mapping) => mapping,
        _ => return Err(KustomizeError::Patch("the patched object is no map".to_owned())),
    };
    read::validate(&resource.object)
}

/// `patchesStrategicMerge`: each patch to the one object with its ID.
pub(crate) fn apply_by_id(resources: &mut ResMap, patches: &[Resource], schemas: &Schemas) -> Result<()> {
    for patch in patches {
        let at = resources.by_id(&patch.current_id())?;
        apply_to(resources, &[at], patch, schemas)?;
    }
    Ok(())
}

/// Patches the selected objects, and all that share their IDs; empty ones vanish, and IDs have to be unique then.
fn apply_to(resources: &mut ResMap, selected: &[usize], patch: &Resource, schemas: &Schemas) -> Result<()> {
    if selected.is_empty() {
        return Ok(());
    }
    let ids: HashSet<Id> = selected.iter().map(|at| resources.list()[*at].current_id()).collect();
    let mut changes_ids = false;
    for resource in resources.list_mut() {
        if !ids.contains(&resource.current_id()) {
            continue;
        }
        let mut patch = patch.clone();
        // Here, and not where a patch finds its one object by itself, its labels and annotations are made texts first; so nulls
        // delete nothing, and empty maps vanish.
        for field in ["labels", "annotations"] {
            let pairs = patch.pairs(field);
            patch.set_pairs(field, pairs);
        }
        let api_version = resource.api_version().to_owned();
        if patch.api_version() != api_version {
            if api_version.is_empty() {
                patch.object.remove("apiVersion");
            } else {
                patch.object.set("apiVersion", Node::string(api_version));
            }
        }
        changes_ids |= patch.allow_kind_change || patch.allow_name_change;
        merge_into(resource, patch, schemas)?;
        changes_ids |= resource.is_empty();
    }
    resources.drop_empties();
    if changes_ids { resources.check_unique() } else { Ok(()) }
}

/// Merges one patch into one object. Its namespace never changes, its name and kind only if allowed.
fn merge_into(resource: &mut Resource, patch: Resource, schemas: &Schemas) -> Result<()> {
    let id = resource.current_id();
    if patch.allow_name_change || patch.allow_kind_change {
        resource.store_previous_id();
    }
    if merge::clears_annotations(&patch.object) {
        resource.previous.clear();
        resource.prefixes.clear();
        resource.suffixes.clear();
    }
    merge::apply(&mut resource.object, patch.object, schemas)?;
    if resource.is_empty() {
        return Ok(());
    }
    if !patch.allow_kind_change {
        resource.set_kind(&id.gvk.kind);
    }
    if !patch.allow_name_change {
        resource.set_name(&id.name);
    }
    resource.set_namespace(&id.namespace);
    Ok(())
}
