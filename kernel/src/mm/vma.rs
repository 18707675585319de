//! [`Vma`]: a range of addresses with one kind of contents and one set of rights.

use alloc::sync::Arc;
use core::ops::Range;

use bitflags::bitflags;
use elfin_platform::paging::PageFlags;
use elfin_syscalls::args::ProtFlags;

use super::PAGE_SIZE;
use crate::fs::{Mappable, PathRef};

bitflags! {
    /// Properties of a mapping beside its rights.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct VmaFlags: u16 {
        /// Writes go to the object; otherwise they go to a copy.
        const SHARED = 1 << 0;
        /// Grows downwards when touched below (`MAP_GROWSDOWN`, the stack).
        const GROWS_DOWN = 1 << 1;
        /// Not counted against memory (`MAP_NORESERVE`).
        const NO_RESERVE = 1 << 2;
        /// Locked (`mlock`): there from the start. Memory is never swapped.
        const LOCKED = 1 << 3;
        /// `MADV_DONTFORK`.
        const DONT_FORK = 1 << 4;
        /// `MADV_WIPEONFORK`.
        const WIPE_ON_FORK = 1 << 5;
        /// `MADV_DONTDUMP`.
        const DONT_DUMP = 1 << 6;
        /// The object may be written through this mapping (it was opened for writing).
        const MAY_WRITE = 1 << 7;
        /// Locked as it is touched (`MLOCK_ONFAULT`), with [`Self::LOCKED`].
        const LOCK_ON_FAULT = 1 << 8;
        /// Counted as promised: private, and was writable once.
        const ACCOUNT = 1 << 9;
    }
}

/// What `/proc/self/maps` calls a mapping that is no file's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// Nothing.
    None,
    /// `[heap]`.
    Heap,
    /// `[stack]`.
    Stack,
    /// `[vdso]`.
    Vdso,
    /// `[vvar]`.
    Vvar,
}

/// Where a mapping's contents come from.
#[derive(Clone)]
pub enum Backing {
    /// Zeroes.
    Anonymous,
    /// An object's pages.
    Object {
        /// The object.
        object: Arc<dyn Mappable>,
        /// Its page at the mapping's start.
        page: u64,
        /// The file that was mapped, for `/proc`.
        path: Option<PathRef>,
    },
}

/// One mapping.
#[derive(Clone)]
pub struct Vma {
    /// First address.
    pub start: usize,
    /// First address after.
    pub end: usize,
    /// The program's rights.
    pub prot: ProtFlags,
    /// Properties.
    pub flags: VmaFlags,
    /// Contents.
    pub backing: Backing,
    /// Name.
    pub label: Label,
}

impl Vma {
    /// Its addresses.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Never: a mapping has at least a page.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Whether writes go to the object.
    pub fn is_shared(&self) -> bool {
        self.flags.contains(VmaFlags::SHARED)
    }

    /// Notes that its memory is promised, if it is: private, writable, not reserved without.
    pub fn note_promise(&mut self) {
        if self.prot.contains(ProtFlags::WRITE)
            && !self.flags.intersects(VmaFlags::SHARED | VmaFlags::NO_RESERVE)
        {
            self.flags |= VmaFlags::ACCOUNT;
        }
    }

    /// Whether its pages are provided when it is made: it is locked.
    pub fn is_filled_at_once(&self) -> bool {
        self.flags & (VmaFlags::LOCKED | VmaFlags::LOCK_ON_FAULT) == VmaFlags::LOCKED
    }

    /// Whether it is the kernel's own, which programs may look at but hardly change.
    pub fn is_special(&self) -> bool {
        matches!(self.label, Label::Vdso | Label::Vvar)
    }

    /// Whether the program may do anything with it.
    pub fn is_accessible(&self) -> bool {
        self.prot.intersects(ProtFlags::READ | ProtFlags::WRITE | ProtFlags::EXEC)
    }

    /// The object's page behind `address`.
    pub fn object_page(&self, address: usize) -> u64 {
        match &self.backing {
            Backing::Anonymous => 0,
            Backing::Object { page, .. } => page + ((address - self.start) / PAGE_SIZE) as u64,
        }
    }

    /// The mapping's rights as page rights.
    pub fn page_flags(&self) -> PageFlags {
        page_flags(self.prot)
    }

    /// The part of it in `range`, which must overlap it.
    pub fn part(&self, range: &Range<usize>) -> Self {
        let start = self.start.max(range.start);
        let end = self.end.min(range.end);
        let mut part = self.clone();
        if let Backing::Object { page, .. } = &mut part.backing {
            *page += ((start - self.start) / PAGE_SIZE) as u64;
        }
        (part.start, part.end) = (start, end);
        part
    }

    /// Whether `next`, which begins where this ends, continues it: one mapping could be both.
    pub fn continues_with(&self, next: &Self) -> bool {
        self.end == next.start
            && self.prot == next.prot
            && self.flags == next.flags
            && self.label == next.label
            && match (&self.backing, &next.backing) {
                (Backing::Anonymous, Backing::Anonymous) => true,
                (
                    Backing::Object { object, page, .. },
                    Backing::Object { object: other, page: next_page, .. },
                ) => {
                    same_object(object, other)
                        && object.joins()
                        && page + (self.len() / PAGE_SIZE) as u64 == *next_page
                }
                _ => false,
            }
    }
}

/// Whether both are the same object.
pub fn same_object(a: &Arc<dyn Mappable>, b: &Arc<dyn Mappable>) -> bool {
    core::ptr::addr_eq(Arc::as_ptr(a), Arc::as_ptr(b))
}

/// Page rights of a protection: on both architectures what may be written or run may be read.
pub fn page_flags(prot: ProtFlags) -> PageFlags {
    let mut flags = PageFlags::empty();
    flags.set(
        PageFlags::READ,
        prot.intersects(ProtFlags::READ | ProtFlags::WRITE | ProtFlags::EXEC),
    );
    flags.set(PageFlags::WRITE, prot.contains(ProtFlags::WRITE));
    flags.set(PageFlags::EXECUTE, prot.contains(ProtFlags::EXEC));
    flags
}
