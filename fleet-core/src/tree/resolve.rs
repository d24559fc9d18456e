//! Following symlinks inside a tree, as a file system would, and never out of it.

use super::{Entry, Mode, Tree, TreeError};

/// As many links as Linux follows before it gives up (`ELOOP`).
const MAXIMUM_LINKS: usize = 40;

impl Tree {
    /// The path where `path` ends when every symlink on the way is followed. The last element may also be a folder.
    ///
    /// # Errors
    /// [`TreeError::NotFound`], [`TreeError::Escapes`] when a link leads out of the tree (or is absolute, or no text),
    /// [`TreeError::Loop`].
    pub fn resolve(&self, path: &str) -> Result<String, TreeError> {
        self.resolve_within("", path)
    }

    /// As [`Tree::resolve`], and an error when a link leads out of `folder`.
    ///
    /// # Errors
    /// As [`Tree::resolve`].
    pub fn resolve_within(&self, folder: &str, path: &str) -> Result<String, TreeError> {
        // The ordinary case costs one look-up.
        if self.get(path).is_some_and(|entry| entry.mode != Mode::Symlink) || self.is_folder(path) {
            return Ok(path.to_owned());
        }
        let escapes = || TreeError::Escapes { path: path.to_owned() };
        let mut pending: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
        let mut done: Vec<String> = Vec::new();
        let mut links = 0;
        while let Some(part) = pending.pop() {
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    done.pop().ok_or_else(escapes)?;
                    continue;
                }
                _ => done.push(part),
            }
            let here = done.join("/");
            match self.get(&here) {
                Some(Entry {
                    content,
                    mode: Mode::Symlink,
                }) => {
                    links += 1;
                    if links > MAXIMUM_LINKS {
                        return Err(TreeError::Loop { path: path.to_owned() });
                    }
                    let target = std::str::from_utf8(content).map_err(|_| escapes())?;
                    if target.starts_with('/') {
                        return Err(escapes());
                    }
                    done.pop();
                    pending.extend(target.split('/').rev().map(str::to_owned));
                }
                Some(_) if pending.iter().all(|part| part.is_empty() || part == ".") => {}
                None if self.is_folder(&here) => {}
                _ => return Err(TreeError::NotFound { path: path.to_owned() }),
            }
        }
        let end = done.join("/");
        let inside = folder.is_empty() || end == folder || super::path::relative(folder, &end).is_some();
        if inside { Ok(end) } else { Err(escapes()) }
    }

    /// The file at the path, symlinks followed inside the tree.
    ///
    /// # Errors
    /// As [`Tree::resolve`], and [`TreeError::IsFolder`].
    pub fn read(&self, path: &str) -> Result<&Entry, TreeError> {
        let end = self.resolve(path)?;
        self.get(&end).ok_or(TreeError::IsFolder { path: path.to_owned() })
    }
}
