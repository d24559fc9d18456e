//! A chart's files as an archive, as `helm package` makes one: a tar in gzip whose files lie in a folder of the chart's name.
//!
//! Times are left out, so that the same files give the same bytes; files are as they are in the folder, where Helm writes `Chart.yaml`
//! anew and unpacks the archives in `charts/`.

use std::io::Write;

use flate2::{Compression, GzBuilder};

use super::super::release::ChartFile;

/// What Helm writes in front of its archives.
const GZIP_EXTRA: &[u8] = b"+aHR0cHM6Ly95b3V0dS5iZS96OVV6MWljandyTQo=";

/// Packs the files of the chart of this name.
pub(crate) fn pack(name: &str, files: &[ChartFile]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for file in files {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(file.data.len() as u64);
        let path = format!("{name}/{}", file.name);
        // A path that no archive can have, one with `..` in it, is none of a chart.
        let _ = archive.append_data(&mut header, path, &*file.data);
    }
    let tar = archive.into_inner().expect("because writing to memory does not fail");
    let mut gzip = GzBuilder::new()
        .extra(GZIP_EXTRA)
        .comment("Helm")
        .operating_system(255)
        .write(Vec::new(), Compression::default());
    gzip.write_all(&tar)
        .and_then(|()| gzip.finish())
        .expect("because writing to memory does not fail")
}
