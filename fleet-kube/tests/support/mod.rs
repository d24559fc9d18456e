//! What tests share: a real Kubernetes control plane, a stand-in for the kubelet, repositories and waiting.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

pub mod binaries;
pub mod control_plane;
pub mod flow;
pub mod kubelet;
pub mod memory;
