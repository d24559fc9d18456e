//! `fleet schema`: the JSON schema of fleet.yaml, for editors.

use std::io::Write;

use anyhow::Result;
use clap::{Args, ValueEnum};
use fleet_core::scan::fleet_yaml_schema;

use super::output;

/// Print the JSON schema of fleet.yaml, by which editors complete and check it.
///
/// With `fleet schema > fleet.schema.json`, editors with the YAML language server take it from a first line
/// `# yaml-language-server: $schema=fleet.schema.json`, or by a pattern of file names from their settings.
#[derive(Args, Clone, Debug)]
pub struct SchemaCommand {
    /// What is printed.
    #[arg(short, long, value_enum, default_value = "json")]
    pub output: Output,
}

/// How the schema is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// JSON, what editors read.
    Json,
    /// YAML.
    Yaml,
}

impl SchemaCommand {
    /// Prints the schema.
    pub fn run(&self, out: &mut dyn Write) -> Result<()> {
        let schema = fleet_yaml_schema();
        match self.output {
            Output::Json => output::json(out, &schema),
            Output::Yaml => output::yaml(out, &schema),
        }
    }
}
