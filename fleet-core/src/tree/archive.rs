//! Tar archives in gzip, read into memory within limits.
//!
//! Whoever unpacks an archive of a stranger decides what its paths may be; this module only bounds what it costs: the
//! number of entries, the size of each and of all, whatever the headers claim.

use std::{io::Read, sync::Arc};

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use tar::EntryType;

/// Bounds on what an archive may cost. The defaults are Helm v4.2.3's for charts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArchiveLimits {
    /// Bytes of all files together, uncompressed.
    pub total_bytes: u64,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Number of entries, folders included.
    pub entries: usize,
}

impl Default for ArchiveLimits {
    fn default() -> Self {
        Self {
            total_bytes: 100 * 1024 * 1024,
            file_bytes: 5 * 1024 * 1024,
            entries: 100_000,
        }
    }
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file.
    File,
    /// A symbolic or hard link, a device or a pipe: something whose bytes are not in the archive.
    Link,
}

/// A file of an archive, with its path as the archive has it: nothing is cleaned or refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveEntry {
    /// The path.
    pub path: String,
    /// The bytes; of a link, none.
    pub content: Arc<[u8]>,
    /// When it was changed.
    pub modified: Option<Timestamp>,
    /// What it is.
    pub kind: EntryKind,
}

/// Why an archive cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// It is no tar in gzip.
    #[error("archive cannot be read: {0}")]
    Broken(#[from] std::io::Error),
    /// All files together are too large.
    #[error("decompressed chart is larger than the maximum size {0}")]
    TooLarge(u64),
    /// One file is too large.
    #[error("decompressed chart file {path:?} is larger than the maximum file size {limit}")]
    FileTooLarge {
        /// The file.
        path: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// There are too many entries.
    #[error("archive has more than {0} entries")]
    TooManyEntries(usize),
}

/// Reads all files of a tar in gzip, in their order. Folders and headers for extensions are left out.
///
/// # Errors
/// The bytes are no such archive, or a limit is exceeded.
pub fn read_tar_gz(archive: &[u8], limits: &ArchiveLimits) -> Result<Vec<ArchiveEntry>, ArchiveError> {
    // Headers and padding count too: 1 KiB for each entry, beside what the files may have.
    let headers = u64::try_from(limits.entries).unwrap_or(u64::MAX).saturating_mul(1024);
    let unpacked = MultiGzDecoder::new(archive).take(limits.total_bytes.saturating_add(headers));
    let mut files = Vec::new();
    let mut left = limits.total_bytes;
    for (count, entry) in tar::Archive::new(unpacked).entries()?.enumerate() {
        if count >= limits.entries {
            return Err(ArchiveError::TooManyEntries(limits.entries));
        }
        let mut entry = entry?;
        let kind = match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => EntryKind::File,
            EntryType::Directory | EntryType::XGlobalHeader | EntryType::XHeader => continue,
            _ => EntryKind::Link,
        };
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if path.ends_with('/') {
            continue;
        }
        let size = entry.size();
        if size > left {
            return Err(ArchiveError::TooLarge(limits.total_bytes));
        }
        if size > limits.file_bytes {
            return Err(ArchiveError::FileTooLarge {
                path,
                limit: limits.file_bytes,
            });
        }
        let mut content = Vec::new();
        if kind == EntryKind::File {
            entry
                .by_ref()
                .take(limits.file_bytes.min(left))
                .read_to_end(&mut content)?;
        }
        left -= size;
        let seconds = entry
            .header()
            .mtime()
            .ok()
            .and_then(|seconds| i64::try_from(seconds).ok());
        let modified = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
        files.push(ArchiveEntry {
            path,
            content: content.into(),
            modified,
            kind,
        });
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (path, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mtime(7);
            builder.append_data(&mut header, path, *content).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    #[test]
    fn files_come_in_their_order() {
        let files = read_tar_gz(&archive(&[("b/x", b"1"), ("a", b"")]), &ArchiveLimits::default()).unwrap();
        let paths: Vec<_> = files
            .iter()
            .map(|file| (file.path.as_str(), file.content.len()))
            .collect();
        assert_eq!(paths, [("b/x", 1), ("a", 0)]);
        assert_eq!(files[0].modified, Some(Timestamp::from_second(7).unwrap()));
    }

    #[test]
    fn limits_hold() {
        let limits = ArchiveLimits {
            total_bytes: 10,
            file_bytes: 6,
            entries: 3,
        };
        let big = archive(&[("a", &[0; 7])]);
        assert!(matches!(
            read_tar_gz(&big, &limits),
            Err(ArchiveError::FileTooLarge { .. })
        ));
        let sum = archive(&[("a", &[0; 6]), ("b", &[0; 6])]);
        assert!(matches!(read_tar_gz(&sum, &limits), Err(ArchiveError::TooLarge(10))));
        let many = archive(&[("a", b""), ("b", b""), ("c", b""), ("d", b"")]);
        assert!(matches!(
            read_tar_gz(&many, &limits),
            Err(ArchiveError::TooManyEntries(3))
        ));
        let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
        bomb.write_all(&vec![0; 4 << 20]).unwrap();
        let read = read_tar_gz(&bomb.finish().unwrap(), &limits);
        assert!(read.is_err() || read.is_ok_and(|files| files.is_empty()));
        assert!(read_tar_gz(b"no archive", &limits).is_err());
    }
}
