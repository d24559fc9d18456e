//! `cargo fuzz run --features libfuzzer template`: see `fleet_fuzz::targets::template`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fleet_fuzz::targets::template::run(data));
