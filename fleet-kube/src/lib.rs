//! Kubernetes for the Fleet SDK.
