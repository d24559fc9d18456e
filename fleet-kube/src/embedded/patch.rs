//! PATCH bodies: JSON patch (RFC 6902), merge patch (RFC 7386), strategic merge patch, as `fleet_core::object` applies them.

use fleet_core::object::{json_patch, json_patch::JsonPatchError, merge_patch, schema, strategic};
use serde_json::Value;

use super::error::{ApiError, ApiResult};
use super::registry::Kind;

/// A patch, by its content type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Patch {
    Json(Vec<json_patch::Operation>),
    Merge(Value),
    Strategic(Value),
    Apply(Value),
}

impl Patch {
    pub(super) fn read(content_type: &str, body: Value) -> ApiResult<Patch> {
        match content_type {
            "application/json-patch+json" => json_patch::read(&body).map(Patch::Json).map_err(|error| match error {
                JsonPatchError::TooMany(_) => ApiError::new(413, "RequestEntityTooLarge", error.to_string()),
                other => ApiError::bad_request(other.to_string()),
            }),
            "application/merge-patch+json" => Ok(Patch::Merge(body)),
            "application/strategic-merge-patch+json" => Ok(Patch::Strategic(body)),
            "application/apply-patch+yaml" => Ok(Patch::Apply(body)),
            other => Err(ApiError::new(
                415,
                "UnsupportedMediaType",
                format!(
                    "the body of the request was in an unknown format ({other}) - accepted media types include: \
                     application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
                ),
            )),
        }
    }

    /// `current` with the patch applied.
    pub(super) fn apply(&self, kind: &Kind, current: &Value) -> ApiResult<Value> {
        match self {
            Patch::Json(operations) => json_patch::apply(current, operations).map_err(|error| {
                let message = format!("the server rejected our request due to an error in our request: {error}");
                ApiError::new(422, "Invalid", message)
            }),
            Patch::Merge(patch) if patch.is_object() => Ok(merge_patch::apply(current, patch)),
            Patch::Merge(_) => Err(ApiError::bad_request("a merge patch must be an object")),
            Patch::Strategic(_) if kind.custom().is_some() => Err(ApiError::new(
                415,
                "UnsupportedMediaType",
                "the body of the request was in an unknown format - accepted media types include: \
                 application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
            )),
            Patch::Strategic(patch) => {
                let known = schema::kind_type(&kind.api_version(), &kind.kind);
                let patched = match known {
                    Some(known) => strategic::apply_as(known, current, patch),
                    None => strategic::apply(current, patch),
                };
                patched.map_err(|error| ApiError::bad_request(error.to_string()))
            }
            // Applies do not come here: they merge by ownership.
            Patch::Apply(_) => Ok(current.clone()),
        }
    }
}
