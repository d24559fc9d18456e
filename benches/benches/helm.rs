//! Helm charts rendered in process: loaded anew each time, and parsed once.
//!
//! `cargo bench -p fleet-benches --bench helm -- CHART...` times charts (folders). With `--serve` it does what each line of the
//! standard input says and prints `NANOSECONDS BYTES`: that is how `helm/side_by_side.py` runs it in turn with Helm.
//! `whole CHART` reads, loads and renders a folder; `parsed CHART` renders a chart that was loaded and rendered before.
#![allow(clippy::print_stdout)]

use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use fleet_core::helm::{Chart, ReleaseInfo, RenderOptions, render, values};

#[path = "../../examples/src/cli/chart_on_disk.rs"]
mod chart_on_disk;
#[path = "../../examples/src/cli/file_reader.rs"]
mod file_reader;

use chart_on_disk::ChartOnDisk;

/// What an embedder that renders all day would choose.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error>;

fn load(folder: &Path) -> Result<Chart, Failure> {
    Ok(Chart::from_folder(&mut ChartOnDisk::new(folder))?)
}

/// The bytes of all rendered files.
fn rendered(chart: &Chart) -> Result<usize, Failure> {
    let options = RenderOptions::new(ReleaseInfo::install("rel", "ns"));
    let rendered = render(chart, &values::Values::new(), &options)?;
    Ok(rendered.files.values().map(String::len).sum())
}

fn timed(work: impl FnOnce() -> Result<usize, Failure>) -> Result<(Duration, usize), Failure> {
    let start = Instant::now();
    let bytes = work()?;
    Ok((start.elapsed(), bytes))
}

fn serve() -> Result<(), Failure> {
    let mut kept: HashMap<String, Chart> = HashMap::new();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (what, path) = line.split_once(' ').ok_or("a line is a word and a chart")?;
        let (time, bytes) = if what == "whole" {
            timed(|| rendered(&load(Path::new(path))?))?
        } else {
            if !kept.contains_key(path) {
                let chart = load(Path::new(path))?;
                rendered(&chart)?;
                kept.insert(path.to_owned(), chart);
            }
            timed(|| rendered(&kept[path]))?
        };
        println!("{} {bytes}", time.as_nanos());
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    if arguments.iter().any(|it| it == "--serve") {
        return serve();
    }
    for path in &arguments {
        let folder = Path::new(path);
        let chart = load(folder)?;
        let mut whole = Duration::MAX;
        let mut parsed = Duration::MAX;
        let mut bytes = 0;
        for _ in 0..20 {
            whole = whole.min(timed(|| rendered(&load(folder)?))?.0);
            let (time, length) = timed(|| rendered(&chart))?;
            (parsed, bytes) = (parsed.min(time), length);
        }
        println!("{path}: {whole:?} with loading, {parsed:?} parsed; {bytes} bytes");
    }
    if arguments.is_empty() {
        println!("no charts given: name folders of charts behind --");
    }
    Ok(())
}
