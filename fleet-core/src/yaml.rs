//! YAML and JSON exactly as Go reads and writes them.
