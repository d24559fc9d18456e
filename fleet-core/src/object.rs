//! Untyped Kubernetes objects: keys, install order, patches, schema tables.
