//! Interprocess communication: System V shared memory, semaphores and messages (`sysvipc(7)`),
//! and POSIX message queues (`mq_overview(7)`).
//!
//! * [`Registry`] gives System V objects their ids and finds them by key; [`Perm`] says who may
//!   use them; [`limits`] bounds them.
//! * [`shm`], [`sem`], [`msg`] are the three kinds of objects, [`mqueue`] the fourth, which has
//!   names in a file system of its own.
//! * [`ProcessPart`] is what a process keeps: its undo list.
//! * [`Waiter`] is a thread that sleeps until somebody does its work for it.
//!
//! Neighbours: `sys/ipc_*.rs` and `sys/mqueue.rs` have the handlers, [`procfs`] shows everything
//! under `/proc/sysvipc` and `/proc/sys`.

pub mod limits;
pub mod mqueue;
pub mod msg;
pub mod procfs;
pub mod sem;
pub mod shm;

mod ids;
mod perm;
mod process;
mod waiter;

pub use ids::{Name, Object, Registry, get};
pub use perm::{ALTER, Perm, READ};
pub use process::{ProcessPart, on_exit, on_fork, unshare};
pub use waiter::Waiter;

use elfin_platform::{mm, time};
use elfin_syscalls::Errno;

use crate::task::try_current;

/// Nanoseconds in a second.
const NSEC_PER_SEC: u64 = 1_000_000_000;

/// The wall clock in seconds, as the structures of System V have it.
fn now() -> i64 {
    i64::try_from(time::wall() / NSEC_PER_SEC).unwrap_or(i64::MAX)
}

/// The id of the process that acts; 0 if none does.
fn acting_pid() -> i32 {
    let pid = try_current().map_or(0, |thread| thread.process.pid);
    i32::try_from(pid).unwrap_or(0)
}

/// Checks that `bytes` more of the kernel's memory can be used, some of which it keeps for
/// itself.
///
/// # Errors
/// `ENOMEM`.
fn reserve(bytes: usize) -> Result<(), Errno> {
    let needed = bytes.saturating_add(crate::fs::tmpfs::RESERVE);
    if mm::stats().free > needed { Ok(()) } else { Err(Errno::ENOMEM) }
}
