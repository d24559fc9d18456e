//! A chart's folder in the file system.
#![allow(unreachable_pub)] // A benchmark has this file as a module of its own.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use fleet_core::helm::chart::folder::{ChartFolder, EntryKind};

use super::file_reader::FileReader;

/// A chart's folder in the file system; links are followed, as Helm does.
#[derive(Debug)]
pub struct ChartOnDisk {
    root: PathBuf,
    reader: FileReader,
}

impl ChartOnDisk {
    /// The folder.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            reader: FileReader::default(),
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
        fs::read_dir(self.root.join(folder))?.map(read).collect()
    }

    fn read(&mut self, file: &str) -> io::Result<Arc<[u8]>> {
        self.reader.read(&self.root.join(file))
    }
}
