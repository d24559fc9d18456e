//! `cargo fuzz run --features libfuzzer archive`: see `fleet_fuzz::targets::archive`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fleet_fuzz::targets::archive::run(data));
