//! Handlers about clocks and sleeping.

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use elfin_platform::time;
use elfin_syscalls::abi::{Timespec, Timeval, Timex, Timezone, Tms, USER_HZ, zeroed};
use elfin_syscalls::args::{ClockId, TimerFlags, UserAddr, UserIn, UserOut};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::usercopy::{user_read, user_read_at, user_write, user_write_at};
use crate::task::clock::{self, Clock};
use crate::task::sleep::{Restart, sleep_by, sleep_until};
use crate::task::{Capability, Wake};

/// The resolution of all clocks, in nanoseconds.
const RESOLUTION: u64 = 1;

/// `clock_gettime(2)`.
pub fn clock_gettime(_cx: &mut Cx<'_>, clock: ClockId, out: UserOut<Timespec>) -> SysResult {
    let now = match clock {
        ClockId::MONOTONIC => time::now(),
        ClockId::REALTIME => time::wall(),
        _ => Clock::new(clock)?.now(),
    };
    user_write(out, &Timespec::from_nanos(now))?;
    Ok(0)
}

/// `clock_getres(2)`.
pub fn clock_getres(_cx: &mut Cx<'_>, clock: ClockId, out: UserOut<Timespec>) -> SysResult {
    Clock::new(clock)?;
    if !out.is_null() {
        user_write(out, &Timespec::from_nanos(RESOLUTION))?;
    }
    Ok(0)
}

/// `clock_settime(2)`.
pub fn clock_settime(cx: &mut Cx<'_>, clock: ClockId, new: UserIn<Timespec>) -> SysResult {
    let new: Timespec = user_read(new)?;
    match clock {
        ClockId::REALTIME => set_wall(cx, new.checked_nanos()),
        _ if Clock::new(clock)?.is_cpu_clock() => Err(Errno::EPERM),
        _ => Err(Errno::EINVAL),
    }
}

fn set_wall(cx: &Cx<'_>, nanos: Option<u64>) -> SysResult {
    let nanos = nanos.ok_or(Errno::EINVAL)?;
    if !cx.thread.cred().has(Capability::SYS_TIME) {
        return Err(Errno::EPERM);
    }
    if nanos < time::now() {
        // Before the epoch the machine was not there.
        return Err(Errno::EINVAL);
    }
    clock::set_wall(nanos);
    Ok(0)
}

/// `adjtimex(2)`: tells how the clock runs, and moves it (`ADJ_SETOFFSET`). Its rate is what the
/// machine says it is.
pub fn adjtimex(cx: &mut Cx<'_>, timex: UserAddr) -> SysResult {
    clock_adjtime(cx, ClockId::REALTIME, timex)
}

/// `clock_adjtime(2)`.
pub fn clock_adjtime(cx: &mut Cx<'_>, clock: ClockId, timex: UserAddr) -> SysResult {
    const ADJ_SETOFFSET: u32 = 0x100;
    const ADJ_NANO: u32 = 0x2000;
    const STA_UNSYNC: i32 = 0x40;
    const TIME_ERROR: usize = 5;
    /// What the error may be at most, in microseconds, as nobody compares the clock with another.
    const UNKNOWN_ERROR: i64 = 16_000_000;
    /// The largest frequency that Linux would correct, in 2^-16 parts per million.
    const TOLERANCE: i64 = 32_768_000;
    const USEC_PER_TICK: i64 = 10_000;
    if clock != ClockId::REALTIME {
        Clock::new(clock)?;
        return Err(Errno::EOPNOTSUPP);
    }
    let mut state: Timex = user_read_at(timex)?;
    if state.modes != 0 {
        if !cx.thread.cred().has(Capability::SYS_TIME) {
            return Err(Errno::EPERM);
        }
        if state.modes & !ADJ_NANO != ADJ_SETOFFSET {
            return Err(Errno::EINVAL);
        }
        let unit = if state.modes & ADJ_NANO != 0 { 1 } else { 1000 };
        let part = u64::try_from(state.time.tv_usec).map_err(|_| Errno::EINVAL)?;
        let part = part.checked_mul(unit).filter(|nanos| *nanos < time::NANOS_PER_SEC);
        let whole = state.time.tv_sec.wrapping_mul(time::NANOS_PER_SEC.cast_signed());
        let moved = time::wall().wrapping_add_signed(whole);
        clock::set_wall(moved.wrapping_add(part.ok_or(Errno::EINVAL)?));
    }
    state = Timex {
        modes: state.modes,
        maxerror: UNKNOWN_ERROR,
        esterror: UNKNOWN_ERROR,
        status: STA_UNSYNC,
        precision: 1,
        tolerance: TOLERANCE,
        tick: USEC_PER_TICK,
        time: Timeval::from_nanos(time::wall()),
        ..zeroed()
    };
    user_write_at(timex, &state)?;
    Ok(TIME_ERROR)
}

/// `gettimeofday(2)`.
pub fn gettimeofday(_cx: &mut Cx<'_>, tv: UserOut<Timeval>, tz: UserOut<Timezone>) -> SysResult {
    if !tv.is_null() {
        user_write(tv, &Timeval::from_nanos(time::wall()))?;
    }
    if !tz.is_null() {
        user_write(tz, &zeroed::<Timezone>())?;
    }
    Ok(0)
}

/// `settimeofday(2)`. The kernel's time zone is that of no place; setting it changes nothing.
pub fn settimeofday(cx: &mut Cx<'_>, tv: UserIn<Timeval>, tz: UserIn<Timezone>) -> SysResult {
    let tv = tv.non_null().map(user_read::<Timeval>).transpose()?;
    let _zone = tz.non_null().map(user_read::<Timezone>).transpose()?;
    match tv {
        Some(tv) => set_wall(cx, tv.checked_nanos()),
        None => Ok(0),
    }
}

/// `time(2)`.
pub fn time(_cx: &mut Cx<'_>, out: UserOut<i64>) -> SysResult {
    let seconds = time::wall() / time::NANOS_PER_SEC;
    if !out.is_null() {
        user_write(out, &seconds.cast_signed())?;
    }
    usize::try_from(seconds).map_err(|_| Errno::EOVERFLOW)
}

/// `times(2)`. All CPU time counts as the program's own.
pub fn times(cx: &mut Cx<'_>, out: UserOut<Tms>) -> SysResult {
    let ticks = |nanos: u64| nanos / (time::NANOS_PER_SEC / u64::from(USER_HZ));
    let process = &cx.thread.process;
    if !out.is_null() {
        let children = process.children_cpu_time.load(Ordering::Relaxed);
        let tms = Tms {
            tms_utime: ticks(process.cpu_time()).cast_signed(),
            tms_cutime: ticks(children).cast_signed(),
            ..zeroed()
        };
        user_write(out, &tms)?;
    }
    usize::try_from(ticks(time::now())).map_err(|_| Errno::EOVERFLOW)
}

/// `nanosleep(2)`.
pub fn nanosleep(
    cx: &mut Cx<'_>,
    request: UserIn<Timespec>,
    remain: UserOut<Timespec>,
) -> SysResult {
    let request: Timespec = user_read(request)?;
    let nanos = request.checked_nanos().ok_or(Errno::EINVAL)?;
    sleep_relative(cx, time::now().saturating_add(nanos), remain.addr())
}

/// Sleeps until `deadline` by the monotonic clock. Interrupted, it tells the program what is left
/// at `remain`, and can be gone on with.
fn sleep_relative(cx: &Cx<'_>, deadline: u64, remain: usize) -> SysResult {
    if sleep_until(Some(deadline)) == Wake::TimedOut {
        return Ok(0);
    }
    if remain != 0 {
        let left = deadline.saturating_sub(time::now());
        user_write_at(UserAddr(remain), &Timespec::from_nanos(left))?;
    }
    *cx.thread.restart.lock() = Some(Restart {
        run: |cx, restart| sleep_relative(cx, restart.deadline.unwrap_or(0), restart.args[0]),
        args: [remain, 0, 0, 0, 0],
        deadline: Some(deadline),
    });
    Err(Errno::ERESTART_RESTARTBLOCK)
}

/// `clock_nanosleep(2)`.
pub fn clock_nanosleep(
    cx: &mut Cx<'_>,
    clock: ClockId,
    flags: TimerFlags,
    request: UserIn<Timespec>,
    remain: UserOut<Timespec>,
) -> SysResult {
    if clock == ClockId::THREAD_CPUTIME_ID {
        return Err(Errno::EOPNOTSUPP);
    }
    let clock = Clock::for_timers(clock)?;
    let request: Timespec = user_read(request)?;
    let nanos = request.checked_nanos().ok_or(Errno::EINVAL)?;
    let absolute = flags.contains(TimerFlags::ABSTIME);
    if !absolute && !clock.is_cpu_clock() {
        return sleep_relative(cx, time::now().saturating_add(nanos), remain.addr());
    }
    if let Clock::Thread(thread) = &clock
        && Arc::ptr_eq(thread, cx.thread)
    {
        return Err(Errno::EINVAL);
    }
    let target = if absolute { nanos } else { clock.now().saturating_add(nanos) };
    let over = || clock.now() >= target;
    if sleep_by(|| Some(if over() { 0 } else { clock.when(target) })) == Wake::TimedOut {
        return Ok(0);
    }
    if absolute {
        return Err(Errno::ERESTARTNOHAND);
    }
    if !remain.is_null() {
        user_write(remain, &Timespec::from_nanos(target.saturating_sub(clock.now())))?;
    }
    Err(Errno::EINTR)
}
