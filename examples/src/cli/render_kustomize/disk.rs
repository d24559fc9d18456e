//! The file system as a source of files.

use std::{cell::RefCell, fs, path::Path, sync::Arc};

use fleet_core::kustomize::{Files, Found};

use crate::cli::file_reader::FileReader;

/// The file system: bases may lie anywhere, and only what a build asks for is read.
#[derive(Debug, Default)]
pub struct Disk {
    reader: RefCell<FileReader>,
}

impl Files for Disk {
    fn lookup(&self, path: &str) -> Found {
        let Ok(metadata) = fs::symlink_metadata(path) else {
            return Found::Nothing;
        };
        let kind = metadata.file_type();
        if kind.is_symlink() {
            fs::read_link(path).map_or(Found::Nothing, |target| {
                Found::Link(target.to_string_lossy().into_owned())
            })
        } else if kind.is_dir() {
            Found::Folder
        } else {
            Found::File
        }
    }

    fn read(&self, path: &str) -> Result<Arc<[u8]>, String> {
        let bytes = self.reader.borrow_mut().read(Path::new(path));
        bytes.map_err(|error| format!("open {path}: {error}"))
    }
}
