//! Sending signals to threads, processes and process groups.

use elfin_platform::cpu::{self, Work};
use elfin_syscalls::Errno;
use elfin_syscalls::args::Resource;

use super::action::Action;
use super::info::{Info, code};
use super::queue::Pushed;
use super::set::{SIGCONT, SIGKILL, Signal};
use super::stop;
use crate::task::cred::Capability;
use crate::task::poll::PollEvents;
use crate::task::process::Process;
use crate::task::thread::{Thread, ThreadRef, current};
use crate::task::{ids, sched};

/// Sends a signal to a process: any thread that does not block it takes it.
///
/// # Errors
/// `EAGAIN` if a real-time signal that the program queues finds the queue full.
pub fn send_to_process(process: &Process, info: Info) -> Result<(), Errno> {
    refuse_loss(post(process, None, info))
}

/// Sends a signal to one thread.
///
/// # Errors
/// As [`send_to_process`].
pub fn send_to_thread(thread: &ThreadRef, info: Info) -> Result<(), Errno> {
    refuse_loss(post(&thread.process, Some(thread), info))
}

/// Sends what a timer has to say; says whether the signal will be taken with what came with it.
pub fn send_by_timer(process: &Process, target: Option<&ThreadRef>, info: Info) -> bool {
    post(process, target, info) == Pushed::Queued
}

/// Whether timer `id` has a signal that is pending in a process.
pub fn has_timer(process: &Process, id: i32) -> bool {
    let shared = process.signals.queue.lock();
    let in_thread = |t: &ThreadRef| t.signals.queue.lock().has_timer(id).then_some(());
    shared.has_timer(id) || process.find_thread(in_thread).is_some()
}

/// A thread has left its process: what was sent to the process, and it was to take, others may
/// have to take now.
pub(in crate::task) fn pass_on(process: &Process) {
    let shared = process.signals.queue.lock();
    let pending = shared.pending();
    if !pending.is_empty() {
        process.for_each_thread(|other| {
            if !(pending & !other.signals.blocked()).is_empty() {
                rouse(other);
            }
        });
    }
    drop(shared);
}

/// Drops what timer `id` has queued in a process.
pub fn discard_timer(process: &Process, id: i32) {
    let mut shared = process.signals.queue.lock();
    shared.discard_timer(id);
    process.for_each_thread(|thread| thread.signals.queue.lock().discard_timer(id));
}

fn refuse_loss(pushed: Pushed) -> Result<(), Errno> {
    if pushed == Pushed::Refused { Err(Errno::EAGAIN) } else { Ok(()) }
}

/// Sends a signal to every process of a group; the number of them.
///
/// # Errors
/// `ESRCH` if there is none.
pub fn send_to_group(pgid: u32, info: Info) -> Result<usize, Errno> {
    let mut reached = 0;
    for process in ids::processes() {
        if process.pgid() == pgid {
            reached += usize::from(send_to_process(&process, info).is_ok());
        }
    }
    if reached == 0 { Err(Errno::ESRCH) } else { Ok(reached) }
}

/// Sends the running thread a signal that it cannot escape: blocked or ignored, it ends the
/// process. For what an instruction of its own has caused.
pub fn force(info: Info) {
    let me = current();
    let signal = info.signal;
    me.process.signals.with_actions(|actions| {
        let blocked = me.signals.blocked();
        if blocked.has(signal) || actions.get(signal).ignores(signal) {
            actions.set(signal, Action::DEFAULT);
            me.signals.store_blocked(blocked.without(signal));
        }
    });
    // Standard signals always find room.
    me.with_arc(|me| _ = post(&me.process, Some(me), info));
}

/// Sends the running thread a signal about what it just did (`SIGPIPE`, `SIGXFSZ`).
pub fn raise(signal: Signal) {
    let me = current();
    let info = Info::from_process(signal, code::USER, me.process.pid, me.cred().uid);
    me.with_arc(|me| _ = post(&me.process, Some(me), info));
}

/// Whether `sender` may send `signal` to `target`: as `kill(2)` says.
pub fn may_signal(sender: &Thread, target: &Process, signal: Option<Signal>) -> bool {
    let from = sender.cred();
    if from.has(Capability::KILL) || core::ptr::eq(&*sender.process, target) {
        return true;
    }
    let to = target.find_thread(|thread| Some(thread.cred()));
    let to = to.unwrap_or_else(|| target.remains().cred);
    let same = [from.uid, from.euid].iter().any(|uid| [to.uid, to.suid].contains(uid));
    same || (signal == Some(SIGCONT) && target.sid() == sender.process.sid())
}

fn post(process: &Process, target: Option<&ThreadRef>, info: Info) -> Pushed {
    let signal = info.signal;
    let state = &process.signals;
    let limit = process.rlimits.soft(Resource::SIGPENDING);
    // A tracer hears of what is ignored, too.
    let ignored = state.action(signal).ignores(signal) && !process.is_traced();

    let mut shared = state.queue.lock();
    stop::discard_opposite(process, &mut shared, signal);
    let goes_on = state.stop.annul(signal);
    let blocked = match target {
        Some(thread) => thread.signals.blocked().has(signal),
        None => process.find_thread(|t| Some(t.signals.blocked().has(signal))).unwrap_or(false),
    };
    let (pushed, taker) = if ignored && !blocked {
        (Pushed::Merged, None)
    } else {
        let pushed = match target {
            // What ends the whole process any thread may take.
            Some(thread) if signal != SIGKILL => thread.signals.queue.lock().push(info, limit),
            _ => shared.push(info, limit),
        };
        if signal == SIGKILL {
            process.for_each_thread(rouse);
        }
        let takes = |t: &ThreadRef| !t.signals.blocked().has(signal);
        let taker = match target {
            Some(thread) => takes(thread).then(|| thread.clone()),
            None => process.find_thread(|thread| takes(thread).then(|| thread.clone())),
        };
        if let Some(thread) = &taker {
            rouse(thread);
        }
        (pushed, taker)
    };
    drop(shared);
    if signal == SIGKILL {
        // Nothing can keep it alive: every thread ends, and hears of it where it sleeps.
        process.begin_exit(signal.number());
        process.for_each_thread(rouse);
    }
    // Only now: the last reference to a thread frees it.
    drop(taker);
    if goes_on {
        stop::resume(process, signal);
    }
    state.arrived.wake_all(PollEvents::READABLE);
    pushed
}

/// Makes a thread look at its signals before it goes on in the program: wakes it if signals may
/// wake it, and interrupts its CPU if it runs.
pub(in crate::task) fn rouse(thread: &ThreadRef) {
    thread.signals.set_wanted(true);
    let ends = thread.process.must_end(thread.tid);
    let woken = if ends { sched::wake_killable(thread) } else { sched::wake_interruptible(thread) };
    if !woken && thread.sched.is_running() {
        let there = thread.sched.cpu();
        if there == cpu::id() {
            cpu::raise(Work::SIGNAL);
        } else {
            sched::interrupt_cpu(there, Work::SIGNAL);
        }
    }
}
