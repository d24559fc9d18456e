//! A folder of the file system as a tree: what `fleet apply` scans.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result};
use fleet_core::{
    parallel,
    tree::{Entry, Mode, Tree},
};

use super::file_reader::FileReader;

/// So many folders, each with all that lies in it, are shared out evenly enough.
const FOLDERS_TO_SHARE: usize = 64;
/// How many shares are made of them.
const SHARES: usize = 16;

/// Reads all that lies in a folder, with paths relative to it. Symlinks stay symlinks, `.git` folders are left out, and what is neither
/// file nor folder nor link is too.
pub fn read(root: &Path) -> Result<Tree> {
    read_some(root, &[""])
}

/// As [`read`], but only what lies at these paths. What is not there is left out.
pub fn read_some(root: &Path, paths: &[&str]) -> Result<Tree> {
    let mut found = Found::default();
    let mut reader = FileReader::default();
    for path in paths {
        let file = root.join(path);
        match fs::symlink_metadata(&file) {
            Ok(metadata) => found.add(file, (*path).to_owned(), metadata.file_type(), &mut reader)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("reading {}", file.display())),
        }
    }
    found.into_tree()
}

/// What was read, and the folders that were not, with their paths in the tree.
#[derive(Default)]
struct Found {
    entries: Vec<(Arc<str>, Entry)>,
    folders: Vec<(PathBuf, String)>,
}

impl Found {
    /// Reads the folders too, the first levels of them here and the rest on all processors.
    fn into_tree(mut self) -> Result<Tree> {
        let mut reader = FileReader::default();
        while !self.folders.is_empty() && self.folders.len() < FOLDERS_TO_SHARE {
            for (folder, path) in std::mem::take(&mut self.folders) {
                self.list(&folder, &path, &mut reader)?;
            }
        }
        let shares: Vec<_> = self
            .folders
            .chunks(self.folders.len().div_ceil(SHARES).max(1))
            .collect();
        let shares = parallel::map(&shares, 1, |folders| Self::below(folders));
        for found in shares {
            self.entries.extend(found?.entries);
        }
        Tree::from_entries(self.entries).context("reading a folder")
    }

    /// All that lies in folders.
    fn below(folders: &[(PathBuf, String)]) -> Result<Self> {
        let mut found = Self::default();
        let mut reader = FileReader::default();
        for (folder, path) in folders {
            found.list(folder, path, &mut reader)?;
            while let Some((folder, path)) = found.folders.pop() {
                found.list(&folder, &path, &mut reader)?;
            }
        }
        Ok(found)
    }

    fn list(&mut self, folder: &Path, path: &str, reader: &mut FileReader) -> Result<()> {
        let reading = || format!("reading {}", folder.display());
        for entry in fs::read_dir(folder).with_context(reading)? {
            let entry = entry.with_context(reading)?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name == ".git" {
                continue;
            }
            let path = if path.is_empty() {
                name.into_owned()
            } else {
                format!("{path}/{name}")
            };
            self.add(entry.path(), path, entry.file_type().with_context(reading)?, reader)?;
        }
        Ok(())
    }

    fn add(&mut self, file: PathBuf, path: String, kind: fs::FileType, reader: &mut FileReader) -> Result<()> {
        let reading = || format!("reading {}", file.display());
        if kind.is_dir() {
            self.folders.push((file, path));
        } else if kind.is_symlink() {
            let target = fs::read_link(&file).with_context(reading)?;
            self.entries
                .push((path.into(), Entry::symlink(&target.to_string_lossy())));
        } else if kind.is_file() {
            let open = File::open(&file).with_context(reading)?;
            let metadata = open.metadata().with_context(reading)?;
            let content = reader.read_open(open, metadata.len()).with_context(reading)?;
            let mode = if is_executable(&metadata) {
                Mode::Executable
            } else {
                Mode::File
            };
            self.entries.push((path.into(), Entry { content, mode }));
        }
        Ok(())
    }
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    false
}
