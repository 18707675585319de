//! Emptying a page table that no CPU uses any more: the end of a program's memory.

use super::fork::last_table;
use super::program::{PageTable, release};
use super::resident::counted;
use super::tables::{free_empty, is_empty};
use super::{ADDRESS, LEVEL_BITS, PRESENT, USER_END, index, table};
use crate::mm::{PAGE_SHIFT, PAGE_SIZE};
use core::ops::Range;
use core::sync::atomic::Ordering;

/// Levels below the topmost, which stays.
const LEVELS: usize = 3;

impl PageTable {
    /// Lets go of all that is mapped in `ranges`, which ascend and do not overlap, and of the
    /// tables for it. Fast where no CPU uses the table, as when its program has ended.
    pub fn clear(&self, ranges: &mut dyn Iterator<Item = Range<usize>>) {
        if self.is_in_use() {
            return ranges.for_each(|range| self.unmap(range));
        }
        let _guard = self.lock.lock();
        let mut before = None;
        let mut pages = 0;
        for range in ranges {
            let end = range.end.min(USER_END);
            let mut virt = range.start & !(PAGE_SIZE - 1);
            while virt < end {
                self.close(before, Some(virt));
                before = Some(virt);
                let (entries, span) = last_table(self.root, virt);
                let next = ((virt & !(span - 1)) + span).min(end);
                for entry in entries
                    .iter()
                    .flat_map(|all| all[index(virt, 0)..=index(next - PAGE_SIZE, 0)].iter())
                {
                    let value = entry.load(Ordering::Relaxed);
                    if value != 0 {
                        entry.store(0, Ordering::Relaxed);
                        pages += counted(value);
                        release(value);
                    }
                }
                virt = next;
            }
        }
        self.close(before, None);
        self.resident.take(pages);
    }

    /// Frees the tables that translate the address `before`, but not `now`, which is above it.
    fn close(&self, before: Option<usize>, now: Option<usize>) {
        let Some(before) = before else { return };
        for level in 0..LEVELS {
            let number = |virt: usize| virt >> (PAGE_SHIFT + LEVEL_BITS * (level + 1));
            if now.is_some_and(|now| number(now) == number(before)) {
                return;
            }
            self.free_table_of(before, level);
        }
    }

    /// Frees the table of `level` for `virt`, if it is there and empty.
    fn free_table_of(&self, virt: usize, level: usize) {
        let mut current = table(self.root);
        for above in (level + 2..=LEVELS).rev() {
            let value = current[index(virt, above)].load(Ordering::Relaxed);
            if value & PRESENT == 0 {
                return;
            }
            current = table(value);
        }
        let entry = &current[index(virt, level + 1)];
        let value = entry.load(Ordering::Relaxed);
        // A table that was left behind empty may still be in this one.
        let may_be_used = level > 0 && self.may_have_leftovers();
        if value & PRESENT == 0 || (may_be_used && !is_empty(table(value))) {
            return;
        }
        entry.store(0, Ordering::Relaxed);
        self.forget_table();
        // SAFETY: nothing points to the table now, and no CPU uses this page table.
        unsafe { free_empty(value & ADDRESS) };
    }
}
