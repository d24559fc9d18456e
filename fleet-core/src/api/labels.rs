//! Labels, annotations, finalizers and Secret types that Fleet's controllers, agents and users agree on.
//!
//! Source: Fleet's API constants; they are part of the wire.

/// On bundles and what comes of them: name of the GitRepo.
pub const REPO_NAME: &str = "fleet.cattle.io/repo-name";
/// On bundles and what comes of them: commit.
pub const COMMIT: &str = "fleet.cattle.io/commit";
/// On BundleDeployments: name of the Bundle.
pub const BUNDLE_NAME: &str = "fleet.cattle.io/bundle-name";
/// On BundleDeployments: namespace of the Bundle.
pub const BUNDLE_NAMESPACE: &str = "fleet.cattle.io/bundle-namespace";
/// On Bundles and BundleDeployments: name of the HelmOp.
pub const HELM_OP_NAME: &str = "fleet.cattle.io/fleet-helm-name";
/// On BundleDeployments: name of the Cluster; on cluster namespaces an annotation.
pub const CLUSTER: &str = "fleet.cattle.io/cluster";
/// On BundleDeployments: namespace of the Cluster; on cluster namespaces an annotation.
pub const CLUSTER_NAMESPACE: &str = "fleet.cattle.io/cluster-namespace";
/// `"true"` on what Fleet made and may clean up.
pub const MANAGED: &str = "fleet.cattle.io/managed";
/// On BundleDeployments: name of the Content.
pub const CONTENT_NAME: &str = "fleet.cattle.io/content-name";
/// `"true"` on Secrets for access to registries that Fleet made.
pub const BUNDLE_INTERNAL_SECRET: &str = "fleet.cattle.io/bundle-internal-secret";
/// On copies of downstream resources: name of the BundleDeployment.
pub const BUNDLE_DEPLOYMENT: &str = "fleet.cattle.io/bundledeployment";
/// Set by Rancher: who created the object.
pub const CREATED_BY_USER_ID: &str = "fleet.cattle.io/created-by-user-id";
/// Obsolete; removed from GitRepos and Bundles.
pub const CREATED_BY_DISPLAY_NAME: &str = "fleet.cattle.io/created-by-display-name";
/// Shard that owns the object.
pub const SHARD_REF: &str = "fleet.cattle.io/shard-ref";
/// On git jobs: generation of the GitRepo.
pub const GITREPO_GENERATION: &str = "fleet.cattle.io/gitrepo-generation";
/// On git jobs: `forceSyncGeneration` of the GitRepo.
pub const FORCE_SYNC_GENERATION: &str = "fleet.cattle.io/force-sync-generation";
/// On ClusterRegistrations: token that was used.
pub const REGISTRATION_TOKEN: &str = "fleet.cattle.io/registration-token";
/// The one label with Fleet's prefix that an agent may ask for.
pub const CREATED_BY_AGENT_POD: &str = "fleet.cattle.io/created-by-agent-pod";
/// Not empty on Clusters and ClusterRegistrations that the manager leaves alone.
pub const CLUSTER_MANAGEMENT: &str = "fleet.cattle.io/cluster-management";
/// On Clusters whose agent the manager does not deploy.
pub const NON_MANAGED_AGENT: &str = "fleet.cattle.io/non-managed-agent";
/// On Clusters in Rancher: the name that people see; `clusterName` matches it too.
pub const CLUSTER_DISPLAY_NAME: &str = "management.cattle.io/cluster-display-name";
/// Annotation on objects that a set of objects was applied with: ID of the set.
pub const OBJECT_SET_ID: &str = "objectset.rio.cattle.io/id";
/// Label on objects that a set of objects was applied with: hash of the set.
pub const OBJECT_SET_HASH: &str = "objectset.rio.cattle.io/hash";

/// Finalizer of GitRepos.
pub const GITREPO_FINALIZER: &str = "fleet.cattle.io/gitrepo-finalizer";
/// Finalizer of HelmOps.
pub const HELM_OP_FINALIZER: &str = "fleet.cattle.io/helmop-finalizer";
/// Finalizer of Bundles.
pub const BUNDLE_FINALIZER: &str = "fleet.cattle.io/bundle-finalizer";
/// Finalizer of BundleDeployments.
pub const BUNDLE_DEPLOYMENT_FINALIZER: &str = "fleet.cattle.io/bundle-deployment-finalizer";
/// Finalizer of Clusters.
pub const CLUSTER_FINALIZER: &str = "fleet.cattle.io/cluster-finalizer";
/// Finalizer of Schedules.
pub const SCHEDULE_FINALIZER: &str = "fleet.cattle.io/schedule-finalizer";

/// Type of the Secret with a bundle's Helm values.
pub const BUNDLE_VALUES_SECRET: &str = "fleet.cattle.io/bundle-values/v1alpha1";
/// Type of the Secret with a deployment's Helm values.
pub const BUNDLE_DEPLOYMENT_SECRET: &str = "fleet.cattle.io/bundle-deployment/v1alpha1";
/// Type of the Secret with access to an OCI registry for contents.
pub const OCI_STORAGE_SECRET: &str = "fleet.cattle.io/bundle-oci-storage/v1alpha1";
/// Type of the Secret with a HelmOp's credentials.
pub const HELM_OPS_ACCESS_SECRET: &str = "fleet.cattle.io/bundle-helmops-access/v1alpha1";
/// Type of the Secret with what an agent registers with.
pub const CLUSTER_REGISTRATION_VALUES_SECRET: &str = "fleet.cattle.io/cluster-registration-values";
/// Type of the Secret with an agent's credentials.
pub const AGENT_CREDENTIAL_SECRET: &str = "fleet.cattle.io/agent-credential";
