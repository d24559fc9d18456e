//! Desired objects against live ones.
