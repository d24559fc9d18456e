//! Readiness, states, summaries and conditions.
