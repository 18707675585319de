//! Making, removing and protecting mappings: `mmap`, `munmap`, `mprotect`.
//!
//! Neighbours: `heap.rs`, `remap.rs` and `advise.rs` have what else system calls change.

use alloc::sync::Arc;
use core::ops::Range;
use core::sync::atomic::Ordering;

use elfin_platform::paging::PageFlags;
use elfin_platform::user;
use elfin_syscalls::Errno;
use elfin_syscalls::args::ProtFlags;

use super::fault::Touch;
use super::layout::MIN_ADDRESS;
use super::shared::SharedMemory;
use super::space::{AddressSpace, Inner};
use super::totals::is_data;
use super::vma::{Backing, Label, Vma, VmaFlags};
use super::{PAGE_SIZE, limits, page_ceil};

/// Mappings that an address space may have (`vm.max_map_count`).
pub const MAX_MAPPINGS: usize = 65_530;
/// `MAP_32BIT`: below 2 GiB, above 1 GiB.
const LOW_BOUNDS: Range<usize> = 0x4000_0000..0x8000_0000;

/// A mapping to be made.
pub struct MapRequest {
    /// Where: exactly there with `fixed`, otherwise if it is free.
    pub address: usize,
    /// Length in bytes, not 0.
    pub len: usize,
    /// Rights.
    pub prot: ProtFlags,
    /// Properties.
    pub flags: VmaFlags,
    /// Contents; anonymous and shared gets an object of its own.
    pub backing: Backing,
    /// Name.
    pub label: Label,
    /// At `address` alone.
    pub fixed: bool,
    /// With `fixed`: `EEXIST` if anything is mapped there already.
    pub no_replace: bool,
    /// Below 2 GiB.
    pub low: bool,
    /// Provide the pages now.
    pub populate: bool,
}

impl MapRequest {
    /// An anonymous private mapping of `len` bytes anywhere, without further wishes.
    pub fn anonymous(len: usize, prot: ProtFlags) -> Self {
        Self {
            address: 0,
            len,
            prot,
            flags: VmaFlags::MAY_WRITE,
            backing: Backing::Anonymous,
            label: Label::None,
            fixed: false,
            no_replace: false,
            low: false,
            populate: false,
        }
    }
}

/// Whether a mapping keeps its object from being sealed against writing.
pub(super) fn holds_back_seal(vma: &Vma) -> bool {
    vma.is_shared() && vma.flags.contains(VmaFlags::MAY_WRITE)
}

pub(super) fn tell_object(vma: &Vma, delta: i32) {
    if let Backing::Object { object, .. } = &vma.backing {
        object.mapped(delta, holds_back_seal(vma));
    }
}

/// The page range `address..address + len`.
///
/// # Errors
/// `EINVAL` unaligned; `outside` when it leaves user space.
pub(super) fn checked_range(
    address: usize,
    len: usize,
    outside: Errno,
) -> Result<Range<usize>, Errno> {
    if !address.is_multiple_of(PAGE_SIZE) {
        return Err(Errno::EINVAL);
    }
    let len = page_ceil(len).ok_or(outside)?;
    let end = address.checked_add(len).filter(|&end| end <= user::END).ok_or(outside)?;
    Ok(address..end)
}

impl AddressSpace {
    /// Makes a mapping; its address.
    ///
    /// # Errors
    /// As `mmap(2)`: `EINVAL`, `ENOMEM`, `EEXIST`, `EPERM`.
    pub fn map_request(&self, request: MapRequest) -> Result<usize, Errno> {
        let len = page_ceil(request.len).filter(|&len| len != 0 && len <= user::END);
        let len = len.ok_or(if request.len == 0 { Errno::EINVAL } else { Errno::ENOMEM })?;
        if request.fixed && !request.address.is_multiple_of(PAGE_SIZE) {
            return Err(Errno::EINVAL);
        }
        let own_object = request.flags.contains(VmaFlags::SHARED)
            && matches!(request.backing, Backing::Anonymous);
        let backing = if own_object {
            let memory = SharedMemory::new(len);
            let memory = if request.flags.contains(VmaFlags::NO_RESERVE) {
                memory
            } else {
                memory.promised()?
            };
            Backing::Object { object: Arc::new(memory), page: 0, path: None }
        } else {
            request.backing
        };
        let mut inner = self.inner.write();
        let start = if request.fixed {
            self.fixed_place(&inner, request.address, len, request.no_replace)?
        } else {
            let hint = request.address;
            self.free_place(&mut inner, hint, len, request.low).ok_or(Errno::ENOMEM)?
        };
        let mut vma = Vma {
            start,
            end: start + len,
            prot: request.prot & (ProtFlags::READ | ProtFlags::WRITE | ProtFlags::EXEC),
            flags: request.flags,
            backing,
            label: request.label,
        };
        if !vma.is_special() {
            vma.flags |= inner.default_flags;
        }
        vma.note_promise();
        let replaced: usize = if request.fixed {
            inner.map.overlapping(vma.range()).map(|old| old.part(&vma.range()).len()).sum()
        } else {
            0
        };
        limits::check(inner.map.totals(), &vma, len - replaced)?;
        if inner.map.count() >= MAX_MAPPINGS {
            return Err(Errno::ENOMEM);
        }
        inner.map.reserve()?;
        if replaced > 0 {
            self.remove(&mut inner, vma.range());
            inner.map.reserve()?;
        }
        tell_object(&vma, 1);
        let (range, populate) = (vma.range(), request.populate || vma.is_filled_at_once());
        inner.map.insert(vma);
        self.note_size(&inner);
        if populate {
            // What cannot be provided now is left to a fault, as `mmap(2)` says.
            let _ = self.populate(&inner, range, Touch::Own);
        }
        Ok(start)
    }

    fn fixed_place(
        &self,
        inner: &Inner,
        at: usize,
        len: usize,
        keep: bool,
    ) -> Result<usize, Errno> {
        let end = at.checked_add(len).filter(|&end| end <= user::END).ok_or(Errno::ENOMEM)?;
        if at < MIN_ADDRESS {
            return Err(Errno::EPERM);
        }
        if keep && !inner.map.is_free(at..end) {
            return Err(Errno::EEXIST);
        }
        Ok(at)
    }

    pub(super) fn free_place(
        &self,
        inner: &mut Inner,
        hint: usize,
        len: usize,
        low: bool,
    ) -> Option<usize> {
        if low {
            return inner.map.find_gap(len, LOW_BOUNDS);
        }
        let hint = page_ceil(hint)?;
        if hint >= MIN_ADDRESS
            && let Some(end) = hint.checked_add(len).filter(|&end| end <= user::END)
            && inner.map.is_clear(hint..end)
        {
            return Some(hint);
        }
        match inner.map.find_gap(len, MIN_ADDRESS..self.layout.mmap_top) {
            Some(place) => Some(place),
            None => inner.map.find_gap(len, MIN_ADDRESS..user::END),
        }
    }

    /// Removes what is mapped in `range`, pages and all.
    pub(super) fn remove(&self, inner: &mut Inner, range: Range<usize>) {
        inner.map.remove(range, |part| {
            self.pages.unmap(part.range());
            tell_object(&part, -1);
        });
    }

    pub(super) fn note_size(&self, inner: &Inner) {
        self.peak.fetch_max(inner.map.total(), Ordering::Relaxed);
    }

    /// Removes all mappings in `address..address + len`.
    ///
    /// # Errors
    /// `EINVAL` unaligned, empty or outside user space; `ENOMEM` when a split would make too many
    /// mappings.
    pub fn unmap(&self, address: usize, len: usize) -> Result<(), Errno> {
        let range = checked_range(address, len, Errno::EINVAL)?;
        if range.is_empty() {
            return Err(Errno::EINVAL);
        }
        let mut inner = self.inner.write();
        let splits = |vma: &Vma| vma.start < range.start && range.end < vma.end;
        if inner.map.count() >= MAX_MAPPINGS && inner.map.find(range.start).is_some_and(splits) {
            return Err(Errno::ENOMEM);
        }
        inner.map.reserve()?;
        self.remove(&mut inner, range);
        Ok(())
    }

    /// Changes the rights of `address..address + len`.
    ///
    /// # Errors
    /// `EINVAL` unaligned, `ENOMEM` when part of it is not mapped (what lies before is changed, as
    /// on Linux), `EACCES` for write access to a shared mapping of a file opened for reading.
    pub fn protect(&self, address: usize, len: usize, prot: ProtFlags) -> Result<(), Errno> {
        let range = checked_range(address, len, Errno::ENOMEM)?;
        if range.is_empty() {
            return Ok(());
        }
        let prot = prot & (ProtFlags::READ | ProtFlags::WRITE | ProtFlags::EXEC);
        let mut inner = self.inner.write();
        inner.map.reserve()?;
        let mut end = range.start;
        let mut result = Err(Errno::ENOMEM);
        let (mut new_data, mut new_promise) = (0, 0);
        for vma in inner.map.overlapping(range.clone()) {
            if vma.start > end {
                break;
            }
            // Only what becomes writable can be too much.
            if prot.contains(ProtFlags::WRITE) && !vma.prot.contains(ProtFlags::WRITE) {
                if vma.is_shared() && !vma.flags.contains(VmaFlags::MAY_WRITE) {
                    result = Err(Errno::EACCES);
                    break;
                }
                let mut after = vma.part(&range);
                after.prot = prot;
                after.note_promise();
                if is_data(&after) && !is_data(vma) {
                    new_data += after.len();
                }
                if after.flags != vma.flags {
                    new_promise += after.len();
                }
                result = limits::check_data(inner.map.totals(), new_data, new_promise);
                if result.is_err() {
                    break;
                }
            }
            end = vma.end;
            result = if end < range.end { Err(Errno::ENOMEM) } else { Ok(()) };
        }
        let done = range.start..end.min(range.end);
        if !done.is_empty() {
            let pages = &self.pages;
            inner.map.update(done.clone(), |vma| {
                vma.prot = prot;
                vma.note_promise();
                // Shared pages gain write access by a fault, so that the object hears of it.
                let mut flags = vma.page_flags();
                if vma.is_shared() {
                    flags -= PageFlags::WRITE;
                }
                pages.protect(vma.range(), flags, true);
            });
        }
        result
    }
}
