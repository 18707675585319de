//! [`UndoList`]: the sets that a process's end changes back (`SEM_UNDO`).

use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};

use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;

use super::set::SemSet;

/// Where a process, or several that share it, have something to undo. It is undone when the
/// last reference goes.
pub struct UndoList {
    id: u64,
    sets: SpinLock<Vec<Weak<SemSet>>>,
}

impl UndoList {
    /// Nothing to undo.
    pub fn new() -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Arc::new(Self { id, sets: SpinLock::new(Vec::new()) })
    }

    /// What the sets know it by.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Remembers that there is something to undo in `set`.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn remember(&self, set: &Arc<SemSet>) -> Result<(), Errno> {
        let mut sets = self.sets.lock();
        if sets.iter().any(|other| core::ptr::eq(other.as_ptr(), Arc::as_ptr(set))) {
            return Ok(());
        }
        if sets.len() == sets.capacity() {
            sets.retain(|set| set.strong_count() > 0);
            sets.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        }
        sets.push(Arc::downgrade(set));
        Ok(())
    }
}

impl Drop for UndoList {
    fn drop(&mut self) {
        for set in core::mem::take(self.sets.get_mut()) {
            if let Some(set) = set.upgrade() {
                set.undo(self.id);
            }
        }
    }
}
