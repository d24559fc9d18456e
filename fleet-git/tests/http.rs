//! Repositories over http, served by git's own CGI program.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use fleet_core::source::{Credentials, Revision, Source, SourceError, SourceReference};
use fleet_git::{Git, Limits};
use support::{Bare, Repository, Server, listing};

fn source() -> Git {
    Git::builder().build().unwrap()
}

async fn read(source: &Git, reference: &SourceReference) -> Result<Vec<String>, SourceError> {
    let revision = source.resolve(reference).await?;
    source.tree(reference, &revision).await.map(|tree| listing(&tree))
}

fn basic(username: &str, password: &str) -> Credentials {
    Credentials::Basic {
        username: username.into(),
        password: password.into(),
    }
}

#[tokio::test]
async fn poll_transfers_nothing_and_a_fetch_one_commit() {
    let repository = Repository::with(&[("a", "1"), ("b", "same")]);
    repository.commit(&[("a", "2")]);
    let bare = Bare::of(&[("app.git", &repository)]);
    let server = Server::start(bare.folder.path(), &[]);
    let source = source();
    let reference = SourceReference::new(format!("{}/app.git", server.address)).with_branch("main");

    let revision = source.resolve(&reference).await.unwrap();
    assert_eq!(revision.as_str(), repository.git(&["rev-parse", "HEAD"]));
    let requests = server.requests();
    assert!(
        requests.len() == 2 && !requests.iter().any(support::Request::is_fetch),
        "{requests:?}"
    );

    let tree = source.tree(&reference, &revision).await.unwrap();
    assert_eq!(listing(&tree), [r#"a file "2""#, r#"b file "same""#]);
    assert_eq!(server.requests().iter().filter(|request| request.is_fetch()).count(), 1);

    // The same commit again asks nobody.
    assert_eq!(source.tree(&reference, &revision).await.unwrap(), tree);
    assert_eq!(server.requests(), []);
    drop(tree);
    source.tree(&reference, &revision).await.unwrap();
    assert_eq!(server.requests(), []);

    // The next commit, a force push to an unrelated history, and the first commit by its hash.
    repository.commit(&[("a", "3")]);
    bare.push("app.git", &repository);
    assert_eq!(
        read(&source, &reference).await.unwrap(),
        [r#"a file "3""#, r#"b file "same""#]
    );
    repository.git(&["checkout", "--quiet", "--orphan", "fresh"]);
    repository.commit(&[("a", "4")]);
    repository.git(&["branch", "--force", "main", "fresh"]);
    bare.push("app.git", &repository);
    assert_eq!(
        read(&source, &reference).await.unwrap(),
        [r#"a file "4""#, r#"b file "same""#]
    );
    assert_eq!(source.head_branch(&reference).await.unwrap(), "main");
    assert_eq!(
        read(&source, &SourceReference::new(reference.repository.clone()))
            .await
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn tags_and_commits() {
    let repository = Repository::with(&[("a", "1")]);
    let first = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["tag", "--annotate", "--message", "x", "v1"]);
    repository.git(&["tag", "v1-light"]);
    repository.git(&["branch", "main2"]);
    repository.commit(&[("a", "2")]);
    repository.commit(&[("a", "3")]);
    let bare = Bare::of(&[("app.git", &repository)]);
    let strict = [("uploadpack.allowAnySHA1InWant", "false"), ("protocol.version", "0")];
    for config in [&[][..], &strict[..]] {
        let server = Server::start(bare.folder.path(), config);
        let at = || SourceReference::new(format!("{}/app.git", server.address));
        for revision in ["v1", "v1-light", first.as_str()] {
            let source = source();
            let reference = at().with_revision(revision);
            assert_eq!(source.resolve(&reference).await.unwrap().as_str(), first);
            assert_eq!(
                read(&source, &reference).await.unwrap(),
                [r#"a file "1""#],
                "{revision}"
            );
        }
        // The branch has moved since it was resolved.
        let revision = Revision::parse(&repository.git(&["rev-parse", "HEAD~1"])).unwrap();
        let tree = source().tree(&at().with_branch("main"), &revision).await.unwrap();
        assert_eq!(listing(&tree), [r#"a file "2""#]);
        let error = source().resolve(&at().with_branch("mai")).await.unwrap_err();
        assert_eq!(error.to_string(), "commit not found for branch: mai");
        let error = source().resolve(&at().with_revision("v")).await.unwrap_err();
        assert_eq!(error.to_string(), "commit not found for revision: v");
        let absent = Revision::parse(&"ab".repeat(20)).unwrap();
        let error = source().tree(&at(), &absent).await.unwrap_err();
        assert_eq!(
            error,
            SourceError::RevisionMissing {
                revision: absent.to_string()
            }
        );
    }
}

#[tokio::test]
async fn credentials() {
    let repository = Repository::with(&[("a", "1")]);
    let bare = Bare::of(&[("app.git", &repository)]);
    let server = Server::start(bare.folder.path(), &[]);
    server.require("me:secret");
    let reference = SourceReference::new(format!("{}/app.git", server.address));
    let source = source();
    for (reference, admitted) in [
        (reference.clone(), false),
        (reference.clone().with_credentials(basic("me", "wrong")), false),
        (reference.clone().with_credentials(basic("me", "secret")), true),
        (
            SourceReference::new(server.address.replace("//", "//me:secret@") + "/app.git"),
            true,
        ),
        // What the other reference may read, this one may not.
        (reference.clone(), false),
    ] {
        let result = read(&source, &reference).await;
        if admitted {
            assert_eq!(result.unwrap(), [r#"a file "1""#]);
        } else {
            let error = result.unwrap_err();
            assert!(matches!(error, SourceError::Authentication { .. }), "{error}");
            assert!(!error.to_string().contains("wrong"), "{error}");
            let revision = Revision::parse(&repository.git(&["rev-parse", "HEAD"])).unwrap();
            assert!(source.tree(&reference, &revision).await.is_err());
        }
    }
}

#[tokio::test]
async fn unreachable_absent_and_silent() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let error = source()
        .resolve(&SourceReference::new(format!("http://127.0.0.1:{closed}/a")))
        .await
        .unwrap_err();
    assert!(
        matches!(error, SourceError::Unreachable { .. }) && error.is_transient(),
        "{error}"
    );
    let error = source()
        .resolve(&SourceReference::new("https://no-such-host.invalid/a"))
        .await
        .unwrap_err();
    assert!(matches!(error, SourceError::Unreachable { .. }), "{error}");

    let repository = Repository::empty();
    let bare = Bare::of(&[("empty.git", &repository)]);
    let server = Server::start(bare.folder.path(), &[]);
    let error = source()
        .resolve(&SourceReference::new(format!("{}/no.git", server.address)))
        .await
        .unwrap_err();
    assert!(matches!(error, SourceError::RepositoryMissing { .. }), "{error}");
    let reference = SourceReference::new(format!("{}/empty.git", server.address));
    let error = source().resolve(&reference).await.unwrap_err();
    assert!(matches!(error, SourceError::Empty { .. }), "{error}");
    let error = source().resolve(&reference.with_branch("main")).await.unwrap_err();
    assert_eq!(error.to_string(), "commit not found for branch: main");

    // A server that accepts and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://127.0.0.1:{}/a", silent.local_addr().unwrap().port());
    let mut limits = Limits::default();
    limits.resolve_time = Duration::from_millis(300);
    let source = Git::builder().limits(limits).build().unwrap();
    let error = source.resolve(&SourceReference::new(address)).await.unwrap_err();
    assert!(matches!(error, SourceError::Timeout { .. }), "{error}");
}

#[tokio::test]
async fn limits() {
    let repository = Repository::empty();
    // Random enough that it does not compress.
    let mut state = 1_u64;
    let noise: String = (0..200_000)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b'!' + u8::try_from(state >> 58).unwrap())
        })
        .collect();
    repository.commit(&[("noise", &noise)]);
    repository.git(&["checkout", "--quiet", "--orphan", "bomb"]);
    repository.git(&["rm", "-rfq", "."]);
    repository.commit(&[("zeros", &"0".repeat(20_000_000))]);
    let bare = Bare::of(&[("app.git", &repository)]);
    let server = Server::start(bare.folder.path(), &[]);
    let mut limits = Limits::default();
    limits.transferred_bytes = 50_000;
    limits.tree_bytes = 1_000_000;
    let source = Git::builder().limits(limits).build().unwrap();
    let at = |branch: &str| SourceReference::new(format!("{}/app.git", server.address)).with_branch(branch);
    let error = read(&source, &at("main")).await.unwrap_err();
    assert!(
        matches!(&error, SourceError::TooLarge { what, .. } if what == "bytes received"),
        "{error}"
    );
    let error = read(&source, &at("bomb")).await.unwrap_err();
    assert!(matches!(&error, SourceError::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn submodules() {
    let inner = Repository::with(&[("i", "1")]);
    let secret = Repository::with(&[("s", "1")]);
    let outer = Repository::with(&[("o", "1")]);
    let bare = Bare::of(&[("inner.git", &inner)]);
    let server = Server::start(bare.folder.path(), &[]);
    server.require("me:secret");
    let link = |name: &str, url: &str, at: &Repository| {
        let commit = at.git(&["rev-parse", "HEAD"]);
        outer.git(&[
            "update-index",
            "--add",
            "--cacheinfo",
            &format!("160000,{commit},{name}"),
        ]);
        outer.write(
            ".gitmodules",
            &format!("[submodule \"{name}\"]\n\tpath = {name}\n\turl = {url}\n"),
        );
        outer.git(&["add", ".gitmodules"]);
        outer.git(&["commit", "--quiet", "--message", "x"]);
    };
    let publish = || {
        let _ = std::fs::remove_dir_all(bare.path("outer.git"));
        support::git(
            bare.folder.path(),
            &["clone", "--quiet", "--bare", &outer.address(), "outer.git"],
        );
    };
    // A relative address keeps the credentials; the commit is no longer the branch's.
    link("inner", "../inner.git", &inner);
    inner.commit(&[("i", "2")]);
    bare.push("inner.git", &inner);
    publish();
    let reference =
        SourceReference::new(format!("{}/outer.git", server.address)).with_credentials(basic("me", "secret"));
    let tree = read(&source(), &reference).await.unwrap();
    assert!(tree.contains(&r#"inner/i file "1""#.to_owned()), "{tree:?}");

    // Another server gets no credentials.
    let other = Server::start(bare.folder.path(), &[]);
    link("inner", &format!("{}/inner.git", other.address), &inner);
    publish();
    read(&source(), &reference).await.unwrap();
    assert!(other.requests().iter().all(|request| request.authorization.is_none()));

    // And this machine's files are none of its business.
    for url in [secret.address(), format!("file://{}", secret.address())] {
        link("inner", &url, &secret);
        publish();
        let source = Git::builder().local_repositories(true).build().unwrap();
        let error = read(&source, &reference).await.unwrap_err();
        assert!(matches!(&error, SourceError::Submodule { .. }), "{error}");
    }
}

#[tokio::test]
async fn cache_on_disk_outlives_the_source() {
    let repository = Repository::with(&[("a", "1")]);
    let bare = Bare::of(&[("app.git", &repository)]);
    let server = Server::start(bare.folder.path(), &[]);
    let folder = tempfile::tempdir().unwrap();
    let reference = SourceReference::new(format!("{}/app.git", server.address));
    let make = || {
        Git::builder()
            .cache_directory(folder.path().join("cache"))
            .cached_repositories(1)
            .build()
            .unwrap()
    };
    let revision = make().resolve(&reference).await.unwrap();
    make().tree(&reference, &revision).await.unwrap();
    server.requests();
    let source = make();
    source.tree(&reference, &revision).await.unwrap();
    assert_eq!(server.requests(), []);
    // Another repository takes its place.
    let other = SourceReference::new(format!("{}/./app.git", server.address));
    source.tree(&other, &revision).await.unwrap();
    assert_eq!(std::fs::read_dir(folder.path().join("cache")).unwrap().count(), 1);
}

#[tokio::test]
async fn dropped_futures_stop_their_work() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let reference = SourceReference::new(format!("http://127.0.0.1:{}/a", silent.local_addr().unwrap().port()));
    let revision = Revision::parse(&"ab".repeat(20)).unwrap();
    let source = source();
    for _ in 0..2 {
        let dropped = tokio::time::timeout(Duration::from_millis(100), source.tree(&reference, &revision)).await;
        assert!(dropped.is_err());
    }
}
