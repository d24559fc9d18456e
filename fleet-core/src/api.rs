//! Fleet's kinds: spec and status of each, as `fleet.cattle.io/v1alpha1` has them on the wire.
//!
//! One file a kind, shared value types apart. These are upstream's types with upstream's JSON:
//!
//! - **Reading is lenient as Go is**: `null` is the zero value, unknown fields are dropped, an absent section is an empty one.
//! - **Writing is exact**: fields come in upstream's order, zero values are left out where Go leaves them out and printed
//!   where Go prints them. Deployment IDs and other hashes are taken over these bytes (see [`crate::naming`]).
//! - **No Kubernetes types**: metadata is not here. With the feature `crd` there is a root type for each kind, such as
//!   `GitRepo`, that implements `kube::Resource` and `kube::CustomResourceExt`, and `crds()`.
//!
//! ```
//! use fleet_core::api::GitRepoSpec;
//! let spec: GitRepoSpec = serde_json::from_str(r#"{"repo": "https://example.com/a.git", "branch": null, "x": 1}"#)?;
//! assert_eq!(serde_json::to_string(&spec)?, r#"{"repo":"https://example.com/a.git"}"#);
//! # Ok::<(), serde_json::Error>(())
//! ```

mod bundle;
mod bundle_deployment;
mod bundle_namespace_mapping;
mod bytes;
mod cluster;
mod cluster_group;
mod cluster_registration;
mod cluster_registration_token;
mod condition;
mod content;
#[cfg(feature = "crd")]
mod crd;
mod diff_options;
mod duration;
mod generic_map;
mod git_repo;
mod git_repo_restriction;
mod helm_op;
mod helm_options;
mod image_scan;
mod int_or_string;
pub mod labels;
mod lenient;
mod options;
mod policy;
mod rollout_strategy;
#[cfg(feature = "crd")]
mod roots;
mod schedule;
mod selector;
mod status_base;
mod summary;
mod targeting;
mod time;

pub use bundle::{
    BundleDisplay, BundleRef, BundleResource, BundleSpec, BundleStatus, CUSTOMIZE_ALL_MATCHES, CUSTOMIZE_FIRST_MATCH,
    PartitionStatus,
};
pub use bundle_deployment::{
    BundleDeploymentDisplay, BundleDeploymentResource, BundleDeploymentSpec, BundleDeploymentStatus,
};
pub use bundle_namespace_mapping::BundleNamespaceMappingSpec;
pub use bytes::Bytes;
pub use cluster::{
    AgentSchedulingCustomization, AgentStatus, ClusterDisplay, ClusterSpec, ClusterStatus, LocalObjectReference,
    PodDisruptionBudgetSpec, PriorityClassSpec,
};
pub use cluster_group::{ClusterGroupDisplay, ClusterGroupSpec, ClusterGroupStatus};
pub use cluster_registration::{ClusterRegistrationSpec, ClusterRegistrationStatus};
pub use cluster_registration_token::{ClusterRegistrationTokenSpec, ClusterRegistrationTokenStatus};
pub use condition::Condition;
pub use content::{ContentSpec, ContentStatus};
#[cfg(feature = "crd")]
pub use crd::crds;
#[cfg(feature = "crd")]
pub(crate) use crd::schema_of;
pub use diff_options::{ComparePatch, DiffOptions, DownstreamResource, Operation, OverwrittenResource};
pub use duration::{Duration, DurationError};
pub use generic_map::GenericMap;
pub use git_repo::{BundlePath, CommitSpec, GitRepoSpec, GitRepoStatus};
pub use git_repo_restriction::GitRepoRestrictionSpec;
pub use helm_op::{HelmOpSpec, HelmOpStatus};
pub use helm_options::{BundleHelmOptions, ConfigMapKeySelector, HelmOptions, SecretKeySelector, ValuesFrom};
pub use image_scan::{AlphabeticalPolicy, ImagePolicyChoice, ImageScanSpec, ImageScanStatus, SemVerPolicy};
pub use int_or_string::IntOrString;
pub use options::{BundleDeploymentOptions, CorrectDrift, IgnoreOptions, KustomizeOptions, YamlOptions};
pub use policy::{GitRepoPolicy, HelmOpPolicy, PolicySpec};
pub use rollout_strategy::{Partition, RolloutStrategy};
#[cfg(feature = "crd")]
pub use roots::{
    Bundle, BundleDeployment, BundleNamespaceMapping, Cluster, ClusterGroup, ClusterRegistration,
    ClusterRegistrationToken, Content, GitRepo, GitRepoRestriction, HelmOp, ImageScan, Policy, Schedule,
};
pub use schedule::{ScheduleSpec, ScheduleStatus, ScheduleTargets};
pub use selector::{LabelSelector, LabelSelectorRequirement};
pub use status_base::{PerClusterState, Resource, StatusBase, StatusDisplay};
pub use summary::{
    BundleSummary, ModifiedStatus, NonReadyResource, NonReadyStatus, ObjectSummary, ResourceCounts, ResourceKey,
};
pub use targeting::{BundleTarget, BundleTargetRestriction, GitTarget, ScheduleTarget};
pub use time::Time;

/// API group of Fleet's kinds.
pub const GROUP: &str = "fleet.cattle.io";
/// Only version of Fleet's kinds.
pub const VERSION: &str = "v1alpha1";
/// `apiVersion` of Fleet's kinds.
pub const API_VERSION: &str = "fleet.cattle.io/v1alpha1";
