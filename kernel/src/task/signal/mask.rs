//! Signal masks, and taking pending signals out without a handler.

use elfin_platform::cpu::{self, Work};
use elfin_syscalls::Errno;

use super::action::Action;
use super::info::Info;
use super::send::rouse;
use super::set::{SigSet, Signal};
use crate::task::process::Process;
use crate::task::thread::{Thread, current};

/// Changes the running thread's mask; gives the old one.
pub fn set_blocked(set: SigSet) -> SigSet {
    let me = current();
    let old = me.signals.blocked();
    if set == old {
        return old;
    }
    let shared = me.process.signals.queue.lock();
    me.signals.store_blocked(set);
    let pending = shared.pending();
    let newly_blocked = pending & me.signals.blocked() & !old;
    if !newly_blocked.is_empty() {
        // Somebody else may have to take what we were meant to.
        me.process.for_each_thread(|other| {
            if !(newly_blocked & !other.signals.blocked()).is_empty() {
                rouse(other);
            }
        });
    }
    drop(shared);
    update_wanted(&me);
    old
}

/// Runs `f` with another signal mask, if one is given: `ppoll`, `pselect6`, `epoll_pwait`. When
/// a signal ended it, the old mask comes back only after that signal's handler.
///
/// # Errors
/// Those of `f`.
pub fn with_mask<R>(
    mask: Option<SigSet>,
    f: impl FnOnce() -> Result<R, Errno>,
) -> Result<R, Errno> {
    let Some(mask) = mask else { return f() };
    let old = set_blocked(mask);
    let result = f();
    if matches!(result, Err(Errno::EINTR | Errno::ERESTARTNOHAND | Errno::ERESTARTSYS)) {
        restore_mask_later(old);
    } else {
        set_blocked(old);
    }
    result
}

/// Has the mask `old` put back after the next handler, or on the way back to the program if none
/// runs.
pub fn restore_mask_later(old: SigSet) {
    let me = current();
    *me.signals.saved_mask.lock() = Some(old);
    me.signals.set_wanted(true);
    cpu::raise(Work::SIGNAL);
}

/// The signals that are pending for a thread or its process, blocked or not.
pub fn pending(thread: &Thread) -> SigSet {
    let shared = thread.process.signals.queue.lock();
    let own = thread.signals.queue.lock().pending();
    shared.pending() | own
}

/// Changes what a process does about a signal; gives what it did before. Pending ones that are
/// dropped from now on are gone.
pub fn set_action(process: &Process, signal: Signal, action: Action) -> Action {
    let state = &process.signals;
    let old = state.with_actions(|actions| actions.set(signal, action));
    if action.ignores(signal) {
        let set = SigSet::of(signal);
        let mut shared = state.queue.lock();
        let mut of_timer = shared.discard(set);
        process.for_each_thread(|t| of_timer |= t.signals.queue.lock().discard(set));
        drop(shared);
        if of_timer {
            process.timers.discarded(process);
        }
    }
    old
}

/// Takes out the first pending signal that is in `set`: the thread's own before its process's.
pub fn dequeue(thread: &Thread, set: SigSet) -> Option<Info> {
    let mut shared = thread.process.signals.queue.lock();
    let own = thread.signals.queue.lock().pop(set);
    let info = own.or_else(|| shared.pop(set));
    if let Some(info) = &info {
        thread.process.signals.stop.note_taken(info.signal);
    }
    drop(shared);
    info.map(|info| thread.process.timers.delivered(info))
}

/// Computes anew whether the running thread has signals to look at.
pub(super) fn update_wanted(me: &Thread) {
    let shared = me.process.signals.queue.lock();
    let pending = shared.pending() | me.signals.queue.lock().pending();
    let deliverable = !(pending & !me.signals.blocked()).is_empty();
    let wanted = deliverable
        || me.process.must_end(me.tid)
        || (me.process.signals.is_stopped() && !me.trace.passes_stop())
        || me.trace.wants_report()
        || me.signals.saved_mask.lock().is_some();
    me.signals.set_wanted(wanted);
    drop(shared);
    if wanted {
        cpu::raise(Work::SIGNAL);
    }
}
