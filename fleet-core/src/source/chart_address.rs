//! The source string of a chart: `helm.chart` where there is no `helm.repo`, and what an index resolves to.
//!
//! # Grammar
//!
//! | text | what it is |
//! |---|---|
//! | `git::ADDRESS`, `ssh::ADDRESS` | a git repository, whatever the address looks like |
//! | `http::ADDRESS`, `https::ADDRESS` | a download |
//! | `git://…`, `ssh://…`, `USER@HOST:PATH` | a git repository |
//! | `http://…`, `https://…` | a download: a git repository over https needs `git::` |
//! | `github.com/USER/NAME[/FOLDER]`, likewise `gitlab.com`, `bitbucket.org` | a git repository over https |
//! | anything else | a path |
//!
//! `//FOLDER` after the address, before its query, is a folder in it. Of a git repository's query `ref`, `depth` and `sshkey` are
//! taken out, of a download's `checksum` and `archive`; what else it has stays as it is, in its order.
//!
//! Source: Fleet, after go-getter. Nothing is fetched here.

use base64::{Engine as _, alphabet, engine::GeneralPurpose, engine::general_purpose as base64_engines};

use super::{Secret, SourceError, redact};
use crate::tree::path;

/// Where a chart is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChartAddress {
    /// A git repository.
    Git {
        /// Its address, without what follows.
        url: String,
        /// A branch, tag or commit; empty is the default branch.
        reference: String,
        /// How many commits are fetched; 1 where nothing is said.
        depth: u32,
        /// A private key from the address itself.
        ssh_key: Option<Secret>,
        /// A folder in it; empty is all of it.
        folder: String,
    },
    /// A file, or an archive that is unpacked.
    Download {
        /// Its address, without what follows.
        url: String,
        /// `TYPE:HEX` of the bytes; empty is unchecked.
        checksum: String,
        /// The extension that says how it is unpacked; empty goes by the address.
        archive: String,
        /// A folder in it; empty is all of it.
        folder: String,
    },
    /// A path, relative to the folder of the bundle or absolute.
    Path {
        /// The path.
        path: String,
        /// A folder in it; empty is all of it.
        folder: String,
    },
}

impl ChartAddress {
    /// Reads a source string.
    ///
    /// # Errors
    /// [`SourceError::InvalidUrl`], with passwords and keys left out: a folder that leaves the source, a depth that is no positive number,
    /// a key that is not base64, a shorthand that names no repository.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        let invalid = |reason: String| SourceError::InvalidUrl {
            url: redact(text),
            reason,
        };
        let (forced, rest) = forced(text);
        let (address, folder) = split_folder(rest);
        let folder = path::inside(&folder)
            .filter(|_| !folder.starts_with('/'))
            .ok_or_else(|| invalid(format!("the folder {folder:?} leaves it")))?;
        match forced {
            Some("git" | "ssh") => git(&ssh_form(&address), folder).map_err(invalid),
            Some(_) => Ok(download(&address, folder)),
            None => match address.split_once("://") {
                Some(("git" | "ssh", _)) => git(&address, folder).map_err(invalid),
                Some(("http" | "https", _)) => Ok(download(&address, folder)),
                _ => match shorthand(&address, &folder).map_err(invalid)? {
                    Some((url, folder)) => git(&url, folder).map_err(invalid),
                    None if ssh_form(&address) != address => git(&ssh_form(&address), folder).map_err(invalid),
                    None => Ok(Self::Path { path: address, folder }),
                },
            },
        }
    }
}

/// The prefix that says what an address is, where there is one of the four.
fn forced(text: &str) -> (Option<&str>, &str) {
    match text.split_once("::") {
        Some((prefix @ ("git" | "ssh" | "http" | "https"), rest)) => (Some(prefix), rest),
        _ => (None, text),
    }
}

/// An address and the folder after `//`; a query that follows the folder goes back to the address.
fn split_folder(text: &str) -> (String, String) {
    let start = text.find("://").map_or(0, |at| at + 3);
    let end = text.find('?').unwrap_or(text.len()).max(start);
    match text[start..end].find("//") {
        None => (text.to_owned(), String::new()),
        Some(at) => {
            let at = start + at;
            let folder = text[at + 2..end].to_owned();
            (format!("{}{}", &text[..at], &text[end..]), folder)
        }
    }
}

/// `user@host:path` as `ssh://user@host/path`; anything else stays.
fn ssh_form(address: &str) -> String {
    if address.contains("://") {
        return address.to_owned();
    }
    let parts = address.split_once(':').and_then(|(host, path)| {
        let (user, name) = host.split_once('@')?;
        (!user.is_empty() && !name.is_empty() && !host.contains('/') && !path.is_empty()).then_some((host, path))
    });
    match parts {
        Some((host, path)) => format!("ssh://{host}/{}", path.trim_start_matches('/')),
        None => address.to_owned(),
    }
}

/// The repository and folder of a hosting service's short form.
fn shorthand(address: &str, folder: &str) -> Result<Option<(String, String)>, String> {
    let (path, query) = address
        .split_once('?')
        .map_or((address, ""), |(path, query)| (path, query));
    let parts: Vec<&str> = path.split('/').collect();
    if !matches!(parts[0], "github.com" | "gitlab.com" | "bitbucket.org") {
        return Ok(None);
    }
    let [host, user, name, below @ ..] = parts.as_slice() else {
        return Err(format!("{} addresses are {}/USER/NAME", parts[0], parts[0]));
    };
    let mut url = format!("https://{host}/{user}/{}.git", name.trim_end_matches(".git"));
    if !query.is_empty() {
        url.push_str(&format!("?{query}"));
    }
    let below = path::join(below.iter().copied().chain([folder]));
    let inside = path::inside(&below).ok_or_else(|| format!("the folder {below:?} leaves it"))?;
    Ok(Some((url, inside)))
}

/// The parameters of these names, and the address without them.
fn take_parameters<const N: usize>(address: &str, names: [&str; N]) -> (String, [Option<String>; N]) {
    let mut found = [const { None }; N];
    let Some((url, query)) = address.split_once('?') else {
        return (address.to_owned(), found);
    };
    let mut kept = Vec::new();
    for parameter in query.split('&') {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match names.iter().position(|known| *known == name) {
            Some(at) if found[at].is_none() => {
                found[at] = Some(super::url::percent_decode(value).unwrap_or_else(|| value.to_owned()))
            }
            Some(_) => {}
            None => kept.push(parameter),
        }
    }
    let query = if kept.is_empty() {
        String::new()
    } else {
        format!("?{}", kept.join("&"))
    };
    (format!("{url}{query}"), found)
}

fn git(address: &str, folder: String) -> Result<ChartAddress, String> {
    let (url, [reference, depth, key]) = take_parameters(address, ["ref", "depth", "sshkey"]);
    let depth = match depth.filter(|depth| !depth.is_empty()) {
        None => 1,
        Some(depth) => depth
            .parse::<u32>()
            .ok()
            .filter(|depth| *depth > 0)
            .ok_or_else(|| format!("the depth {depth:?} is no positive number"))?,
    };
    let ssh_key = match key.filter(|key| !key.is_empty()) {
        None => None,
        Some(_) if url.starts_with("http") => return Err("?sshkey= is not supported for https URLs".to_owned()),
        Some(key) => Some(ssh_key(&key)?),
    };
    Ok(ChartAddress::Git {
        url,
        reference: reference.unwrap_or_default(),
        depth,
        ssh_key,
        folder,
    })
}

fn ssh_key(key: &str) -> Result<Secret, String> {
    // A plus that was not escaped arrives as a space.
    let key = key.replace(' ', "+");
    let padded = GeneralPurpose::new(&alphabet::URL_SAFE, base64_engines::PAD);
    let decoders: [&GeneralPurpose; 3] = [&base64_engines::URL_SAFE_NO_PAD, &base64_engines::STANDARD, &padded];
    let bytes = decoders.iter().find_map(|decoder| decoder.decode(&key).ok());
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.map(Secret::new)
        .ok_or_else(|| "the sshkey is not base64".to_owned())
}

fn download(address: &str, folder: String) -> ChartAddress {
    let (url, [checksum, archive]) = take_parameters(address, ["checksum", "archive"]);
    ChartAddress::Download {
        url,
        checksum: checksum.unwrap_or_default(),
        archive: archive.unwrap_or_default(),
        folder,
    }
}
