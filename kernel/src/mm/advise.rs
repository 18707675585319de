//! What programs say of their memory, and ask about it: `madvise`, `mincore`.

use alloc::vec::Vec;
use core::ops::Range;

use elfin_syscalls::Errno;
use elfin_syscalls::args::Advice;

use super::PAGE_SIZE;
use super::fault::{FaultError, Touch};
use super::map::checked_range;
use super::space::AddressSpace;
use super::vma::{Backing, Vma, VmaFlags};

/// Properties that advice adds and removes; `None` for advice that is none about properties.
fn change(advice: Advice) -> Option<(VmaFlags, bool)> {
    Some(match advice {
        Advice::DONTFORK => (VmaFlags::DONT_FORK, true),
        Advice::DOFORK => (VmaFlags::DONT_FORK, false),
        Advice::WIPEONFORK => (VmaFlags::WIPE_ON_FORK, true),
        Advice::KEEPONFORK => (VmaFlags::WIPE_ON_FORK, false),
        Advice::DONTDUMP => (VmaFlags::DONT_DUMP, true),
        Advice::DODUMP => (VmaFlags::DONT_DUMP, false),
        _ => return None,
    })
}

/// Whether `vma` can be advised so (`madvise(2)`, ERRORS).
fn check(vma: &Vma, advice: Advice) -> Result<(), Errno> {
    let is_locked = vma.flags.contains(VmaFlags::LOCKED);
    let is_anonymous = matches!(vma.backing, Backing::Anonymous);
    let is_wrong = match advice {
        Advice::WIPEONFORK => !is_anonymous || vma.is_shared(),
        Advice::DOFORK | Advice::DODUMP => vma.is_special(),
        Advice::DONTNEED => is_locked || vma.is_special(),
        Advice::DONTNEED_LOCKED => vma.is_special(),
        Advice::FREE => is_locked || vma.is_special() || !is_anonymous,
        Advice::COLD | Advice::PAGEOUT => is_locked || vma.is_special(),
        Advice::REMOVE => is_locked || is_anonymous,
        _ => false,
    };
    if is_wrong { Err(Errno::EINVAL) } else { Ok(()) }
}

impl AddressSpace {
    /// `madvise(2)`.
    ///
    /// # Errors
    /// `EINVAL` for unaligned ranges, unknown advice, and mappings that it does not fit;
    /// `ENOMEM` when part of the range is not mapped (the rest is done); `EACCES`, `EFAULT`.
    pub fn advise(&self, address: usize, len: usize, advice: Advice) -> Result<(), Errno> {
        if let Some((flags, on)) = change(advice) {
            return self.set_flags(address, len, advice, |has| has.set(flags, on));
        }
        match advice {
            Advice::DONTNEED | Advice::DONTNEED_LOCKED | Advice::FREE => {
                self.each_part(address, len, |vma, part| {
                    check(vma, advice)?;
                    self.pages.unmap(part);
                    Ok(())
                })
            }
            Advice::REMOVE => self.remove_contents(address, len),
            Advice::POPULATE_READ => self.provide_range(address, len, Touch::Read),
            Advice::POPULATE_WRITE => self.provide_range(address, len, Touch::Write),
            Advice::NORMAL
            | Advice::RANDOM
            | Advice::SEQUENTIAL
            | Advice::WILLNEED
            | Advice::MERGEABLE
            | Advice::UNMERGEABLE
            | Advice::HUGEPAGE
            | Advice::NOHUGEPAGE
            | Advice::COLD
            | Advice::PAGEOUT => self.each_part(address, len, |vma, _| check(vma, advice)),
            _ => Err(Errno::EINVAL),
        }
    }

    /// Makes holes in the objects that are mapped in a range (`MADV_REMOVE`).
    fn remove_contents(&self, address: usize, len: usize) -> Result<(), Errno> {
        let mut holes = Vec::new();
        let result = self.each_part(address, len, |vma, part| {
            check(vma, Advice::REMOVE)?;
            let Backing::Object { object, .. } = &vma.backing else { return Ok(()) };
            if !vma.is_shared() || !vma.flags.contains(VmaFlags::MAY_WRITE) {
                return Err(Errno::EACCES);
            }
            let first = vma.object_page(part.start);
            holes.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
            holes.push((object.clone(), first..first + (part.len() / PAGE_SIZE) as u64));
            Ok(())
        });
        // Objects may sleep, and look for mappings themselves.
        holes.iter().try_for_each(|(object, pages)| object.punch(pages.start, pages.end))?;
        result
    }

    /// Provides the pages of a range now, as `MADV_POPULATE_READ` and `MADV_POPULATE_WRITE` do.
    ///
    /// # Errors
    /// `EINVAL` unaligned or without the rights, `ENOMEM` when part of it is not mapped or memory
    /// is out, `EFAULT` past the end of a file.
    fn provide_range(&self, address: usize, len: usize, touch: Touch) -> Result<(), Errno> {
        let range = checked_range(address, len, Errno::ENOMEM)?;
        let inner = self.inner.read();
        let covered = inner.map.covers(range.clone());
        self.populate(&inner, range, touch).map_err(|error| match error {
            FaultError::NotAllowed => Errno::EINVAL,
            FaultError::OutOfMemory => Errno::ENOMEM,
            FaultError::NotMapped | FaultError::PastEnd => Errno::EFAULT,
        })?;
        if covered { Ok(()) } else { Err(Errno::ENOMEM) }
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

    /// Changes the properties of the mappings of a range, which must all suit the advice.
    fn set_flags(
        &self,
        address: usize,
        len: usize,
        advice: Advice,
        mut change: impl FnMut(&mut VmaFlags),
    ) -> Result<(), Errno> {
        let range = checked_range(address, len, Errno::ENOMEM)?;
        let mut inner = self.inner.write();
        inner.map.overlapping(range.clone()).try_for_each(|vma| check(vma, advice))?;
        inner.map.reserve()?;
        let whole = inner.map.covers(range.clone());
        inner.map.update(range, |vma| change(&mut vma.flags));
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
}
