//! [`Git`]: a [`Source`] of git repositories, by gix.
//!
//! gix blocks, so each piece of work has a thread of its own, a bounded number at a time. They are not tokio's blocking
//! threads, because a runtime that ends waits for those, and a server that says nothing would hold up the program's
//! end. A future that is dropped, or that runs out of time, tells its thread to stop.

mod access;
mod cache;
mod failure;
mod job;
mod limits;
mod meter;
mod read;
mod remote;
mod submodules;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use fleet_core::source::{RepositoryUrl, Revision, Source, SourceError, SourceReference, Transport};
use fleet_core::tree::Tree;
use gix::ObjectId;
use tokio::sync::Semaphore;

pub use limits::Limits;

use access::Access;
use cache::{Cache, Snapshot};
use job::Job;
use read::Reader;
use remote::{Found, Remote, Want};
use submodules::Parent;

/// A [`Source`] of git repositories over http, https, ssh and git, and from this machine where that is permitted.
///
/// Cheap to clone; clones share the cache. See the [crate](crate) for an example.
#[derive(Clone, Debug)]
pub struct Git {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    cache: Cache,
    /// An empty repository on whose behalf remote ones are polled.
    scratch: tempfile::TempDir,
    limits: Limits,
    local_repositories: bool,
    ambient_ssh: bool,
    reads: Arc<Semaphore>,
    polls: Arc<Semaphore>,
}

/// How a [`Git`] is set up; from [`Git::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct GitBuilder {
    cache_directory: Option<PathBuf>,
    cached_repositories: usize,
    limits: Limits,
    local_repositories: bool,
    ambient_ssh: bool,
    concurrency: usize,
}

impl GitBuilder {
    /// Keeps fetched objects in this folder, for the next process too. By default they lie in a temporary folder that
    /// vanishes with the value.
    pub fn cache_directory(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache_directory = Some(folder.into());
        self
    }

    /// How many repositories are kept (256); the one that was not used for longest gives way.
    pub fn cached_repositories(mut self, count: usize) -> Self {
        self.cached_repositories = count;
        self
    }

    /// How much of one repository may be read.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Permits `file` URLs and absolute paths (by default refused: who may write a GitRepo is not meant to read the
    /// files of the machine that the manager runs on). Such a repository is read in place, nothing is copied.
    pub fn local_repositories(mut self, permitted: bool) -> Self {
        self.local_repositories = permitted;
        self
    }

    /// Permits the user's own ssh keys, agent and configuration where a reference has no key. For programs that a
    /// person runs; by default refused.
    pub fn ambient_ssh(mut self, permitted: bool) -> Self {
        self.ambient_ssh = permitted;
        self
    }

    /// How many repositories are read at a time (8); four times as many are polled.
    pub fn concurrency(mut self, count: usize) -> Self {
        self.concurrency = count.max(1);
        self
    }

    /// Makes the source.
    ///
    /// # Errors
    ///
    /// When the cache or a temporary folder cannot be made.
    pub fn build(self) -> std::io::Result<Git> {
        let scratch = tempfile::Builder::new().prefix("fleet-git-").tempdir()?;
        cache::make(scratch.path(), &[]).map_err(|error| std::io::Error::other(failure::chain(&error)))?;
        Ok(Git {
            inner: Arc::new(Inner {
                cache: Cache::new(self.cache_directory.as_deref(), self.cached_repositories)?,
                scratch,
                limits: self.limits,
                local_repositories: self.local_repositories,
                ambient_ssh: self.ambient_ssh,
                reads: Arc::new(Semaphore::new(self.concurrency)),
                polls: Arc::new(Semaphore::new(
                    self.concurrency.saturating_mul(4).min(Semaphore::MAX_PERMITS),
                )),
            }),
        })
    }
}

impl Git {
    /// A source with the default [`Limits`], for remote repositories only, that keeps what it fetched in a temporary
    /// folder.
    pub fn builder() -> GitBuilder {
        GitBuilder {
            cache_directory: None,
            cached_repositories: 256,
            limits: Limits::default(),
            local_repositories: false,
            ambient_ssh: false,
            concurrency: 8,
        }
    }

    /// The name of the branch that the repository's `HEAD` names; the reference's own branch and revision do not count.
    ///
    /// # Errors
    ///
    /// As [`Source::resolve`]; [`SourceError::Empty`] when there is no such branch yet, or `HEAD` is no branch.
    pub async fn head_branch(&self, reference: &SourceReference) -> Result<String, SourceError> {
        let url = self.url(reference)?;
        let repository = url.address();
        let found = self.find(url, reference.clone(), Want::Head).await?;
        let branch = found
            .target
            .as_deref()
            .and_then(|target| target.strip_prefix("refs/heads/"));
        branch.map(str::to_owned).ok_or(SourceError::Empty { repository })
    }

    /// The address, if this source may go there.
    fn url(&self, reference: &SourceReference) -> Result<RepositoryUrl, SourceError> {
        let url = RepositoryUrl::parse(&reference.repository)?;
        if url.transport() == Transport::File && !self.inner.local_repositories {
            return Err(SourceError::InvalidUrl {
                url: url.address(),
                reason: "local repositories are not permitted here".to_owned(),
            });
        }
        Ok(url)
    }

    /// What a reference of the repository is now.
    async fn find(&self, url: RepositoryUrl, reference: SourceReference, want: Want) -> Result<Found, SourceError> {
        let inner = Arc::clone(&self.inner);
        self.run(url.address(), self.inner.limits.resolve_time, None, move |job, _| {
            let name = want.name().ok_or_else(|| want.missing(&job.repository))?;
            let found = if url.transport() == Transport::File {
                find_local(&open_local(job, &url)?, &name)
            } else {
                let access = Access::new(&url, &reference, inner.ambient_ssh)?;
                Remote {
                    job,
                    url: &url,
                    access: &access,
                }
                .find(inner.scratch.path(), &name)?
            };
            found.ok_or_else(|| want.missing(&job.repository))
        })
        .await
    }

    /// Runs blocking work with a limit of time; with a key, alone in that slot of the cache.
    async fn run<T: Send + 'static>(
        &self,
        repository: String,
        time: Duration,
        key: Option<String>,
        work: impl FnOnce(&Arc<Job>, &mut cache::SlotState) -> Result<T, SourceError> + Send + 'static,
    ) -> Result<T, SourceError> {
        let mut slot = None;
        if let Some(key) = &key {
            let entered = tokio::time::timeout(time, self.inner.cache.enter(key)).await;
            let late = |_| SourceError::Timeout {
                repository: repository.clone(),
                limit: time,
            };
            slot = Some(entered.map_err(late)?);
        }
        // The clock does not run while others are at work: a poll must not fail because other repositories are slow.
        let permits = if key.is_some() {
            &self.inner.reads
        } else {
            &self.inner.polls
        };
        let _permit = Arc::clone(permits).acquire_owned().await;
        let job = Job::new(repository.clone(), self.inner.limits.clone(), time);
        let running = Running {
            job: Arc::clone(&job),
            inner: &self.inner,
            key,
            done: false,
        };
        let timed = tokio::time::timeout(time, async {
            let job = Arc::clone(&job);
            let (sender, receiver) = tokio::sync::oneshot::channel();
            let work = move || {
                let result = match slot {
                    Some(mut slot) => work(&job, &mut slot),
                    None => work(&job, &mut cache::SlotState::default()),
                };
                // Nobody listens when the future was dropped.
                let _ = sender.send(result);
            };
            let thread = std::thread::Builder::new().name("fleet-git".to_owned());
            match thread.spawn(work) {
                Ok(_) => receiver.await,
                Err(error) => {
                    let message = error.to_string();
                    Ok(Err(SourceError::Storage { repository, message }))
                }
            }
        });
        match timed.await {
            Ok(Ok(result)) => {
                running.finish();
                result
            }
            // gix met something that it did not expect; the next attempt starts from a clean slot.
            Ok(Err(_)) => Err(job.damaged("reading it failed unexpectedly")),
            Err(_) => Err(job.timeout()),
        }
    }
}

/// Stops the work of a future that is no longer waited for.
struct Running<'a> {
    job: Arc<Job>,
    inner: &'a Inner,
    key: Option<String>,
    done: bool,
}

impl Running<'_> {
    fn finish(mut self) {
        self.done = true;
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.job.stop.store(true, Ordering::Relaxed);
            if let Some(key) = &self.key {
                self.inner.cache.abandon(key);
            }
        }
    }
}

#[async_trait]
impl Source for Git {
    async fn resolve(&self, reference: &SourceReference) -> Result<Revision, SourceError> {
        let url = self.url(reference)?;
        match Want::of(reference)? {
            Want::Commit(revision) => Ok(revision),
            want => {
                let found = self.find(url, reference.clone(), want).await?;
                Revision::parse(&found.commit.to_string())
            }
        }
    }

    async fn tree(&self, reference: &SourceReference, revision: &Revision) -> Result<Arc<Tree>, SourceError> {
        let url = self.url(reference)?;
        let want = Want::of(reference)?;
        let key = cache::key(&url.address_with_user(), reference.credentials.as_ref());
        let (inner, reference, revision) = (Arc::clone(&self.inner), reference.clone(), revision.clone());
        self.run(
            url.address(),
            self.inner.limits.tree_time,
            Some(key),
            move |job, slot| {
                if slot.snapshot.revision.as_ref() == Some(&revision)
                    && let Some(tree) = slot.snapshot.tree.upgrade()
                {
                    return Ok(tree);
                }
                let repository = if url.transport() == Transport::File {
                    open_local(job, &url)?
                } else {
                    let access = Access::new(&url, &reference, inner.ambient_ssh)?;
                    let remote = Remote {
                        job,
                        url: &url,
                        access: &access,
                    };
                    remote.fetch(&slot.folder.join("repository"), &want, &revision)?
                };
                let missing = || SourceError::RevisionMissing {
                    revision: revision.to_string(),
                };
                let commit = ObjectId::from_hex(revision.as_str().as_bytes()).map_err(|_| missing())?;
                if !repository.has_object(commit) {
                    return Err(missing());
                }
                let mut reader = Reader::new(job, &slot.snapshot);
                let links = reader.commit(&repository, commit, "")?;
                let parent = Parent {
                    job,
                    url: &url,
                    reference: &reference,
                    ambient_ssh: inner.ambient_ssh,
                    modules: &slot.folder.join("modules"),
                    folder: "",
                    depth: 0,
                };
                parent.read(&mut reader, &repository, links)?;
                let (tree, paths) = reader.finish();
                let tree = Arc::new(tree);
                tracing::debug!(repository = job.repository, %revision, files = tree.len(), "read commit");
                slot.snapshot = Snapshot {
                    revision: Some(revision),
                    tree: Arc::downgrade(&tree),
                    paths,
                };
                Ok(tree)
            },
        )
        .await
    }
}

/// Opens a repository of this machine in place: a bare one, or one with a worktree.
fn open_local(job: &Job, url: &RepositoryUrl) -> Result<gix::Repository, SourceError> {
    let limit = format!("gitoxide.objects.allocLimit={}", job.limits.tree_bytes);
    let options = gix::open::Options::isolated().config_overrides([limit]);
    gix::open_opts(Path::new(url.path()), options).map_err(|error| SourceError::RepositoryMissing {
        repository: job.repository.clone(),
        message: failure::shown(&failure::chain(&error)),
    })
}

/// A reference of a repository of this machine.
fn find_local(repository: &gix::Repository, name: &str) -> Option<Found> {
    if name == "HEAD" {
        let target = repository.head_name().ok()?.map(|name| name.as_bstr().to_string());
        return Some(Found {
            commit: repository.head_id().ok()?.detach(),
            target,
        });
    }
    let mut reference = repository.try_find_reference(name).ok()??;
    // A short name may match another reference, which is not the one that was asked for.
    if reference.name().as_bstr() != name {
        return None;
    }
    Some(Found {
        commit: reference.peel_to_id().ok()?.detach(),
        target: None,
    })
}
