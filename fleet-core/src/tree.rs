//! In-memory file trees: what every stage reads instead of a file system.
//!
//! A [`Tree`] is an ordered map from slash-separated paths to entries. Its paths are clean and relative and never hold `..`, and no
//! path is both a file and a folder; folders exist because something lies in them, as in git. Contents are shared by `Arc`, so a
//! copy of a tree, or a part of one, costs no bytes. A symlink is an entry whose content is its target; nothing follows one out of
//! the tree.
//!
//! ```
//! use fleet_core::tree::{Entry, Tree};
//! let mut tree = Tree::new();
//! tree.insert("app/fleet.yaml", Entry::file("namespace: web\n")).unwrap();
//! assert!(tree.is_folder("app"));
//! assert!(tree.insert("../outside", Entry::file("")).is_err());
//! ```

pub mod archive;
pub mod glob;
pub mod ignore;
pub mod path;
mod resolve;

use std::{collections::BTreeMap, ops::Bound, sync::Arc};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What kind of file an entry is, as git tells them apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Mode {
    /// A regular file.
    #[default]
    File,
    /// A regular file with its executable bit set.
    Executable,
    /// A symbolic link; the content is its target.
    Symlink,
}

/// One file or symlink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The file's bytes, or a symlink's target.
    pub content: Arc<[u8]>,
    /// What kind of file it is.
    pub mode: Mode,
}

impl Entry {
    /// A regular file.
    pub fn file(content: impl AsRef<[u8]>) -> Self {
        Self {
            content: content.as_ref().into(),
            mode: Mode::File,
        }
    }

    /// A symbolic link to `target`, which is relative to the link's folder.
    pub fn symlink(target: &str) -> Self {
        Self {
            content: target.as_bytes().into(),
            mode: Mode::Symlink,
        }
    }

    /// Whether both have the same bytes and mode; entries that share their content are compared without reading it.
    pub fn same(&self, other: &Self) -> bool {
        self.mode == other.mode && (Arc::ptr_eq(&self.content, &other.content) || self.content == other.content)
    }
}

/// Why a tree refused something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// A path that is empty, absolute, or not clean (`..`, `.`, `//`, NUL).
    #[error("invalid path {path:?}: a tree has clean relative paths only")]
    InvalidPath {
        /// The path as given.
        path: String,
    },
    /// A path that is a file and a folder at once.
    #[error("path {path:?} is a file and a folder at once")]
    Conflict {
        /// The path that is both.
        path: String,
    },
    /// Nothing lies at the path.
    #[error("no such file or directory: {path:?}")]
    NotFound {
        /// The path as looked up.
        path: String,
    },
    /// A folder where a file is needed.
    #[error("{path:?} is a directory")]
    IsFolder {
        /// The folder.
        path: String,
    },
    /// A symlink that leads out of the tree.
    #[error("symlink {path:?}: target escapes the tree")]
    Escapes {
        /// The path that was looked up.
        path: String,
    },
    /// Symlinks that lead in a circle.
    #[error("symlink {path:?}: too many levels of symbolic links")]
    Loop {
        /// The path that was looked up.
        path: String,
    },
    /// A glob that is no pattern.
    #[error("syntax error in pattern {pattern:?}")]
    BadPattern {
        /// The pattern.
        pattern: String,
    },
}

/// What lies directly in a folder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Child<'a> {
    /// The name, without the folder.
    pub name: &'a str,
    /// The entry, or `None` for a folder.
    pub entry: Option<&'a Entry>,
}

/// An ordered map from paths to entries; see the [module](self).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    entries: BTreeMap<Arc<str>, Entry>,
}

impl Tree {
    /// A tree without files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an entry, or replaces the one at its path.
    ///
    /// # Errors
    /// [`TreeError::InvalidPath`] when the path is empty, absolute or not clean; [`TreeError::Conflict`] when it would make a path a
    /// file and a folder at once.
    pub fn insert(&mut self, path: &str, entry: Entry) -> Result<(), TreeError> {
        if !is_clean(path) {
            return Err(TreeError::InvalidPath { path: path.to_owned() });
        }
        if !self.entries.contains_key(path) {
            if self.is_folder(path) {
                return Err(TreeError::Conflict { path: path.to_owned() });
            }
            if let Some(above) = above(path).find(|above| self.entries.contains_key(*above)) {
                return Err(TreeError::Conflict { path: above.to_owned() });
            }
        }
        self.entries.insert(path.into(), entry);
        Ok(())
    }

    /// A tree of many entries at once, in any order; of several with one path the last counts.
    ///
    /// # Errors
    /// As of [`Tree::insert`].
    pub fn from_entries(entries: Vec<(Arc<str>, Entry)>) -> Result<Self, TreeError> {
        if let Some((path, _)) = entries.iter().find(|(path, _)| !is_clean(path)) {
            return Err(TreeError::InvalidPath { path: path.to_string() });
        }
        let entries: BTreeMap<Arc<str>, Entry> = entries.into_iter().collect();
        let mut checked = "";
        for path in entries.keys() {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            // Files of one folder mostly come one after the other.
            if folder != checked
                && let Some(above) = above(path).find(|above| entries.contains_key(*above))
            {
                return Err(TreeError::Conflict { path: above.to_owned() });
            }
            checked = folder;
        }
        Ok(Self { entries })
    }

    /// Takes the entry at the path out.
    pub fn remove(&mut self, path: &str) -> Option<Entry> {
        self.entries.remove(path)
    }

    /// The entry at exactly this path; a symlink is not followed.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All entries by path, in byte order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(path, entry)| (&**path, entry))
    }

    /// All entries at any depth below a folder (`""` is the root), with their whole paths, in byte order.
    pub fn files_under(&self, folder: &str) -> impl DoubleEndedIterator<Item = (&str, &Entry)> {
        self.range_under(folder).map(|(path, entry)| (&**path, entry))
    }

    /// As [`Tree::files_under`], with paths that can be shared.
    pub(crate) fn range_under(&self, folder: &str) -> std::collections::btree_map::Range<'_, Arc<str>, Entry> {
        if folder.is_empty() {
            return self.entries.range::<str, _>((Bound::Unbounded, Bound::Unbounded));
        }
        // `0` is the character after `/`.
        let (start, end) = (format!("{folder}/"), format!("{folder}0"));
        self.entries
            .range::<str, _>((Bound::Included(start.as_str()), Bound::Excluded(end.as_str())))
    }

    /// Whether the path is a folder; `""` is the root, which is always one. A symlink is none.
    pub fn is_folder(&self, path: &str) -> bool {
        path.is_empty() || self.files_under(path).next().is_some()
    }

    /// Whether a file, a symlink or a folder lies at the path.
    pub fn exists(&self, path: &str) -> bool {
        self.entries.contains_key(path) || self.is_folder(path)
    }

    /// What lies directly in a folder, by name in byte order.
    pub fn children(&self, folder: &str) -> Vec<Child<'_>> {
        let prefix: String = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        let mut found: Vec<Child<'_>> = Vec::new();
        let mut from = prefix.clone();
        let mut bound: Bound<&str> = Bound::Included(&from);
        while let Some((path, entry)) = self.entries.range::<str, _>((bound, Bound::Unbounded)).next() {
            let Some(below) = path.strip_prefix(prefix.as_str()) else {
                break;
            };
            match below.split_once('/') {
                None => {
                    found.push(Child {
                        name: below,
                        entry: Some(entry),
                    });
                    from = path.to_string();
                    bound = Bound::Excluded(&from);
                }
                Some((name, _)) => {
                    found.push(Child { name, entry: None });
                    // `0` is the character after `/`: the rest of the folder is skipped, not walked.
                    from = format!("{prefix}{name}0");
                    bound = Bound::Included(&from);
                }
            }
        }
        found.sort_unstable_by_key(|child| child.name);
        found
    }

    /// All folders but the root, in byte order.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        let mut folders: Vec<&str> = Vec::new();
        for path in self.entries.keys() {
            for (at, _) in path.match_indices('/') {
                folders.push(&path[..at]);
            }
        }
        folders.sort_unstable();
        folders.dedup();
        folders.into_iter()
    }

    /// The part of the tree below a folder, with paths relative to it. Contents are shared.
    pub fn subtree(&self, folder: &str) -> Self {
        let skip = if folder.is_empty() { 0 } else { folder.len() + 1 };
        let entries = self
            .files_under(folder)
            .map(|(path, entry)| (path[skip..].into(), entry.clone()))
            .collect();
        Self { entries }
    }

    /// SHA-256 over the relative paths, modes and bytes of all that lies below a folder: equal folders have equal digests.
    pub fn digest(&self, folder: &str) -> [u8; 32] {
        let skip = if folder.is_empty() { 0 } else { folder.len() + 1 };
        let mut hash = Sha256::new();
        for (path, entry) in self.files_under(folder) {
            hash.update(&path.as_bytes()[skip..]);
            hash.update([0, entry.mode as u8]);
            hash.update((entry.content.len() as u64).to_le_bytes());
            hash.update(&entry.content);
        }
        hash.finalize().into()
    }
}

fn is_clean(path: &str) -> bool {
    !path.is_empty()
        && !path.contains('\0')
        && path
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..")
}

/// The folders that a path lies in, outermost first.
fn above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}

/// Entries from many places; the first refusal stops.
impl<'a> TryFrom<&[(&'a str, &'a str)]> for Tree {
    type Error = TreeError;

    fn try_from(files: &[(&'a str, &'a str)]) -> Result<Self, TreeError> {
        let mut tree = Self::new();
        for (path, content) in files {
            tree.insert(path, Entry::file(content))?;
        }
        Ok(tree)
    }
}

#[cfg(test)]
mod tests;
