//! [`ThreadSignals`] and [`ProcessSignals`]: the parts of threads and processes that concern
//! signals.
//!
//! The lock of a process's queue also orders what happens to its threads' queues and to their
//! `wanted` flags; a thread's own queue is locked within it.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use elfin_platform::sync::SpinLock;

use super::action::Actions;
use super::queue::SignalQueue;
use super::set::SigSet;
use super::stack::AltStack;
use crate::task::wait::WaitQueue;

/// A thread's part.
pub struct ThreadSignals {
    /// Written by the thread itself.
    blocked: AtomicU64,
    /// Pending for this thread alone.
    pub(super) queue: SpinLock<SignalQueue>,
    /// Something is to be done before the thread goes on in the program.
    wanted: AtomicBool,
    /// Its alternate stack.
    pub stack: SpinLock<AltStack>,
    /// The mask to go back to after the next handler or system call (`sigsuspend`, `ppoll`).
    pub(super) saved_mask: SpinLock<Option<SigSet>>,
    /// The last exception that the program caused, for signal frames.
    pub(super) trap: SpinLock<Trap>,
}

/// An exception as a signal frame shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trap {
    /// The processor's number for it.
    pub vector: u64,
    /// Its error code.
    pub error: u64,
    /// The address that faulted.
    pub address: u64,
}

/// A process's part.
pub struct ProcessSignals {
    /// What is done about each signal; shared with processes cloned so.
    pub actions: Arc<SpinLock<Actions>>,
    /// Pending for any thread of the process.
    pub(super) queue: SpinLock<SignalQueue>,
    /// Woken whenever a signal arrives at the process or a thread of it: for `signalfd` and
    /// `sigtimedwait`.
    pub arrived: WaitQueue,
    /// All threads are to stop.
    pub(super) stopped: AtomicBool,
    /// Woken when they may go on.
    pub(super) resumed: WaitQueue,
}

impl ThreadSignals {
    /// No signal pending, `blocked` blocked, no alternate stack.
    pub fn new(blocked: SigSet) -> Self {
        Self {
            blocked: AtomicU64::new(blocked.0),
            queue: SpinLock::new(SignalQueue::new()),
            wanted: AtomicBool::new(false),
            stack: SpinLock::new(AltStack::NONE),
            saved_mask: SpinLock::new(None),
            trap: SpinLock::new(Trap::default()),
        }
    }

    /// The blocked signals.
    #[inline]
    pub fn blocked(&self) -> SigSet {
        SigSet(self.blocked.load(Ordering::Relaxed))
    }

    pub(super) fn store_blocked(&self, set: SigSet) {
        self.blocked.store((set & !SigSet::UNBLOCKABLE).0, Ordering::Relaxed);
    }

    /// Whether something is to be done before the thread goes on in the program.
    #[inline]
    pub fn wanted(&self) -> bool {
        self.wanted.load(Ordering::SeqCst)
    }

    /// Says whether something is to be done; see [`super::send::rouse`] for another thread.
    pub fn set_wanted(&self, wanted: bool) {
        self.wanted.store(wanted, Ordering::SeqCst);
    }
}

impl ProcessSignals {
    /// No signal pending, with these actions.
    pub fn new(actions: Arc<SpinLock<Actions>>) -> Self {
        Self {
            actions,
            queue: SpinLock::new(SignalQueue::new()),
            arrived: WaitQueue::new(),
            stopped: AtomicBool::new(false),
            resumed: WaitQueue::new(),
        }
    }

    /// Whether the process is stopped.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Signals pending for the whole process.
    pub fn pending(&self) -> SigSet {
        self.queue.lock().pending()
    }
}
