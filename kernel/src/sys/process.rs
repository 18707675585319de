//! Handlers about processes: ids, limits, usage.

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use elfin_syscalls::abi::{Rlimit64, Rusage, Timeval, zeroed};
use elfin_syscalls::args::{Pid, Resource, UserIn, UserOut};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::usercopy::{user_read, user_write};
use crate::task::usage::Used;
use crate::task::{Capability, Process, Thread, find_process, itimer};

/// `RUSAGE_SELF`.
const RUSAGE_SELF: i32 = 0;
/// `RUSAGE_CHILDREN`.
const RUSAGE_CHILDREN: i32 = -1;
/// `RUSAGE_THREAD`.
const RUSAGE_THREAD: i32 = 1;

pub(super) fn number(value: u32) -> SysResult {
    usize::try_from(value).map_err(|_| Errno::EINVAL)
}

/// The process that a program names; 0 is the caller's own.
///
/// # Errors
/// `ESRCH` if there is none.
pub(super) fn process_by_id(cx: &Cx<'_>, pid: Pid) -> Result<Arc<Process>, Errno> {
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

fn set_limit(me: &Thread, process: &Arc<Process>, resource: Resource, new: Rlimit64) -> SysResult {
    let privileged = me.cred().has(Capability::SYS_RESOURCE);
    process.rlimits.set(resource, new, privileged)?;
    if resource == Resource::CPU {
        itimer::watch_cpu_limit(process);
    }
    Ok(0)
}

/// What a child that was waited for has used, its own children included.
pub(super) fn rusage_of_child(child: &Process) -> Rusage {
    let cpu_time = child.cpu_time();
    let cpu_time = cpu_time.saturating_add(child.children_cpu_time.load(Ordering::Relaxed));
    rusage(cpu_time, child.used().and(child.children_usage.get()))
}

fn rusage(cpu_time: u64, used: Used) -> Rusage {
    const KIB: usize = 1024;
    Rusage {
        ru_utime: Timeval::from_nanos(cpu_time),
        ru_maxrss: i64::try_from(used.peak_resident / KIB).unwrap_or(i64::MAX),
        ru_minflt: used.faults.cast_signed(),
        ru_nvcsw: used.yields.cast_signed(),
        ru_nivcsw: used.preemptions.cast_signed(),
        ..zeroed()
    }
}

/// `getrusage(2)`. All CPU time counts as the program's own.
pub fn getrusage(cx: &mut Cx<'_>, who: i32, out: UserOut<Rusage>) -> SysResult {
    let process = &cx.thread.process;
    let usage = match who {
        RUSAGE_SELF => rusage(process.cpu_time(), process.used()),
        RUSAGE_THREAD => rusage(cx.thread.cpu_time(), Used::by(cx.thread)),
        RUSAGE_CHILDREN => {
            let cpu_time = process.children_cpu_time.load(Ordering::Relaxed);
            rusage(cpu_time, process.children_usage.get())
        }
        _ => return Err(Errno::EINVAL),
    };
    user_write(out, &usage)?;
    Ok(0)
}
