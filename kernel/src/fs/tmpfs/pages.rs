//! [`Pages`]: the contents of a regular file in memory.
//!
//! Reads, writes and mappings share the frames. The table of frames is behind a spin lock that
//! is never held while the program's memory is touched; writes and changes of size take turns by
//! a sleeping lock. Seals (`memfd_create`) are checked here, where all changes pass.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering};

use bitflags::bitflags;
use elfin_platform::mm::{self, Frame, PAGE_SIZE};
use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;

use super::super::inode::Mappable;
use super::super::transfer::{Dest, Source, partial};
use super::RESERVE;
use super::frames::Frames;
use crate::task::Mutex;
use crate::task::signal::{SIGXFSZ, raise};

/// A page, as an offset in a file.
const PAGE: u64 = PAGE_SIZE as u64;
/// The largest size of a file (`MAX_LFS_FILESIZE`).
pub const MAX_SIZE: u64 = i64::MAX.unsigned_abs();
/// Allocated units that `stat` counts.
pub(super) const SECTORS_PER_PAGE: u64 = PAGE / 512;

bitflags! {
    /// What is no longer possible with a file (`F_ADD_SEALS`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Seals: u32 {
        /// Further seals.
        const SEAL = 0x1;
        /// Making it smaller.
        const SHRINK = 0x2;
        /// Making it larger.
        const GROW = 0x4;
        /// Writing.
        const WRITE = 0x8;
        /// Writing, except through mappings that are there.
        const FUTURE_WRITE = 0x10;
        /// Changing whether it can be executed.
        const EXEC = 0x20;
    }
}

/// The contents of a regular file.
pub struct Pages {
    frames: SpinLock<Frames>,
    size: AtomicU64,
    /// Writers and changes of size take turns.
    change: Mutex<()>,
    seals: AtomicU32,
    /// Mappings of any kind.
    mappings: AtomicI32,
    /// Shared mappings that can be written, which hold back a seal against that.
    writable_mappings: AtomicI32,
}

impl Pages {
    /// An empty file that cannot be sealed.
    pub fn new() -> Self {
        Self {
            frames: SpinLock::new(Frames::new()),
            size: AtomicU64::new(0),
            change: Mutex::new(()),
            seals: AtomicU32::new(Seals::SEAL.bits()),
            mappings: AtomicI32::new(0),
            writable_mappings: AtomicI32::new(0),
        }
    }

    /// The size in bytes.
    #[inline]
    pub fn size(&self) -> u64 {
        self.size.load(Ordering::Acquire)
    }

    /// Allocated units of 512 bytes.
    pub fn blocks(&self) -> u64 {
        self.frames.lock().count() * SECTORS_PER_PAGE
    }

    /// Reads at `offset`. The bytes read; 0 at or after the end.
    ///
    /// # Errors
    /// `EFAULT`.
    pub fn read(&self, offset: u64, dst: &mut Dest<'_>) -> Result<usize, Errno> {
        let mut done = 0;
        let mut at = offset;
        loop {
            let left = self.size().saturating_sub(at);
            let within = at % PAGE;
            let n = left.min(PAGE - within).min(dst.remaining() as u64);
            if n == 0 {
                return Ok(done);
            }
            // Both are less than a page.
            let (start, n) = (within as usize, n as usize);
            let frame = self.frames.lock().get(at / PAGE).cloned();
            let put = match frame {
                Some(frame) => dst.put_frame(&frame, start, n),
                None => dst.fill_zero(n),
            };
            let put = match put {
                Ok(put) => put,
                Err(errno) => return partial(done, errno),
            };
            done += put;
            at += put as u64;
            if put < n {
                return Ok(done);
            }
        }
    }

    /// Writes at `offset`, or at the end if that is `None`, but not beyond `limit`. The bytes
    /// written and where they end.
    ///
    /// # Errors
    /// `EFBIG`, `ENOSPC`, `EFAULT`, `EPERM` by a seal.
    pub fn write(
        &self,
        offset: Option<u64>,
        src: &mut Source<'_>,
        limit: u64,
    ) -> Result<(usize, u64), Errno> {
        let _turn = self.change.lock();
        let size = self.size();
        let mut at = offset.unwrap_or(size);
        if src.remaining() == 0 {
            return Ok((0, at));
        }
        if at >= limit {
            raise(SIGXFSZ);
            return Err(Errno::EFBIG);
        }
        let room = MAX_SIZE.min(limit).checked_sub(at).filter(|&room| room > 0);
        let room = room.ok_or(Errno::EFBIG)?;
        src.limit(usize::try_from(room).unwrap_or(usize::MAX));
        let seals = self.seals();
        if seals.intersects(Seals::WRITE | Seals::FUTURE_WRITE) {
            return Err(Errno::EPERM);
        }
        if seals.contains(Seals::GROW) && at + src.remaining() as u64 > size {
            let room = size.checked_sub(at).filter(|&room| room > 0).ok_or(Errno::EPERM)?;
            src.limit(usize::try_from(room).unwrap_or(usize::MAX));
        }
        let mut done = 0;
        while src.remaining() > 0 {
            let start = (at % PAGE) as usize;
            let n = src.remaining().min(PAGE_SIZE - start);
            let taken =
                self.obtain(at / PAGE).and_then(|frame| src.take_into_frame(&frame, start, n));
            let taken = match taken {
                Ok(taken) => taken,
                Err(errno) => return partial(done, errno).map(|done| (done, at)),
            };
            done += taken;
            at += taken as u64;
            self.size.fetch_max(at, Ordering::AcqRel);
            if taken < n {
                break;
            }
        }
        Ok((done, at))
    }

    /// The frame of a page, a new one if there is none.
    fn obtain(&self, index: u64) -> Result<Frame, Errno> {
        let mut frames = self.frames.lock();
        if let Some(frame) = frames.get(index) {
            return Ok(frame.clone());
        }
        let frame = new_frame()?;
        frames.put(index, frame.clone())?;
        Ok(frame)
    }

    /// Puts a frame with contents of the file's in place: for unpacking. The size is the
    /// caller's to set.
    ///
    /// # Errors
    /// `ENOSPC`.
    pub fn adopt(&self, index: u64, frame: Frame) -> Result<(), Errno> {
        self.frames.lock().put(index, frame).map(drop)
    }

    /// Sets the size after [`adopt`](Self::adopt).
    pub fn set_size(&self, size: u64) {
        self.size.store(size, Ordering::Release);
    }

    /// Changes the size: cuts off, or adds a hole.
    ///
    /// # Errors
    /// `EFBIG`, `EPERM` by a seal.
    pub fn truncate(self: &Arc<Self>, len: u64) -> Result<(), Errno> {
        let _turn = self.change.lock();
        let size = self.size();
        if len > MAX_SIZE {
            return Err(Errno::EFBIG);
        }
        let seals = self.seals();
        if (len < size && seals.contains(Seals::SHRINK))
            || (len > size && seals.contains(Seals::GROW))
        {
            return Err(Errno::EPERM);
        }
        self.size.store(len, Ordering::Release);
        if len < size {
            let first = len.div_ceil(PAGE);
            let mut frames = self.frames.lock();
            zero_part(&frames, len, first * PAGE);
            frames.remove(first, u64::MAX);
            drop(frames);
            self.unmap_from(first);
        }
        Ok(())
    }

    /// Makes sure that the bytes `offset..end` have memory behind them.
    ///
    /// # Errors
    /// `ENOSPC`: then nothing more than before is allocated.
    pub fn allocate(&self, offset: u64, end: u64, keep_size: bool) -> Result<(), Errno> {
        let _turn = self.change.lock();
        if end > MAX_SIZE {
            return Err(Errno::EFBIG);
        }
        let grows = !keep_size && end > self.size();
        if grows && self.seals().contains(Seals::GROW) {
            return Err(Errno::EPERM);
        }
        let wanted = (end - offset).div_ceil(PAGE);
        if wanted > free_pages() {
            return Err(Errno::ENOSPC);
        }
        for index in offset / PAGE..end.div_ceil(PAGE) {
            self.obtain(index)?;
        }
        if grows {
            self.size.fetch_max(end, Ordering::AcqRel);
        }
        Ok(())
    }

    /// Makes a hole of `offset..end`: the bytes read as zero and take no memory.
    ///
    /// # Errors
    /// `EPERM` by a seal.
    pub fn punch(&self, offset: u64, end: u64) -> Result<(), Errno> {
        let _turn = self.change.lock();
        if self.seals().intersects(Seals::WRITE | Seals::FUTURE_WRITE) {
            return Err(Errno::EPERM);
        }
        let (first, last) = (offset.div_ceil(PAGE), end / PAGE);
        let mut frames = self.frames.lock();
        zero_part(&frames, offset, end.min(first * PAGE));
        if last < first {
            return Ok(());
        }
        zero_part(&frames, last * PAGE, end);
        if self.mappings.load(Ordering::Acquire) == 0 {
            frames.remove(first, last);
            return Ok(());
        }
        // Mappings keep their frames, and private copies must stay: cleared in place.
        let mut at = first;
        while let Some(index) = frames.next(at).filter(|&index| index < last) {
            zero_part(&frames, index * PAGE, (index + 1) * PAGE);
            at = index + 1;
        }
        Ok(())
    }

    /// The next data (or hole) at or after `offset`, which is within the file.
    pub fn seek(&self, offset: u64, data: bool) -> Option<u64> {
        let size = self.size();
        let frames = self.frames.lock();
        let index = offset / PAGE;
        let found = if data { frames.next(index)? } else { frames.next_missing(index) };
        let found = (found * PAGE).max(offset);
        if data { (found < size).then_some(found) } else { Some(found.min(size)) }
    }

    /// The seals.
    pub fn seals(&self) -> Seals {
        Seals::from_bits_retain(self.seals.load(Ordering::Acquire))
    }

    /// Lets seals be added: none is there yet.
    pub fn allow_sealing(&self) {
        self.seals.store(0, Ordering::Release);
    }

    /// Adds seals.
    ///
    /// # Errors
    /// `EPERM` if that is sealed, `EBUSY` for a seal against writing while a shared mapping can
    /// be written.
    pub fn add_seals(&self, seals: Seals) -> Result<(), Errno> {
        let _turn = self.change.lock();
        if self.seals().contains(Seals::SEAL) {
            return Err(Errno::EPERM);
        }
        let busy = self.writable_mappings.load(Ordering::Acquire) > 0;
        if seals.contains(Seals::WRITE) && !self.seals().contains(Seals::WRITE) && busy {
            return Err(Errno::EBUSY);
        }
        self.seals.fetch_or(seals.bits(), Ordering::AcqRel);
        Ok(())
    }

    /// Takes the pages from `first` on out of all mappings.
    fn unmap_from(self: &Arc<Self>, first: u64) {
        if self.mappings.load(Ordering::Acquire) > 0 {
            let file: Arc<dyn Mappable> = self.clone();
            crate::mm::unmap_file_range(&file, first);
        }
    }
}

impl Default for Pages {
    fn default() -> Self {
        Self::new()
    }
}

impl Mappable for Pages {
    fn frame(&self, index: u64, _write: bool) -> Result<Frame, Errno> {
        if index.checked_mul(PAGE).is_none_or(|start| start >= self.size()) {
            return Err(Errno::EFAULT);
        }
        self.obtain(index).map_err(|_| Errno::ENOMEM)
    }

    fn peek(&self, index: u64) -> Option<Frame> {
        if index.checked_mul(PAGE)? >= self.size() {
            return None;
        }
        self.frames.lock().get(index).cloned()
    }

    fn len(&self) -> u64 {
        self.size()
    }

    fn check_map(&self, shared: bool, writable: bool) -> Result<(), Errno> {
        let sealed = self.seals().intersects(Seals::WRITE | Seals::FUTURE_WRITE);
        if shared && writable && sealed { Err(Errno::EPERM) } else { Ok(()) }
    }

    fn punch(&self, first: u64, end: u64) -> Result<(), Errno> {
        let bytes = |page: u64| page.checked_mul(PAGE).ok_or(Errno::EINVAL);
        Self::punch(self, bytes(first)?, bytes(end)?)
    }

    fn mapped(&self, delta: i32, shared_writable: bool) {
        self.mappings.fetch_add(delta, Ordering::AcqRel);
        if shared_writable {
            self.writable_mappings.fetch_add(delta, Ordering::AcqRel);
        }
    }
}

/// A zeroed frame for a file, as long as memory is not short.
fn new_frame() -> Result<Frame, Errno> {
    if free_pages() == 0 {
        return Err(Errno::ENOSPC);
    }
    Frame::zeroed().ok_or(Errno::ENOSPC)
}

fn free_pages() -> u64 {
    (mm::stats().free.saturating_sub(RESERVE) / PAGE_SIZE) as u64
}

/// Zeroes `from..to`, which lie in one page, if that page is there.
fn zero_part(frames: &Frames, from: u64, to: u64) {
    if from < to
        && let Some(frame) = frames.get(from / PAGE)
    {
        frame.zero((from % PAGE) as usize, (to - from).min(PAGE) as usize);
    }
}
