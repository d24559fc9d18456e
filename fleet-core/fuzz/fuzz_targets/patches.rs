//! `cargo fuzz run --features libfuzzer patches`: see `fleet_fuzz::targets::patches`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fleet_fuzz::targets::patches::run(data));
