//! Watching files: `inotify_init`, `inotify_add_watch`, `inotify_rm_watch`.

use alloc::sync::Arc;

use elfin_syscalls::abi::{
    IN_ALL_EVENTS, IN_DONT_FOLLOW, IN_EXCL_UNLINK, IN_IGNORED, IN_ISDIR, IN_MASK_ADD,
    IN_MASK_CREATE, IN_ONESHOT, IN_ONLYDIR, IN_Q_OVERFLOW, IN_UNMOUNT,
};
use elfin_syscalls::args::{Fd, InotifyFlags, OpenFlags, UserStr};
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::open::descriptor;
use super::paths::resolve;
use crate::event::inotify::Inotify;
use crate::fs::walk::WalkFlags;
use crate::fs::{OpenFile, perm};

/// The bits that a mask may have.
const KNOWN: u32 = IN_ALL_EVENTS
    | IN_UNMOUNT
    | IN_Q_OVERFLOW
    | IN_IGNORED
    | IN_ONLYDIR
    | IN_DONT_FOLLOW
    | IN_EXCL_UNLINK
    | IN_MASK_ADD
    | IN_MASK_CREATE
    | IN_ISDIR
    | IN_ONESHOT;

/// `inotify_init(2)` without flags.
///
/// # Errors
/// `EMFILE`, `ENOMEM`.
pub fn inotify_init(cx: &mut Cx<'_>) -> SysResult {
    inotify_init1(cx, InotifyFlags::empty())
}

/// `inotify_init1(2)`.
///
/// # Errors
/// `EMFILE`, `ENOMEM`.
pub fn inotify_init1(cx: &mut Cx<'_>, flags: InotifyFlags) -> SysResult {
    let mut open = OpenFlags::RDONLY;
    open.set(OpenFlags::NONBLOCK, flags.contains(InotifyFlags::NONBLOCK));
    let file = OpenFile::new(Inotify::new()?, open, None);
    descriptor(cx.thread.files().install(file, flags.contains(InotifyFlags::CLOEXEC))?)
}

fn inotify(file: &Arc<OpenFile>) -> Result<&Inotify, Errno> {
    file.file.as_any().downcast_ref().ok_or(Errno::EINVAL)
}

/// `inotify_add_watch(2)`: the watch's number.
///
/// # Errors
/// `EINVAL`, `EBADF`, `EACCES`, `EEXIST`, `ENOSPC`, `ENOMEM`, and those of the walk.
pub fn inotify_add_watch(cx: &mut Cx<'_>, fd: Fd, path: UserStr, mask: u32) -> SysResult {
    if mask == 0 || mask & !KNOWN != 0 {
        return Err(Errno::EINVAL);
    }
    let file = cx.file(fd)?;
    if mask & IN_MASK_ADD != 0 && mask & IN_MASK_CREATE != 0 {
        return Err(Errno::EINVAL);
    }
    let queue = inotify(&file)?;
    let mut walk = WalkFlags::FOLLOW;
    if mask & IN_DONT_FOLLOW != 0 {
        walk -= WalkFlags::FOLLOW;
    }
    if mask & IN_ONLYDIR != 0 {
        walk |= WalkFlags::DIRECTORY;
    }
    let place = resolve(cx, Fd::CWD, path, walk)?;
    perm::check(&**place.inode(), perm::MAY_READ, &cx.thread.cred())?;
    let number = queue.watch(place.inode(), mask)?;
    usize::try_from(number).map_err(|_| Errno::ENOSPC)
}

/// `inotify_rm_watch(2)`.
///
/// # Errors
/// `EBADF`, `EINVAL`.
pub fn inotify_rm_watch(cx: &mut Cx<'_>, fd: Fd, watch: i32) -> SysResult {
    let file = cx.file(fd)?;
    inotify(&file)?.unwatch(watch)?;
    Ok(0)
}
