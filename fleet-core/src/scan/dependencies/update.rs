//! What a chart of a bundle lacks, and what becomes of the bundle's files once it is there.

use std::sync::Arc;

use super::{Beside, DependencyReference, Place, Supply, failed};
use crate::{
    helm::{
        Dependency,
        dependency_update::{DependencyUpdate, Files},
    },
    scan::{ScanError, resources::File},
    tree::{Mode, Tree, ignore, path},
};

/// A chart whose dependencies are not all there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unmet {
    root: String,
    folder: String,
    /// The chart's folder as seen from the bundle's.
    inside: String,
    update: DependencyUpdate,
    /// Names in the chart's folder that do not become resources: the lock, the archives.
    left_out: LeftOut,
}

#[derive(Clone, Debug, PartialEq)]
struct LeftOut {
    ignored: ignore::Ignore,
    /// None where all of `charts/` is left out.
    in_charts: Option<ignore::Ignore>,
    configuration: Vec<String>,
}

impl Unmet {
    /// Looks at a chart. Folders that `file://` repositories name are added to `beside`.
    pub(crate) fn of(place: &Place<'_>, beside: &mut Beside<'_>) -> Result<Option<Self>, ScanError> {
        let failed = |problem: String| failed(place.root, place.folder, problem);
        if !declares(place) {
            return Ok(None);
        }
        let files = files(place.tree, place.folder, beside);
        let mut refused = None;
        let found = DependencyUpdate::of(files, &mut |given| {
            let files = folder_of(place, given, beside)?;
            let bytes = files.iter().map(|(_, content)| content.len() as u64).sum();
            match beside.take(bytes) {
                Ok(()) => Some(files),
                Err(error) => {
                    refused = Some(error);
                    None
                }
            }
        });
        if let Some(error) = refused {
            return Err(error);
        }
        let Some(update) = found.map_err(|error| failed(error.to_string()))? else {
            return Ok(None);
        };
        let in_charts = if place.ignored.ignores("charts", true) {
            None
        } else {
            let file = place.tree.get(&path::join([place.folder, "charts", ignore::FILE_NAME]));
            let more = file.map(|file| place.ignored.with_file(&file.content)).transpose();
            let more = more.map_err(|error| failed(error.to_string()))?;
            Some(more.unwrap_or_else(|| place.ignored.clone()))
        };
        Ok(Some(Self {
            root: place.root.to_owned(),
            folder: place.folder.to_owned(),
            inside: path::relative(place.root, place.folder).unwrap_or_default().to_owned(),
            update,
            left_out: LeftOut {
                ignored: place.ignored.clone(),
                in_charts,
                configuration: place.configuration.to_vec(),
            },
        }))
    }

    /// The archives that are asked for.
    pub(crate) fn needs(&self) -> impl Iterator<Item = DependencyReference> {
        self.update.needs().map(reference)
    }

    /// Brings the files up to date, whose names begin with `prefix` where the chart is from elsewhere itself.
    pub(crate) fn meet(&self, prefix: &str, files: &mut Vec<File>, supply: Supply<'_>) -> Result<(), ScanError> {
        let updated = self.update.finish(&mut |dependency| supply(&reference(dependency)));
        let updated = updated.map_err(|error| failed(&self.root, &self.folder, error.to_string()))?;
        let name_of = |name: &str| path::join([prefix, self.inside.as_str(), name]);
        let removed: Vec<String> = updated.removed.iter().map(|name| name_of(name)).collect();
        files.retain(|file| !removed.contains(&file.name));
        for (name, content) in updated.added {
            if self.leaves_out(&name) {
                continue;
            }
            let name = name_of(&name);
            match files.iter_mut().find(|file| file.name == name) {
                Some(file) => file.content = content,
                None => files.push(File { name, content }),
            }
        }
        Ok(())
    }

    fn leaves_out(&self, name: &str) -> bool {
        let LeftOut {
            ignored,
            in_charts,
            configuration,
        } = &self.left_out;
        let is_ignored = match name.strip_prefix("charts/") {
            Some(name) => in_charts.as_ref().is_none_or(|ignored| ignored.ignores(name, false)),
            None => ignored.ignores(name, false),
        };
        is_ignored || configuration.contains(&path::join([self.inside.as_str(), name]))
    }
}

fn reference(dependency: &Dependency) -> DependencyReference {
    DependencyReference {
        repository: dependency.repository.clone(),
        name: dependency.name.clone(),
        version: dependency.version.clone(),
    }
}

/// Whether the chart says anything of dependencies; most do not, and are not loaded to find out.
fn declares(place: &Place<'_>) -> bool {
    let read = |name: &str| place.tree.read(&path::join([place.folder, name])).ok();
    let says = |content: &[u8]| {
        String::from_utf8_lossy(content)
            .to_ascii_lowercase()
            .contains("dependencies")
    };
    ["Chart.yaml", "requirements.yaml"]
        .iter()
        .any(|name| read(name).is_some_and(|entry| says(&entry.content)))
}

/// The files of the folder that a `file://` repository names, where it lies in the tree.
fn folder_of(place: &Place<'_>, given: &str, beside: &mut Beside<'_>) -> Option<Files> {
    if given.starts_with('/') {
        return None;
    }
    let folder = path::inside(&path::join([place.folder, given]))?;
    let end = place.tree.resolve(&folder).ok();
    match &end {
        Some(end) if *end == folder => {}
        // A folder that is not there may also be behind a link that leads nowhere.
        _ => beside.by_links = true,
    }
    beside.folders.insert(folder);
    end.filter(|end| place.tree.is_folder(end))
        .map(|end| files(place.tree, &end, beside))
}

/// The files below a folder. A link to a file counts as the file.
fn files(tree: &Tree, folder: &str, beside: &mut Beside<'_>) -> Files {
    let mut files = Files::new();
    for (whole, entry) in tree.files_under(folder) {
        let name = path::relative(folder, whole).unwrap_or(whole).to_owned();
        if entry.mode != Mode::Symlink {
            files.push((name, Arc::clone(&entry.content)));
            continue;
        }
        beside.by_links = true;
        if let Ok(end) = tree.read(whole) {
            files.push((name, Arc::clone(&end.content)));
        }
    }
    files
}
