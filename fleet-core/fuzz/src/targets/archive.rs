//! Bytes as a chart archive: loaded and rendered, or refused. Bytes that are no gzip are packed first, so that whoever varies them
//! varies the tar. Nothing that is loaded has a path that leaves the chart.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use fleet_core::helm::{Chart, ReleaseInfo, RenderOptions, render, values};
use fleet_core::template::Limits;
use fleet_core::tree::archive::ArchiveLimits;

use crate::Target;

/// The target.
pub const TARGET: Target = Target {
    name: "archive",
    run,
    words: &[
        "t/Chart.yaml",
        "t/values.yaml",
        "t/templates/a.yaml",
        "t/charts/s/Chart.yaml",
        "t/charts/s.tgz",
        "../",
        "/etc/passwd",
        "ustar\u{0}00",
        "ustar  \u{0}",
        "0000644\u{0}",
        "00000000010\u{0}",
        "77777777777\u{0}",
        "./",
        "\\",
        "C:/",
        "apiVersion: v2\nname: t\nversion: 0.1.0\n",
        "20 path=t/../../x\n",
    ],
};

/// Loads and renders.
pub fn run(data: &[u8]) {
    let mut limits = ArchiveLimits::default();
    limits.total_bytes = 4 << 20;
    limits.file_bytes = 1 << 20;
    limits.entries = 1000;
    let packed = if data.starts_with(&[0x1f, 0x8b]) {
        data.to_vec()
    } else {
        gzip(data)
    };
    let Ok(chart) = Chart::from_archive(&packed, &limits) else {
        return;
    };
    check_paths(&chart);
    let mut limits = Limits::default();
    limits.steps = 100_000;
    limits.bytes = 16 << 20;
    let options = RenderOptions::new(ReleaseInfo::install("rel", "ns")).with_limits(limits);
    let _ = render(&chart, &values::Values::new(), &options);
}

fn check_paths(chart: &Chart) {
    for file in chart.files().iter().chain(chart.templates()) {
        let leaves = file.name.starts_with('/') || file.name.split('/').any(|part| part == "..");
        assert!(!leaves, "{:?} leaves the chart", file.name);
    }
    chart.dependencies().iter().for_each(check_paths);
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder
        .write_all(data)
        .and_then(|()| encoder.finish())
        .expect("because a vector takes everything")
}
