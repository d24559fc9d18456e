#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod bases;
mod git;
pub mod local;

pub use git::{Git, GitBuilder, Limits};
