//! The repository that a person works in: where it is, what is checked out, and whether something is not committed.
//!
//! For programs that are started in a folder. What they deploy is a commit and never the working tree, so they have to
//! know which one, and to say when the working tree has more.
//!
//! These functions block, and are quick.

use std::path::{Path, PathBuf};

use fleet_core::source::{Revision, SourceReference};

/// Why a folder's repository cannot be used; each message says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LocalError {
    /// The folder does not exist or is none.
    #[error("{folder} is not a folder: name a folder of a git repository, or the URL of one")]
    NotAFolder {
        /// The folder.
        folder: String,
    },
    /// Neither the folder nor one above it is a git repository.
    #[error(
        "{folder} is not in a git repository: only commits are deployed. Run `git init && git add --all && git commit \
         --message start` there, or name another folder or the URL of a repository"
    )]
    NotARepository {
        /// The folder.
        folder: String,
    },
    /// There is a repository, and it cannot be read.
    #[error("cannot read the git repository {folder}: {message}")]
    Unreadable {
        /// The repository's folder.
        folder: String,
        /// Why.
        message: String,
    },
}

/// A repository that was found from a folder in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LocalRepository {
    /// The top folder of the working tree, or the repository itself where it is bare. An absolute path: it can be the
    /// `repository` of a [`SourceReference`].
    pub root: PathBuf,
    /// The folder from which it was found, from the root; empty for the root itself. Slash-separated.
    pub prefix: String,
    /// The branch that is checked out; `None` when a commit is (`HEAD` is detached).
    pub branch: Option<String>,
    /// The commit that is checked out; `None` before the first one.
    pub head: Option<Revision>,
    /// The address of the remote `origin`, or of the only remote.
    pub remote: Option<String>,
}

impl LocalRepository {
    /// Finds the repository of a folder: in it, or in one above.
    ///
    /// # Errors
    ///
    /// [`LocalError`], with the way out.
    pub fn discover(folder: &Path) -> Result<Self, LocalError> {
        let shown = || folder.display().to_string();
        let absolute = folder
            .canonicalize()
            .map_err(|_| LocalError::NotAFolder { folder: shown() })?;
        if !absolute.is_dir() {
            return Err(LocalError::NotAFolder { folder: shown() });
        }
        let location = gix::discover::upwards(&absolute).map_err(|_| LocalError::NotARepository { folder: shown() })?;
        let (git_folder, _) = location.0.into_repository_and_work_tree_directories();
        let unreadable = |message: String| LocalError::Unreadable {
            folder: git_folder.display().to_string(),
            message,
        };
        let repository = gix::open_opts(&git_folder, gix::open::Options::isolated())
            .map_err(|error| unreadable(format!("{error:#}")))?;
        let root = repository.workdir().unwrap_or_else(|| repository.git_dir());
        let root = root.canonicalize().map_err(|error| unreadable(error.to_string()))?;
        let prefix = absolute
            .strip_prefix(&root)
            .map(|path| path.to_string_lossy().into_owned())
            .unwrap_or_default();
        let branch = repository.head_name().ok().flatten();
        let remotes = repository.remote_names();
        let name = remotes
            .iter()
            .find(|name| *name == "origin")
            .or_else(|| remotes.iter().next());
        let remote = name
            .and_then(|name| repository.find_remote(name).ok())
            .and_then(|remote| {
                remote
                    .url(gix::remote::Direction::Fetch)
                    .map(|url| fleet_core::source::redact(&url.to_bstring().to_string()))
            });
        Ok(Self {
            root,
            prefix,
            branch: branch.map(|name| name.shorten().to_string()),
            head: repository
                .head_id()
                .ok()
                .and_then(|id| Revision::parse(&id.to_string()).ok()),
            remote,
        })
    }

    /// The reference by which a [`Source`](fleet_core::source::Source) that permits local repositories reads what is
    /// checked out: its branch, or its commit where `HEAD` is detached.
    pub fn reference(&self) -> SourceReference {
        let reference = SourceReference::new(self.root.display().to_string());
        match (&self.branch, &self.head) {
            (Some(branch), _) => reference.with_branch(branch.clone()),
            (None, Some(head)) => reference.with_revision(head.to_string()),
            (None, None) => reference,
        }
    }

    /// Whether the working tree differs from the commit that is checked out: changed, added, removed and untracked
    /// files count, ignored ones do not. The user's git configuration counts here, for what it ignores and converts.
    ///
    /// # Errors
    ///
    /// [`LocalError::Unreadable`].
    pub fn has_uncommitted_changes(&self) -> Result<bool, LocalError> {
        let unreadable = |error: gix::Error| LocalError::Unreadable {
            folder: self.root.display().to_string(),
            message: format!("{error:#}"),
        };
        let repository = gix::open(&self.root).map_err(unreadable)?;
        if repository.workdir().is_none() {
            return Ok(false);
        }
        let status = repository.status(gix::progress::Discard).map_err(unreadable)?;
        let changes = status.untracked_files(gix::status::UntrackedFiles::Collapsed);
        let mut changes = changes.into_iter(None).map_err(unreadable)?;
        match changes.next() {
            None => Ok(false),
            Some(Ok(_)) => Ok(true),
            Some(Err(error)) => Err(unreadable(error)),
        }
    }
}
