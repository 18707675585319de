//! Frames that hold page tables: made empty, and kept for the next when they are empty again, for
//! to clear one costs more than all else about it.

use super::{ENTRIES, KERNEL_HALF, Table, boot_table, table};
use crate::mm::Frame;
use crate::sync::SpinLock;
use core::sync::atomic::Ordering;

/// Empty tables that are kept at most.
const KEPT: usize = 16;

/// Top-level tables that are kept at most.
const KEPT_ROOTS: usize = 4;

struct Kept<const N: usize> {
    len: usize,
    all: [u64; N],
}

/// Tables without an entry.
static EMPTY: SpinLock<Kept<KEPT>> = SpinLock::new(Kept::new());
/// Top-level tables with the kernel's half alone.
static ROOTS: SpinLock<Kept<KEPT_ROOTS>> = SpinLock::new(Kept::new());

impl<const N: usize> Kept<N> {
    const fn new() -> Self {
        Self { len: 0, all: [0; N] }
    }

    fn pop(&mut self) -> Option<u64> {
        self.len = self.len.checked_sub(1)?;
        Some(self.all[self.len])
    }

    /// Keeps a table if there is room; says whether it did.
    fn push(&mut self, phys: u64) -> bool {
        let Some(slot) = self.all.get_mut(self.len) else { return false };
        *slot = phys;
        self.len += 1;
        true
    }
}

/// The physical address of an empty table, which is the caller's to free.
pub(super) fn new_table() -> Option<u64> {
    let kept = EMPTY.lock().pop();
    kept.or_else(|| Frame::zeroed().map(Frame::into_raw))
}

/// The physical address of a top-level table with the kernel's half alone.
pub(super) fn new_root() -> Option<u64> {
    if let Some(kept) = ROOTS.lock().pop() {
        return Some(kept);
    }
    let root = Frame::zeroed()?.into_raw();
    // The kernel's half no longer changes at this level once programs run.
    let halves = table(root).iter().zip(boot_table()).skip(KERNEL_HALF);
    halves.for_each(|(new, boot)| new.store(boot.load(Ordering::Relaxed), Ordering::Relaxed));
    Some(root)
}

/// Frees a top-level table whose user half is empty.
///
/// # Safety
/// It came from [`new_root`], and no CPU uses it or goes on to.
pub(super) unsafe fn free_root(phys: u64) {
    if !ROOTS.lock().push(phys) {
        // SAFETY: by the contract.
        unsafe { free_table(phys) };
    }
}

/// Frees a table whose entries are all zero.
///
/// # Safety
/// It came from [`new_table`], and nothing uses it or goes on to.
pub(super) unsafe fn free_empty(phys: u64) {
    debug_assert!(is_empty(table(phys)));
    if EMPTY.lock().push(phys) {
        return;
    }
    // SAFETY: by the contract.
    unsafe { free_table(phys) };
}

/// Frees a table, whatever its entries.
///
/// # Safety
/// As [`free_empty`].
pub(super) unsafe fn free_table(phys: u64) {
    // SAFETY: `new_table` gave the reference up.
    drop(unsafe { Frame::from_raw(phys) });
}

/// Frames that are kept, for statistics.
pub fn kept_tables() -> usize {
    EMPTY.lock().len + ROOTS.lock().len
}

/// Gives the kept frames back, because memory is scarce; says whether there were any.
pub fn release_tables() -> bool {
    let mut any = false;
    loop {
        let empty = EMPTY.lock().pop();
        let Some(phys) = empty.or_else(|| ROOTS.lock().pop()) else { return any };
        any = true;
        // SAFETY: it was kept for nobody.
        unsafe { free_table(phys) };
    }
}

/// Whether no entry of a table is in use.
pub(super) fn is_empty(table: &Table) -> bool {
    let (groups, rest) = table.as_chunks::<8>();
    debug_assert!(rest.is_empty() && groups.len() * 8 == ENTRIES);
    groups
        .iter()
        .all(|group| group.iter().fold(0, |all, entry| all | entry.load(Ordering::Relaxed)) == 0)
}
