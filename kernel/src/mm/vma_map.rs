//! [`VmaMap`]: the mappings of an address space, by address, without overlap.
//!
//! Neighbouring mappings that could be one are made one, so that programs which map page by page
//! do not fill the map.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Range;

use elfin_syscalls::args::ProtFlags;

use super::vma::Vma;

/// Mappings by their first address.
#[derive(Default)]
pub struct VmaMap {
    map: BTreeMap<usize, Vma>,
    /// Bytes mapped.
    total: usize,
}

impl VmaMap {
    /// No mappings.
    pub const fn new() -> Self {
        Self { map: BTreeMap::new(), total: 0 }
    }

    /// Bytes mapped.
    pub fn total(&self) -> usize {
        self.total
    }

    /// Number of mappings.
    pub fn count(&self) -> usize {
        self.map.len()
    }

    /// The mapping that holds `address`.
    #[inline]
    pub fn find(&self, address: usize) -> Option<&Vma> {
        let (_, vma) = self.map.range(..=address).next_back()?;
        (address < vma.end).then_some(vma)
    }

    /// The mapping that holds `address`, or the next above it.
    pub fn find_or_next(&self, address: usize) -> Option<&Vma> {
        self.find(address).or_else(|| self.map.range(address..).next().map(|(_, vma)| vma))
    }

    /// The last mapping that begins below `address`.
    pub fn last_below(&self, address: usize) -> Option<&Vma> {
        self.map.range(..address).next_back().map(|(_, vma)| vma)
    }

    /// All mappings that overlap `range`, in order.
    pub fn overlapping(&self, range: Range<usize>) -> impl Iterator<Item = &Vma> {
        let first = self.find(range.start).map_or(range.start, |vma| vma.start);
        self.map.range(first..range.end.max(first)).map(|(_, vma)| vma)
    }

    /// All mappings, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Vma> {
        self.map.values()
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
    pub fn insert(&mut self, mut vma: Vma) {
        debug_assert!(self.overlapping(vma.range()).next().is_none());
        self.total += vma.len();
        if let Some((_, next)) = self.map.range(vma.end..).next()
            && vma.continues_with(next)
        {
            let start = next.start;
            vma.end = next.end;
            self.map.remove(&start);
        }
        if let Some((_, previous)) = self.map.range_mut(..vma.start).next_back()
            && previous.continues_with(&vma)
        {
            previous.end = vma.end;
            return;
        }
        self.map.insert(vma.start, vma);
    }

    /// Removes what is mapped in `range`; gives the parts removed, in order.
    pub fn remove(&mut self, range: Range<usize>) -> Vec<Vma> {
        let mut removed = Vec::new();
        loop {
            let first = self.overlapping(range.clone()).next().map(|vma| vma.start);
            let Some(vma) = first.and_then(|start| self.map.remove(&start)) else { break };
            let part = if range.start <= vma.start && vma.end <= range.end {
                vma
            } else {
                let part = vma.part(&range);
                if vma.start < range.start {
                    self.map.insert(vma.start, vma.part(&(vma.start..range.start)));
                }
                if range.end < vma.end {
                    self.map.insert(range.end, vma.part(&(range.end..vma.end)));
                }
                part
            };
            self.total -= part.len();
            removed.push(part);
        }
        removed
    }

    /// Changes the mappings in `range`, splitting those that reach beyond it.
    pub fn update(&mut self, range: Range<usize>, mut change: impl FnMut(&mut Vma)) {
        for mut part in self.remove(range) {
            change(&mut part);
            self.insert(part);
        }
    }

    /// Lets the mapping at `start` begin at `new_start` instead, below. (Stack growth.)
    pub fn extend_down(&mut self, start: usize, new_start: usize) {
        if let Some(mut vma) = self.map.remove(&start) {
            self.total += start - new_start;
            vma.start = new_start;
            self.map.insert(new_start, vma);
        }
    }

    /// Lets the mapping that ends at `end` end at `new_end` instead, above.
    pub fn extend_up(&mut self, end: usize, new_end: usize) {
        if let Some((_, vma)) = self.map.range_mut(..end).next_back()
            && vma.end == end
        {
            self.total += new_end - end;
            vma.end = new_end;
        }
    }

    /// The highest free range of `len` bytes within `bounds`.
    pub fn find_gap(&self, len: usize, bounds: Range<usize>) -> Option<usize> {
        let mut end = bounds.end;
        for vma in self.map.range(..bounds.end).rev().map(|(_, vma)| vma) {
            if vma.end <= end {
                let start = end.checked_sub(len)?;
                if start < bounds.start {
                    return None;
                }
                if vma.end <= start {
                    return Some(start);
                }
            }
            end = end.min(vma.start);
        }
        end.checked_sub(len).filter(|&start| start >= bounds.start)
    }

    /// Bytes of private writable memory: what the program could make the machine provide.
    pub fn accountable(&self) -> usize {
        self.iter().filter(|vma| vma.is_accountable()).map(Vma::len).sum()
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
        let removed = map.remove(3 * P..5 * P);
        assert_eq!(removed.len(), 1);
        assert_eq!(removed[0].range(), 3 * P..5 * P);
        assert_eq!(layout(&map), [(0, 3), (5, 10)]);
        assert!(map.covers(5 * P..10 * P) && !map.covers(2 * P..6 * P));
        map.update(1 * P..7 * P, |v| v.prot = ProtFlags::WRITE);
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
                    map.remove(range);
                    model[start..end].fill(None);
                }
                1 => {
                    map.remove(range.clone());
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
            let joined = map.iter().zip(map.iter().skip(1)).all(|(a, b)| !a.continues_with(b));
            assert!(joined || map.count() <= PAGES);
        }
    }
}
