//! `epoll`.

use elfin_platform::time;
use elfin_syscalls::abi::{EpollEvent, Sigset, Timespec};
use elfin_syscalls::args::{EpollEvents, EpollFlags, EpollOp, Fd, UserIn, UserOut};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::event::{install, read_sigset};
use super::usercopy::{user_read, user_write};
use crate::event::epoll::Epoll;
use crate::task::signal::{SigSet, with_mask};

/// `epoll_create(2)`.
///
/// # Errors
/// `EINVAL` for a size that is not positive, `EMFILE`, `ENOMEM`.
pub fn epoll_create(cx: &mut Cx<'_>, size: i32) -> SysResult {
    if size <= 0 {
        return Err(Errno::EINVAL);
    }
    epoll_create1(cx, EpollFlags::empty())
}

/// `epoll_create1(2)`.
///
/// # Errors
/// `EMFILE`, `ENOMEM`.
pub fn epoll_create1(cx: &mut Cx<'_>, flags: EpollFlags) -> SysResult {
    install(cx, Epoll::new(), false, flags.contains(EpollFlags::CLOEXEC))
}

/// What can be said beside `EPOLLEXCLUSIVE`.
const WITH_EXCLUSIVE: EpollEvents = EpollEvents::IN
    .union(EpollEvents::OUT)
    .union(EpollEvents::ERR)
    .union(EpollEvents::HUP)
    .union(EpollEvents::WAKEUP)
    .union(EpollEvents::ET)
    .union(EpollEvents::EXCLUSIVE);

/// `epoll_ctl(2)`.
///
/// # Errors
/// `EBADF`, `EPERM` for files that are always ready, `EINVAL`, `EEXIST`, `ENOENT`, `ELOOP`,
/// `ENOMEM`, `EFAULT`.
pub fn epoll_ctl(
    cx: &mut Cx<'_>,
    epfd: Fd,
    op: EpollOp,
    fd: Fd,
    event: UserIn<EpollEvent>,
) -> SysResult {
    let event: Option<EpollEvent> = if op == EpollOp::DEL { None } else { Some(user_read(event)?) };
    let outer = cx.file(epfd)?;
    let file = cx.file(fd)?;
    if !file.file.pollable() {
        return Err(Errno::EPERM);
    }
    if alloc::sync::Arc::ptr_eq(&outer, &file) {
        return Err(Errno::EINVAL);
    }
    let epoll = Epoll::of(&outer)?;
    let Some(event) = event else {
        epoll.delete(fd, &file)?;
        return Ok(0);
    };
    let requested = event.requested();
    if requested.contains(EpollEvents::EXCLUSIVE) {
        let nested = Epoll::of(&file).is_ok();
        if op == EpollOp::MOD || nested || !(requested - WITH_EXCLUSIVE).is_empty() {
            return Err(Errno::EINVAL);
        }
    }
    match op {
        EpollOp::ADD => epoll.add(fd, &file, event)?,
        EpollOp::MOD => epoll.modify(fd, &file, event)?,
        _ => return Err(Errno::EINVAL),
    }
    Ok(0)
}

/// The deadline of a timeout in milliseconds: none if it is negative.
pub(super) fn deadline_of_millis(timeout: i32) -> Option<u64> {
    const NSEC_PER_MSEC: u64 = 1_000_000;
    let millis = u64::try_from(timeout).ok()?;
    // 0 says that nobody waits, so that the clock need not be read.
    Some(if millis == 0 { 0 } else { time::now().saturating_add(millis * NSEC_PER_MSEC) })
}

/// The deadline of a timeout as `timespec`.
pub(super) fn deadline_of_nanos(nanos: u64) -> u64 {
    if nanos == 0 { 0 } else { time::now().saturating_add(nanos) }
}

fn wait(
    cx: &Cx<'_>,
    epfd: Fd,
    events: UserOut<[EpollEvent]>,
    max: i32,
    deadline: Option<u64>,
    mask: Option<SigSet>,
) -> SysResult {
    /// `EP_MAX_EVENTS`.
    const MAX_EVENTS: usize = i32::MAX as usize / size_of::<EpollEvent>();
    let max = usize::try_from(max).ok().filter(|&max| max > 0 && max <= MAX_EVENTS);
    let max = max.ok_or(Errno::EINVAL)?;
    let file = cx.file(epfd)?;
    let epoll = Epoll::of(&file)?;
    let mut emit = |index: usize, event: EpollEvent| user_write(events.at(index)?, &event);
    match mask {
        None => epoll.wait(max, deadline, &mut emit),
        mask => with_mask(mask, || epoll.wait(max, deadline, &mut emit)),
    }
}

/// `epoll_wait(2)`.
///
/// # Errors
/// `EBADF`, `EINVAL`, `EFAULT`, `EINTR`.
pub fn epoll_wait(
    cx: &mut Cx<'_>,
    epfd: Fd,
    events: UserOut<[EpollEvent]>,
    max: i32,
    timeout: i32,
) -> SysResult {
    wait(cx, epfd, events, max, deadline_of_millis(timeout), None)
}

fn optional_mask(mask: UserIn<Sigset>, size: usize) -> Result<Option<SigSet>, Errno> {
    mask.non_null().map(|mask| read_sigset(mask, size)).transpose()
}

/// `epoll_pwait(2)`.
///
/// # Errors
/// `EBADF`, `EINVAL`, `EFAULT`, `EINTR`.
pub fn epoll_pwait(
    cx: &mut Cx<'_>,
    epfd: Fd,
    events: UserOut<[EpollEvent]>,
    max: i32,
    timeout: i32,
    mask: UserIn<Sigset>,
    size: usize,
) -> SysResult {
    let mask = optional_mask(mask, size)?;
    wait(cx, epfd, events, max, deadline_of_millis(timeout), mask)
}

/// `epoll_pwait2(2)`.
///
/// # Errors
/// `EBADF`, `EINVAL`, `EFAULT`, `EINTR`.
pub fn epoll_pwait2(
    cx: &mut Cx<'_>,
    epfd: Fd,
    events: UserOut<[EpollEvent]>,
    max: i32,
    timeout: UserIn<Timespec>,
    mask: UserIn<Sigset>,
    size: usize,
) -> SysResult {
    let deadline = match timeout.non_null() {
        None => None,
        Some(timeout) => {
            let nanos = user_read::<Timespec>(timeout)?.checked_nanos().ok_or(Errno::EINVAL)?;
            Some(deadline_of_nanos(nanos))
        }
    };
    let mask = optional_mask(mask, size)?;
    wait(cx, epfd, events, max, deadline, mask)
}
