//! Handlers about signals.

use alloc::sync::Arc;

use elfin_platform::time;
use elfin_syscalls::abi::{SigactionK, Siginfo, Sigset, Stack, Timespec};
use elfin_syscalls::args::{Pid, SigHow, SigNum, UserIn, UserOut};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::usercopy::{user_read, user_write};
use crate::task::ids::{find_process, find_thread, processes};
use crate::task::signal::{
    self, Action, Info, MINSIGSTKSZ, SigSet, Signal, code, may_signal, set_blocked,
};
use crate::task::sleep::sleep_until;
use crate::task::{INIT, Process, ThreadRef, Wake};

/// The size of the kernel's `sigset_t`, which calls must name.
const SIGSET_SIZE: usize = size_of::<Sigset>();

fn check_size(size: usize) -> Result<(), Errno> {
    if size == SIGSET_SIZE { Ok(()) } else { Err(Errno::EINVAL) }
}

/// `rt_sigaction(2)`.
pub fn rt_sigaction(
    cx: &mut Cx<'_>,
    sig: SigNum,
    new: UserIn<SigactionK>,
    old: UserOut<SigactionK>,
    size: usize,
) -> SysResult {
    check_size(size)?;
    let new = new.non_null().map(user_read).transpose()?;
    let signal = Signal::new(sig)?;
    let before = match new {
        Some(_) if SigSet::UNBLOCKABLE.has(signal) => return Err(Errno::EINVAL),
        Some(new) => signal::set_action(&cx.thread.process, signal, Action::from_abi(new)),
        None => cx.thread.process.signals.action(signal),
    };
    if !old.is_null() {
        user_write(old, &before.0)?;
    }
    Ok(0)
}

/// `rt_sigprocmask(2)`.
pub fn rt_sigprocmask(
    cx: &mut Cx<'_>,
    how: SigHow,
    new: UserIn<Sigset>,
    old: UserOut<Sigset>,
    size: usize,
) -> SysResult {
    check_size(size)?;
    let before = cx.thread.signals.blocked();
    if let Some(new) = new.non_null() {
        let new = SigSet(user_read(new)?);
        let mask = match how {
            SigHow::BLOCK => before | new,
            SigHow::UNBLOCK => before & !new,
            SigHow::SETMASK => new,
            _ => return Err(Errno::EINVAL),
        };
        set_blocked(mask & !SigSet::UNBLOCKABLE);
    }
    if !old.is_null() {
        user_write(old, &before.0)?;
    }
    Ok(0)
}

/// `rt_sigreturn(2)`.
pub fn rt_sigreturn(cx: &mut Cx<'_>) -> SysResult {
    signal::sigreturn(cx.frame)
}

/// `rt_sigpending(2)`.
pub fn rt_sigpending(cx: &mut Cx<'_>, out: UserOut<Sigset>, size: usize) -> SysResult {
    if size > SIGSET_SIZE {
        return Err(Errno::EINVAL);
    }
    let set = signal::pending(cx.thread) & cx.thread.signals.blocked();
    let bytes = set.0.to_ne_bytes();
    let part = bytes.get(..size).ok_or(Errno::EINVAL)?;
    super::usercopy::user_write_at(out.untyped(), part)?;
    Ok(0)
}

/// `rt_sigsuspend(2)`.
pub fn rt_sigsuspend(_cx: &mut Cx<'_>, mask: UserIn<Sigset>, size: usize) -> SysResult {
    check_size(size)?;
    let mask = SigSet(user_read(mask)?) & !SigSet::UNBLOCKABLE;
    let old = set_blocked(mask);
    // Without a deadline only a signal ends this.
    sleep_until(None);
    signal::restore_mask_later(old);
    Err(Errno::ERESTARTNOHAND)
}

/// `pause(2)`.
pub fn pause(_cx: &mut Cx<'_>) -> SysResult {
    sleep_until(None);
    Err(Errno::ERESTARTNOHAND)
}

/// `rt_sigtimedwait(2)`.
pub fn rt_sigtimedwait(
    cx: &mut Cx<'_>,
    mask: UserIn<Sigset>,
    info: UserOut<Siginfo>,
    timeout: UserIn<Timespec>,
    size: usize,
) -> SysResult {
    check_size(size)?;
    let set = SigSet(user_read(mask)?) & !SigSet::UNBLOCKABLE;
    let timeout = match timeout.non_null() {
        Some(timeout) => {
            Some(user_read::<Timespec>(timeout)?.checked_nanos().ok_or(Errno::EINVAL)?)
        }
        None => None,
    };
    let me = cx.thread;
    let take = || signal::dequeue(me, set);
    let taken = match (take(), timeout) {
        (Some(taken), _) => taken,
        (None, Some(0)) => return Err(Errno::EAGAIN),
        (None, timeout) => {
            let deadline = timeout.map(|nanos| time::now().saturating_add(nanos));
            me.process.signals.arrived.wait_until(deadline, take).map_err(|wake| match wake {
                Wake::TimedOut => Errno::EAGAIN,
                Wake::Interrupted => Errno::EINTR,
            })?
        }
    };
    if !info.is_null() {
        user_write(info, &taken.to_abi())?;
    }
    usize::try_from(taken.signal.number()).map_err(|_| Errno::EINVAL)
}

/// `rt_sigqueueinfo(2)`.
pub fn rt_sigqueueinfo(cx: &mut Cx<'_>, pid: Pid, sig: SigNum, info: UserIn<Siginfo>) -> SysResult {
    let info: Siginfo = user_read(info)?;
    check_origin(&info, u32::try_from(pid) == Ok(cx.thread.process.pid))?;
    let target = process_of(pid)?;
    let signal = Signal::optional(sig)?;
    if !may_signal(cx.thread, &target, signal) {
        return Err(Errno::EPERM);
    }
    if let Some(signal) = signal {
        signal::send_to_process(&target, Info::from_abi(signal, &info))?;
    }
    Ok(0)
}

/// The process with this id, or with a thread that has it.
fn process_of(pid: Pid) -> Result<Arc<Process>, Errno> {
    let id = u32::try_from(pid).map_err(|_| Errno::ESRCH)?;
    let of_thread = || find_thread(id).map(|thread| thread.process.clone());
    find_process(id).or_else(of_thread).ok_or(Errno::ESRCH)
}

/// `rt_tgsigqueueinfo(2)`.
pub fn rt_tgsigqueueinfo(
    cx: &mut Cx<'_>,
    tgid: Pid,
    tid: Pid,
    sig: SigNum,
    info: UserIn<Siginfo>,
) -> SysResult {
    let info: Siginfo = user_read(info)?;
    if tgid <= 0 || tid <= 0 {
        return Err(Errno::EINVAL);
    }
    check_origin(&info, u32::try_from(tid) == Ok(cx.thread.tid))?;
    let target = member(tgid, tid)?;
    let signal = Signal::optional(sig)?;
    if !may_signal(cx.thread, &target.process, signal) {
        return Err(Errno::EPERM);
    }
    if let Some(signal) = signal {
        signal::send_to_thread(&target, Info::from_abi(signal, &info))?;
    }
    Ok(0)
}

/// A program may not pretend to others that a signal comes from the kernel or from `tkill`.
pub(super) fn check_origin(info: &Siginfo, to_self: bool) -> Result<(), Errno> {
    let pretends = info.si_code >= 0 || info.si_code == code::TKILL;
    if pretends && !to_self { Err(Errno::EPERM) } else { Ok(()) }
}

/// `sigaltstack(2)`.
pub fn sigaltstack(cx: &mut Cx<'_>, new: UserIn<Stack>, old: UserOut<Stack>) -> SysResult {
    let new = new.non_null().map(user_read::<Stack>).transpose()?;
    let sp = cx.frame.sp();
    let before = *cx.thread.signals.stack.lock();
    if let Some(new) = new {
        let stack = before.replaced(&new, sp, MINSIGSTKSZ)?;
        *cx.thread.signals.stack.lock() = stack;
    }
    if !old.is_null() {
        user_write(old, &before.report(sp))?;
    }
    Ok(0)
}

/// `kill(2)`.
pub fn kill(cx: &mut Cx<'_>, pid: Pid, sig: SigNum) -> SysResult {
    let me = cx.thread;
    if pid > 0 {
        // Linux looks for the process first, and at the signal's number then.
        let target = process_of(pid)?;
        let signal = Signal::optional(sig)?;
        if !may_signal(me, &target, signal) {
            return Err(Errno::EPERM);
        }
        if let Some(signal) = signal {
            signal::send_to_process(&target, from_me(me, signal, code::USER))?;
        }
        return Ok(0);
    }
    // 0: the caller's group; -1: all but the first process and the caller's own; else a group.
    let group = match pid {
        0 => Some(me.process.pgid()),
        -1 => None,
        _ => Some(pid.unsigned_abs()),
    };
    if pid == Pid::MIN {
        return Err(Errno::ESRCH);
    }
    let (mut found, mut reached) = (false, false);
    for target in processes() {
        let is_meant = match group {
            Some(group) => target.pgid() == group,
            None => target.pid != INIT && target.pid != me.process.pid,
        };
        if !is_meant {
            continue;
        }
        found = true;
        let signal = Signal::optional(sig)?;
        if may_signal(me, &target, signal) {
            reached = true;
            if let Some(signal) = signal {
                signal::send_to_process(&target, from_me(me, signal, code::USER))?;
            }
        }
    }
    match (found, reached) {
        (_, true) => Ok(0),
        // Linux does not tell of those that `kill(-1)` may not reach.
        (true, false) if group.is_none() => Ok(0),
        (true, false) => Err(Errno::EPERM),
        (false, false) => Err(Errno::ESRCH),
    }
}

/// `tkill(2)`.
pub fn tkill(cx: &mut Cx<'_>, tid: Pid, sig: SigNum) -> SysResult {
    if tid <= 0 {
        return Err(Errno::EINVAL);
    }
    let target = u32::try_from(tid).ok().and_then(find_thread).ok_or(Errno::ESRCH)?;
    send_to(cx.thread, &target, sig)
}

/// `tgkill(2)`.
pub fn tgkill(cx: &mut Cx<'_>, tgid: Pid, tid: Pid, sig: SigNum) -> SysResult {
    if tgid <= 0 || tid <= 0 {
        return Err(Errno::EINVAL);
    }
    send_to(cx.thread, &member(tgid, tid)?, sig)
}

/// The thread `tid` of process `tgid`.
fn member(tgid: Pid, tid: Pid) -> Result<ThreadRef, Errno> {
    u32::try_from(tid)
        .ok()
        .and_then(find_thread)
        .filter(|thread| u32::try_from(tgid) == Ok(thread.process.pid))
        .ok_or(Errno::ESRCH)
}

fn send_to(me: &ThreadRef, target: &ThreadRef, sig: SigNum) -> SysResult {
    let signal = Signal::optional(sig)?;
    if !may_signal(me, &target.process, signal) {
        return Err(Errno::EPERM);
    }
    if let Some(signal) = signal {
        signal::send_to_thread(target, from_me(me, signal, code::TKILL))?;
    }
    Ok(0)
}

fn from_me(me: &ThreadRef, signal: Signal, code: i32) -> Info {
    Info::from_process(signal, code, me.process.pid, me.cred().uid)
}

/// `restart_syscall(2)`.
pub fn restart_syscall(cx: &mut Cx<'_>) -> SysResult {
    let restart = cx.thread.restart.lock().take();
    match restart {
        Some(restart) => (restart.run)(cx, &restart),
        None => Err(Errno::EINTR),
    }
}
