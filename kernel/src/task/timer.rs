//! Timers: calling something, or waking a thread, at a time of the monotonic clock.
//!
//! Each CPU has its own queue; a timer fires on the CPU that armed it, out of [`run`], in
//! ordinary kernel context. The hardware alarm is programmed for the earliest deadline and for
//! the end of the running thread's time slice, whichever comes first; cancelling leaves it as it
//! is, for an alarm too many is cheaper than programming one.

use alloc::sync::Arc;
use alloc::vec::Vec;

use elfin_platform::sync::SpinLock;
use elfin_platform::{cpu, time};
use elfin_syscalls::Errno;

use super::deadlines::{Deadlines, Key};
use super::sched::{self, MAX_CPUS};
use super::thread::ThreadRef;

/// Something that happens at a deadline.
pub trait Expire: Send + Sync {
    /// The deadline has passed; `now` is nanoseconds of the monotonic clock. Called without locks;
    /// must not sleep.
    fn expire(self: Arc<Self>, now: u64);
}

/// An armed timer; dropping it cancels the timer if it has not fired.
#[must_use = "dropping the handle cancels the timer"]
#[derive(Debug)]
pub struct TimerHandle {
    cpu: usize,
    key: Key,
}

enum Due {
    Call(Arc<dyn Expire>),
    Wake(ThreadRef),
}

impl Due {
    fn happen(self, now: u64) {
        match self {
            Self::Call(target) => target.expire(now),
            Self::Wake(thread) => _ = sched::wake(&thread),
        }
    }
}

struct CpuTimers {
    queue: Deadlines<Due>,
    /// When the running thread should make room for another.
    slice_end: u64,
    /// What the alarm is programmed for.
    programmed: u64,
}

const NEVER: u64 = u64::MAX;

static TIMERS: [SpinLock<CpuTimers>; MAX_CPUS] = [const {
    SpinLock::new(CpuTimers { queue: Deadlines::new(), slice_end: NEVER, programmed: NEVER })
}; MAX_CPUS];

/// Calls `target` at `deadline` (nanoseconds of the monotonic clock; a past one fires at once,
/// though not from within this call).
pub fn arm(deadline: u64, target: Arc<dyn Expire>) -> TimerHandle {
    add(deadline, Due::Call(target))
}

/// Wakes `thread` at `deadline`, whatever it sleeps for.
pub(super) fn arm_wakeup(deadline: u64, thread: ThreadRef) -> TimerHandle {
    add(deadline, Due::Wake(thread))
}

/// Makes sure that `count` more timers can be armed without memory, on any CPU.
///
/// # Errors
/// `ENOMEM`.
pub fn reserve(count: usize) -> Result<(), Errno> {
    for timers in TIMERS.iter().take(cpu::count()) {
        timers.lock().queue.reserve(count).map_err(|_| Errno::ENOMEM)?;
    }
    Ok(())
}

fn add(deadline: u64, due: Due) -> TimerHandle {
    let cpu = cpu::id();
    let mut timers = TIMERS[cpu].lock();
    let key = timers.queue.insert(deadline, due);
    timers.program(deadline);
    TimerHandle { cpu, key }
}

impl Drop for TimerHandle {
    fn drop(&mut self) {
        // The value is dropped after the lock.
        let _cancelled = TIMERS[self.cpu].lock().queue.remove(self.key);
    }
}

impl CpuTimers {
    /// Makes sure that the alarm goes off at `deadline` or earlier.
    fn program(&mut self, deadline: u64) {
        if deadline < self.programmed {
            self.programmed = deadline;
            time::set_alarm(Some(deadline));
        }
    }
}

/// Asks for a look at the scheduler at `end`, if none is due earlier.
pub(super) fn limit_slice(end: u64) {
    let mut timers = TIMERS[cpu::id()].lock();
    if end < timers.slice_end {
        timers.slice_end = end;
        timers.program(end);
    }
}

/// Fires everything, due or not: the wall clock was set, by which some of it counts. Whoever is
/// called or woken too early looks at the clock and waits on.
pub(super) fn run_all() {
    for timers in TIMERS.iter().take(cpu::count()) {
        // All of them first: some are armed anew at once. Without memory they look when they are
        // due by the clock as it was.
        let mut all = Vec::new();
        {
            let queue = &mut timers.lock().queue;
            if all.try_reserve_exact(queue.len()).is_err() {
                continue;
            }
            while let Some(due) = queue.pop_due(NEVER) {
                all.push(due);
            }
        }
        all.into_iter().for_each(|due| due.happen(time::now()));
    }
}

/// Fires what is due, after the alarm went off.
pub(super) fn run() {
    let timers = &TIMERS[cpu::id()];
    let now = time::now();
    let mut slice_over = false;
    loop {
        let mut timers = timers.lock();
        if timers.slice_end <= now {
            timers.slice_end = NEVER;
            slice_over = true;
        }
        let Some(due) = timers.queue.pop_due(now) else {
            timers.programmed = NEVER;
            let next = timers.queue.first().unwrap_or(NEVER).min(timers.slice_end);
            timers.program(next);
            break;
        };
        drop(timers);
        due.happen(now);
    }
    if slice_over {
        sched::slice_over(now);
    }
}
