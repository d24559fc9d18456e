//! `cargo fuzz run --features libfuzzer values`: see `fleet_fuzz::targets::values`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fleet_fuzz::targets::values::run(data));
