//! What a Helm repository and an OCI registry say about the versions that they have, and which of them is meant.
//!
//! The caller fetches `index.yaml`, or the list of tags; choosing is done here.
//!
//! ```
//! use fleet_core::helm::repository::Index;
//! let index = Index::read("{apiVersion: v1, entries: {web: [{version: 1.0.0, urls: [web-1.0.0.tgz]}, {version: 1.2.0, urls: [web-1.2.0.tgz]}]}}")?;
//! let found = index.find("https://charts.example.com/stable", "web", "^1")?;
//! assert_eq!((found.version, found.url.as_str()), ("1.2.0", "https://charts.example.com/stable/web-1.2.0.tgz"));
//! # Ok::<(), fleet_core::helm::repository::RepositoryError>(())
//! ```
//!
//! Source: Helm v4.2.3 `helm pull --repo` and `helm pull oci://…`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::semver::{Constraint, SemverError, Version};
use crate::source::redact;
use crate::yaml::{self, YamlError};

/// Why a repository has no such chart; texts are Helm v4.2.3's, with passwords in addresses left out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepositoryError {
    /// `index.yaml` cannot be read.
    #[error("reading index.yaml: {0}")]
    Yaml(#[from] YamlError),
    /// `index.yaml` lacks its version.
    #[error("no API version specified")]
    NoApiVersion,
    /// There is no chart of the name, or none of the version.
    #[error("{chart} not found in {repository} repository")]
    NotFound {
        /// The chart and, if one is asked for, its version.
        chart: String,
        /// The address, without passwords.
        repository: String,
    },
    /// The chart is listed without an address.
    #[error("{chart} has no downloadable URLs")]
    NoUrls {
        /// The chart and, if one is asked for, its version.
        chart: String,
    },
    /// The version is neither one nor a constraint.
    #[error("{0}")]
    Constraint(SemverError),
    /// No tag fits.
    #[error("could not locate a version matching provided version string {0}")]
    NoTag(String),
}

/// An `index.yaml`: the versions of each chart, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Index {
    charts: BTreeMap<String, Vec<Entry>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    version: Version,
    urls: Vec<String>,
}

/// A version of a chart in a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// The version, as the index spells it.
    pub version: &'a str,
    /// Where its archive is.
    pub url: String,
}

impl Index {
    /// Reads an `index.yaml`. Entries whose version is none are left out, as Helm leaves them out.
    ///
    /// # Errors
    /// It is no YAML, or has no `apiVersion`.
    pub fn read(text: &str) -> Result<Self, RepositoryError> {
        let index = yaml::read(text)?;
        if index["apiVersion"].as_str().unwrap_or_default().is_empty() {
            return Err(RepositoryError::NoApiVersion);
        }
        let texts = |value: &Value| -> Vec<String> {
            let urls = value.as_array().into_iter().flatten();
            urls.filter_map(|url| url.as_str().map(str::to_owned)).collect()
        };
        let charts = index["entries"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, entries)| {
                let entries = entries.as_array().into_iter().flatten().filter_map(|entry| {
                    Some(Entry {
                        version: Version::parse(entry["version"].as_str()?).ok()?,
                        urls: texts(&entry["urls"]),
                    })
                });
                let mut entries: Vec<Entry> = entries.collect();
                // Stable: of equal versions the first one counts.
                entries.sort_by(|left, right| right.version.cmp(&left.version));
                (name.clone(), entries)
            });
        Ok(Self {
            charts: charts.collect(),
        })
    }

    /// The chart of this name and version: exactly as it is spelled, else the newest that the constraint lets through; without
    /// a version, the newest that is no pre-release.
    ///
    /// # Errors
    /// There is none, or it has no address.
    pub fn find(&self, repository: &str, name: &str, version: &str) -> Result<Found<'_>, RepositoryError> {
        let chart = || match version {
            "" => format!("chart {name:?}"),
            version => format!("chart {name:?} version {version:?}"),
        };
        let not_found = || RepositoryError::NotFound {
            chart: chart(),
            repository: redact(repository),
        };
        let entries = self.charts.get(name).ok_or_else(not_found)?;
        let exact = entries.iter().find(|entry| entry.version.original() == version);
        let entry = match exact {
            Some(entry) => entry,
            None => {
                let constraint = Constraint::parse(if version.is_empty() { "*" } else { version });
                let constraint = constraint.map_err(|_| not_found())?;
                let mut fitting = entries.iter().filter(|entry| constraint.matches(&entry.version));
                fitting.next().ok_or_else(not_found)?
            }
        };
        let url = entry
            .urls
            .first()
            .ok_or_else(|| RepositoryError::NoUrls { chart: chart() })?;
        Ok(Found {
            version: entry.version.original(),
            url: resolve(repository, url),
        })
    }
}

/// An address of an index, which may be relative to the repository's; the repository's query goes along.
fn resolve(repository: &str, url: &str) -> String {
    if url.contains("://") {
        return url.to_owned();
    }
    let (base, query) = match repository.split_once('?') {
        Some((base, query)) => (base, format!("?{query}")),
        None => (repository, String::new()),
    };
    let start = base.find("://").map_or(0, |at| at + 3);
    let host_end = base[start..].find('/').map_or(base.len(), |at| start + at);
    let path = if url.starts_with('/') {
        url.to_owned()
    } else {
        format!("{}/{url}", base[host_end..].trim_end_matches('/'))
    };
    format!("{}{}{query}", &base[..host_end], crate::tree::path::clean(&path))
}

/// The tag of an OCI repository that a version means: itself where it is a version, else the newest tag that the constraint lets
/// through; without a version, the newest that is no pre-release. Tags that are no versions are passed over, and `_` stands for `+`.
///
/// # Errors
/// The version is neither one nor a constraint, or no tag fits.
pub fn tag(tags: &[String], version: &str) -> Result<String, RepositoryError> {
    if Version::parse(version).is_ok() {
        return Ok(version.replace('+', "_"));
    }
    let constraint = Constraint::parse(if version.is_empty() { "*" } else { version });
    let constraint = constraint.map_err(RepositoryError::Constraint)?;
    let fitting = tags.iter().filter_map(|tag| {
        let version = Version::parse(&tag.replace('_', "+")).ok()?;
        constraint.matches(&version).then_some((version, tag))
    });
    // Of equal versions the last one counts nowhere: registries list a tag once.
    let newest = fitting.max_by(|left, right| left.0.cmp(&right.0));
    newest
        .map(|(_, tag)| tag.clone())
        .ok_or_else(|| RepositoryError::NoTag(version.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = r#"
apiVersion: v1
entries:
  a:
  - {name: a, version: 1.0.0, urls: [a-1.0.0.tgz]}
  - {name: a, version: 1.2.0, urls: []}
  - {name: a, version: 1.3.0-rc1, urls: [x/a.tgz]}
  - {name: a, version: nope, urls: [x/b.tgz]}
  - {name: a, version: v1.0.5, urls: ["/top/a.tgz"]}
"#;

    #[test]
    fn finds_what_helm_finds() {
        let index = Index::read(INDEX).unwrap();
        for (version, expected) in [
            ("", Err("chart \"a\" has no downloadable URLs")),
            ("1.0.0", Ok("http://h/sub/a-1.0.0.tgz")),
            ("1.2.0", Err("chart \"a\" version \"1.2.0\" has no downloadable URLs")),
            ("1.0.5", Ok("http://h/top/a.tgz")),
            ("v1.0.5", Ok("http://h/top/a.tgz")),
            ("<1.2", Ok("http://h/top/a.tgz")),
            ("1.3.0-rc1", Ok("http://h/sub/x/a.tgz")),
            (">=1-0", Ok("http://h/sub/x/a.tgz")),
            (
                "9",
                Err("chart \"a\" version \"9\" not found in http://h/sub/ repository"),
            ),
            (
                "bad",
                Err("chart \"a\" version \"bad\" not found in http://h/sub/ repository"),
            ),
        ] {
            let found = index.find("http://h/sub/", "a", version);
            let found = found.map(|found| found.url).map_err(|error| error.to_string());
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{version}");
        }
        let slashless = index.find("http://h/sub", "a", "1.0.0").unwrap();
        assert_eq!(slashless, index.find("http://h/sub/", "a", "1.0.0").unwrap());
        let other = index.find("http://u:secret@h", "b", "").unwrap_err().to_string();
        assert!(
            other.starts_with("chart \"b\" not found") && !other.contains("secret"),
            "{other}"
        );
        assert!(matches!(Index::read("entries: {}"), Err(RepositoryError::NoApiVersion)));
    }

    #[test]
    fn chooses_the_tag_that_helm_chooses() {
        let tags = ["0.1.0", "latest", "0.2.0_b1", "1.0.0-rc1"].map(str::to_owned);
        for (version, expected) in [
            ("", Ok("0.2.0_b1")),
            ("0.*", Ok("0.2.0_b1")),
            (">=0-0", Ok("1.0.0-rc1")),
            ("0.2.0+b1", Ok("0.2.0_b1")),
            ("9", Ok("9")),
            ("latest", Err("improper constraint: \"latest\"")),
            (" ", Err("improper constraint: \" \"")),
            (
                ">9",
                Err("could not locate a version matching provided version string >9"),
            ),
        ] {
            let found = tag(&tags, version).map_err(|error| error.to_string());
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{version}");
        }
    }
}
