//! Asking a remote repository: which commit a reference means, and the objects of one commit.
//!
//! A poll lists the one reference and ends the connection. A fetch looks at the same list first: while the branch still
//! names the wanted commit, the branch is fetched, which every server permits; else the commit is asked for by its
//! hash, which most permit; else everything is fetched, and the commit looked for in it. Fetches are shallow but for
//! the last one.

use std::path::Path;
use std::sync::Arc;

use fleet_core::source::{RepositoryUrl, Revision, SourceError, SourceReference};
use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};
use gix::protocol::handshake::Ref;
use gix::remote::Direction;
use gix::remote::fetch::{Shallow, Tags};

use super::access::Access;
use super::cache;
use super::failure;
use super::job::Job;
use super::meter::Meter;

/// What is asked of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// What the repository's `HEAD` names.
    Head,
    /// A branch.
    Branch(String),
    /// A tag.
    Tag(String),
    /// A commit by its hash.
    Commit(Revision),
}

impl Want {
    /// What a reference asks for.
    pub(crate) fn of(reference: &SourceReference) -> Result<Self, SourceError> {
        let given = |text: &Option<String>| text.as_deref().filter(|text| !text.is_empty()).map(str::to_owned);
        if let Some(revision) = given(&reference.revision) {
            return Ok(match Revision::parse(&revision) {
                Ok(revision) => Self::Commit(revision),
                Err(_) => Self::Tag(revision),
            });
        }
        match given(&reference.branch) {
            Some(branch) => {
                fleet_core::source::validate_branch(&branch)?;
                Ok(Self::Branch(branch))
            }
            None => Ok(Self::Head),
        }
    }

    /// The full name of the reference; a commit has none.
    pub(crate) fn name(&self) -> Option<String> {
        match self {
            Self::Head => Some("HEAD".to_owned()),
            Self::Branch(name) => Some(format!("refs/heads/{name}")),
            Self::Tag(name) => Some(format!("refs/tags/{name}")),
            Self::Commit(_) => None,
        }
    }

    /// The error when the repository has nothing such.
    pub(crate) fn missing(&self, repository: &str) -> SourceError {
        match self {
            Self::Head => SourceError::Empty {
                repository: repository.to_owned(),
            },
            Self::Branch(branch) => SourceError::BranchMissing { branch: branch.clone() },
            Self::Tag(name) => SourceError::RevisionMissing { revision: name.clone() },
            Self::Commit(revision) => SourceError::RevisionMissing {
                revision: revision.to_string(),
            },
        }
    }
}

/// A reference of a remote repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) commit: ObjectId,
    /// The reference that a symbolic one points to.
    pub(crate) target: Option<String>,
}

/// A remote repository, and how to get in.
#[derive(Debug)]
pub(crate) struct Remote<'a> {
    pub(crate) job: &'a Arc<Job>,
    pub(crate) url: &'a RepositoryUrl,
    pub(crate) access: &'a Access,
}

impl Remote<'_> {
    /// Settings under which every repository of ours is opened: nothing of this machine's git configuration counts.
    fn overrides(&self) -> Vec<String> {
        let mut settings = vec![
            "protocol.version=2".to_owned(),
            "gc.auto=0".to_owned(),
            format!("gitoxide.objects.allocLimit={}", self.job.limits.tree_bytes),
        ];
        settings.extend(self.access.settings());
        settings
    }

    /// The reference as it is now; nothing is written and no object transferred. `scratch` is an empty repository's
    /// folder, because gix asks on behalf of a repository.
    pub(crate) fn find(&self, scratch: &Path, name: &str) -> Result<Option<Found>, SourceError> {
        self.job.check()?;
        let work = || -> Result<Option<Found>, gix::Error> {
            let repository = cache::open(scratch, u64::MAX, &self.overrides())?;
            let Ok(remote) = self.remote(&repository, &format!("{name}:refs/fleet/poll")) else {
                // No server has a reference whose name cannot be one.
                return Ok(None);
            };
            let mut connection = remote.connect(Direction::Fetch)?;
            self.access.prepare(&mut connection, self.job);
            let (map, _) = connection.ref_map(Meter::new(self.job), Default::default())?;
            Ok(lookup(&map.remote_refs, name))
        };
        work().map_err(|error| self.fail(&error))
    }

    /// A repository that has the commit with all its files.
    pub(crate) fn fetch(
        &self,
        folder: &Path,
        want: &Want,
        revision: &Revision,
    ) -> Result<gix::Repository, SourceError> {
        self.job.check()?;
        let id = ObjectId::from_hex(revision.as_str().as_bytes()).map_err(|_| SourceError::Unsupported {
            what: format!("commit hashes such as {revision}"),
        })?;
        let overrides = self.overrides();
        let maximum = self.job.limits.transferred_bytes;
        let repository = cache::open(folder, maximum, &overrides).map_err(|error| self.fail(&error))?;
        // The reference is written when the whole pack is, and so it says that nothing is missing.
        let kept = format!("refs/fleet/{revision}");
        if repository.find_reference(kept.as_str()).is_ok() && repository.has_object(id) {
            return Ok(repository);
        }
        if let Some(name) = want.name() {
            let unmoved = self.receive(&repository, &format!("+{name}:{kept}"), Some((name.as_str(), id)), true);
            if unmoved.map_err(|error| self.fail(&error))? {
                return Ok(repository);
            }
        }
        match self.receive(&repository, &format!("{revision}:{kept}"), None, true) {
            Ok(_) => return Ok(repository),
            Err(error) if failure::refused_commit(&error) => {}
            Err(error) => return Err(self.fail(&error)),
        }
        self.job.check()?;
        drop(repository);
        let repository = cache::make(folder, &overrides).map_err(|error| self.fail(&error))?;
        let all = "+refs/heads/*:refs/fleet/all/*";
        let received = self.receive(&repository, all, None, false);
        received.map_err(|error| self.fail(&error))?;
        if !repository.has_object(id) {
            return Err(SourceError::RevisionMissing {
                revision: revision.to_string(),
            });
        }
        let mark = repository.reference(kept.as_str(), id, gix::refs::transaction::PreviousValue::Any, "fetch");
        mark.map_err(|error| self.fail(&error))?;
        Ok(repository)
    }

    /// Fetches by one refspec. With `only_if`, nothing is fetched and the answer is no unless the named reference is
    /// that commit.
    fn receive(
        &self,
        repository: &gix::Repository,
        refspec: &str,
        only_if: Option<(&str, ObjectId)>,
        shallow: bool,
    ) -> Result<bool, gix::Error> {
        let remote = self.remote(repository, refspec)?;
        let mut connection = remote.connect(Direction::Fetch)?;
        self.access.prepare(&mut connection, self.job);
        let prepared = connection.prepare_fetch(Meter::new(self.job), Default::default())?;
        if let Some((name, id)) = only_if {
            let found = lookup(&prepared.ref_map().remote_refs, name);
            if found.is_none_or(|found| found.commit != id) {
                return Ok(false);
            }
        }
        let depth = if shallow {
            Shallow::DepthAtRemote(std::num::NonZeroU32::MIN)
        } else {
            Shallow::NoChange
        };
        prepared
            .with_shallow(depth)
            .receive(Meter::new(self.job), &self.job.stop)?;
        Ok(true)
    }

    fn remote<'repo>(
        &self,
        repository: &'repo gix::Repository,
        refspec: &str,
    ) -> Result<gix::Remote<'repo>, gix::Error> {
        let url = self.access.url(self.url)?;
        let remote = repository
            .remote_at_without_url_rewrite(url)?
            .with_fetch_tags(Tags::None);
        remote.with_refspecs([refspec], Direction::Fetch)
    }

    fn fail(&self, error: &gix::Error) -> SourceError {
        failure::classify(self.job, error, self.access.log().as_deref())
    }
}

/// The reference of this exact name; a server may list more than was asked.
fn lookup(refs: &[Ref], name: &str) -> Option<Found> {
    let text = |target: &BString| target.to_str().ok().map(str::to_owned);
    refs.iter().find_map(|found| match found {
        Ref::Peeled {
            full_ref_name, object, ..
        } if full_ref_name == name => Some(Found {
            commit: *object,
            target: None,
        }),
        Ref::Direct { full_ref_name, object } if full_ref_name == name => Some(Found {
            commit: *object,
            target: None,
        }),
        Ref::Symbolic {
            full_ref_name,
            object,
            target,
            ..
        } if full_ref_name == name => Some(Found {
            commit: *object,
            target: text(target),
        }),
        _ => None,
    })
}
