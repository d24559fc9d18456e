//! Files to the resources of a bundle and back: text as it is, everything else gzip in base64.
//!
//! Go's deflate output cannot be had otherwise, and the compressed text is part of what a deployment ID is a hash of. So
//! [`keep_known`] takes the text over where the existing bundle holds the same bytes.

use std::io::{Read, Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, GzBuilder, read::MultiGzDecoder};

use crate::api::BundleResource;

/// The encoding of compressed resources.
pub const COMPRESSED: &str = "base64+gz";

/// Why a resource could not be unpacked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    /// Neither empty nor `base64`, `gz` or `base64+gz`.
    #[error("resource {name:?}: unknown encoding {encoding:?}")]
    UnknownEncoding {
        /// The resource.
        name: String,
        /// Its encoding.
        encoding: String,
    },
    /// Content that is not what its encoding says.
    #[error("resource {name:?}: broken {encoding} content: {problem}")]
    Broken {
        /// The resource.
        name: String,
        /// Its encoding.
        encoding: String,
        /// What is the matter.
        problem: String,
    },
    /// More bytes than the caller takes.
    #[error("resource {name:?}: more than {limit} bytes")]
    TooLarge {
        /// The resource.
        name: String,
        /// The limit.
        limit: u64,
    },
}

/// A resource of a file: UTF-8 text as it is unless `compress`, anything else compressed.
pub fn pack(name: &str, content: &[u8], compress: bool) -> BundleResource {
    let mut resource = BundleResource {
        name: name.to_owned(),
        ..BundleResource::default()
    };
    match std::str::from_utf8(content) {
        Ok(text) if !compress => text.clone_into(&mut resource.content),
        _ => {
            resource.content = STANDARD.encode(gzip(content));
            COMPRESSED.clone_into(&mut resource.encoding);
        }
    }
    resource
}

/// Gzip without name and time, so that the same bytes give the same bytes. The operating system is "unknown", as Go writes it.
pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzBuilder::new()
        .operating_system(255)
        .write(Vec::new(), Compression::best());
    encoder
        .write_all(content)
        .and_then(|()| encoder.finish())
        .expect("because writing to memory does not fail")
}

/// The file's bytes.
///
/// # Errors
/// [`PackError`]; more than `limit` bytes is one, so that a small resource cannot fill the memory.
pub fn unpack(resource: &BundleResource, limit: u64) -> Result<Vec<u8>, PackError> {
    let name = || resource.name.clone();
    let broken = |problem: String| PackError::Broken {
        name: name(),
        encoding: resource.encoding.clone(),
        problem,
    };
    let base64 = || {
        STANDARD
            .decode(&resource.content)
            .map_err(|error| broken(error.to_string()))
    };
    let compressed = match resource.encoding.as_str() {
        "" => return Ok(resource.content.clone().into_bytes()),
        "base64" => return base64(),
        "gz" => resource.content.clone().into_bytes(),
        COMPRESSED => base64()?,
        other => {
            return Err(PackError::UnknownEncoding {
                name: name(),
                encoding: other.to_owned(),
            });
        }
    };
    gunzip(&compressed, limit).map_err(|error| match error {
        GunzipError::TooLarge => PackError::TooLarge { name: name(), limit },
        GunzipError::Broken(problem) => broken(problem),
    })
}

pub(crate) enum GunzipError {
    TooLarge,
    Broken(String),
}

pub(crate) fn gunzip(compressed: &[u8], limit: u64) -> Result<Vec<u8>, GunzipError> {
    let mut content = Vec::new();
    let mut reader = MultiGzDecoder::new(compressed).take(limit.saturating_add(1));
    reader
        .read_to_end(&mut content)
        .map_err(|error| GunzipError::Broken(error.to_string()))?;
    if content.len() as u64 > limit {
        Err(GunzipError::TooLarge)
    } else {
        Ok(content)
    }
}

/// Takes over the text of every known resource of the same name, encoding and bytes, however it was compressed; and of a lock of
/// dependencies that the scan made, whatever time it has.
pub fn keep_known(resources: &mut [BundleResource], known: &[BundleResource], limit: u64) {
    let known: std::collections::HashMap<&str, &BundleResource> = known
        .iter()
        .map(|resource| (resource.name.as_str(), resource))
        .collect();
    for resource in resources {
        let Some(old) = known.get(resource.name.as_str()) else {
            continue;
        };
        if resource.encoding.is_empty() {
            if is_lock(&resource.name) && is_made_anew(&old.content, &resource.content) {
                resource.content.clone_from(&old.content);
            }
            continue;
        }
        let same = old.encoding == resource.encoding
            && old.content != resource.content
            && matches!((unpack(old, limit), unpack(resource, limit)), (Ok(old), Ok(new)) if old == new);
        if same {
            resource.content.clone_from(&old.content);
        }
    }
}

fn is_lock(name: &str) -> bool {
    matches!(crate::tree::path::base(name), "Chart.lock" | "requirements.lock")
}

/// Whether a lock is another one but for its time, which a scan leaves at zero: Fleet writes the time of the scan there, and a release
/// is not made again for it.
fn is_made_anew(old: &str, new: &str) -> bool {
    let start = new.strip_suffix("generated: \"0001-01-01T00:00:00Z\"\n");
    let rest = start.and_then(|start| old.strip_prefix(start)?.strip_prefix("generated: "));
    rest.is_some_and(|time| time.trim_end_matches('\n').split('\n').count() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_and_unpacks() {
        for (content, compress, encoding) in [
            (&b"a: b\n"[..], false, ""),
            (b"a: b\n", true, COMPRESSED),
            (b"\xff\x00", false, COMPRESSED),
            (b"", false, ""),
        ] {
            let resource = pack("x", content, compress);
            assert_eq!(resource.encoding, encoding);
            assert_eq!(unpack(&resource, 100).as_deref(), Ok(content));
        }
        let bomb = pack("x", &vec![0; 100_000], true);
        assert_eq!(
            unpack(&bomb, 1000),
            Err(PackError::TooLarge {
                name: "x".into(),
                limit: 1000
            })
        );
    }

    #[test]
    fn keeps_a_known_compression() {
        let old = BundleResource {
            name: "x".into(),
            content: STANDARD.encode({
                let mut encoder = GzBuilder::new().write(Vec::new(), Compression::none());
                encoder.write_all(b"\xffabc").unwrap();
                encoder.finish().unwrap()
            }),
            encoding: COMPRESSED.into(),
        };
        let mut new = vec![pack("x", b"\xffabc", false), pack("y", b"\xff", false)];
        let other = new[1].clone();
        keep_known(&mut new, std::slice::from_ref(&old), 1000);
        assert_eq!(new, [old, other]);
    }

    #[test]
    fn keeps_the_time_of_a_known_lock() {
        let lock = |name: &str, version: &str, time: &str| {
            let text = format!("dependencies:\n- version: {version}\ndigest: x\ngenerated: \"{time}\"\n");
            pack(name, text.as_bytes(), false)
        };
        let zero = "0001-01-01T00:00:00Z";
        let old = lock("a/Chart.lock", "1.0.0", "2026-01-02T03:04:05.6Z");
        let known = std::slice::from_ref(&old);
        for (new, kept) in [
            (lock("a/Chart.lock", "1.0.0", zero), true),
            (lock("a/Chart.lock", "1.0.1", zero), false),
            (lock("a/Chart.lock", "1.0.0", "2026-02-02T03:04:05Z"), false),
            (lock("b/Chart.lock", "1.0.0", zero), false),
        ] {
            let mut resources = [new.clone()];
            keep_known(&mut resources, known, 1000);
            assert_eq!(resources[0] == old, kept, "{new:?}");
            assert!(kept || resources[0] == new);
        }
    }
}
