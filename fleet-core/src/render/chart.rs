//! A bundle's files as the files of a chart (Fleet): a chart as it is, raw YAML under `raw-yaml/`, or nothing but a Chart.yaml.

use std::{collections::BTreeSet, sync::Arc};

use super::{ContentFile, RenderError, overlay, style::Style};
use crate::api::BundleDeploymentOptions;

/// The folder of a chart whose files are applied as they are.
pub(crate) const RAW_FOLDER: &str = "raw-yaml/";

/// The files of the chart, relative to it, without a generated Chart.yaml.
pub(crate) fn files(
    files: &[ContentFile],
    style: &Style,
    options: &BundleDeploymentOptions,
) -> Result<Vec<ContentFile>, RenderError> {
    if let Some(chart) = &style.chart {
        let prefix = if chart.is_empty() {
            String::new()
        } else {
            format!("{chart}/")
        };
        let inside = files.iter().filter_map(|(name, content)| {
            name.strip_prefix(&prefix)
                .map(|name| (name.to_owned(), Arc::clone(content)))
        });
        return Ok(inside.collect());
    }
    if style.kustomization.is_some() {
        return Ok(Vec::new());
    }
    let overlays = options.yaml.as_ref().map_or(&[][..], |yaml| &yaml.overlays[..]);
    let files = overlay::apply(files, overlays)?;
    let left_out: BTreeSet<&str> = files
        .iter()
        .filter_map(|(name, _)| {
            let (folder, name) = name.rsplit_once('/')?;
            matches!(name, "fleet.yaml" | "fleet.yml" | "Chart.yaml").then_some(folder)
        })
        .collect();
    let is_left_out = |name: &str| name.match_indices('/').any(|(at, _)| left_out.contains(&name[..at]));
    let is_manifest = |name: &str| [".yaml", ".yml", ".json"].iter().any(|suffix| name.ends_with(suffix));
    Ok(files
        .iter()
        .filter(|(name, _)| {
            !matches!(name.as_str(), "fleet.yaml" | "fleet.yml") && is_manifest(name) && !is_left_out(name)
        })
        .map(|(name, content)| {
            let name = if name.starts_with("templates/") {
                name.clone()
            } else {
                format!("{RAW_FOLDER}{name}")
            };
            (name, Arc::clone(content))
        })
        .collect())
}

/// The Chart.yaml that is made for a bundle without one.
pub(crate) fn generated(deployment: &str, manifest_id: &str, commit: &str) -> Result<Vec<u8>, RenderError> {
    let name = deployment.rsplit('/').next().unwrap_or(deployment);
    let version = match commit.get(..12) {
        Some(begin) if commit.len() > 12 => format!("v0.0.0+git-{begin}"),
        _ => format!("v0.0.0+{manifest_id}"),
    };
    let chart = serde_json::json!({"apiVersion": "v2", "name": name, "version": version});
    let text = crate::yaml::write(&chart).map_err(|error| RenderError::Helm(error.to_string()))?;
    Ok(text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_nested_bundles_out() {
        let given: Vec<(String, Arc<[u8]>)> = [
            "a.yaml",
            "b.txt",
            "c.json",
            "chart/Chart.yaml",
            "chart/templates/x.yaml",
            "fleet.yml",
            "n/fleet.yaml",
            "n/m/x.yaml",
            "overlays/o/a.yaml",
            "sub/overlays/a.yaml",
            "sub/templates/x.yaml",
            "templates/t.yaml",
        ]
        .iter()
        .map(|name| ((*name).to_owned(), Arc::from(&b""[..])))
        .collect();
        let made = files(&given, &Style::default(), &BundleDeploymentOptions::default()).unwrap();
        assert_eq!(
            made.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
            [
                "raw-yaml/a.yaml",
                "raw-yaml/c.json",
                "raw-yaml/sub/overlays/a.yaml",
                "raw-yaml/sub/templates/x.yaml",
                "templates/t.yaml"
            ]
        );
    }

    #[test]
    fn names_the_commit() {
        let text = |commit| String::from_utf8(generated("a/web", "s-1", commit).unwrap()).unwrap();
        assert_eq!(
            text("1a2b3c4d5e6f7"),
            "apiVersion: v2\nname: web\nversion: v0.0.0+git-1a2b3c4d5e6f\n"
        );
        assert_eq!(text("1a2b3c4d5e6f"), "apiVersion: v2\nname: web\nversion: v0.0.0+s-1\n");
    }
}
