//! [`GapList`]: a sorted array that changes cheaply where it changed last.
//!
//! Two stacks whose tops meet at the place of the last change. A change nearby moves few elements,
//! so that a program which maps or unmaps thousands of ranges in order pays the same for each.

use alloc::vec::Vec;

use elfin_syscalls::Errno;

/// An array of `T`.
pub struct GapList<T> {
    /// The first elements.
    low: Vec<T>,
    /// The others, the last one first.
    high: Vec<T>,
}

impl<T> Default for GapList<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> GapList<T> {
    /// An empty array.
    pub const fn new() -> Self {
        Self { low: Vec::new(), high: Vec::new() }
    }

    /// The number of elements.
    #[inline]
    pub fn len(&self) -> usize {
        self.low.len() + self.high.len()
    }

    /// Makes sure of room for `more` elements: [`Self::insert`] does not allocate then.
    ///
    /// # Errors
    /// `ENOMEM`.
    #[inline]
    pub fn reserve(&mut self, more: usize) -> Result<(), Errno> {
        let (low, high) = (self.low.len(), self.high.len());
        self.low.try_reserve(high + more).map_err(|_| Errno::ENOMEM)?;
        self.high.try_reserve(low + more).map_err(|_| Errno::ENOMEM)
    }

    /// Where element `index` lies in `high`, if it is not in `low`.
    #[inline]
    fn in_high(&self, index: usize) -> Option<usize> {
        self.len().checked_sub(index + 1)
    }

    /// Element `index`.
    #[inline]
    pub fn get(&self, index: usize) -> Option<&T> {
        match self.low.get(index) {
            Some(element) => Some(element),
            None => self.high.get(self.in_high(index)?),
        }
    }

    /// Element `index`, to be changed.
    #[inline]
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        if index < self.low.len() {
            self.low.get_mut(index)
        } else {
            let at = self.in_high(index)?;
            self.high.get_mut(at)
        }
    }

    /// The elements from `index` on.
    #[inline]
    pub fn iter_from(&self, index: usize) -> impl Iterator<Item = &T> {
        let above = index.saturating_sub(self.low.len());
        let low = self.low.get(index..).unwrap_or_default();
        let high = self.high.get(..self.high.len().saturating_sub(above)).unwrap_or_default();
        low.iter().chain(high.iter().rev())
    }

    /// The elements before `index`, the last one first.
    #[inline]
    pub fn iter_back(&self, index: usize) -> impl Iterator<Item = &T> {
        let above = index.saturating_sub(self.low.len());
        let low = self.low.get(..index.min(self.low.len())).unwrap_or_default();
        let high = self.high.get(self.high.len().saturating_sub(above)..).unwrap_or_default();
        high.iter().chain(low.iter().rev())
    }

    /// Index of the first element for which `before` is false; all that precede it are true.
    #[inline]
    pub fn partition_point(&self, before: impl Fn(&T) -> bool) -> usize {
        match self.high.last() {
            Some(first) if before(first) => {
                self.len() - self.high.partition_point(|element| !before(element))
            }
            _ => self.low.partition_point(before),
        }
    }

    /// Lets the stacks meet before element `index`.
    fn approach(&mut self, index: usize) {
        if index < self.low.len() {
            self.high.extend(self.low.drain(index..).rev());
        } else {
            let stay = self.len() - index;
            self.low.extend(self.high.drain(stay..).rev());
        }
    }

    /// Inserts an element before element `index`, for which there is room.
    pub fn insert(&mut self, index: usize, element: T) {
        if index != self.low.len() {
            self.approach(index);
        }
        self.low.push(element);
    }

    /// Adds an element at the end, for which there is room.
    pub fn push(&mut self, element: T) {
        self.insert(self.len(), element);
    }

    /// Removes element `index`, if there is one.
    pub fn remove(&mut self, index: usize) -> Option<T> {
        if index + 1 == self.low.len() {
            return self.low.pop();
        }
        if index >= self.len() {
            return None;
        }
        if index != self.low.len() {
            self.approach(index);
        }
        self.high.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against an array, with random changes here and there.
    #[test]
    fn agrees_with_an_array() {
        let mut model: Vec<u32> = Vec::new();
        let mut list = GapList::new();
        let mut seed = 7u64;
        let mut random = |n: usize| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) as usize % n
        };
        for round in 0..5000 {
            let value = random(1000) as u32;
            let place = model.partition_point(|&other| other < value);
            assert_eq!(list.partition_point(|&other| other < value), place);
            if random(5) < 3 {
                list.reserve(1).unwrap();
                list.insert(place, value);
                model.insert(place, value);
            } else if place < model.len() {
                assert_eq!(list.remove(place), Some(model.remove(place)));
            }
            assert_eq!(list.len(), model.len());
            assert!(list.iter_from(place).eq(&model[place..]), "round {round}");
            assert!(list.iter_back(place).eq(model[..place].iter().rev()));
            assert_eq!(list.get(place), model.get(place));
            assert_eq!(list.get_mut(place).copied(), model.get(place).copied());
        }
        assert_eq!(list.remove(list.len()), None);
    }
}
