//! `fleet-agent`: Fleet's agent against a kubeconfig or in a cluster.

use std::process::ExitCode;

fn main() -> ExitCode {
    fleet_examples::agent::main()
}
