//! Scanning a repository: from a tree in memory to bundles as YAML, whole and with one changed folder.
//!
//! `cargo bench -p fleet-benches --bench scan`.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use fleet_benches::repository::repository;
use fleet_core::{
    parallel,
    scan::{Bundle, ScanCache, ScanOptions, rescan, scan},
    tree::Entry,
    yaml,
};

fn options(commit: usize) -> ScanOptions {
    let mut options = ScanOptions::default();
    options.commit = format!("{commit:040}");
    options
}

/// A bundle as YAML; the number of bytes.
fn encode(bundle: &Bundle) -> usize {
    yaml::write(&bundle.to_object()).map_or(0, |text| text.len())
}

/// Time that this thread had a processor: what counts on a machine that does other things too. Wall time where it is not known.
fn processor_time(since: Instant) -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|first| first.parse().ok());
    nanoseconds.map_or_else(|| since.elapsed(), Duration::from_nanos)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Only the changes, for a profiler: `-- changes`.
fn changes() {
    let mut tree = repository(1_000);
    let mut cache = ScanCache::default();
    for round in 0..500 {
        let content = format!("defaultNamespace: changed-{round}\n");
        tree.insert(&format!("apps/a{round:05}/fleet.yaml"), Entry::file(content))
            .expect("because the path is clean");
        cache = rescan(&cache, &tree, "repo", &options(round)).finish().cache;
    }
}

fn main() {
    if std::env::args().any(|argument| argument == "changes") {
        return changes();
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let program = Instant::now();
    for bundles in [100, 1_000, 10_000] {
        let mut tree = repository(bundles);
        let rounds = if bundles > 1_000 { 3 } else { 21 };
        let (mut scans, mut prints, mut changes) = (Vec::new(), Vec::new(), Vec::new());
        let (mut scans_alone, mut prints_alone) = (Vec::new(), Vec::new());
        let mut cache = ScanCache::default();
        let mut bytes = 0;
        for round in 0..rounds {
            let (start, processor) = (Instant::now(), processor_time(program));
            let scanned = scan(&tree, "repo", &options(round)).finish();
            scans_alone.push(processor_time(program).saturating_sub(processor));
            scans.push(start.elapsed());
            assert_eq!(scanned.bundles.len(), bundles);
            let start = Instant::now();
            bytes = parallel::map(&scanned.bundles, 1, encode).iter().sum();
            prints.push(start.elapsed());
            let processor = processor_time(program);
            std::hint::black_box(scanned.bundles.iter().map(encode).sum::<usize>());
            prints_alone.push(processor_time(program).saturating_sub(processor));
            cache = scanned.cache;
        }
        for round in 0..rounds {
            let path = format!("apps/a{:05}/fleet.yaml", round * 5);
            let content = format!("defaultNamespace: changed-{round}\n");
            tree.insert(&path, Entry::file(content))
                .expect("because the path is clean");
            let start = Instant::now();
            let scanned = rescan(&cache, &tree, "repo", &options(rounds + round)).finish();
            changes.push(start.elapsed());
            cache = scanned.cache;
        }
        println!(
            "{bundles} bundles: scan {:?} ({:?} of processor time), print {bytes} bytes of YAML with {threads} threads {:?} \
             ({:?} of processor time with one), one changed folder {:?}",
            median(scans),
            median(scans_alone),
            median(prints),
            median(prints_alone),
            median(changes)
        );
    }
}
