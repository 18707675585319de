//! [`VmaMap`]: the mappings of an address space, by address, without overlap.
//!
//! A sorted array ([`GapList`]): programs have tens of mappings, seldom thousands, and a search
//! takes a handful of comparisons in one or two pieces of memory. Neighbouring mappings that could
//! be one are made one, so that programs which map page by page do not fill the map. The objects
//! of mappings hear how many there are, also when one is cut or two are joined.

use core::ops::Range;

use elfin_syscalls::Errno;
use elfin_syscalls::args::ProtFlags;

use super::STACK_GUARD;
use super::gap_list::GapList;
use super::map::tell_object;
use super::totals::Totals;
use super::vma::{Vma, VmaFlags};

/// Mappings by their addresses.
#[derive(Default)]
pub struct VmaMap {
    /// In ascending order.
    list: GapList<Vma>,
    totals: Totals,
    hint: Hint,
}

/// What the last search for free space learned: in `bounds`, no free range above `end` has `len`
/// bytes.
#[derive(Default)]
struct Hint {
    bounds: Range<usize>,
    len: usize,
    end: usize,
}

/// Where the free space below a mapping ends for others: a stack keeps its distance.
fn free_below(vma: &Vma) -> usize {
    if vma.flags.contains(VmaFlags::GROWS_DOWN) {
        vma.start.saturating_sub(STACK_GUARD)
    } else {
        vma.start
    }
}

impl VmaMap {
    /// No mappings.
    pub const fn new() -> Self {
        let hint = Hint { bounds: 0..0, len: 0, end: 0 };
        Self { list: GapList::new(), totals: Totals::new(), hint }
    }

    /// Bytes mapped.
    pub fn total(&self) -> usize {
        self.totals.mapped
    }

    /// What the mappings add up to.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Number of mappings.
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// Makes sure of room for two changes ([`Self::insert`], [`Self::remove`], [`Self::update`]).
    ///
    /// # Errors
    /// `ENOMEM`.
    #[inline]
    pub fn reserve(&mut self) -> Result<(), Errno> {
        /// Each splits two mappings at most, or adds one.
        const MOST: usize = 4;
        self.list.reserve(MOST)
    }

    /// A map of what `f` makes of these mappings, whose addresses it keeps.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn filter_map(&self, f: impl FnMut(&Vma) -> Option<Vma>) -> Result<Self, Errno> {
        let mut copy = Self::new();
        copy.list.reserve(self.list.len())?;
        for vma in self.iter().filter_map(f) {
            copy.totals.add(&vma, vma.len());
            copy.list.push(vma);
        }
        Ok(copy)
    }

    /// Index of the first mapping that ends above `address`.
    #[inline]
    fn first_above(&self, address: usize) -> usize {
        self.list.partition_point(|vma| vma.end <= address)
    }

    /// The mapping that holds `address`.
    #[inline]
    pub fn find(&self, address: usize) -> Option<&Vma> {
        self.find_or_next(address).filter(|vma| vma.start <= address)
    }

    /// The mapping that holds `address`, or the next above it.
    #[inline]
    pub fn find_or_next(&self, address: usize) -> Option<&Vma> {
        self.list.get(self.first_above(address))
    }

    /// The last mapping that begins below `address`.
    pub fn last_below(&self, address: usize) -> Option<&Vma> {
        let after = self.list.partition_point(|vma| vma.start < address);
        self.list.get(after.checked_sub(1)?)
    }

    /// All mappings that overlap `range`, in order.
    #[inline]
    pub fn overlapping(&self, range: Range<usize>) -> impl Iterator<Item = &Vma> {
        let rest = self.list.iter_from(self.first_above(range.start));
        rest.take_while(move |vma| vma.start < range.end)
    }

    /// Whether nothing is mapped in `range`.
    #[inline]
    pub fn is_free(&self, range: Range<usize>) -> bool {
        self.find_or_next(range.start).is_none_or(|vma| vma.start >= range.end)
    }

    /// Whether nothing is mapped in `range`, nor any stack so close above that it would be in
    /// the way.
    pub fn is_clear(&self, range: Range<usize>) -> bool {
        self.find_or_next(range.start).is_none_or(|vma| free_below(vma) >= range.end)
    }

    /// All mappings, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Vma> {
        self.list.iter_from(0)
    }

    /// Whether every address of `range` is mapped.
    pub fn covers(&self, range: Range<usize>) -> bool {
        let mut at = range.start;
        for vma in self.overlapping(range.clone()) {
            if vma.start > at {
                return false;
            }
            at = vma.end;
        }
        at >= range.end
    }

    /// Adds a mapping where nothing is mapped, joining it with its neighbours if it continues
    /// them.
    pub fn insert(&mut self, vma: Vma) {
        let index = self.first_above(vma.start);
        debug_assert!(self.list.get(index).is_none_or(|next| vma.end <= next.start));
        self.totals.add(&vma, vma.len());
        let before = index.checked_sub(1).and_then(|n| self.list.get_mut(n));
        match before {
            Some(before) if before.continues_with(&vma) => {
                before.end = vma.end;
                tell_object(&vma, -1);
            }
            _ => {
                self.list.insert(index, vma);
                self.join(index);
                return;
            }
        }
        self.join(index - 1);
    }

    /// Joins the mapping at `index` with the one after it, if that continues it.
    fn join(&mut self, index: usize) {
        let joins = match (self.list.get(index), self.list.get(index + 1)) {
            (Some(this), Some(next)) if this.continues_with(next) => Some(next.end),
            _ => None,
        };
        if let Some(end) = joins
            && let Some(this) = self.list.get_mut(index)
        {
            this.end = end;
            if let Some(joined) = self.list.remove(index + 1) {
                tell_object(&joined, -1);
            }
        }
    }

    /// Makes a border at `address`, if a mapping reaches across it. Index of the mapping that
    /// begins there, or of the next.
    fn split(&mut self, address: usize) -> usize {
        let index = self.first_above(address);
        match self.list.get(index) {
            Some(vma) if vma.start < address => self.split_at(index, address),
            _ => index,
        }
    }

    /// Makes a border at `address` in the mapping at `index`, which reaches across it. Index of
    /// what is above.
    fn split_at(&mut self, index: usize, address: usize) -> usize {
        let Some(vma) = self.list.get_mut(index) else { return index };
        let above = vma.part(&(address..vma.end));
        vma.end = address;
        tell_object(&above, 1);
        self.list.insert(index + 1, above);
        index + 1
    }

    /// Removes what is mapped in `range`; gives the parts removed to `f`, in order.
    pub fn remove(&mut self, range: Range<usize>, mut f: impl FnMut(Vma)) {
        let first = self.split(range.start);
        while let Some(vma) = self.list.get(first).filter(|vma| vma.start < range.end) {
            if vma.end > range.end {
                self.split_at(first, range.end);
            }
            let Some(vma) = self.list.remove(first) else { break };
            self.totals.take(&vma, vma.len());
            f(vma);
        }
        if range.end > self.hint.end {
            self.hint.end = match self.list.get(first) {
                Some(next) => free_below(next).max(self.hint.end).min(self.hint.bounds.end),
                None => self.hint.bounds.end,
            };
        }
    }

    /// Changes the mappings in `range`, splitting those that reach beyond it and joining those
    /// that have become alike. Their addresses stay.
    pub fn update(&mut self, range: Range<usize>, mut change: impl FnMut(&mut Vma)) {
        let first = self.split(range.start);
        let last = self.split(range.end);
        for index in first..last {
            if let Some(vma) = self.list.get_mut(index) {
                let len = vma.len();
                self.totals.take(vma, len);
                change(vma);
                self.totals.add(vma, len);
            }
        }
        for index in (first.saturating_sub(1)..last).rev() {
            self.join(index);
        }
    }

    /// Lets the mapping at `start` begin at `new_start` instead, below, where nothing is mapped.
    /// (Stack growth.)
    pub fn extend_down(&mut self, start: usize, new_start: usize) {
        let index = self.first_above(start);
        if let Some(vma) = self.list.get_mut(index) {
            self.totals.add(vma, start - new_start);
            vma.start = new_start;
        }
    }

    /// Lets the mapping that ends at `end` end at `new_end` instead, above, where nothing is
    /// mapped.
    pub fn extend_up(&mut self, end: usize, new_end: usize) {
        let index = self.first_above(end.saturating_sub(1));
        if let Some(vma) = self.list.get_mut(index)
            && vma.end == end
        {
            self.totals.add(vma, new_end - end);
            vma.end = new_end;
            self.join(index);
        }
    }

    /// The highest free range of `len` bytes within `bounds`.
    pub fn find_gap(&mut self, len: usize, bounds: Range<usize>) -> Option<usize> {
        let knows = self.hint.bounds == bounds && len >= self.hint.len;
        let mut end = if knows { self.hint.end } else { bounds.end };
        let below = self.list.partition_point(|vma| vma.start < end);
        if let Some(above) = self.list.get(below) {
            end = end.min(free_below(above));
        }
        let mut start = end.checked_sub(len).filter(|&start| start >= bounds.start)?;
        for vma in self.list.iter_back(below) {
            if vma.end <= start {
                break;
            }
            end = end.min(free_below(vma));
            start = end.checked_sub(len).filter(|&start| start >= bounds.start)?;
        }
        self.hint = Hint { bounds, len, end };
        Some(start)
    }

    /// Rights that every mapping of `range` has at least, if all of it is mapped.
    pub fn common_prot(&self, range: Range<usize>) -> Option<ProtFlags> {
        self.covers(range.clone())
            .then(|| self.overlapping(range).fold(ProtFlags::all(), |prot, vma| prot & vma.prot))
    }
}

#[cfg(test)]
mod tests {
    use super::super::vma::{Backing, Label, VmaFlags};
    use alloc::vec::Vec;

    use super::*;

    const P: usize = 4096;

    fn vma(pages: Range<usize>, prot: ProtFlags) -> Vma {
        Vma {
            start: pages.start * P,
            end: pages.end * P,
            prot,
            flags: VmaFlags::empty(),
            backing: Backing::Anonymous,
            label: Label::None,
        }
    }

    fn layout(map: &VmaMap) -> Vec<(usize, usize)> {
        map.iter().map(|v| (v.start / P, v.end / P)).collect()
    }

    #[test]
    fn joins_neighbours() {
        let mut map = VmaMap::new();
        map.insert(vma(2..3, ProtFlags::READ));
        map.insert(vma(4..5, ProtFlags::READ));
        map.insert(vma(3..4, ProtFlags::READ));
        map.insert(vma(5..6, ProtFlags::WRITE));
        assert_eq!(layout(&map), [(2, 5), (5, 6)]);
        assert_eq!(map.total(), 4 * P);
    }

    #[test]
    fn removes_and_splits() {
        let mut map = VmaMap::new();
        map.insert(vma(0..10, ProtFlags::READ));
        let mut removed = Vec::new();
        map.remove(3 * P..5 * P, |vma| removed.push(vma));
        assert_eq!(removed.len(), 1);
        assert_eq!(removed[0].range(), 3 * P..5 * P);
        assert_eq!(layout(&map), [(0, 3), (5, 10)]);
        assert!(map.covers(5 * P..10 * P) && !map.covers(2 * P..6 * P));
        map.update(P..7 * P, |v| v.prot = ProtFlags::WRITE);
        assert_eq!(layout(&map), [(0, 1), (1, 3), (5, 7), (7, 10)]);
    }

    #[test]
    fn finds_the_highest_gap() {
        let mut map = VmaMap::new();
        assert_eq!(map.find_gap(P, P..10 * P), Some(9 * P));
        map.insert(vma(8..10, ProtFlags::READ));
        map.insert(vma(5..7, ProtFlags::READ));
        assert_eq!(map.find_gap(P, P..10 * P), Some(7 * P));
        assert_eq!(map.find_gap(2 * P, P..10 * P), Some(3 * P));
        assert_eq!(map.find_gap(5 * P, P..10 * P), None);
        assert_eq!(map.find_gap(4 * P, P..10 * P), Some(P));
        // What was found before is not trusted where space has become free since.
        map.remove(8 * P..9 * P, drop);
        assert_eq!(map.find_gap(2 * P, P..10 * P), Some(7 * P));
        map.remove(9 * P..10 * P, drop);
        assert_eq!(map.find_gap(2 * P, P..10 * P), Some(8 * P));
        assert_eq!(map.find_gap(3 * P, P..10 * P), Some(7 * P));
    }

    /// The gap that a search finds is the one that a search from the top would find.
    #[test]
    fn hints_do_not_mislead() {
        const PAGES: usize = 200;
        let mut map = VmaMap::new();
        let mut seed = 99u64;
        let mut random = |n: usize| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) as usize % n
        };
        for _ in 0..5000 {
            let pages = 1 + random(5);
            let bounds = P..PAGES * P;
            map.reserve().unwrap();
            if random(3) > 0 {
                let found = map.find_gap(pages * P, bounds.clone());
                let free = |start: &usize| map.is_free(*start..*start + pages * P);
                let places = (1..=PAGES - pages).rev().map(|page| page * P);
                assert_eq!(found, places.clone().find(free));
                if let Some(at) = found {
                    let prot = [ProtFlags::READ, ProtFlags::WRITE][random(2)];
                    map.insert(vma(at / P..at / P + pages, prot));
                }
            } else {
                let start = 1 + random(PAGES - pages);
                map.remove(start * P..(start + pages) * P, drop);
            }
        }
    }

    #[test]
    fn keeps_away_from_stacks() {
        const TOP: usize = 1000;
        let mut map = VmaMap::new();
        let mut stack = vma(TOP - 10..TOP, ProtFlags::WRITE);
        stack.flags = VmaFlags::GROWS_DOWN;
        map.insert(stack);
        let below = (TOP - 10) * P - STACK_GUARD;
        assert_eq!(map.find_gap(P, P..TOP * P), Some(below - P));
        assert_eq!(map.find_gap(P, P..TOP * P), Some(below - P));
        assert!(map.is_clear(below - P..below) && !map.is_clear(below - P..below + P));
    }

    #[test]
    fn sums_follow_changes() {
        let mut map = VmaMap::new();
        let mut locked = vma(2..6, ProtFlags::WRITE);
        locked.flags = VmaFlags::LOCKED;
        map.insert(locked);
        map.insert(vma(8..10, ProtFlags::READ));
        let sums = |map: &VmaMap| [map.total() / P, map.totals().data / P, map.totals().locked / P];
        assert_eq!(sums(&map), [6, 4, 4]);
        map.remove(5 * P..9 * P, drop);
        assert_eq!(sums(&map), [4, 3, 3]);
        map.update(3 * P..4 * P, |vma| vma.flags = VmaFlags::empty());
        map.update(9 * P..10 * P, |vma| vma.prot = ProtFlags::WRITE);
        assert_eq!(sums(&map), [4, 4, 2]);
        map.extend_down(2 * P, P);
        map.extend_up(10 * P, 12 * P);
        assert_eq!(sums(&map), [7, 7, 3]);
    }

    /// Against a plain array of pages, with random changes.
    #[test]
    fn agrees_with_a_page_array() {
        const PAGES: usize = 64;
        let mut model = [None; PAGES];
        let mut map = VmaMap::new();
        let mut seed = 12345u64;
        let mut random = |n: usize| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) as usize % n
        };
        for _ in 0..20_000 {
            let start = random(PAGES);
            let end = start + 1 + random(PAGES - start);
            let prot = [ProtFlags::READ, ProtFlags::WRITE][random(2)];
            let range = start * P..end * P;
            match random(3) {
                0 => {
                    map.remove(range, drop);
                    model[start..end].fill(None);
                }
                1 => {
                    map.remove(range.clone(), drop);
                    map.insert(vma(start..end, prot));
                    model[start..end].fill(Some(prot));
                }
                _ => {
                    map.update(range, |v| v.prot = prot);
                    for page in &mut model[start..end] {
                        *page = page.map(|_| prot);
                    }
                }
            }
            for (n, page) in model.iter().enumerate() {
                assert_eq!(map.find(n * P).map(|v| v.prot), *page);
            }
            assert_eq!(map.total(), model.iter().flatten().count() * P);
            assert!(map.iter().zip(map.iter().skip(1)).all(|(a, b)| a.end <= b.start));
        }
    }
}
