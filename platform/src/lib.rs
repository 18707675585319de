//! The machine: everything Elfin needs of the hardware, and the only crate with `unsafe`.
//!
//! # Principles
//! * The kernel above is safe Rust: what this crate offers cannot be misused into undefined
//!   behaviour. User addresses are allegations, device rings are untrusted input.
//! * The waist is narrow: [`boot`], [`cpu`], [`task`], [`user`], [`mm`], [`time`], [`irq`],
//!   [`console`], [`entropy`], [`power`] and [`drivers`]. One architecture lies behind each
//!   name, chosen by `cfg`; hypervisors and buses are discovered at run time.
//! * The kernel is not preemptible: a thread in kernel mode runs until it sleeps or returns to
//!   the program. Interrupt handlers touch atomics only (they set [`cpu::Work`] bits); the work
//!   itself is done on the way back to the program or in the idle loop. A [`sync::SpinLock`]
//!   therefore never needs to mask interrupts.
//!
//! # Left out
//! Policy: scheduling, address-space layout, files and protocols are the kernel's.
//!
//! On a host target (`cargo test`) the `host` architecture stands in: locks, frames, clocks and
//! user copies work on ordinary memory, so that the kernel's logic runs under the test harness.
#![cfg_attr(target_os = "none", no_std)]

extern crate alloc;

mod acpi;
pub mod arch;
pub mod boot;
mod bus;
pub mod console;
pub mod cpu;
pub mod drivers;
pub mod entropy;
pub mod hooks;
pub mod host;
pub mod irq;
pub mod mm;
pub mod paging;
pub mod power;
pub mod sync;
pub mod task;
pub mod time;
pub mod user;
pub mod vdso;

/// Names the kernel's main function, `fn() -> !`, which the boot code calls on the boot CPU with
/// memory, heap and interrupt controllers ready.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        #[unsafe(no_mangle)]
        extern "Rust" fn elfin_kernel_main() -> ! {
            let main: fn() -> ! = $main;
            main()
        }
    };
}
