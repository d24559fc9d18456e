//! Desired objects against live ones.
//!
//! A live object has drifted when applying the desired one again would change it: the desired object is merged onto the
//! live one, by maps, by merge keys of lists where Kubernetes has them, by position elsewhere, and what comes out is
//! compared with what is there. So a server's defaults, and fields that others add, are no drift; changed and removed
//! fields are.
//!
//! What does not count is taken away first ([`normalize`]): status, times, injected certificate authorities, replicas
//! that an autoscaler owns, and what `diff.comparePatches` of the bundle names ([`rules`]).
//!
//! Source: the desired-set planner and the normalizers of Fleet's agent.

mod merge;
pub mod normalize;
mod patch;
mod plan;
mod quantity;
pub mod rules;

use serde_json::{Map, Value};

pub use patch::client_side_patch;
pub use plan::{Drift, Modification, plan};

use crate::api::ComparePatch;
use crate::object::merge_patch;

/// The merge patch that would bring a live object back to what is desired, or `None` where it is as desired.
pub fn difference(desired: &Value, live: &Value, patches: &[ComparePatch]) -> Option<Value> {
    let (mut desired, mut live) = (desired.clone(), live.clone());
    normalize::object(&mut desired);
    normalize::object(&mut live);
    normalize::pair(&mut desired, &mut live);
    rules::apply(&mut desired, patches);
    rules::apply(&mut live, patches);
    let predicted = merge::onto(&live, &desired);
    let patch = merge_patch::diff(&live, &predicted);
    (patch != Value::Object(Map::new())).then_some(patch)
}

#[cfg(test)]
mod tests;
