//! [`PosixTimers`]: the timers that a process makes with `timer_create(2)`.
//!
//! A timer that repeats is not armed again when it fires but when its signal is taken, so that
//! the signal is queued once and carries the number of times that were missed.

use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use core::ops::Bound;

use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;
use elfin_syscalls::args::Resource;

use super::clock::Clock;
use super::itimer::{SHORTEST_INTERVAL, Setting, next_in_step};
use super::process::Process;
use super::signal::{self, Info, Signal};
use super::thread::Thread;
use super::timer::{self, Expire, TimerHandle};
use elfin_platform::task::Task;

/// `timer_getoverrun` reports no more than this (`DELAYTIMER_MAX`).
const MAX_OVERRUN: u64 = i32::MAX.unsigned_abs() as u64;

/// The timers of a process, by id.
pub struct PosixTimers(SpinLock<Table>);

struct Table {
    next: i32,
    timers: BTreeMap<i32, Arc<PosixTimer>>,
}

/// Who is told that a timer fired.
#[derive(Clone)]
pub enum Notify {
    /// Nobody (`SIGEV_NONE`).
    Nobody,
    /// The process (`SIGEV_SIGNAL`).
    Process(Signal, u64),
    /// A thread of it (`SIGEV_THREAD_ID`).
    Thread(Weak<Task<Thread>>, Signal, u64),
}

/// A timer.
pub struct PosixTimer {
    id: i32,
    clock: Clock,
    notify: Notify,
    process: Weak<Process>,
    state: SpinLock<State>,
}

#[derive(Default)]
struct State {
    /// It was set to run for a time: `target` is of the monotonic clock then, if the timer's is
    /// the wall clock, whose being set it does not notice.
    steady: bool,
    /// When it fires, by its clock; 0 while off.
    target: u64,
    interval: u64,
    /// Its signal is queued and not taken yet.
    queued: bool,
    /// What the last signal taken said.
    overrun: i32,
    handle: Option<TimerHandle>,
}

impl Default for PosixTimers {
    fn default() -> Self {
        Self::new()
    }
}

impl PosixTimers {
    /// No timer.
    pub fn new() -> Self {
        Self(SpinLock::new(Table { next: 0, timers: BTreeMap::new() }))
    }

    /// The timer with this id.
    ///
    /// # Errors
    /// `EINVAL` if there is none.
    pub fn get(&self, id: i32) -> Result<Arc<PosixTimer>, Errno> {
        self.0.lock().timers.get(&id).cloned().ok_or(Errno::EINVAL)
    }

    /// Deletes a timer, and its signal if that is still queued.
    ///
    /// # Errors
    /// `EINVAL` if there is none.
    pub fn delete(&self, id: i32) -> Result<(), Errno> {
        let timer = self.0.lock().timers.remove(&id).ok_or(Errno::EINVAL)?;
        timer.disarm();
        if let Some(process) = timer.process.upgrade() {
            signal::discard_timer(&process, id);
        }
        Ok(())
    }

    /// Deletes all timers (`execve`, exit).
    pub fn clear(&self) {
        loop {
            let first = self.0.lock().timers.keys().next().copied();
            let Some(id) = first else { return };
            // It may be gone already, which is as well.
            let _gone = self.delete(id);
        }
    }

    /// Signals of `process` that timers had sent were dropped: those timers go on.
    pub fn discarded(&self, process: &Process) {
        let mut after = -1;
        loop {
            let next = {
                let table = self.0.lock();
                let mut later = table.timers.range((Bound::Excluded(after), Bound::Unbounded));
                later.next().map(|(id, timer)| (*id, timer.clone()))
            };
            let Some((id, timer)) = next else { return };
            after = id;
            if !signal::has_timer(process, id) {
                timer.go_on(false);
            }
        }
    }

    /// Notes that a signal was taken; if a timer sent it, its overrun count goes with it, and the
    /// timer is armed again.
    pub fn delivered(&self, mut info: Info) -> Info {
        let Some(id) = info.timer_id() else { return info };
        let timer = self.0.lock().timers.get(&id).cloned();
        if let Some(timer) = timer {
            info.set_overrun(timer.go_on(true));
        }
        info
    }
}

/// Makes a timer of `process`; its id. `notify` gets the id for a signal's default value.
///
/// # Errors
/// `EAGAIN` if there are too many.
pub fn create(
    process: &Arc<Process>,
    clock: Clock,
    notify: impl FnOnce(i32) -> Notify,
) -> Result<i32, Errno> {
    let limit = process.rlimits.soft(Resource::SIGPENDING);
    let mut table = process.timers.0.lock();
    if u64::try_from(table.timers.len()).is_ok_and(|count| count >= limit) {
        return Err(Errno::EAGAIN);
    }
    let mut id = table.next;
    while table.timers.contains_key(&id) {
        id = id.checked_add(1).unwrap_or(0);
    }
    table.next = id.checked_add(1).unwrap_or(0);
    let timer = PosixTimer {
        id,
        clock,
        notify: notify(id),
        process: Arc::downgrade(process),
        state: SpinLock::default(),
    };
    table.timers.insert(id, Arc::new(timer));
    Ok(id)
}

impl PosixTimer {
    /// How it is set.
    pub fn setting(&self) -> Setting {
        let state = self.state.lock();
        state.setting(self.clock(state.steady).now(), self.is_silent())
    }

    /// The clock by which it counts.
    fn clock(&self, steady: bool) -> &Clock {
        if steady && matches!(self.clock, Clock::Realtime) {
            &Clock::Monotonic
        } else {
            &self.clock
        }
    }

    /// Whether nobody is told when it fires: then it needs no alarm either.
    fn is_silent(&self) -> bool {
        matches!(self.notify, Notify::Nobody)
    }

    /// Sets it; gives how it was set. With `absolute` the value is a time of its clock.
    pub fn set(self: &Arc<Self>, new: Setting, absolute: bool) -> Setting {
        let clock = self.clock(!absolute);
        let target = match new.value {
            0 => 0,
            value if absolute => value,
            value => clock.now().saturating_add(value),
        };
        let armed = target != 0 && !self.is_silent();
        let handle = armed.then(|| timer::arm(clock.when(target), self.clone()));
        let (old, old_handle) = {
            let mut state = self.state.lock();
            let old = state.setting(self.clock(state.steady).now(), self.is_silent());
            (state.target, state.interval, state.steady) = (target, new.interval, !absolute);
            (state.queued, state.overrun) = (false, 0);
            (old, core::mem::replace(&mut state.handle, handle))
        };
        drop(old_handle);
        old
    }

    /// How many times the last signal stood for that had no signal of their own.
    pub fn overrun(&self) -> i32 {
        self.state.lock().overrun
    }

    fn disarm(&self) {
        let handle = {
            let mut state = self.state.lock();
            state.target = 0;
            state.handle.take()
        };
        drop(handle);
    }

    /// Its signal is not queued any more, unless it was set anew meanwhile: it is armed for its
    /// next time, if it repeats. The overrun count, anew if the signal was `taken` and not dropped;
    /// after one that was dropped it takes its time.
    fn go_on(self: &Arc<Self>, taken: bool) -> i32 {
        let (target, overrun, steady) = {
            let mut state = self.state.lock();
            let now = self.clock(state.steady).now();
            if !core::mem::take(&mut state.queued) {
                return state.overrun;
            }
            if taken {
                state.overrun = 0;
            }
            if state.interval == 0 || state.target == 0 {
                return state.overrun;
            }
            let (target, steps) = next_in_step(state.target, state.interval, now);
            let missed = (steps - 1).min(MAX_OVERRUN);
            let pause = if taken { 0 } else { SHORTEST_INTERVAL };
            state.target = target.max(now.saturating_add(pause));
            if taken {
                state.overrun = i32::try_from(missed).unwrap_or(i32::MAX);
            }
            (state.target, state.overrun, state.steady)
        };
        self.arm(target, steady);
        overrun
    }

    /// Arms it for `target`, unless it was set anew meanwhile.
    fn arm(self: &Arc<Self>, target: u64, steady: bool) {
        let handle = timer::arm(self.clock(steady).when(target), self.clone());
        let old = {
            let mut state = self.state.lock();
            if state.target == target { state.handle.replace(handle) } else { Some(handle) }
        };
        drop(old);
    }

    fn tell(&self, process: &Process) -> bool {
        match &self.notify {
            Notify::Nobody => false,
            Notify::Process(signal, value) => {
                signal::send_by_timer(process, None, Info::timer(*signal, self.id, *value))
            }
            Notify::Thread(thread, signal, value) => thread.upgrade().is_some_and(|thread| {
                let info = Info::timer(*signal, self.id, *value);
                signal::send_by_timer(process, Some(&thread), info)
            }),
        }
    }
}

impl State {
    fn setting(&self, now: u64, silent: bool) -> Setting {
        let over = silent && self.interval == 0 && self.target <= now;
        if self.target == 0 || over {
            return Setting { value: 0, interval: self.interval };
        }
        let target = if self.target <= now && self.interval != 0 {
            next_in_step(self.target, self.interval, now).0
        } else {
            self.target
        };
        Setting { value: target.saturating_sub(now).max(1), interval: self.interval }
    }
}

impl Expire for PosixTimer {
    fn expire(self: Arc<Self>, _now: u64) {
        let Some(process) = self.process.upgrade() else { return };
        let early = {
            let mut state = self.state.lock();
            let now = self.clock(state.steady).now();
            if state.target > now {
                // A CPU clock has not come that far, or the wall clock was set.
                Some((state.target, state.steady))
            } else if state.target == 0 || state.queued {
                return;
            } else {
                state.queued = true;
                if state.interval == 0 {
                    state.target = 0;
                }
                None
            }
        };
        if let Some((target, steady)) = early {
            self.arm(target, steady);
        } else if !self.tell(&process) {
            // Nobody will take a signal that would arm it again.
            self.go_on(false);
        }
    }
}
