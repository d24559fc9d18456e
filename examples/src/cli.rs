//! The commands of `fleet`, one file each.

pub mod apply;
pub mod bundle;
pub mod deploy;
pub mod explain;
pub mod folder;
pub mod render_helm;
pub mod render_kustomize;
pub mod system;
pub mod target;
pub mod test;
