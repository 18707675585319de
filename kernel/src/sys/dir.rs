//! Directories and names: `getdents64`, `mkdir`, `unlink`, `rename`, `link` and their kin.

use alloc::vec::Vec;

use elfin_syscalls::abi::Dirent64;
use elfin_syscalls::args::{AtFlags, Fd, Mode, RenameFlags, UserAddr, UserOut, UserStr};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::paths::{self, Target, walker};
use super::usercopy::user_write_at;
use crate::fs::namei::{self, Make};
use crate::fs::path::PathBuf;
use crate::fs::walk::WalkFlags;
use crate::fs::{FileKind, dir, rename as renaming, watch};
use crate::task::Capability;

/// The most that one call lists.
const LIST_MAX: usize = 64 * 1024;

/// `getdents64(2)`.
///
/// # Errors
/// `EBADF`, `ENOTDIR`, `ENOENT`, `EINVAL` if not one entry fits, `EFAULT`.
pub fn getdents64(cx: &mut Cx<'_>, fd: Fd, buf: UserAddr, len: u32) -> SysResult {
    list(cx, fd, buf, len, append_entry)
}

/// `getdents(2)`, with the old layout: the type in the record's last byte.
///
/// # Errors
/// As [`getdents64`].
pub fn getdents(cx: &mut Cx<'_>, fd: Fd, buf: UserAddr, len: u32) -> SysResult {
    list(cx, fd, buf, len, append_old_entry)
}

type Append = fn(&mut Vec<u8>, &crate::fs::inode::Entry<'_>, usize) -> bool;

fn list(cx: &mut Cx<'_>, fd: Fd, buf: UserAddr, len: u32, append: Append) -> SysResult {
    let file = cx.file(fd)?;
    let place = file.path.as_ref().filter(|place| place.dentry.is_directory());
    let place = place.ok_or(Errno::ENOTDIR)?;
    let limit = usize::try_from(len).unwrap_or(LIST_MAX).min(LIST_MAX);
    let mut records = Vec::new();
    let mut position = file.position().lock();
    let mut next = *position;
    let mut full = false;
    dir::list(place, *position, &mut |entry| {
        let fits = append(&mut records, &entry, limit);
        if fits {
            next = entry.next;
        }
        full |= !fits;
        fits
    })?;
    if records.is_empty() && full {
        return Err(Errno::EINVAL);
    }
    user_write_at(buf, records.as_slice())?;
    watch::accessed(&file);
    *position = next;
    Ok(records.len())
}

fn append_entry(records: &mut Vec<u8>, entry: &crate::fs::inode::Entry<'_>, limit: usize) -> bool {
    let len = Dirent64::record_len(entry.name.len());
    let Ok(reclen) = u16::try_from(len) else { return true };
    if records.len() + len > limit || records.try_reserve(len).is_err() {
        return false;
    }
    let end = records.len() + len;
    records.extend_from_slice(&entry.ino.to_ne_bytes());
    records.extend_from_slice(&entry.next.to_ne_bytes());
    records.extend_from_slice(&reclen.to_ne_bytes());
    records.push(entry.kind.dirent_type());
    records.extend_from_slice(entry.name);
    records.resize(end, 0);
    true
}

fn append_old_entry(
    records: &mut Vec<u8>,
    entry: &crate::fs::inode::Entry<'_>,
    limit: usize,
) -> bool {
    /// Where the name begins in `struct linux_dirent`.
    const NAME_OFFSET: usize = 18;
    let len = (NAME_OFFSET + entry.name.len() + 2).next_multiple_of(Dirent64::ALIGN);
    let Ok(reclen) = u16::try_from(len) else { return true };
    if records.len() + len > limit || records.try_reserve(len).is_err() {
        return false;
    }
    let end = records.len() + len;
    records.extend_from_slice(&entry.ino.to_ne_bytes());
    records.extend_from_slice(&entry.next.to_ne_bytes());
    records.extend_from_slice(&reclen.to_ne_bytes());
    records.extend_from_slice(entry.name);
    records.resize(end - 1, 0);
    records.push(entry.kind.dirent_type());
    true
}

fn make(cx: &Cx<'_>, dir: Fd, path: UserStr, make: Make<'_>) -> SysResult {
    let mut path_buf = PathBuf::new();
    let path = path_buf.read(path)?;
    let mut walker = walker(cx, dir, path, WalkFlags::empty())?;
    namei::make(&mut walker, path, make)?;
    Ok(0)
}

/// `mkdir(2)`.
///
/// # Errors
/// See [`mkdirat`].
pub fn mkdir(cx: &mut Cx<'_>, path: UserStr, mode: Mode) -> SysResult {
    mkdirat(cx, Fd::CWD, path, mode)
}

/// `mkdirat(2)`.
///
/// # Errors
/// `EEXIST`, `ENOENT`, `EACCES`, `EROFS`, `ENOSPC`, and those of the walk.
pub fn mkdirat(cx: &mut Cx<'_>, dir: Fd, path: UserStr, mode: Mode) -> SysResult {
    /// Permission bits and the sticky bit: set-id bits are not for the caller to say.
    const ALLOWED: u32 = 0o1777;
    let mode = mode.0 & ALLOWED & !cx.thread.fs().umask();
    make(cx, dir, path, Make::new(FileKind::Directory, mode))
}

/// `mknod(2)`.
///
/// # Errors
/// See [`mknodat`].
pub fn mknod(cx: &mut Cx<'_>, path: UserStr, mode: Mode, dev: u32) -> SysResult {
    mknodat(cx, Fd::CWD, path, mode, dev)
}

/// `mknodat(2)`.
///
/// # Errors
/// `EPERM` for directories and unprivileged device nodes, `EINVAL`, and as [`mkdirat`].
pub fn mknodat(cx: &mut Cx<'_>, dir: Fd, path: UserStr, mode: Mode, dev: u32) -> SysResult {
    let kind = match FileKind::from_mode(mode.0) {
        Some(FileKind::Directory) => return Err(Errno::EPERM),
        Some(FileKind::Symlink) => return Err(Errno::EINVAL),
        Some(kind) => kind,
        None if mode.0 & crate::fs::attr::S_IFMT == 0 => FileKind::Regular,
        None => return Err(Errno::EINVAL),
    };
    let device = matches!(kind, FileKind::Char | FileKind::Block);
    let mode = mode.permissions() & !cx.thread.fs().umask();
    let rdev = if device { u64::from(dev) } else { 0 };
    make(cx, dir, path, Make { rdev, ..Make::new(kind, mode) })
}

/// `symlink(2)`.
///
/// # Errors
/// See [`symlinkat`].
pub fn symlink(cx: &mut Cx<'_>, target: UserStr, path: UserStr) -> SysResult {
    symlinkat(cx, target, Fd::CWD, path)
}

/// `symlinkat(2)`.
///
/// # Errors
/// `ENOENT` for an empty text, and as [`mkdirat`].
pub fn symlinkat(cx: &mut Cx<'_>, target: UserStr, dir: Fd, path: UserStr) -> SysResult {
    /// Nobody checks a link's permissions.
    const MODE: u32 = 0o777;
    let mut target_buf = PathBuf::new();
    let target = target_buf.read(target)?;
    if target.is_empty() {
        return Err(Errno::ENOENT);
    }
    make(cx, dir, path, Make { target, ..Make::new(FileKind::Symlink, MODE) })
}

/// `rmdir(2)`.
///
/// # Errors
/// See [`unlinkat`].
pub fn rmdir(cx: &mut Cx<'_>, path: UserStr) -> SysResult {
    unlinkat(cx, Fd::CWD, path, AtFlags::REMOVEDIR)
}

/// `unlink(2)`.
///
/// # Errors
/// See [`unlinkat`].
pub fn unlink(cx: &mut Cx<'_>, path: UserStr) -> SysResult {
    unlinkat(cx, Fd::CWD, path, AtFlags::empty())
}

/// `unlinkat(2)`.
///
/// # Errors
/// `EINVAL` for flags, `EISDIR`, `ENOTDIR`, `ENOTEMPTY`, `EBUSY`, `EACCES`, `EPERM`, `EROFS`,
/// and those of the walk.
pub fn unlinkat(cx: &mut Cx<'_>, dir: Fd, path: UserStr, flags: AtFlags) -> SysResult {
    let flags = flags.only(AtFlags::REMOVEDIR)?;
    let mut path_buf = PathBuf::new();
    let path = path_buf.read(path)?;
    let mut walker = walker(cx, dir, path, WalkFlags::empty())?;
    if flags.contains(AtFlags::REMOVEDIR) {
        namei::rmdir(&mut walker, path)?;
    } else {
        namei::unlink(&mut walker, path)?;
    }
    Ok(0)
}

/// `rename(2)`.
///
/// # Errors
/// See [`renameat2`].
pub fn rename(cx: &mut Cx<'_>, old: UserStr, new: UserStr) -> SysResult {
    renameat2(cx, Fd::CWD, old, Fd::CWD, new, RenameFlags::empty())
}

/// `renameat(2)`.
///
/// # Errors
/// See [`renameat2`].
pub fn renameat(
    cx: &mut Cx<'_>,
    old_dir: Fd,
    old: UserStr,
    new_dir: Fd,
    new: UserStr,
) -> SysResult {
    renameat2(cx, old_dir, old, new_dir, new, RenameFlags::empty())
}

/// `renameat2(2)`.
///
/// # Errors
/// `EXDEV`, `EBUSY`, `EINVAL`, `EEXIST`, `ENOTEMPTY`, `EISDIR`, `ENOTDIR`, `EACCES`, `EPERM`,
/// `EROFS`, and those of the walks.
pub fn renameat2(
    cx: &mut Cx<'_>,
    old_dir: Fd,
    old: UserStr,
    new_dir: Fd,
    new: UserStr,
    flags: RenameFlags,
) -> SysResult {
    let (mut old_buf, mut new_buf) = (PathBuf::new(), PathBuf::new());
    let (old, new) = (old_buf.read(old)?, new_buf.read(new)?);
    let mut from = walker(cx, old_dir, old, WalkFlags::empty())?;
    let mut to = walker(cx, new_dir, new, WalkFlags::empty())?;
    renaming::rename(&mut from, old, &mut to, new, flags)?;
    Ok(0)
}

/// `link(2)`.
///
/// # Errors
/// See [`linkat`].
pub fn link(cx: &mut Cx<'_>, old: UserStr, new: UserStr) -> SysResult {
    linkat(cx, Fd::CWD, old, Fd::CWD, new, AtFlags::empty())
}

/// `linkat(2)`.
///
/// # Errors
/// `EPERM` for directories, `EXDEV`, `EEXIST`, `ENOENT`, and those of the walks.
pub fn linkat(
    cx: &mut Cx<'_>,
    old_dir: Fd,
    old: UserStr,
    new_dir: Fd,
    new: UserStr,
    flags: AtFlags,
) -> SysResult {
    let flags = flags.only(AtFlags::SYMLINK_FOLLOW | AtFlags::EMPTY_PATH)?;
    let empty = flags.contains(AtFlags::EMPTY_PATH);
    if empty && !cx.thread.cred().has(Capability::DAC_READ_SEARCH) {
        return Err(Errno::ENOENT);
    }
    let mut at = flags & AtFlags::EMPTY_PATH;
    at.set(AtFlags::SYMLINK_NOFOLLOW, !flags.contains(AtFlags::SYMLINK_FOLLOW));
    let target = paths::target(cx, old_dir, old, at)?;
    let place = match &target {
        Target::Place(place) => place,
        Target::File(file) => file.path.as_ref().ok_or(Errno::EXDEV)?,
    };
    let mut new_buf = PathBuf::new();
    let new = new_buf.read(new)?;
    let mut to = walker(cx, new_dir, new, WalkFlags::empty())?;
    namei::link(&mut to, place, new)?;
    Ok(0)
}

/// `readlink(2)`.
///
/// # Errors
/// See [`readlinkat`].
pub fn readlink(cx: &mut Cx<'_>, path: UserStr, buf: UserOut<[u8]>, len: i32) -> SysResult {
    readlinkat(cx, Fd::CWD, path, buf, len)
}

/// `readlinkat(2)`.
///
/// # Errors
/// `EINVAL` for what is no link or a length that is not positive, `ENOENT`, `EFAULT`, and those
/// of the walk.
pub fn readlinkat(
    cx: &mut Cx<'_>,
    dir: Fd,
    path: UserStr,
    buf: UserOut<[u8]>,
    len: i32,
) -> SysResult {
    let len = usize::try_from(len).ok().filter(|&len| len > 0).ok_or(Errno::EINVAL)?;
    let mut path_buf = PathBuf::new();
    let path = path_buf.read(path)?;
    let empty = path.is_empty();
    let walk = if empty && dir != Fd::CWD { WalkFlags::EMPTY } else { WalkFlags::empty() };
    let place = walker(cx, dir, path, walk)?.resolve(path)?;
    let inode = place.inode();
    if inode.kind() != FileKind::Symlink {
        return Err(if empty { Errno::ENOENT } else { Errno::EINVAL });
    }
    let text = inode.readlink()?;
    inode.attr().touch_atime();
    let shown = text.get(..len).unwrap_or(&text);
    user_write_at(buf.untyped(), shown)?;
    Ok(shown.len())
}
