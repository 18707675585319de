//! Pushing data to the disk, and advice about what will be needed.

use elfin_syscalls::args::Fd;
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use crate::fs::FileKind;

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
