//! Repositories of this machine, read in place.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use fleet_core::source::{Source, SourceError, SourceReference};
use fleet_git::local::{LocalError, LocalRepository};
use fleet_git::{Git, Limits};
use support::{Repository, git, listing};

fn source() -> Git {
    Git::builder().local_repositories(true).build().unwrap()
}

async fn read(source: &Git, reference: &SourceReference) -> Result<Vec<String>, SourceError> {
    let revision = source.resolve(reference).await?;
    source.tree(reference, &revision).await.map(|tree| listing(&tree))
}

#[tokio::test]
async fn commit_and_not_working_tree() {
    let repository = Repository::with(&[("a.yaml", "a"), ("sub/b.yaml", "b")]);
    repository.write("a.yaml", "changed");
    repository.write("new.yaml", "new");
    for address in [repository.address(), format!("file://{}", repository.address())] {
        let reference = SourceReference::new(address);
        let want = [r#"a.yaml file "a""#, r#"sub/b.yaml file "b""#];
        assert_eq!(read(&source(), &reference).await.unwrap(), want);
        assert_eq!(source().head_branch(&reference).await.unwrap(), "main");
    }
}

#[tokio::test]
async fn branches_tags_and_commits() {
    let repository = Repository::with(&[("a", "1")]);
    let first = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["tag", "light"]);
    repository.git(&["tag", "--annotate", "--message", "x", "annotated"]);
    repository.git(&["checkout", "--quiet", "-b", "feature/x"]);
    let second = repository.commit(&[("a", "2")]);
    let source = source();
    let at = || SourceReference::new(repository.address());
    for (reference, want) in [
        (at(), &second),
        (at().with_branch("main"), &first),
        (at().with_branch("feature/x"), &second),
        (at().with_revision("light"), &first),
        (at().with_revision("annotated"), &first),
        (at().with_revision(first.clone()), &first),
        (at().with_branch("feature/x").with_revision("light"), &first),
    ] {
        assert_eq!(
            source.resolve(&reference).await.unwrap().as_str(),
            want,
            "{reference:?}"
        );
    }
    assert_eq!(
        read(&source, &at().with_revision("annotated")).await.unwrap(),
        [r#"a file "1""#]
    );
    let error = source.resolve(&at().with_branch("nope")).await.unwrap_err();
    assert_eq!(error.to_string(), "commit not found for branch: nope");
    for revision in ["nope", "feature/x", "a b", "../x", "main"] {
        let error = source.resolve(&at().with_revision(revision)).await.unwrap_err();
        assert_eq!(error.to_string(), format!("commit not found for revision: {revision}"));
    }
    let error = source.resolve(&at().with_branch("a..b")).await.unwrap_err();
    assert!(matches!(error, SourceError::InvalidBranch { .. }), "{error}");
    let missing = "ab".repeat(20).parse().unwrap();
    let error = source.tree(&at(), &missing).await.unwrap_err();
    assert_eq!(
        error,
        SourceError::RevisionMissing {
            revision: missing.to_string()
        }
    );
}

#[tokio::test]
async fn modes() {
    let repository = Repository::empty();
    repository.write("run.sh", "#!/bin/sh\n");
    std::fs::set_permissions(
        repository.path().join("run.sh"),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    std::os::unix::fs::symlink("../outside", repository.path().join("link")).unwrap();
    repository.commit(&[("plain", "x")]);
    let want = [
        r#"link symlink "../outside""#,
        r#"plain file "x""#,
        "run.sh executable \"#!/bin/sh\\n\"",
    ];
    assert_eq!(
        read(&source(), &SourceReference::new(repository.address()))
            .await
            .unwrap(),
        want
    );
}

#[tokio::test]
async fn submodules_checked_out_or_not() {
    let inner = Repository::with(&[("deep", "d")]);
    let middle = Repository::with(&[("m", "m")]);
    middle.git(&["submodule", "--quiet", "add", &inner.address(), "inner"]);
    middle.commit(&[]);
    let outer = Repository::with(&[("o", "o")]);
    outer.git(&["submodule", "--quiet", "add", &middle.address(), "mods/middle"]);
    outer.commit(&[]);
    let want = [
        "mods/middle/inner/deep file \"d\"",
        "mods/middle/m file \"m\"",
        "o file \"o\"",
    ];
    let files = |lines: Vec<String>| {
        lines
            .into_iter()
            .filter(|line| !line.contains(".gitmodules"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        files(read(&source(), &SourceReference::new(outer.address())).await.unwrap()),
        want
    );
    let copy = tempfile::tempdir().unwrap();
    git(copy.path(), &["clone", "--quiet", &outer.address(), "copy"]);
    let copy = copy.path().join("copy").display().to_string();
    assert_eq!(files(read(&source(), &SourceReference::new(copy)).await.unwrap()), want);
}

#[tokio::test]
async fn submodule_of_itself_ends() {
    let repository = Repository::with(&[("a", "a")]);
    let commit = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},sub")]);
    repository.write(".gitmodules", "[submodule \"x\"]\n\tpath = sub\n\turl = ./\n");
    repository.git(&["add", ".gitmodules"]);
    repository.git(&["commit", "--quiet", "--message", "x"]);
    let tree = read(&source(), &SourceReference::new(repository.address()))
        .await
        .unwrap();
    assert!(tree.contains(&r#"sub/a file "a""#.to_owned()), "{tree:?}");
    // A missing address, and one that is not a repository.
    repository.write(
        ".gitmodules",
        "[submodule \"x\"]\n\tpath = sub\n\turl = /nowhere/at/all\n",
    );
    repository.git(&["add", ".gitmodules"]);
    repository.git(&["commit", "--quiet", "--message", "x"]);
    let error = read(&source(), &SourceReference::new(repository.address()))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, SourceError::Submodule { path, .. } if path == "sub"),
        "{error}"
    );
    repository.git(&["rm", "--quiet", "-f", "--cached", ".gitmodules"]);
    repository.git(&["commit", "--quiet", "--message", "x"]);
    assert_eq!(
        read(&source(), &SourceReference::new(repository.address()))
            .await
            .unwrap(),
        [r#"a file "a""#]
    );
}

#[tokio::test]
async fn empty_and_absent() {
    let repository = Repository::empty();
    let reference = SourceReference::new(repository.address());
    assert!(matches!(
        source().resolve(&reference).await,
        Err(SourceError::Empty { .. })
    ));
    let error = source()
        .resolve(&reference.clone().with_branch("main"))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "commit not found for branch: main");
    repository.git(&["commit", "--quiet", "--allow-empty", "--message", "x"]);
    assert_eq!(read(&source(), &reference).await.unwrap(), Vec::<String>::new());
    let folder = tempfile::tempdir().unwrap();
    let reference = SourceReference::new(folder.path().display().to_string());
    assert!(matches!(
        source().resolve(&reference).await,
        Err(SourceError::RepositoryMissing { .. })
    ));
    let refused = Git::builder()
        .build()
        .unwrap()
        .resolve(&SourceReference::new(repository.address()))
        .await;
    assert!(matches!(refused, Err(SourceError::InvalidUrl { .. })), "{refused:?}");
}

#[tokio::test]
async fn limits() {
    let repository = Repository::with(&[("a", &"x".repeat(1000)), ("d/e/f", "1"), ("g", "2")]);
    let reference = SourceReference::new(repository.address());
    let with = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        Git::builder().local_repositories(true).limits(limits).build().unwrap()
    };
    for (source, what) in [
        (with(|limits| limits.tree_bytes = 999), "bytes of files"),
        (with(|limits| limits.files = 2), "number of files"),
        (with(|limits| limits.depth = 1), "depth of folders"),
    ] {
        let error = read(&source, &reference).await.unwrap_err();
        assert!(
            matches!(&error, SourceError::TooLarge { what: found, .. } if found == what),
            "{what}: {error}"
        );
    }
    let source = with(|limits| limits.tree_time = std::time::Duration::ZERO);
    assert!(matches!(
        read(&source, &reference).await,
        Err(SourceError::Timeout { .. })
    ));
}

#[tokio::test]
async fn unchanged_files_are_shared() {
    let repository = Repository::with(&[("a", "same"), ("b", "1"), ("copy", "same")]);
    let source = source();
    let reference = SourceReference::new(repository.address());
    let revision = source.resolve(&reference).await.unwrap();
    let first = source.tree(&reference, &revision).await.unwrap();
    assert!(Arc::ptr_eq(&first, &source.tree(&reference, &revision).await.unwrap()));
    assert!(Arc::ptr_eq(
        &first.get("a").unwrap().content,
        &first.get("copy").unwrap().content
    ));
    repository.commit(&[("b", "2")]);
    let revision = source.resolve(&reference).await.unwrap();
    let second = source.tree(&reference, &revision).await.unwrap();
    assert!(Arc::ptr_eq(
        &first.get("a").unwrap().content,
        &second.get("a").unwrap().content
    ));
    assert_eq!(&*second.get("b").unwrap().content, b"2");
}

/// Git refuses to make such trees; a server may send them all the same.
#[tokio::test]
async fn hostile_names() {
    let repository = Repository::with(&[("a", "a")]);
    let blob = repository.git(&["rev-parse", "HEAD:a"]);
    let inner = repository.git(&["rev-parse", "HEAD^{tree}"]);
    for (mode, name, id) in [
        ("100644", "..", &blob),
        ("100644", "x/y", &blob),
        ("40000", ".git", &inner),
        ("40000", "..", &inner),
    ] {
        let mut raw = format!("{mode} {name}\0").into_bytes();
        raw.extend((0..20).map(|at| u8::from_str_radix(&id[2 * at..2 * at + 2], 16).unwrap()));
        let file = repository.path().join("raw");
        std::fs::write(&file, raw).unwrap();
        let tree = repository.git(&["hash-object", "-t", "tree", "-w", "--literally", "raw"]);
        let commit = repository.git(&["commit-tree", &tree, "-m", "x"]);
        let reference = SourceReference::new(repository.address()).with_revision(commit);
        let error = read(&source(), &reference).await.unwrap_err();
        assert!(matches!(error, SourceError::Damaged { .. }), "{name}: {error}");
    }
}

#[test]
fn where_a_person_works() {
    let repository = Repository::empty();
    let at = |folder: &str| LocalRepository::discover(&repository.path().join(folder));
    assert_eq!(at("").unwrap().head, None);
    let commit = repository.commit(&[("sub/folder/a", "a"), (".gitignore", "ignored\n")]);
    let found = at("sub/folder").unwrap();
    assert_eq!(found.root, repository.path().canonicalize().unwrap());
    assert_eq!(
        (found.prefix.as_str(), found.branch.as_deref()),
        ("sub/folder", Some("main"))
    );
    assert_eq!(found.head.as_ref().unwrap().as_str(), commit);
    assert_eq!(found.remote, None);
    assert!(!found.has_uncommitted_changes().unwrap());
    repository.write("ignored", "x");
    assert!(!found.has_uncommitted_changes().unwrap());
    repository.write("new", "x");
    assert!(found.has_uncommitted_changes().unwrap());
    repository.commit(&[]);
    assert!(!found.has_uncommitted_changes().unwrap());
    repository.write("sub/folder/a", "changed");
    assert!(found.has_uncommitted_changes().unwrap());
    repository.git(&["add", "--all"]);
    assert!(found.has_uncommitted_changes().unwrap());
    repository.git(&["remote", "add", "other", "https://me:secret@host/x"]);
    repository.git(&["checkout", "--quiet", "--detach"]);
    let found = at("").unwrap();
    assert_eq!(
        (found.branch, found.remote.as_deref()),
        (None, Some("https://me:xxxxx@host/x"))
    );
    let folder = tempfile::tempdir().unwrap();
    let error = LocalRepository::discover(folder.path()).unwrap_err();
    assert!(matches!(error, LocalError::NotARepository { .. }));
    assert!(error.to_string().contains("git init"), "{error}");
    let error = LocalRepository::discover(&folder.path().join("absent")).unwrap_err();
    assert!(matches!(error, LocalError::NotAFolder { .. }));
}

#[tokio::test]
async fn longer_hashes() {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "--quiet", "--object-format=sha256"]);
    std::fs::write(folder.path().join("a"), "1").unwrap();
    git(folder.path(), &["add", "a"]);
    git(folder.path(), &["commit", "--quiet", "--message", "x"]);
    let reference = SourceReference::new(folder.path().display().to_string());
    assert_eq!(source().resolve(&reference).await.unwrap().as_str().len(), 64);
    assert_eq!(read(&source(), &reference).await.unwrap(), [r#"a file "1""#]);
}
