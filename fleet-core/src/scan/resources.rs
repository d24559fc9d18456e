//! What a folder contributes to its bundle (Fleet): every file below it, but hidden and ignored ones and those that configure the
//! scan itself.

use std::sync::Arc;

use super::ScanError;
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

/// The files of a folder, by name in byte order.
pub(crate) fn files(tree: &Tree, folder: &str, reading: &Reading) -> Result<Vec<File>, ScanError> {
    let mut found = Vec::new();
    if !path::base(folder).starts_with('.') || folder.is_empty() {
        let walk = Walk {
            tree,
            root: folder,
            reading,
        };
        walk.folder(folder, &ignore::Ignore::default(), false, 0, &mut found)?;
    }
    found.sort_unstable_by(|left: &File, right| left.name.cmp(&right.name));
    Ok(found)
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
        found: &mut Vec<File>,
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
        if !self.reading.skip_charts && file("Chart.yaml").is_some() {
            super::dependencies::check(self.tree, self.root, folder)?;
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
        for child in &children {
            let whole = path::join([folder, child.name]);
            let name = path::relative(self.root, &whole).unwrap_or(&whole).to_owned();
            let left_out =
                charts_only || child.name.starts_with('.') || ignored.ignores(child.name, child.entry.is_none());
            let configuration = self.reading.configuration.contains(&name);
            if child.entry.is_none() {
                if !configuration {
                    self.folder(&whole, &ignored, left_out, depth + 1, found)?;
                }
            } else if !left_out && !configuration {
                found.push(File {
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
