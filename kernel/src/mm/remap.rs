//! Moving and resizing mappings: `mremap(2)`.

use core::ops::Range;

use elfin_platform::user;
use elfin_syscalls::Errno;

use super::fault::Touch;
use super::layout::MIN_ADDRESS;
use super::map::{MAX_MAPPINGS, MapRequest, checked_range, tell_object};
use super::space::{AddressSpace, Inner};
use super::vma::{Backing, Vma, VmaFlags};
use super::{limits, page_ceil};

/// How a mapping may change its size.
#[derive(Clone, Copy, Debug)]
pub struct Resize {
    /// It may go elsewhere.
    pub may_move: bool,
    /// It goes here, in place of what is there.
    pub fixed: Option<usize>,
    /// The old range stays mapped, empty.
    pub keep: bool,
}

impl AddressSpace {
    /// `mremap(2)`: gives the mapping at `old` of `old_len` bytes the length `new_len`; its address
    /// afterwards.
    ///
    /// # Errors
    /// `EINVAL` for bad ranges, `EFAULT` when `old` is not one mapping or the kernel's own,
    /// `ENOMEM`, `EAGAIN` for more locked memory than is allowed.
    pub fn resize(
        &self,
        old: usize,
        old_len: usize,
        new_len: usize,
        how: Resize,
    ) -> Result<usize, Errno> {
        let Resize { may_move, fixed, keep } = how;
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
        if vma.is_special() && keep {
            return Err(Errno::EINVAL);
        }
        if vma.is_special() && new_len > old_len {
            return Err(Errno::EFAULT);
        }
        if fixed.is_none() && !keep && old_len != 0 {
            if new_len <= old_len {
                self.remove(&mut inner, old + new_len..range.end);
                return Ok(old);
            }
            if self.try_grow(&mut inner, &vma, &range, new_len)? {
                return Ok(old);
            }
        }
        if !may_move {
            return Err(Errno::ENOMEM);
        }
        self.relocate(&mut inner, &vma, range, new_len, how)
    }

    /// `remap_file_pages(2)`: lets the shared mapping at `range`, of one object, show that object's
    /// pages from `page` on. The range becomes a mapping of its own.
    ///
    /// # Errors
    /// `EINVAL` if that is no shared mapping of one object, `ENOMEM`.
    pub fn remap_object(&self, range: Range<usize>, page: u64) -> Result<(), Errno> {
        let vma = self.find(range.start).filter(Vma::is_shared).ok_or(Errno::EINVAL)?;
        if range.end > vma.end {
            return Err(Errno::EINVAL);
        }
        let Backing::Object { object, path, .. } = vma.backing else { return Err(Errno::EINVAL) };
        self.map_request(MapRequest {
            address: range.start,
            flags: vma.flags,
            backing: Backing::Object { object, page, path },
            label: vma.label,
            fixed: true,
            populate: true,
            ..MapRequest::anonymous(range.len(), vma.prot)
        })?;
        Ok(())
    }

    fn try_grow(
        &self,
        inner: &mut Inner,
        vma: &Vma,
        range: &Range<usize>,
        new_len: usize,
    ) -> Result<bool, Errno> {
        let new_end = range.start.checked_add(new_len).ok_or(Errno::ENOMEM)?;
        let grows = new_end - range.end;
        limits::check(inner.map.totals(), vma, grows)?;
        let free = new_end <= user::END && inner.map.is_clear(range.end..new_end);
        if range.end != vma.end || !free {
            return Ok(false);
        }
        inner.map.extend_up(vma.end, new_end);
        self.note_size(inner);
        if vma.is_filled_at_once() {
            let _ = self.populate(inner, range.end..new_end, Touch::Own);
        }
        Ok(true)
    }

    fn relocate(
        &self,
        inner: &mut Inner,
        vma: &Vma,
        range: Range<usize>,
        new_len: usize,
        how: Resize,
    ) -> Result<usize, Errno> {
        let Resize { fixed, keep, .. } = how;
        let old_len = range.end - range.start;
        let grows = if keep { new_len } else { new_len.saturating_sub(old_len) };
        limits::check(inner.map.totals(), vma, grows)?;
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
        tell_object(&moved, 1);
        if keep {
            let unlocked = VmaFlags::LOCKED | VmaFlags::LOCK_ON_FAULT;
            inner.map.update(range, |vma| vma.flags.remove(unlocked));
        } else if old_len != 0 {
            self.remove(inner, range);
        }
        let fill = moved.is_filled_at_once();
        inner.map.insert(moved);
        self.note_size(inner);
        if fill {
            let _ = self.populate(inner, to + kept_len..to + new_len, Touch::Own);
        }
        Ok(to)
    }
}
