//! `poll` and `select`.

use alloc::vec::Vec;

use elfin_platform::time;
use elfin_syscalls::abi::{Pollfd, Sigset, SigsetArg, Timespec, Timeval};
use elfin_syscalls::args::{Fd, UserAddr, UserIn, UserInOut};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::epoll::{deadline_of_millis, deadline_of_nanos};
use super::event::read_sigset;
use super::usercopy::{user_read, user_read_at, user_read_slice, user_write, user_write_at};
use crate::event::poll::{Watch, wait};
use crate::fs::fdtable::limit;
use crate::task::PollEvents;
use crate::task::signal::with_mask;

/// Where `revents` lies in `struct pollfd`.
const REVENTS: usize = 6;

fn poll_for(cx: &Cx<'_>, fds: UserAddr, count: u32, deadline: Option<u64>) -> SysResult {
    let count = usize::try_from(count).map_err(|_| Errno::EINVAL)?;
    if count > limit() {
        return Err(Errno::EINVAL);
    }
    let entries: Vec<Pollfd> = user_read_slice(fds, count)?;
    let files = cx.thread.files();
    let mut watches = Vec::new();
    watches.try_reserve_exact(count).map_err(|_| Errno::ENOMEM)?;
    for entry in &entries {
        let interest = PollEvents::from_bits_truncate(u32::from(entry.events));
        watches.push(match files.get(Fd(entry.fd)) {
            Ok(file) => Watch::new(file, interest | PollEvents::ALWAYS),
            Err(_) if entry.fd < 0 => Watch::never(PollEvents::empty()),
            Err(_) => Watch::never(PollEvents::NVAL),
        });
    }
    let ready = wait(&mut watches, deadline)?;
    for (index, watch) in watches.iter().enumerate() {
        let revents = u16::try_from(watch.ready.bits()).unwrap_or(0);
        let at = fds.offset(index * size_of::<Pollfd>() + REVENTS)?;
        user_write_at(at, &revents)?;
    }
    Ok(ready)
}

/// `poll(2)`.
///
/// # Errors
/// `EINVAL`, `EFAULT`, `EINTR`, `ENOMEM`.
pub fn poll(cx: &mut Cx<'_>, fds: UserInOut<[Pollfd]>, count: u32, timeout: i32) -> SysResult {
    poll_for(cx, fds.untyped(), count, deadline_of_millis(timeout))
}

/// Writes what is left of the time back. As on Linux, it does not matter whether that works.
fn write_rest(to: UserInOut<Timespec>, deadline: Option<u64>) {
    if let (Some(to), Some(deadline)) = (to.non_null(), deadline) {
        let left = deadline.saturating_sub(time::now());
        let _written = user_write(to, &Timespec::from_nanos(left));
    }
}

/// `ppoll(2)`.
///
/// # Errors
/// `EINVAL`, `EFAULT`, `EINTR`, `ENOMEM`.
pub fn ppoll(
    cx: &mut Cx<'_>,
    fds: UserInOut<[Pollfd]>,
    count: u32,
    timeout: UserInOut<Timespec>,
    mask: UserIn<Sigset>,
    size: usize,
) -> SysResult {
    let deadline = read_timeout(timeout)?;
    let mask = mask.non_null().map(|mask| read_sigset(mask, size)).transpose()?;
    let result = with_mask(mask, || poll_for(cx, fds.untyped(), count, deadline));
    write_rest(timeout, deadline);
    result
}

fn read_timeout(timeout: UserInOut<Timespec>) -> Result<Option<u64>, Errno> {
    let Some(timeout) = timeout.non_null() else { return Ok(None) };
    let nanos = user_read::<Timespec>(timeout)?.checked_nanos().ok_or(Errno::EINVAL)?;
    Ok(Some(deadline_of_nanos(nanos)))
}

/// What counts as readable, writable and exceptional for `select`.
const SETS: [PollEvents; 3] = [
    PollEvents::IN
        .union(PollEvents::RDNORM)
        .union(PollEvents::RDBAND)
        .union(PollEvents::HUP)
        .union(PollEvents::ERR),
    PollEvents::OUT.union(PollEvents::WRNORM).union(PollEvents::WRBAND).union(PollEvents::ERR),
    PollEvents::PRI,
];
const BITS: usize = u64::BITS as usize;

fn select_for(cx: &Cx<'_>, count: i32, sets: [UserAddr; 3], deadline: Option<u64>) -> SysResult {
    let count = usize::try_from(count).map_err(|_| Errno::EINVAL)?;
    let files = cx.thread.files();
    let count = count.min(files.capacity());
    let words = count.div_ceil(BITS);
    let mut asked: [Vec<u64>; 3] = [const { Vec::new() }; 3];
    for (asked, set) in asked.iter_mut().zip(sets) {
        if !set.is_null() {
            *asked = user_read_slice(set, words)?;
        }
    }
    let is_set = |set: &[u64], fd: usize| {
        set.get(fd / BITS).is_some_and(|word| word >> (fd % BITS) & 1 != 0)
    };
    let mut watches: Vec<Watch> = Vec::new();
    let mut fds: Vec<usize> = Vec::new();
    for fd in 0..count {
        let mut interest = PollEvents::empty();
        for (set, events) in asked.iter().zip(SETS) {
            if is_set(set, fd) {
                interest |= events;
            }
        }
        if interest.is_empty() {
            continue;
        }
        let file = files.get(Fd(i32::try_from(fd).map_err(|_| Errno::EBADF)?))?;
        watches.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        fds.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        watches.push(Watch::new(file, interest));
        fds.push(fd);
    }
    wait(&mut watches, deadline)?;
    let mut found = 0;
    for ((asked, set), events) in asked.iter().zip(sets).zip(SETS) {
        if set.is_null() {
            continue;
        }
        let mut result = Vec::new();
        result.try_reserve_exact(words).map_err(|_| Errno::ENOMEM)?;
        result.resize(words, 0u64);
        for (watch, &fd) in watches.iter().zip(&fds) {
            if is_set(asked, fd)
                && watch.ready.intersects(events)
                && let Some(word) = result.get_mut(fd / BITS)
            {
                *word |= 1 << (fd % BITS);
                found += 1;
            }
        }
        user_write_at(set, result.as_slice())?;
    }
    Ok(found)
}

/// `select(2)`.
///
/// # Errors
/// `EBADF`, `EINVAL`, `EFAULT`, `EINTR`, `ENOMEM`.
pub fn select(
    cx: &mut Cx<'_>,
    count: i32,
    read: UserAddr,
    write: UserAddr,
    except: UserAddr,
    timeout: UserInOut<Timeval>,
) -> SysResult {
    const USEC_PER_SEC: u64 = 1_000_000;
    const NSEC_PER_USEC: u64 = 1000;
    let mut deadline = None;
    if let Some(timeout) = timeout.non_null() {
        let time: Timeval = user_read(timeout)?;
        let (Ok(seconds), Ok(micros)) = (u64::try_from(time.tv_sec), u64::try_from(time.tv_usec))
        else {
            return Err(Errno::EINVAL);
        };
        let micros = seconds.saturating_mul(USEC_PER_SEC).saturating_add(micros);
        deadline = Some(deadline_of_nanos(micros.saturating_mul(NSEC_PER_USEC)));
    }
    let result = select_for(cx, count, [read, write, except], deadline);
    if let (Some(timeout), Some(deadline)) = (timeout.non_null(), deadline) {
        let left = Timespec::from_nanos(deadline.saturating_sub(time::now()));
        let left =
            Timeval { tv_sec: left.tv_sec, tv_usec: left.tv_nsec / NSEC_PER_USEC.cast_signed() };
        // As on Linux, it does not matter whether that works.
        let _written = user_write(timeout, &left);
    }
    result
}

/// `pselect6`: the mask's address and size lie behind the last argument.
///
/// # Errors
/// `EBADF`, `EINVAL`, `EFAULT`, `EINTR`, `ENOMEM`.
pub fn pselect6(
    cx: &mut Cx<'_>,
    count: i32,
    read: UserAddr,
    write: UserAddr,
    except: UserAddr,
    timeout: UserInOut<Timespec>,
    mask: UserAddr,
) -> SysResult {
    let deadline = read_timeout(timeout)?;
    let mut set = None;
    if !mask.is_null() {
        let arg: SigsetArg = user_read_at(mask)?;
        if let (Ok(addr), Ok(len)) = (usize::try_from(arg.ss), usize::try_from(arg.ss_len))
            && addr != 0
        {
            set = Some(read_sigset(UserIn::new(addr), len)?);
        }
    }
    let result = with_mask(set, || select_for(cx, count, [read, write, except], deadline));
    write_rest(timeout, deadline);
    result
}
