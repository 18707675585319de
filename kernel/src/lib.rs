//! The kernel: what a Linux program sees of Elfin.
//!
//! Everything here is safe, architecture-neutral Rust over `elfin_platform`. The parts that need
//! no machine (path walk, pipes, interval maps, sockets' state machines) run under `cargo test`
//! on the host.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod event;
pub mod fs;
pub mod mm;
pub mod net;
pub mod rand;
pub mod sys;
pub mod task;
pub mod tty;
