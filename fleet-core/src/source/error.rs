//! Why a source could not answer.

use std::time::Duration;

/// Why a source could not answer. Addresses in it carry no credentials.
///
/// Texts that people and programs know from Fleet begin as Fleet's do (`commit not found for branch: …`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Nothing answered at the address, or the connection broke.
    #[error("cannot reach repository {repository}: {message}")]
    Unreachable {
        /// The address.
        repository: String,
        /// What the transport said.
        message: String,
    },
    /// The server answered, and there is no repository at the address that these credentials can see.
    #[error("repository {repository} not found: {message}")]
    RepositoryMissing {
        /// The address.
        repository: String,
        /// What the transport said.
        message: String,
    },
    /// The server wants credentials, or other ones.
    #[error("authentication failed for repository {repository}: {message}")]
    Authentication {
        /// The address.
        repository: String,
        /// What the transport said.
        message: String,
    },
    /// The server's TLS certificate or ssh host key is not trusted.
    #[error("server of repository {repository} is not trusted: {message}")]
    Untrusted {
        /// The address.
        repository: String,
        /// What the transport said.
        message: String,
    },
    /// The credentials cannot be used for this repository, whatever the server thinks of them.
    #[error("{message}")]
    InvalidCredentials {
        /// What is wrong with them.
        message: String,
    },
    /// The repository has no branch of this name.
    #[error("commit not found for branch: {branch}")]
    BranchMissing {
        /// The branch.
        branch: String,
    },
    /// The repository has no such tag or commit.
    #[error("commit not found for revision: {revision}")]
    RevisionMissing {
        /// The tag or commit hash.
        revision: String,
    },
    /// The repository has no commit yet, or its `HEAD` names a branch that does not exist.
    #[error("repository {repository} has no commits on its default branch")]
    Empty {
        /// The address.
        repository: String,
    },
    /// The name can be no branch.
    #[error("invalid branch {branch:?}: {reason}")]
    InvalidBranch {
        /// The name.
        branch: String,
        /// The rule that it breaks.
        reason: String,
    },
    /// The text can be no revision.
    #[error("invalid commit {revision:?}: must be 40 or 64 hexadecimal digits")]
    InvalidRevision {
        /// The text.
        revision: String,
    },
    /// The text can be no address of a repository.
    #[error("invalid repository address {url:?}: {reason}")]
    InvalidUrl {
        /// The address.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// More than this process is willing to read.
    #[error("repository {repository} is too large: {what} exceeds the limit of {limit}")]
    TooLarge {
        /// The address.
        repository: String,
        /// What was counted, for example `bytes of files`.
        what: String,
        /// The limit.
        limit: u64,
    },
    /// The time was over.
    #[error("reading repository {repository} took longer than {limit:?}")]
    Timeout {
        /// The address.
        repository: String,
        /// The time that was given.
        limit: Duration,
    },
    /// The caller asked to stop.
    #[error("reading repository {repository} was interrupted")]
    Interrupted {
        /// The address.
        repository: String,
    },
    /// A submodule could not be read, and so the tree is not complete.
    #[error("submodule {path} of repository {repository}: {source}")]
    Submodule {
        /// Address of the repository that has the submodule.
        repository: String,
        /// The submodule's folder in it.
        path: String,
        /// Why.
        source: Box<SourceError>,
    },
    /// The repository's data makes no sense: a damaged object, a path that leaves the tree.
    #[error("repository {repository} is damaged: {message}")]
    Damaged {
        /// The address.
        repository: String,
        /// What was found.
        message: String,
    },
    /// The place where this process keeps what it fetched failed.
    #[error("cannot keep repository {repository} on disk: {message}")]
    Storage {
        /// The address.
        repository: String,
        /// What the file system said.
        message: String,
    },
    /// This source cannot do that, for any input.
    #[error("not supported by this source: {what}")]
    Unsupported {
        /// What was asked.
        what: String,
    },
}

impl SourceError {
    /// Whether the same question may get another answer without anyone changing anything: the network, a timeout, a
    /// disk. All else waits for a change of the repository or of the reference.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Timeout { .. } | Self::Interrupted { .. } | Self::Storage { .. } => true,
            Self::Submodule { source, .. } => source.is_transient(),
            _ => false,
        }
    }
}
