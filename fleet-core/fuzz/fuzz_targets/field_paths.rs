//! `cargo fuzz run --features libfuzzer field_paths`: see `fleet_fuzz::targets::field_paths`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fleet_fuzz::targets::field_paths::run(data));
