//! Small charts and what Helm v4.2.3 makes of their dependencies.

use super::*;

fn files(given: &[(&str, &str)]) -> Files {
    let file = |(name, text): &(&str, &str)| ((*name).to_owned(), Arc::from(text.as_bytes()));
    given.iter().map(file).collect()
}

fn chart(dependencies: &str, more: &[(&str, &str)]) -> Files {
    let text = format!("apiVersion: v2\nname: app\nversion: 0.1.0\ndependencies: {dependencies}\n");
    let mut all = files(&[("Chart.yaml", &text)]);
    all.extend(files(more));
    all
}

fn archive(name: &str, version: &str) -> Arc<[u8]> {
    let text = format!("{{apiVersion: v2, name: {name}, version: {version}}}");
    Packed::of(files(&[("Chart.yaml", &text)])).unwrap().archive
}

fn two() -> Files {
    files(&[
        ("Chart.yaml", "{apiVersion: v2, name: two, version: 2.0.0}"),
        (".helmignore", "*.txt"),
        ("a.txt", ""),
        ("b.md", ""),
    ])
}

/// Archives of `config-chart` and the folder `../two`; the texts of the files that are added, and what is removed.
fn update(chart: Files, version: &str) -> Result<Option<(Updated, String)>, String> {
    let found = DependencyUpdate::of(chart, &mut |path| (path == "../two").then(two));
    let Some(update) = found.map_err(|error| error.to_string())? else {
        return Ok(None);
    };
    let updated = update.finish(&mut |dependency| match dependency.name.as_str() {
        "config-chart" => Ok(archive("config-chart", version)),
        _ => Err("there is none".to_owned()),
    });
    let updated = updated.map_err(|error| error.to_string())?;
    let lock = updated.added.iter().find(|(name, _)| name.ends_with(".lock"));
    let lock = lock.map(|(_, text)| String::from_utf8_lossy(text).into_owned());
    Ok(Some((updated, lock.unwrap_or_default())))
}

fn names(updated: &Updated) -> Vec<&str> {
    updated.added.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn locks_as_helm_does() {
    let repository = "http://127.0.0.1:18741";
    let given = chart(
        &format!("[{{name: config-chart, version: ^0.1.0, repository: '{repository}'}}]"),
        &[],
    );
    let (updated, lock) = update(given, "v0.1.5").unwrap().unwrap();
    assert_eq!(names(&updated), ["charts/config-chart-v0.1.5.tgz", "Chart.lock"]);
    let digest = "sha256:c2a6bcdd479480b7cf9eed0883b92bc88f633cd4cacea0968771a7531e5a55b7";
    assert_eq!(
        lock,
        format!(
            "dependencies:\n- name: config-chart\n  repository: {repository}\n  version: v0.1.5\ndigest: {digest}\ngenerated: \"0001-01-01T00:00:00Z\"\n"
        )
    );
    let rich = "[{name: config-chart, version: '>=0', repository: 'http://r', alias: local, tags: [x], condition: a.b, import-values: [q, {child: a, parent: b}]}]";
    let read = Chart::from_files(chart(rich, &[])).unwrap();
    let mut declared = read.metadata().dependencies.clone();
    declared[0].repository = "file://../dep".to_owned();
    let locked = [lock_entry(&declared[0], "v0.1.5")];
    assert_eq!(
        super::digest(&declared, &locked),
        "sha256:f11658858a72f414e4545c07ccd50fc2fe46e9a7bdcda24da0484f7016cc7749"
    );
}

#[test]
fn packs_folders_beside_the_chart() {
    let given = chart("[{name: two, version: '*', repository: 'file://../two'}]", &[]);
    let (updated, lock) = update(given, "").unwrap().unwrap();
    assert_eq!(names(&updated), ["charts/two-2.0.0.tgz", "Chart.lock"]);
    assert!(lock.contains("repository: file://../two\n"), "{lock}");
    let packed = Chart::from_archive(&updated.added[0].1, &ArchiveLimits::default()).unwrap();
    let inside: Vec<&str> = packed.files().iter().map(|file| file.name.as_str()).collect();
    assert_eq!((packed.name(), inside), ("two", vec![".helmignore", "b.md"]));
}

#[test]
fn old_archives_go_and_fitting_locks_stay() {
    let both = "[{name: config-chart, version: ^0.1.0, repository: 'http://r'}, {name: two, version: '*', repository: 'file://../two'}]";
    let mut given = chart(both, &[]);
    for (name, chart) in [("config-chart-0.1.0.tgz", "config-chart"), ("extra.tgz", "extra")] {
        given.push((format!("charts/{name}"), archive(chart, "0.1.0")));
    }
    let (updated, lock) = update(given.clone(), "0.1.5").unwrap().unwrap();
    assert_eq!(
        names(&updated),
        ["charts/config-chart-0.1.5.tgz", "charts/two-2.0.0.tgz", "Chart.lock"]
    );
    assert_eq!(updated.removed, ["charts/config-chart-0.1.0.tgz", "charts/extra.tgz"]);
    given.push(("Chart.lock".to_owned(), Arc::from(lock.into_bytes())));
    let (again, _) = update(given.clone(), "0.1.5").unwrap().unwrap();
    assert_eq!(names(&again), ["charts/config-chart-0.1.5.tgz", "charts/two-2.0.0.tgz"]);
    let (newer, _) = update(given, "0.1.6").unwrap().unwrap();
    assert_eq!(names(&newer)[2], "Chart.lock");
}

#[test]
fn what_is_there_is_enough() {
    let there = [(
        "charts/folder/Chart.yaml",
        "{apiVersion: v2, name: config-chart, version: 9.0.0}",
    )];
    let given = chart(
        "[{name: config-chart, version: ^0.1.0, repository: 'http://r'}]",
        &there,
    );
    assert_eq!(update(given, "0.1.0"), Ok(None));
    assert_eq!(update(chart("[]", &[]), ""), Ok(None));
}

#[test]
fn dependencies_without_repository_lie_in_charts() {
    let there = [("charts/own/Chart.yaml", "{apiVersion: v2, name: own, version: 0.1.0}")];
    let with = |version: &str| {
        let own = format!("{{name: own, version: {version}}}");
        chart(
            &format!("[{own}, {{name: two, version: '2', repository: 'file://../two'}}]"),
            &there,
        )
    };
    let mut given = with("^0.1.0");
    given.push(("charts/own-0.1.0.tgz".to_owned(), archive("own", "0.1.0")));
    let (updated, lock) = update(given, "").unwrap().unwrap();
    assert_eq!(updated.removed, [""; 0]);
    assert!(
        lock.starts_with("dependencies:\n- name: own\n  repository: \"\"\n  version: ^0.1.0\n"),
        "{lock}"
    );
    assert_eq!(
        update(with("^1.1.0"), ""),
        Err("dependency own at version 0.1.0 does not satisfy the constraint ^1.1.0".to_owned())
    );
}

#[test]
fn charts_of_the_first_version_have_a_lock_of_their_own() {
    let given = files(&[
        ("Chart.yaml", "{apiVersion: v1, name: app, version: 0.1.0}"),
        (
            "requirements.yaml",
            "dependencies: [{name: two, version: '*', repository: 'file://../two'}]",
        ),
    ]);
    let (updated, _) = update(given, "").unwrap().unwrap();
    assert_eq!(names(&updated), ["charts/two-2.0.0.tgz", "requirements.lock"]);
}

#[test]
fn errors_say_what_helm_says() {
    for (dependencies, expected) in [
        (
            "[{name: config-chart, version: '>=7', repository: 'http://u:secret@r'}]",
            "can't get a valid version for 1 subchart(s): \"config-chart\" (repository \"http://u:xxxxx@r\", version \">=7\"). Make sure",
        ),
        (
            "[{name: two, version: '>=7', repository: 'file://../two'}]",
            "can't get a valid version for 1 subchart(s): \"two\" (repository \"file://../two\", version \">=7\"). Make sure",
        ),
        (
            "[{name: two, repository: 'file://../two'}]",
            "dependency \"two\" has an invalid version/constraint format: improper constraint: \"\"",
        ),
        (
            "[{name: config-chart, version: latest, repository: 'http://r'}]",
            "dependency \"config-chart\" has an invalid version/constraint format: improper constraint: \"latest\"",
        ),
        ("[{name: two, version: '*'}]", "directory charts/two not found"),
        (
            "[{name: two, version: '*', repository: 'file://../no'}]",
            "directory ../no not found",
        ),
        (
            "[{name: a, version: '*', repository: '@a'}, {name: two, version: '*', repository: foo}]",
            "no repository definition for @a, foo",
        ),
        (
            "[{name: a, version: '*', repository: 's3://bucket'}]",
            "could not find protocol handler for: s3",
        ),
        (
            "[{name: other, version: '*', repository: 'http://r'}]",
            "dependency \"other\" (repository \"http://r\", version \"*\"): there is none",
        ),
    ] {
        let error = update(chart(dependencies, &[]), "0.1.0").unwrap_err();
        assert!(error.starts_with(expected), "{dependencies}: {error}");
    }
}
