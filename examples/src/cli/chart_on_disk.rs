//! A chart's folder in the file system.
#![allow(unreachable_pub)] // A benchmark has this file as a module of its own.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fleet_core::helm::chart::folder::{ChartFolder, EntryKind};

/// Files up to this size are read by one call, into a buffer that is used again.
const BUFFER: usize = 128 << 10;

/// A chart's folder in the file system; links are followed, as Helm does.
#[derive(Debug)]
pub struct ChartOnDisk {
    root: PathBuf,
    buffer: Vec<u8>,
}

impl ChartOnDisk {
    /// The folder.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            buffer: vec![0; BUFFER],
        }
    }

    fn path(&self, path: &str) -> PathBuf {
        if path.is_empty() {
            self.root.clone()
        } else {
            self.root.join(path)
        }
    }
}

impl ChartFolder for ChartOnDisk {
    fn entries(&mut self, folder: &str) -> io::Result<Vec<(String, EntryKind)>> {
        let read = |entry: io::Result<fs::DirEntry>| {
            let entry = entry?;
            let mut kind = entry.file_type()?;
            if kind.is_symlink() {
                kind = fs::metadata(entry.path())?.file_type();
            }
            let kind = match (kind.is_dir(), kind.is_file()) {
                (true, _) => EntryKind::Folder,
                (_, true) => EntryKind::File,
                _ => EntryKind::Irregular,
            };
            Ok((entry.file_name().to_string_lossy().into_owned(), kind))
        };
        fs::read_dir(self.path(folder))?.map(read).collect()
    }

    fn read(&mut self, file: &str) -> io::Result<Arc<[u8]>> {
        read_shared(&self.path(file), &mut self.buffer)
    }
}

/// Reads a file into shared memory without a copy of a large one.
fn read_shared(path: &Path, buffer: &mut [u8]) -> io::Result<Arc<[u8]>> {
    let mut file = File::open(path)?;
    let mut length = 0;
    while length < buffer.len() {
        match file.read(&mut buffer[length..])? {
            0 => return Ok(Arc::from(&buffer[..length])),
            read => length += read,
        }
    }
    let whole = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let mut shared: Arc<[u8]> = std::iter::repeat_n(0, whole.max(length)).collect();
    if let Some(bytes) = Arc::get_mut(&mut shared) {
        bytes[..length].copy_from_slice(&buffer[..length]);
        file.read_exact(&mut bytes[length..])?;
    }
    Ok(shared)
}
