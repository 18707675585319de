//! Giving the CPU from one thread to the next.

use core::sync::atomic::{Ordering, fence};

use elfin_platform::cpu::{self, Work};
use elfin_platform::{task, time};

use super::cpus::{self, Cpu};
use super::run_queue::Class;
use super::sleep;
use super::state::{DEAD, QUEUED};
use crate::task::thread::{Current, Thread, ThreadRef, current, try_current};
use crate::task::{timer, work};

/// How long a thread runs at least when one that just woke wants the CPU, in nanoseconds.
pub(super) const MIN_RUN: u64 = 1_000_000;

/// Makes a new thread run. Room for it was made by [`super::reserve_thread`].
pub fn spawn(thread: ThreadRef) {
    thread.sched.state.store(QUEUED, Ordering::Relaxed);
    thread.sched.cpu.store(cpu::id(), Ordering::Relaxed);
    sleep::enqueue(thread);
}

/// Runs threads from now on: the end of a CPU's boot code, whose stack is not used again.
pub fn start() -> ! {
    let cpu = cpus::this();
    loop {
        if let Some(next) = cpu.pop(may_run) {
            hand_over(cpu, next);
        }
        idle(cpu);
    }
}

/// Lets others run, if any want to.
#[inline]
pub fn yield_now() {
    let cpu = cpus::this();
    if cpu.waiting() != 0 {
        give_way(cpu, Class::Spent, true);
    }
}

/// Lets others run because the running thread has had its time.
pub fn preempt() {
    let cpu = cpus::this();
    if cpu.waiting() != 0 {
        let me = current();
        if me.sched.real_time() > 0 {
            return preempt_real_time(cpu, &me);
        }
        cpu.charge(&me.sched, time::now());
        give_way(cpu, me.sched.class(), false);
    }
}

/// A thread with a real-time priority makes room for its betters, and stays the first of its
/// equals then; for its equals only when its slice is over.
#[cold]
fn preempt_real_time(cpu: &Cpu, me: &Current) {
    let (mine, best) = (me.sched.real_time(), cpu.urgency());
    let now = time::now();
    let ran = now.saturating_sub(cpu.switched_at.load(Ordering::Relaxed));
    if best > mine {
        cpu.charge(&me.sched, now);
        me.sched.count_switch(false);
        cpu.push_first(me.to_arc());
        take_turn(me);
    } else if best == mine && ran >= me.sched.slice() {
        cpu.charge(&me.sched, now);
        give_way(cpu, me.sched.class(), false);
    }
}

fn give_way(cpu: &Cpu, class: Class, voluntary: bool) {
    let me = current();
    me.sched.count_switch(voluntary);
    let class = match me.sched.real_time() {
        0 => class,
        priority => Class::RealTime(priority),
    };
    cpu.push(class, me.to_arc());
    take_turn(&me);
}

/// Ends the running thread, of which nothing is needed any more. Whoever runs next frees it.
pub fn exit_current() -> ! {
    let me = current();
    me.sched.state.store(DEAD, Ordering::Relaxed);
    cpus::forget_thread();
    loop {
        take_turn(&me);
    }
}

/// The alarm for the end of a slice went off.
pub fn slice_over(now: u64) {
    let cpu = cpus::this();
    cpu.slice_watched.store(false, Ordering::Relaxed);
    let Some(me) = try_current() else { return };
    if cpu.waiting() == 0 || !me.sched.is_running() {
        return;
    }
    let ran = now.saturating_sub(cpu.switched_at.load(Ordering::Relaxed));
    let Some(allowance) = cpu.allowance(&me.sched) else { return };
    if ran >= allowance {
        cpu::raise(Work::RESCHED);
    } else {
        cpu.slice_watched.store(true, Ordering::Relaxed);
        timer::limit_slice(now.saturating_add(allowance - ran));
    }
}

/// Gives the CPU away until `me`, the running thread, which is not in state `Running`, is taken
/// out of a run queue.
#[inline]
pub(super) fn take_turn(me: &Thread) {
    let cpu = cpus::this();
    loop {
        if let Some(next) = cpu.pop(|thread| is_me(thread, me) || may_run(thread)) {
            if is_me(&next, me) {
                // As in `hand_over`.
                fence(Ordering::SeqCst);
                if me.signals.wanted() {
                    cpu::raise(Work::SIGNAL);
                }
            } else {
                cpu.charge(&me.sched, time::now());
                hand_over(cpu, next);
            }
            return;
        }
        cpu.charge(&me.sched, time::now());
        idle(cpu);
    }
}

#[inline]
fn is_me(thread: &ThreadRef, me: &Thread) -> bool {
    core::ptr::eq::<Thread>(&***thread, me)
}

/// Whether a thread can be run by whoever takes it out of a queue.
#[inline]
fn may_run(thread: &ThreadRef) -> bool {
    !thread.on_cpu()
}

/// Switches to `next`; returns when somebody switches back.
#[inline]
fn hand_over(cpu: &Cpu, next: ThreadRef) {
    next.sched.cpu.store(cpu::id(), Ordering::Relaxed);
    // Whoever sends it a signal says so first and then looks whether it runs, and where.
    fence(Ordering::SeqCst);
    if next.signals.wanted() {
        cpu::raise(Work::SIGNAL);
    }
    if cpu.waiting() != 0 {
        cpu.watch_slice(&next.sched);
    }
    task::switch_to(next);
}

/// Does pending work and waits for more, until a thread is ready here.
fn idle(cpu: &Cpu) {
    let from = time::now();
    loop {
        // Both are looked at anew when a thread gets the CPU; pending, they would keep it awake.
        cpu::take(Work::RESCHED.union(Work::SIGNAL));
        work::run();
        if cpu.waiting() != 0 || cpus::steal(cpu::id()) {
            break;
        }
        cpu::idle();
    }
    let now = time::now();
    cpu.idle.fetch_add(now.saturating_sub(from), Ordering::Relaxed);
    cpu.switched_at.store(now, Ordering::Relaxed);
}
