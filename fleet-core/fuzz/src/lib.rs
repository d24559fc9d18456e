//! Fuzz targets of fleet-core: each takes any bytes, and panics if something does not hold that always has to.
//!
//! A target is a plain function, so that two runners share it: libFuzzer by cargo-fuzz, which follows coverage and
//! is for long runs (`fuzz_targets/`), and `bounded`, which needs nothing but a stable compiler and is for CI. Beside panics,
//! both watch time and memory: the limits of fleet-core have to stop every input long before [`MAX_SECONDS`] and [`MAX_MEMORY`].

pub mod mutate;
pub mod targets;

/// No input may take longer.
pub const MAX_SECONDS: u64 = 20;

/// No input may add more to the memory of the process, in bytes.
pub const MAX_MEMORY: u64 = 1 << 30;

/// A target: its name, which is also that of its folder of seeds, and what it does with an input.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name.
    pub name: &'static str,
    /// Takes an input; panics if it finds a fault.
    pub run: fn(&[u8]),
    /// Words that inputs are made of.
    pub words: &'static [&'static str],
}

/// Every target.
pub const TARGETS: &[Target] = &[
    targets::template::TARGET,
    targets::yaml::TARGET,
    targets::values::TARGET,
    targets::archive::TARGET,
    targets::release::TARGET,
    targets::kustomization::TARGET,
    targets::patches::TARGET,
    targets::field_paths::TARGET,
];
