//! Objects behind mappings that are no files: [`SharedMemory`] for `MAP_SHARED | MAP_ANONYMOUS`,
//! [`FixedPages`] for the vDSO.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use elfin_platform::mm::Frame;
use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;

use super::{PAGE_SIZE, commit};
use crate::fs::Mappable;

/// Memory that several mappings share: zeroes until written.
pub struct SharedMemory {
    pages: u64,
    frames: SpinLock<BTreeMap<u64, Frame>>,
    /// Whether all of it is counted as promised.
    is_promised: bool,
}

impl SharedMemory {
    /// Memory of `len` bytes, rounded up to pages.
    pub fn new(len: usize) -> Self {
        let pages = len.div_ceil(PAGE_SIZE) as u64;
        Self { pages, frames: SpinLock::new(BTreeMap::new()), is_promised: false }
    }

    /// Counts all of it as promised.
    ///
    /// # Errors
    /// `ENOMEM` if it cannot be.
    pub fn promised(mut self) -> Result<Self, Errno> {
        let bytes = self.bytes();
        commit::check(bytes)?;
        commit::add(bytes);
        self.is_promised = true;
        Ok(self)
    }

    fn bytes(&self) -> usize {
        usize::try_from(self.len()).unwrap_or(usize::MAX)
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        if self.is_promised {
            commit::take(self.bytes());
        }
    }
}

impl Mappable for SharedMemory {
    fn frame(&self, index: u64, _write: bool) -> Result<Frame, Errno> {
        if index >= self.pages {
            return Err(Errno::EFAULT);
        }
        if let Some(frame) = self.frames.lock().get(&index) {
            return Ok(frame.clone());
        }
        let fresh = Frame::zeroed().ok_or(Errno::ENOMEM)?;
        Ok(self.frames.lock().entry(index).or_insert(fresh).clone())
    }

    fn peek(&self, index: u64) -> Option<Frame> {
        self.frames.lock().get(&index).cloned()
    }

    fn punch(&self, first: u64, end: u64) -> Result<(), Errno> {
        // Mappings keep their frames: cleared in place.
        self.frames.lock().range(first..end).for_each(|(_, frame)| frame.zero(0, PAGE_SIZE));
        Ok(())
    }

    fn len(&self) -> u64 {
        self.pages * PAGE_SIZE as u64
    }
}

/// Pages that are what they are: mapped into every program, read-only.
pub struct FixedPages(Vec<Frame>);

impl FixedPages {
    /// An object of these pages.
    pub fn new(frames: Vec<Frame>) -> Self {
        Self(frames)
    }
}

impl Mappable for FixedPages {
    fn frame(&self, index: u64, _write: bool) -> Result<Frame, Errno> {
        self.peek(index).ok_or(Errno::EFAULT)
    }

    fn peek(&self, index: u64) -> Option<Frame> {
        self.0.get(usize::try_from(index).ok()?).cloned()
    }

    fn len(&self) -> u64 {
        (self.0.len() * PAGE_SIZE) as u64
    }
}
