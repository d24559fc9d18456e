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
//! assert_eq!(&*scanned.bundles[0].name, "repo-app");
//! assert_eq!(scanned.failures[0].bundle_name.as_deref(), Some("repo-broken"));
//! # Ok::<(), fleet_core::tree::TreeError>(())
//! ```
//!
//! # Guarantees
//! The same tree, name and options give the same bundles, by name in byte order. One bad folder never hides another: it is a
//! [`ScanFailure`] with the name that its bundle has, so that what was deployed from it before can be left alone. A scan that
//! starts from the [`ScanCache`] of an earlier one reads changed folders only, and gives what a whole scan would.

mod budget;
mod build;
mod bundle;
mod changes;
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
use budget::Budget;
use changes::Entries;
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

impl ScanFailure {
    /// Of a path whose bundles are not known; empty is the whole scan.
    fn unnamed(path: &str, error: ScanError) -> Self {
        Self {
            path: path.to_owned(),
            bundle_name: None,
            error,
        }
    }
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

/// What was read of each folder; see [`rescan`]. A copy shares nearly all of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScanCache {
    name: String,
    options: Option<Arc<ScanOptions>>,
    found: Found,
}

/// A tree and what was found in it.
#[derive(Clone, Debug, Default, PartialEq)]
struct Found {
    entries: Entries,
    places: Arc<Places>,
    /// One for each place.
    reads: Vec<Arc<Read>>,
}

/// The folders of the bundles, in the order of the walk.
#[derive(Clone, Debug, Default, PartialEq)]
struct Places {
    places: Vec<Place>,
    failures: Vec<ScanFailure>,
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
    found: Found,
    needs: Vec<ChartReference>,
    dependencies: BTreeSet<DependencyReference>,
    supplied: Supplied,
    budget: Budget,
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

/// As [`scan`], but folders that are as they were in the scan that the cache is from are not read again, and where only contents
/// changed, folders are not looked for again either.
pub fn rescan(cache: &ScanCache, tree: &Tree, name: &str, options: &ScanOptions) -> Scan {
    let nothing = Found::default();
    let is_usable = cache.fits(name, options);
    let old = if is_usable { &cache.found } else { &nothing };
    let (entries, changes) = old.entries.next(tree);
    let places = if is_usable && !changes.moved() {
        Arc::clone(&old.places)
    } else {
        Arc::new(Places::of(tree, options))
    };
    let known = places.places.iter().zip(old.reads_of(&places));
    let current: Vec<Option<&Arc<Read>>> = known
        .map(|(place, read)| read.filter(|read| read.is_current(place, &changes)))
        .collect();
    let unread: Vec<&Place> = places
        .places
        .iter()
        .zip(&current)
        .filter_map(|(place, read)| read.is_none().then_some(place))
        .collect();
    let budget = Budget::new(options.maximum_bytes);
    for read in current.iter().flatten() {
        // Whether it was enough is asked in the end.
        let _ = budget.take(read.taken());
    }
    let new = parallel::map(&unread, FOLDERS_OF_A_THREAD, |place| {
        Arc::new(folder::read(tree, name, place, options, &budget))
    });
    let mut new = new.into_iter();
    let mut next = || new.next().expect("because every place that is not current was read");
    let reads: Vec<Arc<Read>> = current
        .into_iter()
        .map(|read| read.cloned().unwrap_or_else(&mut next))
        .collect();
    let mut needs: Vec<ChartReference> = Vec::new();
    let mut dependencies = BTreeSet::new();
    for read in &reads {
        needs.extend(read.needs().iter().cloned());
        dependencies.extend(read.dependencies().iter().cloned());
    }
    needs.sort_unstable();
    needs.dedup();
    Scan {
        name: name.to_owned(),
        options: Arc::new(options.clone()),
        found: Found { entries, places, reads },
        needs,
        dependencies,
        supplied: Supplied::default(),
        budget,
    }
}

impl Found {
    /// What was read of each place, where that was one before.
    fn reads_of<'a>(&'a self, places: &Arc<Places>) -> Vec<Option<&'a Arc<Read>>> {
        if Arc::ptr_eq(&self.places, places) {
            return self.reads.iter().map(Some).collect();
        }
        let known: HashMap<&Place, &Arc<Read>> = self.places.places.iter().zip(&self.reads).collect();
        places.places.iter().map(|place| known.get(place).copied()).collect()
    }
}

impl Places {
    fn of(tree: &Tree, options: &ScanOptions) -> Self {
        let mut found = Self::default();
        if options.bundles.is_empty() {
            let root = [".".to_owned()];
            let paths = if options.paths.is_empty() {
                &root[..]
            } else {
                &options.paths[..]
            };
            paths.iter().for_each(|given| found.walk(tree, given, options));
        } else {
            let driven = options.bundles.iter().map(|bundle| driven(tree, bundle));
            found.places = driven.collect();
        }
        if found.places.len() > options.maximum_bundles {
            found.places.truncate(options.maximum_bundles);
            let error = ScanError::TooMuch {
                what: "bundles".to_owned(),
                limit: options.maximum_bundles as u64,
            };
            found.failures.push(ScanFailure::unnamed("", error));
        }
        found
    }

    fn walk(&mut self, tree: &Tree, given: &str, options: &ScanOptions) {
        match walk::folders(tree, given) {
            Ok(found) => self.places.extend(found.into_iter().map(|found| Place {
                path: found.path,
                folder: found.folder,
                options_file: options.options_file.clone(),
            })),
            Err(error) => self.failures.push(ScanFailure::unnamed(given, error)),
        }
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
        for read in self.found.reads.iter().filter(|read| read.needs().contains(chart)) {
            self.dependencies.extend(read.dependencies_of(&files, &self.budget));
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
        self.found.places.places.iter().map(|place| place.path.as_str())
    }

    /// Makes the bundles.
    pub fn finish(self) -> Scanned {
        let Places { places, failures } = &*self.found.places;
        let reads = &self.found.reads;
        let mut scanned = Scanned {
            bundles: Vec::with_capacity(reads.len()),
            failures: failures.clone(),
            ..Scanned::default()
        };
        let mut failures: Vec<(usize, ScanFailure)> = Vec::new();
        let mut fail = |index: usize, error| {
            let failure = ScanFailure {
                path: places[index].path.clone(),
                bundle_name: Some(reads[index].bundle_name().to_owned()),
                error,
            };
            failures.push((index, failure));
        };
        for read in reads {
            scanned.diagnostics.extend(read.diagnostics().iter().cloned());
        }
        let labels = build::scan_labels(&self.options);
        let bundle_of = |index: usize| reads[index].bundle(&self.options, &labels, &self.supplied, &self.budget);
        // Only a bundle whose charts came just now is work; the others are there.
        let waiting: Vec<usize> = (0..reads.len()).filter(|index| reads[*index].is_waiting()).collect();
        let made = parallel::map(&waiting, FOLDERS_OF_A_THREAD, |index| bundle_of(*index));
        let mut made: HashMap<usize, _> = waiting.into_iter().zip(made).collect();
        // Of folders with one name the first in the walk counts.
        let mut by_name: Vec<usize> = (0..reads.len()).collect();
        by_name.sort_by_key(|index| reads[*index].bundle_name());
        for index in by_name {
            let (bundle, image_scans) = match made.remove(&index).unwrap_or_else(|| bundle_of(index)) {
                Ok(Some(bundle)) => bundle,
                Ok(None) => continue,
                Err(error) => {
                    fail(index, error);
                    continue;
                }
            };
            let first = scanned.bundles.last().filter(|first| first.name == bundle.name);
            if let Some(first) = first.filter(|_| self.options.duplicates == Duplicates::Refuse) {
                // Two paths that match one folder mean it once.
                let is_same = self.options.bundles.is_empty() && path::clean(&first.path) == path::clean(&bundle.path);
                if !is_same {
                    let error = ScanError::DuplicateName {
                        name: bundle.name.to_string(),
                        first: first.path.to_string(),
                    };
                    fail(index, error);
                }
                continue;
            }
            scanned.bundles.push(bundle);
            scanned.image_scans.extend(image_scans);
        }
        if let Err(error) = self.budget.check() {
            // Which folders were the ones too many is chance.
            return Scanned {
                failures: vec![ScanFailure::unnamed("", error)],
                ..Scanned::default()
            };
        }
        failures.sort_by_key(|(index, _)| *index);
        scanned
            .failures
            .extend(failures.into_iter().map(|(_, failure)| failure));
        if scanned.bundles.is_empty() && scanned.failures.is_empty() {
            let error = ScanError::NothingFound {
                paths: self.options.paths.clone(),
            };
            scanned.failures.push(ScanFailure::unnamed("", error));
        }
        scanned.cache = ScanCache {
            name: self.name,
            options: Some(self.options),
            found: self.found,
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
