//! Passes the architecture's linker script to the linker of the bootable binary.

fn main() {
    let var = |name: &str| std::env::var(name).unwrap_or_default();
    if var("CARGO_CFG_TARGET_OS") == "none" {
        let arch = var("CARGO_CFG_TARGET_ARCH");
        let script = format!("{}/../platform/src/arch/{arch}/link.ld", var("CARGO_MANIFEST_DIR"));
        println!("cargo:rerun-if-changed={script}");
        println!("cargo:rustc-link-arg-bins=-T{script}");
    }
}
