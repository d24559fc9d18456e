//! Where trees come from: the [`Source`] trait that adapters implement, and the values it speaks.
//!
//! # Why the trait is as it is
//!
//! Everything else in this crate is a function over values. A repository is not a value: it is somewhere else, it
//! moves, it may be down, and reading it needs credentials. [`Source`] is the one door through which that world comes
//! in, and it is narrow on purpose: *which commit is it now?* ([`resolve`](Source::resolve)), *what is in that commit?*
//! ([`tree`](Source::tree)), and *what is in that chart archive?* ([`chart`](Source::chart)).
//!
//! The first two are apart because they differ in cost by orders of magnitude and in how often they are asked. A
//! manager polls every repository every few seconds; nearly always the answer is the commit it already has, and then
//! no object may be transferred. Only a new commit is worth a transfer.
//!
//! A tree is asked for by commit and never by branch. What was resolved, checked against policy and shown to people is
//! then what is deployed, even if the branch moves in between; and since a commit never changes, its tree may be cached
//! and shared by everyone who holds the same credentials. That is why `tree` returns an [`Arc`].
//!
//! The methods take all they need as arguments: a source has no idea of a current repository, so one value serves
//! every repository of a process, from many tasks at a time. Methods return boxed futures (by `async_trait`), because
//! the manager holds an `Arc<dyn Source>` and knows nothing of git.
//!
//! # Guarantees an implementation gives
//!
//! - `resolve` transfers no objects, and `tree(reference, resolve(reference))` works as long as the commit exists.
//! - Dropping a future stops the work soon; nothing half read is ever returned or kept.
//! - Input is hostile. Size, number and depth of what is read are bounded ([`SourceError::TooLarge`]), as is time
//!   ([`SourceError::Timeout`]), and no path of the returned tree leaves it.
//! - What was read with one set of credentials is not given to a caller with another.
//! - No credential stands in an error, a log line or the `Debug` text of a value here.
//! - Nothing is retried. The caller knows how long it can wait; [`SourceError::is_transient`] says whether it helps.
//!
//! # Writing one
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::sync::Arc;
//! use fleet_core::source::{Revision, Source, SourceError, SourceReference};
//! use fleet_core::tree::Tree;
//!
//! /// Commits that are already in memory.
//! #[derive(Debug)]
//! struct Memory {
//!     branches: BTreeMap<String, Revision>,
//!     trees: BTreeMap<Revision, Arc<Tree>>,
//! }
//!
//! #[async_trait::async_trait]
//! impl Source for Memory {
//!     async fn resolve(&self, reference: &SourceReference) -> Result<Revision, SourceError> {
//!         let branch = reference.branch.as_deref().unwrap_or("master");
//!         let found = self.branches.get(branch).cloned();
//!         found.ok_or_else(|| SourceError::BranchMissing { branch: branch.to_owned() })
//!     }
//!
//!     async fn tree(&self, _: &SourceReference, revision: &Revision) -> Result<Arc<Tree>, SourceError> {
//!         let found = self.trees.get(revision).cloned();
//!         found.ok_or_else(|| SourceError::RevisionMissing { revision: revision.to_string() })
//!     }
//! }
//! ```

mod branch;
mod chart_address;
mod credentials;
mod error;
mod helm_credentials;
mod revision;
mod url;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

pub use branch::validate_branch;
pub use chart_address::ChartAddress;
pub use credentials::{Credentials, Secret};
pub use error::SourceError;
pub use helm_credentials::{HelmCredentials, unforwarded_warning};
pub use revision::Revision;
pub use url::{RepositoryUrl, Transport, redact};

use crate::tree::Tree;

/// Gives commits, trees and charts by reference. The [module page](self) is the contract.
#[async_trait]
pub trait Source: Send + Sync + fmt::Debug {
    /// The commit that the reference means now: the poll.
    ///
    /// [`SourceReference::revision`] counts before the branch. A full commit hash is returned as it stands, without a
    /// look at the repository; any other revision is a tag, and an annotated tag gives the commit that it points to.
    /// Without both, it is the commit that the repository's `HEAD` names.
    ///
    /// # Errors
    ///
    /// [`SourceError::BranchMissing`] and [`SourceError::RevisionMissing`] when the repository answers and has neither;
    /// the other variants when it could not be asked.
    async fn resolve(&self, reference: &SourceReference) -> Result<Revision, SourceError>;

    /// Every file of a commit, submodules included.
    ///
    /// `reference` says where and with what credentials; `revision` alone says which commit.
    ///
    /// # Errors
    ///
    /// As [`resolve`](Self::resolve), and [`SourceError::TooLarge`].
    async fn tree(&self, reference: &SourceReference, revision: &Revision) -> Result<Arc<Tree>, SourceError>;

    /// The bytes of a chart archive, from a Helm repository, an OCI registry or a plain URL.
    ///
    /// A source that only knows repositories keeps this default.
    ///
    /// # Errors
    ///
    /// [`SourceError::Unsupported`] by default; else as [`resolve`](Self::resolve).
    async fn chart(&self, request: &ChartRequest) -> Result<Vec<u8>, SourceError> {
        Err(SourceError::Unsupported {
            what: format!("downloading {request}"),
        })
    }
}

#[async_trait]
impl<S: Source + ?Sized> Source for Arc<S> {
    async fn resolve(&self, reference: &SourceReference) -> Result<Revision, SourceError> {
        (**self).resolve(reference).await
    }

    async fn tree(&self, reference: &SourceReference, revision: &Revision) -> Result<Arc<Tree>, SourceError> {
        (**self).tree(reference, revision).await
    }

    async fn chart(&self, request: &ChartRequest) -> Result<Vec<u8>, SourceError> {
        (**self).chart(request).await
    }
}

/// Which repository, what of it, and how to get in: the fields of a GitRepo that concern its source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceReference {
    /// Address of the repository: an http, https, ssh or git URL, `user@host:path`, or where the source permits it a
    /// `file` URL or an absolute path.
    pub repository: String,
    /// Branch to follow. `None` is the branch of the repository's `HEAD`; a GitRepo without one means `master` in
    /// Fleet, and it is for the caller to say so.
    pub branch: Option<String>,
    /// Full commit hash or name of a tag. Counts before `branch`, as in Fleet's polling.
    pub revision: Option<String>,
    /// What to log in with. `None` is anonymous.
    pub credentials: Option<Credentials>,
    /// PEM certificates to trust besides the usual ones (`caBundle`).
    pub certificate_authorities: Option<Vec<u8>>,
    /// Accept any TLS certificate (`insecureSkipTLSVerify`).
    pub insecure_skip_tls_verify: bool,
    /// Lines of a `known_hosts` file for ssh, used where the credentials bring none of their own.
    pub known_hosts: Option<String>,
    /// Connect to ssh hosts whose key is not known (the manager's `--insecure-skip-host-key-checks`). Known host keys
    /// are then not looked at at all.
    pub insecure_skip_host_key_checks: bool,
}

impl SourceReference {
    /// A reference to the `HEAD` of a repository; set the other fields as needed.
    pub fn new(repository: impl Into<String>) -> Self {
        Self {
            repository: repository.into(),
            ..Self::default()
        }
    }

    /// The same with a branch to follow.
    #[must_use]
    pub fn with_branch(mut self, branch: impl Into<String>) -> Self {
        self.branch = Some(branch.into());
        self
    }

    /// The same with a commit hash or a tag.
    #[must_use]
    pub fn with_revision(mut self, revision: impl Into<String>) -> Self {
        self.revision = Some(revision.into());
        self
    }

    /// The same with credentials.
    #[must_use]
    pub fn with_credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }
}

/// Which chart archive is wanted: what `helm.repo`, `helm.chart` and `helm.version` of a fleet.yaml say, resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChartRequest {
    /// Address of the Helm repository or OCI repository (`helm.repo`); empty when `chart` is an address itself.
    pub repository: String,
    /// Name of the chart in the repository, or the address of an archive (`helm.chart`).
    pub chart: String,
    /// Version or version constraint (`helm.version`); empty is the latest stable one.
    pub version: String,
    /// What to log in with. `None` is anonymous.
    pub credentials: Option<Credentials>,
    /// PEM certificates to trust besides the usual ones (`cacerts`).
    pub certificate_authorities: Option<Vec<u8>>,
    /// Accept any TLS certificate (`insecureSkipVerify`).
    pub insecure_skip_tls_verify: bool,
    /// Talk to an OCI registry by plain http (`basicHTTP`).
    pub plain_http: bool,
}

impl ChartRequest {
    /// A request without credentials; set the other fields as needed.
    pub fn new(repository: impl Into<String>, chart: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            repository: repository.into(),
            chart: chart.into(),
            version: version.into(),
            ..Self::default()
        }
    }
}

impl fmt::Display for ChartRequest {
    /// The three texts as Fleet's messages show them, without passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "repo={} chart={} version={}",
            redact(&self.repository),
            redact(&self.chart),
            self.version
        )
    }
}
