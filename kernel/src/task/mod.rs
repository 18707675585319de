//! Processes and threads: scheduling, sleeping, timers, signals, futexes.
//!
//! [`Thread`] is the kernel's half of a thread (the platform's `Task` is the other), [`Process`]
//! what threads share. [`sched`] decides who runs; [`WaitQueue`] is how a thread sleeps until
//! something happens, [`Mutex`] and [`RwLock`] are built on it, [`timer`] bounds sleeps in time;
//! [`work`] is what happens on the way back to the program and in the idle loop.

pub mod poll;
pub mod sched;
pub mod timer;
pub mod work;

mod deadlines;
mod ids;
mod mutex;
mod process;
mod run_queue;
mod rwlock;
mod thread;
mod wait;

pub use ids::{find_process, find_thread};
pub use mutex::{Mutex, MutexGuard};
pub use poll::{PollEvents, PollTable, Poller};
pub use process::Process;
pub use rwlock::{ReadGuard, RwLock, WriteGuard};
pub use thread::{Current, Thread, ThreadRef, current};
pub use wait::{Wake, WaitQueue};
