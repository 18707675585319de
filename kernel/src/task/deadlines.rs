//! [`Deadlines`]: a queue of things by the time at which they are due.
//!
//! A binary heap that knows where each entry is, so that cancelling costs as little as adding.
//! Entries live in slots that are used again; a [`Key`] carries its slot's generation, so a key
//! of something that has left the queue finds nothing.

use alloc::collections::TryReserveError;
use alloc::vec::Vec;

/// Names an entry for [`Deadlines::remove`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    slot: u32,
    generation: u32,
}

/// Entries of type `T`, the earliest first; equal times in no particular order.
pub struct Deadlines<T> {
    heap: Vec<Node>,
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Node {
    at: u64,
    slot: u32,
}

struct Slot<T> {
    generation: u32,
    /// Index in the heap while occupied.
    place: usize,
    value: Option<T>,
}

impl<T> Deadlines<T> {
    /// An empty queue.
    pub const fn new() -> Self {
        Self { heap: Vec::new(), slots: Vec::new(), free: Vec::new() }
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// When the first entry is due.
    #[inline]
    pub fn first(&self) -> Option<u64> {
        self.heap.first().map(|node| node.at)
    }

    /// Makes sure that `more` entries can be added without memory.
    ///
    /// # Errors
    /// There is no memory.
    pub fn reserve(&mut self, more: usize) -> Result<(), TryReserveError> {
        self.heap.try_reserve(more)?;
        let missing = more.saturating_sub(self.free.len());
        self.slots.try_reserve(missing)?;
        // Every slot can be free at once.
        let slots = self.slots.len() + missing;
        self.free.try_reserve(slots.saturating_sub(self.free.len()))
    }

    /// Adds an entry that is due at `at`.
    pub fn insert(&mut self, at: u64, value: T) -> Key {
        let place = self.heap.len();
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.slots.push(Slot { generation: 0, place, value: None });
                u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
            }
        };
        let mut generation = 0;
        if let Some(entry) = self.slot(slot) {
            entry.value = Some(value);
            generation = entry.generation;
        }
        self.heap.push(Node { at, slot });
        self.rise(place);
        Key { slot, generation }
    }

    /// Takes an entry out before it is due; `None` if it has left already.
    pub fn remove(&mut self, key: Key) -> Option<T> {
        let entry = self.slot(key.slot)?;
        if entry.generation != key.generation || entry.value.is_none() {
            return None;
        }
        let place = entry.place;
        self.take(place)
    }

    /// Takes the first entry out if it is due at `now`.
    pub fn pop_due(&mut self, now: u64) -> Option<T> {
        if self.first()? > now { None } else { self.take(0) }
    }

    fn slot(&mut self, slot: u32) -> Option<&mut Slot<T>> {
        self.slots.get_mut(usize::try_from(slot).ok()?)
    }

    fn take(&mut self, place: usize) -> Option<T> {
        let node = *self.heap.get(place)?;
        self.heap.swap_remove(place);
        if place < self.heap.len() {
            let place = self.rise(place);
            self.sink(place);
        }
        self.free.push(node.slot);
        let entry = self.slot(node.slot)?;
        entry.generation = entry.generation.wrapping_add(1);
        entry.value.take()
    }

    fn at(&self, place: usize) -> u64 {
        self.heap.get(place).map_or(u64::MAX, |node| node.at)
    }

    /// Notes in its slot where the node at `place` is.
    fn note(&mut self, place: usize) {
        if let Some(node) = self.heap.get(place).copied()
            && let Some(entry) = self.slot(node.slot)
        {
            entry.place = place;
        }
    }

    fn rise(&mut self, mut place: usize) -> usize {
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.at(parent) <= self.at(place) {
                break;
            }
            self.heap.swap(place, parent);
            self.note(place);
            place = parent;
        }
        self.note(place);
        place
    }

    fn sink(&mut self, mut place: usize) {
        loop {
            let left = 2 * place + 1;
            let child = if self.at(left + 1) < self.at(left) { left + 1 } else { left };
            if self.at(child) >= self.at(place) {
                break;
            }
            self.heap.swap(place, child);
            self.note(place);
            place = child;
        }
        self.note(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_earliest_first() {
        let mut queue = Deadlines::new();
        for at in [50, 10, 40, 20, 30] {
            queue.insert(at, at);
        }
        assert_eq!(queue.first(), Some(10));
        assert_eq!(queue.pop_due(9), None);
        let mut seen = Vec::new();
        while let Some(at) = queue.pop_due(100) {
            seen.push(at);
        }
        assert_eq!(seen, [10, 20, 30, 40, 50]);
    }

    #[test]
    fn forgets_what_is_removed() {
        let mut queue = Deadlines::new();
        let first = queue.insert(1, 'a');
        let second = queue.insert(2, 'b');
        assert_eq!(queue.remove(first), Some('a'));
        assert_eq!(queue.remove(first), None);
        let third = queue.insert(3, 'c');
        assert_eq!(queue.remove(first), None, "the slot has a new tenant");
        assert_eq!(queue.pop_due(9), Some('b'));
        assert_eq!(queue.remove(second), None);
        assert_eq!(queue.remove(third), Some('c'));
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn agrees_with_sorting() {
        let mut queue = Deadlines::new();
        let mut keys = Vec::new();
        let mut model = Vec::new();
        let mut state = 12345u64;
        let mut random = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        for round in 0..5000u64 {
            if random() % 3 != 0 {
                let at = random() % 1000;
                keys.push((queue.insert(at, round), at, round));
                model.push((at, round));
            } else if !keys.is_empty() {
                let pick = usize::try_from(random()).unwrap() % keys.len();
                let (key, at, value) = keys.swap_remove(pick);
                assert_eq!(queue.remove(key), Some(value));
                model.retain(|&entry| entry != (at, value));
            }
        }
        model.sort_unstable();
        let mut times = Vec::new();
        while let Some(at) = queue.first() {
            times.push(at);
            assert!(queue.pop_due(at).is_some());
        }
        assert_eq!(times, model.iter().map(|&(at, _)| at).collect::<Vec<_>>());
    }

    #[test]
    fn adds_without_memory_after_reserving() {
        let mut queue = Deadlines::new();
        queue.reserve(8).unwrap();
        let capacity = (queue.heap.capacity(), queue.slots.capacity(), queue.free.capacity());
        let keys: Vec<_> = (0..8).map(|at| queue.insert(at, at)).collect();
        keys.into_iter().for_each(|key| assert!(queue.remove(key).is_some()));
        assert_eq!(
            capacity,
            (queue.heap.capacity(), queue.slots.capacity(), queue.free.capacity())
        );
    }
}
