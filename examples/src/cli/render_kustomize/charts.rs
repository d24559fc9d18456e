//! Charts of `helmCharts`: rendered by our own engine, or by the program that `--helm-command` names.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use fleet_core::kustomize::{HelmChart, HelmCharts, HelmRequest};

use crate::cli::render_helm::RenderHelm;

/// What the command line says of charts; a kustomization that says it too comes first, as in kubectl.
#[derive(Clone, Debug, Default)]
pub struct Charts {
    /// The program that pulls and renders; none is our engine.
    pub program: Option<String>,
    /// API versions that charts see.
    pub api_versions: Vec<String>,
    /// The version of Kubernetes that charts see.
    pub kube_version: String,
    /// Show more of a failure.
    pub debug: bool,
}

impl HelmCharts for Charts {
    fn pull(&self, request: &HelmRequest) -> Result<(), String> {
        let HelmChart {
            name, repo, version, ..
        } = &request.chart;
        let Some(program) = &self.program else {
            return Err(format!(
                "chart '{name}' is not in '{}' and has to be pulled from '{repo}': pull it there with 'helm pull --untar --untardir {0} \
                 ...', or name a helm that does with --helm-command",
                request.chart_home
            ));
        };
        let mut arguments = vec!["pull", "--untar", "--untardir", &request.chart_home];
        let address = format!("{}/{name}", repo.trim_end_matches('/'));
        if repo.starts_with("oci://") {
            arguments.push(&address);
        } else {
            arguments.extend(["--repo", repo, name]);
        }
        if !version.is_empty() {
            arguments.extend(["--version", version]);
        }
        if request.chart.devel {
            arguments.push("--devel");
        }
        let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
        run(program, &arguments, request).map(drop)
    }

    fn render(&self, request: &HelmRequest) -> Result<String, String> {
        let folder = values_files(request).map_err(|error| format!("failed to write values file: {error}"))?;
        let files: Vec<PathBuf> = (0..request.values.len())
            .map(|index| folder.path().join(name(index)))
            .collect();
        let chart = self.merged(&request.chart);
        match &self.program {
            None => engine(&chart, &request.chart_folder, files),
            Some(program) => run(program, &arguments(&chart, &request.chart_folder, &files), request),
        }
    }
}

impl Charts {
    /// The chart with what the command line says and the kustomization does not.
    fn merged(&self, chart: &HelmChart) -> HelmChart {
        let mut chart = chart.clone();
        if chart.kube_version.is_empty() {
            chart.kube_version.clone_from(&self.kube_version);
        }
        if chart.api_versions.is_empty() {
            chart.api_versions.clone_from(&self.api_versions);
        }
        chart.debug |= self.debug;
        chart
    }
}

fn name(index: usize) -> String {
    format!("values-{index}.yaml")
}

/// Helm reads values from files; these vanish with the folder.
fn values_files(request: &HelmRequest) -> std::io::Result<tempfile::TempDir> {
    let folder = tempfile::Builder::new().prefix("kustomize-helm-").tempdir()?;
    for (index, text) in request.values.iter().enumerate() {
        std::fs::File::create(folder.path().join(name(index)))?.write_all(text)?;
    }
    Ok(folder)
}

fn engine(chart: &HelmChart, folder: &str, values: Vec<PathBuf>) -> Result<String, String> {
    let optional = |text: &String| (!text.is_empty()).then(|| text.clone());
    let mut arguments: Vec<String> = optional(&chart.release_name).into_iter().collect();
    arguments.push(folder.to_owned());
    let command = RenderHelm {
        arguments,
        namespace: optional(&chart.namespace).unwrap_or_else(|| "default".to_owned()),
        name_template: optional(&chart.name_template),
        values,
        api_versions: chart.api_versions.clone(),
        kube_version: optional(&chart.kube_version),
        include_crds: chart.include_crds,
        no_hooks: chart.skip_hooks,
        skip_tests: chart.skip_tests,
        ..RenderHelm::default()
    };
    command
        .render(&mut std::io::sink())
        .map_err(|error| format!("Error: {error}"))
}

/// The arguments of `helm template`.
fn arguments(chart: &HelmChart, folder: &str, values: &[PathBuf]) -> Vec<String> {
    let mut arguments = vec!["template".to_owned()];
    let mut add = |parts: &[&str]| arguments.extend(parts.iter().map(|&part| part.to_owned()));
    if !chart.release_name.is_empty() {
        add(&[&chart.release_name]);
    }
    add(&[folder]);
    if !chart.name_template.is_empty() {
        add(&["--name-template", &chart.name_template]);
    }
    if !chart.namespace.is_empty() {
        add(&["--namespace", &chart.namespace]);
    }
    for path in values {
        add(&["-f", &path.to_string_lossy()]);
    }
    for version in &chart.api_versions {
        add(&["--api-versions", version]);
    }
    if !chart.kube_version.is_empty() {
        add(&["--kube-version", &chart.kube_version]);
    }
    let flags = [
        ("--include-crds", chart.include_crds),
        ("--skip-tests", chart.skip_tests),
        ("--no-hooks", chart.skip_hooks),
        ("--devel", chart.devel),
        ("--debug", chart.debug),
    ];
    for (flag, _) in flags.into_iter().filter(|(_, is_set)| *is_set) {
        add(&[flag]);
    }
    arguments
}

/// Runs the program; its configuration is the kustomization's, if that names one.
fn run(program: &str, arguments: &[String], request: &HelmRequest) -> Result<String, String> {
    let mut command = Command::new(program);
    command.args(arguments);
    if !request.config_home.is_empty() {
        let home = &request.config_home;
        command.env("HELM_CONFIG_HOME", home);
        command.env("HELM_CACHE_HOME", format!("{home}/.cache"));
        command.env("HELM_DATA_HOME", format!("{home}/.data"));
    }
    let shown = format!(
        "unable to run: '{program} {}' (is '{program}' installed?)",
        arguments.join(" ")
    );
    let output = command.output().map_err(|error| format!("{shown}: {error}"))?;
    if output.status.success() {
        return String::from_utf8(output.stdout).map_err(|error| format!("{shown}: {error}"));
    }
    Err(format!(
        "{}: {shown}: {}",
        String::from_utf8_lossy(&output.stderr),
        output.status
    ))
}
