//! The commands of `fleet`, one file each.

pub mod apply;
pub mod deploy;
pub mod folder;
