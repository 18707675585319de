//! Descriptors: `dup`, `close`, `fcntl`, `ioctl`, and pushing data to the disk.

use elfin_syscalls::abi::{F_OWNER_PGRP, F_OWNER_PID, F_OWNER_TID, FD_CLOEXEC, FOwnerEx};
use elfin_syscalls::args::{
    CloseRangeFlags, Dup3Flags, FcntlCmd, Fd, IoctlCmd, OpenFlags, SigNum, UserAddr, UserIn,
    UserOut,
};
use elfin_syscalls::{Errno, SysResult};

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use super::Cx;
use super::locks;
use super::open::descriptor;
use super::usercopy::{user_read, user_write};
use crate::event::PipeEnd;
use crate::event::pipe::MAX_SIZE;
use crate::fs::fdtable::limit;
use crate::fs::locks::closed_by;
use crate::fs::tmpfs::{Pages, Seals, TmpInode};
use crate::fs::{FileKind, OpenFile};
use crate::task::Capability;

/// `dup(2)`.
///
/// # Errors
/// `EBADF`, `EMFILE`.
pub fn dup(cx: &mut Cx<'_>, fd: Fd) -> SysResult {
    let files = cx.thread.files();
    descriptor(files.install(files.get_any(fd)?, false)?)
}

/// `dup2(2)`.
///
/// # Errors
/// `EBADF`.
pub fn dup2(cx: &mut Cx<'_>, old: Fd, new: Fd) -> SysResult {
    if old == new {
        cx.thread.files().get_any(old)?;
        return descriptor(new);
    }
    replace(cx, old, new, false)
}

/// `dup3(2)`.
///
/// # Errors
/// `EBADF`, `EINVAL` for equal descriptors.
pub fn dup3(cx: &mut Cx<'_>, old: Fd, new: Fd, flags: Dup3Flags) -> SysResult {
    if old == new {
        return Err(Errno::EINVAL);
    }
    replace(cx, old, new, flags.contains(Dup3Flags::CLOEXEC))
}

fn replace(cx: &Cx<'_>, old: Fd, new: Fd, cloexec: bool) -> SysResult {
    let files = cx.thread.files();
    let file = files.get_any(old)?;
    if let Ok(replaced) = files.get_any(new) {
        closed_by(&replaced, cx.thread.process.pid);
    }
    files.install_at(new, file, cloexec)?;
    descriptor(new)
}

/// `close(2)`.
///
/// # Errors
/// `EBADF`.
pub fn close(cx: &mut Cx<'_>, fd: Fd) -> SysResult {
    let file = cx.thread.files().take(fd)?;
    closed_by(&file, cx.thread.process.pid);
    Ok(0)
}

/// `close_range(2)`.
///
/// # Errors
/// `EINVAL`, also for a table that is shared with threads and should not be.
pub fn close_range(cx: &mut Cx<'_>, first: u32, last: u32, flags: CloseRangeFlags) -> SysResult {
    let (Ok(first), Ok(last)) = (usize::try_from(first), usize::try_from(last)) else {
        return Err(Errno::EINVAL);
    };
    let files = cx.thread.files();
    let shared = cx.thread.process.thread_count() > 1;
    if first > last || (flags.contains(CloseRangeFlags::UNSHARE) && shared) {
        return Err(Errno::EINVAL);
    }
    if flags.contains(CloseRangeFlags::CLOEXEC) {
        files.set_cloexec_range(first, last);
        return Ok(0);
    }
    let mut from = first;
    while let Some((index, file)) = files.take_next(from, last) {
        closed_by(&file, cx.thread.process.pid);
        from = index + 1;
    }
    Ok(0)
}

/// Commands that a descriptor which is only a place in the tree takes.
fn works_on_path(cmd: FcntlCmd) -> bool {
    matches!(
        cmd,
        FcntlCmd::DUPFD
            | FcntlCmd::DUPFD_CLOEXEC
            | FcntlCmd::DUPFD_QUERY
            | FcntlCmd::GETFD
            | FcntlCmd::SETFD
            | FcntlCmd::GETFL
    )
}

/// `fcntl(2)`.
///
/// # Errors
/// `EBADF`, `EINVAL` for an unknown command or argument, and the command's own.
pub fn fcntl(cx: &mut Cx<'_>, fd: Fd, cmd: FcntlCmd, arg: usize) -> SysResult {
    let files = cx.thread.files();
    let file = files.get_any(fd)?;
    if file.is_path() && !works_on_path(cmd) {
        return Err(Errno::EBADF);
    }
    match cmd {
        FcntlCmd::DUPFD | FcntlCmd::DUPFD_CLOEXEC => {
            // An `int` to Linux.
            let first = Fd(arg as i32).index().filter(|&first| first < limit());
            let cloexec = cmd == FcntlCmd::DUPFD_CLOEXEC;
            descriptor(files.install_from(first.ok_or(Errno::EINVAL)?, file, cloexec)?)
        }
        FcntlCmd::DUPFD_QUERY => {
            let other = files.get_any(Fd(arg as i32))?;
            Ok(usize::from(Arc::ptr_eq(&file, &other)))
        }
        FcntlCmd::GETFD => Ok(usize::from(files.cloexec(fd)?)),
        FcntlCmd::SETFD => {
            files.set_cloexec(fd, arg as u32 & FD_CLOEXEC != 0)?;
            Ok(0)
        }
        FcntlCmd::GETFL => usize::try_from(file.flags().bits()).map_err(|_| Errno::EINVAL),
        FcntlCmd::SETFL => {
            let flags = OpenFlags::from_bits_truncate(arg as u32);
            file.set_flags(flags);
            Ok(0)
        }
        FcntlCmd::GETLK
        | FcntlCmd::SETLK
        | FcntlCmd::SETLKW
        | FcntlCmd::OFD_GETLK
        | FcntlCmd::OFD_SETLK
        | FcntlCmd::OFD_SETLKW => locks::record_lock(cx, fd, &file, cmd, UserAddr(arg)),
        FcntlCmd::SETPIPE_SZ | FcntlCmd::GETPIPE_SZ => pipe_size(cx, &file, cmd, arg),
        FcntlCmd::ADD_SEALS | FcntlCmd::GET_SEALS => seals(&file, cmd, arg),
        FcntlCmd::GETLEASE => {
            /// No lease.
            const F_UNLCK: usize = 2;
            Ok(F_UNLCK)
        }
        FcntlCmd::GET_RW_HINT | FcntlCmd::GET_FILE_RW_HINT => {
            user_write(UserOut::new(arg), &0u64)?;
            Ok(0)
        }
        FcntlCmd::SET_RW_HINT | FcntlCmd::SET_FILE_RW_HINT => {
            /// `RWH_WRITE_LIFE_EXTREME`, the last of the hints.
            const LAST_HINT: u64 = 5;
            let hint: u64 = user_read(UserIn::new(arg))?;
            if hint <= LAST_HINT { Ok(0) } else { Err(Errno::EINVAL) }
        }
        _ => owner(&file, cmd, arg),
    }
}

fn pipe_size(cx: &Cx<'_>, file: &OpenFile, cmd: FcntlCmd, arg: usize) -> SysResult {
    let pipe = PipeEnd::of(file).ok_or(Errno::EBADF)?.pipe();
    if cmd == FcntlCmd::GETPIPE_SZ {
        return Ok(pipe.capacity());
    }
    // An `unsigned int` to Linux, of which half can be used.
    let size = usize::try_from(arg as u32).unwrap_or(usize::MAX);
    if i32::try_from(size).is_err() {
        return Err(Errno::EINVAL);
    }
    if size > MAX_SIZE && !cx.thread.cred().has(Capability::SYS_RESOURCE) {
        return Err(Errno::EPERM);
    }
    pipe.set_capacity(size)
}

fn seals(file: &OpenFile, cmd: FcntlCmd, arg: usize) -> SysResult {
    let inode = file.inode().ok_or(Errno::EINVAL)?;
    let pages: &Arc<Pages> =
        inode.as_any().downcast_ref::<TmpInode>().and_then(TmpInode::pages).ok_or(Errno::EINVAL)?;
    if cmd == FcntlCmd::GET_SEALS {
        return usize::try_from(pages.seals().bits()).map_err(|_| Errno::EINVAL);
    }
    if !file.writable() {
        return Err(Errno::EPERM);
    }
    let seals = u32::try_from(arg).ok().and_then(Seals::from_bits).ok_or(Errno::EINVAL)?;
    pages.add_seals(seals)?;
    Ok(0)
}

/// Who gets `SIGIO`.
fn owner(file: &OpenFile, cmd: FcntlCmd, arg: usize) -> SysResult {
    let owner = &file.owner;
    match cmd {
        FcntlCmd::GETOWN => {
            Ok(isize::try_from(owner.pid.load(Ordering::Relaxed)).unwrap_or(0).cast_unsigned())
        }
        FcntlCmd::SETOWN => {
            let pid = arg as i32;
            if pid == i32::MIN {
                return Err(Errno::EINVAL);
            }
            set_owner(file, pid);
            Ok(0)
        }
        FcntlCmd::GETSIG => {
            usize::try_from(owner.signal.load(Ordering::Relaxed)).map_err(|_| Errno::EINVAL)
        }
        FcntlCmd::SETSIG => {
            let signal = arg as u32;
            if signal != 0 {
                SigNum(signal).check()?;
            }
            owner.signal.store(signal.cast_signed(), Ordering::Relaxed);
            Ok(0)
        }
        FcntlCmd::GETOWN_EX => {
            let pid = owner.pid.load(Ordering::Relaxed).abs();
            let kind = owner.kind.load(Ordering::Relaxed);
            user_write(UserOut::new(arg), &FOwnerEx { kind, pid })?;
            Ok(0)
        }
        FcntlCmd::SETOWN_EX => {
            let FOwnerEx { kind, pid } = user_read(UserIn::new(arg))?;
            match kind {
                F_OWNER_TID | F_OWNER_PID => owner.pid.store(pid, Ordering::Relaxed),
                F_OWNER_PGRP => owner.pid.store(pid.wrapping_neg(), Ordering::Relaxed),
                _ => return Err(Errno::EINVAL),
            }
            owner.kind.store(kind, Ordering::Relaxed);
            Ok(0)
        }
        _ => Err(Errno::EINVAL),
    }
}

fn set_owner(file: &OpenFile, pid: i32) {
    file.owner.pid.store(pid, Ordering::Relaxed);
    let kind = if pid < 0 { F_OWNER_PGRP } else { F_OWNER_PID };
    file.owner.kind.store(kind, Ordering::Relaxed);
}

/// `ioctl(2)`: the commands that all files have, and the file's own.
///
/// # Errors
/// `EBADF`, `ENOTTY`, `EFAULT`, and the command's own.
pub fn ioctl(cx: &mut Cx<'_>, fd: Fd, cmd: IoctlCmd, arg: usize) -> SysResult {
    let file = cx.file(fd)?;
    let flag = |flag: OpenFlags| -> SysResult {
        let on: i32 = user_read(UserIn::new(arg))?;
        file.set_flag(flag, on != 0);
        Ok(0)
    };
    match cmd {
        IoctlCmd::FIOCLEX | IoctlCmd::FIONCLEX => {
            cx.thread.files().set_cloexec(fd, cmd == IoctlCmd::FIOCLEX)?;
            return Ok(0);
        }
        IoctlCmd::FIONBIO => return flag(OpenFlags::NONBLOCK),
        IoctlCmd::FIOASYNC => return flag(OpenFlags::ASYNC),
        IoctlCmd::FIOSETOWN | IoctlCmd::SIOCSPGRP => {
            set_owner(&file, user_read(UserIn::new(arg))?);
            return Ok(0);
        }
        IoctlCmd::FIOGETOWN | IoctlCmd::SIOCGPGRP => {
            let pid = file.owner.pid.load(Ordering::Relaxed);
            user_write(UserOut::new(arg), &pid)?;
            return Ok(0);
        }
        _ => {}
    }
    if let Some(inode) = file.inode()
        && inode.kind() == FileKind::Regular
    {
        match cmd {
            IoctlCmd::FIONREAD => {
                let left = inode.size().saturating_sub(*file.position().lock());
                let left = i32::try_from(left).unwrap_or(i32::MAX);
                user_write(UserOut::new(arg), &left)?;
                return Ok(0);
            }
            IoctlCmd::FIOQSIZE => {
                user_write(UserOut::new(arg), &inode.size())?;
                return Ok(0);
            }
            IoctlCmd::FIGETBSZ => {
                let size = inode.stat()?.block_size.cast_signed();
                user_write(UserOut::new(arg), &size)?;
                return Ok(0);
            }
            _ => {}
        }
    }
    file.file.ioctl(&file, cx, cmd.0, UserAddr(arg))
}

/// `fsync(2)`: files here are in memory alone, so there is nothing to wait for.
///
/// # Errors
/// `EBADF`, `EINVAL` for what cannot be synchronised, `EIO`.
pub fn fsync(cx: &mut Cx<'_>, fd: Fd) -> SysResult {
    let file = cx.file(fd)?;
    let place = file.path.as_ref().ok_or(Errno::EINVAL)?;
    match place.inode().kind() {
        FileKind::Regular | FileKind::Directory | FileKind::Block => {
            place.mount.fs.sync()?;
            Ok(0)
        }
        _ => Err(Errno::EINVAL),
    }
}

/// `fdatasync(2)`.
///
/// # Errors
/// As [`fsync`].
pub fn fdatasync(cx: &mut Cx<'_>, fd: Fd) -> SysResult {
    fsync(cx, fd)
}

/// `sync(2)`.
///
/// # Errors
/// None.
pub fn sync(_cx: &mut Cx<'_>) -> SysResult {
    for mount in crate::fs::Mount::all() {
        // As on Linux, nobody is told.
        let _synced = mount.fs.sync();
    }
    Ok(0)
}

/// `syncfs(2)`.
///
/// # Errors
/// `EBADF`, `EIO`.
pub fn syncfs(cx: &mut Cx<'_>, fd: Fd) -> SysResult {
    if let Some(place) = &cx.file(fd)?.path {
        place.mount.fs.sync()?;
    }
    Ok(0)
}

/// `sync_file_range(2)`.
///
/// # Errors
/// `EBADF`, `EINVAL`, `ESPIPE`, `EIO`.
pub fn sync_file_range(cx: &mut Cx<'_>, fd: Fd, offset: i64, len: i64, flags: u32) -> SysResult {
    /// `SYNC_FILE_RANGE_WAIT_BEFORE`, `_WRITE`, `_WAIT_AFTER`.
    const KNOWN: u32 = 7;
    let file = cx.file(fd)?;
    let end = offset.checked_add(len);
    if flags & !KNOWN != 0 || offset < 0 || len < 0 || end.is_none() {
        return Err(Errno::EINVAL);
    }
    match file.inode().map(|inode| inode.kind()) {
        Some(FileKind::Regular | FileKind::Directory | FileKind::Block | FileKind::Symlink) => {
            Ok(0)
        }
        _ => Err(Errno::ESPIPE),
    }
}

/// `posix_fadvise(2)`: everything is in memory, so there is nothing to be advised about.
///
/// # Errors
/// `EBADF`, `ESPIPE`, `EINVAL`.
pub fn fadvise64(cx: &mut Cx<'_>, fd: Fd, _offset: i64, len: i64, advice: i32) -> SysResult {
    /// `POSIX_FADV_NORMAL` to `POSIX_FADV_NOREUSE`.
    const ADVICE: core::ops::RangeInclusive<i32> = 0..=5;
    let file = cx.file(fd)?;
    if FileKind::from_mode(file.stat()?.mode) == Some(FileKind::Fifo) {
        return Err(Errno::ESPIPE);
    }
    if len < 0 || !ADVICE.contains(&advice) { Err(Errno::EINVAL) } else { Ok(0) }
}

/// `readahead(2)`.
///
/// # Errors
/// `EBADF`, `EINVAL` for what is no regular file.
pub fn readahead(cx: &mut Cx<'_>, fd: Fd, _offset: i64, _count: usize) -> SysResult {
    let file = cx.file(fd)?;
    if !file.readable() {
        return Err(Errno::EBADF);
    }
    match file.inode().map(|inode| inode.kind()) {
        Some(FileKind::Regular | FileKind::Block) => Ok(0),
        _ => Err(Errno::EINVAL),
    }
}
