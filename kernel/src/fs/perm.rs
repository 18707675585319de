//! Permissions: may these credentials do that to this inode?

use elfin_syscalls::Errno;

use super::attr::{Attr, FileKind, S_ISGID, S_ISUID, S_ISVTX, S_IXGRP};
use super::dentry::PathRef;
use super::inode::Inode;
use super::mount::MountFlags;
use crate::task::{Capability, Cred, current};

/// May execute, or search a directory.
pub const MAY_EXEC: u32 = 1;
/// May write.
pub const MAY_WRITE: u32 = 2;
/// May read.
pub const MAY_READ: u32 = 4;

/// Execute permission for anybody.
const ANY_EXEC: u32 = 0o111;

/// Checks `mask` (`MAY_*`) against an inode's owner and mode.
///
/// # Errors
/// `EACCES`.
#[inline]
pub fn check(inode: &dyn Inode, mask: u32, cred: &Cred) -> Result<(), Errno> {
    let attr = inode.attr();
    // Mostly it is the owner who asks.
    if attr.uid() == cred.fsuid && mask & !(attr.mode() >> 6) & 7 == 0 {
        return Ok(());
    }
    match check_classes(attr, mask, cred) {
        Err(_) if inode.is_open_to_current() => Ok(()),
        result => result,
    }
}

#[inline(never)]
fn check_classes(attr: &Attr, mask: u32, cred: &Cred) -> Result<(), Errno> {
    let mode = attr.mode();
    let class = if attr.uid() == cred.fsuid {
        mode >> 6
    } else if cred.in_group(attr.gid()) {
        mode >> 3
    } else {
        mode
    };
    if mask & !class & 7 == 0 {
        return Ok(());
    }
    overridden(attr, mode, mask, cred)
}

/// What capabilities allow beyond the mode.
fn overridden(attr: &Attr, mode: u32, mask: u32, cred: &Cred) -> Result<(), Errno> {
    let directory = attr.kind == FileKind::Directory;
    let executable = directory || mask & MAY_EXEC == 0 || mode & ANY_EXEC != 0;
    if executable && cred.has(Capability::DAC_OVERRIDE) {
        return Ok(());
    }
    let reads = mask == MAY_READ || (directory && mask & MAY_WRITE == 0);
    if reads && cred.has(Capability::DAC_READ_SEARCH) { Ok(()) } else { Err(Errno::EACCES) }
}

/// Checks that names may be added to and removed from a directory.
///
/// # Errors
/// `EROFS`, `EACCES`.
pub fn check_change(directory: &PathRef, cred: &Cred) -> Result<(), Errno> {
    check_writable_mount(directory)?;
    check(&**directory.inode(), MAY_WRITE | MAY_EXEC, cred)
}

/// Checks that the mount can be written to.
///
/// # Errors
/// `EROFS`.
pub fn check_writable_mount(place: &PathRef) -> Result<(), Errno> {
    if place.mount.flags.contains(MountFlags::RDONLY) { Err(Errno::EROFS) } else { Ok(()) }
}

/// Checks that `victim` may be removed from `directory`, by its sticky bit.
///
/// # Errors
/// `EPERM`.
pub fn check_sticky(directory: &dyn Inode, victim: &dyn Inode, cred: &Cred) -> Result<(), Errno> {
    let attr = directory.attr();
    let free = attr.mode() & S_ISVTX == 0
        || victim.attr().uid() == cred.fsuid
        || attr.uid() == cred.fsuid
        || cred.has(Capability::FOWNER);
    if free { Ok(()) } else { Err(Errno::EPERM) }
}

/// Whether `cred` owns the inode, or may act as if.
pub fn owns(attr: &Attr, cred: &Cred) -> bool {
    attr.uid() == cred.fsuid || cred.has(Capability::FOWNER)
}

/// The extended attribute that holds a file's capabilities.
pub const CAPS_XATTR: &[u8] = b"security.capability";

/// A write takes the file's capabilities away, and one without privilege its set-id bits.
pub fn clear_setid_on_write(inode: &dyn Inode) {
    let attr = inode.attr();
    let marked = attr.mode() & (S_ISUID | S_ISGID) != 0;
    if marked && !current().cred().has(Capability::FSETID) {
        clear_setid(attr, &current().cred());
    }
    forget_caps(inode);
}

/// Clears the set-id bits as a write or a change of owner by `cred` does: the set-group-ID bit
/// too where it gives the group's rights, or the group is none of `cred`'s.
pub fn clear_setid(attr: &Attr, cred: &Cred) {
    let mode = attr.mode();
    let keep_group =
        mode & S_IXGRP == 0 && (cred.in_group(attr.gid()) || cred.has(Capability::FSETID));
    let gone = if keep_group { S_ISUID } else { S_ISUID | S_ISGID };
    if mode & gone != 0 {
        attr.set_mode(mode & !gone);
    }
}

/// Takes a file's own capabilities away, as any change of its contents or owner does.
pub fn forget_caps(inode: &dyn Inode) {
    if let Some(xattrs) = inode.xattrs().filter(|xattrs| !xattrs.is_unused()) {
        // There may be none.
        let _ = xattrs.remove(CAPS_XATTR);
    }
}
