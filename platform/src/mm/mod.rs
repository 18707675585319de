//! Physical memory: [`Frame`]s, contiguous [`DmaRegion`]s, and the kernel's heap.
//!
//! | layer | serves | from |
//! |---|---|---|
//! | `buddy` | blocks of 2^n frames | the boot protocol's memory map |
//! | `frame` | single frames, through a cache per CPU | buddy |
//! | `slab` | kernel objects up to 2 KiB | frames |
//! | `heap` | larger objects: talc up to 32 KiB, whole blocks above | buddy |
//!
//! A few frames are kept back for slabs and talc alone. A program is refused memory while they are
//! untouched, so that the kernel can still serve the call that finds this out; once half of them
//! are used, [`Work::MEMORY`](crate::cpu::Work::MEMORY) asks the kernel to end a program.

#[cfg(target_os = "none")]
mod buddy;
mod dma;
mod frame;
#[cfg(target_os = "none")]
mod heap;
#[cfg(target_os = "none")]
mod slab;
mod stats;

#[cfg(target_os = "none")]
pub(crate) use buddy::{add as add_memory, init as init_memory};
pub use dma::DmaRegion;
pub use frame::Frame;
pub use stats::{MemStats, is_exhausted, stats, total};

/// Bytes in a page and in a frame.
pub const PAGE_SIZE: usize = 4096;
/// log2 of [`PAGE_SIZE`].
pub const PAGE_SHIFT: usize = 12;
