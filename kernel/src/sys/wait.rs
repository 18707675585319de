//! Handlers that wait for children (`wait(2)`), and those of process descriptors.

use alloc::sync::Arc;

use elfin_syscalls::abi::{Rusage, Siginfo, zeroed};
use elfin_syscalls::args::{Fd, Pid, SigNum, UserIn, UserOut, WaitOptions};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::open::descriptor;
use super::process::{number, rusage_of_child};
use super::signal::check_origin;
use super::usercopy::{user_read, user_write};
use crate::task::pidfd::{self, Pidfd};
use crate::task::ptrace::{Access, may_access};
use crate::task::signal::{self, Info, SIGCHLD, Signal, code, may_signal};
use crate::task::wait_child::{Which, wait};
use crate::task::{Process, find_process, find_thread};

/// `P_ALL`.
const P_ALL: u32 = 0;
/// `P_PID`.
const P_PID: u32 = 1;
/// `P_PGID`.
const P_PGID: u32 = 2;
/// `P_PIDFD`.
const P_PIDFD: u32 = 3;
/// `PIDFD_NONBLOCK`.
const PIDFD_NONBLOCK: u32 = 0o4000;

/// `wait4(2)`.
pub fn wait4(
    cx: &mut Cx<'_>,
    pid: Pid,
    status: UserOut<i32>,
    options: WaitOptions,
    usage: UserOut<Rusage>,
) -> SysResult {
    let options = options.only(WaitOptions::WAIT4)? | WaitOptions::WEXITED;
    let which = match pid {
        i32::MIN => return Err(Errno::ESRCH),
        -1 => Which::Any,
        0 => Which::Group(cx.thread.process.pgid()),
        1.. => Which::Process(pid.unsigned_abs()),
        _ => Which::Group(pid.unsigned_abs()),
    };
    let Some(change) = wait(cx.thread, &which, options)? else { return Ok(0) };
    if !status.is_null() {
        user_write(status, &change.status.cast_signed())?;
    }
    if !usage.is_null() {
        user_write(usage, &rusage_of_child(&change.child))?;
    }
    number(change.pid)
}

/// `waitid(2)`.
pub fn waitid(
    cx: &mut Cx<'_>,
    which: u32,
    id: Pid,
    info: UserOut<Siginfo>,
    options: WaitOptions,
    usage: UserOut<Rusage>,
) -> SysResult {
    let states = WaitOptions::WEXITED | WaitOptions::WSTOPPED | WaitOptions::WCONTINUED;
    let mut options = options.only(WaitOptions::WAITID)?;
    if !options.intersects(states) {
        return Err(Errno::EINVAL);
    }
    let positive = || u32::try_from(id).ok().filter(|&id| id > 0).ok_or(Errno::EINVAL);
    let mut is_nonblocking = false;
    let which = match which {
        P_ALL => Which::Any,
        P_PID => Which::Process(positive()?),
        P_PGID if id == 0 => Which::Group(cx.thread.process.pgid()),
        P_PGID => Which::Group(positive()?),
        P_PIDFD => {
            if id < 0 {
                return Err(Errno::EINVAL);
            }
            let file = cx.file(Fd(id))?;
            is_nonblocking = file.nonblocking();
            Which::Pidfd(Pidfd::process(&file)?)
        }
        _ => return Err(Errno::EINVAL),
    };
    let asked_not_to_wait = options.contains(WaitOptions::WNOHANG);
    options.set(WaitOptions::WNOHANG, asked_not_to_wait || is_nonblocking);
    let change = wait(cx.thread, &which, options)?;
    if change.is_none() && is_nonblocking && !asked_not_to_wait {
        return Err(Errno::EAGAIN);
    }
    if let Some(change) = &change
        && !usage.is_null()
    {
        user_write(usage, &rusage_of_child(&change.child))?;
    }
    if !info.is_null() {
        let told = change.map_or_else(zeroed, |change| {
            Info::child(SIGCHLD, change.code, change.pid, change.uid, change.value).to_abi()
        });
        user_write(info, &told)?;
    }
    Ok(0)
}

/// `pidfd_open(2)`.
pub fn pidfd_open(cx: &mut Cx<'_>, pid: Pid, flags: u32) -> SysResult {
    let pid = u32::try_from(pid).ok().filter(|&pid| pid > 0).ok_or(Errno::EINVAL)?;
    if flags & !PIDFD_NONBLOCK != 0 {
        return Err(Errno::EINVAL);
    }
    let process = find_process(pid).ok_or_else(|| {
        // A thread that is not its process's first.
        if find_thread(pid).is_some() { Errno::EINVAL } else { Errno::ESRCH }
    })?;
    descriptor(pidfd::install(cx.thread, &process, flags & PIDFD_NONBLOCK != 0)?)
}

/// The process of a descriptor, if it has not been waited for.
fn process_of(cx: &Cx<'_>, pidfd: Fd) -> Result<Arc<Process>, Errno> {
    let process = Pidfd::process(&*cx.file(pidfd)?)?;
    if process.is_reaped() { Err(Errno::ESRCH) } else { Ok(process) }
}

/// `pidfd_send_signal(2)`.
pub fn pidfd_send_signal(
    cx: &mut Cx<'_>,
    pidfd: Fd,
    sig: SigNum,
    info: UserIn<Siginfo>,
    flags: u32,
) -> SysResult {
    if flags != 0 {
        return Err(Errno::EINVAL);
    }
    let target = process_of(cx, pidfd)?;
    let signal = Signal::optional(sig)?;
    let me = cx.thread;
    let is_self = Arc::ptr_eq(&target, &me.process);
    let info = match info.non_null() {
        Some(info) => {
            let info: Siginfo = user_read(info)?;
            if info.si_signo.cast_unsigned() != sig.0 {
                return Err(Errno::EINVAL);
            }
            check_origin(&info, is_self)?;
            signal.map(|signal| Info::from_abi(signal, &info))
        }
        None => signal
            .map(|signal| Info::from_process(signal, code::USER, me.process.pid, me.cred().uid)),
    };
    if !may_signal(me, &target, signal) {
        return Err(Errno::EPERM);
    }
    if let Some(info) = info {
        signal::send_to_process(&target, info)?;
    }
    Ok(0)
}

/// `pidfd_getfd(2)`.
pub fn pidfd_getfd(cx: &mut Cx<'_>, pidfd: Fd, target: Fd, flags: u32) -> SysResult {
    if flags != 0 {
        return Err(Errno::EINVAL);
    }
    let process = process_of(cx, pidfd)?;
    let thread = process.find_thread(|thread| Some(thread.clone())).ok_or(Errno::ESRCH)?;
    if !may_access(cx.thread, &thread, Access::Real) {
        return Err(Errno::EPERM);
    }
    let file = thread.files().get_any(target)?;
    descriptor(cx.thread.files().install(file, true)?)
}
