//! Programs.

pub mod cli;
