//! `fleet-manager`: Fleet's manager against a kubeconfig or in a cluster.

use std::process::ExitCode;

fn main() -> ExitCode {
    fleet_examples::manager::main()
}
