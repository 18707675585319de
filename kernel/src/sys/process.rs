//! Handlers about processes: ids, groups, sessions, limits, usage, `prctl`.

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use elfin_syscalls::abi::{Rlimit64, Rusage, Siginfo, Timeval, zeroed};
use elfin_syscalls::args::{
    Pid, PrctlOption, Resource, SigNum, UserAddr, UserIn, UserOut, WaitOptions,
};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::usercopy::{user_read, user_read_at, user_write, user_write_at};
use crate::task::ids::processes;
use crate::task::{Capability, Cred, NAME_LEN, Process, Thread, find_process};

/// `RUSAGE_SELF`.
const RUSAGE_SELF: i32 = 0;
/// `RUSAGE_CHILDREN`.
const RUSAGE_CHILDREN: i32 = -1;
/// `RUSAGE_THREAD`.
const RUSAGE_THREAD: i32 = 1;

fn number(value: u32) -> SysResult {
    usize::try_from(value).map_err(|_| Errno::EINVAL)
}

/// The process that a program names; 0 is the caller's own.
///
/// # Errors
/// `ESRCH` if there is none.
fn process_by_id(cx: &Cx<'_>, pid: Pid) -> Result<Arc<Process>, Errno> {
    match u32::try_from(pid) {
        Ok(0) => Ok(cx.thread.process.clone()),
        Ok(pid) => find_process(pid).ok_or(Errno::ESRCH),
        Err(_) => Err(Errno::ESRCH),
    }
}

/// `getpid(2)`.
pub fn getpid(cx: &mut Cx<'_>) -> SysResult {
    number(cx.thread.process.pid)
}

/// `getppid(2)`.
pub fn getppid(cx: &mut Cx<'_>) -> SysResult {
    number(cx.thread.process.ppid())
}

/// `getpgid(2)`.
pub fn getpgid(cx: &mut Cx<'_>, pid: Pid) -> SysResult {
    number(process_by_id(cx, pid)?.pgid())
}

/// `getpgrp(2)`.
pub fn getpgrp(cx: &mut Cx<'_>) -> SysResult {
    number(cx.thread.process.pgid())
}

/// `getsid(2)`.
pub fn getsid(cx: &mut Cx<'_>, pid: Pid) -> SysResult {
    number(process_by_id(cx, pid)?.sid())
}

/// `setpgid(2)`.
pub fn setpgid(cx: &mut Cx<'_>, pid: Pid, pgid: Pid) -> SysResult {
    let pgid = u32::try_from(pgid).map_err(|_| Errno::EINVAL)?;
    let me = &cx.thread.process;
    let target = process_by_id(cx, pid)?;
    let is_self = Arc::ptr_eq(&target, me);
    let is_child = target.parent.lock().upgrade().is_some_and(|parent| Arc::ptr_eq(&parent, me));
    if !is_self && !is_child {
        return Err(Errno::ESRCH);
    }
    if is_child && target.has_execed.load(Ordering::Relaxed) {
        return Err(Errno::EACCES);
    }
    if target.sid() == target.pid || target.sid() != me.sid() {
        return Err(Errno::EPERM);
    }
    let pgid = if pgid == 0 { target.pid } else { pgid };
    let is_in_session = || processes().any(|other| other.pgid() == pgid && other.sid() == me.sid());
    if pgid != target.pid && !is_in_session() {
        return Err(Errno::EPERM);
    }
    target.set_pgid(pgid);
    Ok(0)
}

/// `setsid(2)`. The first process leads its session from the start, and may still become the
/// leader of a new one: once.
pub fn setsid(cx: &mut Cx<'_>) -> SysResult {
    let me = &cx.thread.process;
    let is_fresh = me.pid == crate::task::INIT && !me.placed.load(Ordering::Relaxed);
    if !is_fresh && processes().any(|other| other.pgid() == me.pid) {
        return Err(Errno::EPERM);
    }
    me.lead_session();
    number(me.pid)
}

/// `wait4(2)`. A process cannot have children yet.
pub fn wait4(
    _cx: &mut Cx<'_>,
    _pid: Pid,
    _status: UserOut<i32>,
    options: WaitOptions,
    _usage: UserOut<Rusage>,
) -> SysResult {
    options.only(WaitOptions::WAIT4)?;
    Err(Errno::ECHILD)
}

/// `waitid(2)`. A process cannot have children yet.
pub fn waitid(
    _cx: &mut Cx<'_>,
    which: u32,
    _id: Pid,
    _info: UserOut<Siginfo>,
    options: WaitOptions,
    _usage: UserOut<Rusage>,
) -> SysResult {
    /// `P_PIDFD`, the last kind there is.
    const LAST_KIND: u32 = 3;
    let states = WaitOptions::WEXITED | WaitOptions::WSTOPPED | WaitOptions::WCONTINUED;
    let options = options.only(WaitOptions::WAITID)?;
    if which > LAST_KIND || !options.intersects(states) {
        return Err(Errno::EINVAL);
    }
    Err(Errno::ECHILD)
}

/// `getrlimit(2)`.
pub fn getrlimit(cx: &mut Cx<'_>, resource: Resource, out: UserOut<Rlimit64>) -> SysResult {
    user_write(out, &cx.thread.process.rlimits.get(resource)?)?;
    Ok(0)
}

/// `setrlimit(2)`.
pub fn setrlimit(cx: &mut Cx<'_>, resource: Resource, new: UserIn<Rlimit64>) -> SysResult {
    let new = user_read(new)?;
    set_limit(cx.thread, &cx.thread.process.clone(), resource, new)
}

/// `prlimit(2)`.
pub fn prlimit64(
    cx: &mut Cx<'_>,
    pid: Pid,
    resource: Resource,
    new: UserIn<Rlimit64>,
    old: UserOut<Rlimit64>,
) -> SysResult {
    resource.index()?;
    let new = new.non_null().map(user_read).transpose()?;
    let process = process_by_id(cx, pid)?;
    if !crate::task::signal::may_signal(cx.thread, &process, None)
        && !cx.thread.cred().has(Capability::SYS_RESOURCE)
    {
        return Err(Errno::EPERM);
    }
    let before = process.rlimits.get(resource)?;
    if let Some(new) = new {
        set_limit(cx.thread, &process, resource, new)?;
    }
    if !old.is_null() {
        user_write(old, &before)?;
    }
    Ok(0)
}

fn set_limit(me: &Thread, process: &Process, resource: Resource, new: Rlimit64) -> SysResult {
    let privileged = me.cred().has(Capability::SYS_RESOURCE);
    process.rlimits.set(resource, new, privileged)?;
    Ok(0)
}

/// `getrusage(2)`. All CPU time counts as the program's own; faults are not counted.
pub fn getrusage(cx: &mut Cx<'_>, who: i32, out: UserOut<Rusage>) -> SysResult {
    const KIB: usize = 1024;
    let process = &cx.thread.process;
    let mut usage: Rusage = zeroed();
    let (cpu_time, (voluntary, involuntary)) = match who {
        RUSAGE_SELF => (process.cpu_time(), process.switches()),
        RUSAGE_THREAD => {
            let (voluntary, involuntary) = cx.thread.sched.switches();
            (cx.thread.cpu_time(), (u64::from(voluntary), u64::from(involuntary)))
        }
        RUSAGE_CHILDREN => (process.children_cpu_time.load(Ordering::Relaxed), (0, 0)),
        _ => return Err(Errno::EINVAL),
    };
    usage.ru_utime = Timeval::from_nanos(cpu_time);
    usage.ru_nvcsw = voluntary.cast_signed();
    usage.ru_nivcsw = involuntary.cast_signed();
    if who != RUSAGE_CHILDREN {
        usage.ru_maxrss = i64::try_from(cx.thread.mm().resident() / KIB).unwrap_or(i64::MAX);
    }
    user_write(out, &usage)?;
    Ok(0)
}

/// `prctl(2)`.
pub fn prctl(
    cx: &mut Cx<'_>,
    option: PrctlOption,
    a1: usize,
    a2: usize,
    a3: usize,
    a4: usize,
) -> SysResult {
    let me = cx.thread;
    let process = &me.process;
    let rest_is_zero = (a2, a3, a4) == (0, 0, 0);
    let flag = |on: bool| Ok(usize::from(on));
    match option {
        PrctlOption::SET_NAME => set_name(me, UserAddr(a1)),
        PrctlOption::GET_NAME => user_write_at(UserAddr(a1), &me.name()).map(|()| 0),
        PrctlOption::SET_PDEATHSIG => {
            let signal = u32::try_from(a1).ok().filter(|number| *number <= SigNum::MAX);
            me.death_signal.store(signal.ok_or(Errno::EINVAL)?, Ordering::Relaxed);
            Ok(0)
        }
        PrctlOption::GET_PDEATHSIG => {
            user_write_at(UserAddr(a1), &me.death_signal.load(Ordering::Relaxed)).map(|()| 0)
        }
        PrctlOption::GET_DUMPABLE => number(process.dumpable.load(Ordering::Relaxed)),
        PrctlOption::SET_DUMPABLE => {
            let value = u32::try_from(a1).ok().filter(|value| *value <= 1).ok_or(Errno::EINVAL)?;
            process.dumpable.store(value, Ordering::Relaxed);
            Ok(0)
        }
        PrctlOption::GET_KEEPCAPS => flag(me.cred().keep_caps),
        PrctlOption::SET_KEEPCAPS if a1 <= 1 => change_cred(me, |cred| cred.keep_caps = a1 == 1),
        PrctlOption::GET_NO_NEW_PRIVS if a1 == 0 && rest_is_zero => {
            flag(me.no_new_privs.load(Ordering::Relaxed))
        }
        PrctlOption::SET_NO_NEW_PRIVS if a1 == 1 && rest_is_zero => {
            me.no_new_privs.store(true, Ordering::Relaxed);
            Ok(0)
        }
        PrctlOption::GET_SECCOMP => Ok(0),
        PrctlOption::CAPBSET_READ => flag(me.cred().bounding & Capability::new(a1)?.bit() != 0),
        PrctlOption::CAPBSET_DROP => {
            let bit = Capability::new(a1)?.bit();
            if !me.cred().has(Capability::SETPCAP) {
                return Err(Errno::EPERM);
            }
            change_cred(me, |cred| cred.bounding &= !bit)
        }
        PrctlOption::CAP_AMBIENT => ambient(me, a1, a2, (a3, a4) == (0, 0)),
        PrctlOption::GET_SECUREBITS => number(me.cred().securebits),
        PrctlOption::SET_SECUREBITS => set_securebits(me, a1),
        PrctlOption::GET_TIMERSLACK => {
            usize::try_from(me.timer_slack.load(Ordering::Relaxed)).map_err(|_| Errno::EINVAL)
        }
        PrctlOption::SET_TIMERSLACK => {
            let slack = u64::try_from(a1).ok().filter(|slack| *slack != 0);
            me.timer_slack
                .store(slack.unwrap_or(crate::task::DEFAULT_TIMER_SLACK), Ordering::Relaxed);
            Ok(0)
        }
        PrctlOption::GET_CHILD_SUBREAPER => {
            let value = i32::from(process.subreaper.load(Ordering::Relaxed));
            user_write_at(UserAddr(a1), &value).map(|()| 0)
        }
        PrctlOption::SET_CHILD_SUBREAPER => {
            process.subreaper.store(a1 != 0, Ordering::Relaxed);
            Ok(0)
        }
        PrctlOption::GET_TID_ADDRESS => {
            let address = me.clear_tid.load(Ordering::Relaxed);
            user_write_at(UserAddr(a1), &u64::try_from(address).unwrap_or_default()).map(|()| 0)
        }
        PrctlOption::GET_TIMING => Ok(0),
        PrctlOption::SET_TIMING if a1 == 0 => Ok(0),
        // Memory is never in huge pages unless asked for, and never merged.
        PrctlOption::GET_THP_DISABLE if a1 == 0 && rest_is_zero => Ok(0),
        PrctlOption::SET_THP_DISABLE if rest_is_zero => Ok(0),
        PrctlOption::MCE_KILL_GET if a1 == 0 && rest_is_zero => {
            /// `PR_MCE_KILL_DEFAULT`.
            const DEFAULT: usize = 2;
            Ok(DEFAULT)
        }
        _ => Err(Errno::EINVAL),
    }
}

fn set_name(me: &Thread, from: UserAddr) -> SysResult {
    let mut name = [0; NAME_LEN];
    // The string may end right before a page that is not there.
    let text = super::usercopy::user_cstr(from, NAME_LEN)?;
    match text {
        Some(text) => name.iter_mut().zip(text).for_each(|(to, from)| *to = from),
        None => name = user_read_at(from)?,
    }
    me.set_name(&name);
    Ok(0)
}

fn change_cred(me: &Thread, change: impl FnOnce(&mut Cred)) -> SysResult {
    let mut cred = Cred::clone(&me.cred());
    change(&mut cred);
    me.set_cred(Arc::new(cred));
    Ok(0)
}

fn ambient(me: &Thread, operation: usize, number: usize, rest_is_zero: bool) -> SysResult {
    const IS_SET: usize = 1;
    const RAISE: usize = 2;
    const LOWER: usize = 3;
    const CLEAR_ALL: usize = 4;
    if !rest_is_zero || (operation == CLEAR_ALL && number != 0) {
        return Err(Errno::EINVAL);
    }
    if operation == CLEAR_ALL {
        return change_cred(me, |cred| cred.ambient = 0);
    }
    let bit = Capability::new(number)?.bit();
    let cred = me.cred();
    match operation {
        IS_SET => Ok(usize::from(cred.ambient & bit != 0)),
        RAISE if cred.permitted & cred.inheritable & bit == 0 => Err(Errno::EPERM),
        RAISE => change_cred(me, |cred| cred.ambient |= bit),
        LOWER => change_cred(me, |cred| cred.ambient &= !bit),
        _ => Err(Errno::EINVAL),
    }
}

fn set_securebits(me: &Thread, bits: usize) -> SysResult {
    /// All bits that exist, with their locks.
    const ALL: u32 = 0xff;
    let bits = u32::try_from(bits).ok().filter(|bits| bits & !ALL == 0).ok_or(Errno::EPERM)?;
    if !me.cred().has(Capability::SETPCAP) {
        return Err(Errno::EPERM);
    }
    change_cred(me, |cred| cred.securebits = bits)
}
