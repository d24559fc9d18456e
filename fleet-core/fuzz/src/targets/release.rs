//! Bytes as a release record: decoded or refused, and what was decoded survives being stored. Bytes that are not base64 are taken for
//! the JSON of a record.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fleet_core::helm::HookEvent;
use fleet_core::helm::manifest::hooks_for;
use fleet_core::helm::release::{decode, encode};

use crate::Target;

/// The target.
pub const TARGET: Target = Target {
    name: "release",
    run,
    words: &[
        "\"name\":",
        "\"info\":{",
        "\"chart\":{",
        "\"metadata\":{",
        "\"config\":{",
        "\"manifest\":",
        "\"hooks\":[",
        "\"version\":",
        "\"namespace\":",
        "\"apply_method\":\"ssa\"",
        "\"first_deployed\":",
        "\"status\":\"deployed\"",
        "\"templates\":[",
        "\"data\":\"YQ==\"",
        "\"weight\":",
        "\"events\":[\"pre-install\"]",
        "\"modtime\":\"2026-01-01T00:00:00Z\"",
        "null",
        "{",
        "}",
        "[",
        "]",
        "-1",
        "1e400",
        "\"\"",
        ",",
    ],
};

/// Decodes, encodes, decodes.
pub fn run(data: &[u8]) {
    let _ = decode(data);
    let Ok(release) = decode(STANDARD.encode(data).as_bytes()) else {
        return;
    };
    let stored = encode(&release).expect("because a record that was read can be written");
    let again = decode(&stored).expect("because a record that was written can be read");
    assert_eq!(again, release);
    let _ = hooks_for(&release.hooks, HookEvent::PreInstall);
}
