//! Addresses of repositories: which transport they mean, and how they are shown without what is secret in them.
//!
//! Accepted are `http`, `https`, `ssh`, `git+ssh`, `ssh+git`, `git` and `file` URLs, `[user@]host:path` as `scp` writes
//! it, and absolute paths. Nothing else: in particular no other program's transport can be named.

use super::{Secret, SourceError};

/// Longest address, in bytes, as in Fleet.
const MAXIMUM_LENGTH: usize = 2048;
/// What stands in the place of a secret.
const HIDDEN: &str = "xxxxx";

/// How a repository is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// Plain http.
    Http,
    /// Http by TLS.
    Https,
    /// The `ssh` program.
    Ssh,
    /// Git's own protocol, which knows neither secrecy nor users.
    Git,
    /// This machine's file system.
    File,
}

/// The address of a repository, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryUrl {
    transport: Transport,
    username: Option<Secret>,
    password: Option<Secret>,
    host: String,
    port: Option<u16>,
    path: String,
}

impl RepositoryUrl {
    /// Takes an address apart.
    ///
    /// # Errors
    ///
    /// [`SourceError::InvalidUrl`], with the address without its secrets.
    pub fn parse(url: &str) -> Result<Self, SourceError> {
        let refuse = |reason: &str| {
            Err(SourceError::InvalidUrl {
                url: redact(url),
                reason: reason.to_owned(),
            })
        };
        if url.len() > MAXIMUM_LENGTH {
            let start: String = url.chars().take(40).collect();
            let reason = format!(
                "it is too long: {} bytes, where {MAXIMUM_LENGTH} are allowed",
                url.len()
            );
            return Err(SourceError::InvalidUrl {
                url: redact(&start),
                reason,
            });
        }
        if url.is_empty() {
            return refuse("it is empty");
        }
        if url.chars().any(|character| character.is_control()) {
            return refuse("it contains a control character");
        }
        let Some((scheme, rest)) = url.split_once("://") else {
            return Self::parse_short(url);
        };
        let transport = match scheme.to_ascii_lowercase().as_str() {
            "http" => Transport::Http,
            "https" => Transport::Https,
            "ssh" | "git+ssh" | "ssh+git" => Transport::Ssh,
            "git" => Transport::Git,
            "file" => Transport::File,
            other => {
                return refuse(&format!(
                    "scheme {other:?} is not known: http, https, ssh, git and file are"
                ));
            }
        };
        if transport == Transport::File {
            let path = rest.strip_prefix("localhost").unwrap_or(rest);
            return match percent_decode(path) {
                Some(path) if path.starts_with('/') => Ok(Self::file(path)),
                _ => refuse("a file URL has an absolute path: file:///path"),
            };
        }
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let (user_info, host_port) = match authority.rsplit_once('@') {
            Some((user_info, host_port)) => (Some(user_info), host_port),
            None => (None, authority),
        };
        let (username, password) = match user_info {
            None => (None, None),
            Some(user_info) => {
                let (name, password) = match user_info.split_once(':') {
                    Some((name, password)) => (name, Some(password)),
                    None => (user_info, None),
                };
                let Some(name) = percent_decode(name) else {
                    return refuse("its user name is not well escaped");
                };
                let password = match password.map(percent_decode) {
                    Some(None) => return refuse("its password is not well escaped"),
                    Some(Some(password)) => Some(Secret::new(password)),
                    None => None,
                };
                (Some(name).filter(|name| !name.is_empty()).map(Secret::new), password)
            }
        };
        let (host, port) = match split_port(host_port) {
            Some((host, None)) => (host, None),
            Some((host, Some(port))) => match port.parse() {
                Ok(port) => (host, Some(port)),
                Err(_) => return refuse("its port is not a number from 0 to 65535"),
            },
            None => return refuse("its host is not well formed"),
        };
        if !is_host(host) {
            return refuse("its host is not well formed");
        }
        if path.trim_matches('/').is_empty() {
            return refuse("it has no path");
        }
        Ok(Self {
            transport,
            username,
            password,
            host: host.to_owned(),
            port,
            path: path.to_owned(),
        })
    }

    /// An absolute path, or `[user@]host:path`.
    fn parse_short(url: &str) -> Result<Self, SourceError> {
        let refuse = |reason: &str| {
            Err(SourceError::InvalidUrl {
                url: redact(url),
                reason: reason.to_owned(),
            })
        };
        if url.starts_with('/') {
            return Ok(Self::file(url.to_owned()));
        }
        let Some((host, path)) = url.split_once(':') else {
            return refuse("failed to parse it: it is neither a URL nor user@host:path nor an absolute path");
        };
        let (username, host) = match host.rsplit_once('@') {
            Some((username, host)) => (Some(username), host),
            None => (None, host),
        };
        let path_ok = !path.starts_with(':') && !path.trim_matches('/').is_empty();
        if !is_host(host) || username.is_some_and(|name| !is_user(name)) || !path_ok {
            return refuse("failed to parse it: it is neither a URL nor user@host:path nor an absolute path");
        }
        Ok(Self {
            transport: Transport::Ssh,
            username: username.map(Secret::from),
            password: None,
            host: host.to_owned(),
            port: None,
            path: path.to_owned(),
        })
    }

    fn file(path: String) -> Self {
        Self {
            transport: Transport::File,
            username: None,
            password: None,
            host: String::new(),
            port: None,
            path,
        }
    }

    /// How the repository is reached.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// The user's name that the address brings.
    pub fn username(&self) -> Option<&Secret> {
        self.username.as_ref()
    }

    /// The password that the address brings.
    pub fn password(&self) -> Option<&Secret> {
        self.password.as_ref()
    }

    /// The host; empty for a file.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, where the address names one.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The path on the host, for an http URL still escaped and with its query. It has a leading slash, but for
    /// `user@host:path`, where it counts from the user's home.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether both lead to the same server by the same transport, so that credentials of one may be sent to the other.
    pub fn same_server(&self, other: &Self) -> bool {
        self.transport == other.transport
            && self.host.eq_ignore_ascii_case(&other.host)
            && self.effective_port() == other.effective_port()
    }

    fn effective_port(&self) -> u16 {
        self.port.unwrap_or(match self.transport {
            Transport::Http => 80,
            Transport::Https => 443,
            Transport::Ssh => 22,
            Transport::Git => 9418,
            Transport::File => 0,
        })
    }

    /// The address without user and password: what is shown, and what is asked for over http. A file is its path.
    pub fn address(&self) -> String {
        self.render(None)
    }

    /// The address with its user (`git` where ssh has none), without a password: what the `ssh` program needs.
    pub fn address_with_user(&self) -> String {
        let name = match (&self.username, self.transport) {
            (Some(name), _) => Some(name.expose()),
            (None, Transport::Ssh) => Some("git"),
            (None, _) => None,
        };
        self.render(name)
    }

    fn render(&self, username: Option<&str>) -> String {
        let scheme = match self.transport {
            Transport::Http => "http",
            Transport::Https => "https",
            Transport::Ssh => "ssh",
            Transport::Git => "git",
            Transport::File => return self.path.clone(),
        };
        let user = username
            .map(|name| format!("{}@", percent_encode(name)))
            .unwrap_or_default();
        if !self.path.starts_with('/') {
            return format!("{user}{}:{}", self.host, self.path);
        }
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{scheme}://{user}{}{port}{}", self.host, self.path)
    }

    /// The address that a submodule's `url` means in a repository of this address: as git, `./` and `../` count from
    /// the repository itself, and anything else stands for itself. User and password are kept on the same server.
    ///
    /// # Errors
    ///
    /// [`SourceError::InvalidUrl`] when it is no address or climbs above the host's root.
    pub fn join(&self, url: &str) -> Result<Self, SourceError> {
        if !(url.starts_with("./") || url.starts_with("../") || url == "." || url == "..") {
            let mut other = Self::parse(url)?;
            if other.same_server(self) && other.username.is_none() {
                other.username.clone_from(&self.username);
                other.password.clone_from(&self.password);
            }
            return Ok(other);
        }
        let mut parts: Vec<&str> = self.path.trim_end_matches('/').split('/').collect();
        let floor = usize::from(self.path.starts_with('/'));
        for part in url.split('/') {
            match part {
                "" | "." => {}
                ".." if parts.len() > floor => {
                    parts.pop();
                }
                ".." => {
                    let reason = "it climbs above the root of the host".to_owned();
                    return Err(SourceError::InvalidUrl {
                        url: url.to_owned(),
                        reason,
                    });
                }
                part => parts.push(part),
            }
        }
        Ok(Self {
            path: parts.join("/"),
            ..self.clone()
        })
    }
}

/// An address or any text as it may be shown: passwords, and user names that may be tokens, become `xxxxx`, and an
/// `sshkey` parameter is left out.
pub fn redact(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let scheme_start = rest[..at]
            .rfind(|c: char| !c.is_ascii_alphanumeric() && c != '+')
            .map_or(0, |at| at + 1);
        let scheme = &rest[scheme_start..at];
        let after = at + 3;
        shown.push_str(&rest[..after]);
        rest = &rest[after..];
        let end = rest.find(['/', '?', '#', ' ', '"', '\'', '\n']).unwrap_or(rest.len());
        if let Some(at) = rest[..end].rfind('@') {
            match rest[..at].split_once(':') {
                Some((name, _)) => shown.extend([name, ":", HIDDEN]),
                None if scheme.contains("ssh") => shown.push_str(&rest[..at]),
                None => shown.push_str(HIDDEN),
            }
            rest = &rest[at..];
        }
    }
    shown.push_str(rest);
    for mark in ["?sshkey=", "&sshkey="] {
        while let Some(at) = shown.find(mark) {
            let end = shown[at + 1..]
                .find(['&', ' ', '"'])
                .map_or(shown.len(), |end| at + 1 + end);
            if shown[end..].starts_with('&') && mark.starts_with('?') {
                shown.replace_range(at + 1..=end, "");
            } else {
                shown.replace_range(at..end, "");
            }
        }
    }
    shown
}

/// Host and port; an IPv6 address stands in brackets.
fn split_port(text: &str) -> Option<(&str, Option<&str>)> {
    if text.starts_with('[') {
        let end = text.find(']')? + 1;
        return match &text[end..] {
            "" => Some((text, None)),
            port => Some((&text[..end], Some(port.strip_prefix(':')?))),
        };
    }
    Some(match text.rsplit_once(':') {
        Some((host, "")) => (host, None),
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    })
}

/// A host that no program takes for an option.
fn is_host(text: &str) -> bool {
    if let Some(address) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        return !address.is_empty()
            && address
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'));
    }
    !text.is_empty()
        && !text.starts_with(['-', '.'])
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | '_'))
}

/// A user's name that no program takes for an option.
fn is_user(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+".contains(&b))
}

pub(super) fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
            let (high, low) = (digit(rest.next())?, digit(rest.next())?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn percent_encode(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~+".contains(&byte) {
            shown.push(char::from(byte));
        } else {
            shown.push_str(&format!("%{byte:02X}"));
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(url: &str) -> String {
        RepositoryUrl::parse(url).unwrap().address_with_user()
    }

    #[test]
    fn accepted() {
        for (url, transport, want) in [
            ("http://host/a/b", Transport::Http, "http://host/a/b"),
            ("HTTPS://host:8443/a.git", Transport::Https, "https://host:8443/a.git"),
            ("https://host/a?x=y", Transport::Https, "https://host/a?x=y"),
            ("ssh://host/a", Transport::Ssh, "ssh://git@host/a"),
            ("ssh://me@host:2222/a", Transport::Ssh, "ssh://me@host:2222/a"),
            ("git+ssh://me@host/a", Transport::Ssh, "ssh://me@host/a"),
            ("git://host/a", Transport::Git, "git://host/a"),
            ("git@github.com:a/b.git", Transport::Ssh, "git@github.com:a/b.git"),
            ("host:/srv/a", Transport::Ssh, "ssh://git@host/srv/a"),
            ("https://[::1]:80/a", Transport::Https, "https://[::1]:80/a"),
            ("/srv/a b", Transport::File, "/srv/a b"),
            ("file:///srv/a%20b", Transport::File, "/srv/a b"),
        ] {
            let parsed = RepositoryUrl::parse(url).unwrap();
            assert_eq!(
                (parsed.transport(), parsed.address_with_user().as_str()),
                (transport, want),
                "{url}"
            );
        }
        let parsed = RepositoryUrl::parse("https://me:p%40ss@host/a").unwrap();
        assert_eq!(parsed.username().unwrap().expose(), "me");
        assert_eq!(parsed.password().unwrap().expose(), "p@ss");
        assert_eq!(parsed.address(), "https://host/a");
    }

    #[test]
    fn refused() {
        let long = format!("https://host/{}", "a".repeat(2048));
        for (url, reason) in [
            ("ftp://host/a", "scheme \"ftp\""),
            ("ext::sh -c x", "failed to parse"),
            ("foo", "failed to parse"),
            ("./foo", "failed to parse"),
            ("", "empty"),
            (&long, "too long"),
            ("https://host", "no path"),
            ("https://host:99999/a", "port"),
            ("ssh://-oProxyCommand=x/a", "host"),
            ("-oProxyCommand=x:a", "failed to parse"),
            ("-x@host:a", "failed to parse"),
            ("https:///a", "host"),
            ("file://a/b", "absolute"),
            ("https://host/a\nb", "control"),
        ] {
            let error = RepositoryUrl::parse(url).unwrap_err().to_string();
            assert!(error.contains(reason), "{url}: {error}");
        }
    }

    #[test]
    fn shown_without_secrets() {
        for (text, want) in [
            ("https://me:pass@host/a", "https://me:xxxxx@host/a"),
            ("https://token@host/a", "https://xxxxx@host/a"),
            ("ssh://git@host/a", "ssh://git@host/a"),
            (
                "cannot get 'https://a:b@c/d': https://e:f@g",
                "cannot get 'https://a:xxxxx@c/d': https://e:xxxxx@g",
            ),
            ("git::ssh://git@h/a?ref=x&sshkey=abc", "git::ssh://git@h/a?ref=x"),
            ("git::ssh://git@h/a?sshkey=abc&ref=x", "git::ssh://git@h/a?ref=x"),
            ("host/a", "host/a"),
            ("https://a@b@host/x", "https://xxxxx@host/x"),
        ] {
            assert_eq!(redact(text), want);
        }
    }

    #[test]
    fn submodules() {
        let base = RepositoryUrl::parse("https://me:pass@host/team/app.git").unwrap();
        let join = |url: &str| base.join(url).map(|url| url.address_with_user());
        assert_eq!(join("../lib.git").unwrap(), "https://me@host/team/lib.git");
        assert_eq!(join("./lib").unwrap(), "https://me@host/team/app.git/lib");
        assert_eq!(join("https://host/x").unwrap(), "https://me@host/x");
        assert_eq!(join("https://other/x").unwrap(), "https://other/x");
        assert!(join("../../../../x").is_err());
        assert!(join("ftp://x/y").is_err());
        assert_eq!(address("git@h:a/b"), "git@h:a/b");
        assert_eq!(
            RepositoryUrl::parse("me@h:a/b")
                .unwrap()
                .join("../c")
                .unwrap()
                .address(),
            "h:a/c"
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text(text in ".{0,60}") {
            let _ = redact(&text);
            if let Ok(url) = RepositoryUrl::parse(&text) {
                let _ = url.join(&text);
                let again = RepositoryUrl::parse(&url.address_with_user());
                proptest::prop_assert_eq!(again.map(|url| url.address()), Ok(url.address()));
            }
        }
    }
}
