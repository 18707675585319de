//! From the path arguments of a call to a place: shared by the families about paths.

use alloc::sync::Arc;

use elfin_syscalls::Errno;
use elfin_syscalls::args::{AtFlags, Fd, UserStr};

use super::Cx;
use crate::fs::path::PathBuf;
use crate::fs::walk::{WalkFlags, Walker};
use crate::fs::{FileStat, Inode, OpenFile, PathRef};
use crate::task::Cred;

/// What a descriptor and a path lead to.
pub(super) enum Target {
    /// A place in the tree.
    Place(PathRef),
    /// The open file itself, by an empty path.
    File(Arc<OpenFile>),
}

impl Target {
    /// The inode.
    ///
    /// # Errors
    /// `EBADF` for a file that has none.
    pub(super) fn inode(&self) -> Result<&Arc<dyn Inode>, Errno> {
        match self {
            Self::Place(place) => Ok(place.inode()),
            Self::File(file) => file.inode().ok_or(Errno::EBADF),
        }
    }

    /// The place.
    ///
    /// # Errors
    /// `EBADF` for a file that has none.
    pub(super) fn place(&self) -> Result<&PathRef, Errno> {
        match self {
            Self::Place(place) => Ok(place),
            Self::File(file) => file.path.as_ref().ok_or(Errno::EBADF),
        }
    }

    /// The attributes.
    ///
    /// # Errors
    /// The file's.
    pub(super) fn stat(&self) -> Result<FileStat, Errno> {
        match self {
            Self::Place(place) => place.inode().stat(),
            Self::File(file) => file.stat(),
        }
    }
}

/// A walk from the directory `dir`, which a path from the root makes superfluous.
///
/// # Errors
/// `EBADF`, `ENOTDIR`.
pub(super) fn walker(cx: &Cx<'_>, dir: Fd, path: &[u8], flags: WalkFlags) -> Result<Walker, Errno> {
    walker_as(cx, dir, path, flags, cx.thread.cred())
}

/// The same, with the permissions of `cred`.
///
/// # Errors
/// `EBADF`, `ENOTDIR`.
pub(super) fn walker_as(
    cx: &Cx<'_>,
    dir: Fd,
    path: &[u8],
    flags: WalkFlags,
    cred: Arc<Cred>,
) -> Result<Walker, Errno> {
    let scoped = flags.intersects(WalkFlags::BENEATH | WalkFlags::IN_ROOT);
    if path.first() == Some(&b'/') && !scoped {
        return Ok(Walker::from_root(cx.thread.fs(), cred, flags));
    }
    let start = if dir == Fd::CWD {
        None
    } else {
        let file = cx.thread.files().get_any(dir)?;
        Some(file.path.clone().ok_or(Errno::ENOTDIR)?)
    };
    Ok(Walker::new(cx.thread.fs(), cred, start, flags))
}

/// Finds what is at a path.
///
/// # Errors
/// `EFAULT`, `EBADF`, and those of the walk.
pub(super) fn resolve(
    cx: &Cx<'_>,
    dir: Fd,
    path: UserStr,
    flags: WalkFlags,
) -> Result<PathRef, Errno> {
    let mut path_buf = PathBuf::new();
    let path = path_buf.read(path)?;
    walker(cx, dir, path, flags)?.resolve(path)
}

/// Finds what a descriptor and a path lead to, with `AT_EMPTY_PATH` and `AT_SYMLINK_NOFOLLOW`
/// as `flags` have them.
///
/// # Errors
/// As [`resolve`].
pub(super) fn target(cx: &Cx<'_>, dir: Fd, path: UserStr, flags: AtFlags) -> Result<Target, Errno> {
    let empty = flags.contains(AtFlags::EMPTY_PATH);
    if empty && path.is_null() {
        return open_file(cx, dir);
    }
    let mut path_buf = PathBuf::new();
    let path = path_buf.read(path)?;
    if path.is_empty() && empty {
        return open_file(cx, dir);
    }
    let follow = !flags.contains(AtFlags::SYMLINK_NOFOLLOW);
    let walk = if follow { WalkFlags::FOLLOW } else { WalkFlags::empty() };
    walker(cx, dir, path, walk)?.resolve(path).map(Target::Place)
}

fn open_file(cx: &Cx<'_>, fd: Fd) -> Result<Target, Errno> {
    if fd == Fd::CWD {
        return Ok(Target::Place(cx.thread.fs().cwd()));
    }
    cx.thread.files().get_any(fd).map(Target::File)
}
