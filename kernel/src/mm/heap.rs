//! The heap: `brk(2)`.

use elfin_platform::user;
use elfin_syscalls::args::ProtFlags;

use super::fault::Touch;
use super::space::AddressSpace;
use super::vma::{Backing, Label, Vma, VmaFlags};
use super::{PAGE_SIZE, limits, page_ceil};

impl AddressSpace {
    /// Sets the heap's place, empty; for a program being loaded.
    pub fn set_heap(&self, start: usize) {
        self.inner.write().heap = (start, start);
    }

    /// Sets the heap's end; the end that it has afterwards, which is the old one when the new one
    /// cannot be had.
    pub fn set_heap_end(&self, end: usize) -> usize {
        let mut inner = self.inner.write();
        let (start, old) = inner.heap;
        if inner.map.reserve().is_err() {
            return old;
        }
        if end < start || limits::check_heap(end - start).is_err() {
            return old;
        }
        let (Some(old_page), Some(new_page)) = (page_ceil(old), page_ceil(end)) else { return old };
        if new_page < old_page {
            self.remove(&mut inner, new_page..old_page);
        } else if new_page > old_page {
            let mut vma = Vma {
                start: old_page,
                end: new_page,
                prot: ProtFlags::READ | ProtFlags::WRITE,
                flags: VmaFlags::MAY_WRITE | inner.default_flags,
                backing: Backing::Anonymous,
                label: Label::Heap,
            };
            vma.note_promise();
            let guarded = old_page..new_page.saturating_add(PAGE_SIZE);
            if new_page > user::END
                || !inner.map.is_clear(guarded)
                || limits::check(inner.map.totals(), &vma, new_page - old_page).is_err()
            {
                return old;
            }
            let fill = vma.is_filled_at_once();
            inner.map.insert(vma);
            self.note_size(&inner);
            if fill {
                // What cannot be provided now is left to a fault.
                let _ = self.populate(&inner, old_page..new_page, Touch::Own);
            }
        }
        inner.heap.1 = end;
        end
    }
}
