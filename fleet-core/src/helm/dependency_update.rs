//! Dependencies that `charts/` lacks: what `helm dependency update` does with a chart, over values.
//!
//! Nothing is fetched here. [`DependencyUpdate::of`] says which archives a chart needs, and [`DependencyUpdate::finish`] gives the
//! files that the chart has more or less once they are there. A chart whose dependencies all lie in `charts/`, by name, needs none,
//! whatever their versions; where one is missing, all are looked up anew, as Helm does it.
//!
//! ```
//! use std::sync::Arc;
//! use fleet_core::helm::dependency_update::DependencyUpdate;
//! let chart: Vec<(String, Arc<[u8]>)> = vec![(
//!     "Chart.yaml".to_owned(),
//!     Arc::from(&b"{apiVersion: v2, name: shop, version: 1.0.0, dependencies: [{name: db, version: ^2, repository: 'file://../db'}]}"[..]),
//! )];
//! let database: Vec<(String, Arc<[u8]>)> =
//!     vec![("Chart.yaml".to_owned(), Arc::from(&b"{apiVersion: v2, name: db, version: 2.3.0}"[..]))];
//! let update = DependencyUpdate::of(chart, &mut |path| (path == "../db").then(|| database.clone()))?;
//! let updated = update.expect("it lies in no charts/").finish(&mut |_| Err("not asked for".to_owned()))?;
//! let names: Vec<&str> = updated.added.iter().map(|(name, _)| name.as_str()).collect();
//! assert_eq!(names, ["charts/db-2.3.0.tgz", "Chart.lock"]);
//! # Ok::<(), fleet_core::helm::dependency_update::DependencyError>(())
//! ```
//!
//! # Guarantees
//! The same chart and archives give the same bytes: the lock says nothing of the time (`generated` is Go's zero time), and what is
//! packed from a folder has no times either. A lock that fits the same dependencies stays as it is.
//!
//! Source: Helm v4.2.3 `helm dependency update`.

mod error;

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::chart::{Chart, ignore, pack};
use super::metadata::{Dependency, Lock, Metadata};
use super::release::ChartFile;
use crate::semver::{Constraint, Version};
use crate::tree::archive::ArchiveLimits;
use crate::yaml::{self, json};

pub use error::DependencyError;

/// Files with their paths relative to their chart's folder.
pub type Files = Vec<(String, Arc<[u8]>)>;

/// An archive, or why there is none.
pub type Archive = Result<Arc<[u8]>, String>;

/// A chart that lacks dependencies.
#[derive(Clone, Debug, PartialEq)]
pub struct DependencyUpdate {
    declared: Vec<Dependency>,
    /// One for each that is declared.
    origins: Vec<Origin>,
    /// Archives in `charts/`, with the names of their charts.
    archives: Vec<(String, String)>,
    lock_file: &'static str,
    lock_digest: Option<String>,
}

/// Where a dependency comes from.
#[derive(Clone, Debug, PartialEq)]
enum Origin {
    /// A folder of its name in `charts/`, as it declares no repository.
    Charts,
    /// A folder beside the chart, packed.
    Folder(Packed),
    /// A repository.
    Repository,
}

#[derive(Clone, Debug, PartialEq)]
struct Packed {
    name: String,
    version: String,
    archive: Arc<[u8]>,
}

/// What becomes of a chart's folder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Updated {
    /// Files that are new, or replaced.
    pub added: Files,
    /// Archives in `charts/` that are outdated.
    pub removed: Vec<String>,
}

impl DependencyUpdate {
    /// Looks at a chart's files. `folder` gives the files of the folder that a `file://` repository names, as it is written there:
    /// relative to the chart's folder, or absolute. `None` where the chart lacks nothing.
    ///
    /// # Errors
    /// The chart, or one in such a folder, cannot be loaded; a folder is missing; a version is no constraint; a repository has no
    /// address.
    pub fn of(files: Files, folder: &mut dyn FnMut(&str) -> Option<Files>) -> Result<Option<Self>, DependencyError> {
        let files = chart_files(files)?;
        let archives: Vec<ChartFile> = files.iter().filter(|file| is_archive(&file.name)).cloned().collect();
        let chart = Chart::from_chart_files(files.iter().cloned())?;
        if chart.missing_dependencies().is_empty() {
            return Ok(None);
        }
        let declared = chart.metadata().dependencies.clone();
        addresses(&declared)?;
        let mut origins = Vec::with_capacity(declared.len());
        for dependency in &declared {
            constraint(dependency)?;
            origins.push(match dependency.repository.strip_prefix("file://") {
                _ if dependency.repository.is_empty() => {
                    in_charts(&files, dependency)?;
                    Origin::Charts
                }
                Some(path) => {
                    let missing = || DependencyError::FolderMissing { path: path.to_owned() };
                    Origin::Folder(Packed::of(folder(path).ok_or_else(missing)?)?)
                }
                None => Origin::Repository,
            });
        }
        let archives = archives.into_iter().filter_map(|file| {
            let chart = Chart::from_archive(&file.data, &ArchiveLimits::default()).ok()?;
            Some((file.name, chart.name().to_owned()))
        });
        Ok(Some(Self {
            declared,
            origins,
            archives: archives.collect(),
            lock_file: lock_file(chart.metadata()),
            lock_digest: chart.lock().map(|lock| lock.digest.clone()),
        }))
    }

    /// The dependencies whose archives must be brought, in their order; those of one repository, name and version may repeat.
    pub fn needs(&self) -> impl Iterator<Item = &Dependency> {
        let both = self.declared.iter().zip(&self.origins);
        both.filter(|(_, origin)| matches!(origin, Origin::Repository))
            .map(|(dependency, _)| dependency)
    }

    /// Makes the archives and the lock. `supply` gives the archive of a dependency, or says why there is none.
    ///
    /// # Errors
    /// An archive is missing, broken, or of a version that is not asked for.
    pub fn finish(&self, supply: &mut dyn FnMut(&Dependency) -> Archive) -> Result<Updated, DependencyError> {
        let mut added = Files::new();
        let mut locked = Vec::with_capacity(self.declared.len());
        let mut unfit = Vec::new();
        for (dependency, origin) in self.declared.iter().zip(&self.origins) {
            let supplied;
            let packed = match origin {
                Origin::Charts => {
                    locked.push(lock_entry(dependency, &dependency.version));
                    continue;
                }
                Origin::Folder(packed) => packed,
                Origin::Repository => {
                    supplied = supply(dependency)
                        .and_then(|archive| Packed::read(archive).map_err(|error| error.to_string()))
                        .map_err(|problem| DependencyError::unavailable(dependency, problem))?;
                    &supplied
                }
            };
            if !constraint(dependency)?.matches(&version(&packed.version)?) {
                unfit.push(dependency.clone());
                continue;
            }
            locked.push(lock_entry(dependency, &packed.version));
            let name = format!("charts/{}-{}.tgz", packed.name, packed.version);
            if !added.iter().any(|(known, _)| *known == name) {
                added.push((name, Arc::clone(&packed.archive)));
            }
        }
        if !unfit.is_empty() {
            return Err(DependencyError::NoVersion(unfit));
        }
        let is_outdated = |(file, chart): &&(String, String)| {
            let mut in_charts = self.declared.iter().zip(&self.origins);
            !added.iter().any(|(name, _)| name == file)
                && !in_charts.any(|(dependency, origin)| *origin == Origin::Charts && dependency.name == *chart)
        };
        let removed = self.archives.iter().filter(is_outdated).map(|(file, _)| file.clone());
        let removed = removed.collect();
        let digest = digest(&self.declared, &locked);
        if self.lock_digest.as_ref() != Some(&digest) {
            let lock = Lock {
                digest,
                dependencies: locked,
                ..Lock::default()
            };
            added.push((self.lock_file.to_owned(), Arc::from(write_lock(&lock).into_bytes())));
        }
        Ok(Updated { added, removed })
    }
}

impl Packed {
    fn of(files: Files) -> Result<Self, DependencyError> {
        let files = chart_files(files)?;
        let chart = Chart::from_chart_files(files.iter().cloned())?;
        Ok(Self {
            name: chart.name().to_owned(),
            version: chart.metadata().version.clone(),
            archive: pack::pack(chart.name(), &files).into(),
        })
    }

    fn read(archive: Arc<[u8]>) -> Result<Self, DependencyError> {
        let chart = Chart::from_archive(&archive, &ArchiveLimits::default())?;
        Ok(Self {
            name: chart.name().to_owned(),
            version: chart.metadata().version.clone(),
            archive,
        })
    }
}

fn chart_files(files: Files) -> Result<Vec<ChartFile>, DependencyError> {
    let files = files.into_iter().map(|(name, data)| ChartFile::new(name, data));
    Ok(ignore::filter(files)?)
}

fn is_archive(path: &str) -> bool {
    path.strip_prefix("charts/")
        .is_some_and(|name| !name.contains('/') && name.ends_with(".tgz"))
}

/// Charts of `apiVersion: v1` have their dependencies, and so the lock, in a file of its own.
fn lock_file(metadata: &Metadata) -> &'static str {
    if metadata.api_version == "v1" {
        "requirements.lock"
    } else {
        "Chart.lock"
    }
}

/// Repositories by alias are in Helm's configuration on somebody's machine; there is none here.
fn addresses(declared: &[Dependency]) -> Result<(), DependencyError> {
    let is_known = |repository: &str| repository.is_empty() || repository.contains("://");
    let unknown: Vec<&str> = declared
        .iter()
        .map(|dependency| dependency.repository.as_str())
        .filter(|repository| !is_known(repository))
        .collect();
    if !unknown.is_empty() {
        return Err(DependencyError::NoRepository {
            names: unknown.join(", "),
        });
    }
    for dependency in declared {
        let scheme = dependency.repository.split("://").next().unwrap_or_default();
        if !matches!(scheme, "" | "file" | "http" | "https" | "oci") {
            return Err(DependencyError::Protocol {
                scheme: scheme.to_owned(),
            });
        }
    }
    Ok(())
}

fn constraint(dependency: &Dependency) -> Result<Constraint, DependencyError> {
    Constraint::parse(&dependency.version).map_err(|cause| DependencyError::Constraint {
        name: dependency.name.clone(),
        cause,
    })
}

fn version(text: &str) -> Result<Version, DependencyError> {
    Version::parse(text).map_err(|cause| DependencyError::Version {
        version: text.to_owned(),
        cause,
    })
}

/// Checks a dependency that declares no repository: it must be a folder, and fit.
fn in_charts(files: &[ChartFile], dependency: &Dependency) -> Result<(), DependencyError> {
    let folder = format!("charts/{}/", dependency.name);
    let inside = files.iter().filter_map(|file| {
        let name = file.name.strip_prefix(&folder)?.to_owned();
        Some(ChartFile { name, ..file.clone() })
    });
    let inside: Vec<ChartFile> = inside.collect();
    if inside.is_empty() {
        return Err(DependencyError::FolderMissing {
            path: folder.trim_end_matches('/').to_owned(),
        });
    }
    let chart = Chart::from_chart_files(inside)?;
    let found = &chart.metadata().version;
    if constraint(dependency)?.matches(&version(found)?) {
        return Ok(());
    }
    Err(DependencyError::Unfit {
        name: dependency.name.clone(),
        version: found.clone(),
        constraint: dependency.version.clone(),
    })
}

fn lock_entry(dependency: &Dependency, version: &str) -> Dependency {
    Dependency {
        name: dependency.name.clone(),
        repository: dependency.repository.clone(),
        version: version.to_owned(),
        ..Dependency::default()
    }
}

/// The digest of a lock: SHA-256 of the declared and the locked dependencies as Go writes them in JSON.
pub fn digest(declared: &[Dependency], locked: &[Dependency]) -> String {
    let json = json::to_vec(&[declared, locked]).expect("because dependencies have text keys only");
    let hash = Sha256::digest(json);
    hash.iter()
        .fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// A lock as Helm writes it.
pub fn write_lock(lock: &Lock) -> String {
    let value = serde_json::to_value(lock).expect("because a lock has text keys only");
    yaml::write(&value).expect("because a lock has no number")
}

#[cfg(test)]
mod tests;
