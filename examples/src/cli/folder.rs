//! A folder of the file system as a tree: what `fleet apply` scans.

use std::{fs, io, path::Path};

use anyhow::{Context as _, Result};
use fleet_core::tree::{Entry, Mode, Tree};

use super::file_reader::FileReader;

/// Reads `root/below` and all that lies in it, with paths relative to `root`. Symlinks stay symlinks, `.git` folders are left
/// out, and what is neither file nor folder nor link is too.
pub fn read(root: &Path, below: &str) -> Result<Tree> {
    let mut tree = Tree::new();
    let whole = if below.is_empty() {
        root.to_owned()
    } else {
        root.join(below)
    };
    let metadata = match fs::symlink_metadata(&whole) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(tree),
        Err(error) => return Err(error).with_context(|| format!("reading {}", whole.display())),
    };
    add(&whole, below, &metadata, &mut FileReader::default(), &mut tree)?;
    Ok(tree)
}

fn add(file: &Path, path: &str, metadata: &fs::Metadata, reader: &mut FileReader, tree: &mut Tree) -> Result<()> {
    let reading = || format!("reading {}", file.display());
    let kind = metadata.file_type();
    if kind.is_dir() {
        for entry in fs::read_dir(file).with_context(reading)? {
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
            add(
                &entry.path(),
                &path,
                &entry.metadata().with_context(reading)?,
                reader,
                tree,
            )?;
        }
        return Ok(());
    }
    let entry = if kind.is_symlink() {
        Entry::symlink(&fs::read_link(file).with_context(reading)?.to_string_lossy())
    } else if kind.is_file() {
        let mode = if is_executable(metadata) {
            Mode::Executable
        } else {
            Mode::File
        };
        Entry {
            content: reader.read(file).with_context(reading)?,
            mode,
        }
    } else {
        return Ok(());
    };
    tree.insert(path, entry).with_context(reading)
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
