//! Handlers about timers: interval timers, and those of `timer_create`.

use alloc::sync::Arc;

use elfin_syscalls::abi::{
    ITIMER_PROF, ITIMER_REAL, ITIMER_VIRTUAL, Itimerspec, Itimerval, Sigevent, Timespec, Timeval,
    zeroed,
};
use elfin_syscalls::args::{ClockId, SigNum, TimerFlags, UserIn, UserOut};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::usercopy::{user_read, user_write};
use crate::task::clock::Clock;
use crate::task::find_thread;
use crate::task::itimer::{self, Kind, Setting};
use crate::task::posix_timer::{self, Notify};
use crate::task::signal::{SIGALRM, Signal};

fn kind(which: i32) -> Result<Kind, Errno> {
    match which {
        ITIMER_REAL => Ok(Kind::Real),
        ITIMER_VIRTUAL => Ok(Kind::Virtual),
        ITIMER_PROF => Ok(Kind::Profiling),
        _ => Err(Errno::EINVAL),
    }
}

fn to_itimerval(setting: Setting) -> Itimerval {
    // Rounded up, so that one that is on does not seem off.
    let micros = |nanos: u64| Timeval::from_nanos(nanos.saturating_add(999));
    Itimerval { it_interval: micros(setting.interval), it_value: micros(setting.value) }
}

/// `getitimer(2)`.
pub fn getitimer(cx: &mut Cx<'_>, which: i32, out: UserOut<Itimerval>) -> SysResult {
    let setting = itimer::get(&cx.thread.process, kind(which)?);
    user_write(out, &to_itimerval(setting))?;
    Ok(0)
}

/// `setitimer(2)`.
pub fn setitimer(
    cx: &mut Cx<'_>,
    which: i32,
    new: UserIn<Itimerval>,
    old: UserOut<Itimerval>,
) -> SysResult {
    // No new setting is one of zeros, for old programs.
    let new = new.non_null().map(user_read).transpose()?.unwrap_or_else(zeroed::<Itimerval>);
    let setting = Setting {
        value: new.it_value.checked_nanos().ok_or(Errno::EINVAL)?,
        interval: new.it_interval.checked_nanos().ok_or(Errno::EINVAL)?,
    };
    let before = itimer::set(&cx.thread.process, kind(which)?, setting);
    if !old.is_null() {
        user_write(old, &to_itimerval(before))?;
    }
    Ok(0)
}

/// `alarm(2)`.
pub fn alarm(cx: &mut Cx<'_>, seconds: u32) -> SysResult {
    let left = itimer::alarm(&cx.thread.process, seconds);
    usize::try_from(left).map_err(|_| Errno::EOVERFLOW)
}

/// How `timer_create` says whom to tell.
mod sigev {
    pub const SIGNAL: i32 = 0;
    pub const NONE: i32 = 1;
    pub const THREAD: i32 = 2;
    pub const THREAD_ID: i32 = 4;
}

/// `timer_create(2)`.
pub fn timer_create(
    cx: &mut Cx<'_>,
    clock: ClockId,
    event: UserIn<Sigevent>,
    out: UserOut<i32>,
) -> SysResult {
    let clock = Clock::for_timers(clock)?;
    let process = &cx.thread.process;
    let id = match event.non_null() {
        None => {
            let value = |id: i32| u64::from(id.cast_unsigned());
            posix_timer::create(process, clock, |id| Notify::Process(SIGALRM, value(id)))?
        }
        Some(event) => {
            let notify = notify(cx, &user_read(event)?)?;
            posix_timer::create(process, clock, |_| notify)?
        }
    };
    if let Err(errno) = user_write(out, &id) {
        process.timers.delete(id)?;
        return Err(errno);
    }
    Ok(0)
}

fn notify(cx: &Cx<'_>, event: &Sigevent) -> Result<Notify, Errno> {
    let signal = || Signal::new(SigNum(event.sigev_signo.cast_unsigned()));
    match event.sigev_notify {
        sigev::NONE => Ok(Notify::Nobody),
        sigev::SIGNAL | sigev::THREAD => Ok(Notify::Process(signal()?, event.sigev_value)),
        sigev::THREAD_ID => {
            let tid = u32::try_from(event.sigev_tid).map_err(|_| Errno::EINVAL)?;
            let thread = find_thread(tid)
                .filter(|thread| Arc::ptr_eq(&thread.process, &cx.thread.process))
                .ok_or(Errno::EINVAL)?;
            Ok(Notify::Thread(Arc::downgrade(&thread), signal()?, event.sigev_value))
        }
        _ => Err(Errno::EINVAL),
    }
}

fn to_itimerspec(setting: Setting) -> Itimerspec {
    Itimerspec {
        it_interval: Timespec::from_nanos(setting.interval),
        it_value: Timespec::from_nanos(setting.value),
    }
}

/// `timer_settime(2)`.
pub fn timer_settime(
    cx: &mut Cx<'_>,
    timer: i32,
    flags: TimerFlags,
    new: UserIn<Itimerspec>,
    old: UserOut<Itimerspec>,
) -> SysResult {
    if new.is_null() {
        return Err(Errno::EINVAL);
    }
    let new: Itimerspec = user_read(new)?;
    let setting = Setting {
        value: new.it_value.checked_nanos().ok_or(Errno::EINVAL)?,
        interval: new.it_interval.checked_nanos().ok_or(Errno::EINVAL)?,
    };
    let timer = cx.thread.process.timers.get(timer)?;
    let before = timer.set(setting, flags.contains(TimerFlags::ABSTIME));
    if !old.is_null() {
        user_write(old, &to_itimerspec(before))?;
    }
    Ok(0)
}

/// `timer_gettime(2)`.
pub fn timer_gettime(cx: &mut Cx<'_>, timer: i32, out: UserOut<Itimerspec>) -> SysResult {
    let setting = cx.thread.process.timers.get(timer)?.setting();
    user_write(out, &to_itimerspec(setting))?;
    Ok(0)
}

/// `timer_getoverrun(2)`.
pub fn timer_getoverrun(cx: &mut Cx<'_>, timer: i32) -> SysResult {
    let overrun = cx.thread.process.timers.get(timer)?.overrun();
    usize::try_from(overrun).map_err(|_| Errno::EOVERFLOW)
}

/// `timer_delete(2)`.
pub fn timer_delete(cx: &mut Cx<'_>, timer: i32) -> SysResult {
    cx.thread.process.timers.delete(timer)?;
    Ok(0)
}
