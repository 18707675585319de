//! What is done to whole page tables: copies for `fork`, and the end.
//!
//! Both go table by table and look at entries in groups, most of which are empty.

use super::program::{OutOfMemory, PageTable, borrow, release};
use super::resident::counted;
use super::{
    ADDRESS, DIRTY, ENTRIES, LEVEL_BITS, OWNED, PRESENT, Table, USER_END, WRITE, index, table,
};
use crate::mm::{Frame, PAGE_SHIFT, PAGE_SIZE};
use crate::paging::ForkRule;
use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};

/// Entries that are looked at together.
const GROUP: usize = 8;

impl PageTable {
    /// Maps what is mapped in `range` into `child`, too, where nothing is mapped there. Says
    /// whether pages lost write access here: the caller then calls [`Self::flush_for_fork`]
    /// before the child runs. On an error part of the range is copied.
    pub fn fork_range(
        &self,
        child: &Self,
        range: Range<usize>,
        rule: ForkRule,
    ) -> Result<bool, OutOfMemory> {
        let end = range.end.min(USER_END);
        let mut virt = range.start & !(PAGE_SIZE - 1);
        let mut has_changed = false;
        let _guard = self.lock.lock();
        let _child_guard = child.lock.lock();
        while virt < end {
            let (from, span) = last_table(self.root, virt);
            let next = ((virt & !(span - 1)) + span).min(end);
            if let Some(from) = from {
                let entries = index(virt, 0)..index(next - PAGE_SIZE, 0) + 1;
                has_changed |= copy_entries(&from[entries], child, virt, rule)?;
            }
            virt = next;
        }
        Ok(has_changed)
    }

    /// Makes every CPU forget that it may write to the pages that a fork shares.
    pub fn flush_for_fork(&self) {
        self.flush(0..USER_END);
    }
}

/// The last-level table for `virt`, and the bytes that it spans; without one, the bytes that the
/// missing table would span.
pub(super) fn last_table(root: u64, virt: usize) -> (Option<&'static Table>, usize) {
    let mut current = table(root);
    for level in [3, 2, 1] {
        let value = current[index(virt, level)].load(Ordering::Relaxed);
        if value & PRESENT == 0 {
            return (None, 1 << (PAGE_SHIFT + LEVEL_BITS * level));
        }
        current = table(value);
    }
    (Some(current), 1 << (PAGE_SHIFT + LEVEL_BITS))
}

/// Copies the entries `from`, of one table, to the same place in `child`, from `virt` on.
fn copy_entries(
    from: &[AtomicU64],
    child: &PageTable,
    virt: usize,
    rule: ForkRule,
) -> Result<bool, OutOfMemory> {
    let mut to: Option<&Table> = None;
    let mut has_changed = false;
    let mut pages = 0;
    let first = index(virt, 0);
    for (n, entry) in from.iter().enumerate() {
        let mut value = entry.load(Ordering::Relaxed);
        // What may be written to may be marked as dirty by a CPU at any moment.
        if value & OWNED == 0 || value & (DIRTY | WRITE) == 0 && !rule.clean_too {
            continue;
        }
        let to = match to {
            Some(to) => to,
            None => {
                child.entry_or_create(virt).ok_or(OutOfMemory)?;
                *to.insert(last_table(child.root, virt).0.ok_or(OutOfMemory)?)
            }
        };
        if rule.copy_on_write && value & WRITE != 0 {
            value = entry.fetch_and(!WRITE, Ordering::Relaxed) & !WRITE;
            has_changed = true;
        }
        borrow(value).into_raw();
        to[first + n].store(value, Ordering::Relaxed);
        pages += counted(value);
    }
    child.resident.add(pages);
    Ok(has_changed)
}

/// Frees the table at `phys` with all below it that its first `entries` entries refer to.
///
/// # Safety
/// `phys` is a table of that level; nothing uses it or goes on to.
pub(super) unsafe fn free(phys: u64, level: usize, entries: usize) {
    for group in table(phys)[..entries].chunks_exact(GROUP) {
        if group.iter().fold(0, |all, entry| all | entry.load(Ordering::Relaxed)) == 0 {
            continue;
        }
        for value in group.iter().map(|entry| entry.load(Ordering::Relaxed)) {
            if level == 0 {
                release(value);
            } else if value & PRESENT != 0 {
                // SAFETY: the table's tables are its own.
                unsafe { free(value & ADDRESS, level - 1, ENTRIES) };
            }
        }
    }
    // SAFETY: `new_table` gave the reference up; the table is not in use any more.
    drop(unsafe { Frame::from_raw(phys) });
}
