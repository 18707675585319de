//! Objects behind mappings that are no files: [`SharedMemory`] for `MAP_SHARED | MAP_ANONYMOUS`,
//! [`FixedPages`] for the vDSO.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use elfin_platform::mm::Frame;
use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;

use super::PAGE_SIZE;
use crate::fs::Mappable;

/// Memory that several mappings share: zeroes until written.
pub struct SharedMemory {
    pages: u64,
    frames: SpinLock<BTreeMap<u64, Frame>>,
}

impl SharedMemory {
    /// Memory of `len` bytes, rounded up to pages.
    pub fn new(len: usize) -> Self {
        Self { pages: len.div_ceil(PAGE_SIZE) as u64, frames: SpinLock::new(BTreeMap::new()) }
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
