//! The kernel's heap: slabs for small objects, talc for middling ones, whole blocks of frames for
//! large ones.

use super::buddy::Buddy;
use super::{PAGE_SIZE, slab};
use crate::arch::paging::{phys_to_virt, virt_to_phys};
use crate::sync::SpinLock;
use core::alloc::{GlobalAlloc, Layout};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use talc::base::Talc;
use talc::base::binning::DefaultBinning;
use talc::source::Manual;

/// From this size on an object is a block of frames of its own.
const BLOCK_SIZE: usize = 32 * 1024;
/// What talc gets at a time: log2 of the number of frames.
const ARENA_ORDER: usize = 4;

struct Heap;

#[global_allocator]
static HEAP: Heap = Heap;

static MIDDLE: SpinLock<Talc<Manual, DefaultBinning>> = SpinLock::new(Talc::new(Manual));
static LARGE_BYTES: AtomicUsize = AtomicUsize::new(0);

/// Bytes that the heap holds of the machine's memory.
pub fn used() -> usize {
    slab::frames() * PAGE_SIZE + LARGE_BYTES.load(Relaxed)
}

fn block_order(layout: Layout) -> Option<usize> {
    let large = layout.size() >= BLOCK_SIZE || layout.align() >= PAGE_SIZE;
    large.then(|| {
        layout.size().max(layout.align()).div_ceil(PAGE_SIZE).next_power_of_two().ilog2() as usize
    })
}

fn allocate_block(order: usize) -> *mut u8 {
    account(order, Buddy::allocate(order))
}

fn account(order: usize, block: Option<u64>) -> *mut u8 {
    match block {
        Some(phys) => {
            LARGE_BYTES.fetch_add(PAGE_SIZE << order, Relaxed);
            phys_to_virt(phys)
        }
        None => null_mut(),
    }
}

fn allocate_middle(layout: Layout) -> *mut u8 {
    let mut talc = MIDDLE.lock();
    // SAFETY: the layout is not empty (GlobalAlloc's contract).
    if let Some(object) = unsafe { talc.try_allocate(layout) } {
        return object.as_ptr();
    }
    let mut order = ARENA_ORDER;
    let mut arena = allocate_block(order);
    if arena.is_null() {
        // As little as serves, then, and the reserve if need be.
        let least = (layout.size() + layout.align()).div_ceil(PAGE_SIZE) + 1;
        order = least.next_power_of_two().ilog2() as usize;
        arena = account(order, Buddy::allocate_at_last(order));
        if arena.is_null() {
            return null_mut();
        }
    }
    // SAFETY: the arena is ours for ever; the layout is not empty.
    unsafe {
        if talc.claim(arena, PAGE_SIZE << order).is_none() {
            return null_mut();
        }
        talc.try_allocate(layout).map_or(null_mut(), |object| object.as_ptr())
    }
}

// SAFETY: each branch hands out memory of its own that fits the layout, and `dealloc` finds the
// same branch by the same layout.
unsafe impl GlobalAlloc for Heap {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if let Some(class) = slab::class_of(layout) {
            return slab::allocate(class).map_or(null_mut(), |object| object.as_ptr());
        }
        match block_order(layout) {
            Some(order) => allocate_block(order),
            None => allocate_middle(layout),
        }
    }

    #[inline]
    unsafe fn dealloc(&self, object: *mut u8, layout: Layout) {
        // SAFETY: the caller gives back what `alloc` gave for this layout.
        unsafe {
            if let Some(class) = slab::class_of(layout) {
                return slab::free(object, class);
            }
            match block_order(layout) {
                Some(order) => {
                    LARGE_BYTES.fetch_sub(PAGE_SIZE << order, Relaxed);
                    Buddy::free(virt_to_phys(object), order);
                }
                None => MIDDLE.lock().deallocate(object, layout),
            }
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract is `alloc`'s.
        let object = unsafe { self.alloc(layout) };
        if !object.is_null() {
            // SAFETY: just allocated with that size.
            unsafe { crate::arch::zero(object, layout.size()) };
        }
        object
    }

    unsafe fn realloc(&self, object: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller promises that `new_size` rounded up does not overflow.
        let new = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        let same_slab = slab::class_of(layout).is_some_and(|c| slab::class_of(new) == Some(c));
        let same_block = block_order(layout).is_some_and(|o| block_order(new) == Some(o));
        if same_slab || same_block {
            return object;
        }
        // SAFETY: a fresh object; the smaller of both sizes is valid in both.
        unsafe {
            let moved = self.alloc(new);
            if !moved.is_null() {
                crate::arch::copy(moved, object, layout.size().min(new_size));
                self.dealloc(object, layout);
            }
            moved
        }
    }
}
