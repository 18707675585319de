//! Processes and threads: scheduling, sleeping, timers, signals, futexes.
//!
//! [`Thread`] is the kernel's half of a thread (the platform's `Task` is the other), [`Process`]
//! what threads share. [`sched`] decides who runs; [`WaitQueue`] is how a thread sleeps until
//! something happens, [`Mutex`] and [`RwLock`] are built on it, [`timer`] bounds sleeps in time;
//! [`work`] is what happens on the way back to the program and in the idle loop.

pub mod clock;
pub mod clone;
pub mod core_dump;
pub mod cred;
pub mod exec;
pub mod exit;
pub mod futex;
pub mod ids;
pub mod itimer;
pub mod jobs;
pub mod oom;
pub mod pidfd;
pub mod poll;
pub mod posix_timer;
pub mod priority;
pub mod ptrace;
pub mod rlimit;
pub mod rseq;
pub mod sched;
pub mod signal;
pub mod sleep;
pub mod timer;
pub mod tree;
pub mod unshare;
pub mod usage;
pub mod wait_child;
pub mod work;

mod deadlines;
mod mutex;
mod process;
mod registers;
mod rwlock;
mod thread;
mod wait;

pub use cred::{Capability, Cred};
pub use ids::{find_process, find_thread};
pub use mutex::{Mutex, MutexGuard};
pub use poll::{PollEvents, PollTable, Poller};
pub use process::{CONTINUED, INIT, Process, end_code};
pub use rlimit::Rlimits;
pub use rwlock::{ReadGuard, RwLock, WriteGuard};
pub use thread::{
    Current, DEFAULT_TIMER_SLACK, NAME_LEN, Rseq, Thread, ThreadRef, current, try_current,
};
pub use wait::{WaitQueue, Wake};
