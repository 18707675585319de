//! Opening files, and the process's place in the tree: `open`, `chdir`, `chroot`, `umask`.

use elfin_syscalls::abi::OpenHow;
use elfin_syscalls::args::{Fd, MemfdFlags, Mode, OpenFlags, UserAddr, UserIn, UserStr};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::paths::{resolve, walker};
use super::usercopy::{user_cstr, user_read, user_read_slice, user_write_at};
use crate::fs::path::{self, PathBuf};
use crate::fs::tmpfs::Seals;
use crate::fs::walk::WalkFlags;
use crate::fs::{File, OpenFile, PathRef, open as opening, perm, root};
use crate::task::Capability;

/// A descriptor as a result.
pub(crate) fn descriptor(fd: Fd) -> SysResult {
    fd.index().ok_or(Errno::EBADF)
}

fn open_at(
    cx: &mut Cx<'_>,
    dir: Fd,
    path: &[u8],
    flags: OpenFlags,
    mode: u32,
    walk: WalkFlags,
) -> SysResult {
    let mut walker = walker(cx, dir, path, walk)?;
    let mode = mode & Mode::PERMISSIONS & !cx.thread.fs().umask();
    let file = opening::open(&mut walker, path, flags, mode)?;
    let fd = cx.thread.files().install(file, flags.contains(OpenFlags::CLOEXEC))?;
    descriptor(fd)
}

/// `open(2)`.
///
/// # Errors
/// See [`openat`].
pub fn open(cx: &mut Cx<'_>, path: UserStr, flags: OpenFlags, mode: Mode) -> SysResult {
    openat(cx, Fd::CWD, path, flags, mode)
}

/// `openat(2)`.
///
/// # Errors
/// `EFAULT`, `EBADF`, `EMFILE`, and those of walking and opening.
pub fn openat(cx: &mut Cx<'_>, dir: Fd, path: UserStr, flags: OpenFlags, mode: Mode) -> SysResult {
    let mut path_buf = PathBuf::new();
    let path = path_buf.read(path)?;
    open_at(cx, dir, path, flags, mode.0, WalkFlags::empty())
}

/// `creat(2)`.
///
/// # Errors
/// See [`openat`].
pub fn creat(cx: &mut Cx<'_>, path: UserStr, mode: Mode) -> SysResult {
    openat(cx, Fd::CWD, path, OpenFlags::CREAT | OpenFlags::WRONLY | OpenFlags::TRUNC, mode)
}

/// The first version's size of `struct open_how`.
const OPEN_HOW_SIZE: usize = size_of::<OpenHow>();
/// The most that a later version may take.
const OPEN_HOW_MAX: usize = 4096;
/// `RESOLVE_*` bits and how the walk says them; `RESOLVE_CACHED` is always so.
const RESOLVE: [(u64, WalkFlags); 6] = [
    (0x01, WalkFlags::NO_XDEV),
    (0x02, WalkFlags::NO_MAGICLINKS),
    (0x04, WalkFlags::NO_SYMLINKS),
    (0x08, WalkFlags::BENEATH),
    (0x10, WalkFlags::IN_ROOT),
    (0x20, WalkFlags::empty()),
];

/// `openat2(2)`.
///
/// # Errors
/// `EINVAL`, `E2BIG`, `EXDEV`, `ELOOP`, and as [`openat`].
pub fn openat2(
    cx: &mut Cx<'_>,
    dir: Fd,
    path: UserStr,
    how: UserIn<OpenHow>,
    size: usize,
) -> SysResult {
    if size < OPEN_HOW_SIZE {
        return Err(Errno::EINVAL);
    }
    if size > OPEN_HOW_MAX {
        return Err(Errno::E2BIG);
    }
    let rest = UserAddr(how.addr()).offset(OPEN_HOW_SIZE)?;
    let rest: alloc::vec::Vec<u8> = user_read_slice(rest, size - OPEN_HOW_SIZE)?;
    if rest.iter().any(|&byte| byte != 0) {
        return Err(Errno::E2BIG);
    }
    let how: OpenHow = user_read(how)?;
    let bits = u32::try_from(how.flags).map_err(|_| Errno::EINVAL)?;
    let flags = OpenFlags::from_bits(bits).ok_or(Errno::EINVAL)?;
    let creates = flags.contains(OpenFlags::CREAT) || flags.contains(OpenFlags::TMPFILE);
    let allowed = if creates { u64::from(Mode::PERMISSIONS) } else { 0 };
    if how.mode & !allowed != 0 {
        return Err(Errno::EINVAL);
    }
    let mode = u32::try_from(how.mode).map_err(|_| Errno::EINVAL)?;
    let mut walk = WalkFlags::empty();
    let mut unknown = how.resolve;
    for (bit, flag) in RESOLVE {
        if how.resolve & bit != 0 {
            walk |= flag;
        }
        unknown &= !bit;
    }
    if unknown != 0 || walk.contains(WalkFlags::BENEATH | WalkFlags::IN_ROOT) {
        return Err(Errno::EINVAL);
    }
    let mut path_buf = PathBuf::new();
    let path = path_buf.read(path)?;
    open_at(cx, dir, path, flags, mode, walk)
}

/// `getcwd(2)`: the length with the terminating zero.
///
/// # Errors
/// `ENOENT` for a directory that is gone, `ERANGE`, `EFAULT`.
pub fn getcwd(cx: &mut Cx<'_>, buf: UserAddr, len: usize) -> SysResult {
    let fs = cx.thread.fs();
    let mut path = path::working_directory(&fs.cwd(), &fs.root())?;
    path.push(0);
    if path.len() > len {
        return Err(Errno::ERANGE);
    }
    user_write_at(buf, path.as_slice())?;
    Ok(path.len())
}

fn enter(cx: &Cx<'_>, place: PathRef) -> SysResult {
    perm::check(&**place.inode(), perm::MAY_EXEC, &cx.thread.cred())?;
    cx.thread.fs().set_cwd(place);
    Ok(0)
}

/// `chdir(2)`.
///
/// # Errors
/// `ENOTDIR`, `EACCES`, and those of the walk.
pub fn chdir(cx: &mut Cx<'_>, path: UserStr) -> SysResult {
    let place = resolve(cx, Fd::CWD, path, WalkFlags::FOLLOW | WalkFlags::DIRECTORY)?;
    enter(cx, place)
}

/// `fchdir(2)`.
///
/// # Errors
/// `EBADF`, `ENOTDIR`, `EACCES`.
pub fn fchdir(cx: &mut Cx<'_>, fd: Fd) -> SysResult {
    let file = cx.thread.files().get_any(fd)?;
    let place = file.path.clone().filter(|place| place.dentry.is_directory());
    enter(cx, place.ok_or(Errno::ENOTDIR)?)
}

/// `chroot(2)`.
///
/// # Errors
/// `EPERM`, `ENOTDIR`, `EACCES`, and those of the walk.
pub fn chroot(cx: &mut Cx<'_>, path: UserStr) -> SysResult {
    let place = resolve(cx, Fd::CWD, path, WalkFlags::FOLLOW | WalkFlags::DIRECTORY)?;
    let cred = cx.thread.cred();
    perm::check(&**place.inode(), perm::MAY_EXEC, &cred)?;
    if !cred.has(Capability::SYS_CHROOT) {
        return Err(Errno::EPERM);
    }
    cx.thread.fs().set_root(place);
    Ok(0)
}

/// `umask(2)`: the old mask.
///
/// # Errors
/// None.
pub fn umask(cx: &mut Cx<'_>, mask: Mode) -> SysResult {
    Ok(usize::try_from(cx.thread.fs().set_umask(mask.0)).unwrap_or(0))
}

/// The longest name that `memfd_create` takes.
const MEMFD_NAME_MAX: usize = 249;

/// `memfd_create(2)`.
///
/// # Errors
/// `EINVAL` for unknown flags or a long name, `EFAULT`, `EMFILE`, `ENOSYS` for huge pages.
pub fn memfd_create(cx: &mut Cx<'_>, name: UserStr, flags: MemfdFlags) -> SysResult {
    if flags.contains(MemfdFlags::HUGETLB) {
        return Err(Errno::ENOSYS);
    }
    if flags.has_unknown() || flags.contains(MemfdFlags::EXEC | MemfdFlags::NOEXEC_SEAL) {
        return Err(Errno::EINVAL);
    }
    let name = user_cstr(name.0, MEMFD_NAME_MAX + 1)?.ok_or(Errno::EINVAL)?;
    let mut shown = alloc::vec::Vec::from(&b"memfd:"[..]);
    shown.extend_from_slice(&name);
    let cred = cx.thread.cred();
    let no_exec = flags.contains(MemfdFlags::NOEXEC_SEAL);
    let mode = if no_exec { 0o666 } else { 0o777 };
    let (place, inode) = root::unnamed_place(&shown, mode, cred.fsuid, cred.fsgid);
    if let Some(pages) = inode.pages() {
        if no_exec {
            pages.allow_sealing();
            pages.add_seals(Seals::EXEC)?;
        } else if flags.contains(MemfdFlags::ALLOW_SEALING) {
            pages.allow_sealing();
        }
    }
    let file: alloc::sync::Arc<dyn File> = inode;
    let file = OpenFile::new(file, OpenFlags::RDWR | OpenFlags::LARGEFILE, Some(place));
    descriptor(cx.thread.files().install(file, flags.contains(MemfdFlags::CLOEXEC))?)
}
