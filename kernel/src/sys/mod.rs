//! System calls: the dispatch table made from `elfin_syscalls`, and the handlers by family.
//!
//! [`Cx`] is what every handler gets; [`handlers`] gathers them under one name for the table;
//! [`usercopy`] moves values between a handler and the program's memory.

pub mod handlers;
pub mod usercopy;

mod aio;
mod attr;
mod copy;
mod cred;
mod dir;
mod entry;
mod epoll;
mod event;
mod exec;
mod fcntl;
mod fdops;
mod file;
mod futex;
mod inotify;
mod ipc_msg;
mod ipc_sem;
mod ipc_shm;
mod jobs;
mod locks;
mod membarrier;
mod memory;
mod misc;
mod mount;
mod mqueue;
mod msg;
mod open;
mod paths;
mod poll;
mod prctl;
mod process;
mod process_vm;
mod ptrace;
mod sched;
mod signal;
mod size;
mod socket;
mod sockopt;
mod stat;
mod sync;
mod thread;
mod time;
mod timers;
mod unshare;
mod wait;
mod xattr;

pub use entry::{DISPATCH, Entries, SysFn, enable_strace, unknown};
pub(crate) use entry::{trace_calls, untrace_calls};
pub(crate) use open::descriptor;

use alloc::sync::Arc;

use elfin_platform::arch::UserFrame;
use elfin_syscalls::Errno;
use elfin_syscalls::args::Fd;

use crate::fs::OpenFile;
use crate::task::ThreadRef;

/// What a handler knows of its caller.
pub struct Cx<'a> {
    /// The calling thread.
    pub thread: &'a ThreadRef,
    /// The program's registers as they were at the system call.
    pub frame: &'a mut UserFrame,
}

impl Cx<'_> {
    /// The register of argument `n`, 0 to 5.
    #[inline(always)]
    pub fn word(&self, n: usize) -> usize {
        self.frame.arg(n)
    }

    /// The open file that a descriptor of the caller's refers to.
    ///
    /// # Errors
    /// `EBADF`.
    #[inline]
    pub fn file(&self, fd: Fd) -> Result<Arc<OpenFile>, Errno> {
        self.thread.files().get(fd)
    }
}
