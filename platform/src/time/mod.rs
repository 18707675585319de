//! Time: the monotonic clock, the wall clock and the CPU's alarm.
//!
//! The clock starts at its first use, and so does its calibration: a program that never asks
//! does not pay for it. What [`now`] needs lies in one page, [`page::ClockPage`], which the vDSO
//! maps read-only into programs.
//!
//! | state of the page | [`now`], the vDSO |
//! |---|---|
//! | not started | calibrates first; the vDSO makes the system call, which does |
//! | monotonic known | counter, multiply, shift; real time by system call |
//! | wall time known | the same for real time |
//!
//! Neighbours: `arch::clock` knows the counter and its rate, `arch::alarm` the timer,
//! `arch::wall` asks the machine for the time of day.

mod civil;
pub(crate) mod cmos;
pub(crate) mod page;
pub(crate) mod pvclock;

pub use civil::seconds_since_epoch;
pub use page::ClockId;

use crate::arch::{alarm, clock, wall};
use crate::sync::SpinLock;
use page::CLOCK;

/// Nanoseconds in a second.
pub const NANOS_PER_SEC: u64 = 1_000_000_000;

/// When a rate that was measured in a hurry is measured again.
const REFINE_AFTER: u64 = 55_000_000;

/// Held by whoever changes [`CLOCK`].
static WRITER: SpinLock<()> = SpinLock::new(());

/// Nanoseconds since boot. Never goes backwards, on any CPU; does not jump.
#[inline]
pub fn now() -> u64 {
    match CLOCK.read(ClockId::Monotonic, clock::counter) {
        Some(ns) => ns,
        None => start(),
    }
}

/// Nanoseconds since the epoch, 1970-01-01 00:00 UTC.
///
/// Asks the machine at the first use. A machine that does not know counts from the epoch.
#[inline]
pub fn wall() -> u64 {
    match CLOCK.read(ClockId::Realtime, clock::counter) {
        Some(ns) => ns,
        None => start_wall(),
    }
}

/// Sets the wall clock to `ns` since the epoch, from now on.
pub fn set_wall(ns: u64) {
    let monotonic = now();
    let _guard = WRITER.lock();
    CLOCK.set_real_offset(ns.wrapping_sub(monotonic));
}

/// Sets this CPU's alarm: [`crate::cpu::Work::TIMER`] is raised when `deadline` (of [`now`]) has
/// come, at once if it has already. One alarm: a new one takes the old one's place; `None` wants
/// no more.
///
/// It may go off too early, or though none was set (an earlier alarm is not taken back from the
/// hardware, and the clock has some of its own): who serves it looks at the clock and sets the
/// next one, if there is one.
pub fn set_alarm(deadline: Option<u64>) {
    if clock::wants_refinement() {
        refine();
    }
    if let Some(deadline) = deadline {
        alarm::set(now(), deadline);
    }
}

/// Starts the monotonic clock.
#[cold]
fn start() -> u64 {
    let guard = WRITER.lock();
    if !CLOCK.has(ClockId::Monotonic) {
        CLOCK.start(clock::boot_counter(), clock::rate());
    }
    drop(guard);
    let now = CLOCK.read(ClockId::Monotonic, clock::counter).unwrap_or(0);
    if clock::wants_refinement() {
        // So that it happens in a program that sets no alarm, too.
        alarm::set(now, now + REFINE_AFTER);
    }
    now
}

/// Starts the wall clock.
#[cold]
fn start_wall() -> u64 {
    let monotonic = now();
    let guard = WRITER.lock();
    if !CLOCK.has(ClockId::Realtime) {
        let offset = wall::read().map_or(0, |wall| wall.wrapping_sub(monotonic));
        CLOCK.set_real_offset(offset);
    }
    drop(guard);
    CLOCK.read(ClockId::Realtime, clock::counter).unwrap_or(monotonic)
}

/// Goes on with a better known rate, if there is one now. Waits for nobody: for interrupt
/// handlers too.
#[cold]
pub(crate) fn refine() {
    let Some(_guard) = WRITER.try_lock() else { return };
    if let Some(rate) = clock::refined_rate() {
        CLOCK.change_rate(clock::counter, rate);
    }
}

/// `counter` ticks from the clock's present parameters to `ns`; for alarms that count ticks of
/// the clock itself.
#[allow(dead_code, reason = "architectures whose timer compares against the counter")]
pub(crate) fn counter_at(ns: u64) -> u64 {
    let _guard = WRITER.lock();
    CLOCK.counter_at(ns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_run() {
        let first = now();
        assert!(now() >= first);
        set_wall(5 * NANOS_PER_SEC);
        assert!((5 * NANOS_PER_SEC..6 * NANOS_PER_SEC).contains(&wall()));
    }
}
