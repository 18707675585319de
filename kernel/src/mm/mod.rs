//! A program's memory: what is mapped where, and what happens when it is touched.
//!
//! * [`Vma`] is one mapping, [`VmaMap`] all of them by address (pure, host-tested).
//! * [`AddressSpace`] joins the map with a page table; `map.rs`, `remap.rs`, `heap.rs`, `lock.rs`
//!   and `advise.rs` have the changes that system calls ask for, `fault.rs` fills pages on demand,
//!   `fork.rs` makes copies.
//! * `limits.rs` says how much a process may have, [`commit`] how much all of them together.
//! * [`SharedMemory`] is memory without a file that several mappings share.
//!
//! Neighbours: `sys/memory.rs` has the handlers, `fs` the [`Mappable`](crate::fs::Mappable)s that
//! mappings refer to, `task` the hooks through which faults come.

mod advise;
pub mod commit;
mod fault;
mod force;
mod fork;
mod gap_list;
mod heap;
mod layout;
mod limits;
mod lock;
mod map;
mod page_use;
mod remap;
mod shared;
mod space;
mod totals;
mod users;
mod vma;
mod vma_map;

pub use fault::FaultError;
pub use layout::Layout;
pub use limits::may_lock;
pub use map::MapRequest;
pub use page_use::{PageUse, Portion};
pub use remap::Resize;
pub use shared::{FixedPages, SharedMemory};
pub use space::{AddressSpace, FutexKey, Program, unmap_file_range};
pub use vma::{Backing, Label, Vma, VmaFlags};
pub use vma_map::VmaMap;

/// Bytes in a page.
pub use elfin_platform::mm::PAGE_SIZE;

/// Distance that a growing stack keeps from the mapping below (256 pages, as Linux), in bytes.
const STACK_GUARD: usize = 256 * PAGE_SIZE;

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
