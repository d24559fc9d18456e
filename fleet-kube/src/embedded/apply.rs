//! Server-side apply: who owns which field, and what an apply merges, refuses and removes.
//!
//! Behaviour: `sigs.k8s.io/structured-merge-diff/v6` and `k8s.io/apimachinery/pkg/util/managedfields`. A kind's lists and maps
//! are merged by its schema: built-in types from `types`, custom resources from their structural schema. What no schema
//! describes is deduced: maps are merged, lists are replaced.

pub(super) mod field_set;
pub(super) mod manager;
mod merge;
mod shape;

#[cfg(test)]
mod tests;
