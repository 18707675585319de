//! Changing the tree: making, linking and removing names.
//!
//! Each takes the walk to the parent directory, locks its names, looks again, checks, asks the
//! file system, and then changes the tree. The order of the checks is Linux's, for it decides
//! which error a program sees. Neighbour: [`super::rename`] moves names.

use alloc::sync::Arc;

use elfin_syscalls::Errno;

use super::attr::{FileKind, S_ISGID, S_IXGRP};
use super::dentry::{Dentry, PathRef};
use super::inode::{Inode, NewNode};
use super::mount::Mount;
use super::perm;
use super::walk::{Last, Walker};
use super::watch;
use crate::task::{Capability, Cred};

/// A name to be made: a file of this type.
#[derive(Clone, Copy, Debug)]
pub struct Make<'a> {
    /// The type of file.
    pub kind: FileKind,
    /// Permission bits, the file creation mask applied.
    pub mode: u32,
    /// The device, for a device node.
    pub rdev: u64,
    /// The text, for a symbolic link.
    pub target: &'a [u8],
}

impl Make<'_> {
    /// A file of `kind` with the permissions `mode`.
    #[must_use]
    pub const fn new(kind: FileKind, mode: u32) -> Self {
        Self { kind, mode, rdev: 0, target: &[] }
    }
}

/// Makes a new name (`mkdir`, `mknod`, `symlink`, and binding a socket).
///
/// # Errors
/// `EEXIST`, `ENOENT`, `EROFS`, `EACCES`, `EPERM`, `ENOSPC`, and those of the walk.
pub fn make(walker: &mut Walker, path: &[u8], make: Make<'_>) -> Result<PathRef, Errno> {
    let parent = walker.resolve_parent(path)?;
    let Last::Name(name) = parent.last else { return Err(Errno::EEXIST) };
    let dir = &parent.dir;
    let _change = dir.dentry.change()?;
    match dir.dentry.lookup(&name) {
        Ok(_) => return Err(Errno::EEXIST),
        Err(Errno::ENOENT) if parent.slash && make.kind != FileKind::Directory => {
            return Err(Errno::ENOENT);
        }
        Err(Errno::ENOENT) => {}
        Err(errno) => return Err(errno),
    }
    let dentry = make_locked(dir, &name, make, &walker.cred)?;
    Ok(PathRef::new(dir.mount.clone(), dentry))
}

/// Makes the free name `name` in `dir`, whose change lock is held.
///
/// # Errors
/// `ENOENT` if `dir` is gone, `EROFS`, `EACCES`, `EPERM`, `ENOSPC`.
pub fn make_locked(
    dir: &PathRef,
    name: &[u8],
    make: Make<'_>,
    cred: &Cred,
) -> Result<Arc<Dentry>, Errno> {
    perm::check_writable_mount(dir)?;
    if dir.dentry.is_deleted() {
        return Err(Errno::ENOENT);
    }
    perm::check_change(dir, cred)?;
    let device = matches!(make.kind, FileKind::Char | FileKind::Block);
    if device && !cred.has(Capability::MKNOD) {
        return Err(Errno::EPERM);
    }
    let inode = dir.inode();
    dir.dentry.reserve()?;
    let new = inode.create(inherit(&**inode, make, cred))?;
    let dentry = dir.dentry.attach(name, new)?;
    watch::created(&dentry, false);
    Ok(dentry)
}

/// Owner, group and mode of something new in `dir`.
pub(crate) fn inherit<'a>(dir: &dyn Inode, make: Make<'a>, cred: &Cred) -> NewNode<'a> {
    let parent = dir.attr();
    let (mut mode, mut gid) = (make.mode, cred.fsgid);
    if parent.mode() & S_ISGID != 0 {
        gid = parent.gid();
        if make.kind == FileKind::Directory {
            mode |= S_ISGID;
        } else if mode & S_IXGRP != 0 && !cred.in_group(gid) && !cred.has(Capability::FSETID) {
            mode &= !S_ISGID;
        }
    }
    NewNode { kind: make.kind, mode, uid: cred.fsuid, gid, rdev: make.rdev, target: make.target }
}

/// Gives what is at `old` a further name (`link`).
///
/// # Errors
/// `EPERM` for a directory, `EXDEV`, `EEXIST`, and those of the walk.
pub fn link(walker: &mut Walker, old: &PathRef, path: &[u8]) -> Result<(), Errno> {
    let parent = walker.resolve_parent(path)?;
    let Last::Name(name) = parent.last else { return Err(Errno::EEXIST) };
    let dir = &parent.dir;
    let _change = dir.dentry.change()?;
    match dir.dentry.lookup(&name) {
        Ok(_) => return Err(Errno::EEXIST),
        Err(Errno::ENOENT) if parent.slash => return Err(Errno::ENOENT),
        Err(Errno::ENOENT) => {}
        Err(errno) => return Err(errno),
    }
    // Not the mounts, but what is mounted, as for a file without a name.
    if old.mount.fs.dev() != dir.mount.fs.dev() {
        return Err(Errno::EXDEV);
    }
    if dir.dentry.is_deleted() {
        return Err(Errno::ENOENT);
    }
    perm::check_change(dir, &walker.cred)?;
    let inode = old.inode();
    if inode.kind() == FileKind::Directory {
        return Err(Errno::EPERM);
    }
    dir.dentry.reserve()?;
    dir.inode().link(inode)?;
    let dentry = dir.dentry.attach(&name, inode.clone())?;
    watch::created(&dentry, true);
    Ok(())
}

/// Removes the name of something that is no directory.
///
/// # Errors
/// `EISDIR`, `ENOTDIR`, `ENOENT`, `EACCES`, `EPERM`, `EROFS`, and those of the walk.
pub fn unlink(walker: &mut Walker, path: &[u8]) -> Result<(), Errno> {
    let parent = walker.resolve_parent(path)?;
    let Last::Name(name) = parent.last else { return Err(Errno::EISDIR) };
    let dir = &parent.dir;
    let _change = dir.dentry.change()?;
    let victim = dir.dentry.lookup(&name)?;
    if parent.slash {
        return Err(if victim.is_directory() { Errno::EISDIR } else { Errno::ENOTDIR });
    }
    check_removal(dir, &victim, false, &walker.cred)?;
    dir.inode().unlink(victim.inode())?;
    victim.detach();
    watch::removed(&victim);
    Ok(())
}

/// Removes an empty directory.
///
/// # Errors
/// `ENOTDIR`, `ENOTEMPTY`, `EBUSY`, `EINVAL` for `.`, and as [`unlink`].
pub fn rmdir(walker: &mut Walker, path: &[u8]) -> Result<(), Errno> {
    let parent = walker.resolve_parent(path)?;
    let name = match parent.last {
        Last::Name(name) => name,
        Last::Dot => return Err(Errno::EINVAL),
        Last::DotDot => return Err(Errno::ENOTEMPTY),
        Last::Root => return Err(Errno::EBUSY),
    };
    let dir = &parent.dir;
    let _change = dir.dentry.change()?;
    let victim = dir.dentry.lookup(&name)?;
    check_removal(dir, &victim, true, &walker.cred)?;
    // Nobody makes a name in it meanwhile.
    let inside = victim.change()?;
    if !victim.is_empty() {
        return Err(Errno::ENOTEMPTY);
    }
    dir.inode().unlink(victim.inode())?;
    victim.detach();
    drop(inside);
    watch::removed(&victim);
    Ok(())
}

/// Checks that `victim` may be removed from `dir`, as what `directory` says.
///
/// # Errors
/// `EROFS`, `EACCES`, `EPERM`, `ENOTDIR`, `EISDIR`, `EBUSY`.
pub(super) fn check_removal(
    dir: &PathRef,
    victim: &Arc<Dentry>,
    directory: bool,
    cred: &Cred,
) -> Result<(), Errno> {
    perm::check_change(dir, cred)?;
    perm::check_sticky(&**dir.inode(), &**victim.inode(), cred)?;
    match (directory, victim.is_directory()) {
        (true, false) => return Err(Errno::ENOTDIR),
        (false, true) => return Err(Errno::EISDIR),
        _ => {}
    }
    if Mount::is_mount_point(victim) { Err(Errno::EBUSY) } else { Ok(()) }
}
