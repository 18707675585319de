//! One CPU per test thread, which never sleeps.

use crate::cpu::Work;
use std::cell::Cell;

std::thread_local! {
    static WORK: Cell<u32> = const { Cell::new(0) };
}

/// One.
pub fn count() -> usize {
    1
}

/// Zero.
pub fn id() -> usize {
    0
}

/// Adds to this thread's work.
pub fn raise(work: Work) {
    WORK.set(WORK.get() | work.bits());
}

/// This thread's work.
pub fn pending() -> Work {
    Work::from_bits_retain(WORK.get())
}

/// Takes those of the `wanted` bits that are pending.
pub fn take(wanted: Work) -> Work {
    let was = pending();
    WORK.set(was.difference(wanted).bits());
    was & wanted
}

/// Lets other threads run.
pub fn idle() {
    std::thread::yield_now();
}

/// There are none.
pub fn start_others(_main: fn() -> !) {}

/// Adds to this thread's work: there is one CPU.
pub fn interrupt(_id: usize, work: Work) {
    raise(work);
}

/// There are none.
pub fn stop_others() {}

/// There are none.
pub fn synchronize() {}

/// Ends the test.
pub fn park() -> ! {
    panic!("the CPU is parked");
}

/// Ends the test.
pub fn halt() -> ! {
    panic!("the CPU halts");
}

/// As on x86_64.
pub const PLATFORM: &str = "x86_64";

/// No features.
pub fn hwcap() -> (u64, u64) {
    (0, 0)
}

/// As on x86_64 without vector state.
pub fn min_signal_stack() -> usize {
    2048
}
