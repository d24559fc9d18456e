//! What benchmarks and their programs share.

pub mod repository;
