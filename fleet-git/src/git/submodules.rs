//! Submodules, recursively: which repository each one is, and its files in the parent's tree.
//!
//! A submodule's address is the parent repository's word, and so it is not trusted: a remote repository cannot lead to
//! this machine's files, and a password is sent on only to the server that it was given for. An ssh key is used for
//! other hosts too, as Fleet does: a server never sees it, and must be known. A commit entry that `.gitmodules` does
//! not mention stays an empty folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fleet_core::source::{Credentials, RepositoryUrl, Revision, SourceError, SourceReference, Transport};
use fleet_core::tree::Mode;
use gix::bstr::ByteSlice;

use super::access::Access;
use super::cache;
use super::job::Job;
use super::read::{Link, Reader, join};
use super::remote::{Remote, Want};

/// Largest `.gitmodules` that is read, in bytes.
const MAXIMUM_MODULES: usize = 1 << 20;

/// A repository whose submodules are wanted.
#[derive(Debug)]
pub(crate) struct Parent<'a> {
    pub(crate) job: &'a Arc<Job>,
    pub(crate) url: &'a RepositoryUrl,
    pub(crate) reference: &'a SourceReference,
    pub(crate) ambient_ssh: bool,
    /// Where repositories of submodules are kept.
    pub(crate) modules: &'a Path,
    /// The repository's own folder in the tree.
    pub(crate) folder: &'a str,
    pub(crate) depth: usize,
}

struct Module {
    name: String,
    url: String,
}

impl Parent<'_> {
    /// Reads all submodules of `repository`, whose commit was just read.
    pub(crate) fn read(
        &self,
        reader: &mut Reader<'_>,
        repository: &gix::Repository,
        links: Vec<Link>,
    ) -> Result<(), SourceError> {
        if links.is_empty() {
            return Ok(());
        }
        let modules = self.modules(reader)?;
        for link in links {
            let Some(module) = modules.get(&link.path) else {
                continue;
            };
            let inside = |error| SourceError::Submodule {
                repository: self.url.address(),
                path: link.path.clone(),
                source: Box::new(error),
            };
            reader.submodules += 1;
            let limits = &self.job.limits;
            if reader.submodules > limits.submodules {
                return Err(self.job.too_large("number of submodules", limits.submodules as u64));
            }
            if self.depth >= limits.submodule_depth {
                return Err(self.job.too_large("depth of submodules", limits.submodule_depth as u64));
            }
            self.one(reader, repository, &link, module).map_err(inside)?;
        }
        Ok(())
    }

    fn one(
        &self,
        reader: &mut Reader<'_>,
        repository: &gix::Repository,
        link: &Link,
        module: &Module,
    ) -> Result<(), SourceError> {
        let url = self.url.join(&module.url)?;
        let revision = Revision::parse(&link.commit.to_string())?;
        let mut reference = self.reference.clone();
        if !url.same_server(self.url) && !matches!(reference.credentials, Some(Credentials::Ssh { .. })) {
            reference.credentials = None;
        }
        let is_ssh = url.transport() == Transport::Ssh;
        if !is_ssh && matches!(reference.credentials, Some(Credentials::Ssh { .. })) {
            reference.credentials = None;
        }
        let modules: PathBuf;
        let checked_out = self.checked_out(repository, link, module);
        let (found, modules) = match (checked_out, url.transport()) {
            (Some(found), _) => {
                modules = self.modules.join(cache::key(&url.address_with_user(), None));
                (found, modules)
            }
            (None, Transport::File) if self.url.transport() == Transport::File => {
                modules = self.modules.join(cache::key(url.path(), None));
                (super::open_local(self.job, &url)?, modules)
            }
            (None, Transport::File) => {
                return Err(SourceError::InvalidUrl {
                    url: module.url.clone(),
                    reason: "a submodule of a remote repository cannot be a local one".to_owned(),
                });
            }
            (None, _) => {
                let folder = self
                    .modules
                    .join(cache::key(&url.address_with_user(), reference.credentials.as_ref()));
                let access = Access::new(&url, &reference, self.ambient_ssh)?;
                let remote = Remote {
                    job: self.job,
                    url: &url,
                    access: &access,
                };
                let want = Want::Commit(revision.clone());
                (remote.fetch(&folder.join("repository"), &want, &revision)?, folder)
            }
        };
        let folder = join(self.folder, &link.path);
        let links = reader.commit(&found, link.commit, &folder)?;
        let parent = Parent {
            job: self.job,
            url: &url,
            reference: &reference,
            ambient_ssh: self.ambient_ssh,
            modules: &modules.join("modules"),
            folder: &folder,
            depth: self.depth + 1,
        };
        parent.read(reader, &found, links)
    }

    /// A submodule that lies beside a local repository with the wanted commit in it.
    fn checked_out(&self, repository: &gix::Repository, link: &Link, module: &Module) -> Option<gix::Repository> {
        let safe = !module.name.split('/').any(|part| matches!(part, "" | "." | ".."));
        if self.url.transport() != Transport::File || !safe {
            return None;
        }
        let folder = repository.common_dir().join("modules").join(&module.name);
        let found = gix::open_opts(folder, gix::open::Options::isolated()).ok()?;
        found.has_object(link.commit).then_some(found)
    }

    /// What `.gitmodules` says of each folder.
    fn modules(&self, reader: &Reader<'_>) -> Result<BTreeMap<String, Module>, SourceError> {
        let path = join(self.folder, ".gitmodules");
        let Some(file) = reader.file(&path).filter(|file| file.mode != Mode::Symlink) else {
            return Ok(BTreeMap::new());
        };
        if file.content.len() > MAXIMUM_MODULES {
            return Err(self.job.too_large("bytes of .gitmodules", MAXIMUM_MODULES as u64));
        }
        let parsed = gix::submodule::File::from_bytes(&file.content, None, &gix::config::File::default())
            .map_err(|error| self.job.damaged(format!("{path}: {}", super::failure::chain(&error))))?;
        let mut modules = BTreeMap::new();
        for name in parsed.names() {
            let url = parsed.config().string_by("submodule", Some(name), "url");
            let (Ok(folder), Some(url)) = (parsed.path(name), url) else {
                continue;
            };
            let (Ok(name), Ok(folder), Ok(url)) = (name.to_str(), folder.to_str(), url.to_str()) else {
                continue;
            };
            let module = Module {
                name: name.to_owned(),
                url: url.to_owned(),
            };
            modules.insert(folder.trim_end_matches('/').to_owned(), module);
        }
        Ok(modules)
    }
}
