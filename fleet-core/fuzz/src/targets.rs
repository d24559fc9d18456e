//! The targets, one file each.

pub mod archive;
pub mod field_paths;
pub mod kustomization;
pub mod patches;
pub mod release;
pub mod template;
pub mod values;
pub mod yaml;
