//! What tests share: a real Kubernetes control plane, and a stand-in for the kubelet.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

pub mod binaries;
pub mod control_plane;
pub mod kubelet;
pub mod memory;
