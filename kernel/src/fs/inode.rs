//! [`Inode`]: an object of a file system, and [`Mappable`]: pages that can be mapped.
//!
//! An inode has attributes ([`Attr`]), contents by its kind, and, if it is a directory, the
//! operations that change what is in it. Names are not its business: [`super::Dentry`] holds the
//! tree, asks a directory only for names that it does not know, and tells it of every change.
//! Who may do what has been checked by the caller ([`super::namei`]).

use alloc::sync::{Arc, Weak};
use core::any::Any;

use elfin_platform::mm::Frame;
use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;
use elfin_syscalls::args::{FallocateMode, OpenFlags};

use super::attr::{Attr, FileKind, FileStat};
use super::dentry::PathRef;
use super::file::File;
use super::xattr::Xattrs;

/// An object of a file system.
pub trait Inode: Send + Sync + Any {
    /// The attributes.
    fn attr(&self) -> &Attr;

    /// The type of file.
    fn kind(&self) -> FileKind {
        self.attr().kind
    }

    /// The size in bytes.
    fn size(&self) -> u64 {
        0
    }

    /// Allocated units of 512 bytes.
    fn blocks(&self) -> u64 {
        0
    }

    /// What `stat` tells.
    ///
    /// # Errors
    /// `ESRCH` or the like for what is gone.
    fn stat(&self) -> Result<FileStat, Errno> {
        Ok(self.attr().stat(self.size(), self.blocks()))
    }

    /// Makes the file behind a descriptor. For regular files and what the file system makes up
    /// itself; devices, FIFOs and directories are opened by the caller.
    ///
    /// # Errors
    /// By default `ENXIO`.
    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>, Errno> {
        Err(Errno::ENXIO)
    }

    /// Finds a name that the tree does not know.
    ///
    /// # Errors
    /// By default `ENOENT`: the tree knows all names.
    fn lookup(&self, _name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        Err(Errno::ENOENT)
    }

    /// Whether the directory's names come and go by themselves (procfs): they are looked up
    /// each time, and listed by [`list`](Self::list).
    fn volatile(&self) -> bool {
        false
    }

    /// Lists a volatile directory: calls `emit` for each entry from `from` on, until it says
    /// `false`.
    ///
    /// # Errors
    /// By default none: it is empty.
    fn list(&self, _from: u64, _emit: &mut dyn FnMut(Entry<'_>) -> bool) -> Result<(), Errno> {
        Ok(())
    }

    /// Makes a new object for a name in this directory.
    ///
    /// # Errors
    /// By default `EPERM`, as Linux says for file systems without this; `ENOSPC`.
    fn create(&self, _node: NewNode<'_>) -> Result<Arc<dyn Inode>, Errno> {
        Err(Errno::EPERM)
    }

    /// Makes a new regular file without a name (`O_TMPFILE`).
    ///
    /// # Errors
    /// By default `EOPNOTSUPP`; `ENOSPC`.
    fn create_unnamed(&self, _node: NewNode<'_>) -> Result<Arc<dyn Inode>, Errno> {
        Err(Errno::EOPNOTSUPP)
    }

    /// A further name for `inode` is about to appear in this directory.
    ///
    /// # Errors
    /// By default `EPERM`.
    fn link(&self, _inode: &Arc<dyn Inode>) -> Result<(), Errno> {
        Err(Errno::EPERM)
    }

    /// A name of `inode` is about to disappear from this directory (`unlink` and `rmdir`; a
    /// directory is empty).
    ///
    /// # Errors
    /// By default `EPERM`.
    fn unlink(&self, _inode: &Arc<dyn Inode>) -> Result<(), Errno> {
        Err(Errno::EPERM)
    }

    /// `moved` is about to move from this directory to `to` (which may be the same), where
    /// `replaced` disappears.
    ///
    /// # Errors
    /// By default `EPERM`.
    fn rename(
        &self,
        _moved: &Arc<dyn Inode>,
        _to: &Arc<dyn Inode>,
        _replaced: Option<&Arc<dyn Inode>>,
    ) -> Result<(), Errno> {
        Err(Errno::EPERM)
    }

    /// The text of a symbolic link.
    ///
    /// # Errors
    /// By default `EINVAL`: it is none.
    fn readlink(&self) -> Result<Arc<[u8]>, Errno> {
        Err(Errno::EINVAL)
    }

    /// Where a link leads that is more than its text (`/proc/self/fd/0`).
    ///
    /// # Errors
    /// Those of finding out.
    fn follow(&self) -> Result<Option<PathRef>, Errno> {
        Ok(None)
    }

    /// Changes the size of a regular file.
    ///
    /// # Errors
    /// By default `EINVAL`; `EFBIG`, `EPERM` by seals.
    fn truncate(&self, _len: u64) -> Result<(), Errno> {
        Err(Errno::EINVAL)
    }

    /// Allocates, frees or clears a range of a regular file; the range is not empty.
    ///
    /// # Errors
    /// By default `EOPNOTSUPP`; `ENOSPC`, `EFBIG`, `EPERM` by seals.
    fn fallocate(&self, _mode: FallocateMode, _offset: u64, _len: u64) -> Result<(), Errno> {
        Err(Errno::EOPNOTSUPP)
    }

    /// Whether attributes can be changed (`chmod`, `chown`, `utimensat`).
    ///
    /// # Errors
    /// By default none.
    fn may_set_attr(&self) -> Result<(), Errno> {
        Ok(())
    }

    /// Whether the running thread may do everything here, whatever owner and mode say.
    fn is_open_to_current(&self) -> bool {
        false
    }

    /// The extended attributes, where the file system has them.
    fn xattrs(&self) -> Option<&Xattrs> {
        None
    }

    /// The pipe behind a FIFO.
    fn fifo(&self) -> Option<&crate::event::FifoSlot> {
        None
    }

    /// The place for the socket that is bound to this name.
    fn socket(&self) -> Option<&SocketSlot> {
        None
    }

    /// For downcasts within a file system.
    fn as_any(&self) -> &dyn Any;
}

/// What a bound AF_UNIX socket leaves in its inode; the socket layer downcasts it.
pub type SocketSlot = SpinLock<Option<Weak<dyn Any + Send + Sync>>>;

/// An entry of a volatile directory.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The inode number.
    pub ino: u64,
    /// The type of file.
    pub kind: FileKind,
    /// The name.
    pub name: &'a [u8],
    /// Where the listing goes on after this entry.
    pub next: u64,
}

/// An object to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewNode<'a> {
    /// The type of file.
    pub kind: FileKind,
    /// The permission bits, the file creation mask applied.
    pub mode: u32,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// The device, for a device node.
    pub rdev: u64,
    /// The text, for a symbolic link.
    pub target: &'a [u8],
}

/// Pages that can be mapped: the contents of a regular file, or shared memory.
pub trait Mappable: Send + Sync {
    /// The frame of page `index`. Mappings and `read` and `write` share it; a private mapping
    /// copies before it writes. With `write` the caller is about to write to the file's page.
    ///
    /// # Errors
    /// `EFAULT` past the end of the file (`SIGBUS`), `ENOMEM` out of memory.
    fn frame(&self, index: u64, write: bool) -> Result<Frame, Errno>;

    /// The frame of page `index` if it is there already, for mapping ahead of faults.
    fn peek(&self, _index: u64) -> Option<Frame> {
        None
    }

    /// The size in bytes.
    fn len(&self) -> u64;

    /// Whether it is empty.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a shared mapping may be made, or made writable.
    ///
    /// # Errors
    /// `EPERM` by a seal against writing.
    fn check_map(&self, _shared: bool, _writable: bool) -> Result<(), Errno> {
        Ok(())
    }

    /// Makes the pages `first..end` read as zeroes, and gives their memory back.
    ///
    /// # Errors
    /// By default `EOPNOTSUPP`.
    fn punch(&self, _first: u64, _end: u64) -> Result<(), Errno> {
        Err(Errno::EOPNOTSUPP)
    }

    /// Whether neighbouring mappings that could be one become one.
    fn joins(&self) -> bool {
        true
    }

    /// A mapping of the file appears (`delta` 1) or disappears (-1), also by being cut into two or
    /// joined with another; `shared_writable` tells those that hold back a seal against writing.
    fn mapped(&self, _delta: i32, _shared_writable: bool) {}
}
