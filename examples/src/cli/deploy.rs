//! `fleet deploy --dry-run`: the objects of a BundleDeployment as they would be applied.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Args;
use fleet_core::{
    api::{BundleDeploymentSpec, ContentSpec},
    helm::capabilities::KubeVersion,
    render::{BundleContent, RenderContext, Rendered, content, render},
    yaml,
};
use serde::Deserialize as _;
use serde_json::Value;

use super::logging::LoggingFlags;

/// Render a BundleDeployment and its Content.
#[derive(Args, Clone, Debug)]
pub struct DeployCommand {
    /// File with a Content and a BundleDeployment, in any order.
    #[arg(short, long, value_name = "FILE")]
    pub input_file: Option<PathBuf>,
    /// Render and print only; what this command does.
    #[arg(short, long)]
    pub dry_run: bool,
    /// Namespace of the agent.
    #[arg(short, long, default_value = "")]
    pub agent_namespace: String,
    /// Default namespace of releases; a dry run does not have one, as upstream's.
    #[arg(short, long, default_value = "default")]
    pub namespace: String,
    /// Version of Kubernetes that charts see [default: v1.25.0].
    #[arg(long, value_name = "VERSION")]
    pub kube_version: Option<String>,
    /// Kubeconfig of the cluster; a dry run asks none.
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// What upstream's logging has.
    #[command(flatten)]
    pub logging: LoggingFlags,
}

impl DeployCommand {
    /// Prints a YAML list of the objects of the manifest and of the hooks.
    pub fn run(&self, out: &mut dyn Write) -> Result<()> {
        let Some(file) = &self.input_file else {
            return super::help("deploy", out);
        };
        let input = read(file)?;
        if !self.dry_run {
            bail!("only --dry-run is supported: use the agent, or fleet up, to deploy");
        }
        let rendered = self.render(&input)?;
        let objects: Vec<Value> = rendered.objects.iter().chain(&rendered.hook_objects).cloned().collect();
        out.write_all(list(objects)?.as_bytes())?;
        Ok(())
    }

    /// Renders the options of the deployment as they stand, paused or not.
    pub fn render(&self, input: &Input) -> Result<Rendered> {
        let resources = content::decode(&input.content)?;
        let mut context = RenderContext::dry_run();
        context.agent_namespace = &self.agent_namespace;
        context.commit = &input.commit;
        if let Some(version) = &self.kube_version {
            context.capabilities.kube_version =
                KubeVersion::parse(version).with_context(|| format!("invalid kubeVersion: {version}"))?;
        }
        Ok(render(
            &input.name,
            &BundleContent::from_resources(&resources)?,
            &input.deployment.options,
            &context,
        )?)
    }
}

/// What is deployed.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// The BundleDeployment's name.
    pub name: String,
    /// Its commit label.
    pub commit: String,
    /// Its spec.
    pub deployment: BundleDeploymentSpec,
    /// The Content.
    pub content: ContentSpec,
}

/// Reads a Content and a BundleDeployment from a file.
pub fn read(file: &Path) -> Result<Input> {
    let name = file.display();
    let text = fs::read_to_string(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => anyhow!("open {name}: no such file or directory"),
        _ => anyhow!(error).context(format!("reading {name}")),
    })?;
    let mut input = Input::default();
    let (mut has_content, mut has_deployment) = (false, false);
    for object in yaml::read_all(&text).with_context(|| format!("reading {name}"))? {
        match object["kind"].as_str() {
            Some("Content") => {
                input.content = ContentSpec::deserialize(&object).context("reading the Content")?;
                has_content = true;
            }
            Some("BundleDeployment") => {
                let text = |pointer: &str| {
                    object
                        .pointer(pointer)
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                        .to_owned()
                };
                input.name = text("/metadata/name");
                input.commit = text("/metadata/labels/fleet.cattle.io~1commit");
                input.deployment =
                    BundleDeploymentSpec::deserialize(&object["spec"]).context("reading the BundleDeployment")?;
                has_deployment = true;
            }
            _ => {}
        }
    }
    if !has_content {
        bail!("failed to read content resource from file: {name}");
    }
    if !has_deployment {
        bail!("failed to read bundledeployment resource from file: {name}");
    }
    Ok(input)
}

/// Objects as a YAML list and an empty line; no objects are `null`, as Go prints a list that was never made.
pub fn list(objects: Vec<Value>) -> Result<String> {
    let list = if objects.is_empty() {
        Value::Null
    } else {
        Value::Array(objects)
    };
    Ok(format!("{}\n", yaml::write(&list)?))
}
