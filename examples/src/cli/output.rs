//! Answers in the forms that several commands share.

use std::io::Write;

use anyhow::Result;
use clap::ValueEnum;
use fleet_core::yaml;
use serde::Serialize;

/// How an answer for people is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Lines for people.
    Text,
    /// YAML.
    Yaml,
    /// JSON.
    Json,
}

/// Prints an answer as JSON.
pub fn json(out: &mut dyn Write, answer: &impl Serialize) -> Result<()> {
    Ok(writeln!(out, "{}", serde_json::to_string_pretty(answer)?)?)
}

/// Prints an answer as YAML.
pub fn yaml(out: &mut dyn Write, answer: &impl Serialize) -> Result<()> {
    Ok(write!(out, "{}", yaml::write(&serde_json::to_value(answer)?)?)?)
}
