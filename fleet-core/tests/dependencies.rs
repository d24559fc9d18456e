//! What this crate must not depend on, by default: it is for everyone who embeds it.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use std::process::Command;

#[test]
fn no_kubernetes_no_git_no_runtime() {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--locked",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")])
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    let names: Vec<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains(&"fleet-core") && names.len() > 10, "{names:?}");
    for forbidden in ["kube", "kube-core", "k8s-openapi", "tokio", "gix", "reqwest"] {
        assert!(!names.contains(&forbidden), "fleet-core depends on {forbidden}");
    }
}
