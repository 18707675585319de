//! The kernel: what a Linux program sees of Elfin.
//!
//! Everything here is safe, architecture-neutral Rust over `elfin_platform`. The parts that need
//! no machine (path walk, pipes, interval maps, sockets' state machines) run under `cargo test`
//! on the host.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod boot;
pub mod event;
pub mod exec;
pub mod fs;
pub mod ipc;
pub mod log;
pub mod mm;
pub mod net;
pub mod panic;
pub mod rand;
pub mod sys;
pub mod task;
pub mod tty;
pub mod uts;

use elfin_platform::power;

/// Ends the machine; `status` is what a shell would say of the program.
pub fn shutdown(status: u8) -> ! {
    task::sched::park_others();
    boot::report_statistics();
    power::exit(status)
}
