//! Why a deployment could not be rendered. The texts end up in the status of a BundleDeployment, so they keep Fleet's words.

use crate::scan::pack::PackError;

/// Why a deployment could not be rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// A resource that cannot be unpacked.
    #[error(transparent)]
    Resource(PackError),
    /// A Content that is no manifest, or another one than it says.
    #[error("content: {0}")]
    Content(String),
    /// A name that no release can have.
    #[error(
        "release name check failed: release name {name:?}: invalid release name, must match regex \
         ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than 53"
    )]
    ReleaseName {
        /// The name.
        name: String,
    },
    /// A patch of an overlay without the file that it patches.
    #[error("failed to find base file {file} to patch")]
    OverlayBase {
        /// The file.
        file: String,
    },
    /// A patch of an overlay that does not apply.
    #[error("failed to patch {file}: {problem}")]
    OverlayPatch {
        /// The file that is patched.
        file: String,
        /// What is the matter.
        problem: String,
    },
    /// The chart cannot be loaded or rendered; Helm's words.
    #[error("{0}")]
    Helm(String),
    /// What was rendered is no list of objects, or kustomize fails over it.
    #[error("error while running post render on files: {0}")]
    PostRender(String),
    /// An object without a namespace of its own, where a namespace is forced.
    #[error(
        "invalid cluster scoped object [name={name} kind={kind} apiVersion={api_version}] found, consider using \"defaultNamespace\", not \"namespace\" in fleet.yaml"
    )]
    ClusterScoped {
        /// Its API version.
        api_version: String,
        /// Its kind.
        kind: String,
        /// Its name.
        name: String,
        /// The namespace that is forced.
        namespace: String,
    },
}
