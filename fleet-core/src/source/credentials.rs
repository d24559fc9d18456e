//! What to log in with, and the Kubernetes Secrets that it is written in.

use std::collections::BTreeMap;
use std::fmt;

use super::SourceError;

/// A text that is never printed.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// What to log in with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Credentials {
    /// A user name and a password, for http and https. A token alone stands in the user name, as Fleet sends it.
    Basic {
        /// The user name, which may be a token.
        username: Secret,
        /// The password.
        password: Secret,
    },
    /// A private key, for ssh.
    Ssh {
        /// The key, in the format of OpenSSH or PEM.
        private_key: Secret,
        /// Lines of a `known_hosts` file; they count before those of the reference.
        known_hosts: Option<String>,
    },
    /// A client certificate. Fleet uses it only to ask the API of a git host for a commit.
    ClientCertificate {
        /// The certificate, PEM.
        certificate: String,
        /// Its key, PEM.
        key: Secret,
    },
    /// A GitHub App, which gets tokens for one installation.
    GithubApp {
        /// Number of the application.
        application: i64,
        /// Number of the installation.
        installation: i64,
        /// The application's private key, PEM with PKCS#1.
        private_key: Secret,
    },
}

impl Credentials {
    /// Reads a Secret as Fleet does: by its type (`kubernetes.io/basic-auth`, `kubernetes.io/ssh-auth`,
    /// `kubernetes.io/tls`; any other one for a GitHub App) and its decoded data. `None` is anonymous: a basic Secret
    /// that is empty, or one of another type with no key that is known.
    ///
    /// # Errors
    ///
    /// [`SourceError::InvalidCredentials`] when a key that the type needs is missing or cannot be read.
    pub fn from_secret(kind: &str, data: &BTreeMap<String, Vec<u8>>) -> Result<Option<Self>, SourceError> {
        match kind {
            "kubernetes.io/basic-auth" => {
                let username = text(data, "username")?.unwrap_or_default();
                let password = text(data, "password")?.unwrap_or_default();
                Ok(match (username.is_empty(), password.is_empty()) {
                    (true, true) => None,
                    // A token is enough; git hosts take it as the user's name.
                    (true, false) => Some(Self::Basic {
                        username: password.into(),
                        password: Secret::default(),
                    }),
                    (false, _) => Some(Self::Basic {
                        username: username.into(),
                        password: password.into(),
                    }),
                })
            }
            "kubernetes.io/ssh-auth" => {
                let private_key = required(data, "ssh-privatekey")?.into();
                let known_hosts = text(data, "known_hosts")?.filter(|lines| !lines.trim().is_empty());
                Ok(Some(Self::Ssh {
                    private_key,
                    known_hosts,
                }))
            }
            "kubernetes.io/tls" => Ok(Some(Self::ClientCertificate {
                certificate: required(data, "tls.crt")?,
                key: required(data, "tls.key")?.into(),
            })),
            _ => {
                let keys = ["github_app_id", "github_app_installation_id", "github_app_private_key"];
                let mut values = Vec::with_capacity(keys.len());
                for key in keys {
                    match text(data, key)? {
                        Some(value) if !value.is_empty() => values.push(value),
                        _ => return Ok(None),
                    }
                }
                let number = |index: usize| {
                    values[index]
                        .trim()
                        .parse::<i64>()
                        .map_err(|_| SourceError::InvalidCredentials {
                            message: format!("key {} of the secret is not a whole number", keys[index]),
                        })
                };
                let private_key = Secret::new(values[2].as_str());
                Ok(Some(Self::GithubApp {
                    application: number(0)?,
                    installation: number(1)?,
                    private_key,
                }))
            }
        }
    }
}

/// The value of a key as text.
fn text(data: &BTreeMap<String, Vec<u8>>, key: &str) -> Result<Option<String>, SourceError> {
    data.get(key)
        .map(|value| {
            String::from_utf8(value.clone()).map_err(|_| SourceError::InvalidCredentials {
                message: format!("key {key} of the secret is not UTF-8 text"),
            })
        })
        .transpose()
}

/// The value of a key that the type of the Secret needs.
fn required(data: &BTreeMap<String, Vec<u8>>, key: &str) -> Result<String, SourceError> {
    text(data, key)?
        .filter(|value| !value.is_empty())
        .ok_or_else(|| SourceError::InvalidCredentials {
            message: format!("key {key} is missing in the secret"),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: &str, data: &[(&str, &str)]) -> Result<Option<Credentials>, SourceError> {
        let data = data
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec()))
            .collect();
        Credentials::from_secret(kind, &data)
    }

    #[test]
    fn basic() {
        let basic = |username: &str, password: &str| {
            Some(Credentials::Basic {
                username: username.into(),
                password: password.into(),
            })
        };
        let kind = "kubernetes.io/basic-auth";
        assert_eq!(read(kind, &[]), Ok(None));
        assert_eq!(read(kind, &[("username", ""), ("password", "")]), Ok(None));
        assert_eq!(read(kind, &[("username", "u"), ("password", "p")]), Ok(basic("u", "p")));
        assert_eq!(read(kind, &[("password", "token")]), Ok(basic("token", "")));
        assert_eq!(read(kind, &[("username", "u")]), Ok(basic("u", "")));
    }

    #[test]
    fn ssh() {
        let ssh = |known_hosts: Option<&str>| {
            Some(Credentials::Ssh {
                private_key: "k".into(),
                known_hosts: known_hosts.map(str::to_owned),
            })
        };
        let kind = "kubernetes.io/ssh-auth";
        assert_eq!(read(kind, &[("ssh-privatekey", "k")]), Ok(ssh(None)));
        assert_eq!(
            read(kind, &[("ssh-privatekey", "k"), ("known_hosts", "\n")]),
            Ok(ssh(None))
        );
        assert_eq!(
            read(kind, &[("ssh-privatekey", "k"), ("known_hosts", "h")]),
            Ok(ssh(Some("h")))
        );
        let message = read(kind, &[("known_hosts", "h")]).unwrap_err().to_string();
        assert_eq!(message, "key ssh-privatekey is missing in the secret");
    }

    #[test]
    fn github_app() {
        let id = ("github_app_id", "1");
        let installation = ("github_app_installation_id", "22");
        let key = ("github_app_private_key", "k");
        assert_eq!(read("Opaque", &[]), Ok(None));
        assert_eq!(read("Opaque", &[id, key]), Ok(None));
        let app = Credentials::GithubApp {
            application: 1,
            installation: 22,
            private_key: "k".into(),
        };
        assert_eq!(read("Opaque", &[id, installation, key]), Ok(Some(app)));
        assert!(read("Opaque", &[("github_app_id", "one"), installation, key]).is_err());
    }

    #[test]
    fn never_printed() {
        let text = format!(
            "{:?}",
            read("kubernetes.io/basic-auth", &[("username", "u"), ("password", "hidden")])
        );
        assert!(!text.contains("hidden"), "{text}");
        let text = format!("{:?}", read("kubernetes.io/basic-auth", &[("password", "hidden")]));
        assert!(!text.contains("hidden"), "{text}");
    }
}
