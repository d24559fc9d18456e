//! `fleet render kustomize DIR`: what `kubectl kustomize DIR` prints, warnings on stderr, exit code 1 for what fails.

use std::{fs, io::Write, path::PathBuf, sync::Arc};

use anyhow::{Context as _, Result, anyhow};
use clap::{Args, ValueEnum};
use fleet_core::kustomize::{BuildOptions, Files, Found, HelmCharts, LoadRestrictor, build_with_warnings};

/// Build a kustomization.
#[derive(Args, Clone, Debug)]
pub struct RenderKustomizeCommand {
    /// The kustomization's folder.
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// Render `helmCharts`.
    #[arg(long)]
    pub enable_helm: bool,
    /// Which files a kustomization may load.
    #[arg(long, value_enum, default_value_t = Restrictor::RootOnly)]
    pub load_restrictor: Restrictor,
    /// Write to this file, or one file an object into this folder.
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,
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
    /// Builds and prints; charts are rendered by `helm`. Warnings go to `warnings` at once, so that they stand before an error.
    ///
    /// # Errors
    /// kustomize's text, which a program prints after `error: `.
    pub fn run(&self, out: &mut dyn Write, warnings: &mut dyn Write, helm: Option<&dyn HelmCharts>) -> Result<()> {
        let restrictor = match self.load_restrictor {
            Restrictor::RootOnly => LoadRestrictor::RootOnly,
            Restrictor::None => LoadRestrictor::None,
        };
        let mut options = BuildOptions::default().load_restrictor(restrictor);
        options.enable_helm = self.enable_helm;
        options.helm = helm;
        let folder = std::path::absolute(&self.folder).with_context(|| format!("{}", self.folder.display()))?;
        let folder = folder
            .to_str()
            .ok_or_else(|| anyhow!("the path {} is no UTF-8", folder.display()))?;
        let (built, lines) = build_with_warnings(&Disk, folder, &options);
        for line in lines {
            writeln!(warnings, "{line}")?;
        }
        let built = built?;
        match &self.output {
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
}

/// The file system: bases may lie anywhere, and only what a build asks for is read.
#[derive(Clone, Copy, Debug)]
pub struct Disk;

impl Files for Disk {
    fn lookup(&self, path: &str) -> Found {
        let Ok(metadata) = fs::symlink_metadata(path) else {
            return Found::Nothing;
        };
        let kind = metadata.file_type();
        if kind.is_symlink() {
            fs::read_link(path).map_or(Found::Nothing, |target| {
                Found::Link(target.to_string_lossy().into_owned())
            })
        } else if kind.is_dir() {
            Found::Folder
        } else {
            Found::File
        }
    }

    fn read(&self, path: &str) -> Result<Arc<[u8]>, String> {
        fs::read(path)
            .map(Arc::from)
            .map_err(|error| format!("open {path}: {error}"))
    }
}
