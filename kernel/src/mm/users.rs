//! The threads that run in an address space: with the last one its contents go.

use core::sync::atomic::Ordering;

use elfin_platform::user;

use super::space::AddressSpace;

impl AddressSpace {
    /// One more thread runs in it.
    pub fn join(&self) {
        self.users.fetch_add(1, Ordering::Relaxed);
    }

    /// A thread runs in it no more, and its CPU uses another page table by now. With the last
    /// one all mappings go.
    pub fn leave(&self) {
        if self.users.fetch_sub(1, Ordering::AcqRel) == 1 {
            let mut inner = self.inner.write();
            // An unmapping that splits nothing needs no memory.
            self.remove(&mut inner, 0..user::END);
            inner.heap = (0, 0);
        }
    }

    /// The number of threads that run in it.
    pub fn users(&self) -> usize {
        self.users.load(Ordering::Acquire)
    }
}
