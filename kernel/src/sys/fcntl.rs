//! `fcntl`: what can be asked and set of a descriptor and of the open file behind it.

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use elfin_syscalls::abi::{F_OWNER_PGRP, F_OWNER_PID, F_OWNER_TID, FD_CLOEXEC, FOwnerEx};
use elfin_syscalls::args::{FcntlCmd, Fd, OpenFlags, SigNum, UserAddr, UserIn, UserOut};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::locks;
use super::open::descriptor;
use super::usercopy::{user_read, user_write};
use crate::event::pipe::MAX_SIZE;
use crate::event::{PipeEnd, sigio};
use crate::fs::OpenFile;
use crate::fs::fdtable::limit;
use crate::fs::tmpfs::{Pages, Seals, TmpInode};
use crate::task::{Capability, find_process, find_thread, ids};

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
            sigio::update(&file, fd.0)?;
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
        _ => owner(cx, &file, cmd, arg),
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
fn owner(cx: &Cx<'_>, file: &OpenFile, cmd: FcntlCmd, arg: usize) -> SysResult {
    let owner = file.signals.owner();
    match cmd {
        FcntlCmd::GETOWN => {
            Ok(isize::try_from(owner.pid.load(Ordering::Relaxed)).unwrap_or(0).cast_unsigned())
        }
        FcntlCmd::SETOWN => {
            let pid = arg as i32;
            if pid == i32::MIN {
                return Err(Errno::EINVAL);
            }
            set_owner(cx, file, pid)?;
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
            check_owner(kind, pid)?;
            let pid = if kind == F_OWNER_PGRP { pid.wrapping_neg() } else { pid };
            owner.set(kind, pid, &cx.thread.cred());
            Ok(0)
        }
        _ => Err(Errno::EINVAL),
    }
}

/// Checks that there is such an owner; 0 is nobody.
///
/// # Errors
/// `EINVAL` for another kind, `ESRCH`.
fn check_owner(kind: i32, pid: i32) -> Result<(), Errno> {
    let Ok(id) = u32::try_from(pid) else { return Err(Errno::ESRCH) };
    let known = match kind {
        F_OWNER_TID => find_thread(id).is_some(),
        F_OWNER_PID => find_process(id).is_some(),
        F_OWNER_PGRP => ids::processes().any(|process| process.pgid() == id),
        _ => return Err(Errno::EINVAL),
    };
    if id == 0 || known { Ok(()) } else { Err(Errno::ESRCH) }
}

/// Says who gets `SIGIO`: a process, or a process group by its negated id.
///
/// # Errors
/// `EINVAL`, `ESRCH`.
pub(super) fn set_owner(cx: &Cx<'_>, file: &OpenFile, pid: i32) -> Result<(), Errno> {
    let kind = if pid < 0 { F_OWNER_PGRP } else { F_OWNER_PID };
    check_owner(kind, pid.checked_abs().ok_or(Errno::EINVAL)?)?;
    file.signals.owner().set(kind, pid, &cx.thread.cred());
    Ok(())
}
