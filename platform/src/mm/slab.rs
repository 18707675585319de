//! Slabs: kernel objects of up to [`MAX_SIZE`] bytes, each size class carved out of single frames.
//!
//! A slab's free objects form a list through their first two bytes (offsets in the frame); its
//! head is in the frame's [`Record`](super::buddy::Record) (`refs`), with the count of used objects
//! and the links of the class's list of slabs that have room. An empty slab goes back to the frame
//! allocator, unless it is the class's last with room.

use super::buddy::{Buddy, Record, record};
use super::{PAGE_SHIFT, PAGE_SIZE};
use crate::arch::paging::{phys_to_virt, virt_to_phys};
use crate::sync::SpinLock;
use core::alloc::Layout;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Largest object.
pub const MAX_SIZE: usize = 2048;
const SIZES: [usize; 14] = [16, 32, 48, 64, 96, 128, 192, 256, 336, 512, 672, 1024, 1360, 2048];
const GRAIN: usize = 16;
const NONE: u32 = u32::MAX;
const END: u16 = u16::MAX;

/// Class of each size, by sixteenths rounded up.
static CLASS_OF: [u8; MAX_SIZE / GRAIN + 1] = {
    let mut table = [0; MAX_SIZE / GRAIN + 1];
    let (mut n, mut class) = (0, 0);
    while n < table.len() {
        if n * GRAIN > SIZES[class] {
            class += 1;
        }
        table[n] = class as u8;
        n += 1;
    }
    table
};

struct Class {
    /// First slab with room.
    partial: u32,
}

static CLASSES: [SpinLock<Class>; SIZES.len()] =
    [const { SpinLock::new(Class { partial: NONE }) }; SIZES.len()];
static FRAMES: AtomicUsize = AtomicUsize::new(0);

/// The class that serves `layout`, if one does.
#[inline]
pub fn class_of(layout: Layout) -> Option<usize> {
    let mut size = layout.size();
    if layout.align() > GRAIN {
        size = size.max(layout.align()).next_power_of_two();
    }
    (size <= MAX_SIZE).then(|| usize::from(CLASS_OF[size.div_ceil(GRAIN)]))
}

/// Frames that slabs hold.
pub fn frames() -> usize {
    FRAMES.load(Relaxed)
}

/// An object of `class`; `None` when memory is out. Contents are unspecified.
#[inline]
pub fn allocate(class: usize) -> Option<NonNull<u8>> {
    let mut slabs = CLASSES[class].lock();
    if slabs.partial == NONE {
        slabs.grow(class)?;
    }
    let pfn = slabs.partial as usize;
    let slab = record(pfn);
    let base = phys_to_virt((pfn as u64) << PAGE_SHIFT);
    let offset = slab.refs.load(Relaxed);
    // SAFETY: a slab on the partial list has a free object at its head offset, which holds the
    // next one's offset.
    let (object, next) = unsafe {
        let object = base.add(offset as usize);
        (object, object.cast::<u16>().read())
    };
    slab.refs.store(u32::from(next), Relaxed);
    slab.slab_used.store(slab.slab_used.load(Relaxed) + 1, Relaxed);
    if next == END {
        slabs.unlink(pfn, slab);
    }
    NonNull::new(object)
}

/// Gives an object back.
///
/// # Safety
/// `object` came from [`allocate`] with the same class, and nothing uses it.
#[inline]
pub unsafe fn free(object: *mut u8, class: usize) {
    let phys = virt_to_phys(object);
    let (pfn, offset) = ((phys >> PAGE_SHIFT) as usize, phys as u16 & (PAGE_SIZE as u16 - 1));
    let slab = record(pfn);
    let mut slabs = CLASSES[class].lock();
    let head = slab.refs.load(Relaxed) as u16;
    // SAFETY: the object is free from here on and at least 16 bytes large.
    unsafe { object.cast::<u16>().write(head) };
    slab.refs.store(u32::from(offset), Relaxed);
    let used = slab.slab_used.load(Relaxed) - 1;
    slab.slab_used.store(used, Relaxed);
    if head == END {
        slabs.link(pfn, slab);
    }
    let only_one = slabs.partial == pfn as u32 && slab.next.load(Relaxed) == NONE;
    if used == 0 && !only_one {
        slabs.unlink(pfn, slab);
        drop(slabs);
        FRAMES.fetch_sub(1, Relaxed);
        // SAFETY: no object of the slab is in use and the class no longer knows it.
        unsafe { Buddy::free(phys & !(PAGE_SIZE as u64 - 1), 0) };
    }
}

impl Class {
    /// Adds a fresh slab.
    fn grow(&mut self, class: usize) -> Option<()> {
        let size = SIZES[class];
        let phys = Buddy::allocate_at_last(0)?;
        FRAMES.fetch_add(1, Relaxed);
        let base = phys_to_virt(phys);
        let count = PAGE_SIZE / size;
        for n in 0..count {
            let next = if n + 1 < count { ((n + 1) * size) as u16 } else { END };
            // SAFETY: within the frame just taken.
            unsafe { base.add(n * size).cast::<u16>().write(next) };
        }
        let pfn = (phys >> PAGE_SHIFT) as usize;
        let slab = record(pfn);
        slab.refs.store(0, Relaxed);
        slab.slab_used.store(0, Relaxed);
        self.link(pfn, slab);
        Some(())
    }

    fn link(&mut self, pfn: usize, slab: &Record) {
        slab.prev.store(NONE, Relaxed);
        slab.next.store(self.partial, Relaxed);
        if self.partial != NONE {
            record(self.partial as usize).prev.store(pfn as u32, Relaxed);
        }
        self.partial = pfn as u32;
    }

    fn unlink(&mut self, pfn: usize, slab: &Record) {
        let (next, prev) = (slab.next.load(Relaxed), slab.prev.load(Relaxed));
        if prev == NONE {
            debug_assert_eq!(self.partial, pfn as u32);
            self.partial = next;
        } else {
            record(prev as usize).next.store(next, Relaxed);
        }
        if next != NONE {
            record(next as usize).prev.store(prev, Relaxed);
        }
    }
}
