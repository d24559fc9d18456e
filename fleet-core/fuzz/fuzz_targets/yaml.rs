//! `cargo fuzz run --features libfuzzer yaml`: see `fleet_fuzz::targets::yaml`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fleet_fuzz::targets::yaml::run(data));
