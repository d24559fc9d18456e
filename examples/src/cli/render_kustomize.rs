//! `fleet render kustomize DIR`: what `kubectl kustomize DIR` prints, warnings on stderr, exit code 1 for what fails.

pub mod charts;
mod disk;
pub mod remote;

use std::{fs, io::Write, path::Path};

use anyhow::{Context as _, Result, anyhow};
use clap::{ArgAction, Args, ValueEnum};
use fleet_core::kustomize::{
    BuildOptions, Built, KustomizeError, LoadRestrictor, RemoteResource, Supplied, build, build_with_warnings,
};

use charts::Charts;
pub use disk::Disk;

/// Build a kustomization.
#[derive(Args, Clone, Debug)]
pub struct RenderKustomizeCommand {
    /// The kustomization's folder, or the URL of a repository with a folder behind it.
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: String,
    /// Render `helmCharts`, by our own engine unless --helm-command names a program.
    #[arg(long, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, action = ArgAction::Set)]
    pub enable_helm: bool,
    /// The helm that pulls and renders charts.
    #[arg(long, value_name = "PROGRAM")]
    pub helm_command: Option<String>,
    /// API versions that charts see.
    #[arg(long, value_delimiter = ',')]
    pub helm_api_versions: Vec<String>,
    /// The version of Kubernetes that charts see.
    #[arg(long, default_value = "")]
    pub helm_kube_version: String,
    /// Show more of a chart that fails.
    #[arg(long, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, action = ArgAction::Set)]
    pub helm_debug: bool,
    /// Which files a kustomization may load.
    #[arg(long, value_enum, default_value_t = Restrictor::RootOnly)]
    pub load_restrictor: Restrictor,
    /// Write to this file, or one file an object into this folder.
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<String>,
    /// What kubectl takes for functions and plugins.
    #[command(flatten)]
    pub functions: FunctionFlags,
}

/// Flags for functions and plugins, which are refused: they have no effect.
#[derive(Args, Clone, Debug, Default)]
pub struct FunctionFlags {
    /// For functions, which are refused.
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL", hide = true)]
    pub as_current_user: Option<bool>,
    /// For plugins, which are refused.
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL", hide = true)]
    pub enable_alpha_plugins: Option<bool>,
    /// For functions, which are refused.
    #[arg(long, short, value_name = "NAME=VALUE", hide = true)]
    pub env: Vec<String>,
    /// For functions, which are refused.
    #[arg(long, value_name = "MOUNT", hide = true)]
    pub mount: Vec<String>,
    /// For functions, which are refused.
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL", hide = true)]
    pub network: Option<bool>,
    /// For functions, which are refused.
    #[arg(long, value_name = "NAME", hide = true)]
    pub network_name: Option<String>,
}

/// The values of `--load-restrictor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Restrictor {
    /// Those in or below the kustomization's folder.
    #[value(name = "LoadRestrictionsRootOnly")]
    RootOnly,
    /// Any.
    #[value(name = "LoadRestrictionsNone")]
    None,
}

impl RenderKustomizeCommand {
    /// Builds and prints. Warnings go to `warnings` before an error is returned.
    ///
    /// # Errors
    /// kustomize's text, which a program prints after `error: `.
    pub fn run(&self, out: &mut dyn Write, warnings: &mut dyn Write) -> Result<()> {
        let restrictor = match self.load_restrictor {
            Restrictor::RootOnly => LoadRestrictor::RootOnly,
            Restrictor::None => LoadRestrictor::None,
        };
        let charts = Charts {
            program: self.helm_command.clone(),
            api_versions: self.helm_api_versions.clone(),
            kube_version: self.helm_kube_version.clone(),
            debug: self.helm_debug,
        };
        let mut options = BuildOptions::default().load_restrictor(restrictor);
        if self.enable_helm {
            options = options.helm(&charts);
        }
        let built = self.build(&options, warnings)?;
        match self.output.as_deref().filter(|path| !path.is_empty()).map(Path::new) {
            None => out.write_all(built.into_yaml()?.as_bytes())?,
            Some(path) if path.is_dir() => {
                for (name, text) in built.files()? {
                    let path = path.join(name);
                    fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
                }
            }
            Some(path) => {
                fs::write(path, built.into_yaml()?).with_context(|| format!("writing {}", path.display()))?;
            }
        }
        Ok(())
    }

    fn build(&self, options: &BuildOptions<'_>, warnings: &mut dyn Write) -> Result<Built> {
        let remote = RemoteResource::of(&self.folder).map(|resource| remote::fetch(&resource));
        if let Some(Supplied::Folder { tree, path }) = remote.transpose()? {
            let built = build(&tree, &path, options)?;
            for line in &built.warnings {
                writeln!(warnings, "{line}")?;
            }
            return Ok(built);
        }
        let absolute = std::path::absolute(&self.folder).with_context(|| self.folder.clone())?;
        let folder = absolute
            .to_str()
            .ok_or_else(|| anyhow!("the path {} is no UTF-8", absolute.display()))?;
        let disk = Disk::default();
        let mut outcome = build_with_warnings(&disk, folder, options);
        if matches!(outcome.0, Err(KustomizeError::Remote(_))) {
            let mut options = options.clone();
            remote::supply_missing(&disk, folder, &mut options)?;
            outcome = build_with_warnings(&disk, folder, &options);
        }
        let (built, lines) = outcome;
        for line in lines {
            writeln!(warnings, "{line}")?;
        }
        built.map_err(|error| {
            // The folder itself is named as it was given.
            let text = error.to_string();
            for problem in ["not a valid directory: evalsymlink failure on ", ""] {
                let named = |folder: &str| format!("must build at directory: {problem}'{folder}'");
                if let Some(rest) = text.strip_prefix(&named(folder)) {
                    return anyhow!("{}{rest}", named(&self.folder));
                }
            }
            anyhow!(text)
        })
    }
}
