//! How many pages of a page table are its program's own memory.

use super::program::{PageTable, flags_of, references};
use super::{OWNED, ZERO};
use crate::paging::PageFlags;
use core::ops::Range;
use core::sync::atomic::{AtomicUsize, Ordering};

/// A number of pages and the most that it ever was. Changes under the page table's lock.
#[derive(Default)]
pub(super) struct Counter {
    now: AtomicUsize,
    peak: AtomicUsize,
}

impl Counter {
    pub(super) fn add(&self, pages: usize) {
        let now = self.now.load(Ordering::Relaxed);
        self.now.store(now + pages, Ordering::Relaxed);
    }

    /// The peak is only noted when the number falls.
    pub(super) fn take(&self, pages: usize) {
        let now = self.now.load(Ordering::Relaxed);
        if now > self.peak.load(Ordering::Relaxed) {
            self.peak.store(now, Ordering::Relaxed);
        }
        self.now.store(now - pages, Ordering::Relaxed);
    }

    fn get(&self) -> (usize, usize) {
        let now = self.now.load(Ordering::Relaxed);
        (now, now.max(self.peak.load(Ordering::Relaxed)))
    }
}

/// Pages of the program's own memory that an entry is: one or none.
#[inline]
pub(super) fn counted(value: u64) -> usize {
    usize::from(value & (OWNED | ZERO) == OWNED)
}

impl PageTable {
    /// Pages of the program's own memory in it, and the most that there ever were.
    pub fn resident(&self) -> (usize, usize) {
        self.resident.get()
    }

    /// Calls `found` for each mapped page of `range` with its rights and the number of references
    /// to its frame: in page tables, objects, and by who just looks at it.
    pub fn for_each_counted(&self, range: Range<usize>, found: &mut dyn FnMut(PageFlags, u32)) {
        let _guard = self.lock.lock();
        self.visit(range, &mut |_, entry| {
            let value = entry.load(Ordering::Relaxed);
            found(flags_of(value), references(value));
        });
    }
}
