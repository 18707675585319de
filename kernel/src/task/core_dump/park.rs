//! [`CoreState`]: the threads of a process that leaves a core file come to a halt first.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use elfin_platform::sync::SpinLock;

use super::segments::DEFAULT_FILTER;
use crate::task::poll::PollEvents;
use crate::task::process::Process;
use crate::task::registers::Registers;
use crate::task::signal;
use crate::task::thread::{ThreadRef, current};
use crate::task::wait::WaitQueue;

/// A process's part in a core file.
pub struct CoreState {
    /// `coredump_filter`: which memory goes in.
    pub filter: AtomicU32,
    /// The thread that writes; 0 for none.
    dumper: AtomicU32,
    /// Threads at a halt, and their registers.
    halted: AtomicUsize,
    parked: SpinLock<Vec<Parked>>,
    /// The writer waits for the others, and they for it.
    changed: WaitQueue,
}

/// A thread that has come to a halt.
pub(super) struct Parked {
    pub(super) thread: ThreadRef,
    pub(super) registers: Registers,
}

impl CoreState {
    /// Nothing is written; `filter` as the parent had it.
    pub fn new(filter: u32) -> Self {
        Self {
            filter: AtomicU32::new(filter),
            dumper: AtomicU32::new(0),
            halted: AtomicUsize::new(0),
            parked: SpinLock::new(Vec::new()),
            changed: WaitQueue::new(),
        }
    }

    /// Makes the thread `tid` the writer, unless there is one.
    pub(super) fn begin(&self, tid: u32) -> bool {
        self.dumper.compare_exchange(0, tid, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// Waits until all other threads of the ending `process` have come to a halt.
    pub(super) fn gather(&self, process: &Process) {
        process.for_each_thread(signal::rouse);
        signal::resume_to_exit(process);
        self.changed.wait_uninterruptible(|| {
            let others = process.thread_count().saturating_sub(1);
            (self.halted.load(Ordering::SeqCst) >= others).then_some(())
        });
    }

    /// Runs `f` with those that have come to a halt.
    pub(super) fn with_parked<R>(&self, f: impl FnOnce(&[Parked]) -> R) -> R {
        let parked = core::mem::take(&mut *self.parked.lock());
        f(&parked)
    }

    /// Lets the others go on to their ends.
    pub(super) fn finish(&self) {
        self.dumper.store(0, Ordering::SeqCst);
        self.changed.wake_all(PollEvents::empty());
    }

    /// Whether a core file is being written.
    pub fn is_dumping(&self) -> bool {
        self.dumper.load(Ordering::SeqCst) != 0
    }
}

impl Default for CoreState {
    fn default() -> Self {
        Self::new(DEFAULT_FILTER)
    }
}

/// Keeps the running thread, which ends, at a halt while another one writes a core file. Its
/// registers are those of its last entry into the kernel.
pub fn park_if_dumping() {
    let me = current();
    let state = &me.process.core;
    let dumper = state.dumper.load(Ordering::SeqCst);
    if dumper == 0 || dumper == me.tid {
        return;
    }
    let parked = Parked { thread: me.to_arc(), registers: Registers::save(&me.user_frame()) };
    {
        let mut all = state.parked.lock();
        // Without memory the core file lacks this thread.
        if all.try_reserve(1).is_ok() {
            all.push(parked);
        }
    }
    state.halted.fetch_add(1, Ordering::SeqCst);
    state.changed.wake_all(PollEvents::empty());
    state.changed.wait_uninterruptible(|| (!state.is_dumping()).then_some(()));
}
