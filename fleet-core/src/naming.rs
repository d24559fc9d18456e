//! Names, hashes and IDs.
