//! Create, update, patch and delete: from what a client sent to what is stored.
//!
//! The order of steps is that of `k8s.io/apiserver/pkg/registry/rest` BeforeCreate and BeforeUpdate. Every write is computed
//! from the object that it replaces, outside of the store's lock, and computed again if another write came in between.

mod delete;
mod server_side_apply;

use std::sync::Arc;

use serde_json::{Value, json};

use super::admission::{self, FieldValidation};
use super::apply::manager;
use super::custom::{at_path, set_path};
use super::error::{ApiError, ApiResult};
use super::patch::Patch;
use super::registry::Kind;
use super::request::Options;
use super::state::State;
use super::store::{Location, Raced};
use super::workloads;

pub(super) use delete::{Deletion, Propagation, delete_once};

/// How often a write is computed again before the client is told to try again itself.
const MAX_RACES: usize = 50;

/// What a write needs to know of its request.
pub(super) struct Writer<'a> {
    pub(super) state: &'a State,
    pub(super) kind: &'a Arc<Kind>,
    pub(super) namespace: Option<&'a str>,
    pub(super) subresource: Option<&'a str>,
    pub(super) options: &'a Options,
    /// The field manager: the option, or the first part of the user agent.
    pub(super) manager: &'a str,
    /// Texts for `Warning` headers.
    pub(super) warnings: Vec<String>,
}

/// The answer to a write.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) object: Arc<Value>,
    pub(super) created: bool,
    pub(super) changed: bool,
}

impl<'a> Writer<'a> {
    pub(super) fn location(&self, name: &str) -> Location {
        let namespace = if self.kind.namespaced {
            self.namespace.unwrap_or_default()
        } else {
            ""
        };
        Location {
            table: self.kind.table.clone(),
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    fn get(&self, location: &Location) -> Option<Arc<Value>> {
        self.state
            .store
            .get(&location.table, &location.namespace, &location.name)
    }

    fn check_type(&self, object: &mut Value) -> ApiResult<()> {
        if !object.is_object() {
            return Err(ApiError::bad_request("the body of the request must be an object"));
        }
        let api_version = self.kind.api_version();
        for (key, wanted) in [("apiVersion", &api_version), ("kind", &self.kind.kind)] {
            match object[key].as_str() {
                None | Some("") => object[key] = json!(wanted),
                Some(found) if found == wanted => {}
                Some(_) => {
                    let found = format!(
                        "{}, Kind={}",
                        group_version(&object["apiVersion"]),
                        text(&object["kind"])
                    );
                    let wanted = format!("{}, Kind={}", group_version(&json!(api_version)), self.kind.kind);
                    return Err(ApiError::bad_request(format!(
                        "{found} does not match the expected type {wanted}"
                    )));
                }
            }
        }
        if object["metadata"].is_null() {
            object["metadata"] = json!({});
        }
        if !object["metadata"].is_object() {
            return Err(ApiError::bad_request("metadata must be an object"));
        }
        Ok(())
    }

    fn check_namespace(&self, object: &mut Value) -> ApiResult<()> {
        if !self.kind.namespaced {
            if object["metadata"]["namespace"].as_str().is_some_and(|n| !n.is_empty()) {
                return Err(ApiError::bad_request(
                    "the namespace of the provided object does not match the namespace sent on the request",
                ));
            }
            return Ok(());
        }
        let namespace = self.namespace.unwrap_or_default();
        match object["metadata"]["namespace"].as_str() {
            None | Some("") => object["metadata"]["namespace"] = json!(namespace),
            Some(found) if found == namespace => {}
            Some(_) => {
                return Err(ApiError::bad_request(
                    "the namespace of the provided object does not match the namespace sent on the request",
                ));
            }
        }
        Ok(())
    }

    fn shape(&mut self, object: &mut Value) -> ApiResult<()> {
        let validation = FieldValidation::read(self.options.field_validation.as_deref())?;
        let warnings = admission::shape(self.kind, object, validation)?;
        for warning in warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        Ok(())
    }

    /// POST.
    pub(super) fn create(&mut self, mut object: Value) -> ApiResult<Written> {
        self.check_type(&mut object)?;
        self.check_namespace(&mut object)?;
        if object["metadata"]["resourceVersion"]
            .as_str()
            .is_some_and(|v| !v.is_empty())
        {
            return Err(ApiError::bad_request(
                "resourceVersion should not be set on objects to be created",
            ));
        }
        let generated = object["metadata"]["name"].as_str().unwrap_or_default().is_empty();
        let prefix = object["metadata"]["generateName"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if generated && prefix.is_empty() {
            let field = super::error::Cause::required("metadata.name", "name or generateName is required");
            return Err(ApiError::invalid(self.kind, "", &[field]));
        }
        for _ in 0..MAX_RACES {
            let mut own = object.clone();
            if generated {
                let suffix = self.state.name_suffix(5);
                own["metadata"]["name"] = json!(format!("{}{suffix}", prefix.chars().take(58).collect::<String>()));
            }
            match self.create_once(own) {
                Err(error) if generated && error.reason == "AlreadyExists" => {}
                other => return other,
            }
        }
        Err(ApiError::already_exists(self.kind, &prefix))
    }

    fn create_once(&mut self, mut object: Value) -> ApiResult<Written> {
        self.shape(&mut object)?;
        let name = text(&object["metadata"]["name"]);
        let location = self.location(&name);
        self.namespace_takes(&name)?;
        self.begin(&mut object);
        admission::validate(self.kind, &object, None)?;
        let mut object = self.stamped(object, None);
        if self.state.config.track_updates {
            manager::updated(
                self.kind,
                &json!({}),
                &mut object,
                self.manager,
                self.subresource,
                &self.state.now(),
            );
        }
        if self.state.store.exists(&location.table, &location.namespace, &name) {
            return Err(ApiError::already_exists(self.kind, &name));
        }
        if self.options.dry_run {
            return Ok(Written {
                object: Arc::new(object),
                created: true,
                changed: false,
            });
        }
        match self.state.store.put(&location, None, object) {
            Ok(object) => Ok(Written {
                object,
                created: true,
                changed: true,
            }),
            Err(Raced) => Err(ApiError::already_exists(self.kind, &name)),
        }
    }

    /// A namespaced object needs its namespace, and one that is not going away.
    fn namespace_takes(&self, name: &str) -> ApiResult<()> {
        let Some(namespace) = self.namespace.filter(|_| self.kind.namespaced) else {
            return Ok(());
        };
        let Some(object) = self.state.store.get("namespaces", "", namespace) else {
            let registry = self.state.registry();
            let kind = registry
                .kind("v1", "Namespace")
                .cloned()
                .unwrap_or_else(|| self.kind.clone());
            return Err(ApiError::not_found(&kind, namespace));
        };
        if object["metadata"]["deletionTimestamp"].is_string() {
            let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
            let mut error = ApiError::forbidden(self.kind, name, &why);
            if let Some(details) = &mut error.details {
                details["causes"] = json!([{
                    "reason": "NamespaceTerminating", "message": format!("namespace {namespace} is being terminated"),
                    "field": "metadata.namespace",
                }]);
            }
            return Err(error);
        }
        Ok(())
    }

    /// What a server sets on a new object.
    fn begin(&self, object: &mut Value) {
        let metadata = &mut object["metadata"];
        if let Some(metadata) = metadata.as_object_mut() {
            for key in [
                "deletionTimestamp",
                "deletionGracePeriodSeconds",
                "selfLink",
                "generation",
            ] {
                metadata.remove(key);
            }
        }
        metadata["uid"] = json!(self.state.new_uid());
        metadata["creationTimestamp"] = json!(self.state.now());
        if has_generation(self.kind) {
            metadata["generation"] = json!(1);
        }
        if resets_status(self.kind)
            && let Some(map) = object.as_object_mut()
        {
            map.remove("status");
        }
        workloads::allocate(self.state, self.kind, object);
    }

    /// The final form: keys that only a server writes.
    fn stamped(&self, mut object: Value, previous: Option<&Value>) -> Value {
        if let Some(previous) = previous {
            let (old, new) = (&previous["metadata"], &mut object["metadata"]);
            for key in [
                "uid",
                "creationTimestamp",
                "deletionTimestamp",
                "deletionGracePeriodSeconds",
                "generation",
                "selfLink",
            ] {
                match old.get(key) {
                    Some(value) => new[key] = value.clone(),
                    None => {
                        if let Some(map) = new.as_object_mut() {
                            map.remove(key);
                        }
                    }
                }
            }
            if has_generation(self.kind) && differs_in_spec(self.kind, previous, &object) {
                let next = previous["metadata"]["generation"].as_i64().unwrap_or(0) + 1;
                object["metadata"]["generation"] = json!(next);
            }
        }
        object
    }

    /// PUT.
    pub(super) fn update(&mut self, name: &str, object: Value) -> ApiResult<Written> {
        self.change(name, |_| Ok(object.clone()))
    }

    /// PATCH: JSON patch, merge patch, strategic merge patch.
    pub(super) fn patch(&mut self, name: &str, patch: &Patch) -> ApiResult<Written> {
        let kind = self.kind.clone();
        let scale = self.subresource == Some("scale");
        self.change(name, |current| {
            let current = if scale {
                scale_of(&kind, current)?
            } else {
                current.clone()
            };
            patch.apply(&kind, &current)
        })
    }

    /// Replaces an object by what `make` makes of it.
    fn change(&mut self, name: &str, make: impl Fn(&Value) -> ApiResult<Value>) -> ApiResult<Written> {
        let location = self.location(name);
        for _ in 0..MAX_RACES {
            let Some(current) = self.get(&location) else {
                return Err(ApiError::not_found(self.kind, name));
            };
            let object = make(&super::answer::in_version(self.kind, &current))?;
            let (object, pinned) = self.merged(name, &current, object)?;
            match self.commit(&location, &current, object, false)? {
                Some(written) => return Ok(written),
                None if pinned => return Err(ApiError::modified(self.kind, name)),
                None => {}
            }
        }
        Err(ApiError::modified(self.kind, name))
    }

    /// The object to store in the place of `current`, and whether the client named the version that it changes.
    fn merged(&mut self, name: &str, current: &Arc<Value>, mut object: Value) -> ApiResult<(Value, bool)> {
        if self.subresource == Some("scale") {
            return self.scaled(name, current, &object);
        }
        self.check_type(&mut object)?;
        self.check_namespace(&mut object)?;
        match object["metadata"]["name"].as_str() {
            None | Some("") => object["metadata"]["name"] = json!(name),
            Some(own) if own == name => {}
            Some(own) => {
                let message = format!("the name of the object ({own}) does not match the name on the URL ({name})");
                return Err(ApiError::bad_request(message));
            }
        }
        let pinned = self.check_preconditions(name, current, &object["metadata"])?;
        self.shape(&mut object)?;
        self.isolate(current, &mut object);
        workloads::keep_allocated(self.kind, current, &mut object);
        let stored_version = current["apiVersion"].clone();
        object["apiVersion"] = stored_version;
        admission::validate(self.kind, &object, Some(current))?;
        Ok((self.stamped(object, Some(current)), pinned))
    }

    fn check_preconditions(&self, name: &str, current: &Value, metadata: &Value) -> ApiResult<bool> {
        let pinned = metadata["resourceVersion"]
            .as_str()
            .filter(|v| !v.is_empty() && *v != "0");
        if pinned.is_some_and(|version| current["metadata"]["resourceVersion"] != version) {
            return Err(ApiError::modified(self.kind, name));
        }
        if let Some(uid) = metadata["uid"].as_str().filter(|u| !u.is_empty())
            && current["metadata"]["uid"] != uid
        {
            let found = text(&current["metadata"]["uid"]);
            let why = format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {found}");
            return Err(ApiError::conflict(self.kind, name, &why));
        }
        Ok(pinned.is_some())
    }

    /// The main resource cannot write the status, `/status` writes nothing else.
    fn isolate(&self, current: &Value, object: &mut Value) {
        match self.subresource {
            Some("status") => {
                let status = object.get("status").cloned();
                let managed = object["metadata"].get("managedFields").cloned();
                let mut whole = current.clone();
                set_or_remove(&mut whole, "status", status);
                set_or_remove(&mut whole["metadata"], "managedFields", managed);
                *object = whole;
            }
            Some("finalize") => {
                let finalizers = object["spec"].get("finalizers").cloned();
                let mut whole = current.clone();
                set_or_remove(&mut whole["spec"], "finalizers", finalizers);
                *object = whole;
            }
            _ => {
                if keeps_status(self.kind) {
                    set_or_remove(object, "status", current.get("status").cloned());
                }
                // Finalizers of the spec belong to `/finalize`.
                if self.kind.is("", "Namespace") {
                    set_or_remove(
                        &mut object["spec"],
                        "finalizers",
                        current["spec"].get("finalizers").cloned(),
                    );
                }
            }
        }
    }

    fn scaled(&self, name: &str, current: &Arc<Value>, scale: &Value) -> ApiResult<(Value, bool)> {
        let pinned = self.check_preconditions(name, current, &scale["metadata"])?;
        let replicas = scale["spec"]["replicas"].as_i64().unwrap_or(0);
        if replicas < 0 {
            let cause =
                super::error::Cause::invalid("spec.replicas", &json!(replicas), "must be greater than or equal to 0");
            return Err(ApiError::invalid(self.kind, name, &[cause]));
        }
        let mut object = Value::clone(current);
        let path = self
            .kind
            .custom()
            .and_then(|c| c.scale.as_ref())
            .map_or(".spec.replicas", |s| &s.spec_replicas);
        set_path(&mut object, path, json!(replicas));
        Ok((self.stamped(object, Some(current)), pinned))
    }

    /// Stores `object` in the place of `current`; `None`: another write came first.
    fn commit(
        &mut self,
        location: &Location,
        current: &Arc<Value>,
        mut object: Value,
        applied: bool,
    ) -> ApiResult<Option<Written>> {
        object["metadata"]["resourceVersion"] = current["metadata"]["resourceVersion"].clone();
        let same = same_but_managers(current, &object);
        if same && !applied {
            // As etcd3 storage: what changes nothing is not written. Managers that a client edited itself are a change.
            let managers = object["metadata"].get("managedFields");
            if managers.is_none_or(|m| m.as_array().is_some_and(Vec::is_empty))
                || managers == current["metadata"].get("managedFields")
            {
                return Ok(Some(Written {
                    object: current.clone(),
                    created: false,
                    changed: false,
                }));
            }
        }
        if !applied && (self.state.config.track_updates || current["metadata"].get("managedFields").is_some()) {
            manager::updated(
                self.kind,
                current,
                &mut object,
                self.manager,
                self.subresource,
                &self.state.now(),
            );
        }
        if object == **current {
            return Ok(Some(Written {
                object: current.clone(),
                created: false,
                changed: false,
            }));
        }
        if self.options.dry_run {
            return Ok(Some(Written {
                object: Arc::new(object),
                created: false,
                changed: false,
            }));
        }
        let deleting = object["metadata"]["deletionTimestamp"].is_string();
        if deleting && !holds_on(self.kind, &object) {
            // The last finalizer has gone: this write is the deletion.
            return match self.state.store.remove(location, current) {
                Ok(_) => Ok(Some(Written {
                    object: Arc::new(object),
                    created: false,
                    changed: true,
                })),
                Err(Raced) => Ok(None),
            };
        }
        match self.state.store.put(location, Some(current), object) {
            Ok(object) => Ok(Some(Written {
                object,
                created: false,
                changed: true,
            })),
            Err(Raced) => Ok(None),
        }
    }
}

fn namespace_holds(kind: &Kind, object: &Value) -> bool {
    kind.is("", "Namespace") && object["spec"]["finalizers"].as_array().is_some_and(|f| !f.is_empty())
}

fn holds_on(kind: &Kind, object: &Value) -> bool {
    object["metadata"]["finalizers"]
        .as_array()
        .is_some_and(|f| !f.is_empty())
        || namespace_holds(kind, object)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn group_version(api_version: &Value) -> String {
    let text = api_version.as_str().unwrap_or_default();
    if text.contains('/') {
        text.to_owned()
    } else {
        format!("/{text}")
    }
}

pub(super) fn set_or_remove(object: &mut Value, key: &str, value: Option<Value>) {
    match value {
        Some(value) => object[key] = value,
        None => {
            if let Some(map) = object.as_object_mut() {
                map.remove(key);
            }
        }
    }
}

fn same_but_managers(a: &Value, b: &Value) -> bool {
    let (Some(a), Some(b)) = (a.as_object(), b.as_object()) else {
        return a == b;
    };
    let without = |map: &serde_json::Map<String, Value>| map.len() - usize::from(map.contains_key("metadata"));
    let metadata = |map: &serde_json::Map<String, Value>| {
        let mut metadata = map.get("metadata").cloned().unwrap_or_default();
        set_or_remove(&mut metadata, "managedFields", None);
        metadata
    };
    without(a) == without(b)
        && a.iter()
            .filter(|(k, _)| *k != "metadata")
            .all(|(k, v)| b.get(k) == Some(v))
        && metadata(a) == metadata(b)
}

/// Kinds whose objects count changes of what is wanted.
fn has_generation(kind: &Kind) -> bool {
    kind.custom().is_some()
        || matches!(
            &*kind.table,
            "deployments.apps"
                | "statefulsets.apps"
                | "daemonsets.apps"
                | "replicasets.apps"
                | "replicationcontrollers"
                | "pods"
                | "podtemplates"
                | "jobs.batch"
                | "cronjobs.batch"
                | "ingresses.networking.k8s.io"
                | "ingressclasses.networking.k8s.io"
                | "networkpolicies.networking.k8s.io"
                | "poddisruptionbudgets.policy"
                | "priorityclasses.scheduling.k8s.io"
                | "endpointslices.discovery.k8s.io"
                | "customresourcedefinitions.apiextensions.k8s.io"
                | "validatingwebhookconfigurations.admissionregistration.k8s.io"
                | "mutatingwebhookconfigurations.admissionregistration.k8s.io"
                | "validatingadmissionpolicies.admissionregistration.k8s.io"
                | "validatingadmissionpolicybindings.admissionregistration.k8s.io"
        )
}

/// Whether the object changed beyond metadata and (where `/status` exists) status.
fn differs_in_spec(kind: &Kind, before: &Value, after: &Value) -> bool {
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else {
        return before != after;
    };
    let counts = |key: &str| {
        let beside = ["metadata", "apiVersion", "kind"].contains(&key);
        let own_subresource = key == "status" && kind.has_subresource("status");
        !beside && !own_subresource
    };
    let keys = before.keys().chain(after.keys()).filter(|k| counts(k));
    keys.into_iter().any(|key| before.get(key) != after.get(key))
}

/// Whether a status in a new object is dropped.
fn resets_status(kind: &Kind) -> bool {
    kind.has_subresource("status")
}

fn keeps_status(kind: &Kind) -> bool {
    kind.has_subresource("status")
}

/// The `autoscaling/v1 Scale` of an object.
pub(super) fn scale_of(kind: &Kind, object: &Value) -> ApiResult<Value> {
    if !kind.has_subresource("scale") {
        return Err(ApiError::no_route());
    }
    let (spec_path, status_path, selector) = match kind.custom().and_then(|c| c.scale.as_ref()) {
        Some(paths) => {
            let selector = paths
                .label_selector
                .as_deref()
                .and_then(|p| at_path(object, p))
                .and_then(Value::as_str);
            (
                paths.spec_replicas.as_str(),
                paths.status_replicas.as_str(),
                selector.map(str::to_owned),
            )
        }
        None => {
            let labels = object["spec"]["selector"]["matchLabels"].as_object();
            let terms = labels
                .into_iter()
                .flatten()
                .map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default()));
            (
                ".spec.replicas",
                ".status.replicas",
                Some(terms.collect::<Vec<_>>().join(",")),
            )
        }
    };
    let metadata = &object["metadata"];
    let mut scale = json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": metadata["name"], "uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"],
            "creationTimestamp": metadata["creationTimestamp"],
        },
        "spec": { "replicas": at_path(object, spec_path).cloned().unwrap_or(json!(0)) },
        "status": { "replicas": at_path(object, status_path).cloned().unwrap_or(json!(0)) },
    });
    if !metadata["namespace"].is_null() {
        scale["metadata"]["namespace"] = metadata["namespace"].clone();
    }
    if let Some(selector) = selector.filter(|s| !s.is_empty()) {
        scale["status"]["selector"] = json!(selector);
    }
    Ok(scale)
}
