//! Chart archives: a tar in gzip whose files lie in one folder of any name (Helm v4.2.3 `loader/archive`).

use super::super::release::ChartFile;
use super::load::ChartError;
use crate::tree::archive::{ArchiveEntry, ArchiveLimits, EntryKind, read_tar_gz};
use crate::tree::path;

/// Helm's limit on all files of a chart together.
pub const MAX_CHART_BYTES: u64 = 100 * 1024 * 1024;
/// Helm's limit on one file of a chart.
pub const MAX_FILE_BYTES: u64 = 5 * 1024 * 1024;

/// Reads the files of a chart archive, in their order.
pub(super) fn read(archive: &[u8], limits: &ArchiveLimits) -> Result<Vec<ChartFile>, ChartError> {
    let mut files = Vec::new();
    for entry in read_tar_gz(archive, limits)? {
        let name = inner_path(&entry)?;
        match entry.kind {
            EntryKind::File => {
                files.push(ChartFile {
                    name,
                    data: entry.content,
                    modtime: entry.modified,
                });
            }
            // Helm takes a link for an empty file; a chart that holds one is broken either way, so say so.
            EntryKind::Link => {
                let text = format!("chart archive contains a link: {:?}", entry.path);
                return Err(ChartError::Path(text));
            }
        }
    }
    if files.is_empty() {
        return Err(ChartError::Path("no files in chart archive".to_owned()));
    }
    Ok(files)
}

/// The path inside the chart.
fn inner_path(entry: &ArchiveEntry) -> Result<String, ChartError> {
    let fail = |message: &str| Err(ChartError::Path(message.to_owned()));
    // Archives made on Windows have backslashes.
    let delimiter = if entry.path.contains('\\') { '\\' } else { '/' };
    let (folder, inside) = entry.path.split_once(delimiter).unwrap_or((entry.path.as_str(), ""));
    let inside = inside.replace(delimiter, "/");
    if inside.starts_with('/') {
        return fail("chart illegally contains absolute paths");
    }
    let inside = path::clean(&inside);
    if inside == "." {
        let text = format!(
            "chart illegally contains content outside the base directory: {:?}",
            entry.path
        );
        return Err(ChartError::Path(text));
    }
    if inside.starts_with("..") {
        return fail("chart illegally references parent directory");
    }
    let mut start = inside.chars();
    if start.next().is_some_and(|letter| letter.is_ascii_alphabetic()) && start.as_str().starts_with(":/") {
        return fail("chart contains illegally named files");
    }
    if folder == "Chart.yaml" {
        return fail("chart yaml not in base directory");
    }
    Ok(inside)
}
