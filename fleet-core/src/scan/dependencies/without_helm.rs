//! Without the Helm engine nobody can read charts: dependencies are left as they are.

use super::{Beside, DependencyReference, Place, Supply};
use crate::scan::{ScanError, resources::File};

/// There is none.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Unmet {}

impl Unmet {
    pub(crate) fn of(_: &Place<'_>, _: &mut Beside<'_>) -> Result<Option<Self>, ScanError> {
        Ok(None)
    }

    pub(crate) fn needs(&self) -> std::iter::Empty<DependencyReference> {
        match *self {}
    }

    pub(crate) fn meet(&self, _: &str, _: &mut Vec<File>, _: Supply<'_>) -> Result<(), ScanError> {
        match *self {}
    }
}
