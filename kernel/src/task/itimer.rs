//! [`Itimers`]: the three interval timers of a process (`setitimer(2)`), and the limit of its CPU
//! time, which is watched by a fourth.

use alloc::sync::{Arc, Weak};

use elfin_platform::sync::SpinLock;
use elfin_platform::time;
use elfin_syscalls::abi::{RLIM_INFINITY, Rlimit64};
use elfin_syscalls::args::Resource;

use super::clock::Clock;
use super::process::Process;
use super::signal::{Info, SIGALRM, SIGKILL, SIGPROF, SIGVTALRM, SIGXCPU, Signal, send_to_process};
use super::timer::{self, Expire, TimerHandle};

/// Which timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Real time, `SIGALRM`.
    Real,
    /// CPU time, `SIGVTALRM`. (All CPU time counts as the program's own.)
    Virtual,
    /// CPU time, `SIGPROF`.
    Profiling,
    /// CPU time, `SIGXCPU` and at last `SIGKILL`: `RLIMIT_CPU`. No program sets it.
    Limit,
}

/// Value and interval of a timer in nanoseconds; a value of 0 is a timer that is off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Setting {
    /// Until it fires.
    pub value: u64,
    /// From then on; 0 for once.
    pub interval: u64,
}

/// A timer that repeats does not do so faster than this, in nanoseconds: its signals would only
/// merge.
pub(super) const SHORTEST_INTERVAL: u64 = 100_000;

/// The interval timers of a process.
pub struct Itimers([SpinLock<State>; 4]);

#[derive(Default)]
struct State {
    /// When it fires, by its clock; 0 while off.
    target: u64,
    interval: u64,
    handle: Option<TimerHandle>,
}

struct Firing {
    process: Weak<Process>,
    kind: Kind,
}

impl Kind {
    fn signal(self) -> Signal {
        match self {
            Self::Real => SIGALRM,
            Self::Virtual => SIGVTALRM,
            Self::Profiling => SIGPROF,
            Self::Limit => SIGXCPU,
        }
    }

    fn clock(self, process: &Arc<Process>) -> Clock {
        match self {
            Self::Real => Clock::Monotonic,
            Self::Virtual | Self::Profiling | Self::Limit => Clock::Process(process.clone()),
        }
    }
}

impl Default for Itimers {
    fn default() -> Self {
        Self::new()
    }
}

impl Itimers {
    /// All timers off.
    pub fn new() -> Self {
        Self([const { SpinLock::new(State { target: 0, interval: 0, handle: None }) }; 4])
    }

    fn state(&self, kind: Kind) -> &SpinLock<State> {
        let [real, virtual_, profiling, limit] = &self.0;
        match kind {
            Kind::Real => real,
            Kind::Virtual => virtual_,
            Kind::Profiling => profiling,
            Kind::Limit => limit,
        }
    }
}

impl State {
    fn setting(&self, now: u64) -> Setting {
        let value = match self.target {
            0 => 0,
            // One that is due and not yet noticed is not off.
            target => target.saturating_sub(now).max(1),
        };
        Setting { value, interval: self.interval }
    }
}

/// How a timer is set.
pub fn get(process: &Arc<Process>, kind: Kind) -> Setting {
    let now = kind.clock(process).now();
    process.itimers.state(kind).lock().setting(now)
}

/// Sets a timer; gives how it was set.
pub fn set(process: &Arc<Process>, kind: Kind, new: Setting) -> Setting {
    let clock = kind.clock(process);
    let now = clock.now();
    let target = if new.value == 0 { 0 } else { now.saturating_add(new.value) };
    let handle = (target != 0).then(|| arm(process, kind, &clock, target));
    let state = process.itimers.state(kind);
    let (old, old_handle) = {
        let mut state = state.lock();
        let old = state.setting(now);
        state.target = target;
        state.interval = new.interval;
        (old, core::mem::replace(&mut state.handle, handle))
    };
    drop(old_handle);
    old
}

fn arm(process: &Arc<Process>, kind: Kind, clock: &Clock, target: u64) -> TimerHandle {
    let firing = Arc::new(Firing { process: Arc::downgrade(process), kind });
    timer::arm(clock.when(target), firing)
}

impl Expire for Firing {
    fn expire(self: Arc<Self>, _now: u64) {
        let Some(process) = self.process.upgrade() else { return };
        let clock = self.kind.clock(&process);
        let now = clock.now();
        let state = process.itimers.state(self.kind);
        let mut fired = false;
        let next = {
            let state = &mut *state.lock();
            fired |= state.target != 0 && state.target <= now;
            if fired {
                state.target = match state.interval {
                    0 => 0,
                    interval => next_in_step(state.target, interval.max(SHORTEST_INTERVAL), now).0,
                };
            }
            state.target
        };
        // Firing again replaces the handle that has just fired.
        let handle = (next != 0).then(|| arm(&process, self.kind, &clock, next));
        let old = {
            let mut state = state.lock();
            if state.target == next {
                core::mem::replace(&mut state.handle, handle)
            } else {
                handle
            }
        };
        drop(old);
        // A standard signal always finds room.
        if fired && self.kind == Kind::Limit {
            over_cpu_limit(&process);
        } else if fired {
            let _sent = send_to_process(&process, Info::kernel(self.kind.signal()));
        }
    }
}

/// Watches `RLIMIT_CPU` of a process from now on: it is new, or the limit has changed.
pub fn watch_cpu_limit(process: &Arc<Process>) {
    let limit = process.rlimits.soft(Resource::CPU);
    let watched = process.itimers.state(Kind::Limit).lock().target != 0;
    if limit == RLIM_INFINITY && !watched {
        return;
    }
    let used = process.cpu_time();
    let value = if limit == RLIM_INFINITY {
        0
    } else {
        // 0 seconds is over the limit already; one that is over is told at once.
        limit.saturating_mul(time::NANOS_PER_SEC).saturating_sub(used).max(1)
    };
    let _before = set(process, Kind::Limit, Setting { value, interval: 0 });
}

/// A process has used the CPU time that it may: `SIGXCPU` each second, and `SIGKILL` at the hard
/// limit (`setrlimit(2)`).
fn over_cpu_limit(process: &Arc<Process>) {
    let Ok(limits) = process.rlimits.get(Resource::CPU) else { return };
    let used = process.cpu_time() / time::NANOS_PER_SEC;
    if used >= limits.rlim_max {
        let _sent = send_to_process(process, Info::kernel(SIGKILL));
        return;
    }
    if used >= limits.rlim_cur {
        let _sent = send_to_process(process, Info::kernel(SIGXCPU));
        // As Linux does: the soft limit itself moves.
        let more = Rlimit64 { rlim_cur: used.saturating_add(1), ..limits };
        let _moved = process.rlimits.set(Resource::CPU, more, true);
    }
    watch_cpu_limit(process);
}

/// The first moment after `now` in steps of `interval` from `target`, and how many steps that is.
pub(super) fn next_in_step(target: u64, interval: u64, now: u64) -> (u64, u64) {
    let missed = now.saturating_sub(target) / interval.max(1);
    let steps = missed.saturating_add(1);
    (target.saturating_add(interval.saturating_mul(steps)), steps)
}

/// Ends all timers of a process that ends.
pub fn stop_all(process: &Process) {
    for state in &process.itimers.0 {
        let handle = {
            let mut state = state.lock();
            state.target = 0;
            state.handle.take()
        };
        drop(handle);
    }
}

/// `alarm(2)`: the seconds left of the old alarm, rounded as Linux does.
pub fn alarm(process: &Arc<Process>, seconds: u32) -> u32 {
    let value = u64::from(seconds).saturating_mul(time::NANOS_PER_SEC);
    let old = set(process, Kind::Real, Setting { value, interval: 0 }).value;
    let (whole, rest) = (old / time::NANOS_PER_SEC, old % time::NANOS_PER_SEC);
    // Up from half a second, and never 0 while one was set.
    let up = rest >= time::NANOS_PER_SEC / 2 || (whole == 0 && rest > 0);
    u32::try_from(whole + u64::from(up)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_past_now() {
        assert_eq!(next_in_step(100, 10, 100), (110, 1));
        assert_eq!(next_in_step(100, 10, 109), (110, 1));
        assert_eq!(next_in_step(100, 10, 135), (140, 4));
    }

    #[test]
    fn reports_what_is_left() {
        let state = State { target: 50, interval: 7, handle: None };
        assert_eq!(state.setting(20), Setting { value: 30, interval: 7 });
        assert_eq!(state.setting(60), Setting { value: 1, interval: 7 });
        assert_eq!(State::default().setting(60), Setting::default());
    }
}
