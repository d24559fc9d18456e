//! Kubernetes for the Fleet SDK.

pub mod embedded;
