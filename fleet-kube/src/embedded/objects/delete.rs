//! DELETE: its options, and the marks and finalizers that it leaves.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::error::{ApiError, ApiResult};
use super::super::registry::Kind;
use super::super::request::Options;
use super::super::state::State;
use super::super::store::{Location, Raced};
use super::{MAX_RACES, Writer, has_generation, namespace_holds, set_or_remove, text};

/// `propagationPolicy`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::embedded) enum Propagation {
    Background,
    Foreground,
    Orphan,
}

/// The options of a deletion (`DeleteOptions`).
#[derive(Debug, Clone, Default)]
pub(in crate::embedded) struct Deletion {
    pub(in crate::embedded) propagation: Option<Propagation>,
    pub(in crate::embedded) uid: Option<String>,
    pub(in crate::embedded) resource_version: Option<String>,
    pub(in crate::embedded) dry_run: bool,
}

impl Deletion {
    pub(in crate::embedded) fn read(options: &Options, body: &Value) -> ApiResult<Self> {
        let policy = options
            .propagation_policy
            .as_deref()
            .or(body["propagationPolicy"].as_str());
        let propagation = match policy {
            None | Some("") => None,
            Some("Background") => Some(Propagation::Background),
            Some("Foreground") => Some(Propagation::Foreground),
            Some("Orphan") => Some(Propagation::Orphan),
            Some(other) => {
                let message = format!("invalid propagationPolicy {other:?}");
                return Err(ApiError::new(422, "Invalid", message));
            }
        };
        let precondition = |key: &str| body["preconditions"][key].as_str().map(str::to_owned);
        Ok(Deletion {
            propagation: propagation.or((body["orphanDependents"] == true).then_some(Propagation::Orphan)),
            uid: precondition("uid"),
            resource_version: precondition("resourceVersion"),
            dry_run: options.dry_run || body["dryRun"].as_array().is_some_and(|d| d.iter().any(|v| v == "All")),
        })
    }
}

impl Writer<'_> {
    /// DELETE. Gives the object, and whether it is gone (else it waits for its finalizers).
    pub(in crate::embedded) fn delete(&mut self, name: &str, deletion: &Deletion) -> ApiResult<(Arc<Value>, bool)> {
        let location = self.location(name);
        for _ in 0..MAX_RACES {
            let Some(current) = self.get(&location) else {
                return Err(ApiError::not_found(self.kind, name));
            };
            for (key, wanted) in [("uid", &deletion.uid), ("resourceVersion", &deletion.resource_version)] {
                if let Some(wanted) = wanted
                    && current["metadata"][key] != **wanted
                {
                    let label = if key == "uid" { "UID" } else { "ResourceVersion" };
                    let found = text(&current["metadata"][key]);
                    let why = format!(
                        "Precondition failed: {label} in precondition: {wanted}, {label} in object meta: {found}"
                    );
                    return Err(ApiError::conflict(self.kind, name, &why));
                }
            }
            if deletion.dry_run {
                return Ok((current, true));
            }
            match delete_once(self.state, self.kind, &location, &current, deletion.propagation) {
                Ok(result) => return Ok(result),
                Err(Raced) => continue,
            }
        }
        Err(ApiError::modified(self.kind, name))
    }
}

/// Deletes `current`, or marks it where finalizers hold it.
pub(in crate::embedded) fn delete_once(
    state: &State,
    kind: &Kind,
    location: &Location,
    current: &Arc<Value>,
    propagation: Option<Propagation>,
) -> Result<(Arc<Value>, bool), Raced> {
    let mut finalizers: Vec<String> = current["metadata"]["finalizers"]
        .as_array()
        .into_iter()
        .flatten()
        .map(text)
        .collect();
    let before = finalizers.clone();
    // A policy that is given replaces the finalizers of the other policies.
    if let Some(propagation) = propagation {
        finalizers.retain(|f| f != "foregroundDeletion" && f != "orphan");
        let has_dependents = current["metadata"]["uid"]
            .as_str()
            .is_some_and(|uid| !state.store.dependents(uid).is_empty());
        match propagation {
            Propagation::Foreground if has_dependents => finalizers.push("foregroundDeletion".into()),
            Propagation::Orphan if has_dependents => finalizers.push("orphan".into()),
            _ => {}
        }
    }
    let holds = !finalizers.is_empty() || namespace_holds(kind, current);
    if !holds {
        return state.store.remove(location, current).map(|object| (object, true));
    }
    let marked = current["metadata"]["deletionTimestamp"].is_string();
    if marked && finalizers == before {
        return Ok((current.clone(), false));
    }
    let mut object = Value::clone(current);
    if finalizers.is_empty() {
        set_or_remove(&mut object["metadata"], "finalizers", None);
    } else {
        object["metadata"]["finalizers"] = json!(finalizers);
    }
    if !marked {
        object["metadata"]["deletionTimestamp"] = json!(state.now());
        object["metadata"]["deletionGracePeriodSeconds"] = json!(0);
        if has_generation(kind) {
            let next = object["metadata"]["generation"].as_i64().unwrap_or(0) + 1;
            object["metadata"]["generation"] = json!(next);
        }
        if kind.is("", "Namespace") {
            object["status"]["phase"] = json!("Terminating");
        }
    }
    state
        .store
        .put(location, Some(current), object)
        .map(|object| (object, false))
}
