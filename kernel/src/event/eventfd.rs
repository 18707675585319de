//! [`EventFd`]: a counter that can be waited for.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::any::Any;
use core::sync::atomic::{AtomicU64, Ordering};

use elfin_syscalls::{Errno, SysResult};

use crate::fs::{Dest, File, OpenFile, Source};
use crate::task::{PollEvents, PollTable, WaitQueue};

/// The largest count; one more is the mark of an overflow.
const MAX: u64 = u64::MAX - 1;
/// What reads and writes transfer.
const SIZE: usize = size_of::<u64>();

/// A counter.
pub struct EventFd {
    count: AtomicU64,
    /// Reads take one, not all.
    semaphore: bool,
    queue: WaitQueue,
}

impl EventFd {
    /// A counter that starts at `count`.
    #[must_use]
    pub fn new(count: u32, semaphore: bool) -> Arc<Self> {
        let count = AtomicU64::new(u64::from(count));
        Arc::new(Self { count, semaphore, queue: WaitQueue::new() })
    }

    /// Counts one more, unless it can count no further.
    pub fn signal(&self) {
        if self.add(1).is_some() {
            self.queue.wake_all(PollEvents::READABLE);
        }
    }

    fn take(&self) -> Option<u64> {
        let left = |count: u64| match count {
            0 => None,
            _ if self.semaphore => Some(count - 1),
            _ => Some(0),
        };
        let before = self.count.fetch_update(Ordering::AcqRel, Ordering::Acquire, left).ok()?;
        Some(if self.semaphore { 1 } else { before })
    }

    fn add(&self, value: u64) -> Option<()> {
        let sum = |count: u64| count.checked_add(value).filter(|&sum| sum <= MAX);
        self.count.fetch_update(Ordering::AcqRel, Ordering::Acquire, sum).ok().map(drop)
    }
}

impl File for EventFd {
    fn read(&self, of: &OpenFile, dst: &mut Dest<'_>) -> SysResult {
        if dst.remaining() < SIZE {
            return Err(Errno::EINVAL);
        }
        let value = match self.take() {
            Some(value) => value,
            None if of.nonblocking() => return Err(Errno::EAGAIN),
            None => self.queue.wait_until(None, || self.take())?,
        };
        self.queue.wake_all(PollEvents::WRITABLE);
        dst.put(&value.to_ne_bytes())
    }

    fn write(&self, of: &OpenFile, src: &mut Source<'_>) -> SysResult {
        let mut bytes = [0; SIZE];
        if src.remaining() < SIZE {
            return Err(Errno::EINVAL);
        }
        if src.take(&mut bytes)? < SIZE {
            return Err(Errno::EFAULT);
        }
        let value = u64::from_ne_bytes(bytes);
        if value > MAX {
            return Err(Errno::EINVAL);
        }
        if self.add(value).is_none() {
            if of.nonblocking() {
                return Err(Errno::EAGAIN);
            }
            self.queue.wait_until(None, || self.add(value))?;
        }
        self.queue.wake_all(PollEvents::READABLE);
        Ok(SIZE)
    }

    fn poll(&self, _of: &OpenFile, table: Option<&mut PollTable<'_>>) -> PollEvents {
        if let Some(table) = table {
            table.add(&self.queue);
        }
        let count = self.count.load(Ordering::Acquire);
        let mut events = PollEvents::empty();
        if count > 0 {
            events |= PollEvents::IN;
        }
        if count < MAX {
            events |= PollEvents::OUT;
        }
        events
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn describe(&self) -> String {
        String::from("anon_inode:[eventfd]")
    }

    fn fdinfo(&self, _of: &OpenFile) -> String {
        format!("eventfd-count: {:16x}\n", self.count.load(Ordering::Relaxed))
    }
}
