//! A regular file of a tmpfs as an open file: the inode itself is the [`File`].

use alloc::sync::Arc;
use core::any::Any;

use elfin_syscalls::args::{OpenFlags, Resource, Whence};
use elfin_syscalls::{Errno, SysResult};

use super::super::attr::{S_ISGID, S_ISUID};
use super::super::file::{APPEND, File, OpenFile, seek_within};
use super::super::inode::{Inode, Mappable};
use super::super::transfer::{Dest, Source};
use super::inode::TmpInode;
use super::pages::Pages;
use crate::task::signal::{SIGXFSZ, raise};
use crate::task::{PollEvents, PollTable, try_current};

impl TmpInode {
    fn contents(&self) -> Result<&Arc<Pages>, Errno> {
        self.pages().ok_or(Errno::EINVAL)
    }

    fn was_read(&self, of: Option<&OpenFile>) {
        if of.is_none_or(|of| !of.flags().contains(OpenFlags::NOATIME)) {
            self.attr().touch_atime();
        }
    }

    fn store(&self, offset: Option<u64>, src: &mut Source<'_>) -> Result<(usize, u64), Errno> {
        let result = self.contents()?.write(offset, src, size_limit())?;
        if result.0 > 0 {
            self.attr().touch_mtime();
            let marked = self.attr().mode() & (S_ISUID | S_ISGID) != 0;
            if marked || self.xattrs().is_some_and(|xattrs| !xattrs.is_unused()) {
                super::super::perm::clear_setid_on_write(self);
            }
        }
        Ok(result)
    }
}

/// How large the running process may make files (`RLIMIT_FSIZE`).
fn size_limit() -> u64 {
    try_current().map_or(u64::MAX, |thread| thread.process.rlimits.soft(Resource::FSIZE))
}

/// Checks that a file may become `len` bytes long.
///
/// # Errors
/// `EFBIG`, with `SIGXFSZ`, beyond `RLIMIT_FSIZE`.
pub fn check_size_limit(len: u64) -> Result<(), Errno> {
    if len <= size_limit() {
        return Ok(());
    }
    raise(SIGXFSZ);
    Err(Errno::EFBIG)
}

impl File for TmpInode {
    fn read(&self, of: &OpenFile, dst: &mut Dest<'_>) -> SysResult {
        let mut position = of.position().lock();
        let n = self.contents()?.read(*position, dst)?;
        *position += n as u64;
        drop(position);
        self.was_read(Some(of));
        Ok(n)
    }

    fn write(&self, of: &OpenFile, src: &mut Source<'_>) -> SysResult {
        let mut position = of.position().lock();
        let append = of.flags().contains(OpenFlags::APPEND);
        let (n, end) = self.store((!append).then_some(*position), src)?;
        *position = end;
        Ok(n)
    }

    fn read_at(&self, offset: u64, dst: &mut Dest<'_>) -> SysResult {
        let n = self.contents()?.read(offset, dst)?;
        self.was_read(None);
        Ok(n)
    }

    fn write_at(&self, offset: u64, src: &mut Source<'_>) -> SysResult {
        self.store((offset != APPEND).then_some(offset), src).map(|(n, _)| n)
    }

    fn poll(&self, _of: &OpenFile, _table: Option<&mut PollTable<'_>>) -> PollEvents {
        PollEvents::READABLE | PollEvents::WRITABLE
    }

    fn pollable(&self) -> bool {
        false
    }

    fn seek(&self, of: &OpenFile, offset: i64, whence: Whence) -> SysResult {
        let pages = self.contents()?;
        if !matches!(whence, Whence::Data | Whence::Hole) {
            return seek_within(of, pages.size(), offset, whence);
        }
        let from = u64::try_from(offset).map_err(|_| Errno::ENXIO)?;
        if from >= pages.size() {
            return Err(Errno::ENXIO);
        }
        let found = pages.seek(from, whence == Whence::Data).ok_or(Errno::ENXIO)?;
        *of.position().lock() = found;
        usize::try_from(found).map_err(|_| Errno::EOVERFLOW)
    }

    fn mapping(&self) -> Option<Arc<dyn Mappable>> {
        let pages: Arc<dyn Mappable> = self.pages()?.clone();
        Some(pages)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
