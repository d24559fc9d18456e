//! The targets, one file each.

pub mod archive;
pub mod release;
pub mod template;
pub mod values;
pub mod yaml;
