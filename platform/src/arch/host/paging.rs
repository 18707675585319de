//! A page table that is a map: enough for address-space logic under test.

use crate::mm::{Frame, PAGE_SIZE};
use crate::paging::{ForkRule, PageFlags};
use crate::sync::SpinLock;
use alloc::collections::BTreeMap;
use core::ops::Range;

/// As on x86_64.
pub const USER_END: usize = 0x7fff_ffff_f000;

/// There is no memory for another table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

/// Pages by address.
pub struct PageTable(SpinLock<BTreeMap<usize, (Frame, PageFlags)>>);

fn page(virt: usize) -> usize {
    virt & !(PAGE_SIZE - 1)
}

#[allow(missing_docs, reason = "as on a machine; see the x86_64 page table")]
impl PageTable {
    pub fn new() -> Option<Self> {
        Some(Self(SpinLock::new(BTreeMap::new())))
    }
    pub(crate) fn activate(&self) {}
    pub(crate) fn activate_kernel() {}
    pub fn synchronize(&self) {}
    pub fn map(&self, virt: usize, frame: Frame, flags: PageFlags) -> Result<(), OutOfMemory> {
        self.0.lock().insert(page(virt), (frame, flags));
        Ok(())
    }
    pub fn get(&self, virt: usize) -> Option<(Frame, PageFlags)> {
        self.0.lock().get(&page(virt)).cloned()
    }
    pub fn map_new(
        &self,
        virt: usize,
        frame: Frame,
        flags: PageFlags,
    ) -> Result<bool, OutOfMemory> {
        let mut pages = self.0.lock();
        let is_new = !pages.contains_key(&page(virt));
        if is_new {
            pages.insert(page(virt), (frame, flags));
        }
        Ok(is_new)
    }
    pub fn replace(&self, virt: usize, old: &Frame, new: Frame, flags: PageFlags) -> bool {
        let mut pages = self.0.lock();
        match pages.get_mut(&page(virt)) {
            Some(entry) if entry.0.same(old) => {
                *entry = (new, flags);
                true
            }
            _ => false,
        }
    }
    pub fn make_writable(&self, virt: usize, frame: &Frame) -> bool {
        match self.0.lock().get_mut(&page(virt)) {
            Some(entry) if entry.0.same(frame) && frame.references() == 2 => {
                entry.1 |= PageFlags::WRITE;
                true
            }
            _ => false,
        }
    }
    pub fn protect(&self, range: Range<usize>, flags: PageFlags, copy_on_write: bool) {
        for (_, entry) in self.0.lock().range_mut(range) {
            entry.1 = flags | entry.1 & (PageFlags::DIRTY | PageFlags::ZERO);
            if copy_on_write && !entry.0.is_unique() {
                entry.1.remove(PageFlags::WRITE);
            }
        }
    }
    pub fn fork_range(
        &self,
        child: &Self,
        range: Range<usize>,
        rule: ForkRule,
    ) -> Result<bool, OutOfMemory> {
        let mut has_changed = false;
        for (virt, entry) in self.0.lock().range_mut(range) {
            if rule.clean_too || entry.1.contains(PageFlags::DIRTY) {
                if rule.copy_on_write {
                    has_changed |= entry.1.contains(PageFlags::WRITE);
                    entry.1.remove(PageFlags::WRITE);
                }
                child.0.lock().insert(*virt, entry.clone());
            }
        }
        Ok(has_changed)
    }
    pub fn resident(&self) -> (usize, usize) {
        let pages = self.0.lock();
        let own = pages.values().filter(|page| !page.1.contains(PageFlags::ZERO)).count();
        (own, own)
    }
    pub fn flush_for_fork(&self) {}
    pub fn clean(&self, range: Range<usize>, dirty: &mut dyn FnMut(usize)) {
        for (virt, entry) in self.0.lock().range_mut(range) {
            if entry.1.contains(PageFlags::DIRTY) {
                dirty(*virt);
            }
            entry.1.remove(PageFlags::WRITE | PageFlags::DIRTY);
        }
    }
    pub fn unmap(&self, range: Range<usize>) {
        self.0.lock().retain(|virt, _| !range.contains(virt));
    }
    pub fn clear(&self, ranges: &mut dyn Iterator<Item = Range<usize>>) {
        ranges.for_each(|range| self.unmap(range));
    }
    pub fn relocate(&self, from: Range<usize>, to: usize) -> Result<(), OutOfMemory> {
        let mut pages = self.0.lock();
        let moved: alloc::vec::Vec<_> = pages.extract_if(from.clone(), |_, _| true).collect();
        pages.extend(moved.into_iter().map(|(virt, entry)| (to + (virt - from.start), entry)));
        Ok(())
    }
    pub fn for_each_counted(&self, range: Range<usize>, found: &mut dyn FnMut(PageFlags, u32)) {
        for (_, entry) in self.0.lock().range(range) {
            found(entry.1, entry.0.references());
        }
    }
    pub fn for_each(&self, range: Range<usize>, found: &mut dyn FnMut(usize, PageFlags)) {
        for (virt, entry) in self.0.lock().range(range) {
            found(*virt, entry.1);
        }
    }
}
