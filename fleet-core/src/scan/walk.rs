//! Which folders of a tree become bundles (Fleet's classic scan).
//!
//! Each path is a shell pattern that names folders. A matched folder is a bundle when it has a fleet.yaml (or fleet.yml), or when some
//! YAML file lies in it or below it outside of folders that have one; each folder below with a fleet.yaml is a bundle of its
//! own. Nothing else splits a bundle. Only folders named `.git` are not looked into, and no symlink is followed but the
//! path itself, which then gives nothing.

use std::collections::HashSet;

use super::ScanError;
use crate::tree::{Tree, TreeError, glob, path};

/// A folder that becomes a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The folder as the walk spelled it, which may hold `.` and `..` as a path without pattern may.
    pub(crate) path: String,
    /// The folder in the tree; `None` when it is not there or is a symlink, which is an empty bundle.
    pub(crate) folder: Option<String>,
}

const FILE_NAMES: [&str; 2] = ["fleet.yaml", "fleet.yml"];

/// The fleet.yaml of a folder, else its fleet.yml.
pub(crate) fn fleet_yaml(tree: &Tree, folder: &str) -> Option<String> {
    FILE_NAMES
        .iter()
        .map(|name| path::join([folder, name]))
        .find(|path| tree.get(path).is_some())
}

/// The folders of a path, in their order.
pub(crate) fn folders(tree: &Tree, given: &str) -> Result<Vec<Found>, ScanError> {
    let pattern = given.trim_start_matches('/');
    let matches = glob::glob(tree, if pattern.is_empty() { "." } else { pattern }).map_err(|error| match error {
        TreeError::BadPattern { .. } => ScanError::InvalidPath {
            pattern: pattern.to_owned(),
        },
        source => ScanError::File {
            folder: pattern.to_owned(),
            cause: source,
        },
    })?;
    let mut found = Vec::new();
    for path in matches {
        let Some(folder) = path::inside(&path) else { continue };
        if tree.is_folder(&folder) {
            below(tree, &path, &folder, &mut found);
        }
    }
    Ok(found)
}

/// The bundles of one matched folder, itself first.
fn below(tree: &Tree, spelled: &str, root: &str, found: &mut Vec<Found>) {
    let start = if root.is_empty() { 0 } else { root.len() + 1 };
    // Folders relative to the root: those with a fleet.yaml, and those with any YAML file.
    let mut nested: Vec<&str> = Vec::new();
    let mut loose: Vec<&str> = Vec::new();
    for (path, _) in tree.files_under(root) {
        let relative = &path[start..];
        let (folder, name) = relative.rsplit_once('/').unwrap_or(("", relative));
        // Files of a folder stand together, but for those of its folders between them: twice in a list is no harm.
        if (name.ends_with(".yaml") || name.ends_with(".yml")) && loose.last() != Some(&folder) {
            loose.push(folder);
        }
        if FILE_NAMES.contains(&name) && nested.last() != Some(&folder) && !folder.split('/').any(|part| part == ".git")
        {
            nested.push(folder);
        }
    }
    let split: HashSet<&str> = nested.iter().copied().collect();
    let is_split =
        |folder: &str| split.contains(folder) || folder.match_indices('/').any(|(at, _)| split.contains(&folder[..at]));
    if split.contains("") || loose.iter().any(|folder| folder.is_empty() || !is_split(folder)) {
        found.push(Found {
            path: spelled.to_owned(),
            folder: Some(root.to_owned()),
        });
    }
    // A walk goes by names, a tree by whole paths: `a/b` before `a-b`.
    nested.sort_by(|left, right| left.split('/').cmp(right.split('/')));
    nested.dedup();
    let prefix = path::clean(spelled);
    for below in nested.into_iter().filter(|folder| !folder.is_empty()) {
        let folder = if root.is_empty() {
            below.to_owned()
        } else {
            format!("{root}/{below}")
        };
        let path = if prefix == "." {
            below.to_owned()
        } else {
            format!("{prefix}/{below}")
        };
        found.push(Found {
            path,
            folder: Some(folder),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(files: &[&str], paths: &[&str]) -> String {
        let mut tree = Tree::new();
        for file in files {
            tree.insert(file, crate::tree::Entry::file("")).unwrap();
        }
        let found = paths.iter().flat_map(|path| folders(&tree, path).unwrap());
        found.map(|found| found.path).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn only_a_fleet_yaml_splits() {
        for (files, paths, expected) in [
            (&["a/x.yaml", "b/x.yaml"][..], &["."][..], "."),
            (&["a/fleet.yaml", "a/x.yaml"], &["."], "a"),
            (&["a/fleet.yaml", "a/x.yaml", "b/y.yml"], &["."], ". a"),
            (
                &["a/fleet.yaml", "a/b/fleet.yml", "a-b/fleet.yaml"],
                &["."],
                "a a/b a-b",
            ),
            (&["a/b/c.yaml"], &["a", "a/b", "/a/b/"], "a a/b a/b/"),
            (&["a/b.txt", "a/Chart.json"], &["a"], ""),
            (&["a/.git/fleet.yaml", "a/.h/fleet.yaml"], &["a"], "a a/.h"),
            (&["a/x.yaml"], &["nothing", "a/x.yaml"], ""),
            (&["a1/x.yaml", "a2/x.yaml", "b/x.yaml"], &["a*", "a1"], "a1 a2 a1"),
        ] {
            assert_eq!(walked(files, paths), expected, "{files:?} {paths:?}");
        }
    }
}
