//! A bundle's files where kustomize sees them: somewhere deep, so that paths that leave the bundle lead to nothing and can still be
//! named.
//!
//! Fleet builds in a file system in memory whose root has no path, and whose words for what is missing are its own. Messages
//! are translated into these: they are in the status of deployments.

use std::sync::Arc;

use crate::{
    kustomize::{Files, Found},
    tree::{Mode, Tree},
};

/// Where the root of the bundle is mounted. Its depth is how many `..` above it a message can name.
const ROOT: &str = "/b/b/b/b/b/b/b/b";

/// A tree at [`ROOT`].
pub(super) struct Mounted<'a>(pub(super) &'a Tree);

/// The mounted path of a folder of the bundle.
pub(super) fn path_of(folder: &str) -> String {
    if folder.is_empty() {
        ROOT.to_owned()
    } else {
        format!("{ROOT}/{folder}")
    }
}

impl Mounted<'_> {
    fn inside(path: &str) -> Option<&str> {
        match path.strip_prefix(ROOT)? {
            "" => Some(""),
            below => below.strip_prefix('/'),
        }
    }
}

impl Files for Mounted<'_> {
    fn lookup(&self, path: &str) -> Found {
        let Some(inside) = Self::inside(path) else {
            let is_above = path == "/" || ROOT.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
            return if is_above { Found::Folder } else { Found::Nothing };
        };
        match self.0.get(inside) {
            Some(entry) if entry.mode == Mode::Symlink => {
                Found::Link(String::from_utf8_lossy(&entry.content).into_owned())
            }
            Some(_) => Found::File,
            None if self.0.is_folder(inside) => Found::Folder,
            None => Found::Nothing,
        }
    }

    fn read(&self, path: &str) -> Result<Arc<[u8]>, String> {
        let found = Self::inside(path).and_then(|inside| self.0.get(inside));
        found
            .map(|entry| Arc::clone(&entry.content))
            .ok_or_else(|| format!("'{path}' doesn't exist"))
    }
}

/// The message as Fleet's file system in memory would have it: what is missing "doesn't exist", and paths count from the bundle.
pub(super) fn translate(message: &str) -> String {
    const BEGIN: &str = "evalsymlink failure on '";
    const END: &str = ": no such file or directory";
    let mut translated = String::new();
    let mut rest = message;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let found = after
            .split_once("' : lstat ")
            .and_then(|(path, after)| Some((path, after.split_once(END)?.1)));
        let Some((path, after)) = found else { break };
        translated.push_str(before);
        translated.push_str(&format!("'{}' doesn't exist", relative(path)));
        rest = after;
    }
    translated.push_str(rest);
    translated.replace(&format!("{ROOT}/"), "").replace(ROOT, ".")
}

/// A mounted path as seen from the root of the bundle.
fn relative(path: &str) -> String {
    let root: Vec<&str> = ROOT.split('/').skip(1).collect();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let common = root
        .iter()
        .zip(&parts)
        .take_while(|(left, right)| left == right)
        .count();
    let up = root.len() - common;
    std::iter::repeat_n("..", up)
        .chain(parts[common..].iter().copied())
        .collect::<Vec<_>>()
        .join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_paths_from_the_bundle() {
        assert_eq!(relative("/b/b/b/b/b/b/base"), "../../base");
        assert_eq!(relative("/b/b/b/b/b/b/b/b/a/x"), "a/x");
        assert_eq!(
            translate(
                "a: evalsymlink failure on '/b/b/b/b/b/b/b/b/x' : lstat /b/b/b/b/b/b/b/b/x: no such file or directory': b"
            ),
            "a: 'x' doesn't exist': b"
        );
        assert_eq!(
            translate("in /b/b/b/b/b/b/b/b/x and '/b/b/b/b/b/b/b/b'"),
            "in x and '.'"
        );
    }

    #[test]
    fn nothing_lies_outside() {
        let tree = Tree::try_from(&[("a/x", "")][..]).unwrap();
        let mounted = Mounted(&tree);
        assert_eq!(mounted.lookup("/b/b"), Found::Folder);
        assert_eq!(mounted.lookup("/b/x"), Found::Nothing);
        assert_eq!(mounted.lookup(&path_of("a")), Found::Folder);
        assert_eq!(mounted.lookup(&path_of("a/x")), Found::File);
    }
}
