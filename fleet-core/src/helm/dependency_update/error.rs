//! Why a chart's dependencies could not be brought together.

use super::super::chart::ChartError;
use super::super::metadata::Dependency;
use crate::semver::SemverError;
use crate::source::redact;

/// Why; texts are Helm v4.2.3's, with passwords in addresses left out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DependencyError {
    /// A chart cannot be loaded.
    #[error("{0}")]
    Chart(#[from] ChartError),
    /// A repository that is named by an alias, or by nothing that is an address.
    #[error("no repository definition for {names}: repositories must be addresses here")]
    NoRepository {
        /// What stands there, joined by commas.
        names: String,
    },
    /// A repository of a kind that Helm does not know.
    #[error("could not find protocol handler for: {scheme}")]
    Protocol {
        /// What stands before `://`.
        scheme: String,
    },
    /// A version that is no constraint.
    #[error("dependency {name:?} has an invalid version/constraint format: {cause}")]
    Constraint {
        /// The dependency.
        name: String,
        /// What is the matter.
        cause: SemverError,
    },
    /// A chart whose version is none.
    #[error("invalid version {version:?}: {cause}")]
    Version {
        /// What stands there.
        version: String,
        /// What is the matter.
        cause: SemverError,
    },
    /// A folder that should hold a dependency.
    #[error("directory {path} not found")]
    FolderMissing {
        /// The folder, as it is written.
        path: String,
    },
    /// A dependency in `charts/` has another version than is asked for.
    #[error("dependency {name} at version {version} does not satisfy the constraint {constraint}")]
    Unfit {
        /// The dependency.
        name: String,
        /// Its version.
        version: String,
        /// What is asked for.
        constraint: String,
    },
    /// What was found has other versions than are asked for.
    #[error(
        "can't get a valid version for {} subchart(s): {}. Make sure a matching chart version exists in the repo, or change the version constraint in Chart.yaml",
        .0.len(),
        list(.0)
    )]
    NoVersion(Vec<Dependency>),
    /// An archive was not brought.
    #[error("dependency {name:?} (repository {repository:?}, version {version:?}): {problem}")]
    Unavailable {
        /// The dependency.
        name: String,
        /// Its repository, without passwords.
        repository: String,
        /// The version that is asked for.
        version: String,
        /// Why.
        problem: String,
    },
}

impl DependencyError {
    pub(super) fn unavailable(dependency: &Dependency, problem: String) -> Self {
        Self::Unavailable {
            name: dependency.name.clone(),
            repository: redact(&dependency.repository),
            version: dependency.version.clone(),
            problem,
        }
    }
}

fn list(dependencies: &[Dependency]) -> String {
    let texts = dependencies.iter().map(|dependency| {
        let repository = redact(&dependency.repository);
        format!(
            "{:?} (repository {repository:?}, version {:?})",
            dependency.name, dependency.version
        )
    });
    texts.collect::<Vec<_>>().join(", ")
}
