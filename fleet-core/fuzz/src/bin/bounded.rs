//! `bounded [SECONDS [SEED [TARGET...]]]`: runs targets for a bounded time with a stable compiler.
//!
//! First every seed, then changed seeds. Each input is kept in `$TMPDIR/fleet-fuzz/TARGET` while it runs, so that it is there whatever
//! ends the process: a panic, an overflow of the stack, an allocation that fails. A watchdog ends it when an input takes too long;
//! memory is looked at after each input (Linux only).
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // A program, not fleet-core.

use std::fs::File;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fleet_fuzz::{MAX_MEMORY, MAX_SECONDS, TARGETS, Target, mutate};

/// When the current input began, in milliseconds since the start.
static BEGAN: AtomicU64 = AtomicU64::new(0);

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let seconds: u64 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(30);
    let seed: u64 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(20);
    let named: Vec<String> = arguments.collect();
    let chosen: Vec<&Target> = TARGETS
        .iter()
        .filter(|target| named.is_empty() || named.iter().any(|name| name == target.name))
        .collect();
    if chosen.is_empty() {
        eprintln!("no such target: {}", named.join(" "));
        return ExitCode::FAILURE;
    }
    let start = Instant::now();
    watch(start);
    let share = Duration::from_secs(seconds) / u32::try_from(chosen.len()).unwrap_or(1);
    for target in chosen {
        let (count, slowest) = run(target, share, seed, start);
        println!(
            "{}: {count} inputs, the slowest took {} ms",
            target.name,
            slowest.as_millis()
        );
    }
    ExitCode::SUCCESS
}

/// Runs a target for its share of the time; gives the number of inputs and the longest time of one.
fn run(target: &Target, share: Duration, seed: u64, start: Instant) -> (u64, Duration) {
    let kept_path = kept_path(target.name);
    let mut kept = File::create(&kept_path).expect("because the folder for temporary files can be written");
    let seeds = seeds(target.name);
    let mut random = mutate::Random::new(seed);
    let began = Instant::now();
    let (mut count, mut slowest) = (0, Duration::ZERO);
    let mut given = seeds.iter().cloned();
    let mut memory = peak_memory();
    loop {
        let input = match given.next() {
            Some(seed) => seed,
            None if began.elapsed() >= share => return (count, slowest),
            None => mutate::input(&mut random, &seeds, target.words),
        };
        keep(&mut kept, &input).expect("because the folder for temporary files can be written");
        BEGAN.store(milliseconds(start), Ordering::Relaxed);
        let before = Instant::now();
        (target.run)(&input);
        slowest = slowest.max(before.elapsed());
        let peak = peak_memory();
        let grown = peak.saturating_sub(memory);
        assert!(
            grown <= MAX_MEMORY,
            "{} took {grown} bytes: {}",
            target.name,
            kept_path.display()
        );
        memory = peak;
        count += 1;
    }
}

/// Writes over the last input: the file stays open, since making it anew costs more than most inputs take.
fn keep(file: &mut File, input: &[u8]) -> std::io::Result<()> {
    file.rewind()?;
    file.write_all(input)?;
    file.set_len(input.len() as u64)
}

fn milliseconds(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Ends the process when an input takes too long.
fn watch(start: Instant) {
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let taken = milliseconds(start).saturating_sub(BEGAN.load(Ordering::Relaxed));
            if taken > MAX_SECONDS * 1000 {
                eprintln!(
                    "an input takes more than {MAX_SECONDS} s; see {}",
                    kept_path("").display()
                );
                std::process::abort();
            }
        }
    });
}

/// Where the current input of a target is kept.
fn kept_path(target: &str) -> PathBuf {
    let folder = std::env::temp_dir().join("fleet-fuzz");
    std::fs::create_dir_all(&folder).expect("because the folder for temporary files can be written");
    folder.join(target)
}

/// The seeds of a target, ordered by name.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    paths.sort();
    paths.iter().filter_map(|path| std::fs::read(path).ok()).collect()
}

/// The most memory that the process ever had, in bytes; zero where the system does not say.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}
