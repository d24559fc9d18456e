//! Where trees come from: the `source` trait that adapters implement.
