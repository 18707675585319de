//! The buddy allocator: free physical memory as blocks of 2^order frames, with one metadata
//! record for each frame.
//!
//! A record's `kind` says what its frame is the head of; records inside a block are [`RESERVED`].
//! Free blocks of an order form a list through the records. Records of memory that does not exist
//! stay zero, which is [`RESERVED`].

use super::{PAGE_SHIFT, PAGE_SIZE};
use crate::arch::paging::phys_to_virt;
use crate::cpu::{self, Work};
use crate::sync::SpinLock;
use core::ops::Range;
use core::sync::atomic::{
    AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicUsize, Ordering::Relaxed,
};

/// Largest block: 2^18 frames, 1 GiB.
const ORDERS: usize = 19;
const NONE: u32 = u32::MAX;

/// Not for allocation, or inside a block.
const RESERVED: u8 = 0;
/// Head of a free block of the record's order.
const FREE: u8 = 1;
/// Head of a block in use.
const USED: u8 = 2;

/// What is known of one frame. `refs` is `Frame`'s; `a`, `b` and the links are the slab's while
/// the frame is a slab.
#[derive(Debug)]
#[repr(C)]
pub struct Record {
    pub refs: AtomicU32,
    kind: AtomicU8,
    order: AtomicU8,
    pub slab_used: AtomicU16,
    pub next: AtomicU32,
    pub prev: AtomicU32,
}

static RECORDS: AtomicPtr<Record> = AtomicPtr::new(core::ptr::null_mut());
static RECORD_COUNT: AtomicUsize = AtomicUsize::new(0);
static FREE_FRAMES: AtomicUsize = AtomicUsize::new(0);
static LEAST_FREE: AtomicUsize = AtomicUsize::new(usize::MAX);
static TOTAL_FRAMES: AtomicUsize = AtomicUsize::new(0);
/// Frames kept back for the kernel's own small objects.
static RESERVE: AtomicUsize = AtomicUsize::new(0);
/// The reserve is this part of memory, and at most [`MOST_RESERVED`].
const RESERVED_SHARE: usize = 64;
/// Most frames in the reserve.
const MOST_RESERVED: usize = 64;

/// Free lists by order.
pub struct Buddy {
    heads: [u32; ORDERS],
}

static BUDDY: SpinLock<Buddy> = SpinLock::new(Buddy { heads: [NONE; ORDERS] });

/// The record of frame number `pfn`. Panics on a number beyond memory: only this crate's own
/// allocations reach it.
#[inline]
pub fn record(pfn: usize) -> &'static Record {
    assert!(pfn < RECORD_COUNT.load(Relaxed), "frame {pfn:#x} is not memory");
    // SAFETY: the table has that many records, initialised, for ever.
    unsafe { &*RECORDS.load(Relaxed).add(pfn) }
}

impl Buddy {
    /// Takes a block of 2^`order` frames; its physical address. Contents are unspecified. Leaves
    /// the reserve alone.
    pub fn allocate(order: usize) -> Option<u64> {
        if free_frames() < (1 << order) + RESERVE.load(Relaxed) {
            return None;
        }
        Self::allocate_at_last(order)
    }

    /// [`Self::allocate`] for what the kernel cannot do without: the reserve serves it, too. Once
    /// half of that is used, [`Work::MEMORY`] is raised, so that a program ends and the kernel
    /// goes on.
    pub fn allocate_at_last(order: usize) -> Option<u64> {
        let block = BUDDY.lock().take(order)?;
        let free = FREE_FRAMES.fetch_sub(1 << order, Relaxed) - (1 << order);
        if free < LEAST_FREE.load(Relaxed) {
            LEAST_FREE.store(free, Relaxed);
        }
        if is_exhausted() {
            cpu::raise(Work::MEMORY);
        }
        Some((block as u64) << PAGE_SHIFT)
    }

    /// Gives a block back.
    ///
    /// # Safety
    /// `address` came from [`Self::allocate`] with the same order, and nothing uses the block.
    pub unsafe fn free(address: u64, order: usize) {
        BUDDY.lock().put((address >> PAGE_SHIFT) as usize, order);
        FREE_FRAMES.fetch_add(1 << order, Relaxed);
    }

    /// Takes a free frame below the physical address `limit`, however large the block that it is
    /// in.
    pub fn take_below(limit: u64) -> Option<u64> {
        let mut buddy = BUDDY.lock();
        let end = ((limit >> PAGE_SHIFT) as usize).min(RECORD_COUNT.load(Relaxed));
        let pfn = (1..end).find(|&pfn| record(pfn).kind.load(Relaxed) == FREE)?;
        let order = usize::from(record(pfn).order.load(Relaxed));
        buddy.unlink(pfn, order);
        for split in (0..order).rev() {
            buddy.link(pfn + (1 << split), split);
        }
        record(pfn).kind.store(USED, Relaxed);
        FREE_FRAMES.fetch_sub(1, Relaxed);
        Some((pfn as u64) << PAGE_SHIFT)
    }

    fn take(&mut self, order: usize) -> Option<usize> {
        let found = (order..ORDERS).find(|&o| self.heads[o] != NONE)?;
        let pfn = self.heads[found] as usize;
        self.unlink(pfn, found);
        for split in (order..found).rev() {
            self.link(pfn + (1 << split), split);
        }
        record(pfn).kind.store(USED, Relaxed);
        Some(pfn)
    }

    fn put(&mut self, mut pfn: usize, mut order: usize) {
        let count = RECORD_COUNT.load(Relaxed);
        record(pfn).kind.store(RESERVED, Relaxed);
        while order + 1 < ORDERS {
            let buddy = pfn ^ (1 << order);
            if buddy >= count {
                break;
            }
            let neighbour = record(buddy);
            if neighbour.kind.load(Relaxed) != FREE
                || usize::from(neighbour.order.load(Relaxed)) != order
            {
                break;
            }
            self.unlink(buddy, order);
            pfn &= !(1 << order);
            order += 1;
        }
        self.link(pfn, order);
    }

    fn link(&mut self, pfn: usize, order: usize) {
        let head = self.heads[order];
        let this = record(pfn);
        this.kind.store(FREE, Relaxed);
        this.order.store(order as u8, Relaxed);
        this.next.store(head, Relaxed);
        this.prev.store(NONE, Relaxed);
        if head != NONE {
            record(head as usize).prev.store(pfn as u32, Relaxed);
        }
        self.heads[order] = pfn as u32;
    }

    fn unlink(&mut self, pfn: usize, order: usize) {
        let this = record(pfn);
        let (next, prev) = (this.next.load(Relaxed), this.prev.load(Relaxed));
        match prev {
            NONE => self.heads[order] = next,
            prev => record(prev as usize).next.store(next, Relaxed),
        }
        if next != NONE {
            record(next as usize).prev.store(prev, Relaxed);
        }
        this.kind.store(RESERVED, Relaxed);
    }
}

/// Whether the kernel lives on the second half of its reserve.
pub fn is_exhausted() -> bool {
    free_frames() < RESERVE.load(Relaxed) / 2
}

/// Frames free now, not counting the CPUs' caches.
pub fn free_frames() -> usize {
    FREE_FRAMES.load(Relaxed)
}

/// The fewest frames that were ever free.
pub fn least_free_frames() -> usize {
    LEAST_FREE.load(Relaxed)
}

/// Frames of memory, the kernel's own image included.
pub fn total_frames() -> usize {
    TOTAL_FRAMES.load(Relaxed)
}

/// Where the records lie.
static HOME: SpinLock<Range<u64>> = SpinLock::new(0..0);

/// Takes over memory: `all` are the usable ranges of physical addresses, `regions` those of them
/// that are mapped already, `reserved` what is in use (kernel, initramfs, boot data). The rest
/// follows by [`add`].
///
/// Returns `false` when there is no room for the records.
///
/// # Safety
/// Called once, by the boot CPU; the ranges are right, and `regions` are in the direct map.
pub unsafe fn init(all: &[Range<u64>], regions: &[Range<u64>], reserved: &[Range<u64>]) -> bool {
    let Some(end) = all.iter().map(|r| r.end).max() else { return false };
    let count = (end >> PAGE_SHIFT) as usize;
    let bytes = (count * size_of::<Record>()).next_multiple_of(PAGE_SIZE) as u64;
    let Some(home) = find_room(regions, reserved, bytes) else { return false };
    // SAFETY: free memory of that size, mapped; zero is a valid record.
    unsafe {
        let table = phys_to_virt(home).cast::<Record>();
        crate::arch::zero(table.cast::<u8>(), bytes as usize);
        RECORDS.store(table, Relaxed);
    }
    RECORD_COUNT.store(count, Relaxed);
    *HOME.lock() = home..home + bytes;
    add(regions, reserved);
    true
}

/// Adds usable ranges of physical addresses, but for what is `reserved`.
pub fn add(regions: &[Range<u64>], reserved: &[Range<u64>]) {
    let records = HOME.lock().clone();
    for region in regions {
        let frames = (region.end - region.start) >> PAGE_SHIFT;
        TOTAL_FRAMES.fetch_add(frames as usize, Relaxed);
        add_free(region.clone(), reserved, &records);
    }
    LEAST_FREE.store(FREE_FRAMES.load(Relaxed), Relaxed);
    RESERVE.store((total_frames() / RESERVED_SHARE).min(MOST_RESERVED), Relaxed);
}

/// The highest place for `bytes` in a usable region, clear of what is reserved.
fn find_room(regions: &[Range<u64>], reserved: &[Range<u64>], bytes: u64) -> Option<u64> {
    let mut best = None;
    for region in regions {
        let mut end = region.end & !(PAGE_SIZE as u64 - 1);
        while let Some(start) = end.checked_sub(bytes).filter(|&s| s >= region.start) {
            match reserved.iter().find(|r| r.start < end && start < r.end) {
                Some(hit) => end = hit.start & !(PAGE_SIZE as u64 - 1),
                None => {
                    best = best.max(Some(start));
                    break;
                }
            }
        }
    }
    best
}

/// Frees the parts of `region` that nothing reserves.
fn add_free(region: Range<u64>, reserved: &[Range<u64>], records: &Range<u64>) {
    let page = PAGE_SIZE as u64;
    let mut at = region.start.next_multiple_of(page);
    let end = region.end & !(page - 1);
    while at < end {
        let all = reserved.iter().chain(core::iter::once(records));
        let next = all.filter(|r| r.end > at).min_by_key(|r| r.start);
        let stop = next.map_or(end, |r| (r.start & !(page - 1)).clamp(at, end));
        free_range((at >> PAGE_SHIFT) as usize..(stop >> PAGE_SHIFT) as usize);
        at = next.map_or(end, |r| r.end.next_multiple_of(page).max(stop));
    }
}

/// Frees a range of frame numbers as the largest aligned blocks.
pub fn free_range(range: Range<usize>) {
    let mut pfn = range.start;
    while pfn < range.end {
        let by_alignment = (pfn.trailing_zeros() as usize).min(ORDERS - 1);
        let by_length = (range.end - pfn).ilog2() as usize;
        let order = by_alignment.min(by_length);
        BUDDY.lock().put(pfn, order);
        FREE_FRAMES.fetch_add(1 << order, Relaxed);
        pfn += 1 << order;
    }
}
