//! What gix and ssh report, told apart into the classes of [`SourceError`].
//!
//! gix classifies by remedy, and keeps the transport's own errors as sources; where it has no class of its own (TLS,
//! ssh, a server's refusal in words), the text decides. Texts of servers are hostile: they are cut, and lose control
//! characters and anything that looks like a credential.

use fleet_core::source::{SourceError, redact};

use super::job::Job;

/// Longest message that is passed on, in characters.
const MAXIMUM_LENGTH: usize = 600;

/// Turns an error of gix while talking to a repository into ours. `log` is what the ssh program wrote.
pub(crate) fn classify(job: &Job, error: &gix::Error, log: Option<&str>) -> SourceError {
    if let Some(stopped) = job.stopped() {
        return stopped;
    }
    let log = log.map(str::trim).filter(|log| !log.is_empty());
    let message = shown(&log.map_or_else(|| chain(error), str::to_owned));
    let repository = job.repository.clone();
    let lower = message.to_lowercase();
    let says = |texts: &[&str]| texts.iter().any(|text| lower.contains(text));
    if says(&[
        "host key verification failed",
        "certificate",
        "host key for",
        "host identification has changed",
    ]) {
        return SourceError::Untrusted { repository, message };
    }
    if says(&[
        "repository not found",
        "does not appear to be a git repository",
        "http status 404",
        "not found on this",
    ]) || says(&["repository not exported", "does not exist", "no such file or directory"]) && log.is_some()
    {
        return SourceError::RepositoryMissing { repository, message };
    }
    if error.is_unauthenticated()
        || says(&[
            "http status 401",
            "http status 403",
            "permission denied",
            "invalid format",
        ])
    {
        return SourceError::Authentication { repository, message };
    }
    if says(&["no space left", "read-only file system"]) {
        return SourceError::Storage { repository, message };
    }
    if error.is_resource_exhausted() {
        return job.too_large("one object", job.limits.tree_bytes);
    }
    if error.is_corrupted() && log.is_none() {
        return SourceError::Damaged { repository, message };
    }
    SourceError::Unreachable { repository, message }
}

/// Whether a server refused to give a commit because it is none that a branch or tag names, or because it has none
/// such: it says the same in both cases.
pub(crate) fn refused_commit(error: &gix::Error) -> bool {
    const TEXTS: [&str; 5] = [
        "not our ref",
        "unadvertised object",
        "not advertised",
        "not allow",
        // Where version 0 has begun a pack, gix takes the line `ERR …` for a part of it (69 is `E`).
        "input was malformed: 69",
    ];
    let message = chain(error);
    TEXTS.iter().any(|text| message.contains(text))
}

/// An error of gix while reading what is on disk.
pub(crate) fn damaged(job: &Job, error: &gix::Error) -> SourceError {
    if error.is_resource_exhausted() {
        return job.too_large("one object", job.limits.tree_bytes);
    }
    job.damaged(shown(&chain(error)))
}

/// All messages of an error, outermost first, each once.
pub(crate) fn chain(error: &gix::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for source in error.iter_errors() {
        let part = format!("{source:#}").trim().to_owned();
        if !part.is_empty() && !parts.iter().any(|known| known.contains(&part)) {
            parts.push(part);
        }
    }
    parts.join(": ")
}

/// A text that may be shown.
pub(crate) fn shown(text: &str) -> String {
    let text = redact(text);
    let mut out = String::new();
    for (count, character) in text.trim().chars().enumerate() {
        if count == MAXIMUM_LENGTH {
            out.push('…');
            break;
        }
        if !character.is_control() {
            out.push(character);
        } else if matches!(character, '\n' | '\t') && !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out
}
