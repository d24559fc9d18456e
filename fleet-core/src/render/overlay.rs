//! Overlays of raw YAML (`yaml.overlays`): folders below `overlays/` whose files replace those of their name, or patch them.
//!
//! A file with `_patch.` in its base name patches the file without it: a list is a JSON patch (RFC 6902), an object is a
//! strategic merge patch where the base's kind is one of Kubernetes' own, else a merge patch (RFC 7386). Whatever lies under
//! `overlays/` is dropped afterwards.

use std::{collections::BTreeMap, sync::Arc};

use super::{ContentFile, RenderError};
use crate::{
    object::{self, strategic::StrategicError},
    yaml,
};

const FOLDER: &str = "overlays/";
const PATCH: &str = "_patch.";

/// The files with the overlays applied in order, by name.
pub(crate) fn apply(files: &[ContentFile], overlays: &[String]) -> Result<Vec<ContentFile>, RenderError> {
    let mut result: BTreeMap<String, Arc<[u8]>> = BTreeMap::new();
    for (name, content) in files {
        if !name.starts_with(FOLDER) {
            result.insert(name.clone(), Arc::clone(content));
        }
    }
    for overlay in overlays {
        let prefix = format!("{FOLDER}{overlay}/");
        for (name, content) in files {
            let Some(name) = name.strip_prefix(&prefix) else {
                continue;
            };
            let (folder, base) = name
                .rsplit_once('/')
                .map_or(("", name), |(folder, base)| (folder, base));
            if !base.contains(PATCH) {
                result.insert(name.to_owned(), Arc::clone(content));
                continue;
            }
            let target = crate::tree::path::join([folder, base.replacen(PATCH, ".", 1).as_str()]);
            let base = result
                .get(&target)
                .ok_or_else(|| RenderError::OverlayBase { file: target.clone() })?;
            let patched = patch(base, content).map_err(|problem| RenderError::OverlayPatch {
                file: target.clone(),
                problem,
            })?;
            result.insert(target, patched);
        }
    }
    Ok(result.into_iter().collect())
}

fn patch(base: &[u8], patch: &[u8]) -> Result<Arc<[u8]>, String> {
    let read = |bytes: &[u8]| {
        let text = yaml::decode(bytes).map_err(|error| error.to_string())?;
        yaml::read(&text).map_err(|error| error.to_string())
    };
    let (base, patch) = (read(base)?, read(patch)?);
    let patched = if patch.is_array() {
        let operations = object::json_patch::read(&patch).map_err(|error| error.to_string())?;
        object::json_patch::apply(&base, &operations).map_err(|error| error.to_string())?
    } else {
        match object::strategic::apply(&base, &patch) {
            Err(StrategicError::UnknownKind { .. }) => object::merge_patch::apply(&base, &patch),
            patched => patched.map_err(|error| error.to_string())?,
        }
    };
    let text = yaml::write(&patched).map_err(|error| error.to_string())?;
    Ok(text.into_bytes().into())
}
