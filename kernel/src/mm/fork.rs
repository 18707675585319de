//! [`AddressSpace::fork`]: a copy that shares its pages until somebody writes.
//!
//! Pages of private mappings lose write access in both page tables; the fault of the first write
//! copies the page, or takes it over when nobody else refers to it any more
//! (`PageTable::make_writable`).

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use elfin_platform::paging::ForkRule;
use elfin_syscalls::Errno;

use super::map::tell_object;
use super::space::AddressSpace;
use super::vma::{Backing, Vma, VmaFlags};
use super::{PAGE_SIZE, commit};

/// The largest mapping of an object whose clean pages are copied, too, in bytes. Below it a copy
/// costs less than the faults that it saves; of a larger one the child seldom touches much.
const COPIED_WHOLE: usize = 512 * PAGE_SIZE;

/// The mapping that a child has of `vma`, if it gets it at all (`madvise(2)`, `mlock(2)`).
fn inherited(vma: &Vma) -> Option<Vma> {
    if vma.flags.contains(VmaFlags::DONT_FORK) {
        return None;
    }
    let mut child = vma.clone();
    child.flags.remove(VmaFlags::LOCKED | VmaFlags::LOCK_ON_FAULT);
    Some(child)
}

fn rule(vma: &Vma) -> ForkRule {
    // Untouched anonymous memory is the zero frame, which nobody wrote to.
    let is_object = matches!(vma.backing, Backing::Object { .. });
    ForkRule { copy_on_write: !vma.is_shared(), clean_too: is_object && vma.len() <= COPIED_WHOLE }
}

impl AddressSpace {
    /// A copy for a child process. This address space keeps its contents, but the next write to
    /// each page faults.
    ///
    /// # Errors
    /// `ENOMEM`; this address space is as before then.
    pub fn fork(&self) -> Result<Arc<Self>, Errno> {
        let child = Self::new(self.layout).ok_or(Errno::ENOMEM)?;
        // Nobody provides, writes to or takes away a page meanwhile.
        let inner = self.inner.write();
        Self::note_fork();
        let mut copy = child.inner.write();
        commit::check(inner.map.totals().promised())?;
        copy.map = inner.map.filter_map(inherited)?;
        copy.map.iter().for_each(|vma| tell_object(vma, 1));
        copy.heap = inner.heap;
        child.peak.store(copy.map.total(), Ordering::Relaxed);
        child.barriers.store(self.barriers.load(Ordering::Relaxed), Ordering::Relaxed);
        child.set_args(self.args());
        if let Some(program) = self.program() {
            child.set_program(program);
        }
        let mut has_changed = false;
        let mut result = Ok(());
        for vma in copy.map.iter() {
            if vma.flags.contains(VmaFlags::WIPE_ON_FORK)
                || vma.is_shared() && vma.len() > COPIED_WHOLE
            {
                continue;
            }
            match self.pages.fork_range(&child.pages, vma.range(), rule(vma)) {
                Ok(changed) => has_changed |= changed,
                Err(_) => {
                    has_changed = true;
                    result = Err(Errno::ENOMEM);
                    break;
                }
            }
        }
        if has_changed {
            self.pages.flush_for_fork();
        }
        drop((inner, copy));
        result.map(|()| child)
    }
}

#[cfg(test)]
mod tests {
    use elfin_platform::hooks::PageFault;
    use elfin_syscalls::args::ProtFlags;

    use super::super::{Layout, MapRequest, VmaFlags};
    use super::*;

    const RIGHTS: ProtFlags = ProtFlags::READ.union(ProtFlags::WRITE);

    fn space() -> Arc<AddressSpace> {
        AddressSpace::new(Layout::new(1 << 20, false)).unwrap()
    }

    fn request(pages: usize, flags: VmaFlags) -> MapRequest {
        let flags = flags | VmaFlags::MAY_WRITE;
        MapRequest { flags, ..MapRequest::anonymous(pages * PAGE_SIZE, RIGHTS) }
    }

    fn byte(space: &AddressSpace, address: usize) -> u8 {
        let mut byte = [0xee];
        assert_eq!(space.read(address, &mut byte), 1);
        byte[0]
    }

    #[test]
    fn writes_stay_apart() {
        let parent = space();
        let at = parent.map_request(request(3, VmaFlags::empty())).unwrap();
        parent.write(at, &[1]).unwrap();
        parent.write(at + PAGE_SIZE, &[2]).unwrap();
        let child = parent.fork().unwrap();
        parent.write(at, &[3]).unwrap();
        child.write(at + PAGE_SIZE, &[4]).unwrap();
        child.write(at + 2 * PAGE_SIZE, &[5]).unwrap();
        let bytes = |space: &AddressSpace| [0, 1, 2].map(|n| byte(space, at + n * PAGE_SIZE));
        assert_eq!(bytes(&parent), [3, 2, 0]);
        assert_eq!(bytes(&child), [1, 4, 5]);
        // Whoever is left takes the page over.
        let before = parent.pages.get(at + PAGE_SIZE).unwrap().0.phys();
        drop(child);
        let fault = PageFault { address: at + PAGE_SIZE, write: true, execute: false, user: true };
        parent.fault(&fault, 0).unwrap();
        assert_eq!(parent.pages.get(at + PAGE_SIZE).unwrap().0.phys(), before);
    }

    #[test]
    fn shared_memory_is_shared_before_and_after_its_first_touch() {
        let parent = space();
        let at = parent.map_request(request(2, VmaFlags::SHARED)).unwrap();
        parent.write(at, &[1]).unwrap();
        let child = parent.fork().unwrap();
        child.write(at, &[2]).unwrap();
        parent.write(at + PAGE_SIZE, &[3]).unwrap();
        assert_eq!(byte(&parent, at), 2);
        assert_eq!(byte(&child, at + PAGE_SIZE), 3);
    }

    #[test]
    fn advice_and_locks_are_heeded() {
        let parent = space();
        let gone = parent.map_request(request(1, VmaFlags::DONT_FORK)).unwrap();
        let wiped = parent.map_request(request(1, VmaFlags::WIPE_ON_FORK)).unwrap();
        let locked = parent.map_request(request(1, VmaFlags::LOCKED)).unwrap();
        for at in [gone, wiped, locked] {
            parent.write(at, &[7]).unwrap();
        }
        let child = parent.fork().unwrap();
        assert!(child.find(gone).is_none());
        assert_eq!(byte(&child, wiped), 0);
        assert_eq!(byte(&child, locked), 7);
        assert!(!child.find(locked).unwrap().flags.contains(VmaFlags::LOCKED));
        assert_eq!(child.size(), 2 * PAGE_SIZE);
        assert_eq!(child.resident(), PAGE_SIZE);
    }
}
