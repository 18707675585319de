//! Changing what a file is: mode, owner, times.

use alloc::sync::Arc;

use elfin_platform::time;
use elfin_syscalls::abi::{Timespec, Timeval, UTIME_NOW, UTIME_OMIT, Utimbuf};
use elfin_syscalls::args::{AtFlags, Fd, Gid, Mode, Uid, UserIn, UserStr};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::paths::{self, Target};
use super::usercopy::user_read;
use crate::fs::attr::{NSEC_PER_SEC, S_ISGID, Timestamp};
use crate::fs::{FileKind, Inode, perm, watch};
use crate::task::Capability;

/// "Leave it as it is" for owners.
const KEEP: u32 = u32::MAX;

/// What every change of attributes needs: a mount and an inode that can be changed.
fn changeable(target: &Target) -> Result<&Arc<dyn Inode>, Errno> {
    if let Ok(place) = target.place() {
        perm::check_writable_mount(place)?;
    }
    let inode = target.inode()?;
    inode.may_set_attr()?;
    Ok(inode)
}

/// Who watches the target hears that its attributes have changed.
pub(super) fn changed(target: &Target) {
    if let Ok(place) = target.place() {
        watch::attributes_changed(place);
    }
}

fn change_mode(cx: &Cx<'_>, target: &Target, mode: Mode) -> SysResult {
    let inode = changeable(target)?;
    if inode.kind() == FileKind::Symlink {
        return Err(Errno::EOPNOTSUPP);
    }
    let (attr, cred) = (inode.attr(), cx.thread.cred());
    if !perm::owns(attr, &cred) {
        return Err(Errno::EPERM);
    }
    let mut mode = mode.permissions();
    if !cred.in_group(attr.gid()) && !cred.has(Capability::FSETID) {
        mode &= !S_ISGID;
    }
    attr.set_mode(mode);
    changed(target);
    Ok(0)
}

/// `chmod(2)`.
///
/// # Errors
/// See [`fchmodat2`].
pub fn chmod(cx: &mut Cx<'_>, path: UserStr, mode: Mode) -> SysResult {
    fchmodat2(cx, Fd::CWD, path, mode, AtFlags::empty())
}

/// `fchmod(2)`.
///
/// # Errors
/// `EBADF`, `EPERM`, `EROFS`.
pub fn fchmod(cx: &mut Cx<'_>, fd: Fd, mode: Mode) -> SysResult {
    let file = cx.file(fd)?;
    change_mode(cx, &Target::File(file), mode)
}

/// `fchmodat(2)` as the kernel has it: without flags.
///
/// # Errors
/// See [`fchmodat2`].
pub fn fchmodat(cx: &mut Cx<'_>, dir: Fd, path: UserStr, mode: Mode) -> SysResult {
    fchmodat2(cx, dir, path, mode, AtFlags::empty())
}

/// `fchmodat2(2)`.
///
/// # Errors
/// `EINVAL`, `EPERM`, `EROFS`, `EOPNOTSUPP` for symbolic links, and those of the walk.
pub fn fchmodat2(cx: &mut Cx<'_>, dir: Fd, path: UserStr, mode: Mode, flags: AtFlags) -> SysResult {
    let flags = flags.only(AtFlags::SYMLINK_NOFOLLOW | AtFlags::EMPTY_PATH)?;
    let target = paths::target(cx, dir, path, flags)?;
    change_mode(cx, &target, mode)
}

fn change_owner(cx: &Cx<'_>, target: &Target, uid: Uid, gid: Gid) -> SysResult {
    let inode = changeable(target)?;
    let (attr, cred) = (inode.attr(), cx.thread.cred());
    let free = cred.has(Capability::CHOWN);
    let owner = attr.uid() == cred.fsuid;
    if uid != KEEP && !free && !(owner && uid == attr.uid()) {
        return Err(Errno::EPERM);
    }
    if gid != KEEP && !free && !(owner && (gid == attr.gid() || cred.in_group(gid))) {
        return Err(Errno::EPERM);
    }
    let new_uid = if uid == KEEP { attr.uid() } else { uid };
    let new_gid = if gid == KEEP { attr.gid() } else { gid };
    if inode.kind() != FileKind::Directory {
        perm::clear_setid(attr, &cred);
        perm::forget_caps(&**inode);
    }
    attr.set_owner(new_uid, new_gid);
    changed(target);
    Ok(0)
}

/// `chown(2)`.
///
/// # Errors
/// See [`fchownat`].
pub fn chown(cx: &mut Cx<'_>, path: UserStr, uid: Uid, gid: Gid) -> SysResult {
    fchownat(cx, Fd::CWD, path, uid, gid, AtFlags::empty())
}

/// `lchown(2)`.
///
/// # Errors
/// See [`fchownat`].
pub fn lchown(cx: &mut Cx<'_>, path: UserStr, uid: Uid, gid: Gid) -> SysResult {
    fchownat(cx, Fd::CWD, path, uid, gid, AtFlags::SYMLINK_NOFOLLOW)
}

/// `fchown(2)`.
///
/// # Errors
/// `EBADF`, `EPERM`, `EROFS`.
pub fn fchown(cx: &mut Cx<'_>, fd: Fd, uid: Uid, gid: Gid) -> SysResult {
    let file = cx.file(fd)?;
    change_owner(cx, &Target::File(file), uid, gid)
}

/// `fchownat(2)`.
///
/// # Errors
/// `EINVAL`, `EPERM`, `EROFS`, and those of the walk.
pub fn fchownat(
    cx: &mut Cx<'_>,
    dir: Fd,
    path: UserStr,
    uid: Uid,
    gid: Gid,
    flags: AtFlags,
) -> SysResult {
    let flags = flags.only(AtFlags::SYMLINK_NOFOLLOW | AtFlags::EMPTY_PATH)?;
    let target = paths::target(cx, dir, path, flags)?;
    change_owner(cx, &target, uid, gid)
}

/// A time to be set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NewTime {
    Now,
    Keep,
    At(Timestamp),
}

fn new_time(time: Timespec) -> Result<NewTime, Errno> {
    match time.tv_nsec {
        UTIME_NOW => return Ok(NewTime::Now),
        UTIME_OMIT => return Ok(NewTime::Keep),
        _ => {}
    }
    let nanos = u64::try_from(time.tv_nsec).map_err(|_| Errno::EINVAL)?;
    if nanos >= NSEC_PER_SEC {
        return Err(Errno::EINVAL);
    }
    // Times before 1970 become 1970, as on file systems that have none earlier.
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Ok(NewTime::At(seconds.saturating_mul(NSEC_PER_SEC).saturating_add(nanos)))
}

fn set_times(cx: &Cx<'_>, target: &Target, times: Option<[NewTime; 2]>) -> SysResult {
    let inode = changeable(target)?;
    let (attr, cred) = (inode.attr(), cx.thread.cred());
    let [atime, mtime] = times.unwrap_or([NewTime::Now; 2]);
    if !perm::owns(attr, &cred) {
        if (atime, mtime) != (NewTime::Now, NewTime::Now) {
            return Err(Errno::EPERM);
        }
        perm::check(&**inode, perm::MAY_WRITE, &cred)?;
    }
    let now = time::wall();
    let set = |slot: &mut Timestamp, new| match new {
        NewTime::Now => *slot = now,
        NewTime::Keep => {}
        NewTime::At(time) => *slot = time,
    };
    attr.update_times(|times| {
        set(&mut times.atime, atime);
        set(&mut times.mtime, mtime);
        times.ctime = now;
    });
    if let Ok(place) = target.place() {
        watch::times_set(place, atime != NewTime::Keep, mtime != NewTime::Keep);
    }
    Ok(0)
}

/// `utimensat(2)`, and `futimens` with a null path.
///
/// # Errors
/// `EINVAL`, `EPERM`, `EACCES`, `EROFS`, `EFAULT`, and those of the walk.
pub fn utimensat(
    cx: &mut Cx<'_>,
    dir: Fd,
    path: UserStr,
    times: UserIn<[Timespec; 2]>,
    flags: AtFlags,
) -> SysResult {
    let times = match times.non_null() {
        None => None,
        Some(times) => {
            let [atime, mtime] = user_read(times)?;
            let omitted = |time: Timespec| time.tv_nsec == UTIME_OMIT;
            if omitted(atime) && omitted(mtime) {
                return Ok(0);
            }
            Some([new_time(atime)?, new_time(mtime)?])
        }
    };
    let target = if path.is_null() && dir != Fd::CWD {
        if !flags.is_empty() {
            return Err(Errno::EINVAL);
        }
        Target::File(cx.file(dir)?)
    } else {
        let flags = flags.only(AtFlags::SYMLINK_NOFOLLOW | AtFlags::EMPTY_PATH)?;
        paths::target(cx, dir, path, flags)?
    };
    set_times(cx, &target, times)
}

/// `futimesat(2)`.
///
/// # Errors
/// As [`utimensat`].
pub fn futimesat(
    cx: &mut Cx<'_>,
    dir: Fd,
    path: UserStr,
    times: UserIn<[Timeval; 2]>,
) -> SysResult {
    const MICROSECONDS: i64 = 1_000_000;
    const NSEC_PER_USEC: i64 = 1000;
    let convert = |time: Timeval| {
        if !(0..MICROSECONDS).contains(&time.tv_usec) {
            return Err(Errno::EINVAL);
        }
        new_time(Timespec { tv_sec: time.tv_sec, tv_nsec: time.tv_usec * NSEC_PER_USEC })
    };
    let times = match times.non_null() {
        None => None,
        Some(times) => {
            let [atime, mtime] = user_read(times)?;
            Some([convert(atime)?, convert(mtime)?])
        }
    };
    let target = if path.is_null() && dir != Fd::CWD {
        Target::File(cx.file(dir)?)
    } else {
        paths::target(cx, dir, path, AtFlags::empty())?
    };
    set_times(cx, &target, times)
}

/// `utimes(2)`.
///
/// # Errors
/// As [`utimensat`].
pub fn utimes(cx: &mut Cx<'_>, path: UserStr, times: UserIn<[Timeval; 2]>) -> SysResult {
    futimesat(cx, Fd::CWD, path, times)
}

/// `utime(2)`.
///
/// # Errors
/// As [`utimensat`].
pub fn utime(cx: &mut Cx<'_>, path: UserStr, times: UserIn<Utimbuf>) -> SysResult {
    let times = match times.non_null() {
        None => None,
        Some(times) => {
            let times: Utimbuf = user_read(times)?;
            let at = |seconds| new_time(Timespec { tv_sec: seconds, tv_nsec: 0 });
            Some([at(times.actime)?, at(times.modtime)?])
        }
    };
    let target = paths::target(cx, Fd::CWD, path, AtFlags::empty())?;
    set_times(cx, &target, times)
}
