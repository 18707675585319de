//! Extended attributes.

use alloc::vec::Vec;

use elfin_syscalls::args::{AtFlags, Fd, UserAddr, UserIn, UserStr, XattrFlags};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::attr::changed;
use super::paths::{self, Target};
use super::usercopy::{efault, user_cstr, user_write_at};
use crate::fs::attr::S_ISVTX;
use crate::fs::xattr::{NAME_MAX, SIZE_MAX, Xattrs};
use crate::fs::{FileKind, perm};
use crate::task::Capability;
use crate::task::cred::FileCaps;

fn by_path(cx: &Cx<'_>, path: UserStr, follow: bool) -> Result<Target, Errno> {
    let flags = if follow { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
    paths::target(cx, Fd::CWD, path, flags)
}

fn by_fd(cx: &Cx<'_>, fd: Fd) -> Result<Target, Errno> {
    cx.file(fd).map(Target::File)
}

fn name(addr: UserStr) -> Result<Vec<u8>, Errno> {
    let name = user_cstr(addr.0, NAME_MAX + 1)?.ok_or(Errno::ERANGE)?;
    if name.is_empty() { Err(Errno::ERANGE) } else { Ok(name) }
}

/// Checks the name's class, and that the caller may read or write such a one.
fn check(cx: &Cx<'_>, target: &Target, name: &[u8], write: bool) -> Result<(), Errno> {
    let inode = target.inode()?;
    let cred = cx.thread.cred();
    if write && let Ok(place) = target.place() {
        perm::check_writable_mount(place)?;
    }
    if name.starts_with(b"trusted.") {
        let refusal = if write { Errno::EPERM } else { Errno::ENODATA };
        return if cred.has(Capability::SYS_ADMIN) { Ok(()) } else { Err(refusal) };
    }
    if name == perm::CAPS_XATTR && write {
        return if cred.has(Capability::SETFCAP) { Ok(()) } else { Err(Errno::EPERM) };
    }
    if name.starts_with(b"security.") {
        let free = !write || cred.has(Capability::SYS_ADMIN);
        return if free { Ok(()) } else { Err(Errno::EPERM) };
    }
    if !name.starts_with(b"user.") {
        return Err(Errno::EOPNOTSUPP);
    }
    if !matches!(inode.kind(), FileKind::Regular | FileKind::Directory) {
        return Err(if write { Errno::EPERM } else { Errno::ENODATA });
    }
    let shared = inode.kind() == FileKind::Directory && inode.attr().mode() & S_ISVTX != 0;
    if write && shared && !perm::owns(inode.attr(), &cred) {
        return Err(Errno::EPERM);
    }
    let mask = if write { perm::MAY_WRITE } else { perm::MAY_READ };
    perm::check(&**inode, mask, &cred)
}

fn store(target: &Target) -> Result<&Xattrs, Errno> {
    target.inode()?.xattrs().ok_or(Errno::EOPNOTSUPP)
}

/// Gives bytes to a buffer of `size` bytes; a size of 0 asks for the length.
fn give(bytes: &[u8], to: UserAddr, size: usize) -> SysResult {
    if size > 0 {
        if bytes.len() > size {
            return Err(Errno::ERANGE);
        }
        user_write_at(to, bytes)?;
    }
    Ok(bytes.len())
}

fn get(cx: &Cx<'_>, target: &Target, name_at: UserStr, value: UserAddr, size: usize) -> SysResult {
    let name = name(name_at)?;
    check(cx, target, &name, false)?;
    give(&store(target)?.get(&name)?, value, size)
}

fn set(
    cx: &Cx<'_>,
    target: &Target,
    name_at: UserStr,
    value: UserIn<[u8]>,
    size: usize,
    flags: XattrFlags,
) -> SysResult {
    if size > SIZE_MAX {
        return Err(Errno::E2BIG);
    }
    let name = name(name_at)?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size).map_err(|_| Errno::ENOMEM)?;
    bytes.resize(size, 0);
    elfin_platform::user::copy_in(&mut bytes, value.addr()).map_err(efault)?;
    check(cx, target, &name, true)?;
    if name == perm::CAPS_XATTR {
        FileCaps::parse(&bytes)?;
    }
    crate::fs::reserve_memory()?;
    store(target)?.set(name, bytes, flags)?;
    target.inode()?.attr().touch_ctime();
    changed(target);
    Ok(0)
}

fn list(cx: &Cx<'_>, target: &Target, to: UserAddr, size: usize) -> SysResult {
    let mut names = store(target)?.list()?;
    if !cx.thread.cred().has(Capability::SYS_ADMIN) {
        let shown: Vec<&[u8]> = names
            .split_inclusive(|&byte| byte == 0)
            .filter(|name| !name.starts_with(b"trusted."))
            .collect();
        names = shown.concat();
    }
    give(&names, to, size)
}

fn remove(cx: &Cx<'_>, target: &Target, name_at: UserStr) -> SysResult {
    let name = name(name_at)?;
    check(cx, target, &name, true)?;
    store(target)?.remove(&name)?;
    target.inode()?.attr().touch_ctime();
    changed(target);
    Ok(0)
}

macro_rules! family {
    ($find:ident, $what:ident: $type:ty $(, $follow:literal)?;
     $get:ident, $set:ident, $list:ident, $remove:ident) => {
        /// See `xattr(7)`.
        ///
        /// # Errors
        /// `ENODATA`, `ERANGE`, `EOPNOTSUPP`, `EFAULT`, and those of finding the file.
        pub fn $get(
            cx: &mut Cx<'_>,
            $what: $type,
            name: UserStr,
            value: UserAddr,
            size: usize,
        ) -> SysResult {
            get(cx, &$find(cx, $what $(, $follow)?)?, name, value, size)
        }

        /// See `xattr(7)`.
        ///
        /// # Errors
        /// `EEXIST`, `ENODATA`, `ERANGE`, `E2BIG`, `EPERM`, `EOPNOTSUPP`, `ENOSPC`, `EFAULT`, and
        /// those of finding the file.
        pub fn $set(
            cx: &mut Cx<'_>,
            $what: $type,
            name: UserStr,
            value: UserIn<[u8]>,
            size: usize,
            flags: XattrFlags,
        ) -> SysResult {
            set(cx, &$find(cx, $what $(, $follow)?)?, name, value, size, flags)
        }

        /// See `xattr(7)`.
        ///
        /// # Errors
        /// `ERANGE`, `EOPNOTSUPP`, `EFAULT`, and those of finding the file.
        pub fn $list(cx: &mut Cx<'_>, $what: $type, to: UserAddr, size: usize) -> SysResult {
            list(cx, &$find(cx, $what $(, $follow)?)?, to, size)
        }

        /// See `xattr(7)`.
        ///
        /// # Errors
        /// `ENODATA`, `EPERM`, `EOPNOTSUPP`, `EFAULT`, and those of finding the file.
        pub fn $remove(cx: &mut Cx<'_>, $what: $type, name: UserStr) -> SysResult {
            remove(cx, &$find(cx, $what $(, $follow)?)?, name)
        }
    };
}

family!(by_path, path: UserStr, true; getxattr, setxattr, listxattr, removexattr);
family!(by_path, path: UserStr, false; lgetxattr, lsetxattr, llistxattr, lremovexattr);
family!(by_fd, fd: Fd; fgetxattr, fsetxattr, flistxattr, fremovexattr);
