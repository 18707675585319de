//! What system calls change in an address space: map, unmap, protect, move, advise, the heap.

use alloc::sync::Arc;
use core::ops::Range;
use core::sync::atomic::Ordering;

use elfin_platform::mm;
use elfin_platform::user;
use elfin_syscalls::Errno;
use elfin_syscalls::args::ProtFlags;

use super::fault::FaultError;
use super::layout::MIN_ADDRESS;
use super::shared::SharedMemory;
use super::space::{AddressSpace, Inner};
use super::vma::{Backing, Label, Vma, VmaFlags};
use super::{PAGE_SIZE, page_ceil};

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
    /// Bytes that the address space may have (`RLIMIT_AS`).
    pub limit: usize,
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
            limit: usize::MAX,
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
fn checked_range(address: usize, len: usize, outside: Errno) -> Result<Range<usize>, Errno> {
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
            Backing::Object { object: Arc::new(SharedMemory::new(len)), page: 0, path: None }
        } else {
            request.backing
        };
        let mut inner = self.inner.write();
        let start = if request.fixed {
            self.fixed_place(&inner, request.address, len, request.no_replace)?
        } else {
            self.free_place(&inner, request.address, len, request.low).ok_or(Errno::ENOMEM)?
        };
        let vma = Vma {
            start,
            end: start + len,
            prot: request.prot & (ProtFlags::READ | ProtFlags::WRITE | ProtFlags::EXEC),
            flags: request.flags,
            backing,
            label: request.label,
        };
        if vma.is_accountable() && len > mm::stats().total {
            return Err(Errno::ENOMEM);
        }
        let replaced: usize = if request.fixed {
            inner.map.overlapping(vma.range()).map(|old| old.part(&vma.range()).len()).sum()
        } else {
            0
        };
        if inner.map.total() - replaced + len > request.limit || inner.map.count() >= MAX_MAPPINGS {
            return Err(Errno::ENOMEM);
        }
        inner.map.reserve()?;
        if replaced > 0 {
            self.remove(&mut inner, vma.range());
            inner.map.reserve()?;
        }
        tell_object(&vma, 1);
        let (range, write) = (vma.range(), vma.prot.contains(ProtFlags::WRITE));
        inner.map.insert(vma);
        self.note_size(&inner);
        if request.populate {
            // What cannot be provided now is left to a fault, as `mmap(2)` says.
            let _ = self.populate(&inner, range, write);
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
        if keep && inner.map.overlapping(at..end).next().is_some() {
            return Err(Errno::EEXIST);
        }
        Ok(at)
    }

    fn free_place(&self, inner: &Inner, hint: usize, len: usize, low: bool) -> Option<usize> {
        if low {
            return inner.map.find_gap(len, LOW_BOUNDS);
        }
        let hint = page_ceil(hint)?;
        if hint >= MIN_ADDRESS
            && let Some(end) = hint.checked_add(len).filter(|&end| end <= user::END)
            && inner.map.overlapping(hint..end).next().is_none()
        {
            return Some(hint);
        }
        inner
            .map
            .find_gap(len, MIN_ADDRESS..self.layout.mmap_top)
            .or_else(|| inner.map.find_gap(len, MIN_ADDRESS..user::END))
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
        let splits = inner
            .map
            .find(range.start)
            .is_some_and(|vma| vma.start < range.start && range.end < vma.end);
        if splits && inner.map.count() >= MAX_MAPPINGS {
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
        let mut denied = false;
        for vma in inner.map.overlapping(range.clone()) {
            if vma.start > end {
                break;
            }
            let read_only = vma.is_shared() && !vma.flags.contains(VmaFlags::MAY_WRITE);
            if prot.contains(ProtFlags::WRITE) && read_only {
                denied = true;
                break;
            }
            end = vma.end;
        }
        let done = range.start..end.min(range.end);
        if !done.is_empty() {
            let pages = &self.pages;
            inner.map.update(done.clone(), |vma| {
                vma.prot = prot;
                // Shared pages gain write access by a fault, so that the object hears of it.
                let mut flags = vma.page_flags();
                if vma.is_shared() {
                    flags -= elfin_platform::paging::PageFlags::WRITE;
                }
                pages.protect(vma.range(), flags, true);
            });
        }
        if denied {
            Err(Errno::EACCES)
        } else if end < range.end {
            Err(Errno::ENOMEM)
        } else {
            Ok(())
        }
    }

    /// Sets the heap's place, empty; for a program being loaded.
    pub fn set_heap(&self, start: usize) {
        self.inner.write().heap = (start, start);
    }

    /// Sets the heap's end; the end that it has afterwards, which is the old one when the new one
    /// cannot be had. `limit` bounds its size, `total_limit` the address space's.
    pub fn set_heap_end(&self, end: usize, limit: usize, total_limit: usize) -> usize {
        let mut inner = self.inner.write();
        let (start, old) = inner.heap;
        if inner.map.reserve().is_err() {
            return old;
        }
        if end < start || end - start > limit {
            return old;
        }
        let (Some(old_page), Some(new_page)) = (page_ceil(old), page_ceil(end)) else { return old };
        if new_page < old_page {
            self.remove(&mut inner, new_page..old_page);
        } else if new_page > old_page {
            let grows = new_page - old_page;
            let guarded = old_page..new_page.saturating_add(PAGE_SIZE);
            if new_page > user::END
                || inner.map.overlapping(guarded).next().is_some()
                || inner.map.total() + grows > total_limit
                || grows > mm::stats().total
            {
                return old;
            }
            inner.map.insert(Vma {
                start: old_page,
                end: new_page,
                prot: ProtFlags::READ | ProtFlags::WRITE,
                flags: VmaFlags::MAY_WRITE,
                backing: Backing::Anonymous,
                label: Label::Heap,
            });
            self.note_size(&inner);
        }
        inner.heap.1 = end;
        end
    }

    /// Lets go of the pages in `range`, whose mappings stay: the next touch finds zeroes or the
    /// object's contents again.
    ///
    /// # Errors
    /// `EINVAL` unaligned, `ENOMEM` when part of it is not mapped (the rest is done).
    pub fn discard(&self, address: usize, len: usize) -> Result<(), Errno> {
        self.each_part(address, len, |_, part| {
            self.pages.unmap(part);
            Ok(())
        })
    }

    /// Provides the pages of a range now; with `write`, ready to be written to.
    ///
    /// # Errors
    /// `EINVAL` unaligned, `ENOMEM` when part of it is not mapped or memory is out, `EFAULT` when
    /// a page cannot be provided.
    pub fn provide_range(&self, address: usize, len: usize, write: bool) -> Result<(), Errno> {
        let range = checked_range(address, len, Errno::ENOMEM)?;
        let inner = self.inner.read();
        if !inner.map.covers(range.clone()) {
            return Err(Errno::ENOMEM);
        }
        self.populate(&inner, range, write).map_err(|error| match error {
            FaultError::OutOfMemory => Errno::ENOMEM,
            _ => Errno::EFAULT,
        })
    }

    /// Calls `f` for each part of a range that is mapped.
    ///
    /// # Errors
    /// `EINVAL` unaligned, `f`'s, `ENOMEM` at the end when part of the range is not mapped.
    pub fn each_part(
        &self,
        address: usize,
        len: usize,
        mut f: impl FnMut(&Vma, Range<usize>) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        let range = checked_range(address, len, Errno::ENOMEM)?;
        let inner = self.inner.read();
        for vma in inner.map.overlapping(range.clone()) {
            f(vma, vma.start.max(range.start)..vma.end.min(range.end))?;
        }
        if inner.map.covers(range) { Ok(()) } else { Err(Errno::ENOMEM) }
    }

    /// Adds (`on`) or removes a property of the mappings of a range.
    ///
    /// # Errors
    /// As [`Self::each_part`].
    pub fn set_flags(
        &self,
        address: usize,
        len: usize,
        flags: VmaFlags,
        on: bool,
    ) -> Result<(), Errno> {
        let range = checked_range(address, len, Errno::ENOMEM)?;
        let mut inner = self.inner.write();
        inner.map.reserve()?;
        let whole = inner.map.covers(range.clone());
        inner.map.update(range, |vma| vma.flags.set(flags, on));
        if whole { Ok(()) } else { Err(Errno::ENOMEM) }
    }

    /// One byte per page of a range: 1 if it is in memory.
    ///
    /// # Errors
    /// `EINVAL` unaligned, `ENOMEM` when part of it is not mapped.
    pub fn in_core(&self, address: usize, len: usize, out: &mut [u8]) -> Result<(), Errno> {
        self.each_part(address, len, |vma, part| {
            self.pages.for_each(part.clone(), &mut |at, _| {
                if let Some(byte) = out.get_mut((at - address) / PAGE_SIZE) {
                    *byte = 1;
                }
            });
            if let Backing::Object { object, .. } = &vma.backing {
                for at in part.step_by(PAGE_SIZE) {
                    if let Some(byte) = out.get_mut((at - address) / PAGE_SIZE)
                        && *byte == 0
                    {
                        *byte = u8::from(object.peek(vma.object_page(at)).is_some());
                    }
                }
            }
            Ok(())
        })
    }

    /// `mremap(2)`: gives the mapping at `old` of `old_len` bytes the length `new_len`, at `fixed`
    /// if given, elsewhere if `may_move`; its address afterwards. With `keep` the old range stays
    /// mapped, empty.
    ///
    /// # Errors
    /// `EINVAL` for bad ranges, `EFAULT` when `old` is not one mapping, `ENOMEM`.
    #[allow(clippy::too_many_arguments, reason = "the parts of mremap's meaning")]
    pub fn resize(
        &self,
        old: usize,
        old_len: usize,
        new_len: usize,
        may_move: bool,
        fixed: Option<usize>,
        keep: bool,
        limit: usize,
    ) -> Result<usize, Errno> {
        let new_len = page_ceil(new_len).filter(|&len| len != 0).ok_or(Errno::EINVAL)?;
        let range = checked_range(old, old_len, Errno::EINVAL)?;
        let mut inner = self.inner.write();
        inner.map.reserve()?;
        if let Some(target) = fixed {
            let target = checked_range(target, new_len, Errno::EINVAL)?;
            if target.start < range.end && range.start < target.end {
                return Err(Errno::EINVAL);
            }
            if target.start < MIN_ADDRESS {
                return Err(Errno::EPERM);
            }
        }
        let vma = inner.map.find(old).ok_or(Errno::EFAULT)?.clone();
        if range.is_empty() {
            // Linux duplicates a shared mapping when the old length is 0.
            if !vma.is_shared() || !may_move {
                return Err(Errno::EINVAL);
            }
        } else if range.end > vma.end {
            return Err(Errno::EFAULT);
        }
        let old_len = range.end - range.start;
        if fixed.is_none() && !keep && old_len != 0 {
            if new_len <= old_len {
                self.remove(&mut inner, old + new_len..range.end);
                return Ok(old);
            }
            if self.try_grow(&mut inner, &vma, &range, new_len, limit)? {
                return Ok(old);
            }
        }
        if !may_move {
            return Err(Errno::ENOMEM);
        }
        self.relocate(&mut inner, &vma, range, new_len, fixed, keep, limit)
    }

    fn try_grow(
        &self,
        inner: &mut Inner,
        vma: &Vma,
        range: &Range<usize>,
        new_len: usize,
        limit: usize,
    ) -> Result<bool, Errno> {
        let new_end = range.start.checked_add(new_len).ok_or(Errno::ENOMEM)?;
        let grows = new_end - range.end;
        self.check_growth(inner, vma, grows, limit)?;
        let free =
            new_end <= user::END && inner.map.overlapping(range.end..new_end).next().is_none();
        if range.end != vma.end || !free {
            return Ok(false);
        }
        inner.map.extend_up(vma.end, new_end);
        self.note_size(inner);
        Ok(true)
    }

    fn check_growth(
        &self,
        inner: &Inner,
        vma: &Vma,
        grows: usize,
        limit: usize,
    ) -> Result<(), Errno> {
        let too_large = vma.is_accountable() && grows > mm::stats().total;
        if too_large || inner.map.total().saturating_add(grows) > limit {
            return Err(Errno::ENOMEM);
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of mremap's meaning")]
    fn relocate(
        &self,
        inner: &mut Inner,
        vma: &Vma,
        range: Range<usize>,
        new_len: usize,
        fixed: Option<usize>,
        keep: bool,
        limit: usize,
    ) -> Result<usize, Errno> {
        let old_len = range.end - range.start;
        let grows = if keep { new_len } else { new_len.saturating_sub(old_len) };
        self.check_growth(inner, vma, grows, limit)?;
        if inner.map.count() + 2 > MAX_MAPPINGS {
            return Err(Errno::ENOMEM);
        }
        let to = match fixed {
            Some(to) => {
                self.remove(inner, to..to + new_len);
                inner.map.reserve()?;
                to
            }
            None => self.free_place(inner, 0, new_len, false).ok_or(Errno::ENOMEM)?,
        };
        let mut moved = vma.clone();
        if let Backing::Object { page, .. } = &mut moved.backing {
            *page = vma.object_page(range.start);
        }
        (moved.start, moved.end) = (to, to + new_len);
        let kept_len = old_len.min(new_len);
        let moves = range.start..range.start + kept_len;
        if self.pages.relocate(moves, to).is_err() {
            // Some pages may have moved: bring them back. Their tables exist still.
            let _ = self.pages.relocate(to..to + kept_len, range.start);
            return Err(Errno::ENOMEM);
        }
        if !keep && old_len != 0 {
            self.remove(inner, range);
            inner.map.reserve()?;
        }
        tell_object(&moved, 1);
        inner.map.insert(moved);
        self.note_size(inner);
        Ok(to)
    }
}
