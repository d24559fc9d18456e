//! Charts that a folder's fleet.yaml asks for and that the caller must bring.

use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    semver::{Constraint, Version},
    source::{ChartRequest, redact},
};

/// A chart from elsewhere that a scan needs. The scan fetches nothing: the caller does, and supplies the files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChartReference {
    /// The folder of fleet.yaml, relative to the tree's root: what credentials by path are looked up with.
    pub folder: String,
    /// `helm.chart`: a chart's name when `repo` is set, else a source such as a URL.
    pub chart: String,
    /// `helm.repo`: a repository with an index, or `oci://…`.
    pub repo: String,
    /// `helm.version`: a version or a constraint; empty is the newest.
    pub version: String,
}

impl ChartReference {
    /// The folder inside the bundle that holds the chart's files.
    pub fn bundle_folder(&self) -> String {
        bundle_folder(&self.chart, &self.repo, &self.version)
    }

    /// The request that a [`crate::source::Source`] answers, without credentials.
    pub fn request(&self) -> ChartRequest {
        ChartRequest::new(&self.repo, &self.chart, &self.version)
    }
}

/// As Fleet's messages show it, without passwords.
impl fmt::Display for ChartReference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "repo={} chart={} version={}",
            redact(&self.repo),
            redact(&self.chart),
            self.version
        )
    }
}

/// The folder inside a bundle that holds the files of a chart from elsewhere: `.chart/` and the SHA-256 of
/// `chart:repo:version` (Fleet). The deployer finds a target's chart by it.
pub fn bundle_folder(chart: &str, repo: &str, version: &str) -> String {
    let mut folder = String::from(".chart/");
    for byte in Sha256::digest(format!("{chart}:{repo}:{version}").as_bytes()) {
        let _ = write!(folder, "{byte:02x}");
    }
    folder
}

/// What is wrong with the version of a chart in an OCI registry, as far as it shows before the registry is asked: it is not that of the
/// address's tag, or neither a version nor a constraint (Helm v4.2.3).
pub(crate) fn check_oci(chart: &ChartReference) -> Result<(), String> {
    let address = if chart.repo.is_empty() {
        &chart.chart
    } else {
        &chart.repo
    };
    let version = chart.version.as_str();
    let Some(reference) = address.strip_prefix("oci://").filter(|_| !version.is_empty()) else {
        return Ok(());
    };
    if reference.contains('@') {
        // A digest counts more than any version.
        return Ok(());
    }
    let tag = reference.rsplit_once('/').and_then(|(_, name)| name.split_once(':'));
    if let Some((_, tag)) = tag.filter(|(_, tag)| *tag != version) {
        return Err(format!("chart reference and version mismatch: {version} is not {tag}"));
    }
    if Version::parse(version).is_ok() {
        return Ok(());
    }
    Constraint::parse(version).map(drop).map_err(|error| error.to_string())
}

/// Whether a `helm.chart` without `helm.repo` is a path (Fleet, after go-getter): no scheme, no forced prefix, no
/// shorthand of a hosting service and no `user@host:path`.
pub(crate) fn is_local(chart: &str) -> bool {
    let forced = chart
        .split_once("::")
        .is_some_and(|(prefix, _)| matches!(prefix, "git" | "ssh" | "http" | "https"));
    let shorthand = ["github.com/", "gitlab.com/", "bitbucket.org/"]
        .iter()
        .any(|host| chart.starts_with(host));
    let scheme = chart.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty()
            && scheme
                .chars()
                .all(|character| character.is_ascii_alphanumeric() || "+-.".contains(character))
    });
    let copy = chart.split_once(':').is_some_and(|(host, _)| {
        host.split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('/'))
    });
    !(forced || shorthand || scheme || copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_chart_folder() {
        assert_eq!(
            bundle_folder("./nowhere", "", ""),
            ".chart/b4b03d22162c2d491e360f7a3f6191b71d6032ca8d91ac9559e957559f7111bc"
        );
    }

    #[test]
    fn tells_paths_from_urls() {
        for (chart, expected) in [
            ("chart", true),
            ("./a/b", true),
            ("../a", true),
            ("example.com/foo/bar", true),
            ("https://example.com/chart.tgz", false),
            ("oci://example.com/chart", false),
            ("git::https://example.com/repo", false),
            ("git@github.com:org/repo", false),
            ("github.com/org/repo", false),
            ("other::a", true),
        ] {
            assert_eq!(is_local(chart), expected, "{chart}");
        }
    }
}
