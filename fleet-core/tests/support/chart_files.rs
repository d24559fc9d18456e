//! The files of a chart's folder, for tests and programs: `fleet-core` reads none itself.
#![allow(unreachable_pub, clippy::disallowed_methods, clippy::disallowed_types)]

use std::io;
use std::path::Path;

use fleet_core::helm::ChartFile;

/// Every file below a folder, by path from it, in the order of names.
pub fn chart_files(folder: &Path) -> io::Result<Vec<ChartFile>> {
    let mut files = Vec::new();
    collect(folder, "", &mut files)?;
    Ok(files)
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<ChartFile>) -> io::Result<()> {
    let mut entries = std::fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if path.is_dir() {
            collect(&path, &format!("{name}/"), files)?;
        } else {
            files.push(ChartFile::new(name, std::fs::read(&path)?));
        }
    }
    Ok(())
}
