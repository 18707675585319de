//! Descriptors: `dup`, `close` and `ioctl`.

use core::sync::atomic::Ordering;

use elfin_syscalls::args::{
    CloseRangeFlags, Dup3Flags, Fd, IoctlCmd, OpenFlags, UserAddr, UserIn, UserOut,
};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::fcntl::set_owner;
use super::open::descriptor;
use super::usercopy::{user_read, user_write};
use crate::event::sigio;
use crate::fs::FileKind;
use crate::fs::locks::closed_by;

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
    let shared = files.users() > 1;
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
        IoctlCmd::FIOASYNC => {
            flag(OpenFlags::ASYNC)?;
            sigio::update(&file, fd.0)?;
            return Ok(0);
        }
        IoctlCmd::FIOSETOWN | IoctlCmd::SIOCSPGRP => {
            set_owner(cx, &file, user_read(UserIn::new(arg))?)?;
            return Ok(0);
        }
        IoctlCmd::FIOGETOWN | IoctlCmd::SIOCGPGRP => {
            let pid = file.signals.owner().pid.load(Ordering::Relaxed);
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
