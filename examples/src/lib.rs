//! The programs of the Fleet SDK: commands, flags, progress and printing. What they do is in the libraries.

pub mod cli;
