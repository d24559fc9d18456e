//! Readiness, states, summaries and conditions.
//!
//! From the bottom up: [`readiness`] says of one live object whether it is ready; [`state`] says of a deployment what state
//! it is in; [`summary`] counts deployments by state and says what is not ready; [`rollup`] and [`resources`] make of them
//! what the statuses of Bundle, GitRepo, HelmOp, Cluster and ClusterGroup hold; [`conditions`] sets their conditions.

pub mod conditions;
pub mod readiness;
pub mod resources;
pub mod rollup;
pub mod state;
pub mod summary;

pub use state::{BundleState, deployment_message, deployment_state, target_state};

#[cfg(test)]
mod tests;
