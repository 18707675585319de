//! A program's memory: what is mapped where, and what happens when it is touched.
//!
//! * [`Vma`] is one mapping, [`VmaMap`] all of them by address (pure, host-tested).
//! * [`AddressSpace`] joins the map with a page table; `ops.rs` has the changes that system calls
//!   ask for, `fault.rs` fills pages on demand, `fork.rs` makes copies.
//! * [`SharedMemory`] is memory without a file that several mappings share.
//!
//! Neighbours: `sys/mm.rs` has the handlers, `fs` the [`Mappable`](crate::fs::Mappable)s that
//! mappings refer to, `task` the hooks through which faults come.

mod fault;
mod fork;
mod layout;
mod ops;
mod shared;
mod space;
mod users;
mod vma;
mod vma_map;

pub use fault::FaultError;
pub use layout::Layout;
pub use ops::MapRequest;
pub use shared::{FixedPages, SharedMemory};
pub use space::{AddressSpace, FutexKey, Program, unmap_file_range};
pub use vma::{Backing, Label, Vma, VmaFlags};
pub use vma_map::VmaMap;

/// Bytes in a page.
pub use elfin_platform::mm::PAGE_SIZE;

/// `address` rounded down to a page.
pub const fn page_floor(address: usize) -> usize {
    address & !(PAGE_SIZE - 1)
}

/// `len` rounded up to whole pages, if that is a number.
pub const fn page_ceil(len: usize) -> Option<usize> {
    match len.checked_add(PAGE_SIZE - 1) {
        Some(sum) => Some(page_floor(sum)),
        None => None,
    }
}
