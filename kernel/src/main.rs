//! The bootable image: the boot order is [`elfin_kernel::boot`]'s.
#![cfg_attr(target_os = "none", no_std)]
#![cfg_attr(target_os = "none", no_main)]
#![forbid(unsafe_code)]

#[cfg(target_os = "none")]
use elfin_kernel as _;

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("elfin-kernel is a machine image: build it with `make kernel`, run it with `elfin run`");
}
