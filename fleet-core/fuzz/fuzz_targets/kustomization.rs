//! `cargo fuzz run --features libfuzzer kustomization`: see `fleet_fuzz::targets::kustomization`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fleet_fuzz::targets::kustomization::run(data));
