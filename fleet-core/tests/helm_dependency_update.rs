//! Dependencies beside helm's: charts in folders, updated by us and by the real program, must come to the same lock and the same charts;
//! and helm must take our lock for its own. The program lies in `$FLEET_ORACLE`.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

#[path = "support/chart_files.rs"]
mod chart_files;
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use chart_files::chart_files;
use fleet_core::helm::Chart;
use fleet_core::helm::dependency_update::{DependencyUpdate, Files};
use fleet_core::tree::archive::ArchiveLimits;
use fleet_core::tree::path;

/// Files of a case: the chart is `app`, and what else is there lies beside it.
type Case = &'static [(&'static str, &'static str)];

const DATABASE: (&str, &str) = ("db/Chart.yaml", "{apiVersion: v2, name: db, version: 2.3.0}");
const CACHE: (&str, &str) = (
    "cache/Chart.yaml",
    "{apiVersion: v2, name: cache, version: v1.0.5-rc.1+build}",
);

const CASES: &[(&str, Case)] = &[
    (
        "one folder",
        &[
            (
                "app/Chart.yaml",
                "{apiVersion: v2, name: app, version: 0.1.0, dependencies: [{name: db, version: ^2, repository: 'file://../db'}]}",
            ),
            DATABASE,
            ("db/values.yaml", "a: 1\n"),
            ("db/templates/a.yaml", "kind: ConfigMap\n"),
            ("db/.helmignore", "*.txt\n"),
            ("db/notes.txt", "left out\n"),
            ("db/README.md", "kept\n"),
            ("db/crds/a.yaml", "kind: X\n"),
            ("db/values.schema.json", "{}"),
        ],
    ),
    (
        "two, with all that a dependency can say",
        &[
            (
                "app/Chart.yaml",
                "{apiVersion: v2, name: app, version: 0.1.0, dependencies: [{name: db, version: '>=2 <3', repository: 'file://../db', alias: store, condition: store.enabled, tags: [a, 'b<c'], import-values: [x, {child: a.b, parent: c}]}, {name: cache, version: '>0-0', repository: 'file://../cache/'}]}",
            ),
            DATABASE,
            CACHE,
        ],
    ),
    (
        "one in charts, one beside",
        &[
            (
                "app/Chart.yaml",
                "{apiVersion: v2, name: app, version: 0.1.0, dependencies: [{name: own, version: '*'}, {name: db, version: 2.3.0, repository: 'file://../db'}]}",
            ),
            (
                "app/charts/own/Chart.yaml",
                "{apiVersion: v2, name: own, version: 3.0.0}",
            ),
            DATABASE,
        ],
    ),
    (
        "another name in the folder",
        &[
            (
                "app/Chart.yaml",
                "{apiVersion: v2, name: app, version: 0.1.0, dependencies: [{name: other, version: '~2.3', repository: 'file://../db'}]}",
            ),
            DATABASE,
        ],
    ),
    (
        "a chart of the first version",
        &[
            ("app/Chart.yaml", "{apiVersion: v1, name: app, version: 0.1.0}"),
            (
                "app/requirements.yaml",
                "dependencies: [{name: db, version: 2.x, repository: 'file://../db'}]\n",
            ),
            DATABASE,
        ],
    ),
    (
        "charts in charts",
        &[
            (
                "app/Chart.yaml",
                "{apiVersion: v2, name: app, version: 0.1.0, dependencies: [{name: db, version: '*', repository: 'file://../db'}]}",
            ),
            DATABASE,
            (
                "db/charts/inner/Chart.yaml",
                "{apiVersion: v2, name: inner, version: 0.0.1}",
            ),
            ("db/charts/inner/values.yaml", "deep: true\n"),
        ],
    ),
    (
        "no such version",
        &[
            (
                "app/Chart.yaml",
                "{apiVersion: v2, name: app, version: 0.1.0, dependencies: [{name: db, version: '>=7', repository: 'file://../db'}, {name: cache, version: '7', repository: 'file://../cache'}]}",
            ),
            DATABASE,
            CACHE,
        ],
    ),
    (
        "no pre-release is asked for",
        &[
            (
                "app/Chart.yaml",
                "{apiVersion: v2, name: app, version: 0.1.0, dependencies: [{name: cache, version: '*', repository: 'file://../cache'}]}",
            ),
            CACHE,
        ],
    ),
    (
        "no version",
        &[
            (
                "app/Chart.yaml",
                "{apiVersion: v2, name: app, version: 0.1.0, dependencies: [{name: db, repository: 'file://../db'}]}",
            ),
            DATABASE,
        ],
    ),
    (
        "no constraint",
        &[
            (
                "app/Chart.yaml",
                "{apiVersion: v2, name: app, version: 0.1.0, dependencies: [{name: db, version: latest, repository: 'file://../db'}]}",
            ),
            DATABASE,
        ],
    ),
    (
        "another version in charts",
        &[
            (
                "app/Chart.yaml",
                "{apiVersion: v2, name: app, version: 0.1.0, dependencies: [{name: own, version: ^7}, {name: db, version: '*', repository: 'file://../db'}]}",
            ),
            (
                "app/charts/own/Chart.yaml",
                "{apiVersion: v2, name: own, version: 3.0.0}",
            ),
            DATABASE,
        ],
    ),
    (
        "a broken chart",
        &[
            (
                "app/Chart.yaml",
                "{apiVersion: v2, name: app, version: 0.1.0, dependencies: [{name: db, version: '*', repository: 'file://../db'}]}",
            ),
            ("db/Chart.yaml", "{apiVersion: v2, name: db}"),
        ],
    ),
    (
        "two of a name",
        &[
            (
                "app/Chart.yaml",
                "{apiVersion: v2, name: app, version: 0.1.0, dependencies: [{name: db, version: '*', repository: 'file://../db'}, {name: db, version: '*', repository: 'file://../db'}]}",
            ),
            DATABASE,
        ],
    ),
];

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, case: Case) -> Self {
        let name = name.replace(' ', "-");
        let folder = std::env::temp_dir().join(format!("fleet-dependencies-{}-{name}", std::process::id()));
        for (path, text) in case {
            let file = folder.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        Self(folder)
    }

    fn helm(&self, oracle: &Path, command: &str) -> Output {
        let mut helm = Command::new(oracle.join("helm"));
        for kind in ["CACHE", "CONFIG", "DATA"] {
            helm.env(format!("HELM_{kind}_HOME"), self.0.join(".home").join(kind));
        }
        let helm = helm.args(["dependency", command, "app"]).current_dir(&self.0);
        helm.output().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The chart of a case as we leave it, or why not.
fn updated(case: Case) -> Result<BTreeMap<String, Arc<[u8]>>, String> {
    let below = |folder: &str| -> Option<Files> {
        let inside = case.iter().filter_map(|(file, text)| {
            let name = path::relative(folder, file)?;
            Some((name.to_owned(), Arc::from(text.as_bytes())))
        });
        Some(inside.collect::<Files>()).filter(|files| !files.is_empty())
    };
    let chart = below("app").unwrap();
    let mut files: BTreeMap<_, _> = chart.iter().cloned().collect();
    let update = DependencyUpdate::of(chart, &mut |given| below(&path::join(["app", given])));
    let Some(update) = update.map_err(|error| error.to_string())? else {
        return Ok(files);
    };
    let update = update.finish(&mut |_| Err("nothing is in a repository".to_owned()));
    let update = update.map_err(|error| error.to_string())?;
    for name in update.removed {
        files.remove(&name);
    }
    files.extend(update.added);
    Ok(files)
}

/// What does not depend on times and on how archives are made.
fn comparable(name: &str, content: &[u8]) -> String {
    if !name.ends_with(".tgz") {
        let text = String::from_utf8_lossy(content);
        let lines = text.lines().filter(|line| !line.starts_with("generated: "));
        return lines.collect::<Vec<_>>().join("\n");
    }
    let mut text = String::new();
    show(
        &Chart::from_archive(content, &ArchiveLimits::default()).unwrap(),
        &mut text,
    );
    text
}

fn show(chart: &Chart, text: &mut String) {
    text.push_str(&format!(
        "{:?} {:?} {:?}\n",
        chart.metadata(),
        chart.values(),
        chart.schema()
    ));
    let mut files: Vec<_> = chart.templates().iter().chain(chart.files()).collect();
    files.sort_by(|left, right| left.name.cmp(&right.name));
    for file in files {
        text.push_str(&format!("{} {:?}\n", file.name, file.data));
    }
    chart.dependencies().iter().for_each(|chart| show(chart, text));
}

#[test]
fn charts_are_brought_together_as_by_helm() {
    let Some(oracle) = support::oracle() else { return };
    for (name, case) in CASES {
        let theirs = Folder::new(name, case);
        let output = theirs.helm(&oracle, "update");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let ours = match updated(case) {
            Ok(ours) => ours,
            Err(problem) => {
                // Some of helm's errors name folders of the disk in front.
                assert!(
                    stderr.contains(&problem) && !output.status.success(),
                    "{name}: {problem}\n{stderr}"
                );
                continue;
            }
        };
        assert!(output.status.success(), "{name}: {stderr}");
        let left: BTreeMap<String, String> = chart_files(&theirs.0.join("app"))
            .unwrap()
            .into_iter()
            .map(|file| (file.name.clone(), comparable(&file.name, &file.data)))
            .collect();
        let ours_left: BTreeMap<String, String> = ours
            .iter()
            .map(|(name, content)| (name.clone(), comparable(name, content)))
            .collect();
        assert_eq!(ours_left, left, "{name}");

        // Helm builds from our lock, which it does not from one whose digest is another than its own.
        for (name, content) in &ours {
            let file = theirs.0.join("app").join(name);
            fs::write(file, content).unwrap();
        }
        let built = theirs.helm(&oracle, "build");
        assert!(
            built.status.success(),
            "{name}: {}",
            String::from_utf8_lossy(&built.stderr)
        );
    }
}
