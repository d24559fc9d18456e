//! Where a build reads from: a tree in memory, or anything else that can tell what lies at a path. Links are followed here, once, for
//! all of them.

use std::{borrow::Cow, cell::RefCell, collections::HashSet, sync::Arc};

use super::error::{KustomizeError, Result};
use crate::tree::{Mode, Tree};

/// What lies at a path; links are not followed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found {
    /// Nothing.
    Nothing,
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, with its target as written.
    Link(String),
}

/// A source of files, asked lazily. Paths are absolute, with slashes, clean (no `.`, `..`, double or trailing slash).
///
/// An implementation for a file system makes a build see exactly what kustomize sees: the bases of an overlay may lie anywhere, and
/// only what is asked for is read. Implementations need not resolve links: no path with a link in it is passed to
/// [`read`](Self::read).
pub trait Files {
    /// What lies at the path.
    fn lookup(&self, path: &str) -> Found;

    /// The content of a file.
    ///
    /// # Errors
    /// The text of what went wrong.
    fn read(&self, path: &str) -> std::result::Result<Arc<[u8]>, String>;
}

/// A tree as files: its root is `/`.
#[derive(Clone, Debug)]
pub(super) struct TreeFiles<'a>(pub(super) Cow<'a, Tree>);

impl Files for TreeFiles<'_> {
    fn lookup(&self, path: &str) -> Found {
        let path = path.trim_start_matches('/');
        match self.0.get(path) {
            Some(entry) if entry.mode == Mode::Symlink => {
                Found::Link(String::from_utf8_lossy(&entry.content).into_owned())
            }
            Some(_) => Found::File,
            None if path.is_empty() || self.0.is_folder(path) => Found::Folder,
            None => Found::Nothing,
        }
    }

    fn read(&self, path: &str) -> std::result::Result<Arc<[u8]>, String> {
        let found = self.0.get(path.trim_start_matches('/'));
        found
            .map(|entry| entry.content.clone())
            .ok_or_else(|| format!("open {path}: no such file or directory"))
    }
}

/// A source that is asked once about each folder: every path leads through a few.
pub(super) struct Remembered<'a> {
    files: &'a dyn Files,
    folders: RefCell<HashSet<Box<str>>>,
}

impl<'a> Remembered<'a> {
    pub(super) fn new(files: &'a dyn Files) -> Self {
        let folders = RefCell::default();
        Self { files, folders }
    }
}

impl Files for Remembered<'_> {
    fn lookup(&self, path: &str) -> Found {
        if self.folders.borrow().contains(path) {
            return Found::Folder;
        }
        let found = self.files.lookup(path);
        if found == Found::Folder {
            self.folders.borrow_mut().insert(path.into());
        }
        found
    }

    fn read(&self, path: &str) -> std::result::Result<Arc<[u8]>, String> {
        self.files.read(path)
    }
}

/// Joins and cleans as Go's `filepath.Join`; an absolute second part is not special there.
pub(super) fn join(base: &str, path: &str) -> String {
    clean(&format!("{base}/{path}"))
}

/// Go's `filepath.Clean` for absolute paths.
pub(super) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// The folder above.
pub(super) fn parent(path: &str) -> &str {
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(at) => &path[..at],
    }
}

/// True if `path` is `root` or lies below it.
pub(super) fn is_within(path: &str, root: &str) -> bool {
    root == "/" || path == root || path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'))
}

/// A path with all links followed, and whether it is a folder: kustomize's `CleanedAbs`.
pub(super) fn resolve(files: &dyn Files, path: &str) -> Result<(String, bool)> {
    const MAX_LINKS: usize = 255;
    let path = clean(path);
    let failure = |text: String| KustomizeError::Load(format!("evalsymlink failure on '{path}' : {text}"));
    let mut rest: Vec<String> = path
        .split('/')
        .rev()
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    let mut real = String::from("/");
    let mut links = 0;
    let mut folder = true;
    while let Some(part) = rest.pop() {
        match part.as_str() {
            "" | "." => continue,
            ".." => {
                real = parent(&real).to_owned();
                continue;
            }
            _ => {}
        }
        let next = if real == "/" {
            format!("/{part}")
        } else {
            format!("{real}/{part}")
        };
        match files.lookup(&next) {
            Found::Nothing if !folder => return Err(failure("not a directory".to_owned())),
            Found::Nothing => return Err(failure(format!("lstat {next}: no such file or directory"))),
            Found::File if !rest.is_empty() => return Err(failure("not a directory".to_owned())),
            Found::File => (real, folder) = (next, false),
            Found::Folder => (real, folder) = (next, true),
            Found::Link(target) => {
                links += 1;
                if links > MAX_LINKS {
                    return Err(failure("EvalSymlinks: too many links".to_owned()));
                }
                if target.starts_with('/') {
                    real = String::from("/");
                }
                rest.extend(
                    target
                        .split('/')
                        .rev()
                        .filter(|part| !part.is_empty())
                        .map(str::to_owned),
                );
            }
        }
    }
    Ok((real, folder))
}
