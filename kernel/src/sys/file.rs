//! Reading and writing: `read`, `write`, their vector and positioned forms, `lseek`.

use alloc::sync::Arc;

use elfin_platform::user;
use elfin_syscalls::abi::Iovec;
use elfin_syscalls::args::{
    Fd, OpenFlags, RwFlags, SpliceFlags, UserAddr, UserIn, UserOut, Whence,
};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::usercopy::user_iovecs;
use crate::fs::file::APPEND;
use crate::fs::{Dest, OpenFile, Source};

/// `read(2)`.
///
/// # Errors
/// `EBADF`, `EFAULT`, and the file's.
pub fn read(cx: &mut Cx<'_>, fd: Fd, buf: UserOut<[u8]>, len: usize) -> SysResult {
    check_range(buf.addr(), len)?;
    cx.thread.files().get_any(fd)?.read(&mut Dest::user(buf.addr(), len))
}

/// `write(2)`.
///
/// # Errors
/// `EBADF`, `EFAULT`, and the file's.
pub fn write(cx: &mut Cx<'_>, fd: Fd, buf: UserIn<[u8]>, len: usize) -> SysResult {
    check_range(buf.addr(), len)?;
    cx.thread.files().get_any(fd)?.write(&mut Source::user(buf.addr(), len))
}

/// Checks that a range lies in user space, as Linux does before it looks at anything else.
#[inline]
fn check_range(addr: usize, len: usize) -> Result<(), Errno> {
    match addr.checked_add(len) {
        Some(end) if end <= user::END => Ok(()),
        _ => Err(Errno::EFAULT),
    }
}

/// `readv(2)`.
///
/// # Errors
/// `EBADF`, `EINVAL`, `EFAULT`, and the file's.
pub fn readv(cx: &mut Cx<'_>, fd: Fd, iov: UserIn<[Iovec]>, iovcnt: usize) -> SysResult {
    let file = cx.file(fd)?;
    let iovecs = user_iovecs(iov.untyped(), iovcnt)?;
    file.read(&mut Dest::iovecs(&iovecs))
}

/// `writev(2)`.
///
/// # Errors
/// `EBADF`, `EINVAL`, `EFAULT`, and the file's.
pub fn writev(cx: &mut Cx<'_>, fd: Fd, iov: UserIn<[Iovec]>, iovcnt: usize) -> SysResult {
    let file = cx.file(fd)?;
    let iovecs = user_iovecs(iov.untyped(), iovcnt)?;
    file.write(&mut Source::iovecs(&iovecs))
}

fn readable(cx: &Cx<'_>, fd: Fd) -> Result<Arc<OpenFile>, Errno> {
    let file = cx.file(fd)?;
    if file.readable() { Ok(file) } else { Err(Errno::EBADF) }
}

fn writable(cx: &Cx<'_>, fd: Fd) -> Result<Arc<OpenFile>, Errno> {
    let file = cx.file(fd)?;
    if file.writable() { Ok(file) } else { Err(Errno::EBADF) }
}

fn offset_of(offset: i64) -> Result<u64, Errno> {
    u64::try_from(offset).map_err(|_| Errno::EINVAL)
}

/// Where a positioned write goes: as on Linux, to the end of a file opened with `O_APPEND`.
fn write_offset(file: &OpenFile, offset: u64) -> u64 {
    if file.flags().contains(OpenFlags::APPEND) { APPEND } else { offset }
}

/// `pread(2)`.
///
/// # Errors
/// `EBADF`, `EINVAL`, `ESPIPE`, `EFAULT`, and the file's.
pub fn pread64(cx: &mut Cx<'_>, fd: Fd, buf: UserOut<[u8]>, len: usize, offset: i64) -> SysResult {
    let offset = offset_of(offset)?;
    check_range(buf.addr(), len)?;
    readable(cx, fd)?.read_at(offset, &mut Dest::user(buf.addr(), len))
}

/// `pwrite(2)`.
///
/// # Errors
/// `EBADF`, `EINVAL`, `ESPIPE`, `EFAULT`, and the file's.
pub fn pwrite64(cx: &mut Cx<'_>, fd: Fd, buf: UserIn<[u8]>, len: usize, offset: i64) -> SysResult {
    let offset = offset_of(offset)?;
    check_range(buf.addr(), len)?;
    let file = writable(cx, fd)?;
    file.write_at(write_offset(&file, offset), &mut Source::user(buf.addr(), len))
}

/// `preadv(2)`. The position is in the low argument; the high one is for 32-bit programs.
///
/// # Errors
/// As [`pread64`] and [`readv`].
pub fn preadv(
    cx: &mut Cx<'_>,
    fd: Fd,
    iov: UserIn<[Iovec]>,
    iovcnt: usize,
    pos_low: i64,
    _pos_high: i64,
) -> SysResult {
    let offset = offset_of(pos_low)?;
    let file = readable(cx, fd)?;
    let iovecs = user_iovecs(iov.untyped(), iovcnt)?;
    file.read_at(offset, &mut Dest::iovecs(&iovecs))
}

/// `pwritev(2)`.
///
/// # Errors
/// As [`pwrite64`] and [`writev`].
pub fn pwritev(
    cx: &mut Cx<'_>,
    fd: Fd,
    iov: UserIn<[Iovec]>,
    iovcnt: usize,
    pos_low: i64,
    _pos_high: i64,
) -> SysResult {
    let offset = offset_of(pos_low)?;
    let file = writable(cx, fd)?;
    let iovecs = user_iovecs(iov.untyped(), iovcnt)?;
    file.write_at(write_offset(&file, offset), &mut Source::iovecs(&iovecs))
}

/// Flags of `preadv2` and `pwritev2` that change nothing here: there is no queue to poll, and
/// nothing that is slow to reach.
const HARMLESS: RwFlags = RwFlags::HIPRI.union(RwFlags::DSYNC).union(RwFlags::SYNC);
/// The position that stands for the file's own.
const CURRENT: i64 = -1;

/// `preadv2(2)`.
///
/// # Errors
/// As [`preadv`]; `EOPNOTSUPP` for flags.
pub fn preadv2(
    cx: &mut Cx<'_>,
    fd: Fd,
    iov: UserIn<[Iovec]>,
    iovcnt: usize,
    pos_low: i64,
    pos_high: i64,
    flags: RwFlags,
) -> SysResult {
    if !(flags - HARMLESS - RwFlags::NOWAIT).is_empty() {
        return Err(Errno::EOPNOTSUPP);
    }
    if pos_low == CURRENT {
        return readv(cx, fd, iov, iovcnt);
    }
    preadv(cx, fd, iov, iovcnt, pos_low, pos_high)
}

/// `pwritev2(2)`.
///
/// # Errors
/// As [`pwritev`]; `EOPNOTSUPP` for flags.
pub fn pwritev2(
    cx: &mut Cx<'_>,
    fd: Fd,
    iov: UserIn<[Iovec]>,
    iovcnt: usize,
    pos_low: i64,
    pos_high: i64,
    flags: RwFlags,
) -> SysResult {
    let own = RwFlags::NOWAIT | RwFlags::APPEND | RwFlags::NOAPPEND;
    if !(flags - HARMLESS - own).is_empty() {
        return Err(Errno::EOPNOTSUPP);
    }
    if flags.contains(RwFlags::APPEND | RwFlags::NOAPPEND) {
        return Err(Errno::EINVAL);
    }
    if pos_low == CURRENT && !flags.contains(RwFlags::APPEND) {
        return writev(cx, fd, iov, iovcnt);
    }
    if !flags.intersects(RwFlags::APPEND | RwFlags::NOAPPEND) {
        return pwritev(cx, fd, iov, iovcnt, pos_low, pos_high);
    }
    let file = writable(cx, fd)?;
    let iovecs = user_iovecs(iov.untyped(), iovcnt)?;
    let offset = if flags.contains(RwFlags::APPEND) { APPEND } else { offset_of(pos_low)? };
    file.write_at(offset, &mut Source::iovecs(&iovecs))
}

/// `lseek(2)`.
///
/// # Errors
/// `EBADF`, `ESPIPE`, `EINVAL`, `ENXIO`, `EOVERFLOW`.
pub fn lseek(cx: &mut Cx<'_>, fd: Fd, offset: i64, whence: Whence) -> SysResult {
    let file = cx.file(fd)?;
    file.file.seek(&file, offset, whence)
}

/// `vmsplice(2)`: copies, for pages that are given away cost more to move than to copy.
///
/// # Errors
/// `EBADF` for what is no pipe, and as [`readv`] and [`writev`].
pub fn vmsplice(
    cx: &mut Cx<'_>,
    fd: Fd,
    iov: UserIn<[Iovec]>,
    count: usize,
    flags: SpliceFlags,
) -> SysResult {
    let file = cx.file(fd)?;
    let pipe = crate::event::PipeEnd::of(&file).ok_or(Errno::EBADF)?.pipe().clone();
    let iovecs = user_iovecs(UserAddr(iov.addr()), count)?;
    let nonblocking = file.nonblocking() || flags.contains(SpliceFlags::NONBLOCK);
    if file.writable() {
        pipe.write(&mut Source::iovecs(&iovecs), nonblocking)
    } else {
        pipe.read(&mut Dest::iovecs(&iovecs), nonblocking)
    }
}
