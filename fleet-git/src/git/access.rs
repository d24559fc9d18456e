//! How to get into a repository: credentials, certificates and host keys, as the transports want them.
//!
//! Nothing of this machine's git or ssh configuration counts, unless the caller permits the user's own ssh. Secrets go
//! to gix in memory and to ssh in files that only this user can read and that vanish with the value.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use fleet_core::source::{Credentials, RepositoryUrl, Secret, SourceError, SourceReference, Transport};
use gix::protocol::transport::client::blocking_io::Transport as GixTransport;
use gix::remote::Connection;

use super::job::Job;

/// Seconds until a connection must stand.
const CONNECT_SECONDS: u64 = 20;

/// Access to one repository.
#[derive(Debug)]
pub(crate) struct Access {
    transport: Transport,
    /// User and password for http and https.
    basic: Option<(Secret, Secret)>,
    #[cfg_attr(not(feature = "http"), expect(dead_code, reason = "only http has certificates"))]
    certificates: Vec<u8>,
    #[cfg_attr(not(feature = "http"), expect(dead_code, reason = "only http has certificates"))]
    insecure: bool,
    identity: Option<Secret>,
    ssh: Option<Ssh>,
}

/// Files and command of the ssh program.
#[derive(Debug)]
struct Ssh {
    folder: tempfile::TempDir,
    command: String,
}

impl Access {
    /// Access to `url` as a reference says. `ambient_ssh` permits the user's own keys, agent and configuration where
    /// the reference has no key.
    pub(crate) fn new(
        url: &RepositoryUrl,
        reference: &SourceReference,
        ambient_ssh: bool,
    ) -> Result<Self, SourceError> {
        let invalid = |message: &str| SourceError::InvalidCredentials {
            message: message.to_owned(),
        };
        let mut access = Self {
            transport: url.transport(),
            basic: None,
            certificates: reference.certificate_authorities.clone().unwrap_or_default(),
            insecure: reference.insecure_skip_tls_verify,
            identity: None,
            ssh: None,
        };
        match (url.transport(), &reference.credentials) {
            (Transport::Http | Transport::Https, Some(Credentials::Basic { username, password })) => {
                access.basic = Some((username.clone(), password.clone()));
            }
            (Transport::Https, Some(Credentials::ClientCertificate { certificate, key })) => {
                access.identity = Some(Secret::new(format!("{certificate}\n{}\n", key.expose())));
            }
            (Transport::Http | Transport::Https, Some(Credentials::Ssh { .. })) => {
                return Err(invalid(
                    "an SSH private key cannot be used for an http or https repository",
                ));
            }
            (_, Some(Credentials::GithubApp { .. })) => {
                return Err(SourceError::Unsupported {
                    what: "logging in as a GitHub App".to_owned(),
                });
            }
            (Transport::Http | Transport::Https, _) => {
                if let Some(name) = url.username() {
                    access.basic = Some((name.clone(), url.password().cloned().unwrap_or_default()));
                }
            }
            (
                Transport::Ssh,
                Some(Credentials::Ssh {
                    private_key,
                    known_hosts,
                }),
            ) => {
                let own = known_hosts.as_deref().filter(|lines| !lines.trim().is_empty());
                let known_hosts = own.or(reference.known_hosts.as_deref()).unwrap_or_default();
                if known_hosts.trim().is_empty() && !reference.insecure_skip_host_key_checks {
                    let message = "strict host key checks are enforced, but no known_hosts data was found";
                    return Err(invalid(message));
                }
                let known_hosts = (!reference.insecure_skip_host_key_checks).then_some(known_hosts);
                let ssh = Ssh::with_key(private_key.expose(), known_hosts);
                access.ssh = Some(ssh.map_err(|error| SourceError::Storage {
                    repository: url.address(),
                    message: error.to_string(),
                })?);
            }
            (Transport::Ssh, _) if ambient_ssh => {
                access.ssh = Some(Ssh::ambient().map_err(|error| SourceError::Storage {
                    repository: url.address(),
                    message: error.to_string(),
                })?);
            }
            (Transport::Ssh, _) => {
                return Err(invalid("SSH private key file is required for SSH/SCP-style URLs"));
            }
            _ => {}
        }
        if cfg!(not(feature = "http")) && matches!(url.transport(), Transport::Http | Transport::Https) {
            return Err(SourceError::Unsupported {
                what: "http and https (feature `http` is off)".to_owned(),
            });
        }
        #[cfg(feature = "http")]
        if reqwest::Certificate::from_pem_bundle(&access.certificates).is_err() {
            return Err(invalid("the certificate authorities are no PEM certificates"));
        }
        Ok(access)
    }

    /// Git settings that the access needs.
    pub(crate) fn settings(&self) -> Vec<String> {
        match &self.ssh {
            Some(ssh) => vec![format!("core.sshCommand={}", ssh.command), "ssh.variant=ssh".to_owned()],
            None => Vec::new(),
        }
    }

    /// The address for gix. By https, user and password stand in it, so that they are sent at once; gix forgets them
    /// when it is sent to another server.
    pub(crate) fn url(&self, url: &RepositoryUrl) -> Result<gix::Url, gix::Error> {
        let text = if self.transport == Transport::Ssh {
            url.address_with_user()
        } else {
            url.address()
        };
        let mut parsed = gix::url::parse(text.as_str())?;
        if let (Transport::Https, Some((username, password))) = (self.transport, &self.basic) {
            parsed.set_user(Some(username.expose().to_owned()));
            parsed.set_password(Some(password.expose().to_owned()));
        }
        Ok(parsed)
    }

    /// Sets a connection up; it never asks a person or a helper program for a password.
    pub(crate) fn prepare<T: GixTransport>(&self, connection: &mut Connection<'_, '_, '_, T>, job: &Arc<Job>) {
        connection.set_credentials(|_| Ok(None));
        #[cfg(feature = "http")]
        if matches!(self.transport, Transport::Http | Transport::Https) {
            connection.set_transport_options(Box::new(self.http_options(job)));
        }
        #[cfg(not(feature = "http"))]
        let _ = job;
    }

    /// Options of the http client. Proxies come from the environment, as its own default.
    #[cfg(feature = "http")]
    fn http_options(&self, job: &Arc<Job>) -> gix::protocol::transport::client::blocking_io::http::Options {
        use base64::Engine;
        use gix::protocol::transport::client::blocking_io::http;
        let (certificates, insecure, identity) = (self.certificates.clone(), self.insecure, self.identity.clone());
        let job = Arc::clone(job);
        let configure_client = move |client: reqwest::blocking::ClientBuilder| {
            let mut client = client
                .timeout(job.remaining())
                .tls_danger_accept_invalid_certs(insecure);
            if !certificates.is_empty() && !insecure {
                let found = reqwest::Certificate::from_pem_bundle(&certificates).map_err(gix::Error::from_error)?;
                client = client.tls_certs_merge(found);
            }
            if let Some(identity) = &identity {
                client = client.identity(
                    reqwest::Identity::from_pem(identity.expose().as_bytes()).map_err(gix::Error::from_error)?,
                );
            }
            Ok(client)
        };
        let mut options = http::Options::default();
        if let (Transport::Http, Some((username, password))) = (self.transport, &self.basic) {
            // gix sends no password in clear text of its own accord; Fleet does where the address says http.
            let token = base64::engine::general_purpose::STANDARD.encode(format!(
                "{}:{}",
                username.expose(),
                password.expose()
            ));
            options.extra_headers.push(format!("Authorization: Basic {token}"));
        }
        let backend = http::reqwest::Options {
            configure_client: Some(Box::new(configure_client)),
            configure_request: None,
        };
        options.backend = Some(Arc::new(std::sync::Mutex::new(backend)));
        options
    }

    /// What the ssh program wrote since it was last asked for.
    pub(crate) fn log(&self) -> Option<String> {
        let path = self.ssh.as_ref()?.folder.path().join("log");
        let log = fs::read(&path).ok()?;
        let _ = fs::write(&path, b"");
        let text = String::from_utf8_lossy(&log[..log.len().min(16 * 1024)]).into_owned();
        let is_noise = |line: &&str| !line.starts_with("Warning: Permanently added");
        Some(text.lines().filter(is_noise).collect::<Vec<_>>().join("\n"))
    }
}

impl Ssh {
    /// A program that knows this key, these host keys, and nothing else. Without host keys none is checked.
    fn with_key(private_key: &str, known_hosts: Option<&str>) -> std::io::Result<Self> {
        let folder = folder()?;
        let key = write_secret(folder.path(), "key", private_key)?;
        let hosts = match known_hosts {
            Some(lines) => format!(
                "-o UserKnownHostsFile={} -o StrictHostKeyChecking=yes",
                write_secret(folder.path(), "known_hosts", lines)?
            ),
            None => "-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no".to_owned(),
        };
        let options = format!(
            "-F /dev/null -i {key} -o IdentitiesOnly=yes -o IdentityAgent=none -o GlobalKnownHostsFile=/dev/null {hosts}"
        );
        Ok(Self::new(folder, &options))
    }

    /// The user's own ssh.
    fn ambient() -> std::io::Result<Self> {
        Ok(Self::new(folder()?, ""))
    }

    fn new(folder: tempfile::TempDir, options: &str) -> Self {
        // What ssh and the server say goes to a file instead of this process' standard error.
        let log = quote(&folder.path().join("log").to_string_lossy());
        let command = format!(
            "exec ssh {options} -o BatchMode=yes -o ConnectTimeout={CONNECT_SECONDS} -o ServerAliveInterval=15 2>>{log}"
        );
        Self { folder, command }
    }
}

fn folder() -> std::io::Result<tempfile::TempDir> {
    tempfile::Builder::new().prefix("fleet-ssh-").tempdir()
}

/// Writes a file that only this user can read; gives its name for a shell.
fn write_secret(folder: &Path, name: &str, text: &str) -> std::io::Result<String> {
    let path = folder.join(name);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&path)?;
    file.write_all(text.trim_end().as_bytes())?;
    file.write_all(b"\n")?;
    Ok(quote(&path.to_string_lossy()))
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
