//! Giving the CPU from one thread to the next.

use core::sync::atomic::Ordering;

use elfin_platform::cpu::{self, Work};
use elfin_platform::{task, time};

use super::cpus::{self, Cpu};
use super::place::{self, Stolen};
use super::run_queue::Class;
use super::state::{DEAD, QUEUED, UNLIMITED};
use crate::task::thread::{Current, Thread, ThreadRef, current, try_current};
use crate::task::{timer, work};

/// How long a thread runs at least when one that just woke wants the CPU, in nanoseconds.
pub(super) const MIN_RUN: u64 = 1_000_000;

/// How often a CPU without work looks whether another one has left the stack of a thread that
/// waits there. It mostly runs the thread itself; if not, it calls at the end of a slice.
const PATIENCE: u32 = 50;

/// Makes a new thread run. Room for it was made by [`super::reserve_thread`].
pub fn spawn(thread: ThreadRef) {
    thread.sched.state.store(QUEUED, Ordering::Relaxed);
    thread.sched.cpu.store(cpu::id(), Ordering::Relaxed);
    place::enqueue(thread);
}

/// Runs threads from now on, on the CPU's own stack: the end of its boot code, and what it does
/// when no thread's stack is at hand to idle on.
pub fn start() -> ! {
    let here = cpu::id();
    let cpu = cpus::of(here);
    cpu.pass(time::now(), |_| ());
    loop {
        if let Some(next) = cpu.pop(here, may_run) {
            if next.sched.may_run_on(here) {
                hand_over(cpu, next);
            } else {
                pass_on(next, here);
            }
        } else {
            idle(cpu, here);
        }
    }
}

/// Lets others run, if any want to.
#[inline]
pub fn yield_now() {
    let cpu = cpus::this();
    if cpu.waiting() != 0 {
        let me = current();
        give_way(cpu, &me, me.sched.class_when_yielding(), true);
    }
}

/// Lets others run because the running thread has had its time, or one that is more urgent
/// waits, or it may not be on this CPU any more.
pub fn preempt() {
    let here = cpu::id();
    let cpu = cpus::of(here);
    let me = current();
    if !me.sched.may_run_on(here) {
        return leave_cpu();
    }
    if cpu.waiting() == 0 {
        return;
    }
    cpu.charge(&me.sched, time::now());
    let class = me.sched.class_when_preempted();
    if class == Class::Spent
        && let Some(other) = place::lighter(here, me.sched.affinity())
    {
        me.sched.count_switch(false);
        place::queue_at(other, class, me.to_arc());
        return take_turn_elsewhere(&me);
    }
    give_way(cpu, &me, class, false);
}

/// Lets the running thread go on on a CPU where it may.
pub(super) fn leave_cpu() {
    let here = cpu::id();
    let me = current();
    me.sched.count_switch(false);
    place::pass_on(me.to_arc(), me.sched.class(), here);
    take_turn_elsewhere(&me);
}

fn give_way(cpu: &Cpu, me: &Current, class: Class, voluntary: bool) {
    me.sched.count_switch(voluntary);
    cpu.push(class, me.to_arc());
    place::share(me.sched.affinity(), cpu::id());
    take_turn(me);
}

/// Ends the running thread, of which nothing is needed any more. Whoever runs next frees it.
pub fn exit_current() -> ! {
    let me = current();
    me.sched.state.store(DEAD, Ordering::SeqCst);
    cpus::forget_thread();
    loop {
        take_turn_elsewhere(&me);
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
    let allowance = cpu.allowance(&me.sched);
    if ran >= allowance {
        cpu::raise(Work::RESCHED);
    } else if allowance != UNLIMITED {
        cpu.slice_watched.store(true, Ordering::Relaxed);
        timer::limit_slice(now.saturating_add(allowance - ran));
    }
}

/// Another CPU has put a thread into this one's queue: it has its turn in time.
pub fn queue_grew() {
    let cpu = cpus::this();
    if let Some(me) = try_current()
        && me.sched.is_running()
        && cpu.waiting() != 0
    {
        cpu.watch_slice(&me.sched);
    }
}

/// Gives the CPU away until `me`, the running thread, which is not in state `Running`, is taken
/// out of a run queue. If nobody wants the CPU this idles on the thread's own stack.
#[inline]
pub(super) fn take_turn(me: &Thread) {
    let here = cpu::id();
    let cpu = cpus::of(here);
    let falls_asleep = me.sched.state.load(Ordering::Relaxed) != QUEUED;
    let mut first = true;
    loop {
        let Some(next) = cpu.pop(here, |thread| is_me(thread, me) || may_run(thread)) else {
            leave(cpu, me, falls_asleep && first);
            first = false;
            idle(cpu, here);
            continue;
        };
        if !next.sched.may_run_on(here) {
            let is_own = is_me(&next, me);
            pass_on(next, here);
            if is_own {
                return take_turn_elsewhere(me);
            }
            continue;
        }
        if is_me(&next, me) {
            if me.signals.wanted() {
                cpu::raise(Work::SIGNAL);
            }
            cpu.priority.store(me.sched.real_time(), Ordering::Relaxed);
        } else {
            leave(cpu, me, falls_asleep && first);
            hand_over(cpu, next);
        }
        return;
    }
}

/// The same for a thread that another CPU may want to run at once, or that is over: nobody idles
/// on its stack.
fn take_turn_elsewhere(me: &Thread) {
    let here = cpu::id();
    let cpu = cpus::of(here);
    cpu.charge(&me.sched, time::now());
    while let Some(next) = cpu.pop(here, may_run) {
        if next.sched.may_run_on(here) {
            return hand_over(cpu, next);
        }
        pass_on(next, here);
    }
    cpu.priority.store(0, Ordering::Relaxed);
    task::switch_to_idle(start);
}

/// Charges the running thread, which is about to give up the CPU.
#[inline]
fn leave(cpu: &Cpu, me: &Thread, falls_asleep: bool) {
    let ran = cpu.charge(&me.sched, time::now());
    if falls_asleep {
        me.sched.note_burst(ran);
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

fn pass_on(thread: ThreadRef, here: usize) {
    let class = thread.sched.class();
    place::pass_on(thread, class, here);
}

/// Switches to `next`; returns when somebody switches back.
#[inline]
fn hand_over(cpu: &Cpu, next: ThreadRef) {
    cpu.priority.store(next.sched.real_time(), Ordering::Relaxed);
    if next.signals.wanted() {
        cpu::raise(Work::SIGNAL);
    }
    if next.sched.moved.load(Ordering::Relaxed) {
        next.sched.moved.store(false, Ordering::Relaxed);
        cpu::raise(Work::MOVED);
    }
    if cpu.waiting() != 0 {
        cpu.watch_slice(&next.sched);
    }
    task::switch_to(next);
}

/// Does pending work and waits for more, until a thread is ready here.
fn idle(cpu: &Cpu, here: usize) {
    let from = time::now();
    cpu.priority.store(0, Ordering::Relaxed);
    let alone = cpu::count() == 1;
    let mut patience = PATIENCE;
    loop {
        // These are looked at anew when a thread gets the CPU; pending, they would keep it awake.
        cpu::take(Work::RESCHED.union(Work::SIGNAL).union(Work::QUEUE).union(Work::MOVED));
        work::run();
        if cpu.waiting() != 0 {
            break;
        }
        if alone {
            cpu::idle();
            continue;
        }
        // From here on others see that this CPU has nothing to do, and give it what they have.
        place::begin_idling(here);
        let stolen = if cpu.waiting() != 0 { Stolen::One } else { place::steal(here) };
        if stolen == Stolen::None || (stolen == Stolen::Soon && patience == 0) {
            cpu::idle();
            patience = PATIENCE;
        }
        place::end_idling(here);
        match stolen {
            Stolen::One => break,
            Stolen::Soon => {
                core::hint::spin_loop();
                patience = patience.saturating_sub(1);
            }
            Stolen::None => {}
        }
    }
    let now = time::now();
    cpu.idle.fetch_add(now.saturating_sub(from), Ordering::Relaxed);
    cpu.pass(now, |_| ());
}
