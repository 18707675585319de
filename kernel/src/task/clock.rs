//! [`Clock`]: the clocks that programs name (`clock_gettime(2)`), and waiting by them.

use alloc::sync::Arc;

use elfin_platform::time;
use elfin_syscalls::Errno;
use elfin_syscalls::args::ClockId;

use super::ids;
use super::process::Process;
use super::thread::{ThreadRef, current};
use super::timer;

/// A clock.
#[derive(Clone)]
pub enum Clock {
    /// The wall clock.
    Realtime,
    /// Time since boot, which never jumps. Machines here do not suspend, so boot time and raw
    /// time are the same.
    Monotonic,
    /// CPU time of a process.
    Process(Arc<Process>),
    /// CPU time of a thread.
    Thread(ThreadRef),
}

/// The shortest time after which a CPU clock is looked at again, in nanoseconds: less than the
/// tick by which Linux looks.
const CPU_CLOCK_LOOK: u64 = 500_000;

/// Of negative ids: the clock of a thread, not of a process.
const PER_THREAD: i32 = 4;
/// Of negative ids: which of the CPU clocks; 3 is a device's.
const CPU_CLOCK_MASK: i32 = 3;
/// Negative ids hold the complement of a process or thread id above this many bits.
const ID_SHIFT: u32 = 3;
/// No CPU clock, but a device's.
const DEVICE: i32 = 3;

impl Clock {
    /// The clock that `id` names, for reading it.
    ///
    /// # Errors
    /// `EINVAL` if there is none.
    pub fn new(id: ClockId) -> Result<Self, Errno> {
        match id {
            ClockId::REALTIME
            | ClockId::REALTIME_COARSE
            | ClockId::REALTIME_ALARM
            | ClockId::TAI => Ok(Self::Realtime),
            ClockId::MONOTONIC
            | ClockId::MONOTONIC_RAW
            | ClockId::MONOTONIC_COARSE
            | ClockId::BOOTTIME
            | ClockId::BOOTTIME_ALARM => Ok(Self::Monotonic),
            ClockId::PROCESS_CPUTIME_ID => Ok(Self::Process(current().process.clone())),
            ClockId::THREAD_CPUTIME_ID => Ok(Self::Thread(current().to_arc())),
            ClockId(id) if id < 0 => Self::of_id(id).ok_or(Errno::EINVAL),
            _ => Err(Errno::EINVAL),
        }
    }

    /// The clock that `id` names, for sleeping and timers.
    ///
    /// # Errors
    /// `EINVAL` if there is none, `EOPNOTSUPP` if it only can be read.
    pub fn for_timers(id: ClockId) -> Result<Self, Errno> {
        match id {
            ClockId::MONOTONIC_RAW | ClockId::MONOTONIC_COARSE | ClockId::REALTIME_COARSE => {
                Err(Errno::EOPNOTSUPP)
            }
            _ => Self::new(id),
        }
    }

    fn of_id(id: i32) -> Option<Self> {
        let owner = u32::try_from(!(id >> ID_SHIFT)).ok()?;
        if id & CPU_CLOCK_MASK == DEVICE {
            return None;
        }
        let me = current();
        if id & PER_THREAD != 0 {
            if owner == 0 {
                return Some(Self::Thread(me.to_arc()));
            }
            // A thread's clock is its own process's affair.
            let thread = ids::find_thread(owner)?;
            return Arc::ptr_eq(&thread.process, &me.process).then_some(Self::Thread(thread));
        }
        if owner == 0 {
            return Some(Self::Process(me.process.clone()));
        }
        ids::find_process(owner).map(Self::Process)
    }

    /// Its time, in nanoseconds.
    pub fn now(&self) -> u64 {
        match self {
            Self::Realtime => time::wall(),
            Self::Monotonic => time::now(),
            Self::Process(process) => process.cpu_time(),
            Self::Thread(thread) => thread.cpu_time(),
        }
    }

    /// Whether it runs only while the program does.
    pub fn is_cpu_clock(&self) -> bool {
        matches!(self, Self::Process(_) | Self::Thread(_))
    }

    /// When, by the monotonic clock, this clock may have reached `target`: not later, and for a
    /// CPU clock possibly earlier than it has.
    pub fn when(&self, target: u64) -> u64 {
        match self {
            Self::Monotonic => target,
            Self::Realtime => time::now().saturating_add(target.saturating_sub(self.now())),
            // It may stand still: it is not looked at all the time.
            Self::Process(_) | Self::Thread(_) => {
                let missing = target.saturating_sub(self.now());
                time::now().saturating_add((missing / self.fastest()).max(CPU_CLOCK_LOOK))
            }
        }
    }

    /// How many times as fast as the monotonic clock it can run.
    fn fastest(&self) -> u64 {
        match self {
            Self::Process(_) => u64::try_from(elfin_platform::cpu::count()).unwrap_or(1).max(1),
            _ => 1,
        }
    }
}

/// Sets the wall clock, to nanoseconds since the epoch. What waits for a time of it looks anew.
pub fn set_wall(nanos: u64) {
    time::set_wall(nanos);
    crate::event::clock_was_set();
    timer::run_all();
}
