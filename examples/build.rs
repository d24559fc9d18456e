//! How the programs are linked.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |key: &str, value: &str| std::env::var(key).is_ok_and(|found| found == value);
    // A command line starts often and runs for milliseconds. At an address of its own choice it needs none of the 64,000
    // relocations, which took more than half of the time to start. Manager and agent, which listen and stay, remain
    // position-independent.
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo:rustc-link-arg-bin=fleet=-no-pie");
    }
}
