//! Helm, kustomize or raw YAML: what the names of a bundle's files and its options make it (Fleet).

use super::ContentFile;
use crate::{api::BundleDeploymentOptions, scan::bundle_folder, tree::path};

/// The style of a bundle under some options. Helm and kustomize may go together; neither is raw YAML.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Style {
    /// The folder of the chart, `""` for the root.
    pub chart: Option<String>,
    /// The folder of the kustomization, `""` for the root.
    pub kustomization: Option<String>,
}

impl Style {
    /// Whether files are applied as they are.
    pub fn is_raw(&self) -> bool {
        self.chart.is_none() && self.kustomization.is_none()
    }

    /// Finds out the style. Of several charts that match, the last file counts.
    pub fn of(files: &[ContentFile], options: &BundleDeploymentOptions) -> Self {
        let helm = options.helm.clone().unwrap_or_default();
        let named = if helm.chart.is_empty() { &helm.repo } else { &helm.chart };
        let local = path::join([named.as_str(), "Chart.yaml"]);
        let downloaded = format!("{}/", bundle_folder(&helm.chart, &helm.repo, &helm.version));
        let folder = options
            .kustomize
            .as_ref()
            .map_or("", |kustomize| kustomize.dir.as_str());
        let kustomization = path::join([folder, "kustomization.yaml"]);
        let mut style = Self::default();
        for (name, _) in files {
            let is_downloaded = name.strip_prefix(&downloaded).is_some_and(|below| {
                below == "Chart.yaml" || below.split_once('/').is_some_and(|(_, name)| name == "Chart.yaml")
            });
            if name == "Chart.yaml" || *name == local || is_downloaded {
                style.chart = Some(parent(name));
            }
            if *name == kustomization {
                style.kustomization = Some(parent(name));
            }
        }
        style
    }
}

fn parent(name: &str) -> String {
    name.rsplit_once('/')
        .map_or(String::new(), |(folder, _)| folder.to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::api::{HelmOptions, KustomizeOptions};

    #[test]
    fn goes_by_names_and_options() {
        let remote = bundle_folder("web", "https://r", "1");
        for (names, chart, repo, dir, expected_chart, expected_kustomization) in [
            (vec!["a.yaml"], "", "", "", None, None),
            (vec!["Chart.yaml"], "", "", "", Some(""), None),
            (vec!["c/Chart.yaml"], "", "", "", None, None),
            (vec!["c/Chart.yaml"], "./c/", "", "", Some("c"), None),
            (vec!["Chart.yaml", "c/Chart.yaml"], "c", "", "", Some("c"), None),
            (vec!["kustomization.yaml"], "", "", "", None, Some("")),
            (vec!["kustomization.yml"], "", "", "", None, None),
            (vec!["kustomization.yaml"], "", "", "o", None, None),
            (
                vec!["c/Chart.yaml", "o/kustomization.yaml"],
                "c",
                "",
                "o",
                Some("c"),
                Some("o"),
            ),
        ] {
            let files: Vec<(String, Arc<[u8]>)> = names
                .iter()
                .map(|name| ((*name).to_owned(), Arc::from(&b""[..])))
                .collect();
            let options = BundleDeploymentOptions {
                helm: Some(HelmOptions {
                    chart: chart.into(),
                    repo: repo.into(),
                    ..HelmOptions::default()
                }),
                kustomize: Some(KustomizeOptions { dir: dir.into() }),
                ..BundleDeploymentOptions::default()
            };
            let style = Style::of(&files, &options);
            assert_eq!(style.chart.as_deref(), expected_chart, "{names:?}");
            assert_eq!(style.kustomization.as_deref(), expected_kustomization, "{names:?}");
        }
        let files = vec![(format!("{remote}/web/Chart.yaml"), Arc::from(&b""[..]))];
        let options = BundleDeploymentOptions {
            helm: Some(HelmOptions {
                chart: "web".into(),
                repo: "https://r".into(),
                version: "1".into(),
                ..HelmOptions::default()
            }),
            ..BundleDeploymentOptions::default()
        };
        assert_eq!(Style::of(&files, &options).chart, Some(format!("{remote}/web")));
    }
}
