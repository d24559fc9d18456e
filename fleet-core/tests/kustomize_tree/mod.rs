//! A tree in memory as a source of files whose root is `/`.

use fleet_core::{
    kustomize::{Files, Found},
    tree::Tree,
};

/// A tree whose root is `/`.
pub(crate) struct Rooted<'a>(pub(crate) &'a Tree);

impl Files for Rooted<'_> {
    fn lookup(&self, path: &str) -> Found {
        let path = path.trim_start_matches('/');
        match self.0.get(path) {
            Some(_) => Found::File,
            None if path.is_empty() || self.0.is_folder(path) => Found::Folder,
            None => Found::Nothing,
        }
    }

    fn read(&self, path: &str) -> Result<std::sync::Arc<[u8]>, String> {
        self.0
            .get(path.trim_start_matches('/'))
            .map(|entry| entry.content.clone())
            .ok_or_else(|| path.to_owned())
    }
}
