//! In-memory file trees: paths, globs, `.fleetignore`, archives with limits.
