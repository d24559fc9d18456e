#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod api;
pub mod cluster;
#[cfg(feature = "helm")]
pub mod deploy;
pub mod diagnostic;
pub mod drift;
#[cfg(feature = "helm")]
pub mod helm;
#[cfg(feature = "kustomize")]
pub mod kustomize;
pub mod labels;
pub mod naming;
pub mod object;
#[cfg(feature = "helm")]
pub mod render;
pub mod rollout;
pub mod scan;
pub mod semver;
pub mod source;
pub mod sprig;
pub mod status;
pub mod target;
pub mod template;
pub mod tree;
pub mod yaml;
