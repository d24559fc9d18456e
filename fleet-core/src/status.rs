//! Readiness, states, summaries and conditions.

pub mod conditions;
pub mod readiness;
