//! What a GitRepo, or the command line of `fleet apply`, gives every bundle of a scan.

use std::collections::BTreeMap;

use super::ScanError;
use crate::api::{BundlePath, BundleTarget, BundleTargetRestriction, CorrectDrift, GitRepoSpec, GitTarget};

/// The targets that a scan gives every bundle whose fleet.yaml does not override them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScanTargets {
    /// Added to the bundle's own targets.
    pub targets: Vec<BundleTarget>,
    /// What the bundle's targets are restricted to.
    pub target_restrictions: Vec<BundleTargetRestriction>,
}

impl ScanTargets {
    /// One target and one restriction for each of a GitRepo's targets; without any, the cluster group `default`.
    pub fn for_git_targets(targets: &[GitTarget]) -> Self {
        if targets.is_empty() {
            let default = GitTarget {
                name: "default".to_owned(),
                cluster_group: "default".to_owned(),
                ..GitTarget::default()
            };
            return Self::for_git_targets(&[default]);
        }
        Self {
            targets: targets.iter().map(super::build::bundle_target).collect(),
            target_restrictions: targets.iter().map(super::build::restriction).collect(),
        }
    }
}

/// What happens to folders that give a bundle of a name that an earlier folder has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Duplicates {
    /// The later folders fail, so that nothing overwrites anything.
    #[default]
    Refuse,
    /// All are given, as Fleet's command line prints them.
    Keep,
}

/// How a tree is scanned. The default scans the whole tree as `fleet apply NAME` does.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ScanOptions {
    /// Folders, or shell patterns that name folders; empty is the root.
    pub paths: Vec<String>,
    /// Instead of `paths`: exactly these folders, each with its options file (a "driven" scan).
    pub bundles: Vec<BundlePath>,
    /// The name of the options file in every folder, in place of fleet.yaml (`--bundle-file`).
    pub options_file: Option<String>,
    /// The namespace of the bundles.
    pub namespace: String,
    /// Labels for every bundle.
    pub labels: BTreeMap<String, String>,
    /// The commit, which becomes a label; empty is none.
    pub commit: String,
    /// Targets for every bundle without `overrideTargets`.
    pub targets: Option<ScanTargets>,
    /// The service account, in place of fleet.yaml's; empty is none.
    pub service_account: String,
    /// The namespace that everything is deployed to, in place of fleet.yaml's; empty is none.
    pub target_namespace: String,
    /// Bundles are paused.
    pub paused: bool,
    /// Resources stay when a bundle goes.
    pub keep_resources: bool,
    /// The namespace goes when a bundle goes.
    pub delete_namespace: bool,
    /// Drift correction, in place of fleet.yaml's where it is enabled.
    pub correct_drift: Option<CorrectDrift>,
    /// A number whose change deploys anew.
    pub force_sync_generation: i64,
    /// Compress every resource.
    pub compress: bool,
    /// Image scans are allowed, and returned.
    pub image_scans: bool,
    /// What happens when two folders give bundles of one name.
    pub duplicates: Duplicates,
    /// Most bundles of one scan.
    pub maximum_bundles: usize,
    /// Most bytes of all resources of one scan together, and of what is packed into them, before compression. Links and shared charts
    /// can make a tree many times as large; a scan that goes beyond this gives no bundle at all.
    pub maximum_bytes: u64,
}

impl Default for ScanOptions {
    fn default() -> Self {
        Self {
            paths: Vec::new(),
            bundles: Vec::new(),
            options_file: None,
            namespace: "fleet-local".to_owned(),
            labels: BTreeMap::new(),
            commit: String::new(),
            targets: None,
            service_account: String::new(),
            target_namespace: String::new(),
            paused: false,
            keep_resources: false,
            delete_namespace: false,
            correct_drift: None,
            force_sync_generation: 0,
            compress: false,
            image_scans: false,
            duplicates: Duplicates::default(),
            maximum_bundles: 100_000,
            maximum_bytes: 4 << 30,
        }
    }
}

impl ScanOptions {
    /// What a GitRepo of this name, namespace and labels asks for at a commit: its own labels and `repo-name` on every bundle, its
    /// targets as targets and as restrictions.
    pub fn for_git_repo(
        name: &str,
        namespace: &str,
        labels: &BTreeMap<String, String>,
        spec: &GitRepoSpec,
        commit: &str,
    ) -> Self {
        let mut labels = labels.clone();
        labels.insert(super::REPO_NAME_LABEL.to_owned(), name.to_owned());
        Self {
            paths: spec.paths.clone(),
            bundles: spec.bundles.clone(),
            namespace: namespace.to_owned(),
            labels,
            commit: commit.to_owned(),
            targets: Some(ScanTargets::for_git_targets(&spec.targets)),
            service_account: spec.service_account.clone(),
            target_namespace: spec.target_namespace.clone(),
            paused: spec.paused,
            keep_resources: spec.keep_resources,
            delete_namespace: spec.delete_namespace,
            correct_drift: spec.correct_drift.clone(),
            force_sync_generation: spec.force_sync_generation,
            ..Self::default()
        }
    }
}

/// Characters that may part folder and options file, in the order in which Fleet tries them.
const SEPARATORS: &str = ":,|?<>";

/// What parts folder and options file when a GitRepo's `bundles` are written as arguments of `fleet apply --driven-scan`: the
/// first of `:`, `,`, `|`, `?`, `<` and `>` that none of them contains (Fleet).
///
/// # Errors
/// [`ScanError::NoSeparator`] where all of them are used.
pub fn driven_separator(bundles: &[BundlePath]) -> Result<char, ScanError> {
    let is_used = |character: &char| {
        let mut texts = bundles.iter().flat_map(|bundle| [&bundle.base, &bundle.options]);
        texts.any(|text| text.contains(*character))
    };
    SEPARATORS
        .chars()
        .find(|character| !is_used(character))
        .ok_or(ScanError::NoSeparator { characters: SEPARATORS })
}
