//! What a file is: `stat`, `statx`, `access`, `statfs`.

use alloc::sync::Arc;

use elfin_syscalls::abi::{Stat, Statfs, Statx, StatxTimestamp, zeroed};
use elfin_syscalls::args::{AccessMode, AtFlags, Fd, StatxMask, UserOut, UserStr};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::paths::{self, Target};
use super::usercopy::user_write;
use crate::fs::attr::{NSEC_PER_SEC, Timestamp, major, minor};
use crate::fs::mount::MountFlags;
use crate::fs::path::PathBuf;
use crate::fs::walk::WalkFlags;
use crate::fs::{FileKind, FileStat, PathRef, perm};

fn seconds(time: Timestamp) -> i64 {
    (time / NSEC_PER_SEC).cast_signed()
}

fn nanoseconds(time: Timestamp) -> i64 {
    (time % NSEC_PER_SEC).cast_signed()
}

/// Fields whose width differs between the architectures take what fits.
fn to_abi(stat: &FileStat) -> Stat {
    let block_size = i32::try_from(stat.block_size).unwrap_or(i32::MAX);
    Stat {
        st_dev: stat.dev,
        st_ino: stat.ino,
        st_nlink: stat.nlink.into(),
        st_mode: stat.mode,
        st_uid: stat.uid,
        st_gid: stat.gid,
        st_rdev: stat.rdev,
        st_size: stat.size.cast_signed(),
        st_blksize: block_size.into(),
        st_blocks: stat.blocks.cast_signed(),
        st_atime: seconds(stat.times.atime),
        st_atime_nsec: nanoseconds(stat.times.atime),
        st_mtime: seconds(stat.times.mtime),
        st_mtime_nsec: nanoseconds(stat.times.mtime),
        st_ctime: seconds(stat.times.ctime),
        st_ctime_nsec: nanoseconds(stat.times.ctime),
        ..zeroed()
    }
}

/// `stat(2)`.
///
/// # Errors
/// See [`newfstatat`].
pub fn stat(cx: &mut Cx<'_>, path: UserStr, out: UserOut<Stat>) -> SysResult {
    newfstatat(cx, Fd::CWD, path, out, AtFlags::empty())
}

/// `lstat(2)`.
///
/// # Errors
/// See [`newfstatat`].
pub fn lstat(cx: &mut Cx<'_>, path: UserStr, out: UserOut<Stat>) -> SysResult {
    newfstatat(cx, Fd::CWD, path, out, AtFlags::SYMLINK_NOFOLLOW)
}

/// `fstat(2)`.
///
/// # Errors
/// `EBADF`, `EFAULT`.
pub fn fstat(cx: &mut Cx<'_>, fd: Fd, out: UserOut<Stat>) -> SysResult {
    let stat = cx.thread.files().get_any(fd)?.stat()?;
    user_write(out, &to_abi(&stat))?;
    Ok(0)
}

/// `fstatat(2)`.
///
/// # Errors
/// `EINVAL` for flags, `EFAULT`, and those of the walk.
pub fn newfstatat(
    cx: &mut Cx<'_>,
    dir: Fd,
    path: UserStr,
    out: UserOut<Stat>,
    flags: AtFlags,
) -> SysResult {
    let flags =
        flags.only(AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT | AtFlags::EMPTY_PATH)?;
    let stat = paths::target(cx, dir, path, flags)?.stat()?;
    user_write(out, &to_abi(&stat))?;
    Ok(0)
}

fn statx_time(time: Timestamp) -> StatxTimestamp {
    StatxTimestamp {
        tv_sec: seconds(time),
        tv_nsec: u32::try_from(time % NSEC_PER_SEC).unwrap_or(0),
        reserved: 0,
    }
}

/// `STATX_ATTR_MOUNT_ROOT`: the file is the root of a mount.
const ATTR_MOUNT_ROOT: u64 = 0x2000;

/// `statx(2)`.
///
/// # Errors
/// `EINVAL` for flags or mask, `EFAULT`, and those of the walk.
pub fn statx(
    cx: &mut Cx<'_>,
    dir: Fd,
    path: UserStr,
    flags: AtFlags,
    mask: StatxMask,
    out: UserOut<Statx>,
) -> SysResult {
    if mask.bits() & StatxMask::RESERVED != 0 || flags.contains(AtFlags::STATX_SYNC_TYPE) {
        return Err(Errno::EINVAL);
    }
    let flags = flags.only(
        AtFlags::SYMLINK_NOFOLLOW
            | AtFlags::NO_AUTOMOUNT
            | AtFlags::EMPTY_PATH
            | AtFlags::STATX_SYNC_TYPE,
    )?;
    let target = paths::target(cx, dir, path, flags)?;
    let stat = target.stat()?;
    let mut valid = StatxMask::BASIC_STATS | StatxMask::BTIME;
    let (mut mount, mut attributes) = (0, 0);
    if let Ok(place) = target.place() {
        valid |= StatxMask::MNT_ID;
        mount = u64::from(place.mount.id);
        if place.is_mount_root() {
            attributes |= ATTR_MOUNT_ROOT;
        }
    }
    let statx = Statx {
        stx_mask: valid.bits(),
        stx_blksize: stat.block_size,
        stx_attributes: attributes,
        stx_nlink: stat.nlink,
        stx_uid: stat.uid,
        stx_gid: stat.gid,
        stx_mode: u16::try_from(stat.mode).unwrap_or(0),
        stx_ino: stat.ino,
        stx_size: stat.size,
        stx_blocks: stat.blocks,
        stx_attributes_mask: ATTR_MOUNT_ROOT,
        stx_atime: statx_time(stat.times.atime),
        stx_btime: statx_time(stat.times.btime),
        stx_ctime: statx_time(stat.times.ctime),
        stx_mtime: statx_time(stat.times.mtime),
        stx_rdev_major: major(stat.rdev),
        stx_rdev_minor: minor(stat.rdev),
        stx_dev_major: major(stat.dev),
        stx_dev_minor: minor(stat.dev),
        stx_mnt_id: mount,
        ..zeroed()
    };
    user_write(out, &statx)?;
    Ok(0)
}

/// `access(2)`.
///
/// # Errors
/// See [`faccessat2`].
pub fn access(cx: &mut Cx<'_>, path: UserStr, mode: AccessMode) -> SysResult {
    faccessat2(cx, Fd::CWD, path, mode, AtFlags::empty())
}

/// `faccessat(2)` as the kernel has it: without flags.
///
/// # Errors
/// See [`faccessat2`].
pub fn faccessat(cx: &mut Cx<'_>, dir: Fd, path: UserStr, mode: AccessMode) -> SysResult {
    faccessat2(cx, dir, path, mode, AtFlags::empty())
}

/// `faccessat2(2)`.
///
/// # Errors
/// `EINVAL`, `EACCES`, `EROFS`, and those of the walk.
pub fn faccessat2(
    cx: &mut Cx<'_>,
    dir: Fd,
    path: UserStr,
    mode: AccessMode,
    flags: AtFlags,
) -> SysResult {
    let flags = flags.only(AtFlags::EACCESS | AtFlags::SYMLINK_NOFOLLOW | AtFlags::EMPTY_PATH)?;
    let cred = cx.thread.cred();
    let cred = if flags.contains(AtFlags::EACCESS) { cred } else { Arc::new(cred.real()) };
    let target = if flags.contains(AtFlags::EMPTY_PATH) {
        paths::target(cx, dir, path, flags)?
    } else {
        let mut path_buf = PathBuf::new();
        let path = path_buf.read(path)?;
        let follow = !flags.contains(AtFlags::SYMLINK_NOFOLLOW);
        let walk = if follow { WalkFlags::FOLLOW } else { WalkFlags::empty() };
        let mut walker = paths::walker_as(cx, dir, path, walk, cred.clone())?;
        Target::Place(walker.resolve(path)?)
    };
    let inode = target.inode()?;
    if let Ok(place) = target.place() {
        check_mount(place, mode)?;
    }
    // The bits are those of the permission check.
    perm::check(&**inode, mode.bits(), &cred)?;
    Ok(0)
}

/// What a mount does not allow, whoever asks.
fn check_mount(place: &PathRef, mode: AccessMode) -> Result<(), Errno> {
    let kind = place.inode().kind();
    let flags = place.mount.flags;
    if mode.contains(AccessMode::X_OK)
        && kind == FileKind::Regular
        && flags.contains(MountFlags::NOEXEC)
    {
        return Err(Errno::EACCES);
    }
    let on_disk = matches!(kind, FileKind::Regular | FileKind::Directory | FileKind::Symlink);
    if mode.contains(AccessMode::W_OK) && on_disk && flags.contains(MountFlags::RDONLY) {
        return Err(Errno::EROFS);
    }
    Ok(())
}

fn statfs_of(place: &PathRef) -> Statfs {
    /// The flags are valid (`ST_VALID`).
    const VALID: u32 = 0x20;
    let stat = place.mount.fs.statfs();
    let dev = place.mount.fs.dev();
    Statfs {
        f_type: stat.magic.cast_signed(),
        f_bsize: stat.block_size.cast_signed(),
        f_blocks: stat.blocks,
        f_bfree: stat.free,
        f_bavail: stat.free,
        f_files: stat.files,
        f_ffree: stat.files_free,
        // Both halves of what the device number is encoded as.
        f_fsid: [(dev & u64::from(u32::MAX)) as i32, (dev >> u32::BITS) as i32],
        f_namelen: stat.name_max.cast_signed(),
        f_frsize: stat.block_size.cast_signed(),
        f_flags: i64::from(place.mount.flags.bits() | VALID),
        ..zeroed()
    }
}

/// `statfs(2)`.
///
/// # Errors
/// `EFAULT`, and those of the walk.
pub fn statfs(cx: &mut Cx<'_>, path: UserStr, out: UserOut<Statfs>) -> SysResult {
    let place = paths::resolve(cx, Fd::CWD, path, WalkFlags::FOLLOW)?;
    user_write(out, &statfs_of(&place))?;
    Ok(0)
}

/// `fstatfs(2)`.
///
/// # Errors
/// `EBADF`, `EFAULT`.
pub fn fstatfs(cx: &mut Cx<'_>, fd: Fd, out: UserOut<Statfs>) -> SysResult {
    /// `ANON_INODE_FS_MAGIC`: files without a file system.
    const ANONYMOUS: i64 = 0x0904_1934;
    const PAGE: i64 = 4096;
    let file = cx.thread.files().get_any(fd)?;
    let statfs = match &file.path {
        Some(place) => statfs_of(place),
        None => {
            Statfs { f_type: ANONYMOUS, f_bsize: PAGE, f_frsize: PAGE, f_namelen: 255, ..zeroed() }
        }
    };
    user_write(out, &statfs)?;
    Ok(0)
}
