//! The file system as a source of files.

use std::{fs, sync::Arc};

use fleet_core::kustomize::{Files, Found};

/// The file system: bases may lie anywhere, and only what a build asks for is read.
#[derive(Clone, Copy, Debug)]
pub struct Disk;

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
        fs::read(path)
            .map(Arc::from)
            .map_err(|error| format!("open {path}: {error}"))
    }
}
