//! What is different from the tree of the scan before.

use std::{cmp::Ordering, sync::Arc};

use crate::tree::{Entry, Mode, Tree};

type Pair = (Arc<str>, Entry);

/// The entries of a tree, in pieces that the next tree's share as far as they are the same: what is kept, and what is dropped, from one
/// scan to the next is the changed pieces only.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries {
    /// By path. None is empty.
    pieces: Vec<Arc<[Pair]>>,
}

/// About how many entries make a piece: enough that comparing costs more than counting pieces, few enough to make anew.
const PIECE: usize = 64;

/// The paths at which two trees differ.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Changes {
    /// In byte order.
    paths: Vec<Arc<str>>,
    /// Something came, went, or is or was a link. If not, the trees have the same folders, and links lead where they led.
    moved: bool,
}

impl Entries {
    /// The entries of a tree that is a version of the one that these are from, and where it differs.
    pub(super) fn next(&self, tree: &Tree) -> (Self, Changes) {
        let mut changes = Changes::default();
        let mut pieces = Vec::with_capacity(self.pieces.len());
        let mut entries = tree.range_under("").peekable();
        // Where there was nothing, that is the piece that everything is new in.
        for index in 0..self.pieces.len().max(1) {
            let piece = self.pieces.get(index);
            let old = piece.map_or(&[][..], |piece| piece);
            let end = self.pieces.get(index + 1).map(|next| &*next[0].0);
            let is_in_piece = |path: &str| end.is_none_or(|end| path < end);
            let mut after = entries.clone();
            let is_same = old
                .iter()
                .all(|old| after.next().is_some_and(|(path, entry)| is_same(old, path, entry)))
                && !after.peek().is_some_and(|(path, _)| is_in_piece(path));
            if is_same {
                entries = after;
                pieces.extend(piece.cloned());
                continue;
            }
            let mut new = Vec::with_capacity(old.len() + 1);
            while let Some((path, entry)) = entries.next_if(|(path, _)| is_in_piece(path)) {
                new.push((Arc::clone(path), entry.clone()));
            }
            changes.add(old, &new);
            cut(&new, &mut pieces);
        }
        (Self { pieces }, changes)
    }

    fn iter(&self) -> impl Iterator<Item = &Pair> {
        self.pieces.iter().flat_map(|piece| piece.iter())
    }
}

/// Where the pieces are cut says nothing.
impl PartialEq for Entries {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

fn is_same(old: &Pair, path: &Arc<str>, entry: &Entry) -> bool {
    (Arc::ptr_eq(&old.0, path) || old.0 == *path) && old.1.same(entry)
}

/// Cuts entries into pieces of one size.
fn cut(entries: &[Pair], pieces: &mut Vec<Arc<[Pair]>>) {
    let count = (entries.len() / PIECE).max(1);
    let size = entries.len().div_ceil(count).max(1);
    pieces.extend(entries.chunks(size).map(Arc::from));
}

impl Changes {
    /// Adds where two lists differ, which come after those that were added before.
    fn add(&mut self, old: &[Pair], new: &[Pair]) {
        let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
        loop {
            let (path, was, is) = match (old.peek(), new.peek()) {
                (Some((was, _)), Some((is, _))) => match was.cmp(is) {
                    Ordering::Less => (was, old.next(), None),
                    Ordering::Greater => (is, None, new.next()),
                    Ordering::Equal => (is, old.next(), new.next()),
                },
                (Some((was, _)), None) => (was, old.next(), None),
                (None, Some((is, _))) => (is, None, new.next()),
                (None, None) => return,
            };
            let is_none_or_link = |pair: Option<&Pair>| pair.is_none_or(|(_, entry)| entry.mode == Mode::Symlink);
            if was.zip(is).is_some_and(|(was, is)| was.1.same(&is.1)) {
                continue;
            }
            self.paths.push(Arc::clone(path));
            self.moved |= is_none_or_link(was) || is_none_or_link(is);
        }
    }

    /// Whether the folders, or what links lead to, may not be what they were.
    pub(super) fn moved(&self) -> bool {
        self.moved
    }

    /// Whether something changed at the path itself.
    pub(super) fn at(&self, path: &str) -> bool {
        self.paths.binary_search_by(|changed| (**changed).cmp(path)).is_ok()
    }

    /// Whether something changed at any depth below a folder (`""` is the root).
    pub(super) fn below(&self, folder: &str) -> bool {
        if folder.is_empty() {
            return !self.paths.is_empty();
        }
        let first = || folder.bytes().chain([b'/']);
        let before = self.paths.partition_point(|path| path.bytes().lt(first()));
        let is_below = |path: &Arc<str>| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        self.paths.get(before).is_some_and(is_below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(paths: impl Iterator<Item = usize>) -> Tree {
        let mut tree = Tree::new();
        for index in paths {
            tree.insert(&format!("f{:04}/x", index), Entry::file(index.to_string()))
                .unwrap();
        }
        tree
    }

    fn paths(changes: &Changes) -> Vec<&str> {
        changes.paths.iter().map(|path| &**path).collect()
    }

    #[test]
    fn equal_pieces_are_shared() {
        let mut tree = tree(0..1000);
        let (first, all) = Entries::default().next(&tree);
        assert_eq!(all.paths.len(), 1000);
        assert!(all.moved());
        assert_eq!(first.next(&tree).1, Changes::default());
        tree.insert("f0500/x", Entry::file("other")).unwrap();
        let (second, changes) = first.next(&tree);
        assert_eq!(paths(&changes), ["f0500/x"]);
        assert!(!changes.moved());
        let pairs = first.pieces.iter().zip(&second.pieces);
        let own = pairs.filter(|(first, second)| !Arc::ptr_eq(first, second)).count();
        assert_eq!((own, first.pieces.len(), second.pieces.len()), (1, 15, 15));
    }

    #[test]
    fn what_comes_and_goes_is_found_at_every_place() {
        let whole = tree(0..300);
        for gone in [0, 1, 63, 64, 65, 74, 75, 76, 150, 298, 299] {
            let less = tree((0..300).filter(|index| *index != gone));
            let path = format!("f{gone:04}/x");
            let (with, _) = Entries::default().next(&whole);
            let (without, changes) = with.next(&less);
            assert_eq!((paths(&changes), changes.moved()), (vec![path.as_str()], true));
            assert_eq!(without, Entries::default().next(&less).0);
            let (again, changes) = without.next(&whole);
            assert_eq!((paths(&changes), changes.moved()), (vec![path.as_str()], true));
            assert_eq!(again, with);
        }
        let (with, _) = Entries::default().next(&whole);
        let (none, changes) = with.next(&Tree::new());
        assert_eq!((none.pieces.len(), changes.paths.len()), (0, 300));
        assert_eq!(none.next(&whole).0, with);
    }

    #[test]
    fn pieces_neither_grow_nor_crumble() {
        let mut entries = Entries::default();
        for count in 1..1000 {
            entries = entries.next(&tree(0..count)).0;
        }
        let sizes: Vec<usize> = entries.pieces.iter().map(|piece| piece.len()).collect();
        assert!(sizes.iter().all(|size| (PIECE..2 * PIECE).contains(size)), "{sizes:?}");
    }

    #[test]
    fn finds_changes_by_folder() {
        let changes = Changes {
            paths: ["a-b/x", "a/b/x", "a0"].map(Arc::from).to_vec(),
            moved: false,
        };
        for (folder, expected) in [
            ("", true),
            ("a", true),
            ("a/b", true),
            ("a/b/x", false),
            ("a-b", true),
            ("a0", false),
            ("b", false),
        ] {
            assert_eq!(changes.below(folder), expected, "{folder}");
        }
        assert!(changes.at("a0") && !changes.at("a"));
        assert!(!Changes::default().below(""));
    }
}
