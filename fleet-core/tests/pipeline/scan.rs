//! Folders and the bundles that they give.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use fleet_core::api::BundlePath;
use fleet_core::scan::{ChartReference, DependencyReference, Scan, ScanOptions, ScanTargets, driven_separator, scan};
use fleet_core::tree::{Entry, Tree};
use serde::Deserialize as _;
use serde_json::{Value, json};

use super::{covers, run, same};

fn tree(files: &Value) -> Tree {
    let mut tree = Tree::new();
    for (path, content) in files.as_object().into_iter().flatten() {
        let entry = match content {
            Value::String(text) => Entry::file(text.as_str()),
            other => match (other["link"].as_str(), other["base64"].as_str()) {
                (Some(link), _) => Entry::symlink(link),
                (_, Some(bytes)) => Entry::file(STANDARD.decode(bytes).unwrap()),
                _ => panic!("{path}: {other}"),
            },
        };
        tree.insert(path, entry).unwrap();
    }
    tree
}

fn options(case: &Value) -> ScanOptions {
    let given = &case["options"];
    let mut options = ScanOptions::default();
    let read = |key: &str| given.get(key).cloned();
    if let Some(paths) = read("paths") {
        options.paths = serde_json::from_value(paths).unwrap();
    }
    if let Some(bundles) = read("bundles") {
        options.bundles = Vec::<BundlePath>::deserialize(bundles).unwrap();
    }
    if let Some(targets) = read("targets") {
        options.targets = Some(ScanTargets {
            targets: serde_json::from_value(targets["targets"].clone()).unwrap(),
            target_restrictions: serde_json::from_value(targets["targetRestrictions"].clone()).unwrap(),
        });
    }
    options
}

/// `REPO CHART VERSION`, empty ones as `''`.
fn key(parts: [&str; 3]) -> String {
    parts.map(|part| if part.is_empty() { "''" } else { part }).join(" ")
}

fn key_of_chart(chart: &ChartReference) -> String {
    key([&chart.repo, &chart.chart, &chart.version])
}

fn key_of_dependency(chart: &DependencyReference) -> String {
    key([&chart.repository, &chart.name, &chart.version])
}

fn archive(files: &Value) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, content) in files.as_object().into_iter().flatten() {
        let content = content.as_str().unwrap().as_bytes();
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, path, content).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

/// Brings what a case has of the charts that its scan asks for, after a look at what that is.
fn supply(scan: &mut Scan, case: &Value) -> Result<(), String> {
    let needs: Vec<ChartReference> = scan.needs().to_vec();
    if let Some(wanted) = case.get("needs") {
        let keys: Vec<String> = needs.iter().map(key_of_chart).collect();
        same("needs", &json!(keys), wanted)?;
    }
    for chart in &needs {
        match &case["charts"][key_of_chart(chart)] {
            Value::Null => {}
            Value::String(problem) => scan.fail(chart, problem),
            files => scan.supply(chart, Arc::new(tree(files))),
        }
    }
    let dependencies: Vec<DependencyReference> = scan.dependencies().cloned().collect();
    if let Some(wanted) = case.get("dependencies") {
        let keys: Vec<String> = dependencies.iter().map(key_of_dependency).collect();
        same("dependencies", &json!(keys), wanted)?;
    }
    for chart in &dependencies {
        match &case["archives"][key_of_dependency(chart)] {
            Value::Null => {}
            Value::String(problem) => scan.fail_dependency(chart, problem),
            files => scan.supply_dependency(chart, archive(files).into()),
        }
    }
    Ok(())
}

fn check(case: &Value) -> Result<(), String> {
    if let Some(used) = case.get("bases") {
        let bundles = used.as_array().unwrap().iter().map(|base| BundlePath {
            base: base.as_str().unwrap().to_owned(),
            options: "fleet.yaml".to_owned(),
        });
        let got = match driven_separator(&bundles.collect::<Vec<_>>()) {
            Ok(separator) => separator.to_string(),
            Err(error) => error.to_string(),
        };
        return same("separator", &json!(got), &case["separator"]);
    }
    let mut scan = scan(&tree(&case["files"]), case["name"].as_str().unwrap(), &options(case));
    supply(&mut scan, case)?;
    let needs = scan.needs().to_vec();
    let scanned = scan.finish();
    let failure = scanned.failures.first().map(|failure| failure.error.to_string());
    match (failure, case.get("error").and_then(Value::as_str)) {
        (None, None) => {}
        (Some(error), Some(wanted)) if error.contains(wanted) => return Ok(()),
        (error, wanted) => return Err(format!("error {error:?}, wanted {wanted:?}")),
    }
    let wanted = case["bundles"].as_array().unwrap();
    let names: Vec<&str> = scanned.bundles.iter().map(|bundle| &*bundle.name).collect();
    if names.len() != wanted.len() {
        return Err(format!("bundles {names:?}"));
    }
    for (bundle, wanted) in scanned.bundles.iter().zip(wanted) {
        // `HASH` at the end stands for a hash of the name.
        let name = wanted["name"].as_str().unwrap();
        let fits = match name.strip_suffix("HASH") {
            Some(start) => bundle.name.len() == start.len() + 8 && bundle.name.starts_with(start),
            None => *bundle.name == *name,
        };
        if !fits {
            return Err(format!("bundle {:?}, wanted {name:?}", bundle.name));
        }
        let spec = serde_json::to_value(&*bundle.spec).unwrap();
        if let Some(resources) = wanted.get("resources") {
            let got: Vec<String> = bundle
                .spec
                .resources
                .iter()
                .map(|resource| match needs.first() {
                    Some(chart) => resource.name.replace(&chart.bundle_folder(), ".chart/HASH"),
                    None => resource.name.clone(),
                })
                .collect();
            same("resources", &json!(got), resources)?;
        }
        if let Some(wanted) = wanted.get("spec")
            && !covers(&spec, wanted)
        {
            return Err(format!("spec {spec}"));
        }
        for (key, wanted) in wanted["equal"].as_object().into_iter().flatten() {
            let mut got = spec[key].clone();
            if key == "targets" {
                // The names of targets that have none are the scan's.
                for target in got.as_array_mut().into_iter().flatten() {
                    if wanted[0].get("name").is_none() {
                        target.as_object_mut().unwrap().remove("name");
                    }
                }
            }
            same(key, &got, wanted)?;
        }
        for key in wanted["lacks"].as_array().into_iter().flatten() {
            if let Some(value) = spec.get(key.as_str().unwrap()) {
                return Err(format!("{key} is there: {value}"));
            }
        }
    }
    Ok(())
}

#[test]
fn folders_give_bundles() {
    run("scan", check);
}
