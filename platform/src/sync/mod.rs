//! Locks. [`SpinLock`] for short sections in a kernel that does not preempt; [`Once`] and
//! [`Lazy`] for what is set up once.
//!
//! Sleeping locks are the scheduler's and live in the kernel (`task::Mutex`).

mod spinlock;

pub use spin::{LazyLock as Lazy, Once};
pub use spinlock::{SpinGuard, SpinLock};
