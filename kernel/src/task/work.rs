//! What a CPU does between programs: pending work, on the way back to the program and in the
//! idle loop.
//!
//! Interrupt handlers only leave a bit in the CPU's work word; here the rest is done, in ordinary
//! context. It must not sleep: the idle loop runs on the stack of a thread that is asleep itself.

use elfin_platform::arch::UserFrame;
use elfin_platform::cpu::{self, Work};
use elfin_platform::mm;

use super::thread::current;
use super::{oom, rseq, sched, signal, timer};
use crate::event::sigio;

/// Work that concerns the machine, not the running thread.
const MACHINE: Work = Work::TIMER
    .union(Work::NET)
    .union(Work::CONSOLE)
    .union(Work::BLOCK)
    .union(Work::MEMORY)
    .union(Work::ASYNC);

/// The way back to the program, while work is pending.
pub fn on_user_return(frame: &mut UserFrame) {
    run();
    if cpu::take(Work::QUEUE).contains(Work::QUEUE) {
        sched::queue_grew();
    }
    if cpu::take(Work::RESCHED).contains(Work::RESCHED) {
        sched::preempt();
        rseq::interrupted(&current(), frame);
    }
    if cpu::take(Work::MOVED).contains(Work::MOVED) {
        rseq::interrupted(&current(), frame);
    }
    // The bit may have been meant for a thread that has left this CPU since.
    if cpu::take(Work::SIGNAL).contains(Work::SIGNAL) && current().signals.wanted() {
        signal::deliver(frame);
    }
}

/// Does the machine's pending work, all but what concerns the running thread.
pub fn run() {
    let pending = cpu::pending();
    if pending.contains(Work::PARK) {
        sched::park();
    }
    if !pending.intersects(MACHINE) {
        return;
    }
    // Timers first: they may leave work for the others.
    if cpu::take(Work::TIMER).contains(Work::TIMER) {
        timer::run();
    }
    let work = cpu::take(MACHINE.difference(Work::TIMER));
    if work.contains(Work::NET) {
        crate::net::poll();
    }
    if work.contains(Work::CONSOLE) {
        crate::tty::poll();
    }
    // What the others have made ready, too.
    if (work | cpu::take(Work::ASYNC)).contains(Work::ASYNC) {
        sigio::send_pending();
    }
    if work.contains(Work::MEMORY) && mm::is_exhausted() {
        // It must not wait for anybody.
        oom::kill_one();
    }
}
