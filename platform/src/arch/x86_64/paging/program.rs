//! [`PageTable`]: the user half, one for each program.

use super::super::{ipi, percpu};
use super::resident::{Counter, counted};
use super::tables::{free_empty, free_root, is_empty, new_root, new_table};
use super::{
    ACCESSED, ADDRESS, DIRTY, ENTRIES, KERNEL_HALF, LEVEL_BITS, NO_EXECUTE, OWNED, PRESENT,
    TOP_LEVEL, USER, USER_END, WRITE, ZERO, boot_root, flush, index, table,
};
use crate::mm::{Frame, PAGE_SHIFT, PAGE_SIZE};
use crate::paging::PageFlags;
use crate::sync::SpinLock;
use core::ops::Range;
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};

/// A program's page table. Entries hold references to the frames they map.
pub struct PageTable {
    pub(super) root: u64,
    pub(super) lock: SpinLock<()>,
    /// The CPUs that use it, a bit each: whose translations must be dropped when it changes.
    users: AtomicU64,
    /// Tables below the topmost. Changes under the lock.
    tables: AtomicUsize,
    /// Mappings were taken out, and empty tables may have been left behind.
    has_leftovers: AtomicBool,
    /// Pages that are the program's memory. Changes under the lock.
    pub(super) resident: Counter,
}

/// There is no memory for another table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

impl PageTable {
    /// An empty user half beside the kernel's half; `None` when memory is out.
    pub fn new() -> Option<Self> {
        Some(Self {
            root: new_root()?,
            lock: SpinLock::new(()),
            users: AtomicU64::new(0),
            tables: AtomicUsize::new(0),
            has_leftovers: AtomicBool::new(false),
            resident: Counter::default(),
        })
    }

    /// Makes this CPU use the table. The kernel keeps it alive while any CPU does: see
    /// [`crate::task`], which holds a reference for the running thread.
    pub(crate) fn activate(&self) {
        if !self.is_active() {
            use_table(self.root, &self.users);
        }
    }

    /// Makes this CPU use the boot table, which maps no program.
    pub(crate) fn activate_kernel() {
        let root = boot_root();
        if percpu::this().page_table.get() != root {
            use_table(root, core::ptr::null());
        }
    }

    /// Whether any CPU uses the table.
    pub(super) fn is_in_use(&self) -> bool {
        self.users.load(Ordering::Acquire) != 0
    }

    /// Whether empty tables may have been left behind by mappings that were taken out.
    pub(super) fn may_have_leftovers(&self) -> bool {
        self.has_leftovers.load(Ordering::Relaxed)
    }

    /// A table below the topmost is gone. With the lock held.
    pub(super) fn forget_table(&self) {
        let tables = self.tables.load(Ordering::Relaxed);
        self.tables.store(tables - 1, Ordering::Relaxed);
    }

    /// Whether this CPU uses the table.
    pub(super) fn is_active(&self) -> bool {
        percpu::this().page_table.get() == self.root
    }

    /// Maps `frame` at the page of `virt`, in place of what was there.
    pub fn map(&self, virt: usize, frame: Frame, flags: PageFlags) -> Result<(), OutOfMemory> {
        check_user(virt);
        let old = {
            let _guard = self.lock.lock();
            let entry = self.entry_or_create(virt).ok_or(OutOfMemory)?;
            let new = frame.into_raw() | bits(flags) | OWNED;
            let old = entry.swap(new, Ordering::Relaxed);
            self.resident.add(counted(new));
            self.resident.take(counted(old));
            old
        };
        if old != 0 {
            if old & PRESENT != 0 {
                self.flush(virt..virt + PAGE_SIZE);
            }
            release(old);
        }
        Ok(())
    }

    /// What is mapped at the page of `virt`: another reference to its frame, and its rights.
    pub fn get(&self, virt: usize) -> Option<(Frame, PageFlags)> {
        check_user(virt);
        let _guard = self.lock.lock();
        let value = self.entry(virt)?.load(Ordering::Relaxed);
        (value & OWNED != 0).then(|| (borrow(value), flags_of(value)))
    }

    /// Maps `frame` at the page of `virt` if nothing is there; says whether it did.
    pub fn map_new(
        &self,
        virt: usize,
        frame: Frame,
        flags: PageFlags,
    ) -> Result<bool, OutOfMemory> {
        check_user(virt);
        let _guard = self.lock.lock();
        let entry = self.entry_or_create(virt).ok_or(OutOfMemory)?;
        if entry.load(Ordering::Relaxed) != 0 {
            return Ok(false);
        }
        let new = frame.into_raw() | bits(flags) | OWNED;
        entry.store(new, Ordering::Relaxed);
        self.resident.add(counted(new));
        Ok(true)
    }

    /// Maps `new` at the page of `virt` in place of `old`, if that is what is there; says whether
    /// it did. `new` may be `old` with other rights.
    pub fn replace(&self, virt: usize, old: &Frame, new: Frame, flags: PageFlags) -> bool {
        check_user(virt);
        let before = {
            let _guard = self.lock.lock();
            let Some(entry) = self.entry(virt) else { return false };
            let before = entry.load(Ordering::Relaxed);
            if before & OWNED == 0 || before & ADDRESS != old.phys() {
                return false;
            }
            let new = new.into_raw() | bits(flags) | OWNED;
            entry.store(new, Ordering::Relaxed);
            if (before ^ new) & ZERO != 0 {
                self.resident.add(counted(new));
                self.resident.take(counted(before));
            }
            before
        };
        if before & PRESENT != 0 {
            self.flush(virt..virt + PAGE_SIZE);
        }
        release(before);
        true
    }

    /// Gives write access to the page of `virt` if its frame is `frame` and nobody else refers to
    /// it (`frame` itself and the entry apart); says whether it did.
    pub fn make_writable(&self, virt: usize, frame: &Frame) -> bool {
        const OURS: u32 = 2;
        check_user(virt);
        let _guard = self.lock.lock();
        let Some(entry) = self.entry(virt) else { return false };
        let before = entry.load(Ordering::Relaxed);
        if before & OWNED == 0 || before & ADDRESS != frame.phys() || frame.references() != OURS {
            return false;
        }
        entry.store(before | PRESENT | WRITE | ACCESSED | DIRTY, Ordering::Relaxed);
        // Others that know it read-only fault once more, and find it so.
        flush(virt..virt + PAGE_SIZE);
        true
    }

    /// Changes the rights of the pages that are mapped in `range`. With `copy_on_write` a page
    /// gets write access only if nobody else refers to its frame.
    pub fn protect(&self, range: Range<usize>, flags: PageFlags, copy_on_write: bool) {
        let mut changed = false;
        {
            let _guard = self.lock.lock();
            self.visit(range.clone(), &mut |_, entry| {
                let mut old = entry.load(Ordering::Relaxed);
                loop {
                    let kept = old & (ADDRESS | OWNED | ACCESSED | DIRTY | ZERO);
                    let mut new = kept | bits(flags);
                    if copy_on_write && new & WRITE != 0 && is_shared(old) {
                        new &= !WRITE;
                    }
                    if new == old {
                        break;
                    }
                    // Another CPU may mark the page dirty at this moment.
                    match entry.compare_exchange(old, new, Ordering::Relaxed, Ordering::Relaxed) {
                        Ok(_) => {
                            changed |= old & PRESENT != 0;
                            break;
                        }
                        Err(now) => old = now,
                    }
                }
            });
        }
        if changed {
            self.flush(range);
        }
    }

    /// Takes write access from the pages in `range`, and marks them clean, calling `dirty` for
    /// each that was written to.
    pub fn clean(&self, range: Range<usize>, dirty: &mut dyn FnMut(usize)) {
        let mut changed = false;
        {
            let _guard = self.lock.lock();
            self.visit(range.clone(), &mut |virt, entry| {
                let old = entry.fetch_and(!(WRITE | DIRTY), Ordering::Relaxed);
                changed |= old & (WRITE | DIRTY) != 0;
                if old & DIRTY != 0 {
                    dirty(virt);
                }
            });
        }
        if changed {
            self.flush(range);
        }
    }

    /// Unmaps `range` and lets go of its frames.
    pub fn unmap(&self, range: Range<usize>) {
        self.has_leftovers.store(true, Ordering::Relaxed);
        const BATCH: usize = 16;
        let mut start = range.start;
        while start < range.end {
            let mut batch = [0; BATCH];
            let (mut taken, mut next, mut flush_from) = (0, range.end, None);
            {
                let _guard = self.lock.lock();
                let mut pages = 0;
                self.visit_while(start..range.end, &mut |virt, entry| {
                    if taken == BATCH {
                        next = virt;
                        return false;
                    }
                    batch[taken] = entry.swap(0, Ordering::Relaxed);
                    if batch[taken] & PRESENT != 0 && flush_from.is_none() {
                        flush_from = Some(virt);
                    }
                    pages += counted(batch[taken]);
                    taken += 1;
                    true
                });
                self.resident.take(pages);
            }
            if let Some(from) = flush_from {
                self.flush(from..next);
            }
            for &value in &batch[..taken] {
                release(value);
            }
            start = next;
        }
        self.free_tables(range);
    }

    /// Moves the pages mapped in `from` to the equally long range at `to`, where nothing is
    /// mapped. On an error the pages moved so far stay moved.
    pub fn relocate(&self, from: Range<usize>, to: usize) -> Result<(), OutOfMemory> {
        let mut failed = false;
        {
            let _guard = self.lock.lock();
            self.visit_while(from.clone(), &mut |virt, entry| {
                let target = to + (virt - from.start);
                match self.entry_or_create(target) {
                    Some(new) => new.store(entry.swap(0, Ordering::Relaxed), Ordering::Relaxed),
                    None => failed = true,
                }
                !failed
            });
        }
        self.flush(from);
        if failed { Err(OutOfMemory) } else { Ok(()) }
    }

    /// Calls `found` for each mapped page of `range` with its address and rights.
    pub fn for_each(&self, range: Range<usize>, found: &mut dyn FnMut(usize, PageFlags)) {
        let _guard = self.lock.lock();
        self.visit(range, &mut |virt, entry| {
            found(virt, flags_of(entry.load(Ordering::Relaxed)));
        });
    }

    fn entry(&self, virt: usize) -> Option<&'static AtomicU64> {
        let mut current = table(self.root);
        for level in [3, 2, 1] {
            let value = current[index(virt, level)].load(Ordering::Relaxed);
            if value & PRESENT == 0 {
                return None;
            }
            current = table(value);
        }
        Some(&current[index(virt, 0)])
    }

    pub(super) fn entry_or_create(&self, virt: usize) -> Option<&'static AtomicU64> {
        let mut current = table(self.root);
        for level in [3, 2, 1] {
            let entry = &current[index(virt, level)];
            let mut value = entry.load(Ordering::Relaxed);
            if value & PRESENT == 0 {
                value = new_table()? | PRESENT | WRITE | USER | ACCESSED;
                entry.store(value, Ordering::Relaxed);
                let tables = self.tables.load(Ordering::Relaxed);
                self.tables.store(tables + 1, Ordering::Relaxed);
            }
            current = table(value);
        }
        Some(&current[index(virt, 0)])
    }

    pub(super) fn visit(&self, range: Range<usize>, f: &mut dyn FnMut(usize, &AtomicU64)) {
        self.visit_while(range, &mut |virt, entry| {
            f(virt, entry);
            true
        });
    }

    /// Calls `f` for each entry in use in `range`, skipping tables that are not there, until it
    /// says `false`.
    fn visit_while(&self, range: Range<usize>, f: &mut dyn FnMut(usize, &AtomicU64) -> bool) {
        let end = range.end.min(USER_END);
        let mut virt = range.start & !(PAGE_SIZE - 1);
        'tables: while virt < end {
            let mut current = table(self.root);
            for level in [3, 2, 1] {
                let value = current[index(virt, level)].load(Ordering::Relaxed);
                if value & PRESENT == 0 {
                    let span = 1 << (PAGE_SHIFT + LEVEL_BITS * level);
                    virt = (virt & !(span - 1)) + span;
                    continue 'tables;
                }
                current = table(value);
            }
            let first = index(virt, 0);
            for entry in &current[first..] {
                if virt >= end {
                    return;
                }
                if entry.load(Ordering::Relaxed) != 0 && !f(virt, entry) {
                    return;
                }
                virt += PAGE_SIZE;
            }
        }
    }

    /// Frees the last-level tables whose whole span lies in the unmapped `range`.
    fn free_tables(&self, range: Range<usize>) {
        /// Tables freed with one flush.
        const BATCH: usize = 16;
        const SPAN: usize = PAGE_SIZE * ENTRIES;
        let end = range.end & !(SPAN - 1);
        let mut virt = range.start.next_multiple_of(SPAN);
        while virt < end {
            let (mut batch, mut taken, start) = ([0; BATCH], 0, virt);
            let _guard = self.lock.lock();
            while virt < end && taken < BATCH {
                let (entry, next) = self.table_entry(virt);
                if let Some(value) = entry.and_then(take_empty) {
                    batch[taken] = value & ADDRESS;
                    taken += 1;
                    self.forget_table();
                }
                virt = next;
            }
            if taken == 0 {
                continue;
            }
            // The paging-structure caches may know the tables: drop that before they are reused.
            self.flush_on_all(start..virt, true);
            for &phys in &batch[..taken] {
                // SAFETY: nothing points to the table now, and no CPU knows it any more.
                unsafe { free_empty(phys) };
            }
        }
    }

    /// The entry of the last-level table for `virt`, if there is one, and where the next begins.
    fn table_entry(&self, virt: usize) -> (Option<&'static AtomicU64>, usize) {
        let mut current = table(self.root);
        for level in [3, 2] {
            let value = current[index(virt, level)].load(Ordering::Relaxed);
            if value & PRESENT == 0 {
                let span = 1 << (PAGE_SHIFT + LEVEL_BITS * level);
                return (None, (virt & !(span - 1)) + span);
            }
            current = table(value);
        }
        (Some(&current[index(virt, 1)]), virt + PAGE_SIZE * ENTRIES)
    }

    /// Drops the translations of `range` on all CPUs that use the table. When it returns none of
    /// them reaches what was mapped there before.
    pub(super) fn flush(&self, range: Range<usize>) {
        self.flush_on_all(range, false);
    }

    /// [`Self::flush`]; `tables`: a table itself is to be freed, which even a CPU that halts may
    /// look at.
    fn flush_on_all(&self, range: Range<usize>, tables: bool) {
        // A CPU that begins to use the table after this sees it as it is now.
        fence(Ordering::SeqCst);
        let users = self.users.load(Ordering::Relaxed);
        let me = 1 << percpu::this().id.get();
        if users & me != 0 {
            flush(range.clone());
        }
        if users & !me != 0 {
            ipi::ask(users & !me, range, tables);
        }
    }

    /// Has all other CPUs that use the table pass a full memory barrier.
    pub fn synchronize(&self) {
        fence(Ordering::SeqCst);
        let me = 1 << percpu::this().id.get();
        ipi::ask(self.users.load(Ordering::Relaxed) & !me, 0..0, true);
    }
}

/// Loads CR3 with the table at `root`, whose users are `users` (null: they are not counted).
fn use_table(root: u64, users: *const AtomicU64) {
    let cpu = percpu::this();
    let me = 1 << cpu.id.get();
    // SAFETY: null, or part of a table that the caller keeps alive while it is used.
    if let Some(users) = unsafe { users.as_ref() } {
        users.fetch_or(me, Ordering::SeqCst);
    }
    // SAFETY: the kernel half is the same in every table.
    unsafe { core::arch::asm!("mov cr3, {}", in(reg) root, options(nostack)) };
    cpu.page_table.set(root);
    let before = cpu.page_table_users.replace(users);
    // SAFETY: null, or part of the table used until now, which lives until this CPU has left it.
    if let Some(before) = unsafe { before.as_ref() } {
        before.fetch_and(!me, Ordering::Release);
    }
}

impl Drop for PageTable {
    fn drop(&mut self) {
        assert!(*self.users.get_mut() == 0, "a page table in use is dropped");
        if *self.tables.get_mut() == 0 {
            // SAFETY: nobody has a reference to it, and no CPU uses it.
            return unsafe { free_root(self.root) };
        }
        // SAFETY: nobody has a reference to it, and no CPU uses it.
        unsafe { super::fork::free(self.root, TOP_LEVEL, KERNEL_HALF) };
    }
}

/// Takes the table behind a second-level entry out, if there is one and it is empty.
fn take_empty(entry: &AtomicU64) -> Option<u64> {
    let value = entry.load(Ordering::Relaxed);
    (value & PRESENT != 0 && is_empty(table(value))).then(|| entry.swap(0, Ordering::Relaxed))
}

fn check_user(virt: usize) {
    assert!(virt < USER_END, "user mapping at {virt:#x}");
}

fn bits(flags: PageFlags) -> u64 {
    let mut bits = USER;
    if flags.intersects(PageFlags::READ | PageFlags::WRITE | PageFlags::EXECUTE) {
        bits |= PRESENT | ACCESSED;
    }
    if flags.contains(PageFlags::WRITE) {
        bits |= WRITE;
    }
    if flags.contains(PageFlags::DIRTY) {
        bits |= DIRTY;
    }
    if flags.contains(PageFlags::ZERO) {
        bits |= ZERO;
    }
    if !flags.contains(PageFlags::EXECUTE) {
        bits |= NO_EXECUTE;
    }
    bits
}

pub(super) fn flags_of(value: u64) -> PageFlags {
    let mut flags = PageFlags::empty();
    flags.set(PageFlags::READ, value & PRESENT != 0);
    flags.set(PageFlags::WRITE, value & (PRESENT | WRITE) == PRESENT | WRITE);
    flags.set(PageFlags::EXECUTE, value & (PRESENT | NO_EXECUTE) == PRESENT);
    flags.set(PageFlags::DIRTY, value & DIRTY != 0);
    flags.set(PageFlags::ZERO, value & ZERO != 0);
    flags
}

/// How many references there are to the frame of an entry.
pub(super) fn references(value: u64) -> u32 {
    // SAFETY: an OWNED entry holds a reference, which stays the entry's.
    let held = core::mem::ManuallyDrop::new(unsafe { Frame::from_raw(value & ADDRESS) });
    held.references()
}

/// Whether others refer to the frame of an entry too.
fn is_shared(value: u64) -> bool {
    references(value) > 1
}

/// Another reference to the frame of an entry.
pub(super) fn borrow(value: u64) -> Frame {
    // SAFETY: an OWNED entry holds a reference, which is not consumed here: the clone is ours and
    // the entry's is given up again.
    let held = unsafe { Frame::from_raw(value & ADDRESS) };
    let ours = held.clone();
    held.into_raw();
    ours
}

/// Drops the reference that a removed entry held.
pub(super) fn release(value: u64) {
    if value & OWNED != 0 {
        // SAFETY: the entry held a reference and is gone from the table and this CPU's TLB.
        drop(unsafe { Frame::from_raw(value & ADDRESS) });
    }
}
