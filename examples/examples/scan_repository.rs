//! Scans the repository of the working folder at its HEAD, and prints its bundles: name, files, targets.
//!
//! ```sh
//! cargo run --example scan_repository -- examples/bundles
//! ```

use fleet_core::scan::{ScanOptions, scan};
use fleet_core::source::{Source, SourceReference};
use fleet_git::Git;
use fleet_git::local::LocalRepository;

#[tokio::main]
#[allow(clippy::print_stdout)]
async fn main() -> anyhow::Result<()> {
    let found = LocalRepository::discover(std::path::Path::new("."))?;
    let git = Git::builder().local_repositories(true).build()?;
    let reference = SourceReference::new(found.root.display().to_string());
    let revision = git.resolve(&reference).await?;
    let tree = git.tree(&reference, &revision).await?;

    let mut options = ScanOptions::default();
    options.paths = std::env::args().skip(1).collect();
    options.commit = revision.to_string();
    let scanned = scan(&tree, "repository", &options).finish();
    for bundle in &scanned.bundles {
        println!(
            "{} ({}): {} files",
            bundle.name,
            bundle.path,
            bundle.spec.resources.len()
        );
        for target in &bundle.spec.targets {
            println!("  target {}", target.name);
        }
    }
    for failure in &scanned.failures {
        println!("{}: {}", failure.path, failure.error);
    }
    for diagnostic in &scanned.diagnostics {
        println!("{diagnostic}");
    }
    Ok(())
}
