//! One folder of a scan: read once, made into a bundle when its charts are there, and kept for the next scan.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Bundle, ChartReference, DependencyReference, FleetYaml, ImageScan, ScanError, ScanOptions, Supplied,
    budget::Budget,
    build,
    changes::Changes,
    charts,
    dependencies::Beside,
    fleet_yaml,
    resources::{self, Contents, File, Reading},
    walk,
};
use crate::{
    api::HelmOptions,
    diagnostic::Diagnostic,
    tree::{Mode, Tree, path},
};

/// Which folder is read, and by which options file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    /// As paths name it.
    pub(super) path: String,
    /// In the tree; `None` when it is not there.
    pub(super) folder: Option<String>,
    /// In place of fleet.yaml, relative to the folder.
    pub(super) options_file: Option<String>,
}

/// What was read of a folder.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Read {
    /// Files and folders, there or not, that may be outside of the folder and were looked at: while these and the folder are as they
    /// were, so is the rest.
    outside: BTreeSet<String>,
    /// Something was, or may have been, read by links, which may lead anywhere: that is never taken to be as it was.
    by_links: bool,
    /// The bytes of the budget that this took.
    taken: u64,
    /// The name of the bundle, as far as it could be found out.
    name: String,
    /// The name that the folder gives.
    default_name: String,
    diagnostics: Vec<Diagnostic>,
    needs: Vec<ChartReference>,
    dependencies: Vec<DependencyReference>,
    outcome: Result<Outcome, ScanError>,
}

#[derive(Clone, Debug, PartialEq)]
enum Outcome {
    /// A whole bundle, but for the labels of the scan, with the labels of the file.
    Made {
        bundle: Bundle,
        file_labels: BTreeMap<String, String>,
        image_scans: Vec<ImageScan>,
    },
    /// Charts, or dependencies of charts, are missing.
    Waits {
        /// The folder, as paths name it.
        path: String,
        file: Box<FleetYaml>,
        contents: Contents,
        reading: Reading,
    },
    /// No resources: no bundle.
    Empty,
}

/// Reads a folder.
pub(super) fn read(tree: &Tree, repository: &str, place: &Place, options: &ScanOptions, budget: &Budget) -> Read {
    let default_name = super::bundle_name(repository, &place.path, place.options_file.as_deref());
    let mut read = Read {
        outside: BTreeSet::new(),
        by_links: false,
        taken: 0,
        name: default_name.clone(),
        default_name,
        diagnostics: Vec::new(),
        needs: Vec::new(),
        dependencies: Vec::new(),
        outcome: Ok(Outcome::Empty),
    };
    if let Some(folder) = &place.folder {
        read.by_links = tree.files_under(folder).any(|(_, entry)| entry.mode == Mode::Symlink);
    }
    read.outcome = read.fill(tree, place, options, budget);
    read
}

impl Read {
    fn fill(
        &mut self,
        tree: &Tree,
        place: &Place,
        options: &ScanOptions,
        budget: &Budget,
    ) -> Result<Outcome, ScanError> {
        let folder = place.folder.as_deref().ok_or_else(|| ScanError::MissingFolder {
            path: place.path.clone(),
        })?;
        let mut file = self.file(tree, place, folder)?;
        if !file.name.is_empty() {
            self.name.clone_from(&file.name);
        }
        if !options.image_scans && !file.image_scans.is_empty() {
            return Err(ScanError::ImageScanDisabled {
                path: path::join([folder, "fleet.yaml"]),
            });
        }
        build::join_targets(&mut file);
        let reading = self.values_files(tree, place, folder, &mut file)?;
        let mut beside = Beside::new(budget);
        let contents = resources::files(tree, folder, &reading, &mut beside);
        self.by_links |= beside.by_links;
        self.outside.extend(beside.folders);
        self.taken = beside.taken;
        let mut contents = contents?;
        self.needs = self.needed_charts(tree, place, folder, &file)?;
        self.dependencies = contents.unmet.iter().flat_map(|unmet| unmet.needs()).collect();
        if self.needs.is_empty() && self.dependencies.is_empty() {
            meet(&mut contents, "", &Supplied::default())?;
            let bytes = resources::bytes(&contents.files);
            self.taken = self.taken.saturating_add(bytes);
            budget.take(bytes)?;
            return self.make(place.path.as_str(), file, &contents.files, options);
        }
        Ok(Outcome::Waits {
            path: place.path.clone(),
            file: Box::new(file),
            contents,
            reading,
        })
    }

    fn file(&mut self, tree: &Tree, place: &Place, folder: &str) -> Result<FleetYaml, ScanError> {
        let path = match &place.options_file {
            Some(options) => {
                let missing = || ScanError::MissingOptions {
                    options: options.clone(),
                    path: path::join([place.path.as_str(), options.as_str()]),
                };
                let path = path::inside(format!("{folder}/{options}").trim_start_matches('/')).ok_or_else(missing)?;
                self.look_outside(tree, &path);
                if tree.read(&path).is_err() {
                    return Err(missing());
                }
                path
            }
            None => match walk::fleet_yaml(tree, folder) {
                Some(path) => path,
                None => return Ok(FleetYaml::default()),
            },
        };
        let entry = tree.read(&path).map_err(|source| ScanError::File {
            folder: folder.to_owned(),
            cause: source,
        })?;
        match FleetYaml::read(&path, &entry.content) {
            Ok((file, diagnostics)) => {
                self.diagnostics = diagnostics;
                Ok(file)
            }
            Err(error) => {
                if let Some(name) = FleetYaml::name_of_broken(&entry.content) {
                    self.name = name;
                }
                Err(error)
            }
        }
    }

    /// Merges values files into the values, and says which files are configuration.
    fn values_files(
        &mut self,
        tree: &Tree,
        place: &Place,
        folder: &str,
        file: &mut FleetYaml,
    ) -> Result<Reading, ScanError> {
        let mut reading = Reading {
            configuration: vec!["fleet.yaml".to_owned()],
            skip_charts: false,
        };
        reading.configuration.extend(place.options_file.clone());
        if let Some(helm) = &mut file.spec.options.helm {
            reading.skip_charts = helm.disable_dependency_update;
            // Fleet merges the bundle's own values files only where a chart is named, and hides them all the same.
            let merge = !helm.chart.is_empty() || !helm.repo.is_empty();
            self.values_of(tree, folder, helm, merge, &mut reading)?;
        }
        for target in &mut file.spec.targets {
            if let Some(helm) = &mut target.options.helm {
                self.values_of(tree, folder, helm, true, &mut reading)?;
            }
        }
        Ok(reading)
    }

    fn values_of(
        &mut self,
        tree: &Tree,
        folder: &str,
        helm: &mut HelmOptions,
        merge: bool,
        reading: &mut Reading,
    ) -> Result<(), ScanError> {
        let mut values = helm.values.clone().and_then(|values| values.0).unwrap_or_default();
        for name in &helm.values_files {
            reading
                .configuration
                .extend([name.clone(), path::base(name).to_owned()]);
            if !merge {
                continue;
            }
            let given = if folder.is_empty() {
                name.clone()
            } else {
                format!("{folder}/{name}")
            };
            let missing = |source| ScanError::ValuesFile {
                folder: folder.to_owned(),
                path: given.clone(),
                cause: source,
            };
            let path = path::inside(given.trim_start_matches('/'))
                .ok_or_else(|| missing(crate::tree::TreeError::Escapes { path: given.clone() }))?;
            self.look_outside(tree, &path);
            let entry = tree.read(&path).map_err(missing)?;
            let text = crate::yaml::decode(&entry.content);
            let more =
                text.and_then(|text| crate::yaml::read_object(&text))
                    .map_err(|cause| ScanError::ValuesYaml {
                        folder: folder.to_owned(),
                        path: path.clone(),
                        cause: Box::new(cause),
                    })?;
            fleet_yaml::merge_values(&mut values, more);
        }
        if merge && !helm.values_files.is_empty() && !values.is_empty() {
            let mut values = serde_json::Value::Object(values);
            super::decode::go_numbers(&mut values);
            if let serde_json::Value::Object(values) = values {
                helm.values = Some(values.into());
            }
        }
        Ok(())
    }

    /// Remembers that a path is read that may be outside of the folder.
    fn look_outside(&mut self, tree: &Tree, path: &str) {
        self.outside.insert(path.to_owned());
        self.by_links |= !tree.resolve(path).is_ok_and(|end| *end == *path);
    }

    /// The charts that the options name and that do not lie in the repository: each once.
    fn needed_charts(
        &mut self,
        tree: &Tree,
        place: &Place,
        folder: &str,
        file: &FleetYaml,
    ) -> Result<Vec<ChartReference>, ScanError> {
        let mut needs: Vec<ChartReference> = Vec::new();
        let root = file.spec.options.helm.as_ref();
        for helm in root.into_iter().chain(
            file.spec
                .targets
                .iter()
                .filter_map(|target| target.options.helm.as_ref()),
        ) {
            if helm.chart.is_empty() && helm.repo.is_empty() {
                continue;
            }
            if helm.repo.is_empty() {
                let local = path::inside(path::join([folder, helm.chart.as_str()]).as_str());
                let is_there = local.as_deref().is_some_and(|local| tree.exists(local));
                self.outside.extend(local);
                if is_there {
                    continue;
                }
                if charts::is_local(&helm.chart) {
                    return Err(ScanError::ChartMissing {
                        folder: place.path.clone(),
                        chart: helm.chart.clone(),
                    });
                }
            }
            let chart = ChartReference {
                folder: place.path.clone(),
                chart: helm.chart.clone(),
                repo: helm.repo.clone(),
                version: helm.version.clone(),
            };
            charts::check_oci(&chart).map_err(|problem| ScanError::ChartUnavailable {
                folder: place.path.clone(),
                chart: chart.to_string(),
                problem,
            })?;
            if !needs.contains(&chart) {
                needs.push(chart);
            }
        }
        Ok(needs)
    }

    fn make(&self, place: &str, file: FleetYaml, files: &[File], options: &ScanOptions) -> Result<Outcome, ScanError> {
        if files.is_empty() {
            return Ok(Outcome::Empty);
        }
        let file_labels = file.labels.clone();
        let image_scans_of = FleetYaml {
            image_scans: file.image_scans.clone(),
            ..FleetYaml::default()
        };
        let mut bundle = build::bundle(place, &self.default_name, file, files, options);
        let mut image_scans = build::image_scans(&bundle, &self.default_name, &image_scans_of).map_err(|index| {
            ScanError::ImageScanName {
                path: path::join([place, "fleet.yaml"]),
                index,
            }
        })?;
        // Labels are of this scan; what is kept for the next one has none.
        bundle.labels = Arc::default();
        image_scans.iter_mut().for_each(|scan| scan.labels = Arc::default());
        Ok(Outcome::Made {
            bundle,
            file_labels,
            image_scans,
        })
    }

    /// Whether all that was read is as it was.
    pub(super) fn is_current(&self, place: &Place, changes: &Changes) -> bool {
        !self.by_links
            && !place.folder.as_deref().is_some_and(|folder| changes.below(folder))
            && !self.outside.iter().any(|path| changes.at(path) || changes.below(path))
    }

    pub(super) fn needs(&self) -> &[ChartReference] {
        &self.needs
    }

    /// Whether the bundle cannot be made before charts are there.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.outcome, Ok(Outcome::Waits { .. }))
    }

    /// The dependencies of the charts in the folder itself.
    pub(super) fn dependencies(&self) -> &[DependencyReference] {
        &self.dependencies
    }

    /// The bytes of the scan's budget that the bundle takes, as far as no charts from elsewhere do.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// The dependencies of a chart from elsewhere. One that cannot be read fails when the bundle is made.
    pub(super) fn dependencies_of(&self, chart: &Tree, budget: &Budget) -> Vec<DependencyReference> {
        let Ok(Outcome::Waits { reading, .. }) = &self.outcome else {
            return Vec::new();
        };
        let contents = resources::files(chart, "", reading, &mut Beside::new(budget)).unwrap_or_default();
        contents.unmet.iter().flat_map(|unmet| unmet.needs()).collect()
    }

    pub(super) fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    pub(super) fn bundle_name(&self) -> &str {
        &self.name
    }

    /// The bundle, with labels over which those of the file win, and the charts that were supplied.
    pub(super) fn bundle(
        &self,
        options: &ScanOptions,
        labels: &Arc<BTreeMap<String, String>>,
        supplied: &Supplied,
        budget: &Budget,
    ) -> Result<Option<(Bundle, Vec<ImageScan>)>, ScanError> {
        let made;
        let outcome = match &self.outcome {
            Ok(Outcome::Waits {
                path,
                file,
                contents,
                reading,
            }) => {
                let files = self.with_charts(contents, reading, supplied, budget)?;
                budget.take(resources::bytes(&files))?;
                made = self.make(path, FleetYaml::clone(file), &files, options)?;
                &made
            }
            Ok(outcome) => outcome,
            Err(error) => return Err(error.clone()),
        };
        let Outcome::Made {
            bundle,
            file_labels,
            image_scans,
        } = outcome
        else {
            return Ok(None);
        };
        let mut bundle = bundle.clone();
        bundle.labels = build::labels(labels, file_labels);
        let mut image_scans = image_scans.clone();
        for scan in &mut image_scans {
            scan.labels = Arc::clone(&bundle.labels);
        }
        Ok(Some((bundle, image_scans)))
    }

    /// The files of the folder and of the charts that were supplied, with their dependencies.
    fn with_charts(
        &self,
        contents: &Contents,
        reading: &Reading,
        supplied: &Supplied,
        budget: &Budget,
    ) -> Result<Vec<File>, ScanError> {
        let mut all = contents.clone();
        meet(&mut all, "", supplied)?;
        let mut all = all.files;
        for chart in &self.needs {
            let unavailable = |problem: &str| ScanError::ChartUnavailable {
                folder: chart.folder.clone(),
                chart: chart.to_string(),
                problem: problem.to_owned(),
            };
            let tree = match supplied.charts.get(chart) {
                Some(Ok(tree)) => tree,
                Some(Err(problem)) => return Err(unavailable(problem)),
                None => return Err(unavailable("the chart was not supplied")),
            };
            let prefix = chart.bundle_folder();
            let mut contents = resources::files(tree, "", reading, &mut Beside::new(budget))?;
            for file in &mut contents.files {
                file.name = format!("{prefix}/{}", file.name);
            }
            meet(&mut contents, &prefix, supplied)?;
            all.extend(contents.files);
        }
        all.sort_unstable_by(|left, right| left.name.cmp(&right.name));
        Ok(all)
    }
}

/// Adds the dependencies that charts lack.
fn meet(contents: &mut Contents, prefix: &str, supplied: &Supplied) -> Result<(), ScanError> {
    if contents.unmet.is_empty() {
        return Ok(());
    }
    let supply = |dependency: &DependencyReference| match supplied.dependencies.get(dependency) {
        Some(archive) => archive.clone(),
        None => Err("the chart was not supplied".to_owned()),
    };
    for unmet in &contents.unmet {
        unmet.meet(prefix, &mut contents.files, &supply)?;
    }
    contents
        .files
        .sort_unstable_by(|left, right| left.name.cmp(&right.name));
    Ok(())
}
