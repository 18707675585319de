//! [`TimerFd`]: a timer whose expirations are read.
//!
//! An interval timer that nobody reads costs nothing: it fires once, and how often it would have
//! fired since is computed when somebody asks, as Linux does it.

use alloc::format;
use alloc::string::String;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::any::Any;

use elfin_platform::sync::SpinLock;
use elfin_platform::time;
use elfin_syscalls::abi::{Itimerspec, Timespec};
use elfin_syscalls::args::ClockId;
use elfin_syscalls::{Errno, SysResult};

use crate::fs::{Dest, File, OpenFile};
use crate::task::timer::{self, Expire, TimerHandle};
use crate::task::{PollEvents, PollTable, WaitQueue};

/// What a read transfers.
const SIZE: usize = size_of::<u64>();

/// A timer as a file.
pub struct TimerFd(Arc<Alarm>);

struct Alarm {
    clock: ClockId,
    state: SpinLock<State>,
    queue: WaitQueue,
}

#[derive(Default)]
struct State {
    /// By the wall clock: the timer was set to an absolute time of it.
    wall: bool,
    /// When it fires next, or fired last if `fired`; by its clock.
    deadline: Option<u64>,
    interval: u64,
    /// Expirations that nobody has read.
    ticks: u64,
    /// It has fired at `deadline` and waits to be caught up with.
    fired: bool,
    /// Setting the clock cancels it.
    cancel_on_set: bool,
    cancelled: bool,
    timer: Option<TimerHandle>,
}

/// Timers that the wall clock's being set concerns.
static WALL_TIMERS: SpinLock<Vec<Weak<Alarm>>> = SpinLock::new(Vec::new());

impl State {
    fn now(&self) -> u64 {
        if self.wall { time::wall() } else { time::now() }
    }

    /// When the timer is due, by the monotonic clock.
    fn due(&self) -> Option<u64> {
        let deadline = self.deadline.filter(|_| !self.fired)?;
        if !self.wall {
            return Some(deadline);
        }
        Some(time::now().saturating_add(deadline.saturating_sub(time::wall())))
    }

    /// Counts the intervals that have passed since it fired, and moves on to the next.
    fn catch_up(&mut self) {
        let Some(deadline) = self.deadline.filter(|_| self.fired && self.interval > 0) else {
            return;
        };
        let passed = self.now().saturating_sub(deadline) / self.interval;
        self.ticks = self.ticks.saturating_add(passed);
        let step = passed.saturating_add(1).saturating_mul(self.interval);
        self.deadline = Some(deadline.saturating_add(step));
        self.fired = false;
    }

    fn remaining(&self) -> u64 {
        match self.deadline {
            // Less than nothing would mean that it is off.
            Some(deadline) if !self.fired => deadline.saturating_sub(self.now()).max(1),
            _ => 0,
        }
    }

    fn spec(&self) -> Itimerspec {
        Itimerspec {
            it_interval: Timespec::from_nanos(self.interval),
            it_value: Timespec::from_nanos(self.remaining()),
        }
    }
}

impl Alarm {
    /// Arms the timer for what the state says.
    fn arm(self: &Arc<Self>, state: &mut State) {
        state.timer = None;
        state.timer = state.due().map(|due| timer::arm(due, self.clone()));
    }
}

impl Expire for Alarm {
    fn expire(self: Arc<Self>, _now: u64) {
        let mut state = self.state.lock();
        let Some(deadline) = state.deadline.filter(|_| !state.fired) else { return };
        if state.now() < deadline {
            // The clock was set back meanwhile.
            self.arm(&mut state);
            return;
        }
        state.fired = true;
        state.ticks = state.ticks.saturating_add(1);
        drop(state);
        self.queue.wake_all(PollEvents::READABLE);
    }
}

impl TimerFd {
    /// A timer that is off.
    ///
    /// # Errors
    /// `EINVAL` for a clock that has no timers here.
    pub fn new(clock: ClockId) -> Result<Arc<Self>, Errno> {
        match clock {
            ClockId::REALTIME
            | ClockId::MONOTONIC
            | ClockId::BOOTTIME
            | ClockId::REALTIME_ALARM
            | ClockId::BOOTTIME_ALARM => {}
            _ => return Err(Errno::EINVAL),
        }
        timer::reserve(1)?;
        let (state, queue) = (SpinLock::default(), WaitQueue::new());
        Ok(Arc::new(Self(Arc::new(Alarm { clock, state, queue }))))
    }

    /// Sets the timer, or switches it off with a value of zero; what it was set to before.
    ///
    /// # Errors
    /// `EINVAL` for times out of range.
    pub fn set(
        &self,
        new: &Itimerspec,
        absolute: bool,
        cancel_on_set: bool,
    ) -> Result<Itimerspec, Errno> {
        let value = new.it_value.checked_nanos().ok_or(Errno::EINVAL)?;
        let interval = new.it_interval.checked_nanos().ok_or(Errno::EINVAL)?;
        let alarm = &self.0;
        let realtime = matches!(alarm.clock, ClockId::REALTIME | ClockId::REALTIME_ALARM);
        let wall = realtime && absolute;
        let mut state = alarm.state.lock();
        state.catch_up();
        let old = state.spec();
        state.timer = None;
        *state = State { wall, interval, cancel_on_set: wall && cancel_on_set, ..State::default() };
        if value > 0 {
            let base = if absolute { 0 } else { state.now() };
            state.deadline = Some(base.saturating_add(value));
            alarm.arm(&mut state);
        }
        drop(state);
        if wall {
            let mut timers = WALL_TIMERS.lock();
            timers.retain(|timer| {
                timer.strong_count() > 0 && !core::ptr::eq(timer.as_ptr(), &raw const **alarm)
            });
            timers.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
            timers.push(Arc::downgrade(alarm));
        }
        Ok(old)
    }

    /// The time left and the interval.
    pub fn get(&self) -> Itimerspec {
        let mut state = self.0.state.lock();
        state.catch_up();
        if state.timer.is_none() || !state.fired {
            self.0.arm(&mut state);
        }
        state.spec()
    }

    fn take(&self) -> Option<Result<u64, Errno>> {
        let mut state = self.0.state.lock();
        if core::mem::take(&mut state.cancelled) {
            return Some(Err(Errno::ECANCELED));
        }
        if state.ticks == 0 {
            return None;
        }
        if state.fired {
            state.catch_up();
            self.0.arm(&mut state);
        }
        Some(Ok(core::mem::take(&mut state.ticks)))
    }
}

/// The wall clock was set: timers by it are due at other times, or cancelled.
pub fn clock_was_set() {
    let timers = WALL_TIMERS.lock().clone();
    for alarm in timers.iter().filter_map(Weak::upgrade) {
        let mut state = alarm.state.lock();
        if state.cancel_on_set {
            state.cancelled = true;
            drop(state);
            alarm.queue.wake_all(PollEvents::READABLE);
        } else {
            alarm.arm(&mut state);
        }
    }
}

impl File for TimerFd {
    fn read(&self, of: &OpenFile, dst: &mut Dest<'_>) -> SysResult {
        if dst.remaining() < SIZE {
            return Err(Errno::EINVAL);
        }
        let ticks = match self.take() {
            Some(ticks) => ticks?,
            None if of.nonblocking() => return Err(Errno::EAGAIN),
            None => self.0.queue.wait_until(None, || self.take())??,
        };
        dst.put(&ticks.to_ne_bytes())
    }

    fn poll(&self, _of: &OpenFile, table: Option<&mut PollTable<'_>>) -> PollEvents {
        if let Some(table) = table {
            table.add(&self.0.queue);
        }
        let state = self.0.state.lock();
        if state.ticks > 0 || state.cancelled { PollEvents::IN } else { PollEvents::empty() }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn describe(&self) -> String {
        String::from("anon_inode:[timerfd]")
    }

    fn fdinfo(&self, _of: &OpenFile) -> String {
        let state = self.0.state.lock();
        let spec = state.spec();
        format!(
            "clockid: {}\nticks: {}\nsettime flags: 0{:o}\nit_value: ({}, {})\nit_interval: ({}, {})\n",
            self.0.clock.0,
            state.ticks,
            u8::from(state.wall),
            spec.it_value.tv_sec,
            spec.it_value.tv_nsec,
            spec.it_interval.tv_sec,
            spec.it_interval.tv_nsec,
        )
    }
}
