//! Remote bases: what a kustomization takes from elsewhere, for [`fleet_core::kustomize::BuildOptions::supply`].
//!
//! A repository is read through a [`Source`], so its limits and credentials hold here too; a URL is one `GET`. What is a URL is
//! tried as a file first and as a repository then, as kustomize does.

use fleet_core::kustomize::{GitAddress, RemoteAddress, RemoteResource, Supplied};
use fleet_core::source::{Source, SourceError, SourceReference};

/// The largest file that is read from a URL.
pub const MAX_FILE_BYTES: u64 = 64 << 20;

/// Fetches one entry.
///
/// # Errors
/// [`SourceError`] of the last address that was tried.
pub async fn supply(source: &dyn Source, resource: &RemoteResource) -> Result<Supplied, SourceError> {
    let mut outcome = Err(SourceError::Unsupported {
        what: format!("fetching {}", resource.entry),
    });
    for address in &resource.addresses {
        outcome = match address {
            RemoteAddress::Http(url) => file(url).await,
            RemoteAddress::Git(address) => repository(source, address).await,
            _ => continue,
        };
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

async fn repository(source: &dyn Source, address: &GitAddress) -> Result<Supplied, SourceError> {
    let reference = |branch: Option<&str>, revision: Option<&str>| {
        let mut reference = SourceReference::new(&address.repository);
        reference.branch = branch.map(str::to_owned);
        reference.revision = revision.map(str::to_owned);
        reference
    };
    let fetch = async {
        // A reference is a branch, a tag or a commit, and nothing says which.
        let mut found = reference(None, None);
        let revision = match address.reference.as_deref() {
            None => source.resolve(&found).await?,
            Some(name) => {
                found = reference(Some(name), None);
                match source.resolve(&found).await {
                    Err(SourceError::BranchMissing { .. } | SourceError::InvalidBranch { .. }) => {
                        found = reference(None, Some(name));
                        source.resolve(&found).await?
                    }
                    outcome => outcome?,
                }
            }
        };
        source.tree(&found, &revision).await
    };
    let tree = match tokio::time::timeout(address.timeout, fetch).await {
        Ok(outcome) => outcome?,
        Err(_) => {
            return Err(SourceError::Unreachable {
                repository: address.repository.clone(),
                message: format!("no answer within {} s", address.timeout.as_secs()),
            });
        }
    };
    Ok(Supplied::Folder {
        tree,
        path: address.path.clone(),
    })
}

#[cfg(feature = "http")]
async fn file(url: &str) -> Result<Supplied, SourceError> {
    let failure = |error: reqwest::Error| SourceError::Unreachable {
        repository: url.to_owned(),
        message: error.without_url().to_string(),
    };
    let client = reqwest::Client::builder()
        .timeout(std::time::Duration::from_secs(27))
        .build()
        .map_err(failure)?;
    let mut response = client
        .get(url)
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .map_err(failure)?;
    let mut content = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failure)? {
        content.extend_from_slice(&chunk);
        if content.len() as u64 > MAX_FILE_BYTES {
            return Err(SourceError::Unreachable {
                repository: url.to_owned(),
                message: format!("the file is larger than {MAX_FILE_BYTES} bytes"),
            });
        }
    }
    Ok(Supplied::File(std::sync::Arc::from(content)))
}

#[cfg(not(feature = "http"))]
async fn file(url: &str) -> Result<Supplied, SourceError> {
    Err(SourceError::Unsupported {
        what: format!("fetching {url} without the feature http"),
    })
}
