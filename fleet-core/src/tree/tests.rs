use super::*;

fn tree(files: &[(&str, &str)]) -> Tree {
    Tree::try_from(files).unwrap()
}

#[test]
fn refuses_paths_that_leave_the_tree() {
    for path in ["", "/a", "../a", "a/../b", "a/./b", "a//b", "a/", ".", "..", "a\0b"] {
        assert!(Tree::new().insert(path, Entry::file("")).is_err(), "{path:?}");
    }
    let mut tree = tree(&[("a/b", "")]);
    assert_eq!(
        tree.insert("a", Entry::file("")),
        Err(TreeError::Conflict { path: "a".into() })
    );
    assert_eq!(
        tree.insert("a/b/c", Entry::file("")),
        Err(TreeError::Conflict { path: "a/b".into() })
    );
    assert_eq!(tree.insert("a/b", Entry::file("new")), Ok(()));
}

#[test]
fn lists_folders() {
    let tree = tree(&[("a/b/c", ""), ("a/b-d", ""), ("a/b.e", ""), ("a-b/f", ""), ("z", "")]);
    let names = |folder| {
        tree.children(folder)
            .iter()
            .map(|child| (child.name, child.entry.is_none()))
            .collect::<Vec<_>>()
    };
    assert_eq!(names(""), [("a", true), ("a-b", true), ("z", false)]);
    assert_eq!(names("a"), [("b", true), ("b-d", false), ("b.e", false)]);
    assert_eq!(tree.folders().collect::<Vec<_>>(), ["a", "a-b", "a/b"]);
    assert_eq!(
        tree.files_under("a").map(|(path, _)| path).collect::<Vec<_>>(),
        ["a/b-d", "a/b.e", "a/b/c"]
    );
    assert!(tree.is_folder("a/b") && !tree.is_folder("a/b-d") && !tree.is_folder("b") && tree.is_folder(""));
    assert_eq!(
        tree.subtree("a/b").iter().map(|(path, _)| path).collect::<Vec<_>>(),
        ["c"]
    );
}

#[test]
fn follows_symlinks_inside_only() {
    let mut tree = tree(&[("a/b/c", "text"), ("d/e", "")]);
    for (path, target) in [
        ("a/link", "b/c"),
        ("a/folder", "../a/b"),
        ("out", "../x"),
        ("absolute", "/etc/passwd"),
        ("loop", "loop"),
        ("nowhere", "x"),
        ("a/up", "../d/e"),
    ] {
        tree.insert(path, Entry::symlink(target)).unwrap();
    }
    assert_eq!(tree.resolve("a/link").as_deref(), Ok("a/b/c"));
    assert_eq!(tree.resolve("a/folder/c").as_deref(), Ok("a/b/c"));
    assert_eq!(tree.resolve("a/folder").as_deref(), Ok("a/b"));
    assert_eq!(
        tree.read("a/folder"),
        Err(TreeError::IsFolder {
            path: "a/folder".into()
        })
    );
    assert_eq!(tree.resolve("out"), Err(TreeError::Escapes { path: "out".into() }));
    assert_eq!(
        tree.resolve("absolute"),
        Err(TreeError::Escapes {
            path: "absolute".into()
        })
    );
    assert_eq!(tree.resolve("loop"), Err(TreeError::Loop { path: "loop".into() }));
    assert_eq!(
        tree.resolve("nowhere"),
        Err(TreeError::NotFound { path: "nowhere".into() })
    );
    assert_eq!(
        tree.resolve("a/b/c/d"),
        Err(TreeError::NotFound { path: "a/b/c/d".into() })
    );
    assert_eq!(
        tree.resolve_within("a", "a/up"),
        Err(TreeError::Escapes { path: "a/up".into() })
    );
    assert_eq!(tree.resolve("a/up").as_deref(), Ok("d/e"));
    assert_eq!(&*tree.read("a/link").unwrap().content, b"text");
}

#[test]
fn globs_folders_and_files() {
    let mut tree = tree(&[
        ("g/a1/x", ""),
        ("g/a2/x", ""),
        ("g/b1/x", ""),
        ("g/.h/x", ""),
        ("g/file", ""),
    ]);
    tree.insert("link", Entry::symlink("g")).unwrap();
    let found = |pattern| glob::glob(&tree, pattern).ok().map(|found| found.join(" "));
    assert_eq!(found("g/*").as_deref(), Some("g/.h g/a1 g/a2 g/b1 g/file"));
    assert_eq!(found("g/[ab]1").as_deref(), Some("g/a1 g/b1"));
    assert_eq!(found("*/a?").as_deref(), Some("g/a1 g/a2 link/a1 link/a2"));
    assert_eq!(found("g/../g/./a2").as_deref(), Some("g/../g/./a2"));
    assert_eq!(found("nothing").as_deref(), Some(""));
    assert_eq!(found("../*").as_deref(), Some(""));
    assert_eq!(found("g/[a"), None);
}

#[test]
fn digests_tell_changes() {
    let one = tree(&[("a/x", "1"), ("b/x", "1")]);
    let mut two = one.clone();
    two.insert("b/x", Entry::file("2")).unwrap();
    assert_eq!(one.digest("a"), one.digest("b"));
    assert_eq!(one.digest("a"), two.digest("a"));
    assert_ne!(one.digest("b"), two.digest("b"));
}

#[test]
fn many_entries_at_once_are_as_if_inserted() {
    let entry = |text: &str| Entry::file(text);
    let entries = |paths: &[(&str, &str)]| -> Vec<(Arc<str>, Entry)> {
        paths.iter().map(|(path, text)| ((*path).into(), entry(text))).collect()
    };
    let paths = [("b/c/d", "1"), ("a", "2"), ("b-c", "3"), ("b/e", "4"), ("a", "5")];
    let mut inserted = Tree::new();
    for (path, text) in paths {
        inserted.insert(path, entry(text)).unwrap();
    }
    assert_eq!(Tree::from_entries(entries(&paths)), Ok(inserted));
    for conflict in [[("a", ""), ("a/b", "")], [("a/b/c/d", ""), ("a/b", "")]] {
        // What lies between them in the order of bytes does not hide it.
        let mut paths = vec![("a-b", ""), ("a/b-c/d", "")];
        paths.extend(conflict);
        let error = Tree::from_entries(entries(&paths)).unwrap_err();
        let path = conflict
            .iter()
            .map(|(path, _)| *path)
            .min_by_key(|path| path.len())
            .unwrap()
            .to_owned();
        assert_eq!(error, TreeError::Conflict { path });
    }
    for path in ["", "/a", "a/", "a//b", "../a", "a\0"] {
        assert!(
            matches!(
                Tree::from_entries(entries(&[(path, "")])),
                Err(TreeError::InvalidPath { .. })
            ),
            "{path:?}"
        );
    }
}
