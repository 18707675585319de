//! [`PageUse`]: how much of a mapping is in memory, and who else uses that.

use elfin_platform::paging::PageFlags;

use super::PAGE_SIZE;
use super::space::AddressSpace;
use super::vma::{Backing, Vma};

/// Bytes in memory of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Portion {
    /// Mapped nowhere else.
    pub own: usize,
    /// Mapped elsewhere, too.
    pub shared: usize,
    /// The mapping's share of both: each page divided by the number of its mappings.
    pub share: usize,
}

impl Portion {
    fn add(&mut self, other: &Self) {
        self.own += other.own;
        self.shared += other.shared;
        self.share += other.share;
    }
}

/// Bytes of a mapping that are in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageUse {
    /// As the object has them.
    pub clean: Portion,
    /// Written to.
    pub dirty: Portion,
}

impl PageUse {
    /// All together.
    pub fn resident(&self) -> usize {
        self.clean.own + self.clean.shared + self.dirty.own + self.dirty.shared
    }

    /// Adds what another mapping uses.
    pub fn add(&mut self, other: &Self) {
        self.clean.add(&other.clean);
        self.dirty.add(&other.dirty);
    }
}

impl AddressSpace {
    /// What is in memory of `vma`, one of its mappings.
    pub fn page_use(&self, vma: &Vma) -> PageUse {
        let mut all = PageUse::default();
        let is_object = matches!(vma.backing, Backing::Object { .. });
        self.pages.for_each_counted(vma.range(), &mut |flags, references| {
            if flags.contains(PageFlags::ZERO) {
                return;
            }
            let is_dirty = flags.contains(PageFlags::DIRTY);
            // The object itself refers to its pages.
            let is_objects = is_object && (vma.is_shared() || !is_dirty);
            let mappings = references.saturating_sub(u32::from(is_objects)).max(1);
            let portion = if is_dirty { &mut all.dirty } else { &mut all.clean };
            let kind = if mappings == 1 { &mut portion.own } else { &mut portion.shared };
            *kind += PAGE_SIZE;
            portion.share += PAGE_SIZE / usize::try_from(mappings).unwrap_or(PAGE_SIZE);
        });
        all
    }
}

#[cfg(test)]
mod tests {
    use elfin_syscalls::args::ProtFlags;

    use super::super::{Layout, MapRequest};
    use super::*;

    #[test]
    fn pages_of_a_fork_are_shared() {
        let parent = AddressSpace::new(Layout::new(1 << 20, false)).unwrap();
        let rights = ProtFlags::READ | ProtFlags::WRITE;
        let at = parent.map_request(MapRequest::anonymous(4 * PAGE_SIZE, rights)).unwrap();
        parent.write(at, &[1; 2 * PAGE_SIZE]).unwrap();
        let child = parent.fork().unwrap();
        child.write(at, &[2]).unwrap();
        let portions = |space: &AddressSpace| space.page_use(&space.find(at).unwrap()).dirty;
        let half = Portion { own: PAGE_SIZE, shared: PAGE_SIZE, share: PAGE_SIZE * 3 / 2 };
        assert_eq!((portions(&parent), portions(&child)), (half, half));
    }
}
