//! `fleet`: Fleet's command line, and `fleet up`.

use std::process::ExitCode;

/// Rendering makes many small values of short life; the system's allocator takes a quarter of the time for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    fleet_examples::cli::main()
}
