//! The commands of `fleet`, one file each.

pub mod apply;
pub mod bundle;
pub mod chart_on_disk;
pub mod deploy;
pub mod explain;
pub mod file_reader;
pub mod folder;
pub mod hub;
pub mod logging;
pub mod output;
pub mod render_helm;
pub mod render_kustomize;
pub mod schema;
pub mod takeover;
pub mod target;
pub mod test;
pub mod up;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// Fleet: GitOps for many Kubernetes clusters.
#[derive(Debug, Parser)]
#[command(name = "fleet", version, disable_version_flag = true, arg_required_else_help = true)]
struct Fleet {
    /// Print the version.
    #[arg(short = 'v', short_alias = 'V', long, action = clap::ArgAction::Version)]
    version: Option<bool>,
    #[command(subcommand)]
    command: Command,
}

/// Arguments are declared once a command is named: those of all of them are a tenth of the work of a small build.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
enum Command {
    /// Deploy a git repository to a hub and clusters that run inside of this program.
    Up(up::UpCommand),
    /// Make bundles of folders, with the options of upstream's `fleet apply`.
    Apply(Box<apply::ApplyCommand>),
    /// Show what a bundle makes of an inventory of clusters.
    Target(target::TargetCommand),
    /// Render a BundleDeployment and its Content.
    Deploy(deploy::DeployCommand),
    /// Render a folder for a cluster, as upstream's deprecated `fleet test` does.
    Test(test::TestCommand),
    /// Explain which target of a bundle matches a cluster, and why those before it do not.
    Explain(explain::ExplainCommand),
    /// Print the JSON schema of fleet.yaml, by which editors complete and check it.
    Schema(schema::SchemaCommand),
    /// Say which deployments of a hub would change their ID, and why, if this manager took the hub over.
    Takeover(takeover::TakeoverCommand),
    /// Render without Fleet, as helm and kustomize do.
    #[command(subcommand)]
    Render(Render),
    /// Print the custom resource definitions of Fleet's kinds.
    Crds,
    /// Print a script that completes the commands of this program in a shell.
    Completion {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Subcommand)]
#[command(defer = true)]
enum Render {
    /// Renders a Helm chart to the standard output, as `helm template` does.
    Helm(Box<render_helm::RenderHelm>),
    /// Build a kustomization.
    Kustomize(render_kustomize::RenderKustomizeCommand),
}

/// Runs the command line of this process. 0 is success, 1 an error, 2 a wrong command line.
pub fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "error".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();
    let command = Fleet::parse().command;
    let (outcome, flushed) = if let Command::Render(_) | Command::Apply(_) = command {
        // Objects are passed on as they are, without a look for colours.
        finish(&command, &mut io::stdout().lock())
    } else {
        finish(&command, &mut anstream::stdout().lock())
    };
    match (outcome, flushed) {
        (Ok(code), Ok(())) => code,
        // Whoever reads has seen enough.
        (Err(error), _) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        (Ok(_), Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        (Err(error), _) => fail(&error),
        (Ok(_), Err(error)) => fail(&error.into()),
    }
}

fn finish(command: &Command, out: &mut dyn Write) -> (anyhow::Result<ExitCode>, io::Result<()>) {
    (run(command, out), out.flush())
}

fn run(command: &Command, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let reports = &mut anstream::stderr();
    match command {
        Command::Up(command) => return command.run(out),
        Command::Apply(command) => command.run(out, reports)?,
        Command::Target(command) => command.run(out, reports)?,
        Command::Deploy(command) => command.run(out)?,
        Command::Test(command) => command.run(out, reports)?,
        Command::Explain(command) => command.run(out)?,
        Command::Schema(command) => command.run(out)?,
        Command::Takeover(command) => return command.run(out),
        Command::Render(Render::Helm(command)) => return command.run(out, reports),
        Command::Render(Render::Kustomize(command)) => command.run(out, reports)?,
        Command::Crds => {
            for definition in fleet_core::api::crds() {
                writeln!(out, "---\n{}", fleet_core::yaml::write(&definition)?.trim_end())?;
            }
        }
        Command::Completion { shell } => {
            clap_complete::generate(*shell, &mut Fleet::command(), "fleet", &mut io::stdout());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the help of a command: what upstream does where the file that a command is about is not given.
fn help(command: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut fleet = Fleet::command();
    fleet.build();
    if let Some(command) = fleet.find_subcommand_mut(command) {
        write!(out, "{}", command.render_help())?;
    }
    Ok(())
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}

/// The error with its causes on one line; as one line of JSON with `FLEET_JSON_OUTPUT=true`, which Fleet's git jobs read.
fn fail(error: &anyhow::Error) -> ExitCode {
    let mut err = anstream::stderr();
    if std::env::var("FLEET_JSON_OUTPUT").is_ok_and(|value| value == "true") {
        let line = serde_json::json!({
            "time": now(), "level": "ERROR", "msg": "Fleet cli failed", "fleetErrorMessage": format!("{error:#}"),
        });
        let _ = writeln!(err, "{line}");
    } else {
        let text = format!("{error:#}");
        let _ = writeln!(err, "error: {}", text.strip_suffix('\n').unwrap_or(&text));
    }
    ExitCode::FAILURE
}

fn now() -> String {
    let elapsed = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    jiff::Timestamp::from_second(elapsed.as_secs() as i64)
        .unwrap_or_default()
        .to_string()
}

#[cfg(test)]
mod tests;
