//! Helm v4.2.3 as pure functions: what `helm template`, `install` and `upgrade` compute.
//!
//! [`release`] is the record that Helm keeps of every revision of a release.
//!
//! Nothing here reads a file, a clock or a cluster: files come in as bytes, and time, randomness, DNS and look-ups are
//! arguments, so that the same input gives the same bytes.

pub mod capabilities;
pub mod chart;
pub mod dependencies;
pub mod dependency_update;
pub mod engine;
mod error;
pub mod manifest;
pub mod metadata;
pub mod release;
pub mod repository;
pub mod schema;
pub mod values;

pub use capabilities::{Capabilities, HelmVersion, KubeVersion};
pub use chart::{Chart, ChartError, Crd};
pub use engine::{ReleaseInfo, RenderError, RenderOptions, Rendered, render};
pub use error::HelmError;
pub use manifest::{Manifest, ManifestSet, render_manifests};
pub use metadata::{Dependency, Lock, Maintainer, Metadata};
pub use release::{ApplyMethod, ChartFile, ChartRecord, Hook, HookEvent, Info, Release, ReleaseStatus};
pub use values::{Values, ValuesError};
