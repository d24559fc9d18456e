//! How a platform team pins what its repository becomes on its clusters: `cargo test` fails where a commit changes what any
//! of them gets, and says on which and why; `cargo insta review` shows the difference and keeps it.
//!
//! ```sh
//! cargo test --example snapshot_bundles
//! ```

use std::path::Path;

use fleet_core::render::RenderContext;
use fleet_core::scan::{ScanOptions, scan};
use fleet_core::snapshot::{Snapshots, snapshot};
use fleet_core::target::Estate;
use fleet_examples::cli::folder;

/// The bundles of this repository, on the clusters of a file.
fn snapshots() -> anyhow::Result<Snapshots> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let tree = folder::read_some(root, &["examples/bundles"])?;
    let scanned = scan(&tree, "fleet", &ScanOptions::default()).finish();
    let estate = Estate::from_yaml(include_str!("snapshot_bundles.inventory.yaml"))?;
    Ok(snapshot(&scanned, &estate, &RenderContext::default())?)
}

#[allow(clippy::print_stdout)]
fn main() -> anyhow::Result<()> {
    for group in &snapshots()?.groups {
        println!("{group}");
    }
    Ok(())
}

/// One snapshot for each group of clusters with the same objects.
#[test]
#[allow(clippy::print_stderr)]
fn clusters_get_what_was_reviewed() -> anyhow::Result<()> {
    let snapshots = snapshots()?;
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/snapshots"));
    let mut kept = std::collections::BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry?.path();
        if let Some(name) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".snap")) {
            kept.insert(name.to_owned(), std::fs::read_to_string(&path)?);
        }
    }
    let checked = snapshots.check(&kept);
    if let Err(changes) = &checked {
        eprintln!("{changes}");
    }
    insta::with_settings!({prepend_module_to_snapshot => false}, {
        for group in &snapshots.groups {
            insta::assert_snapshot!(group.name.as_str(), group);
        }
    });
    Ok(checked?)
}
