//! What the machine was booted with: command line, memory, initramfs.

use crate::mm::{Frame, PAGE_SIZE};
use crate::sync::{Once, SpinLock};
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// Facts from the boot protocol.
pub struct BootInfo {
    /// The kernel command line.
    pub cmdline: String,
    /// Physical address of the ACPI root pointer, where the boot protocol gives one.
    pub rsdp: Option<u64>,
}

static INFO: Once<BootInfo> = Once::new();
static INITRAMFS: SpinLock<Option<Initramfs>> = SpinLock::new(None);

/// What the boot protocol said.
pub fn info() -> &'static BootInfo {
    INFO.get().expect("set before the kernel starts")
}

#[allow(dead_code, reason = "used on bare metal only")]
pub(crate) fn set(info: BootInfo, initramfs: Option<Initramfs>) {
    INFO.call_once(|| info);
    *INITRAMFS.lock() = initramfs;
}

/// The initramfs, once: the caller becomes its owner.
pub fn take_initramfs() -> Option<Initramfs> {
    INITRAMFS.lock().take()
}

/// The archive that the boot loader put in memory. Its frames belong to it until adopted;
/// dropping it frees the rest.
pub struct Initramfs {
    bytes: &'static [u8],
    /// One for each page that the archive touches; `None` once adopted.
    frames: Vec<Option<Frame>>,
    /// Offset of the archive in its first frame.
    skew: usize,
    /// A page was adopted or discarded.
    broken: bool,
}

impl Initramfs {
    #[allow(dead_code, reason = "used on bare metal only")]
    pub(crate) fn new(bytes: &'static [u8], frames: Vec<Option<Frame>>, skew: usize) -> Self {
        Self { bytes, frames, skew, broken: false }
    }

    /// The archive, whole, until the first page is adopted or discarded; empty from then on.
    pub fn bytes(&self) -> &[u8] {
        if self.broken { &[] } else { self.bytes }
    }

    /// Length of the archive in bytes.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Copies the archive's bytes from `offset` to `dst`; `false` when a page of them is gone or
    /// the archive ends before.
    pub fn copy(&self, offset: usize, dst: &mut [u8]) -> bool {
        let (mut at, mut dst) = (self.skew.saturating_add(offset), dst);
        if offset.checked_add(dst.len()).is_none_or(|end| end > self.bytes.len()) {
            return false;
        }
        while !dst.is_empty() {
            let within = at % PAGE_SIZE;
            let (chunk, rest) = dst.split_at_mut(dst.len().min(PAGE_SIZE - within));
            let Some(Some(frame)) = self.frames.get(at / PAGE_SIZE) else { return false };
            frame.read(within, chunk);
            at += chunk.len();
            dst = rest;
        }
        true
    }

    /// Takes the frame that holds the archive's bytes `offset..offset + PAGE_SIZE`, if that is
    /// one whole frame which nobody adopted before.
    pub fn adopt_page(&mut self, offset: usize) -> Option<Frame> {
        let at = self.skew.checked_add(offset)?;
        if at % PAGE_SIZE != 0 || offset.checked_add(PAGE_SIZE)? > self.bytes.len() {
            return None;
        }
        self.broken = true;
        self.frames.get_mut(at / PAGE_SIZE)?.take()
    }

    /// Frees the pages that lie wholly in `range` of the archive, once they are not needed.
    pub fn discard(&mut self, range: Range<usize>) {
        let first = self.skew.saturating_add(range.start).div_ceil(PAGE_SIZE);
        let last = self.skew.saturating_add(range.end.min(self.bytes.len())) / PAGE_SIZE;
        self.broken = true;
        for slot in self.frames.iter_mut().take(last).skip(first) {
            *slot = None;
        }
    }
}
