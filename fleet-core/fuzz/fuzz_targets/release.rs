//! `cargo fuzz run --features libfuzzer release`: see `fleet_fuzz::targets::release`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fleet_fuzz::targets::release::run(data));
