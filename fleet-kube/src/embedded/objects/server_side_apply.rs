//! Server-side apply of one object: merged by field managers, or created.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::admission::{self, FieldValidation};
use super::super::apply::manager;
use super::super::error::{ApiError, ApiResult};
use super::super::store::Location;
use super::super::{answer, decode};
use super::{MAX_RACES, Writer, Written};

impl Writer<'_> {
    /// PATCH with `application/apply-patch+yaml`: server-side apply.
    pub(in crate::embedded) fn apply(&mut self, name: &str, mut config: Value) -> ApiResult<Written> {
        self.check_type(&mut config)?;
        self.check_namespace(&mut config)?;
        match config["metadata"]["name"].as_str() {
            None | Some("") => config["metadata"]["name"] = json!(name),
            Some(own) if own == name => {}
            Some(own) => {
                let message = format!("the name of the object ({own}) does not match the name on the URL ({name})");
                return Err(ApiError::bad_request(message));
            }
        }
        if config["metadata"]["managedFields"]
            .as_array()
            .is_some_and(|m| !m.is_empty())
        {
            return Err(ApiError::bad_request("metadata.managedFields must be nil"));
        }
        let Some(field_manager) = self.options.field_manager.clone() else {
            return Err(ApiError::new(
                422,
                "Invalid",
                "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch",
            ));
        };
        // Unknown fields are judged on what the client sent; defaults are not the client's fields.
        let unknown = decode::normalize(self.kind, &mut config)?;
        let validation = FieldValidation::read(self.options.field_validation.as_deref())?;
        if let Some(first) = unknown.first().filter(|_| validation == FieldValidation::Strict) {
            let message = format!(
                "failed to create typed patch object ({}/{name}; {}, Kind={}): .{first}: field not declared in schema",
                self.namespace.unwrap_or_default(),
                self.kind.api_version(),
                self.kind.kind
            );
            return Err(ApiError::new(500, "InternalError", message));
        }
        if validation == FieldValidation::Warn {
            self.warnings
                .extend(unknown.iter().map(|path| format!("unknown field {path:?}")));
        }
        let location = self.location(name);
        for _ in 0..MAX_RACES {
            let current = self.get(&location);
            let live = current.as_ref().map(|c| answer::in_version(self.kind, c));
            if current.is_none() && self.subresource.is_some() {
                return Err(ApiError::not_found(self.kind, name));
            }
            let request = manager::Apply {
                kind: self.kind,
                manager: &field_manager,
                subresource: self.subresource,
                force: self.options.force,
                now: &self.state.now(),
            };
            let object = request.merge(live.as_deref(), &config)?;
            match &current {
                None => {
                    if let Some(written) = self.create_applied(&location, object, &config)? {
                        return Ok(written);
                    }
                }
                Some(current) => {
                    let (object, pinned) = self.merged(name, current, object)?;
                    match self.commit(&location, current, object, true)? {
                        Some(written) => return Ok(written),
                        None if pinned => return Err(ApiError::modified(self.kind, name)),
                        None => {}
                    }
                }
            }
        }
        Err(ApiError::modified(self.kind, name))
    }

    /// The first apply of an object creates it.
    fn create_applied(&mut self, location: &Location, mut object: Value, config: &Value) -> ApiResult<Option<Written>> {
        if config["metadata"]["uid"].as_str().is_some_and(|u| !u.is_empty()) {
            let message = "uid mismatch: the provided object specified uid, and no existing object was found";
            return Err(ApiError::conflict(self.kind, &location.name, message));
        }
        self.shape(&mut object)?;
        self.namespace_takes(&location.name)?;
        self.begin(&mut object);
        admission::validate(self.kind, &object, None)?;
        if self.options.dry_run {
            return Ok(Some(Written {
                object: Arc::new(object),
                created: true,
                changed: false,
            }));
        }
        let stored = self.state.store.put(location, None, object).ok();
        Ok(stored.map(|object| Written {
            object,
            created: true,
            changed: true,
        }))
    }
}
