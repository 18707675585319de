//! Pipes: [`Pipe`] holds the bytes, [`PipeEnd`] is one of its open files.
//!
//! Writes of up to [`PIPE_BUF`] bytes go in whole or wait. The bytes are behind a sleeping lock,
//! for copies from and to the program happen under it; what `poll` and sleepers look at are
//! atomics beside it.

use alloc::sync::Arc;
use core::any::Any;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use elfin_platform::mm::PAGE_SIZE;
use elfin_syscalls::args::{IoctlCmd, UserAddr, UserOut};
use elfin_syscalls::{Errno, SysResult};

use super::ring::Ring;
use crate::fs::attr::{FileKind, FileStat, Times, next_anonymous_ino};
use crate::fs::transfer::partial;
use crate::fs::{Dest, File, OpenFile, Source};
use crate::sys::Cx;
use crate::sys::usercopy::user_write;
use crate::task::signal::{SIGPIPE, raise};
use crate::task::{Mutex, PollEvents, PollTable, WaitQueue, current};

/// Writes up to this size are atomic.
pub const PIPE_BUF: usize = 4096;
/// The pages of a new pipe.
const DEFAULT_PAGES: usize = 16;
/// The largest size that anybody may set (`/proc/sys/fs/pipe-max-size`).
pub const MAX_SIZE: usize = 1024 * 1024;

/// The bytes between writers and readers.
pub struct Pipe {
    ring: Mutex<Ring>,
    used: AtomicUsize,
    capacity: AtomicUsize,
    pub(super) readers: AtomicU32,
    pub(super) writers: AtomicU32,
    readable: WaitQueue,
    writable: WaitQueue,
    stat: FileStat,
}

impl Pipe {
    /// An empty pipe that nobody has open.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn new() -> Result<Arc<Self>, Errno> {
        let now = elfin_platform::time::wall();
        let cred = current().cred();
        Ok(Arc::new(Self {
            ring: Mutex::new(Ring::new(DEFAULT_PAGES)?),
            used: AtomicUsize::new(0),
            capacity: AtomicUsize::new(DEFAULT_PAGES * PAGE_SIZE),
            readers: AtomicU32::new(0),
            writers: AtomicU32::new(0),
            readable: WaitQueue::new(),
            writable: WaitQueue::new(),
            stat: FileStat {
                dev: crate::fs::pipe_dev(),
                ino: next_anonymous_ino(),
                mode: FileKind::Fifo.mode_bits() | 0o600,
                nlink: 1,
                uid: cred.fsuid,
                gid: cred.fsgid,
                block_size: FileStat::BLOCK_SIZE,
                times: Times { atime: now, mtime: now, ctime: now, btime: now },
                ..FileStat::default()
            },
        }))
    }

    fn used(&self) -> usize {
        self.used.load(Ordering::Acquire)
    }

    fn room(&self) -> usize {
        self.capacity.load(Ordering::Acquire).saturating_sub(self.used())
    }

    fn has_writers(&self) -> bool {
        self.writers.load(Ordering::Acquire) > 0
    }

    fn has_readers(&self) -> bool {
        self.readers.load(Ordering::Acquire) > 0
    }

    /// Notes how full the ring is.
    fn publish(&self, ring: &Ring) {
        self.used.store(ring.len(), Ordering::Release);
    }

    /// Takes bytes out, waiting for some unless `nonblocking`. 0 when there is no writer.
    ///
    /// # Errors
    /// `EAGAIN`, `EFAULT`, `ERESTARTSYS`.
    pub fn read(&self, dst: &mut Dest<'_>, nonblocking: bool) -> SysResult {
        if dst.remaining() == 0 {
            return Ok(0);
        }
        loop {
            let mut ring = self.ring.lock();
            if !ring.is_empty() {
                let n = ring.pop(dst)?;
                self.publish(&ring);
                drop(ring);
                self.writable.wake_all(PollEvents::WRITABLE);
                return Ok(n);
            }
            drop(ring);
            if !self.has_writers() {
                return Ok(0);
            }
            if nonblocking {
                return Err(Errno::EAGAIN);
            }
            self.wait_readable()?;
        }
    }

    /// Waits for bytes, or for the last writer to go.
    ///
    /// # Errors
    /// `ERESTARTSYS`.
    pub fn wait_readable(&self) -> Result<(), Errno> {
        let ready = || (self.used() > 0 || !self.has_writers()).then_some(());
        self.readable.wait_until(None, ready).map_err(Errno::from)
    }

    /// Waits until `n` bytes fit, or the last reader goes.
    ///
    /// # Errors
    /// `ERESTARTSYS`.
    pub fn wait_writable(&self, n: usize) -> Result<(), Errno> {
        let ready = || (self.room() >= n || !self.has_readers()).then_some(());
        self.writable.wait_until(None, ready).map_err(Errno::from)
    }

    /// Puts bytes in, waiting for room unless `nonblocking`.
    ///
    /// # Errors
    /// `EPIPE` (with `SIGPIPE`), `EAGAIN`, `EFAULT`, `ENOMEM`, `ERESTARTSYS`.
    pub fn write(&self, src: &mut Source<'_>, nonblocking: bool) -> SysResult {
        let mut done = 0;
        let total = src.remaining();
        if total == 0 {
            return Ok(0);
        }
        // What must fit before anything is written.
        let at_once = if total <= PIPE_BUF { total } else { 1 };
        loop {
            if !self.has_readers() {
                raise(SIGPIPE);
                return partial(done, Errno::EPIPE);
            }
            let mut ring = self.ring.lock();
            if ring.room() >= at_once {
                let pushed = ring.push(src);
                self.publish(&ring);
                drop(ring);
                self.readable.wake_all(PollEvents::READABLE);
                match pushed {
                    Ok(n) => done += n,
                    Err(errno) => return partial(done, errno),
                }
                if src.remaining() == 0 || pushed == Ok(0) {
                    return Ok(done);
                }
                // Less than there was room for: a fault.
                if self.room() > 0 && src.remaining() > 0 && !nonblocking {
                    continue;
                }
            } else {
                drop(ring);
            }
            if nonblocking {
                return partial(done, Errno::EAGAIN);
            }
            if let Err(errno) = self.wait_writable(at_once) {
                return partial(done, errno);
            }
        }
    }

    /// Waits for bytes unless `nonblocking`; false when there are none and no writer.
    ///
    /// # Errors
    /// `EAGAIN`, `ERESTARTSYS`.
    pub fn wait_data(&self, nonblocking: bool) -> Result<bool, Errno> {
        if self.used() == 0 && self.has_writers() {
            if nonblocking {
                return Err(Errno::EAGAIN);
            }
            self.wait_readable()?;
        }
        Ok(self.used() > 0)
    }

    /// Waits for room unless `nonblocking`; how many bytes fit.
    ///
    /// # Errors
    /// `EAGAIN`, `EPIPE` (with `SIGPIPE`), `ERESTARTSYS`.
    pub fn wait_room(&self, nonblocking: bool) -> SysResult {
        if self.room() == 0 && self.has_readers() {
            if nonblocking {
                return Err(Errno::EAGAIN);
            }
            self.wait_writable(1)?;
        }
        if !self.has_readers() {
            raise(SIGPIPE);
            return Err(Errno::EPIPE);
        }
        Ok(self.room())
    }

    /// Gives bytes to `put`, through `buf`, and takes out those that it took (`splice`).
    ///
    /// # Errors
    /// `EAGAIN`, `ERESTARTSYS`, and `put`'s.
    pub fn drain(
        &self,
        buf: &mut [u8],
        nonblocking: bool,
        put: &mut dyn FnMut(&mut Source<'_>) -> SysResult,
    ) -> SysResult {
        if !self.wait_data(nonblocking)? {
            return Ok(0);
        }
        let mut ring = self.ring.lock();
        let n = ring.copy_to(&mut Dest::kernel(buf))?;
        let taken = put(&mut Source::kernel(buf.get(..n).unwrap_or_default()))?;
        ring.discard(taken);
        self.publish(&ring);
        drop(ring);
        self.writable.wake_all(PollEvents::WRITABLE);
        Ok(taken)
    }

    /// Copies bytes without taking them (`tee`).
    ///
    /// # Errors
    /// `EFAULT`.
    pub fn peek(&self, dst: &mut Dest<'_>) -> SysResult {
        self.ring.lock().copy_to(dst)
    }

    /// The size in bytes.
    pub fn capacity(&self) -> usize {
        self.capacity.load(Ordering::Acquire)
    }

    /// Changes the size to the next power of two pages.
    ///
    /// # Errors
    /// `EBUSY` if what is in it does not fit, `ENOMEM`.
    pub fn set_capacity(&self, bytes: usize) -> SysResult {
        let pages = bytes.div_ceil(PAGE_SIZE).max(1).next_power_of_two();
        let mut ring = self.ring.lock();
        ring.resize(pages)?;
        self.capacity.store(ring.capacity(), Ordering::Release);
        drop(ring);
        self.writable.wake_all(PollEvents::WRITABLE);
        Ok(pages * PAGE_SIZE)
    }

    /// Wakes everybody: somebody came or went.
    pub(super) fn wake_both(&self) {
        self.readable.wake_all(PollEvents::READABLE | PollEvents::HUP);
        self.writable.wake_all(PollEvents::WRITABLE | PollEvents::ERR);
    }
}

/// An open file of a pipe: its end for reading, for writing, or both (a FIFO opened so).
pub struct PipeEnd {
    pipe: Arc<Pipe>,
    read: bool,
    write: bool,
}

impl PipeEnd {
    /// An end; it counts as one until it is closed.
    pub fn new(pipe: Arc<Pipe>, read: bool, write: bool) -> Arc<Self> {
        pipe.readers.fetch_add(u32::from(read), Ordering::AcqRel);
        pipe.writers.fetch_add(u32::from(write), Ordering::AcqRel);
        Arc::new(Self { pipe, read, write })
    }

    /// The pipe.
    pub fn pipe(&self) -> &Arc<Pipe> {
        &self.pipe
    }

    /// The pipe of an open file, if that is one.
    pub fn of(file: &OpenFile) -> Option<&Self> {
        file.file.as_any().downcast_ref()
    }
}

impl Drop for PipeEnd {
    fn drop(&mut self) {
        self.pipe.readers.fetch_sub(u32::from(self.read), Ordering::AcqRel);
        self.pipe.writers.fetch_sub(u32::from(self.write), Ordering::AcqRel);
        self.pipe.wake_both();
    }
}

impl File for PipeEnd {
    fn sends_signals(&self) -> bool {
        true
    }

    fn read(&self, of: &OpenFile, dst: &mut Dest<'_>) -> SysResult {
        self.pipe.read(dst, of.nonblocking())
    }

    fn write(&self, of: &OpenFile, src: &mut Source<'_>) -> SysResult {
        self.pipe.write(src, of.nonblocking())
    }

    fn poll(&self, _of: &OpenFile, table: Option<&mut PollTable<'_>>) -> PollEvents {
        let pipe = &*self.pipe;
        if let Some(table) = table {
            if self.read {
                table.add(&pipe.readable);
            }
            if self.write {
                table.add(&pipe.writable);
            }
        }
        let mut events = PollEvents::empty();
        if self.read {
            if pipe.used() > 0 {
                events |= PollEvents::READABLE;
            }
            if !pipe.has_writers() {
                events |= PollEvents::HUP;
            }
        }
        if self.write {
            if pipe.room() >= PIPE_BUF {
                events |= PollEvents::WRITABLE;
            }
            if !pipe.has_readers() {
                events |= PollEvents::ERR;
            }
        }
        events
    }

    fn ioctl(&self, _of: &OpenFile, _cx: &mut Cx<'_>, cmd: u32, arg: UserAddr) -> SysResult {
        if IoctlCmd(cmd) != IoctlCmd::FIONREAD {
            return Err(Errno::ENOTTY);
        }
        let used = i32::try_from(self.pipe.used()).unwrap_or(i32::MAX);
        user_write(UserOut::new(arg.addr()), &used)?;
        Ok(0)
    }

    fn stat(&self) -> Result<FileStat, Errno> {
        Ok(self.pipe.stat)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
