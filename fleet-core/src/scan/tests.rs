use super::*;
use crate::tree::Entry;

fn tree(files: &[(&str, &str)]) -> Tree {
    Tree::try_from(files).unwrap()
}

fn scanned(files: &[(&str, &str)], options: &ScanOptions) -> Scanned {
    scan(&tree(files), "repo", options).finish()
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
        scanned
            .bundles
            .iter()
            .map(|bundle| bundle.path.as_str())
            .collect::<Vec<_>>(),
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
        let again = rescan(&cache, &tree, "repo", &options(commit)).finish();
        let fresh = scan(&tree, "repo", &options(commit)).finish();
        assert_eq!(again.failures, []);
        assert!(again.bundles == fresh.bundles, "{path}");
        assert!(again == fresh, "{path}");
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
    let options = ScanOptions {
        paths: vec!["a".into(), "./a/".into()],
        ..ScanOptions::default()
    };
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
        let again = rescan(&cache, &tree, "repo", &options).finish();
        let fresh = scan(&tree, "repo", &options).finish();
        // A link to a folder is a read error of its own, now as then.
        assert_eq!(again.bundles.len(), 1);
        assert!(again == fresh, "{path}");
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
    let options = ScanOptions {
        paths: vec!["a".into(), "b".into()],
        ..ScanOptions::default()
    };
    let mut cache = scan(&tree, "repo", &options).finish().cache;
    for (path, content) in [
        ("shared/fleet.yaml", "defaultNamespace: two\n"),
        ("shared/values.yaml", "a: 2\n"),
    ] {
        tree.insert(path, Entry::file(content)).unwrap();
        let again = rescan(&cache, &tree, "repo", &options).finish();
        assert!(again == scan(&tree, "repo", &options).finish(), "{path}");
        cache = again.cache;
    }
}

#[test]
fn a_chart_that_is_missing_is_found_once_it_is_there() {
    let mut tree = tree(&[("a/fleet.yaml", "helm: {chart: ../c}\n"), ("a/x.yaml", "")]);
    let options = ScanOptions {
        paths: vec!["a".into()],
        ..ScanOptions::default()
    };
    let missing = scan(&tree, "repo", &options).finish();
    assert!(matches!(missing.failures[0].error, ScanError::ChartMissing { .. }));
    tree.insert("c/Chart.yaml", Entry::file("name: c\nversion: 1.0.0\n"))
        .unwrap();
    let again = rescan(&missing.cache, &tree, "repo", &options).finish();
    assert_eq!(again.failures, []);
    assert!(again == scan(&tree, "repo", &options).finish());
}
