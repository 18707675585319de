//! Stopping a process by signal, and letting it go on ([`StopState`]).
//!
//! The thread that takes a stop signal has all threads of its process halt on their way back to
//! the program; the last one that does tells the parent. `SIGCONT` undoes a stop as it is sent,
//! whether it is blocked or not, also one that a thread has taken but not carried out. What is
//! decided here is decided with the lock of the process's signal queue held.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use super::queue::SignalQueue;
use super::send::rouse;
use super::set::{SIGCONT, SIGKILL, SIGSTOP, SigSet, Signal};
use crate::task::jobs;
use crate::task::poll::PollEvents;
use crate::task::process::{INIT, Process};
use crate::task::thread::Thread;
use crate::task::wait::WaitQueue;

/// A process's part: whether it is stopped.
#[derive(Default)]
pub struct StopState {
    /// A thread has taken a signal to stop, and nothing has annulled that.
    taken: AtomicBool,
    /// All threads are to halt.
    stopped: AtomicBool,
    /// The signal of a stop that the parent has not heard of; 0 for none.
    untold: AtomicU32,
    /// The signal of the last stop.
    signal: AtomicU32,
    /// The threads that have halted.
    halted: AtomicUsize,
    /// Woken when they may go on.
    resumed: WaitQueue,
}

impl StopState {
    /// Whether the threads are to halt, or have.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// The signal of the last stop.
    pub fn signal(&self) -> Signal {
        Signal::from_number(self.signal.load(Ordering::SeqCst)).unwrap_or(SIGSTOP)
    }

    /// A thread takes `signal` out of the queue, whose lock it holds.
    pub(super) fn note_taken(&self, signal: Signal) {
        if SigSet::STOPS.has(signal) {
            self.taken.store(true, Ordering::SeqCst);
        }
    }

    /// `signal` is being sent, with the queue's lock held: one that lets the process go on annuls
    /// a stop. Whether there was one.
    pub(super) fn annul(&self, signal: Signal) -> bool {
        if signal != SIGCONT && signal != SIGKILL {
            return false;
        }
        self.taken.store(false, Ordering::SeqCst);
        self.untold.store(0, Ordering::SeqCst);
        self.stopped.swap(false, Ordering::SeqCst)
    }

    /// Lets the threads look again whether they may go on.
    fn wake(&self) {
        self.resumed.wake_all(PollEvents::empty());
    }
}

/// Stops all threads of the running thread's process at their way back to the program.
///
/// Nobody could let the machine's first process go on, so nothing stops it; nor a process in an
/// orphaned group, as far as the terminal's signals go (POSIX).
pub(super) fn stop(me: &Thread, signal: Signal) {
    let process = &me.process;
    if process.pid == INIT || (signal != SIGSTOP && jobs::is_orphaned(process.pgid(), None)) {
        return;
    }
    let state = &process.signals.stop;
    let queue = process.signals.queue.lock();
    if !state.taken.swap(false, Ordering::SeqCst) || process.is_exiting() {
        return;
    }
    if !state.stopped.swap(true, Ordering::SeqCst) {
        state.untold.store(signal.number(), Ordering::SeqCst);
    }
    state.signal.store(signal.number(), Ordering::SeqCst);
    process.for_each_thread(|thread| {
        thread.trace.begin_group_stop();
        rouse(thread);
    });
    drop(queue);
}

/// Waits while the process is stopped. Only `SIGCONT`, `SIGKILL` and the end of the process end
/// this.
pub(super) fn wait_while_stopped(me: &Thread) {
    let process = &me.process;
    let state = &process.signals.stop;
    if !state.is_stopped() {
        return;
    }
    me.sched.set_halted(true);
    state.halted.fetch_add(1, Ordering::SeqCst);
    tell_if_all_halted(process);
    state.resumed.wait_uninterruptible(|| {
        let may_go_on = !state.is_stopped() || process.must_end(me.tid);
        // A tracer wants to hear of the stop.
        (may_go_on || me.trace.is_on()).then_some(())
    });
    state.halted.fetch_sub(1, Ordering::SeqCst);
    me.sched.set_halted(false);
}

/// Tells the parent of a stop once every thread has halted: called by each that has, and when
/// one has ended.
pub(in crate::task) fn tell_if_all_halted(process: &Process) {
    let state = &process.signals.stop;
    if state.halted.load(Ordering::SeqCst) < process.thread_count() || process.is_exiting() {
        return;
    }
    if let Some(signal) = Signal::from_number(state.untold.swap(0, Ordering::SeqCst)) {
        process.report_stop(signal);
    }
}

/// A stop was annulled by `signal`, which has been sent: the threads go on, and the parent hears
/// of it.
pub(super) fn resume(process: &Process, signal: Signal) {
    process.signals.stop.wake();
    process.for_each_thread(|thread| thread.trace.end_group_stop());
    if signal == SIGCONT {
        process.report_continue();
    }
}

/// Lets the threads of a process that ends go on to their end.
pub(in crate::task) fn resume_to_exit(process: &Process) {
    process.signals.stop.wake();
}

/// `SIGCONT` and the signals that stop annul each other: what `signal` leaves no reason for goes
/// out of all queues. `shared` is the process's, locked.
pub(super) fn discard_opposite(process: &Process, shared: &mut SignalQueue, signal: Signal) {
    let undone = if signal == SIGCONT {
        SigSet::STOPS
    } else if SigSet::STOPS.has(signal) {
        SigSet::of(SIGCONT)
    } else {
        return;
    };
    let _by_timer = shared.discard(undone);
    process.for_each_thread(|thread| _ = thread.signals.queue.lock().discard(undone));
}
