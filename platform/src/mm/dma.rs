//! [`DmaRegion`]: physically contiguous memory for devices.

use super::PAGE_SIZE;

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
        let region = Self::dirty(len)?;
        // SAFETY: the block is ours.
        unsafe { crate::arch::zero(region.as_ptr(), region.len()) };
        Some(region)
    }

    /// As [`Self::new`], with whatever bytes the memory held before.
    pub fn dirty(len: usize) -> Option<Self> {
        let order = len.div_ceil(PAGE_SIZE).max(1).checked_next_power_of_two()?.ilog2() as usize;
        Some(Self { phys: imp::allocate(order)?, order })
    }

    /// Physical address.
    pub fn phys(&self) -> u64 {
        self.phys
    }

    /// Where the kernel reaches it.
    pub(crate) fn as_ptr(&self) -> *mut u8 {
        imp::pointer(self.phys)
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
        unsafe { imp::free(self.phys, self.order) }
    }
}

#[cfg(target_os = "none")]
mod imp {
    use super::super::buddy::Buddy;
    pub use crate::arch::paging::phys_to_virt as pointer;

    pub fn allocate(order: usize) -> Option<u64> {
        Buddy::allocate(order)
    }

    /// # Safety
    /// From [`allocate`], with the same order, once.
    pub unsafe fn free(phys: u64, order: usize) {
        // SAFETY: the caller's.
        unsafe { Buddy::free(phys, order) }
    }
}

/// On a host: heap blocks, whose addresses play the physical ones.
#[cfg(not(target_os = "none"))]
mod imp {
    use super::PAGE_SIZE;
    use core::alloc::Layout;

    fn layout(order: usize) -> Option<Layout> {
        Layout::from_size_align(PAGE_SIZE.checked_shl(order as u32)?, PAGE_SIZE).ok()
    }

    pub fn allocate(order: usize) -> Option<u64> {
        // SAFETY: the layout is not empty. (Zeroed, for there are no bytes from before.)
        let block = unsafe { alloc::alloc::alloc_zeroed(layout(order)?) };
        (!block.is_null()).then(|| block.expose_provenance() as u64)
    }

    pub fn pointer(phys: u64) -> *mut u8 {
        core::ptr::with_exposed_provenance_mut(phys as usize)
    }

    /// # Safety
    /// From [`allocate`], with the same order, once.
    pub unsafe fn free(phys: u64, order: usize) {
        if let Some(layout) = layout(order) {
            // SAFETY: the caller's.
            unsafe { alloc::alloc::dealloc(pointer(phys), layout) }
        }
    }
}
