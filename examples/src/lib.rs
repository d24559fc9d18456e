//! The programs of the Fleet SDK: commands, flags, progress and printing. What they do is in the libraries.

pub mod agent;
pub mod cli;
pub mod manager;
pub mod service;

/// The code of the README runs.
#[doc = include_str!("../../README.md")]
#[cfg(doctest)]
#[derive(Debug)]
pub struct Readme;
