//! [`FifoSlot`]: the pipe behind a FIFO's inode, and the rules of opening one.
//!
//! Opening for reading waits for a writer and the other way round. Somebody who opens and closes
//! at once must be noticed all the same, so openings are counted.

use alloc::sync::{Arc, Weak};
use core::sync::atomic::{AtomicU32, Ordering};

use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;
use elfin_syscalls::args::OpenFlags;

use super::pipe::{Pipe, PipeEnd};
use crate::fs::{File, Inode};
use crate::task::{PollEvents, WaitQueue};

/// The pipe of a FIFO while somebody has it open.
pub struct FifoSlot {
    pipe: SpinLock<Weak<Pipe>>,
    reader_opens: AtomicU32,
    writer_opens: AtomicU32,
    opened: WaitQueue,
}

impl FifoSlot {
    /// Nobody has it open.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            pipe: SpinLock::new(Weak::new()),
            reader_opens: AtomicU32::new(0),
            writer_opens: AtomicU32::new(0),
            opened: WaitQueue::new(),
        }
    }

    fn pipe(&self) -> Result<Arc<Pipe>, Errno> {
        if let Some(pipe) = self.pipe.lock().upgrade() {
            return Ok(pipe);
        }
        let new = Pipe::new()?;
        let mut slot = self.pipe.lock();
        if let Some(pipe) = slot.upgrade() {
            return Ok(pipe);
        }
        *slot = Arc::downgrade(&new);
        Ok(new)
    }

    /// Opens an end, as `fifo(7)` says.
    ///
    /// # Errors
    /// `ENXIO` for a writer that does not wait and finds no reader, `ERESTARTSYS`, `ENOMEM`.
    pub fn open(&self, _inode: &Arc<dyn Inode>, flags: OpenFlags) -> Result<Arc<dyn File>, Errno> {
        let pipe = self.pipe()?;
        let (read, write) = (flags.readable(), flags.writable());
        let wait = !flags.contains(OpenFlags::NONBLOCK);
        if write && !read && !wait && pipe.readers.load(Ordering::Acquire) == 0 {
            return Err(Errno::ENXIO);
        }
        let end = PipeEnd::new(pipe.clone(), read, write);
        if read {
            self.reader_opens.fetch_add(1, Ordering::AcqRel);
        }
        if write {
            self.writer_opens.fetch_add(1, Ordering::AcqRel);
        }
        self.opened.wake_all(PollEvents::empty());
        if wait && read != write {
            let (count, opens) = if read {
                (&pipe.writers, &self.writer_opens)
            } else {
                (&pipe.readers, &self.reader_opens)
            };
            let before = opens.load(Ordering::Acquire);
            let there = || {
                let here = count.load(Ordering::Acquire) > 0;
                (here || opens.load(Ordering::Acquire) != before).then_some(())
            };
            self.opened.wait_until(None, there).map_err(Errno::from)?;
        }
        Ok(end)
    }
}

impl Default for FifoSlot {
    fn default() -> Self {
        Self::new()
    }
}
