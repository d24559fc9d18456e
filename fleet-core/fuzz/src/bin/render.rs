//! `render`: renders charts as lines of the standard input say, for `differential.py`, which compares with Helm.
//!
//! A line is `{"chart": FOLDER, "values": {…}, "kube_version": …, "api_versions": […], "upgrade": BOOL, "replace": {PATH: TEXT}}`, where
//! `replace` changes files of the chart; the answer is `{"files": {PATH: TEXT}}` or `{"error": TEXT}`.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // A program, not fleet-core.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::Path;

use fleet_core::helm::chart::ignore;
use fleet_core::helm::{Capabilities, Chart, ChartFile, KubeVersion, ReleaseInfo, RenderOptions, render, values};
use serde_json::{Value, json};

#[path = "../../../tests/support/chart_files.rs"]
mod chart_files;

use chart_files::chart_files;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let answer = match answer(&request) {
            Ok(files) => json!({"files": files}),
            Err(error) => json!({"error": error.to_string()}),
        };
        println!("{answer}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn answer(request: &Value) -> Result<BTreeMap<String, String>, Failure> {
    let folder = Path::new(request["chart"].as_str().unwrap_or_default());
    let mut files = chart_files(folder)?;
    let replaced = request["replace"].as_object();
    // Files are replaced in an archive, where `.helmignore` does not count.
    if replaced.is_none_or(serde_json::Map::is_empty) {
        files = ignore::filter(files)?;
    }
    for (path, text) in replaced.into_iter().flatten() {
        files.retain(|file| file.name != *path);
        if let Some(text) = text.as_str() {
            files.push(ChartFile::new(path.clone(), text.as_bytes().to_vec()));
        }
    }
    let chart = Chart::from_chart_files(files)?;
    let user = values::from_json(request["values"].clone()).unwrap_or_default();
    let mut release = ReleaseInfo::install("rel", "ns");
    if request["upgrade"] == true {
        release = ReleaseInfo::upgrade("rel", "ns", 2);
    }
    let mut capabilities = Capabilities::default();
    if let Some(version) = request["kube_version"].as_str() {
        capabilities.kube_version = KubeVersion::parse(version)?;
    }
    let versions = request["api_versions"].as_array().into_iter().flatten();
    let versions = versions.filter_map(|version| version.as_str().map(str::to_owned));
    let options = RenderOptions::new(release).with_capabilities(capabilities.with_api_versions(versions));
    Ok(render(&chart, &user, &options)?.files)
}
