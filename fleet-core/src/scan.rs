//! Tree to bundles: `fleet.yaml`, naming, resource packing.
//!
//! A scan finds the folders of a tree that are bundles (classic: by paths and fleet.yaml files; driven: as listed), reads each
//! one's fleet.yaml, and packs its files as resources. It fetches nothing: charts from elsewhere are asked for by
//! [`Scan::needs`] and given by [`Scan::supply`], what these and the charts of the tree depend on is asked for by
//! [`Scan::dependencies`] and given by [`Scan::supply_dependency`], and what is not supplied fails its folder only.
//!
//! ```
//! use fleet_core::{scan::{ScanOptions, scan}, tree::Tree};
//! let tree = Tree::try_from(&[
//!     ("app/fleet.yaml", "defaultNamespace: web\n"),
//!     ("app/service.yaml", "kind: Service\n"),
//!     ("broken/fleet.yaml", "helm: 1\n"),
//! ][..])?;
//! let scanned = scan(&tree, "repo", &ScanOptions::default()).finish();
//! assert_eq!(scanned.bundles[0].name, "repo-app");
//! assert_eq!(scanned.failures[0].bundle_name.as_deref(), Some("repo-broken"));
//! # Ok::<(), fleet_core::tree::TreeError>(())
//! ```
//!
//! # Guarantees
//! The same tree, name and options give the same bundles, by name in byte order. One bad folder never hides another: it is a
//! [`ScanFailure`] with the name that its bundle has, so that what was deployed from it before can be left alone. A scan that
//! starts from the [`ScanCache`] of an earlier one reads changed folders only, and gives what a whole scan would.

mod build;
mod bundle;
mod charts;
mod decode;
mod dependencies;
mod error;
mod fleet_yaml;
mod folder;
#[cfg(feature = "crd")]
mod json_schema;
mod options;
pub mod pack;
mod resources;
pub mod schema;
mod walk;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

pub use bundle::{Bundle, ImageScan};
pub use charts::{ChartReference, bundle_folder};
pub use dependencies::DependencyReference;
pub use error::ScanError;
pub use fleet_yaml::{FleetYaml, read_targets};
#[cfg(feature = "crd")]
pub use json_schema::fleet_yaml_schema;
pub use options::{Duplicates, ScanOptions, ScanTargets, driven_separator};

use crate::{
    api::BundlePath,
    diagnostic::Diagnostic,
    naming, parallel,
    tree::{Tree, path},
};
use folder::{Place, Read};

#[cfg(feature = "helm")]
pub(crate) use decode::go_numbers as whole_numbers;
#[cfg(feature = "helm")]
pub(crate) use fleet_yaml::merge_values;

/// How many folders are worth a thread: reading one takes some 20 microseconds.
const FOLDERS_OF_A_THREAD: usize = 32;

/// The label with the GitRepo's name.
pub const REPO_NAME_LABEL: &str = "fleet.cattle.io/repo-name";
/// The label with the commit.
pub const COMMIT_LABEL: &str = "fleet.cattle.io/commit";

/// A folder, or a path, that gave no bundle because of an error.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ScanFailure {
    /// The folder, or the path as given.
    pub path: String,
    /// The name of the bundle that the folder gives when it is sound. `None` when that cannot be known: then nothing may be
    /// concluded about any existing bundle.
    pub bundle_name: Option<String>,
    /// What is the matter, with file, line and key where there are some.
    pub error: ScanError,
}

/// What a scan gives.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Scanned {
    /// The bundles, by name.
    pub bundles: Vec<Bundle>,
    /// The image scans of the bundles, where these are allowed.
    pub image_scans: Vec<ImageScan>,
    /// What gave no bundle, in the order of the walk.
    pub failures: Vec<ScanFailure>,
    /// Reports, in the order of the walk.
    pub diagnostics: Vec<Diagnostic>,
    /// What the next scan of the same repository starts from.
    pub cache: ScanCache,
}

/// What was read of each folder; see [`rescan`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScanCache {
    name: String,
    options: Option<Arc<ScanOptions>>,
    folders: Vec<(Place, Arc<Read>)>,
}

impl ScanCache {
    /// Whether folders read under the cached options are read the same way under these: only the commit may differ.
    fn fits(&self, name: &str, options: &ScanOptions) -> bool {
        self.name == name
            && self.options.as_deref().is_some_and(|cached| {
                cached.commit.len() == options.commit.len()
                    && *cached
                        == ScanOptions {
                            commit: cached.commit.clone(),
                            ..options.clone()
                        }
            })
    }
}

/// A scan that may wait for charts.
#[derive(Clone, Debug)]
pub struct Scan {
    name: String,
    options: Arc<ScanOptions>,
    folders: Vec<(Place, Arc<Read>)>,
    failures: Vec<ScanFailure>,
    needs: Vec<ChartReference>,
    dependencies: BTreeSet<DependencyReference>,
    supplied: Supplied,
}

/// What the caller brought, or why it could not.
#[derive(Clone, Debug, Default)]
struct Supplied {
    charts: BTreeMap<ChartReference, Result<Arc<Tree>, String>>,
    dependencies: BTreeMap<DependencyReference, dependencies::Archive>,
}

/// Scans a tree for the GitRepo (or, on the command line, the bundle) of this name.
pub fn scan(tree: &Tree, name: &str, options: &ScanOptions) -> Scan {
    rescan(&ScanCache::default(), tree, name, options)
}

/// As [`scan`], but folders that are as they were in the scan that the cache is from are not read again.
pub fn rescan(cache: &ScanCache, tree: &Tree, name: &str, options: &ScanOptions) -> Scan {
    let usable = cache.fits(name, options);
    let mut failures = Vec::new();
    let mut places = Vec::new();
    if options.bundles.is_empty() {
        let root = [".".to_owned()];
        for given in if options.paths.is_empty() {
            &root[..]
        } else {
            &options.paths[..]
        } {
            match walk::folders(tree, std::slice::from_ref(given)) {
                Ok(found) => places.extend(found.into_iter().map(|found| Place {
                    path: found.path,
                    folder: found.folder,
                    options_file: options.options_file.clone(),
                })),
                Err(error) => failures.push(ScanFailure {
                    path: given.clone(),
                    bundle_name: None,
                    error,
                }),
            }
        }
    } else {
        places.extend(options.bundles.iter().map(|bundle| driven(tree, bundle)));
    }
    if places.len() > options.maximum_bundles {
        places.truncate(options.maximum_bundles);
        let error = ScanError::TooMuch {
            what: "bundles".to_owned(),
            limit: options.maximum_bundles as u64,
        };
        failures.push(ScanFailure {
            path: String::new(),
            bundle_name: None,
            error,
        });
    }
    let mut needs: Vec<ChartReference> = Vec::new();
    let mut dependencies = BTreeSet::new();
    let mut known = Known {
        folders: if usable { &cache.folders } else { &[] },
        next: 0,
        by_place: None,
    };
    let places: Vec<_> = places
        .into_iter()
        .map(|place| {
            let cached = known.find(&place);
            (place, cached)
        })
        .collect();
    let reads = parallel::map(&places, FOLDERS_OF_A_THREAD, |(place, cached)| {
        let cached = cached.filter(|read| read.is_current(tree, place));
        cached.map_or_else(|| Arc::new(folder::read(tree, name, place, options)), Arc::clone)
    });
    for read in &reads {
        needs.extend(read.needs().iter().cloned());
        dependencies.extend(read.dependencies().iter().cloned());
    }
    let folders = places.into_iter().map(|(place, _)| place).zip(reads).collect();
    needs.sort_unstable();
    needs.dedup();
    Scan {
        name: name.to_owned(),
        options: Arc::new(options.clone()),
        folders,
        failures,
        needs,
        dependencies,
        supplied: Supplied::default(),
    }
}

/// Cached folders. Those of two scans mostly come in the same order.
struct Known<'a> {
    folders: &'a [(Place, Arc<Read>)],
    next: usize,
    by_place: Option<HashMap<&'a Place, usize>>,
}

impl<'a> Known<'a> {
    fn find(&mut self, place: &Place) -> Option<&'a Arc<Read>> {
        if let Some((known, read)) = self.folders.get(self.next)
            && known == place
        {
            self.next += 1;
            return Some(read);
        }
        let folders = self.folders;
        let by_place = self.by_place.get_or_insert_with(|| {
            folders
                .iter()
                .enumerate()
                .map(|(index, (place, _))| (place, index))
                .collect()
        });
        let index = *by_place.get(place)?;
        self.next = index + 1;
        Some(&folders[index].1)
    }
}

fn driven(tree: &Tree, bundle: &BundlePath) -> Place {
    let base = bundle.base.trim_start_matches('/');
    Place {
        path: if base.is_empty() {
            ".".to_owned()
        } else {
            base.to_owned()
        },
        folder: path::inside(base).filter(|folder| tree.is_folder(folder)),
        options_file: (!bundle.options.is_empty()).then(|| bundle.options.clone()),
    }
}

impl Scan {
    /// The charts from elsewhere that the folders ask for, each once.
    pub fn needs(&self) -> &[ChartReference] {
        &self.needs
    }

    /// Gives the files of a chart: the unpacked archive, in which an ordinary chart lies in a folder of its name.
    pub fn supply(&mut self, chart: &ChartReference, files: Arc<Tree>) {
        let waiting = self.folders.iter().map(|(_, read)| read);
        for read in waiting.filter(|read| read.needs().contains(chart)) {
            self.dependencies.extend(read.dependencies_of(&files));
        }
        self.supplied.charts.insert(chart.clone(), Ok(files));
    }

    /// Says why a chart cannot be given; its folders fail with that.
    pub fn fail(&mut self, chart: &ChartReference, problem: impl Into<String>) {
        self.supplied.charts.insert(chart.clone(), Err(problem.into()));
    }

    /// What charts depend on and do not bring along, each once: those of the tree, and of the charts that were supplied so far. So
    /// these are supplied first. Nothing is asked for where fleet.yaml says `disableDependencyUpdate`.
    pub fn dependencies(&self) -> impl Iterator<Item = &DependencyReference> {
        self.dependencies.iter()
    }

    /// Gives the archive of a dependency, in a version that its constraint lets through.
    pub fn supply_dependency(&mut self, dependency: &DependencyReference, archive: Arc<[u8]>) {
        self.supplied.dependencies.insert(dependency.clone(), Ok(archive));
    }

    /// Says why a dependency cannot be given; the folders with charts that lack it fail with that.
    pub fn fail_dependency(&mut self, dependency: &DependencyReference, problem: impl Into<String>) {
        self.supplied
            .dependencies
            .insert(dependency.clone(), Err(problem.into()));
    }

    /// The folders of the scan, in the order of the walk, as paths name them.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.folders.iter().map(|(place, _)| place.path.as_str())
    }

    /// Makes the bundles.
    pub fn finish(self) -> Scanned {
        let mut scanned = Scanned {
            failures: self.failures,
            ..Scanned::default()
        };
        let mut made: Vec<(usize, Bundle, Vec<ImageScan>)> = Vec::with_capacity(self.folders.len());
        let mut failures: Vec<(usize, ScanFailure)> = Vec::new();
        let failure = |place: &Place, name: &str, error| ScanFailure {
            path: place.path.clone(),
            bundle_name: Some(name.to_owned()),
            error,
        };
        let bundles = parallel::map(&self.folders, FOLDERS_OF_A_THREAD, |(_, read)| {
            read.bundle(&self.options, &self.supplied)
        });
        for (index, ((place, read), bundle)) in self.folders.iter().zip(bundles).enumerate() {
            scanned.diagnostics.extend(read.diagnostics().iter().cloned());
            match bundle {
                Ok(Some((bundle, image_scans))) => made.push((index, bundle, image_scans)),
                Ok(None) => {}
                Err(error) => failures.push((index, failure(place, read.bundle_name(), error))),
            }
        }
        // Of folders with one name the first in the walk counts.
        made.sort_by(|left, right| left.1.name.cmp(&right.1.name));
        for (index, bundle, image_scans) in made {
            let first = scanned.bundles.last().filter(|first| first.name == bundle.name);
            if let Some(first) = first.filter(|_| self.options.duplicates == Duplicates::Refuse) {
                // Two paths that match one folder mean it once.
                let is_same = self.options.bundles.is_empty() && path::clean(&first.path) == path::clean(&bundle.path);
                if !is_same {
                    let error = ScanError::DuplicateName {
                        name: bundle.name.clone(),
                        first: first.path.clone(),
                    };
                    failures.push((index, failure(&self.folders[index].0, &bundle.name, error)));
                }
                continue;
            }
            scanned.bundles.push(bundle);
            scanned.image_scans.extend(image_scans);
        }
        failures.sort_by_key(|(index, _)| *index);
        scanned
            .failures
            .extend(failures.into_iter().map(|(_, failure)| failure));
        if scanned.bundles.is_empty() && scanned.failures.is_empty() {
            let error = ScanError::NothingFound {
                paths: self.options.paths.clone(),
            };
            scanned.failures.push(ScanFailure {
                path: String::new(),
                bundle_name: None,
                error,
            });
        }
        scanned.cache = ScanCache {
            name: self.name,
            options: Some(self.options),
            folders: self.folders,
        };
        scanned
    }
}

/// The name of the bundle of a folder that gives none itself: the repository's name, the folder and the options file without
/// its extension, as a release name (Fleet).
pub fn bundle_name(repository: &str, folder: &str, options_file: Option<&str>) -> String {
    let options = options_file.map(|file| &file[..file.len() - path::extension(file).len()]);
    naming::helm_release_name(&path::join([repository, folder, options.unwrap_or_default()]))
}

#[cfg(test)]
mod tests;
