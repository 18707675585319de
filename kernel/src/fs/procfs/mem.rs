//! `/proc/<pid>/mem`: a process's memory as a file, for those who may look into it.

use alloc::sync::Arc;
use core::any::Any;

use elfin_syscalls::args::{OpenFlags, Whence};
use elfin_syscalls::{Errno, SysResult};

use super::super::attr::Attr;
use super::super::file::{File, OpenFile, read_at_position, seek_within};
use super::super::inode::Inode;
use super::super::transfer::{Dest, Source};
use super::subject::Subject;
use crate::mm::{AddressSpace, PAGE_SIZE};

/// The file.
pub(super) struct MemoryInode {
    attr: Attr,
    subject: Subject,
}

impl MemoryInode {
    pub(super) fn new(attr: Attr, subject: Subject) -> Self {
        Self { attr, subject }
    }
}

impl Inode for MemoryInode {
    fn attr(&self) -> &Attr {
        &self.attr
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>, Errno> {
        let thread = self.subject.check_access()?;
        Ok(Arc::new(MemoryFile(thread.map(|thread| thread.mm().clone()))))
    }

    fn truncate(&self, _len: u64) -> Result<(), Errno> {
        Ok(())
    }

    fn may_set_attr(&self) -> Result<(), Errno> {
        Err(Errno::EPERM)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// An open one: it stays with the program that ran then.
struct MemoryFile(Option<Arc<AddressSpace>>);

impl MemoryFile {
    /// Copies page by page from `offset` on, while `copy(address, bytes)` can.
    fn transfer(
        &self,
        offset: u64,
        len: usize,
        mut copy: impl FnMut(&AddressSpace, usize, &mut [u8]) -> Result<usize, Errno>,
    ) -> SysResult {
        let Some(mm) = &self.0 else { return Ok(0) };
        let start = usize::try_from(offset).map_err(|_| Errno::EIO)?;
        let mut page = [0; PAGE_SIZE];
        let mut done = 0;
        while done < len {
            let at = start.checked_add(done).ok_or(Errno::EIO)?;
            let part = (PAGE_SIZE - at % PAGE_SIZE).min(len - done);
            match copy(mm, at, page.get_mut(..part).unwrap_or_default()) {
                Ok(n) if n == part => done += n,
                Ok(n) if done + n > 0 => return Ok(done + n),
                Err(_) if done > 0 => return Ok(done),
                Ok(_) => return Err(Errno::EIO),
                Err(errno) => return Err(errno),
            }
        }
        Ok(done)
    }
}

impl File for MemoryFile {
    fn read(&self, of: &OpenFile, dst: &mut Dest<'_>) -> SysResult {
        read_at_position(self, of, dst)
    }

    fn read_at(&self, offset: u64, dst: &mut Dest<'_>) -> SysResult {
        self.transfer(offset, dst.remaining(), |mm, at, bytes| {
            let n = mm.peek(at, bytes);
            dst.put(bytes.get(..n).unwrap_or_default())
        })
    }

    fn write(&self, of: &OpenFile, src: &mut Source<'_>) -> SysResult {
        let mut position = of.position().lock();
        let n = self.write_at(*position, src)?;
        *position += n as u64;
        Ok(n)
    }

    fn write_at(&self, offset: u64, src: &mut Source<'_>) -> SysResult {
        self.transfer(offset, src.remaining(), |mm, at, bytes| {
            let n = src.take(bytes)?;
            mm.poke(at, bytes.get(..n).unwrap_or_default()).map_err(|_| Errno::EIO)?;
            Ok(n)
        })
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
