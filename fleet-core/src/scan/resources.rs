//! What a folder contributes to its bundle (Fleet): every file below it, but hidden and ignored ones and those that configure the
//! scan itself.

use std::sync::Arc;

use super::{
    ScanError,
    dependencies::{self, Beside, Unmet},
};
use crate::tree::{Child, Mode, Tree, TreeError, ignore, path};

/// A file of a bundle before it is packed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct File {
    /// The path relative to the bundle's folder.
    pub(crate) name: String,
    pub(crate) content: Arc<[u8]>,
}

/// What a folder is read with.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Reading {
    /// The options file and the values files, as fleet.yaml spells them, and the base names of the latter: left out.
    pub(crate) configuration: Vec<String>,
    /// Charts below are not looked at.
    pub(crate) skip_charts: bool,
}

/// Deeper folders than this are refused.
const MAXIMUM_DEPTH: usize = 200;

/// What was found in a folder.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Contents {
    /// The files, by name in byte order.
    pub(crate) files: Vec<File>,
    /// Charts that lack dependencies, in the order of the walk.
    pub(crate) unmet: Vec<Unmet>,
}

/// The files of a folder. What was looked at for charts' sake, which may lie outside, is added to `beside`.
pub(crate) fn files(
    tree: &Tree,
    folder: &str,
    reading: &Reading,
    beside: &mut Beside<'_>,
) -> Result<Contents, ScanError> {
    let mut found = Contents::default();
    if !path::base(folder).starts_with('.') || folder.is_empty() {
        let walk = Walk {
            tree,
            root: folder,
            reading,
        };
        walk.folder(folder, &ignore::Ignore::default(), false, 0, &mut found, beside)?;
    }
    found
        .files
        .sort_unstable_by(|left: &File, right| left.name.cmp(&right.name));
    Ok(found)
}

/// How long the files are together.
pub(crate) fn bytes(files: &[File]) -> u64 {
    files.iter().map(|file| file.content.len() as u64).sum()
}

struct Walk<'a> {
    tree: &'a Tree,
    root: &'a str,
    reading: &'a Reading,
}

impl Walk<'_> {
    /// `charts_only`: the folder is left out, yet the charts in it must be sound.
    fn folder(
        &self,
        folder: &str,
        above: &ignore::Ignore,
        charts_only: bool,
        depth: usize,
        found: &mut Contents,
        beside: &mut Beside<'_>,
    ) -> Result<(), ScanError> {
        let children = self.tree.children(folder);
        if depth > MAXIMUM_DEPTH {
            return Err(ScanError::TooMuch {
                what: "nested folders".to_owned(),
                limit: MAXIMUM_DEPTH as u64,
            });
        }
        let file = |name: &str| {
            children
                .iter()
                .find(|child| child.name == name && child.entry.is_some())
        };
        let is_chart = !self.reading.skip_charts && file("Chart.yaml").is_some();
        if is_chart {
            dependencies::check(self.tree, self.root, folder)?;
        }
        let mut ignored = above.clone();
        if !charts_only && file(ignore::FILE_NAME).is_some() {
            let path = path::join([folder, ignore::FILE_NAME]);
            let entry = self.tree.read(&path).map_err(|source| self.failed(source))?;
            ignored = above.with_file(&entry.content).map_err(|error| match error {
                TreeError::BadPattern { pattern } => ScanError::IgnorePattern {
                    folder: self.root.to_owned(),
                    path,
                    pattern,
                },
                source => self.failed(source),
            })?;
        }
        if is_chart && !charts_only {
            let place = dependencies::Place {
                tree: self.tree,
                root: self.root,
                folder,
                ignored: &ignored,
                configuration: &self.reading.configuration,
            };
            found.unmet.extend(Unmet::of(&place, beside)?);
        }
        for child in &children {
            let whole = path::join([folder, child.name]);
            let name = path::relative(self.root, &whole).unwrap_or(&whole).to_owned();
            let left_out =
                charts_only || child.name.starts_with('.') || ignored.ignores(child.name, child.entry.is_none());
            let configuration = self.reading.configuration.contains(&name);
            if child.entry.is_none() {
                if !configuration {
                    self.folder(&whole, &ignored, left_out, depth + 1, found, beside)?;
                }
            } else if !left_out && !configuration {
                found.files.push(File {
                    content: self.content(child, &whole, &name)?,
                    name,
                });
            }
        }
        Ok(())
    }

    fn content(&self, child: &Child<'_>, whole: &str, name: &str) -> Result<Arc<[u8]>, ScanError> {
        match child.entry {
            Some(entry) if entry.mode != Mode::Symlink => Ok(Arc::clone(&entry.content)),
            _ => {
                let end = self
                    .tree
                    .resolve_within(self.root, whole)
                    .map_err(|error| match error {
                        TreeError::Escapes { .. } => ScanError::SymlinkEscapes {
                            folder: self.root.to_owned(),
                            link: name.to_owned(),
                        },
                        source => self.failed(source),
                    })?;
                let entry = self
                    .tree
                    .get(&end)
                    .ok_or(TreeError::IsFolder { path: whole.to_owned() });
                entry
                    .map(|entry| Arc::clone(&entry.content))
                    .map_err(|source| self.failed(source))
            }
        }
    }

    fn failed(&self, source: TreeError) -> ScanError {
        ScanError::File {
            folder: self.root.to_owned(),
            cause: source,
        }
    }
}
