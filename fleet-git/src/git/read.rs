//! Reading the files of a commit out of a repository's objects, without a worktree.
//!
//! Sizes are looked at before an object is unpacked, so a small pack of a huge file costs nothing. What the previous
//! tree of the repository already has is shared with it and not read again.

use std::collections::HashMap;
use std::sync::Arc;

use fleet_core::source::SourceError;
use fleet_core::tree::{Entry, Mode, Tree};
use gix::ObjectId;
use gix::objs::tree::EntryKind;

use super::cache::Snapshot;
use super::failure;
use super::job::Job;

/// A submodule as its parent's commit names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// The folder, from the root of its own repository.
    pub(crate) path: String,
    pub(crate) commit: ObjectId,
}

/// Collects the files of a commit and of its submodules under one set of limits.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    job: &'a Job,
    before: Option<(&'a HashMap<ObjectId, String>, Arc<Tree>)>,
    tree: Tree,
    paths: HashMap<ObjectId, String>,
    bytes: u64,
    pub(crate) submodules: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(job: &'a Job, before: &'a Snapshot) -> Self {
        let before = before.tree.upgrade().map(|tree| (&before.paths, tree));
        Self {
            job,
            before,
            tree: Tree::new(),
            paths: HashMap::new(),
            bytes: 0,
            submodules: 0,
        }
    }

    /// The tree, and where in it each blob lies.
    pub(crate) fn finish(self) -> (Tree, HashMap<ObjectId, String>) {
        (self.tree, self.paths)
    }

    /// A file that was read.
    pub(crate) fn file(&self, path: &str) -> Option<&Entry> {
        self.tree.get(path)
    }

    /// Reads a commit's files to a folder (`""` is the root), and gives its submodules.
    pub(crate) fn commit(
        &mut self,
        repository: &gix::Repository,
        commit: ObjectId,
        folder: &str,
    ) -> Result<Vec<Link>, SourceError> {
        let root = repository
            .find_object(commit)
            .and_then(|object| object.peel_to_kind(gix::objs::Kind::Commit))
            .and_then(|object| object.into_commit().tree_id().map(|id| id.detach()))
            .map_err(|error| failure::damaged(self.job, &error))?;
        let mut links = Vec::new();
        let mut folders = vec![(root, String::new(), 0)];
        while let Some((id, path, depth)) = folders.pop() {
            self.job.check()?;
            if depth > self.job.limits.depth {
                return Err(self.job.too_large("depth of folders", self.job.limits.depth as u64));
            }
            self.account(repository, id, false)?;
            let object = repository
                .find_tree(id)
                .map_err(|error| failure::damaged(self.job, &error))?;
            let listing = object.decode().map_err(|error| failure::damaged(self.job, &error))?;
            for entry in &listing.entries {
                let name = String::from_utf8_lossy(entry.filename);
                if matches!(name.as_ref(), "" | "." | "..") || name.contains('/') || is_git_folder(&name) {
                    return Err(self.job.damaged(format!("{path:?} has an entry named {name:?}")));
                }
                let inner = join(&path, &name);
                let id = entry.oid.to_owned();
                let mode = match entry.mode.kind() {
                    EntryKind::Tree => {
                        folders.push((id, inner, depth + 1));
                        continue;
                    }
                    EntryKind::Commit => {
                        links.push(Link {
                            path: inner,
                            commit: id,
                        });
                        continue;
                    }
                    EntryKind::Blob => Mode::File,
                    EntryKind::BlobExecutable => Mode::Executable,
                    EntryKind::Link => Mode::Symlink,
                };
                self.blob(repository, id, join(folder, &inner), mode)?;
            }
        }
        Ok(links)
    }

    fn blob(
        &mut self,
        repository: &gix::Repository,
        id: ObjectId,
        path: String,
        mode: Mode,
    ) -> Result<(), SourceError> {
        if self.tree.len() as u64 >= self.job.limits.files {
            return Err(self.job.too_large("number of files", self.job.limits.files));
        }
        let known = |paths: &HashMap<ObjectId, String>, tree: &Tree| {
            paths
                .get(&id)
                .and_then(|path| tree.get(path))
                .map(|entry| Arc::clone(&entry.content))
        };
        let shared = known(&self.paths, &self.tree)
            .or_else(|| self.before.as_ref().and_then(|(paths, tree)| known(paths, tree)));
        let content = match shared {
            Some(content) => content,
            None => {
                self.account(repository, id, true)?;
                let mut blob = repository
                    .find_blob(id)
                    .map_err(|error| failure::damaged(self.job, &error))?;
                Arc::from(blob.take_data())
            }
        };
        self.paths.entry(id).or_insert_with(|| path.clone());
        self.tree
            .insert(&path, Entry { content, mode })
            .map_err(|error| self.job.damaged(error.to_string()))
    }

    /// Counts an object before it is unpacked.
    fn account(&mut self, repository: &gix::Repository, id: ObjectId, stays: bool) -> Result<(), SourceError> {
        let header = repository
            .find_header(id)
            .map_err(|error| failure::damaged(self.job, &error))?;
        let limit = self.job.limits.tree_bytes;
        let total = self.bytes.saturating_add(header.size());
        if total > limit {
            return Err(self.job.too_large("bytes of files", limit));
        }
        if stays {
            self.bytes = total;
        }
        self.job.check()
    }
}

/// Names that git itself refuses, because a checkout would take them for the repository's own folder.
fn is_git_folder(name: &str) -> bool {
    name.eq_ignore_ascii_case(".git")
}

pub(crate) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}
