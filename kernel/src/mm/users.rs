//! The threads that run in an address space: with the last one its contents go.

use core::sync::atomic::Ordering;

use elfin_platform::user;

use super::map::tell_object;
use super::space::AddressSpace;
use super::vma::Vma;

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
            self.pages.clear(&mut inner.map.iter().map(Vma::range));
            inner.map.remove(0..user::END, |vma| tell_object(&vma, -1));
            inner.heap = (0, 0);
            drop(inner);
            self.aio.clear();
            self.forget_program();
        }
    }

    /// The number of threads that run in it.
    pub fn users(&self) -> usize {
        self.users.load(Ordering::Acquire)
    }
}
