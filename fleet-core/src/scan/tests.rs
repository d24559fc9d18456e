use proptest::prelude::*;

use super::*;
use crate::tree::Entry;

fn tree(files: &[(&str, &str)]) -> Tree {
    Tree::try_from(files).unwrap()
}

fn scanned(files: &[(&str, &str)], options: &ScanOptions) -> Scanned {
    scan(&tree(files), "repo", options).finish()
}

fn only_paths(paths: &[&str]) -> ScanOptions {
    ScanOptions {
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        ..ScanOptions::default()
    }
}

/// What a rescan gives, which is what a scan gives.
#[track_caller]
fn rescanned(cache: &ScanCache, tree: &Tree, options: &ScanOptions) -> Scanned {
    let (again, fresh) = (rescan(cache, tree, "repo", options), scan(tree, "repo", options));
    assert_eq!(again.needs(), fresh.needs());
    assert!(again.dependencies().eq(fresh.dependencies()));
    let (again, fresh) = (again.finish(), fresh.finish());
    assert_eq!(again.failures, fresh.failures);
    assert!(again == fresh);
    again
}

#[test]
fn goes_on_after_a_bad_folder() {
    let scanned = scanned(
        &[
            ("a/fleet.yaml", "helm: 1\n"),
            ("b/fleet.yaml", "name: same\n"),
            ("b/x.yaml", ""),
            ("c/fleet.yaml", "name: same\n"),
            ("c/x.yaml", ""),
            ("d/fleet.yaml", "name: own\nhelm: [\n"),
        ],
        &ScanOptions::default(),
    );
    let failures: Vec<_> = scanned
        .failures
        .iter()
        .map(|failure| (failure.path.as_str(), failure.bundle_name.as_deref()))
        .collect();
    assert_eq!(
        failures,
        [("a", Some("repo-a")), ("c", Some("same")), ("d", Some("own"))]
    );
    assert_eq!(
        scanned.bundles.iter().map(|bundle| &*bundle.path).collect::<Vec<_>>(),
        ["b"]
    );
}

#[test]
fn a_rescan_equals_a_scan() {
    let mut tree = tree(&[
        (
            "a/fleet.yaml",
            "labels: {x: z}\nhelm: {chart: c, valuesFiles: [../v.yaml]}\n",
        ),
        ("a/c/x", ""),
        ("b/x.yaml", "a: 1\n"),
        ("b/fleet.yaml", ""),
        ("v.yaml", "a: 1\n"),
    ]);
    let options = |commit: &str| ScanOptions {
        commit: commit.to_owned(),
        ..ScanOptions::default()
    };
    let mut cache = scan(&tree, "repo", &options("1")).finish().cache;
    for (path, content, commit) in [
        ("v.yaml", "a: 2\n", "2"),
        ("b/y.yaml", "new\n", "3"),
        ("b/x.yaml", "a: 2\n", "3"),
        ("c/fleet.yaml", "", "4"),
    ] {
        tree.insert(path, Entry::file(content)).unwrap();
        let again = rescanned(&cache, &tree, &options(commit));
        assert_eq!(again.failures, [], "{path}");
        cache = again.cache;
    }
}

#[test]
fn asks_for_charts_and_takes_them() {
    let tree = tree(&[(
        "a/fleet.yaml",
        "helm: {repo: 'https://u:secret@h/', chart: web, version: 1.2.3}\n",
    )]);
    let mut waiting = scan(&tree, "repo", &ScanOptions::default());
    assert_eq!(waiting.needs().len(), 1);
    let refused = waiting.clone().finish();
    let message = refused.failures[0].error.to_string();
    assert!(
        message.contains("chart=web") && !message.contains("secret"),
        "{message}"
    );

    let need = waiting.needs()[0].clone();
    let chart = Tree::try_from(&[("web/Chart.yaml", "name: web\nversion: 1.2.3\n"), ("web/.hidden", "")][..]).unwrap();
    waiting.supply(&need, Arc::new(chart));
    let scanned = waiting.finish();
    assert_eq!(scanned.failures, []);
    assert_eq!(
        scanned.bundles[0].spec.resources[0].name,
        format!("{}/web/Chart.yaml", need.bundle_folder())
    );
}

#[test]
fn one_folder_by_two_paths_is_one_bundle() {
    let files = &[("a/x.yaml", "")];
    let options = only_paths(&["a", "./a/"]);
    assert_eq!(scanned(files, &options).bundles.len(), 1);
    let options = ScanOptions {
        duplicates: Duplicates::Keep,
        ..options
    };
    assert_eq!(scanned(files, &options).bundles.len(), 2);
}

#[cfg(feature = "helm")]
#[test]
fn a_chart_beside_a_folder_is_read_again_when_it_changes() {
    let chart = "{apiVersion: v2, name: a, version: 1.0.0, dependencies: [{name: db, version: '*', repository: 'file://../db'}]}";
    let mut tree = tree(&[
        ("app/Chart.yaml", chart),
        ("app/fleet.yaml", ""),
        ("link/Chart.yaml", &chart.replace("../db", "to/db")),
        ("link/fleet.yaml", ""),
    ]);
    tree.insert("link/to", Entry::symlink("..")).unwrap();
    let options = ScanOptions::default();
    let mut cache = scan(&tree, "repo", &options).finish().cache;
    for (path, content) in [
        ("db/Chart.yaml", "{apiVersion: v2, name: db, version: 2.0.0}"),
        ("db/values.yaml", "a: 1\n"),
        ("db/values.yaml", "a: 2\n"),
    ] {
        tree.insert(path, Entry::file(content)).unwrap();
        let again = rescanned(&cache, &tree, &options);
        // A link to a folder is a read error of its own, now as then.
        assert_eq!(again.bundles.len(), 1, "{path}");
        cache = again.cache;
    }
}

#[test]
fn what_a_link_leads_to_is_read_again_when_it_changes() {
    let mut tree = tree(&[
        ("shared/fleet.yaml", "defaultNamespace: one\n"),
        ("shared/values.yaml", "a: 1\n"),
        ("a/x.yaml", ""),
        ("b/x.yaml", ""),
        (
            "b/fleet.yaml",
            "helm: {chart: c, valuesFiles: [v.yaml, to/values.yaml]}\n",
        ),
    ]);
    for (path, target) in [
        ("a/fleet.yaml", "../shared/fleet.yaml"),
        ("b/v.yaml", "../shared/fleet.yaml"),
        ("b/to", "../shared"),
    ] {
        tree.insert(path, Entry::symlink(target)).unwrap();
    }
    let options = only_paths(&["a", "b"]);
    let mut cache = scan(&tree, "repo", &options).finish().cache;
    for (path, content) in [
        ("shared/fleet.yaml", "defaultNamespace: two\n"),
        ("shared/values.yaml", "a: 2\n"),
    ] {
        tree.insert(path, Entry::file(content)).unwrap();
        cache = rescanned(&cache, &tree, &options).cache;
    }
}

#[test]
fn a_chart_that_is_missing_is_found_once_it_is_there() {
    let mut tree = tree(&[("a/fleet.yaml", "helm: {chart: ../c}\n"), ("a/x.yaml", "")]);
    let options = only_paths(&["a"]);
    let missing = scan(&tree, "repo", &options).finish();
    assert!(matches!(missing.failures[0].error, ScanError::ChartMissing { .. }));
    tree.insert("c/Chart.yaml", Entry::file("name: c\nversion: 1.0.0\n"))
        .unwrap();
    assert_eq!(rescanned(&missing.cache, &tree, &options).failures, []);
}

#[test]
fn a_values_file_that_was_a_folder_is_looked_for_again() {
    let mut tree = tree(&[("a/fleet.yaml", "helm: {chart: c, valuesFiles: [../v]}\n"), ("v/x", "")]);
    let options = only_paths(&["a"]);
    let cache = scan(&tree, "repo", &options).finish().cache;
    tree.remove("v/x");
    let again = rescanned(&cache, &tree, &options);
    assert!(again.failures[0].error.to_string().contains("no such file"));
}

#[test]
fn what_makes_much_of_little_is_bounded() {
    let large = "x".repeat(1000);
    let chart = "{apiVersion: v2, name: a, version: 1.0.0, dependencies: [{name: db, version: '*', repository: 'file://../../db'}]}";
    let mut tree = tree(&[("links/data", &large), ("db/data", &large)]);
    tree.insert(
        "db/Chart.yaml",
        Entry::file("{apiVersion: v2, name: db, version: 1.0.0}"),
    )
    .unwrap();
    for index in 0..10 {
        tree.insert(&format!("links/{index}.yaml"), Entry::symlink("data"))
            .unwrap();
        tree.insert(&format!("charts/{index}/fleet.yaml"), Entry::file(""))
            .unwrap();
        // Without the Helm engine nothing is packed: then the values alone are as large.
        let values = if cfg!(feature = "helm") { "" } else { &large };
        for (name, content) in [("Chart.yaml", chart), ("values.yaml", values)] {
            tree.insert(&format!("charts/{index}/{name}"), Entry::file(content))
                .unwrap();
        }
    }
    let scanned = |path: &str, maximum_bytes| {
        let options = ScanOptions {
            maximum_bytes,
            ..only_paths(&[path])
        };
        let first = scan(&tree, "repo", &options).finish();
        assert!(rescan(&first.cache, &tree, "repo", &options).finish() == first);
        first
    };
    for (path, bundles) in [("links", 1), ("charts", 10)] {
        let whole = scanned(path, 100_000);
        assert_eq!((whole.bundles.len(), whole.failures.as_slice()), (bundles, &[][..]));
        let refused = scanned(path, 9_000);
        assert_eq!((refused.bundles.len(), refused.failures.len()), (0, 1));
        assert_eq!(refused.failures[0].bundle_name, None);
        assert!(matches!(
            refused.failures[0].error,
            ScanError::TooMuch { limit: 9_000, .. }
        ));
    }
}

#[test]
fn charts_from_elsewhere_count_for_each_bundle() {
    let tree = tree(&[
        ("a/fleet.yaml", "helm: {repo: 'https://example.com', chart: c}\n"),
        ("b/fleet.yaml", "helm: {repo: 'https://example.com', chart: c}\n"),
    ]);
    let options = ScanOptions {
        maximum_bytes: 1_500,
        ..ScanOptions::default()
    };
    let chart = Arc::new(Tree::try_from(&[("c/values.yaml", "x".repeat(1000).as_str())][..]).unwrap());
    let mut waiting = scan(&tree, "repo", &options);
    for need in waiting.needs().to_vec() {
        waiting.supply(&need, Arc::clone(&chart));
    }
    let refused = waiting.finish();
    assert_eq!(refused.bundles, []);
    assert!(matches!(
        refused.failures[..],
        [ScanFailure {
            error: ScanError::TooMuch { .. },
            ..
        }]
    ));
}

/// Files whose meaning reaches beyond their folder, and some whose does not.
const CONTENTS: [&str; 10] = [
    "",
    "a: 1\n",
    "defaultNamespace: one\n",
    "helm: {chart: c, valuesFiles: [../v.yaml]}\n",
    "helm: {chart: ../c, valuesFiles: [v.yaml, ../b/x.yaml]}\n",
    "helm: {repo: 'https://example.com', chart: c, values: {a: 1}}\n",
    "name: same\n",
    "helm: 1\n",
    "{apiVersion: v2, name: c, version: 1.0.0, dependencies: [{name: b, version: '*', repository: 'file://../b'}]}",
    "{apiVersion: v2, name: b, version: 1.0.0}",
];
const NAMES: [&str; 7] = [
    "fleet.yaml",
    "x.yaml",
    "v.yaml",
    "Chart.yaml",
    "c/Chart.yaml",
    ".fleetignore",
    "b",
];
const FOLDERS: [&str; 6] = ["", "a/", "a/c/", "a-b/", "b/", "c/"];
const TARGETS: [&str; 5] = ["../b", "x.yaml", "../a/fleet.yaml", "c", "nowhere"];

#[derive(Clone, Debug)]
enum Edit {
    Write(String, &'static str),
    Link(String, &'static str),
    Remove(String),
}

fn edit() -> impl Strategy<Value = Edit> {
    use proptest::sample::select;
    let path = || (select(&FOLDERS[..]), select(&NAMES[..])).prop_map(|(folder, name)| format!("{folder}{name}"));
    prop_oneof![
        8 => (path(), select(&CONTENTS[..])).prop_map(|(path, content)| Edit::Write(path, content)),
        2 => (path(), select(&TARGETS[..])).prop_map(|(path, target)| Edit::Link(path, target)),
        3 => path().prop_map(Edit::Remove),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever changes from one commit to the next, a rescan gives what a scan does.
    #[test]
    fn every_rescan_equals_a_scan(
        commits in proptest::collection::vec(proptest::collection::vec(edit(), 0..5), 1..12),
        which in 0usize..4,
    ) {
        let paths: [&[&str]; 4] = [&[], &["a", "b"], &["a*", "c/", "b/b"], &[]];
        let mut options = only_paths(paths[which]);
        if which == 3 {
            options.bundles = [("a", ""), ("b", "x.yaml"), ("c", "../b/fleet.yaml")]
                .map(|(base, options)| BundlePath { base: base.into(), options: options.into() })
                .to_vec();
        }
        let mut tree = tree(&[
            ("a/c/Chart.yaml", CONTENTS[9]),
            ("a/fleet.yaml", CONTENTS[3]),
            ("a-b/Chart.yaml", CONTENTS[8]),
            ("b/Chart.yaml", CONTENTS[9]),
            ("b/fleet.yaml", CONTENTS[4]),
            ("b/v.yaml", CONTENTS[1]),
            ("b/x.yaml", CONTENTS[1]),
            ("v.yaml", CONTENTS[1]),
        ]);
        let mut cache = ScanCache::default();
        for (commit, edits) in commits.into_iter().enumerate() {
            options.commit = commit.to_string();
            for edit in edits {
                // A file where a folder is, or the other way round, is refused: then the tree is as it was.
                let _ = match edit {
                    Edit::Write(path, content) => tree.insert(&path, Entry::file(content)),
                    Edit::Link(path, target) => tree.insert(&path, Entry::symlink(target)),
                    Edit::Remove(path) => {
                        tree.remove(&path);
                        Ok(())
                    }
                };
            }
            cache = rescanned(&cache, &tree, &options).cache;
        }
    }
}
