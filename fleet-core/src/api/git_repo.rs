//! GitRepo: a repository whose folders become bundles.

use serde::{Deserialize, Serialize};

use super::lenient::{integer, is_zero, null_as_zero, null_items_as_zero};
use super::{Bytes, CorrectDrift, Duration, GitTarget, StatusBase, Time};

/// What to watch and where to deploy it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "crd", schemars(extend("required" = ["repo"])))]
#[serde(rename_all = "camelCase", default)]
pub struct GitRepoSpec {
    /// URL: https, ssh or `git@host:path`.
    #[serde(deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("minLength" = 1)))]
    pub repo: String,
    /// Branch; empty is `master`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub branch: String,
    /// Commit or tag.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub revision: String,
    /// Namespace that everything is forced into.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub target_namespace: String,
    /// Secret with git credentials; empty is `gitcredential` where that exists.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub client_secret_name: String,
    /// Secret with Helm credentials.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub helm_secret_name: String,
    /// Secret with Helm credentials for each path.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub helm_secret_name_for_paths: String,
    /// Helm repositories that get the credentials.
    #[serde(
        rename = "helmRepoURLRegex",
        skip_serializing_if = "is_zero",
        deserialize_with = "null_as_zero"
    )]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub helm_repo_url_regex: String,
    /// Certificate authorities for git, as PEM.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub ca_bundle: Bytes,
    /// Certificates are not checked.
    #[serde(
        rename = "insecureSkipTLSVerify",
        skip_serializing_if = "is_zero",
        deserialize_with = "null_as_zero"
    )]
    pub insecure_skip_tls_verify: bool,
    /// Folders to scan; globs; empty is the root.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub paths: Vec<String>,
    /// Copied to the bundles.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub paused: bool,
    /// Copied to the bundles.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub service_account: String,
    /// Clusters; empty is the group `default`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub targets: Vec<GitTarget>,
    /// How often to look; absent or 0 is 15 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub polling_interval: Option<Duration>,
    /// Raising it deploys again.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "integer")]
    #[cfg_attr(feature = "crd", schemars(extend("x-format" = "int64")))]
    pub force_sync_generation: i64,
    /// How often images are looked up; default 15 min.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_scan_interval: Option<Duration>,
    /// How a new image is committed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_scan_commit: Option<CommitSpec>,
    /// Objects stay when the GitRepo goes.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub keep_resources: bool,
    /// The namespace goes with the GitRepo.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub delete_namespace: bool,
    /// Copied to the bundles where enabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correct_drift: Option<CorrectDrift>,
    /// Only webhooks bring news.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub disable_polling: bool,
    /// Secret of the OCI registry for contents.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub oci_registry_secret: String,
    /// Secret that webhooks are checked with.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub webhook_secret: String,
    /// Bundles by hand, instead of a scan of `paths`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_items_as_zero")]
    pub bundles: Vec<BundlePath>,
}

/// A bundle by hand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct BundlePath {
    /// Folder.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub base: String,
    /// File with its options, relative to the folder; empty is fleet.yaml.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    #[cfg_attr(feature = "crd", schemars(extend("x-nullable" = true)))]
    pub options: String,
}

/// How a new image is committed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct CommitSpec {
    /// Name of the author.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub author_name: String,
    /// Address of the author.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub author_email: String,
    /// Go template of the message.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub message_template: String,
}

/// What became of the repository.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct GitRepoStatus {
    /// Roll-up of its bundles.
    #[serde(flatten)]
    pub base: StatusBase,
    /// Generation that the status is about.
    #[serde(deserialize_with = "integer")]
    #[cfg_attr(feature = "crd", schemars(extend("x-format" = "int64")))]
    pub observed_generation: i64,
    /// Last `forceSyncGeneration` that was acted on.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "integer")]
    #[cfg_attr(feature = "crd", schemars(extend("x-format" = "int64")))]
    pub update_generation: i64,
    /// Commit that is deployed.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub commit: String,
    /// Commit that a webhook announced.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub webhook_commit: String,
    /// When it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_webhook_time: Option<Time>,
    /// `Current`, `InProgress`, `Failed` or `Terminating`.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub git_job_status: String,
    /// Last image scan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_synced_image_scan_time: Option<Time>,
    /// Last poll.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_polling_triggered: Option<Time>,
    /// Commit that polling saw last.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_zero")]
    pub polling_commit: String,
}
