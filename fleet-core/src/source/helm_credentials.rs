//! Credentials of charts, and the gate that they pass: they go to addresses that a GitRepo allows, and nowhere else.
//!
//! A folder's fleet.yaml names the address that a chart comes from; whoever can commit to the repository could send the
//! platform's credentials anywhere. So user, password and key are given along only where `helmRepoURLRegex` matches the
//! beginning of the address. Certificates and transport settings are no secrets, and always count.
//!
//! Source: Fleet's `bundlereader`.

use regex::Regex;
use sha2::{Digest as _, Sha256};

use super::{Secret, SourceError};

/// What charts are fetched with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HelmCredentials {
    /// User's name; empty is none.
    pub username: String,
    /// Password.
    pub password: Secret,
    /// Certificates to trust, PEM.
    pub certificate_authorities: Vec<u8>,
    /// Private key for git over ssh.
    pub ssh_private_key: Secret,
    /// Lines of a `known_hosts` file.
    pub ssh_known_hosts: String,
    /// Accept any TLS certificate.
    pub insecure_skip_verify: bool,
    /// Talk to registries by plain http.
    pub basic_http: bool,
}

impl HelmCredentials {
    /// Whether there is a user's name, a password or a key.
    pub fn has_secrets(&self) -> bool {
        !(self.username.is_empty() && self.password.is_empty() && self.ssh_private_key.is_empty())
    }

    /// What goes to the address of a chart: everything where `url_regex` matches the beginning of `repo` (or of `chart`, where `repo`
    /// is empty), else what is no secret. An empty expression matches nothing.
    ///
    /// # Errors
    /// [`SourceError::InvalidCredentials`]: an expression that is none.
    pub fn forwarded(&self, url_regex: &str, repo: &str, chart: &str) -> Result<Self, SourceError> {
        if is_allowed(url_regex, repo, chart)? {
            return Ok(self.clone());
        }
        Ok(Self {
            username: String::new(),
            password: Secret::default(),
            ssh_private_key: Secret::default(),
            ..self.clone()
        })
    }

    /// A digest that differs where any of the fields does, for keys of caches. It tells nothing of them.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let flags = [u8::from(self.insecure_skip_verify), u8::from(self.basic_http)];
        let fields: [&[u8]; 6] = [
            self.username.as_bytes(),
            self.password.expose().as_bytes(),
            &self.certificate_authorities,
            self.ssh_private_key.expose().as_bytes(),
            self.ssh_known_hosts.as_bytes(),
            &flags,
        ];
        for field in fields {
            hash.update((field.len() as u64).to_le_bytes());
            hash.update(field);
        }
        hash.finalize().into()
    }
}

/// Whether an expression matches the beginning of a chart's address; alternatives cannot escape the beginning.
fn is_allowed(url_regex: &str, repo: &str, chart: &str) -> Result<bool, SourceError> {
    if url_regex.is_empty() {
        return Ok(false);
    }
    // On its own first: a text that closes the group would be another expression.
    let error = |error: regex::Error| SourceError::InvalidCredentials {
        message: format!("error parsing regexp: {error}"),
    };
    Regex::new(url_regex).map_err(error)?;
    let anchored = Regex::new(&format!("^(?:{url_regex})")).map_err(error)?;
    Ok(anchored.is_match(if repo.is_empty() { chart } else { repo }))
}

/// What to say, once, where credentials are there and nothing says where they may go.
pub fn unforwarded_warning(credentials: &HelmCredentials, url_regex: &str, has_charts: bool) -> Option<&'static str> {
    (url_regex.is_empty() && has_charts && credentials.has_secrets()).then_some(
        "helmRepoURLRegex is empty, so Helm credentials were not forwarded; set spec.helmRepoURLRegex to the addresses that may have them",
    )
}
