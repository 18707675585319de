//! Locked memory: `mlock` and its kin. Memory is never swapped, so that locked pages are those
//! that are provided at once, and counted.

use core::ops::Range;

use elfin_platform::user;
use elfin_syscalls::Errno;

use super::fault::{FaultError, Touch};
use super::limits;
use super::map::checked_range;
use super::space::AddressSpace;
use super::vma::{Vma, VmaFlags};

/// All that locks set.
const LOCKS: VmaFlags = VmaFlags::LOCKED.union(VmaFlags::LOCK_ON_FAULT);

fn relock(vma: &mut Vma, locks: VmaFlags) {
    if !vma.is_special() {
        vma.flags = (vma.flags - LOCKS) | locks;
    }
}

/// The flags of a lock.
fn locks(on_fault: bool) -> VmaFlags {
    if on_fault { LOCKS } else { VmaFlags::LOCKED }
}

impl AddressSpace {
    /// Locks the pages that `range` touches and, but for `on_fault`, provides them
    /// (`mlock(2)`, `mlock2(2)`).
    ///
    /// # Errors
    /// `EPERM` if the process may lock nothing, `ENOMEM` beyond `RLIMIT_MEMLOCK`, where something
    /// is not mapped or not accessible, `EAGAIN` when memory is out, `EINVAL`.
    pub fn lock(&self, range: Range<usize>, on_fault: bool) -> Result<(), Errno> {
        limits::may_lock()?;
        let range = checked_range(range.start, range.len(), Errno::ENOMEM)?;
        {
            let inner = self.inner.read();
            let parts = inner.map.overlapping(range.clone());
            let locked = parts.filter(|vma| vma.flags.contains(VmaFlags::LOCKED));
            let already: usize = locked.map(|vma| vma.part(&range).len()).sum();
            let after = inner.map.totals().locked.saturating_add(range.len()) - already;
            limits::check_locked(after, Errno::ENOMEM)?;
        }
        self.set_locks(range.clone(), locks(on_fault))?;
        if on_fault {
            return Ok(());
        }
        let inner = self.inner.read();
        self.populate(&inner, range, Touch::Own).map_err(|error| match error {
            FaultError::OutOfMemory => Errno::EAGAIN,
            _ => Errno::ENOMEM,
        })
    }

    /// Undoes [`Self::lock`].
    ///
    /// # Errors
    /// `ENOMEM` where something is not mapped.
    pub fn unlock(&self, range: Range<usize>) -> Result<(), Errno> {
        let range = checked_range(range.start, range.len(), Errno::ENOMEM)?;
        self.set_locks(range, VmaFlags::empty())
    }

    fn set_locks(&self, range: Range<usize>, locks: VmaFlags) -> Result<(), Errno> {
        if range.is_empty() {
            return Ok(());
        }
        let mut inner = self.inner.write();
        inner.map.reserve()?;
        let whole = inner.map.covers(range.clone());
        inner.map.update(range, |vma| relock(vma, locks));
        if whole { Ok(()) } else { Err(Errno::ENOMEM) }
    }

    /// Locks what is mapped (`now`) and what will be (`future`): `mlockall(2)`.
    ///
    /// # Errors
    /// `EPERM` if the process may lock nothing, `ENOMEM` beyond `RLIMIT_MEMLOCK`.
    pub fn lock_all(&self, now: bool, future: bool, on_fault: bool) -> Result<(), Errno> {
        limits::may_lock()?;
        let whole = 0..user::END;
        {
            let mut inner = self.inner.write();
            if now {
                limits::check_locked(inner.map.total(), Errno::ENOMEM)?;
                inner.map.reserve()?;
            }
            inner.default_flags = if future { locks(on_fault) } else { VmaFlags::empty() };
            if now {
                inner.map.update(whole.clone(), |vma| relock(vma, locks(on_fault)));
            }
        }
        if now && !on_fault {
            let inner = self.inner.read();
            for vma in inner.map.iter() {
                // What ends past its file, or may not be touched, is left out.
                let _ = self.populate(&inner, vma.range(), Touch::Own);
            }
        }
        Ok(())
    }

    /// Undoes [`Self::lock_all`], and all locks.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn unlock_all(&self) -> Result<(), Errno> {
        let mut inner = self.inner.write();
        inner.map.reserve()?;
        inner.default_flags = VmaFlags::empty();
        inner.map.update(0..user::END, |vma| relock(vma, VmaFlags::empty()));
        Ok(())
    }

    /// Bytes that are locked.
    pub fn locked(&self) -> usize {
        self.inner.read().map.totals().locked
    }
}

#[cfg(test)]
mod tests {
    use alloc::sync::Arc;

    use elfin_syscalls::args::ProtFlags;

    use super::super::{Layout, MapRequest, PAGE_SIZE};
    use super::*;

    const RIGHTS: ProtFlags = ProtFlags::READ.union(ProtFlags::WRITE);

    fn space() -> Arc<AddressSpace> {
        AddressSpace::new(Layout::new(1 << 20, false)).unwrap()
    }

    #[test]
    fn locks_fill_and_count() {
        let space = space();
        let at = space.map_request(MapRequest::anonymous(4 * PAGE_SIZE, RIGHTS)).unwrap();
        space.lock(at..at + 2 * PAGE_SIZE, false).unwrap();
        space.lock(at + PAGE_SIZE..at + 3 * PAGE_SIZE, true).unwrap();
        assert_eq!(space.locked(), 3 * PAGE_SIZE);
        assert_eq!(space.resident(), 2 * PAGE_SIZE);
        space.unlock(at..at + PAGE_SIZE).unwrap();
        assert_eq!(space.locked(), 2 * PAGE_SIZE);
        space.unmap(at, 2 * PAGE_SIZE).unwrap();
        assert_eq!(space.locked(), PAGE_SIZE);
        assert_eq!(space.lock(at..at + 4 * PAGE_SIZE, false), Err(Errno::ENOMEM));
    }

    #[test]
    fn all_is_what_is_and_what_comes() {
        let space = space();
        let first = space.map_request(MapRequest::anonymous(PAGE_SIZE, RIGHTS)).unwrap();
        space.lock_all(false, true, false).unwrap();
        assert_eq!(space.locked(), 0);
        space.map_request(MapRequest::anonymous(2 * PAGE_SIZE, RIGHTS)).unwrap();
        assert_eq!((space.locked(), space.resident()), (2 * PAGE_SIZE, 2 * PAGE_SIZE));
        space.lock_all(true, false, true).unwrap();
        assert_eq!(space.locked(), 3 * PAGE_SIZE);
        space.unlock_all().unwrap();
        assert_eq!(space.locked(), 0);
        assert!(!space.find(first).unwrap().flags.intersects(LOCKS));
    }
}
