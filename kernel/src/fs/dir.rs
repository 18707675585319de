//! [`DirectoryFile`]: an open directory, and the listing of its names.

use alloc::sync::Arc;
use core::any::Any;

use elfin_platform::sync::Lazy;
use elfin_syscalls::args::Whence;
use elfin_syscalls::{Errno, SysResult};

use super::dentry::PathRef;
use super::file::{File, OpenFile, seek_within};
use super::inode::Entry;
use super::names::FIRST_COOKIE;
use super::transfer::{Dest, Source};

/// An open directory: all there is to know is in the [`OpenFile`].
pub struct DirectoryFile;

impl DirectoryFile {
    /// The one that all open directories share.
    pub fn shared() -> Arc<dyn File> {
        static SHARED: Lazy<Arc<DirectoryFile>> = Lazy::new(|| Arc::new(DirectoryFile));
        SHARED.clone()
    }
}

impl File for DirectoryFile {
    fn read(&self, _of: &OpenFile, _dst: &mut Dest<'_>) -> SysResult {
        Err(Errno::EISDIR)
    }

    fn write(&self, _of: &OpenFile, _src: &mut Source<'_>) -> SysResult {
        Err(Errno::EBADF)
    }

    fn read_at(&self, _offset: u64, _dst: &mut Dest<'_>) -> SysResult {
        Err(Errno::EISDIR)
    }

    fn seek(&self, of: &OpenFile, offset: i64, whence: Whence) -> SysResult {
        match whence {
            Whence::Set | Whence::Cur => seek_within(of, 0, offset, whence),
            Whence::End | Whence::Data | Whence::Hole => Err(Errno::EINVAL),
        }
    }

    fn pollable(&self) -> bool {
        false
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Calls `emit` for each name in the directory `place` from position `from` on, `.` and `..`
/// first, until it says `false`.
///
/// # Errors
/// `ENOTDIR`, `ENOENT` if the directory was removed, and the file system's.
pub fn list(
    place: &PathRef,
    from: u64,
    emit: &mut dyn FnMut(Entry<'_>) -> bool,
) -> Result<(), Errno> {
    let dentry = &place.dentry;
    if !dentry.is_directory() {
        return Err(Errno::ENOTDIR);
    }
    if dentry.is_deleted() {
        return Err(Errno::ENOENT);
    }
    let inode = dentry.inode();
    let parent = dentry.parent();
    let up = parent.as_ref().unwrap_or(dentry).inode();
    for (at, name, inode) in [(0, &b"."[..], inode), (1, b"..", up)] {
        let attr = inode.attr();
        let entry = Entry { ino: attr.ino, kind: attr.kind, name, next: at + 1 };
        if from <= at && !emit(entry) {
            return Ok(());
        }
    }
    let mut from = from.max(FIRST_COOKIE);
    inode.attr().touch_atime();
    if inode.volatile() {
        return inode.list(from, emit);
    }
    loop {
        let next = dentry.names(|names| {
            let listed = names.next_from(from)?;
            Some((listed.cookie, listed.name.clone(), listed.dentry.clone()))
        })?;
        let Some((cookie, name, child)) = next else { return Ok(()) };
        let attr = child.inode().attr();
        let entry = Entry { ino: attr.ino, kind: attr.kind, name: &name, next: cookie + 1 };
        if !emit(entry) {
            return Ok(());
        }
        from = cookie + 1;
    }
}
