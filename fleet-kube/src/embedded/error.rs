//! Errors of the API, which are `Status` objects on the wire.
//!
//! Messages and reasons follow `k8s.io/apimachinery/pkg/api/errors` (v0.36), since clients match on the reason and people
//! read the message.

use serde_json::{Value, json};

use super::registry::Kind;

/// What a refused request is answered with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub(super) struct ApiError {
    pub(super) code: u16,
    pub(super) reason: &'static str,
    pub(super) message: String,
    pub(super) details: Option<Value>,
}

pub(super) type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    pub(super) fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        ApiError {
            code,
            reason,
            message: message.into(),
            details: None,
        }
    }

    fn with_details(mut self, kind: &Kind, name: &str) -> Self {
        let mut details = json!({ "name": name, "kind": kind.resource });
        if !kind.group.is_empty() {
            details["group"] = json!(kind.group);
        }
        self.details = Some(details);
        self
    }

    pub(super) fn not_found(kind: &Kind, name: &str) -> Self {
        let message = format!("{} {name:?} not found", kind.qualified());
        Self::new(404, "NotFound", message).with_details(kind, name)
    }

    /// The answer where no such group, version, resource or verb exists.
    pub(super) fn no_route() -> Self {
        ApiError {
            details: Some(json!({})),
            ..Self::new(404, "NotFound", "the server could not find the requested resource")
        }
    }

    pub(super) fn already_exists(kind: &Kind, name: &str) -> Self {
        let message = format!("{} {name:?} already exists", kind.qualified());
        Self::new(409, "AlreadyExists", message).with_details(kind, name)
    }

    pub(super) fn conflict(kind: &Kind, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} {name:?}: {why}", kind.qualified());
        Self::new(409, "Conflict", message).with_details(kind, name)
    }

    pub(super) fn modified(kind: &Kind, name: &str) -> Self {
        Self::conflict(
            kind,
            name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// 422 with one cause a field.
    pub(super) fn invalid(kind: &Kind, name: &str, causes: &[Cause]) -> Self {
        let texts: Vec<String> = causes.iter().map(|c| format!("{}: {}", c.field, c.message)).collect();
        let all = if texts.len() == 1 {
            texts[0].clone()
        } else {
            format!("[{}]", texts.join(", "))
        };
        let mut group_kind = kind.kind.clone();
        if !kind.group.is_empty() {
            group_kind = format!("{}.{}", kind.kind, kind.group);
        }
        let mut error = Self::new(422, "Invalid", format!("{group_kind} {name:?} is invalid: {all}"));
        let mut details = json!({ "name": name, "kind": kind.kind });
        if !kind.group.is_empty() {
            details["group"] = json!(kind.group);
        }
        details["causes"] = causes
            .iter()
            .map(|c| json!({ "reason": c.reason, "message": c.message, "field": c.field }))
            .collect::<Vec<_>>()
            .into();
        error.details = Some(details);
        error
    }

    pub(super) fn forbidden(kind: &Kind, name: &str, why: &str) -> Self {
        let message = format!("{} {name:?} is forbidden: {why}", kind.qualified());
        Self::new(403, "Forbidden", message).with_details(kind, name)
    }

    pub(super) fn method_not_allowed(verb: &str) -> Self {
        let message = "the server does not allow this method on the requested resource";
        tracing::debug!(verb, "method not allowed");
        ApiError {
            details: Some(json!({})),
            ..Self::new(405, "MethodNotAllowed", message)
        }
    }

    /// 410: the resource version is older than the history that is kept.
    pub(super) fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// The `Status` object.
    pub(super) fn to_status(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason, "code": self.code,
        });
        if let Some(details) = &self.details {
            status["details"] = details.clone();
        }
        status
    }
}

/// One field that a validation refuses.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cause {
    /// `FieldValueInvalid`, `FieldValueRequired`, ... (apimachinery's `CauseType`).
    pub(super) reason: &'static str,
    pub(super) field: String,
    pub(super) message: String,
}

impl Cause {
    pub(super) fn required(field: impl Into<String>, message: &str) -> Self {
        let message = if message.is_empty() {
            "Required value".to_owned()
        } else {
            format!("Required value: {message}")
        };
        Cause {
            reason: "FieldValueRequired",
            field: field.into(),
            message,
        }
    }

    pub(super) fn invalid(field: impl Into<String>, value: &Value, message: &str) -> Self {
        Cause {
            reason: "FieldValueInvalid",
            field: field.into(),
            message: format!("Invalid value: {value}: {message}"),
        }
    }

    pub(super) fn forbidden(field: impl Into<String>, message: &str) -> Self {
        Cause {
            reason: "FieldValueForbidden",
            field: field.into(),
            message: format!("Forbidden: {message}"),
        }
    }
}
