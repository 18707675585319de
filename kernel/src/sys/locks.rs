//! Advisory locks: `flock`, and `fcntl`'s record locks.

use elfin_syscalls::abi::{F_RDLCK, F_UNLCK, F_WRLCK, Flock};
use elfin_syscalls::args::{FcntlCmd, Fd, FlockOp, FromArg, UserAddr, Whence};
use elfin_syscalls::{Errno, SysResult};

use alloc::sync::Arc;

use super::Cx;
use super::usercopy::{user_read_at, user_write_at};
use crate::fs::OpenFile;
use crate::fs::locks::{self, description};
use crate::fs::ranges::{Holder, RangeLock};

/// The last byte that there can be.
const LAST: u64 = i64::MAX.unsigned_abs();

/// `flock(2)`.
///
/// # Errors
/// `EBADF`, `EINVAL`, `EWOULDBLOCK`, `ERESTARTSYS`, `ENOLCK`.
pub fn flock(cx: &mut Cx<'_>, fd: Fd, op: FlockOp) -> SysResult {
    let mode = match op - FlockOp::NB {
        FlockOp::SH => Some(false),
        FlockOp::EX => Some(true),
        FlockOp::UN => None,
        _ => return Err(Errno::EINVAL),
    };
    let file = cx.file(fd)?;
    locks::flock(&file, mode, !op.contains(FlockOp::NB))?;
    Ok(0)
}

/// Serves the commands of `fcntl` about record locks.
///
/// # Errors
/// `EBADF`, `EINVAL`, `EOVERFLOW`, `EFAULT`, `EAGAIN`, `EDEADLK`, `ERESTARTSYS`, `ENOLCK`.
pub(super) fn record_lock(
    cx: &Cx<'_>,
    fd: Fd,
    file: &Arc<OpenFile>,
    cmd: FcntlCmd,
    arg: UserAddr,
) -> SysResult {
    let mut flock: Flock = user_read_at(arg)?;
    let of_description =
        matches!(cmd, FcntlCmd::OFD_GETLK | FcntlCmd::OFD_SETLK | FcntlCmd::OFD_SETLKW);
    if of_description && flock.l_pid != 0 {
        return Err(Errno::EINVAL);
    }
    let pid = cx.thread.process.pid;
    let holder = if of_description { description(file) } else { Holder::Process(pid) };
    let (start, end) = range(file, &flock)?;
    if matches!(cmd, FcntlCmd::GETLK | FcntlCmd::OFD_GETLK) {
        let exclusive = kind(&flock)?.ok_or(Errno::EINVAL)?;
        let wanted = RangeLock { start, end, exclusive, holder };
        match locks::conflict(file, &wanted)? {
            None => flock.l_type = F_UNLCK,
            Some(lock) => describe(&lock, &mut flock),
        }
        user_write_at(arg, &flock)?;
        return Ok(0);
    }
    match kind(&flock)? {
        None => locks::unset(file, holder, start, end)?,
        Some(exclusive) => {
            if (exclusive && !file.writable()) || (!exclusive && !file.readable()) {
                return Err(Errno::EBADF);
            }
            let wait = matches!(cmd, FcntlCmd::SETLKW | FcntlCmd::OFD_SETLKW);
            locks::set(file, RangeLock { start, end, exclusive, holder }, wait)?;
            // Another thread may have closed the descriptor meanwhile, and with it all locks.
            let still = cx.thread.files().get_any(fd);
            if !of_description && !still.is_ok_and(|now| Arc::ptr_eq(&now, file)) {
                locks::unset(file, holder, start, end)?;
                return Err(Errno::EBADF);
            }
        }
    }
    Ok(0)
}

/// `Some(exclusive)` for a lock, `None` to unlock.
fn kind(flock: &Flock) -> Result<Option<bool>, Errno> {
    match flock.l_type {
        F_RDLCK => Ok(Some(false)),
        F_WRLCK => Ok(Some(true)),
        F_UNLCK => Ok(None),
        _ => Err(Errno::EINVAL),
    }
}

/// The first and the last byte that `flock` means.
fn range(file: &OpenFile, flock: &Flock) -> Result<(u64, u64), Errno> {
    let whence = usize::try_from(flock.l_whence).map_err(|_| Errno::EINVAL)?;
    let base = match Whence::from_arg(whence)? {
        Whence::Set => 0,
        Whence::Cur => file.position().lock().cast_signed(),
        Whence::End => file.stat()?.size.cast_signed(),
        Whence::Data | Whence::Hole => return Err(Errno::EINVAL),
    };
    let start = base.checked_add(flock.l_start).ok_or(Errno::EOVERFLOW)?;
    let (first, last) = match flock.l_len {
        0 => (start, i64::MAX),
        len if len > 0 => (start, start.checked_add(len - 1).ok_or(Errno::EOVERFLOW)?),
        len => (start.checked_add(len).ok_or(Errno::EINVAL)?, start - 1),
    };
    let first = u64::try_from(first).map_err(|_| Errno::EINVAL)?;
    let last = u64::try_from(last).map_err(|_| Errno::EINVAL)?;
    Ok((first, last))
}

fn describe(lock: &RangeLock, flock: &mut Flock) {
    /// In place of the process of a lock that belongs to a description.
    const NO_PROCESS: i32 = -1;
    /// From the start of the file.
    const SEEK_SET: i16 = 0;
    flock.l_type = if lock.exclusive { F_WRLCK } else { F_RDLCK };
    flock.l_whence = SEEK_SET;
    flock.l_start = lock.start.cast_signed();
    flock.l_len = if lock.end >= LAST { 0 } else { (lock.end - lock.start + 1).cast_signed() };
    flock.l_pid = match lock.holder {
        Holder::Process(pid) => pid.cast_signed(),
        Holder::Description(_) => NO_PROCESS,
    };
}
