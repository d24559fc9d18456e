//! Bundle content and options to a Helm release.
