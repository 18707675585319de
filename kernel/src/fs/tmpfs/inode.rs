//! [`TmpInode`]: an object of a tmpfs.

use alloc::sync::Arc;
use core::any::Any;
use core::sync::atomic::{AtomicU64, Ordering};

use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;
use elfin_syscalls::args::{FallocateMode, OpenFlags};

use super::super::attr::{Attr, FileKind};
use super::super::file::File;
use super::super::inode::{Inode, NewNode, SocketSlot};
use super::super::reserve_memory;
use super::super::xattr::Xattrs;
use super::pages::Pages;
use crate::event::FifoSlot;

/// What `st_size` of a directory is made of, per name (`BOGO_DIRENT_SIZE`).
pub const DIRENT_SIZE: u64 = 20;

/// What the inodes of one file system share.
pub(super) struct Shared {
    pub(super) name: &'static str,
    pub(super) dev: u64,
    next_ino: AtomicU64,
}

impl Shared {
    pub(super) fn new(name: &'static str, dev: u64) -> Self {
        Self { name, dev, next_ino: AtomicU64::new(1) }
    }

    pub(super) fn next_ino(&self) -> u64 {
        self.next_ino.fetch_add(1, Ordering::Relaxed)
    }
}

/// An object of a tmpfs.
pub struct TmpInode {
    attr: Attr,
    shared: Arc<Shared>,
    pub(super) body: Body,
    xattrs: Xattrs,
}

/// What an object holds, by its type.
pub(super) enum Body {
    Regular(Arc<Pages>),
    /// The number of names in it, for its size.
    Directory(AtomicU64),
    Symlink(Arc<[u8]>),
    Fifo(FifoSlot),
    Socket(SocketSlot),
    Device,
}

impl TmpInode {
    fn new(shared: Arc<Shared>, attr: Attr, body: Body) -> Arc<Self> {
        Arc::new(Self { attr, shared, body, xattrs: Xattrs::new() })
    }

    pub(super) fn directory(shared: Arc<Shared>, attr: Attr) -> Arc<Self> {
        Self::new(shared, attr, Body::Directory(AtomicU64::new(0)))
    }

    pub(super) fn regular(shared: Arc<Shared>, attr: Attr) -> Arc<Self> {
        Self::new(shared, attr, Body::Regular(Arc::new(Pages::new())))
    }

    /// The contents of a regular file.
    pub fn pages(&self) -> Option<&Arc<Pages>> {
        match &self.body {
            Body::Regular(pages) => Some(pages),
            _ => None,
        }
    }

    /// Counts a name more or less in this directory, and notes the change.
    fn entries_changed(&self, delta: i64) {
        if let Body::Directory(count) = &self.body {
            count.fetch_add(delta.cast_unsigned(), Ordering::Relaxed);
        }
        self.attr.touch_mtime();
    }

    /// A subdirectory came or went: its `..` is a name of this directory.
    fn subdirectory(&self, inode: &dyn Inode, delta: i32) {
        if inode.kind() == FileKind::Directory {
            self.attr.add_links(delta);
        }
    }

    /// A name of `inode` goes.
    fn drop_name(&self, inode: &Arc<dyn Inode>) {
        self.entries_changed(-1);
        self.subdirectory(&**inode, -1);
        if inode.kind() == FileKind::Directory {
            inode.attr().set_links(0);
            inode.attr().touch_ctime();
        } else {
            inode.attr().add_links(-1);
        }
    }
}

impl Inode for TmpInode {
    fn attr(&self) -> &Attr {
        &self.attr
    }

    fn size(&self) -> u64 {
        match &self.body {
            Body::Regular(pages) => pages.size(),
            Body::Directory(count) => count.load(Ordering::Relaxed) * DIRENT_SIZE,
            Body::Symlink(target) => target.len() as u64,
            Body::Fifo(_) | Body::Socket(_) | Body::Device => 0,
        }
    }

    fn blocks(&self) -> u64 {
        self.pages().map_or(0, |pages| pages.blocks())
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>, Errno> {
        Ok(self)
    }

    fn create(&self, node: NewNode<'_>) -> Result<Arc<dyn Inode>, Errno> {
        reserve_memory()?;
        let body = match node.kind {
            FileKind::Regular => Body::Regular(Arc::new(Pages::new())),
            FileKind::Directory => Body::Directory(AtomicU64::new(0)),
            FileKind::Symlink => Body::Symlink(Arc::from(node.target)),
            FileKind::Fifo => Body::Fifo(FifoSlot::new()),
            FileKind::Socket => Body::Socket(SpinLock::new(None)),
            FileKind::Char | FileKind::Block => Body::Device,
            FileKind::Anonymous => return Err(Errno::EINVAL),
        };
        let (ino, dev) = (self.shared.next_ino(), self.shared.dev);
        let mut attr = Attr::new(ino, dev, node.kind, node.mode, node.uid, node.gid);
        attr.rdev = node.rdev;
        let inode = Self::new(self.shared.clone(), attr, body);
        self.entries_changed(1);
        self.subdirectory(&*inode, 1);
        Ok(inode)
    }

    fn create_unnamed(&self, node: NewNode<'_>) -> Result<Arc<dyn Inode>, Errno> {
        reserve_memory()?;
        let (ino, dev) = (self.shared.next_ino(), self.shared.dev);
        let attr = Attr::new(ino, dev, node.kind, node.mode, node.uid, node.gid);
        attr.set_links(0);
        Ok(Self::regular(self.shared.clone(), attr))
    }

    fn link(&self, inode: &Arc<dyn Inode>) -> Result<(), Errno> {
        reserve_memory()?;
        inode.attr().add_links(1);
        self.entries_changed(1);
        Ok(())
    }

    fn unlink(&self, inode: &Arc<dyn Inode>) -> Result<(), Errno> {
        self.drop_name(inode);
        Ok(())
    }

    fn rename(
        &self,
        moved: &Arc<dyn Inode>,
        to: &Arc<dyn Inode>,
        replaced: Option<&Arc<dyn Inode>>,
    ) -> Result<(), Errno> {
        let to = to.as_any().downcast_ref::<Self>().ok_or(Errno::EXDEV)?;
        if let Some(replaced) = replaced {
            to.drop_name(replaced);
        }
        self.entries_changed(-1);
        self.subdirectory(&**moved, -1);
        to.entries_changed(1);
        to.subdirectory(&**moved, 1);
        moved.attr().touch_ctime();
        Ok(())
    }

    fn readlink(&self) -> Result<Arc<[u8]>, Errno> {
        match &self.body {
            Body::Symlink(target) => Ok(target.clone()),
            _ => Err(Errno::EINVAL),
        }
    }

    fn truncate(&self, len: u64) -> Result<(), Errno> {
        let pages = self.pages().ok_or(Errno::EINVAL)?;
        pages.truncate(len)?;
        self.attr.touch_mtime();
        Ok(())
    }

    fn fallocate(&self, mode: FallocateMode, offset: u64, len: u64) -> Result<(), Errno> {
        let pages = self.pages().ok_or(Errno::ENODEV)?;
        let end = offset.checked_add(len).ok_or(Errno::EFBIG)?;
        let keep_size = mode.contains(FallocateMode::KEEP_SIZE);
        match mode - FallocateMode::KEEP_SIZE {
            FallocateMode::PUNCH_HOLE if keep_size => pages.punch(offset, end)?,
            FallocateMode::ZERO_RANGE => {
                pages.punch(offset, end)?;
                pages.allocate(offset, end, keep_size)?;
            }
            mode if mode.is_empty() => pages.allocate(offset, end, keep_size)?,
            _ => return Err(Errno::EOPNOTSUPP),
        }
        self.attr.touch_mtime();
        Ok(())
    }

    fn xattrs(&self) -> Option<&Xattrs> {
        Some(&self.xattrs)
    }

    fn fifo(&self) -> Option<&FifoSlot> {
        match &self.body {
            Body::Fifo(slot) => Some(slot),
            _ => None,
        }
    }

    fn socket(&self) -> Option<&SocketSlot> {
        match &self.body {
            Body::Socket(slot) => Some(slot),
            _ => None,
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
