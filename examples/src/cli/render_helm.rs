//! `fleet render helm`: prints what `helm template` prints.

use std::io::Write;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use fleet_core::helm::manifest::push_document;
use fleet_core::helm::release::validate_name;
use fleet_core::helm::{
    Capabilities, Chart, HelmVersion, HookEvent, KubeVersion, ReleaseInfo, RenderOptions, Values, manifest,
    render_manifests, values,
};
use fleet_core::template::Limits;
use fleet_core::tree::{archive::ArchiveLimits, glob};
use fleet_kube::environment::SystemEnvironment;

mod without_effect;

use super::chart_on_disk::ChartOnDisk;
use without_effect::WithoutEffect;

/// Renders a Helm chart to the standard output, as `helm template` does.
#[derive(Clone, Debug, Default, Args)]
#[command(args_override_self = true)]
pub struct RenderHelm {
    /// The chart, or a name for the release and then the chart.
    #[arg(value_name = "[NAME] CHART", num_args = 1..=2, required = true)]
    pub arguments: Vec<String>,
    /// Namespace of the release.
    #[arg(short, long, default_value = "default")]
    pub namespace: String,
    /// Name of the release, as a template.
    #[arg(long)]
    pub name_template: Option<String>,
    /// Values files; later ones win.
    #[arg(short = 'f', long, value_delimiter = ',')]
    pub values: Vec<PathBuf>,
    /// Assignments of values.
    #[arg(long)]
    pub set: Vec<String>,
    /// Assignments of strings.
    #[arg(long)]
    pub set_string: Vec<String>,
    /// Assignments of the contents of files.
    #[arg(long)]
    pub set_file: Vec<String>,
    /// Assignments of JSON.
    #[arg(long)]
    pub set_json: Vec<String>,
    /// Assignments of literal text.
    #[arg(long)]
    pub set_literal: Vec<String>,
    /// Further API versions that the chart sees.
    #[arg(short, long, value_delimiter = ',')]
    pub api_versions: Vec<String>,
    /// The version of Kubernetes that the chart sees.
    #[arg(long)]
    pub kube_version: Option<String>,
    /// Print the definitions in `crds/` too.
    #[arg(long)]
    pub include_crds: bool,
    /// Accepted for the sake of `helm template`: definitions are printed only with `--include-crds`.
    #[arg(long)]
    pub skip_crds: bool,
    /// Leave hooks out.
    #[arg(long)]
    pub no_hooks: bool,
    /// Leave tests out.
    #[arg(long)]
    pub skip_tests: bool,
    /// Print only these templates.
    #[arg(short, long)]
    pub show_only: Vec<String>,
    /// Render as for an upgrade.
    #[arg(long)]
    pub is_upgrade: bool,
    /// Do not validate values.
    #[arg(long)]
    pub skip_schema_validation: bool,
    /// Look names up when a template asks for it.
    #[arg(long)]
    pub enable_dns: bool,
    /// Flags that change nothing here.
    #[command(flatten)]
    pub without_effect: WithoutEffect,
}

impl RenderHelm {
    /// Runs the command; errors go to the standard error as Helm words them.
    ///
    /// # Errors
    /// Only if the output cannot be written.
    pub fn run(&self, out: &mut dyn Write, errors: &mut dyn Write) -> anyhow::Result<ExitCode> {
        self.without_effect.warn(errors)?;
        match self.render(errors) {
            Ok(text) => {
                out.write_all(text.as_bytes())?;
                Ok(ExitCode::SUCCESS)
            }
            Err(error) => {
                writeln!(errors, "Error: {error}")?;
                Ok(ExitCode::FAILURE)
            }
        }
    }

    /// The text that the command prints.
    ///
    /// # Errors
    /// With Helm's text.
    pub fn render(&self, log: &mut dyn Write) -> anyhow::Result<String> {
        let (name, path) = self.name_and_chart()?;
        let kube_version = match self.kube_version.as_deref().filter(|version| !version.is_empty()) {
            Some(text) => {
                KubeVersion::parse(text).map_err(|error| anyhow!("invalid kube version '{text}': {error}"))?
            }
            None => KubeVersion::default(),
        };
        let path = Path::new(&path);
        std::fs::metadata(path).map_err(|_| anyhow!("path {:?} not found", path.display().to_string()))?;
        let user = self.values()?;
        // The process ends when this has been printed; giving back piece by piece what it holds would only take time.
        let chart = ManuallyDrop::new(load(path)?);
        check(&chart)?;
        validate_name(&name).map_err(|error| anyhow!("release name check failed: release name {name:?}: {error}"))?;
        let environment = SystemEnvironment::new(self.enable_dns);
        let mut release = ReleaseInfo::install(name, &self.namespace);
        (release.is_install, release.is_upgrade) = (!self.is_upgrade, self.is_upgrade);
        let capabilities = Capabilities {
            kube_version,
            helm_version: HelmVersion::program(),
            ..Capabilities::default()
        };
        let mut options = RenderOptions::new(release)
            .with_capabilities(capabilities.with_api_versions(self.api_versions.iter().cloned()))
            .with_environment(&environment)
            .with_limits(Limits::default());
        options.skip_schema_validation = self.skip_schema_validation;
        let (node, set) = render_manifests(&chart, &user, &options)?;
        let set = ManuallyDrop::new(set);
        for warning in &set.warnings {
            writeln!(log, "level=WARN msg={warning:?}")?;
        }
        let mut printed = String::new();
        if self.include_crds {
            for crd in node.crds() {
                push_document(&mut printed, &crd.filename, &String::from_utf8_lossy(&crd.data));
            }
        }
        set.write_text(&mut printed);
        // It begins with a separator, so there is nothing to trim before it.
        printed.truncate(printed.trim_end().len());
        printed.push('\n');
        if !self.no_hooks {
            let wanted = set
                .hooks
                .iter()
                .filter(|hook| !(self.skip_tests && hook.events.contains(&HookEvent::Test)));
            for hook in wanted {
                push_document(&mut printed, &hook.path, &hook.manifest);
            }
        }
        if self.show_only.is_empty() {
            Ok(printed)
        } else {
            self.only(&printed)
        }
    }

    fn name_and_chart(&self) -> anyhow::Result<(String, String)> {
        let (name, chart) = match self.arguments.as_slice() {
            [chart] => (None, chart),
            [name, chart] => (Some(name), chart),
            _ => bail!("must either provide a name or specify --generate-name"),
        };
        if name.is_some() && self.name_template.is_some() {
            bail!("cannot set --name-template and also specify a name");
        }
        let name = match (name, &self.name_template) {
            (Some(name), _) => name.clone(),
            (None, Some(template)) => template_name(template)?,
            (None, None) => "release-name".to_owned(),
        };
        Ok((name, chart.clone()))
    }

    /// The user's values, in Helm's order of precedence.
    fn values(&self) -> anyhow::Result<Values> {
        let mut user = Values::new();
        for path in &self.values {
            let bytes = std::fs::read(path).map_err(|error| anyhow!("open {}: {}", path.display(), reason(&error)))?;
            let read =
                values::read_bytes(&bytes).map_err(|error| anyhow!("failed to parse {}: {error}", path.display()))?;
            user = values::merge(user, read);
        }
        for text in &self.set_json {
            values::set_json(&mut user, text)?;
        }
        for text in &self.set {
            values::set(&mut user, text)?;
        }
        for text in &self.set_string {
            values::set_string(&mut user, text)?;
        }
        for text in &self.set_file {
            values::set_file(&mut user, text, &mut |path| {
                let bytes = std::fs::read(path).map_err(|error| format!("open {path}: {}", reason(&error)))?;
                Ok(String::from_utf8_lossy(&bytes).into_owned())
            })?;
        }
        for text in &self.set_literal {
            values::set_literal(&mut user, text)?;
        }
        Ok(user)
    }

    fn only(&self, printed: &str) -> anyhow::Result<String> {
        let documents = manifest::split(printed);
        let mut text = String::new();
        for wanted in &self.show_only {
            let before = text.len();
            for document in &documents {
                let source = document
                    .lines()
                    .find_map(|line| line.split_once("# Source: ")?.1.split_once('/'));
                if source.is_some_and(|(_, path)| glob::matches(wanted, path).unwrap_or(false)) {
                    text.push_str(&format!("---\n{document}\n"));
                }
            }
            if text.len() == before {
                bail!("could not find template {wanted} in chart");
            }
        }
        Ok(text)
    }
}

/// What Go says about an error of the file system.
fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::IsADirectory => "is a directory".to_owned(),
        _ => error.to_string(),
    }
}

/// A release name from `--name-template`.
fn template_name(template: &str) -> anyhow::Result<String> {
    use fleet_core::template::{Template, TemplateOptions, Value};
    let functions = fleet_core::sprig::functions();
    let template = Template::parse("name-template", template, functions.into(), TemplateOptions::default())?;
    let environment = SystemEnvironment::new(false);
    let text = template.execute(&Value::map::<&str>([]), &environment, Limits::default())?;
    Ok(text.to_str().into_owned())
}

/// Loads a chart from a folder or an archive.
///
/// # Errors
/// With Helm's text.
pub fn load(path: &Path) -> anyhow::Result<Chart> {
    if !path.is_dir() {
        let bytes = std::fs::read(path).with_context(|| format!("open {}", path.display()))?;
        return Ok(Chart::from_archive(&bytes, &ArchiveLimits::default())?);
    }
    let chart_yaml = path.join("Chart.yaml");
    if let Err(error) = std::fs::metadata(&chart_yaml) {
        let absolute = std::path::absolute(&chart_yaml).unwrap_or(chart_yaml);
        bail!(
            "unable to detect chart at {0}: open {0}: {1}",
            absolute.display(),
            reason(&error)
        );
    }
    Ok(Chart::from_folder(&mut ChartOnDisk::new(path))?)
}

/// What the program refuses and the library does not.
fn check(chart: &Chart) -> anyhow::Result<()> {
    if chart.metadata().chart_type == "library" {
        bail!("library charts are not installable");
    }
    match chart.metadata().api_version.as_str() {
        "v1" | "v2" => {}
        "v3" => bail!("invalid chart apiVersion"),
        _ => bail!("unsupported chart version"),
    }
    let missing = chart.missing_dependencies();
    if !missing.is_empty() {
        bail!(
            "an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' to fetch \
             missing dependencies: found in Chart.yaml, but missing in charts/ directory: {}",
            missing.join(", ")
        );
    }
    Ok(())
}
