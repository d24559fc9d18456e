//! `fleet`: Fleet's command line, and `fleet up`.

use std::process::ExitCode;

fn main() -> ExitCode {
    fleet_examples::cli::main()
}
