//! The root type of each kind: metadata, spec and status, for Kubernetes clients.
//!
//! They implement what `#[derive(kube::CustomResource)]` implements. They are not derived with it because there a missing
//! `spec` is an error, while upstream's schema accepts one. Four kinds keep their payload at the root of the object; in
//! Rust it is in `spec` all the same.

use std::borrow::Cow;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::core::object::{HasSpec, HasStatus};
use kube::core::{ApiResource, ClusterResourceScope, CustomResourceExt, NamespaceResourceScope, Resource};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::crd::{Column, Names, Payload, definition, schema_of};
use super::lenient::null_as_zero;
use super::{
    API_VERSION, BundleDeploymentSpec, BundleDeploymentStatus, BundleNamespaceMappingSpec, BundleSpec, BundleStatus,
    ClusterGroupSpec, ClusterGroupStatus, ClusterRegistrationSpec, ClusterRegistrationStatus,
    ClusterRegistrationTokenSpec, ClusterRegistrationTokenStatus, ClusterSpec, ClusterStatus, ContentSpec,
    ContentStatus, GROUP, GitRepoRestrictionSpec, GitRepoSpec, GitRepoStatus, HelmOpSpec, HelmOpStatus, ImageScanSpec,
    ImageScanStatus, PolicySpec, ScheduleSpec, ScheduleStatus, VERSION,
};

const READY: Column = Column("Status", ".status.conditions[?(@.type==\"Ready\")].message");

/// Defines a root type: `spec` keeps its payload under that key, `root` at the root of the object.
macro_rules! root {
    (spec $($rest:tt)*) => { root!(@define Spec [serde(default, deserialize_with = "null_as_zero")] $($rest)*); };
    (root $($rest:tt)*) => { root!(@define Root [serde(flatten)] $($rest)*); };
    (@define $payload:ident [$attribute:meta]
        #[doc = $doc:literal]
        $kind:ident, $plural:literal, $scope:ty, spec: $spec:ty, $(status: $status:ty,)? names: $names:expr) => {
        #[doc = $doc]
        #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
        pub struct $kind {
            /// Kubernetes metadata.
            #[serde(default)]
            pub metadata: ObjectMeta,
            /// What the object asks for.
            #[$attribute]
            pub spec: $spec,
            $(
                /// What became of it.
                #[serde(default)]
                pub status: Option<$status>,
            )?
        }

        impl $kind {
            /// An object with a name.
            #[allow(clippy::needless_update, reason = "kinds without a status have no other field")]
            pub fn new(name: &str, spec: $spec) -> Self {
                Self { metadata: ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() }, spec, ..Self::default() }
            }

            fn names() -> Names {
                Names { kind: stringify!($kind), plural: $plural, ..$names }
            }

            fn definition() -> Value {
                #[allow(unused_mut, unused_assignments)]
                let mut status = None;
                $( status = Some(schema_of::<$status>()); )?
                definition(Self::names(), Payload::$payload(schema_of::<$spec>()), status)
            }
        }

        impl Serialize for $kind {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                #[derive(Serialize)]
                #[serde(rename_all = "camelCase")]
                struct Object<'a> {
                    api_version: &'static str,
                    kind: &'static str,
                    metadata: &'a ObjectMeta,
                    #[$attribute]
                    spec: &'a $spec,
                    $(
                        #[serde(skip_serializing_if = "Option::is_none")]
                        status: &'a Option<$status>,
                    )?
                }
                let object = Object {
                    api_version: API_VERSION,
                    kind: stringify!($kind),
                    metadata: &self.metadata,
                    spec: &self.spec,
                    $( status: (&self.status as &Option<$status>), )?
                };
                object.serialize(serializer)
            }
        }

        impl Resource for $kind {
            type DynamicType = ();
            type Scope = $scope;

            fn kind((): &()) -> Cow<'_, str> {
                stringify!($kind).into()
            }
            fn group((): &()) -> Cow<'_, str> {
                GROUP.into()
            }
            fn version((): &()) -> Cow<'_, str> {
                VERSION.into()
            }
            fn plural((): &()) -> Cow<'_, str> {
                $plural.into()
            }
            fn meta(&self) -> &ObjectMeta {
                &self.metadata
            }
            fn meta_mut(&mut self) -> &mut ObjectMeta {
                &mut self.metadata
            }
        }

        impl CustomResourceExt for $kind {
            fn crd() -> CustomResourceDefinition {
                serde_json::from_value(Self::definition()).expect("because a definition has the shape of its type")
            }
            fn crd_name() -> &'static str {
                concat!($plural, ".fleet.cattle.io")
            }
            fn api_resource() -> ApiResource {
                ApiResource::erase::<Self>(&())
            }
            fn shortnames() -> &'static [&'static str] {
                &[]
            }
        }

        impl HasSpec for $kind {
            type Spec = $spec;

            fn spec(&self) -> &$spec {
                &self.spec
            }
            fn spec_mut(&mut self) -> &mut $spec {
                &mut self.spec
            }
        }

        $(
            impl HasStatus for $kind {
                type Status = $status;

                fn status(&self) -> Option<&$status> {
                    self.status.as_ref()
                }
                fn status_mut(&mut self) -> &mut Option<$status> {
                    &mut self.status
                }
            }
        )?
    };
}

/// A namespaced kind with a status subresource and without columns.
const NAMESPACED: Names = Names {
    kind: "",
    plural: "",
    namespaced: true,
    category: false,
    status_subresource: true,
    columns: &[],
};

root!(spec
    #[doc = "A bundle on one cluster."]
    BundleDeployment, "bundledeployments", NamespaceResourceScope,
    spec: BundleDeploymentSpec, status: BundleDeploymentStatus,
    names: Names { columns: &[
        Column("Deployed", ".status.display.deployed"), Column("Monitored", ".status.display.monitored"), READY,
    ], ..NAMESPACED });
root!(root
    #[doc = "Bundles that reach clusters of other namespaces."]
    BundleNamespaceMapping, "bundlenamespacemappings", NamespaceResourceScope,
    spec: BundleNamespaceMappingSpec, names: NAMESPACED);
root!(spec
    #[doc = "Resources, options and targets of one folder of a repository."]
    Bundle, "bundles", NamespaceResourceScope,
    spec: BundleSpec, status: BundleStatus,
    names: Names { columns: &[Column("BundleDeployments-Ready", ".status.display.readyClusters"), READY], ..NAMESPACED });
root!(spec
    #[doc = "Clusters by their labels."]
    ClusterGroup, "clustergroups", NamespaceResourceScope,
    spec: ClusterGroupSpec, status: ClusterGroupStatus,
    names: Names { category: true, columns: &[
        Column("Clusters-Ready", ".status.display.readyClusters"),
        Column("Bundles-Ready", ".status.display.readyBundles"),
        READY,
    ], ..NAMESPACED });
root!(spec
    #[doc = "An agent's request to belong to the fleet."]
    ClusterRegistration, "clusterregistrations", NamespaceResourceScope,
    spec: ClusterRegistrationSpec, status: ClusterRegistrationStatus,
    names: Names { columns: &[
        Column("Cluster-Name", ".status.clusterName"), Column("Labels", ".spec.clusterLabels"),
    ], ..NAMESPACED });
root!(spec
    #[doc = "What an agent registers with."]
    ClusterRegistrationToken, "clusterregistrationtokens", NamespaceResourceScope,
    spec: ClusterRegistrationTokenSpec, status: ClusterRegistrationTokenStatus,
    names: Names { columns: &[Column("Secret-Name", ".status.secretName")], ..NAMESPACED });
root!(spec
    #[doc = "A downstream cluster."]
    Cluster, "clusters", NamespaceResourceScope,
    spec: ClusterSpec, status: ClusterStatus,
    names: Names { columns: &[
        Column("Bundles-Ready", ".status.display.readyBundles"),
        Column("Last-Seen", ".status.agent.lastSeen"),
        READY,
    ], ..NAMESPACED });
root!(root
    #[doc = "The resources of a bundle, once for all clusters."]
    Content, "contents", ClusterResourceScope,
    spec: ContentSpec, status: ContentStatus,
    names: Names { namespaced: false, ..NAMESPACED });
root!(root
    #[doc = "What GitRepos of a namespace may do."]
    GitRepoRestriction, "gitreporestrictions", NamespaceResourceScope,
    spec: GitRepoRestrictionSpec,
    names: Names { columns: &[
        Column("Default-ServiceAccount", ".defaultServiceAccount"),
        Column("Allowed-ServiceAccounts", ".allowedServiceAccounts"),
    ], ..NAMESPACED });
root!(spec
    #[doc = "A repository whose folders become bundles."]
    GitRepo, "gitrepos", NamespaceResourceScope,
    spec: GitRepoSpec, status: GitRepoStatus,
    names: Names { category: true, columns: &[
        Column("Repo", ".spec.repo"),
        Column("Commit", ".status.commit"),
        Column("BundleDeployments-Ready", ".status.display.readyBundleDeployments"),
        READY,
    ], ..NAMESPACED });
root!(spec
    #[doc = "A Helm chart that becomes a bundle without git."]
    HelmOp, "helmops", NamespaceResourceScope,
    spec: HelmOpSpec, status: HelmOpStatus,
    names: Names { category: true, columns: &[
        Column("Repo", ".spec.helm.repo"),
        Column("Chart", ".spec.helm.chart"),
        Column("Version", ".status.version"),
        Column("BundleDeployments-Ready", ".status.display.readyBundleDeployments"),
        READY,
    ], ..NAMESPACED });
root!(spec
    #[doc = "New tags of an image that are committed to a repository."]
    ImageScan, "imagescans", NamespaceResourceScope,
    spec: ImageScanSpec, status: ImageScanStatus,
    names: Names { columns: &[Column("Repository", ".spec.image"), Column("Latest", ".status.latestTag")], ..NAMESPACED });
root!(root
    #[doc = "What GitRepos, HelmOps and Bundles of a namespace may do."]
    Policy, "policies", NamespaceResourceScope,
    spec: PolicySpec, names: Names { status_subresource: false, ..NAMESPACED });
root!(spec
    #[doc = "Windows in which clusters may change."]
    Schedule, "schedules", NamespaceResourceScope,
    spec: ScheduleSpec, status: ScheduleStatus,
    names: Names { columns: &[
        Column("Schedule", ".spec.schedule"),
        Column("Duration", ".spec.duration"),
        Column("Active", ".status.active"),
        Column("NextStart", ".status.nextStartTime"),
    ], ..NAMESPACED });

/// Every definition, in the order of upstream's chart.
pub(super) fn definitions() -> Vec<Value> {
    vec![
        BundleDeployment::definition(),
        BundleNamespaceMapping::definition(),
        Bundle::definition(),
        ClusterGroup::definition(),
        ClusterRegistration::definition(),
        ClusterRegistrationToken::definition(),
        Cluster::definition(),
        Content::definition(),
        GitRepoRestriction::definition(),
        GitRepo::definition(),
        HelmOp::definition(),
        ImageScan::definition(),
        Policy::definition(),
        Schedule::definition(),
    ]
}
