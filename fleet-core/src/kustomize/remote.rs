//! Resources from elsewhere: how an entry names a git repository or a URL, and which ones a build needs.

use std::{collections::BTreeSet, time::Duration};

use serde::Serialize;

/// A repository, as an entry of `resources`, `components` or the like names it (kustomize v5.8.1 `internal/git`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct GitAddress {
    /// What to clone.
    pub repository: String,
    /// The folder in it, `""` for its root.
    pub path: String,
    /// A branch, tag or commit; none is the default branch.
    pub reference: Option<String>,
    /// Fetch submodules too.
    pub submodules: bool,
    /// How long fetching may take.
    pub timeout: Duration,
}

/// What a build needs from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub enum RemoteAddress {
    /// A file by `GET`.
    Http(String),
    /// A folder of a repository.
    Git(GitAddress),
}

/// A resource that has to be supplied for a build to succeed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct RemoteResource {
    /// The entry as the kustomization has it, by which it is supplied.
    pub entry: String,
    /// Where it can be had; an `http` address that is no file may be a repository.
    pub addresses: Vec<RemoteAddress>,
}

impl RemoteResource {
    /// What an entry needs; `None` if it is local.
    pub fn of(entry: &str) -> Option<Self> {
        let mut addresses = Vec::new();
        if is_http(entry) {
            addresses.push(RemoteAddress::Http(entry.to_owned()));
        }
        addresses.extend(GitAddress::parse(entry).map(RemoteAddress::Git));
        (!addresses.is_empty()).then(|| Self {
            entry: entry.to_owned(),
            addresses,
        })
    }
}

/// True for what is fetched as a file first.
pub(super) fn is_http(entry: &str) -> bool {
    let scheme = entry.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https"))
}

impl GitAddress {
    /// Reads an entry; `None` if it names no repository.
    pub fn parse(entry: &str) -> Option<Self> {
        let text = entry.strip_prefix("git::").unwrap_or(entry);
        let (text, query) = text.split_once('?').unwrap_or((text, ""));
        let mut address = Self {
            repository: String::new(),
            path: String::new(),
            reference: None,
            submodules: true,
            timeout: Duration::from_secs(27),
        };
        for pair in query.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            match key {
                "ref" if !value.is_empty() => address.reference = Some(value.to_owned()),
                "version" if !value.is_empty() && address.reference.is_none() => {
                    address.reference = Some(value.to_owned())
                }
                "timeout" => {
                    let seconds = value
                        .parse::<u64>()
                        .ok()
                        .or_else(|| value.strip_suffix('s')?.parse().ok());
                    address.timeout = seconds.map_or(address.timeout, Duration::from_secs);
                }
                "submodules" => address.submodules = !matches!(value, "false" | "0" | "f" | "F" | "FALSE" | "False"),
                _ => {}
            }
        }
        let (host, rest) = split_host(text)?;
        let (repository, path) = split_repository(&host, rest)?;
        let path = path.trim_matches('/');
        if path.split('/').any(|part| part == "..") {
            return None;
        }
        address.repository = format!("{host}{repository}");
        path.clone_into(&mut address.path);
        Some(address)
    }
}

/// The part up to the repository's path (`https://github.com/`, `git@host:`), and the rest.
fn split_host(text: &str) -> Option<(String, &str)> {
    let lower = text.to_ascii_lowercase();
    for scheme in ["https://", "http://", "ssh://"] {
        if lower.starts_with(scheme) {
            let rest = &text[scheme.len()..];
            let (host, path) = rest.split_once('/')?;
            let bare = host.to_ascii_lowercase();
            if matches!(bare.as_str(), "github.com" | "www.github.com") && scheme != "ssh://" {
                return Some(("https://github.com/".to_owned(), path));
            }
            return Some((format!("{scheme}{host}/"), path));
        }
    }
    if lower.starts_with("file://") {
        return Some(("file://".to_owned(), &text[7..]));
    }
    if lower.starts_with("github.com/") || lower.starts_with("github.com:") {
        return Some(("https://github.com/".to_owned(), &text[11..]));
    }
    let (user, rest) = text.split_once('@')?;
    if user.is_empty() || user.contains(['/', ':']) {
        return None;
    }
    let (host, path) = rest.split_once([':', '/'])?;
    let separator = if rest[host.len()..].starts_with(':') { ':' } else { '/' };
    Some((format!("{user}@{host}{separator}"), path))
}

/// The repository's path and the folder in it.
fn split_repository<'a>(host: &str, rest: &'a str) -> Option<(String, &'a str)> {
    if rest.trim_matches('/').is_empty() {
        return None;
    }
    if let Some(at) = rest.find("_git/") {
        let name_end = rest[at + 5..].find('/').map_or(rest.len(), |end| at + 5 + end);
        return Some((rest[..name_end].to_owned(), &rest[name_end..]));
    }
    if let Some((repository, path)) = rest.split_once("//") {
        return (!repository.is_empty() || host == "file://").then(|| (repository.to_owned(), path));
    }
    if let Some(at) = rest.find(".git") {
        let end = at + 4;
        if rest[end..].is_empty() || rest[end..].starts_with('/') {
            return Some((rest[..end].to_owned(), &rest[end..]));
        }
    }
    if host == "file://" {
        return Some((rest.to_owned(), ""));
    }
    let mut slashes = rest.match_indices('/').map(|(at, _)| at);
    let first = slashes.next()?;
    if first + 1 == rest.len() {
        return None;
    }
    let end = slashes.next().unwrap_or(rest.len());
    let repository = &rest[..end];
    let suffix = if host == "https://github.com/" { ".git" } else { "" };
    Some((format!("{repository}{suffix}"), &rest[end..]))
}

/// Entries that were asked for and not supplied, in order and each once.
#[derive(Debug, Default)]
pub(super) struct Missing(pub(super) BTreeSet<RemoteResource>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let cases = [
            (
                "https://github.com/org/repo/a/b?ref=v1",
                "https://github.com/org/repo.git",
                "a/b",
                Some("v1"),
            ),
            ("github.com/org/repo", "https://github.com/org/repo.git", "", None),
            (
                "git@github.com:org/repo.git//deploy?ref=x",
                "git@github.com:org/repo.git",
                "deploy",
                Some("x"),
            ),
            (
                "ssh://git@host.example/team/repo.git/base",
                "ssh://git@host.example/team/repo.git",
                "base",
                None,
            ),
            ("https://host.example/a/b//c/d", "https://host.example/a/b", "c/d", None),
            (
                "https://dev.azure.com/o/p/_git/r/base",
                "https://dev.azure.com/o/p/_git/r",
                "base",
                None,
            ),
            ("file:///srv/repo", "file:///srv/repo", "", None),
        ];
        for (entry, repository, path, reference) in cases {
            let address = GitAddress::parse(entry).unwrap();
            assert_eq!(
                (
                    address.repository.as_str(),
                    address.path.as_str(),
                    address.reference.as_deref()
                ),
                (repository, path, reference),
                "{entry}"
            );
        }
        for entry in ["base", "../base", "/abs/base", "a@b", "./x.yaml", "github.com"] {
            assert_eq!(GitAddress::parse(entry), None, "{entry}");
        }
    }
}
