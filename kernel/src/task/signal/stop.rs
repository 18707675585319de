//! Stopping a process by signal, and letting it go on.

use core::sync::atomic::Ordering;

use super::send::rouse;
use super::set::{SIGCONT, SIGSTOP, Signal};
use crate::task::poll::PollEvents;
use crate::task::process::{INIT, Process};
use crate::task::thread::Thread;

/// Stops all threads of the running thread's process at their way back to the program.
///
/// They do nothing where nobody could let the process go on: in the first one, and a terminal's
/// in one whose parent is not in its session (POSIX: orphaned process groups).
pub(super) fn stop(me: &Thread, signal: Signal) {
    if me.process.pid == INIT || (signal != SIGSTOP && is_orphaned(&me.process)) {
        return;
    }
    me.process.signals.stopped.store(true, Ordering::SeqCst);
    me.process.for_each_thread(rouse);
    me.process.report_stop(signal);
}

fn is_orphaned(process: &Process) -> bool {
    let parent = process.parent();
    parent.is_none_or(|parent| parent.sid() != process.sid())
}

/// Waits while the process is stopped. Only `SIGCONT`, `SIGKILL` and the end of the process end
/// this.
pub(super) fn wait_while_stopped(me: &Thread) {
    let state = &me.process.signals;
    if state.is_stopped() {
        state.resumed.wait_uninterruptible(|| {
            (!state.is_stopped() || me.process.must_end(me.tid)).then_some(())
        });
    }
}

/// Lets a stopped process go on, because of `signal`.
pub(super) fn resume(process: &Process, signal: Signal) {
    let state = &process.signals;
    if state.stopped.swap(false, Ordering::SeqCst) {
        state.resumed.wake_all(PollEvents::empty());
        if signal == SIGCONT {
            process.report_continue();
        }
    }
}

/// Lets the threads of a process that ends go on to their end.
pub(in crate::task) fn resume_to_exit(process: &Process) {
    process.signals.resumed.wake_all(PollEvents::empty());
}
