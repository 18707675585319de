//! [`DmaRegion`]: physically contiguous memory for devices.

use super::buddy::Buddy;
use super::PAGE_SIZE;
use crate::arch::paging::phys_to_virt;

/// Contiguous, page-aligned memory that a device may read and write. Freed when dropped: the
/// owner stops the device first.
#[derive(Debug)]
pub struct DmaRegion {
    phys: u64,
    order: usize,
}

impl DmaRegion {
    /// At least `len` bytes, zeroed; `None` when memory is out.
    pub fn new(len: usize) -> Option<Self> {
        let order = len.div_ceil(PAGE_SIZE).max(1).next_power_of_two().ilog2() as usize;
        let phys = Buddy::allocate(order)?;
        // SAFETY: the block is ours.
        unsafe { crate::arch::zero(phys_to_virt(phys), PAGE_SIZE << order) };
        Some(Self { phys, order })
    }

    /// Physical address.
    pub fn phys(&self) -> u64 {
        self.phys
    }

    /// Where the kernel reaches it.
    pub(crate) fn as_ptr(&self) -> *mut u8 {
        phys_to_virt(self.phys)
    }

    /// Size in bytes.
    pub fn len(&self) -> usize {
        PAGE_SIZE << self.order
    }

    /// Never: a region has at least one page.
    pub fn is_empty(&self) -> bool {
        false
    }
}

impl Drop for DmaRegion {
    fn drop(&mut self) {
        // SAFETY: from `allocate` with the same order.
        unsafe { Buddy::free(self.phys, self.order) }
    }
}
