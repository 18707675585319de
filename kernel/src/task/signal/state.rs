//! [`ThreadSignals`] and [`ProcessSignals`]: the parts of threads and processes that concern
//! signals.
//!
//! The lock of a process's queue also orders what happens to its threads' queues and to their
//! `wanted` flags; a thread's own queue is locked within it.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use elfin_platform::sync::SpinLock;

use super::action::{Action, Actions};
use super::queue::SignalQueue;
use super::set::{SigSet, Signal};
use super::stack::AltStack;
use super::stop::StopState;
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

/// Actions that several processes may share.
pub type SharedActions = Arc<SpinLock<Actions>>;

/// A process's part.
pub struct ProcessSignals {
    /// What is done about each signal; shared with processes cloned so (`CLONE_SIGHAND`).
    actions: SpinLock<SharedActions>,
    /// Pending for any thread of the process.
    pub(super) queue: SpinLock<SignalQueue>,
    /// Woken whenever a signal arrives at the process or a thread of it: for `signalfd` and
    /// `sigtimedwait`.
    pub arrived: WaitQueue,
    /// Whether it is stopped.
    pub(super) stop: StopState,
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

    /// Takes over what is pending for another thread of `process`, in whose place this one comes.
    pub fn inherit_queue(&self, from: &Self, process: &ProcessSignals) {
        let shared = process.queue.lock();
        let pending = core::mem::replace(&mut *from.queue.lock(), SignalQueue::new());
        let old = core::mem::replace(&mut *self.queue.lock(), pending);
        self.set_wanted(true);
        drop(shared);
        drop(old);
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
    pub fn new(actions: SharedActions) -> Self {
        Self {
            actions: SpinLock::new(actions),
            queue: SpinLock::new(SignalQueue::new()),
            arrived: WaitQueue::new(),
            stop: StopState::default(),
        }
    }

    /// The actions, for a process that shares them.
    pub fn shared_actions(&self) -> SharedActions {
        self.actions.lock().clone()
    }

    /// What is done about a signal.
    pub fn action(&self, signal: Signal) -> Action {
        self.actions.lock().lock().get(signal)
    }

    /// Runs `f` on the actions, locked: it must not sleep.
    pub fn with_actions<R>(&self, f: impl FnOnce(&mut Actions) -> R) -> R {
        f(&mut self.actions.lock().lock())
    }

    /// Puts others in the place of the actions (`execve` of a process that shares them).
    pub fn replace_actions(&self, actions: SharedActions) {
        let old = core::mem::replace(&mut *self.actions.lock(), actions);
        drop(old);
    }

    /// The signal that stopped the process last.
    pub fn stop_signal(&self) -> Signal {
        self.stop.signal()
    }

    /// Whether the process is stopped.
    pub fn is_stopped(&self) -> bool {
        self.stop.is_stopped()
    }

    /// Signals pending for the whole process.
    pub fn pending(&self) -> SigSet {
        self.queue.lock().pending()
    }
}
