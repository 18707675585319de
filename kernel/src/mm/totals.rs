//! [`Totals`]: what the mappings of an address space add up to, kept as they change.

use elfin_syscalls::args::ProtFlags;

use super::commit;
use super::vma::{Vma, VmaFlags};

/// Sums over mappings, in bytes. What is promised is counted for the machine, too ([`commit`]).
#[derive(Debug, Default)]
pub struct Totals {
    /// Everything.
    pub mapped: usize,
    /// Private, writable, and no stack: what `RLIMIT_DATA` bounds.
    pub data: usize,
    /// Locked.
    pub locked: usize,
    /// Promised ([`VmaFlags::ACCOUNT`]).
    promised: usize,
}

impl Totals {
    /// No mappings.
    pub const fn new() -> Self {
        Self { mapped: 0, data: 0, locked: 0, promised: 0 }
    }

    /// Adds `bytes` of a mapping like `vma`.
    pub fn add(&mut self, vma: &Vma, bytes: usize) {
        self.mapped += bytes;
        if is_data(vma) {
            self.data += bytes;
        }
        if vma.flags.intersects(VmaFlags::LOCKED | VmaFlags::ACCOUNT) {
            if vma.flags.contains(VmaFlags::LOCKED) {
                self.locked += bytes;
            }
            if vma.flags.contains(VmaFlags::ACCOUNT) {
                self.promised += bytes;
                commit::add(bytes);
            }
        }
    }

    /// Takes away `bytes` of a mapping like `vma`.
    pub fn take(&mut self, vma: &Vma, bytes: usize) {
        self.mapped -= bytes;
        if is_data(vma) {
            self.data -= bytes;
        }
        if vma.flags.intersects(VmaFlags::LOCKED | VmaFlags::ACCOUNT) {
            if vma.flags.contains(VmaFlags::LOCKED) {
                self.locked -= bytes;
            }
            if vma.flags.contains(VmaFlags::ACCOUNT) {
                self.promised -= bytes;
                commit::take(bytes);
            }
        }
    }

    /// Bytes promised.
    pub fn promised(&self) -> usize {
        self.promised
    }
}

impl Drop for Totals {
    fn drop(&mut self) {
        commit::take(self.promised);
    }
}

/// Whether a mapping counts as data (`RLIMIT_DATA`).
pub fn is_data(vma: &Vma) -> bool {
    vma.prot.contains(ProtFlags::WRITE)
        && !vma.flags.intersects(VmaFlags::SHARED | VmaFlags::GROWS_DOWN)
}
