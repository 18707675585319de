//! The size of files, and the memory behind them: `truncate`, `fallocate`.

use elfin_syscalls::args::{FallocateMode, Fd, UserStr};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::paths;
use crate::fs::walk::WalkFlags;
use crate::fs::{FileKind, PathRef, perm, watch};

/// `truncate(2)`.
///
/// # Errors
/// `EINVAL`, `EISDIR`, `EACCES`, `EROFS`, `EFBIG`, and those of the walk.
pub fn truncate(cx: &mut Cx<'_>, path: UserStr, len: i64) -> SysResult {
    let len = u64::try_from(len).map_err(|_| Errno::EINVAL)?;
    let place = paths::resolve(cx, Fd::CWD, path, WalkFlags::FOLLOW)?;
    let inode = place.inode();
    match inode.kind() {
        FileKind::Regular => {}
        FileKind::Directory => return Err(Errno::EISDIR),
        _ => return Err(Errno::EINVAL),
    }
    perm::check_writable_mount(&place)?;
    perm::check(&**inode, perm::MAY_WRITE, &cx.thread.cred())?;
    inode.attr().begin_write()?;
    let resized = resize(&place, len);
    inode.attr().end_write();
    resized
}

fn resize(place: &PathRef, len: u64) -> SysResult {
    crate::fs::tmpfs::check_size_limit(len)?;
    place.inode().truncate(len)?;
    watch::resized(place);
    perm::clear_setid_on_write(&**place.inode());
    Ok(0)
}

/// `ftruncate(2)`.
///
/// # Errors
/// `EBADF`, `EINVAL`, `EFBIG`, `EPERM` by a seal.
pub fn ftruncate(cx: &mut Cx<'_>, fd: Fd, len: i64) -> SysResult {
    let len = u64::try_from(len).map_err(|_| Errno::EINVAL)?;
    let file = cx.file(fd)?;
    let place = file.path.as_ref().ok_or(Errno::EINVAL)?;
    if place.inode().kind() != FileKind::Regular || !file.writable() {
        return Err(Errno::EINVAL);
    }
    resize(place, len)
}

/// `fallocate(2)`.
///
/// # Errors
/// `EBADF`, `EINVAL`, `EOPNOTSUPP`, `ESPIPE`, `EISDIR`, `ENODEV`, `EFBIG`, `ENOSPC`, `EPERM`.
pub fn fallocate(cx: &mut Cx<'_>, fd: Fd, mode: FallocateMode, offset: i64, len: i64) -> SysResult {
    let file = cx.file(fd)?;
    let offset = u64::try_from(offset).map_err(|_| Errno::EINVAL)?;
    let len = u64::try_from(len).ok().filter(|&len| len > 0).ok_or(Errno::EINVAL)?;
    if mode.has_unknown() {
        return Err(Errno::EOPNOTSUPP);
    }
    if !file.writable() {
        return Err(Errno::EBADF);
    }
    let kind = FileKind::from_mode(file.stat()?.mode);
    let inode = match kind {
        Some(FileKind::Regular) => file.inode().ok_or(Errno::ENODEV)?,
        Some(FileKind::Fifo) => return Err(Errno::ESPIPE),
        Some(FileKind::Directory) => return Err(Errno::EISDIR),
        _ => return Err(Errno::ENODEV),
    };
    let end = offset.checked_add(len).filter(|&end| i64::try_from(end).is_ok());
    let end = end.ok_or(Errno::EFBIG)?;
    if !mode.contains(FallocateMode::KEEP_SIZE) {
        crate::fs::tmpfs::check_size_limit(end)?;
    }
    inode.fallocate(mode, offset, len)?;
    watch::modified(&file);
    Ok(0)
}
