//! Where objects go: the `cluster` trait that adapters implement.
