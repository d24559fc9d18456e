//! Where kube-apiserver, etcd and kube-controller-manager come from: the folder that `KUBEBUILDER_ASSETS` names, or
//! the Go project beside these tests, built once and kept in the user's cache.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

const PROGRAMS: [&str; 3] = ["etcd", "kube-apiserver", "kube-controller-manager"];

/// A folder with the three programs. Where there is none and none can be built, one line says so and the answer is
/// `None`. With `KUBEBUILDER_ASSETS` set, they must be there.
pub fn folder() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("KUBEBUILDER_ASSETS").filter(|folder| !folder.is_empty()) {
        let folder = PathBuf::from(folder);
        for program in PROGRAMS {
            assert!(
                folder.join(program).is_file(),
                "KUBEBUILDER_ASSETS has no {program}: {}",
                folder.display()
            );
        }
        return Some(folder);
    }
    match build() {
        Ok(folder) => Some(folder),
        Err(reason) => {
            say(&format!(
                "skipped: no real Kubernetes control plane: {reason} (or set KUBEBUILDER_ASSETS)"
            ));
            None
        }
    }
}

/// Writes a line that the test harness does not hold back, as it does with `eprintln!`.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// The cached programs, built if need be.
fn build() -> Result<PathBuf, String> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/control-plane");
    let cache = match std::env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(std::env::var_os("HOME").ok_or("HOME is not set")?).join(".cache"),
    };
    let mut hash = Sha256::new();
    for file in ["go.mod", "go.sum", "main.go", "build.sh"] {
        hash.update(fs::read(project.join(file)).map_err(|error| format!("{file}: {error}"))?);
    }
    let key: String = hash
        .finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let folder = cache.join("fleet-control-plane").join(key);
    let is_complete = || PROGRAMS.iter().all(|program| folder.join(program).is_file());
    if is_complete() {
        return Ok(folder);
    }
    if !Command::new("go")
        .arg("version")
        .output()
        .is_ok_and(|output| output.status.success())
    {
        return Err("Go is not installed".to_owned());
    }
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(&folder).map_err(failed)?;
    // Several test programs may want it at a time; the lock ends with the file.
    let lock = File::create(folder.join("lock")).map_err(failed)?;
    lock.lock().map_err(failed)?;
    if is_complete() {
        return Ok(folder);
    }
    say("building a Kubernetes control plane for tests, once (about 5 minutes)");
    let output = Command::new("sh")
        .arg(project.join("build.sh"))
        .arg(&folder)
        .output()
        .map_err(failed)?;
    if !output.status.success() {
        return Err(format!(
            "go build failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        ));
    }
    Ok(folder)
}
