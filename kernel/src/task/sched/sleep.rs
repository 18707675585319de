//! Falling asleep and waking.
//!
//! A thread says that it is about to sleep ([`prepare_to_sleep`]), looks once more at what it
//! waits for, and then either calls [`block`] or thinks better of it ([`stay_awake`]). From the
//! first of these on a waker puts it into a run queue; `block` and `stay_awake` return only once
//! that entry is used up.

use core::sync::atomic::Ordering;

use super::place::enqueue;
use super::state::{INTERRUPTIBLE, KILLABLE, QUEUED, RUNNING, UNINTERRUPTIBLE};
use super::switch;
use crate::task::thread::{Thread, ThreadRef};

/// How a sleeping thread can be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sleep {
    /// By signals too.
    Interruptible,
    /// Only by what it waits for.
    Uninterruptible,
    /// By the end of its process too.
    Killable,
}

/// Says that the running thread is about to sleep: from now on it can be woken.
#[inline]
pub fn prepare_to_sleep(me: &Thread, sleep: Sleep) {
    let state = match sleep {
        Sleep::Interruptible => INTERRUPTIBLE,
        Sleep::Uninterruptible => UNINTERRUPTIBLE,
        Sleep::Killable => KILLABLE,
    };
    // A thread that was preparing already (a sleep within a condition) may have been woken.
    if me.sched.state.load(Ordering::Relaxed) == QUEUED {
        switch::take_turn(me);
    }
    me.sched.state.swap(state, Ordering::SeqCst);
}

/// The running thread will not sleep after all.
#[inline]
pub fn stay_awake(me: &Thread) {
    let state = &me.sched.state;
    let now = state.load(Ordering::Relaxed);
    let undone = now == RUNNING
        || (now != QUEUED
            && state.compare_exchange(now, RUNNING, Ordering::AcqRel, Ordering::Relaxed).is_ok());
    if !undone {
        // Somebody has woken us: use up the place in the queue.
        switch::take_turn(me);
    }
}

/// The running thread, `me`, sleeps until woken. Returns at once if it is not preparing to sleep
/// any more.
#[inline]
pub fn block(me: &Thread) {
    if me.sched.state.load(Ordering::Relaxed) != RUNNING {
        switch::take_turn(me);
    }
}

/// Wakes `thread` if it sleeps, or is about to; says whether it did.
#[inline]
pub fn wake(thread: &ThreadRef) -> bool {
    let woken = make_ready(thread, &[INTERRUPTIBLE, UNINTERRUPTIBLE, KILLABLE]);
    if woken {
        enqueue(thread.clone());
    }
    woken
}

/// [`wake`] with a reference to give away.
#[inline]
pub fn wake_owned(thread: ThreadRef) {
    if make_ready(&thread, &[INTERRUPTIBLE, UNINTERRUPTIBLE, KILLABLE]) {
        enqueue(thread);
    }
}

/// Wakes `thread` if it sleeps so that signals may wake it; says whether it did.
pub fn wake_interruptible(thread: &ThreadRef) -> bool {
    let woken = make_ready(thread, &[INTERRUPTIBLE]);
    if woken {
        enqueue(thread.clone());
    }
    woken
}

/// Wakes `thread`, whose process ends, if it sleeps so that this may wake it; says whether it did.
pub fn wake_killable(thread: &ThreadRef) -> bool {
    let woken = make_ready(thread, &[INTERRUPTIBLE, KILLABLE]);
    if woken {
        enqueue(thread.clone());
    }
    woken
}

/// Turns a thread in one of `states` into one that is to be queued; says whether it did.
#[inline]
fn make_ready(thread: &Thread, states: &[u8]) -> bool {
    let state = &thread.sched.state;
    let now = state.load(Ordering::SeqCst);
    states.contains(&now)
        && state.compare_exchange(now, QUEUED, Ordering::AcqRel, Ordering::Relaxed).is_ok()
}
