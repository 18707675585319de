//! [`RunQueue`]: who runs next on one CPU.
//!
//! Three lists. Real-time entries come first, by priority. Of the others, those that became ready
//! without having used up a time slice (`fresh`) come before those that did (`spent`), so that a
//! thread that mostly sleeps answers quickly beside one that computes; once the fresh ones have
//! run for [`PATIENCE`] while a spent one waited, that one has its turn. Within a list it is first
//! come, first served. Nice values change the length of a slice.

use alloc::collections::{TryReserveError, VecDeque};

/// How long fresh entries may keep spent ones waiting, in nanoseconds.
pub const PATIENCE: u64 = 4_000_000;

/// How an entry competes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Before all others; higher numbers first.
    RealTime(u8),
    /// Became ready with time left.
    Fresh,
    /// Used up its time slice.
    Spent,
}

/// The entries that wait for one CPU.
pub struct RunQueue<T> {
    real_time: VecDeque<(u8, T)>,
    fresh: VecDeque<T>,
    spent: VecDeque<T>,
    /// How long others have run while somebody waited in `spent`.
    kept_waiting: u64,
    /// Entries in all three.
    len: usize,
}

impl<T> RunQueue<T> {
    /// An empty queue.
    pub const fn new() -> Self {
        Self {
            real_time: VecDeque::new(),
            fresh: VecDeque::new(),
            spent: VecDeque::new(),
            kept_waiting: 0,
            len: 0,
        }
    }

    /// The number of entries.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Makes room for `total` entries, so that pushing never needs memory.
    pub fn reserve(&mut self, total: usize) -> Result<(), TryReserveError> {
        self.real_time.try_reserve(total.saturating_sub(self.real_time.len()))?;
        self.fresh.try_reserve(total.saturating_sub(self.fresh.len()))?;
        self.spent.try_reserve(total.saturating_sub(self.spent.len()))
    }

    /// Adds an entry behind its equals.
    #[inline]
    pub fn push(&mut self, class: Class, entry: T) {
        self.len += 1;
        match class {
            Class::Fresh => self.fresh.push_back(entry),
            Class::Spent => self.spent.push_back(entry),
            Class::RealTime(priority) => self.push_real_time(priority, entry),
        }
    }

    #[cold]
    #[inline(never)]
    fn push_real_time(&mut self, priority: u8, entry: T) {
        let at = self.real_time.partition_point(|&(other, _)| other >= priority);
        self.real_time.insert(at, (priority, entry));
    }

    /// Adds a real-time entry before its equals: one that had to make room for its betters.
    #[cold]
    pub fn push_first(&mut self, priority: u8, entry: T) {
        self.len += 1;
        let at = self.real_time.partition_point(|&(other, _)| other > priority);
        self.real_time.insert(at, (priority, entry));
    }

    /// The highest priority of the real-time entries; 0 if there is none.
    pub fn urgency(&self) -> u8 {
        self.real_time.front().map_or(0, |&(priority, _)| priority)
    }

    #[cold]
    #[inline(never)]
    fn pop_real_time(&mut self, fits: &impl Fn(&T) -> bool) -> Option<T> {
        let at = self.real_time.iter().position(|(_, entry)| fits(entry))?;
        self.real_time.remove(at).map(|(_, entry)| entry)
    }

    /// Takes the next entry that `fits` to run.
    #[inline]
    pub fn pop(&mut self, fits: impl Fn(&T) -> bool) -> Option<T> {
        if !self.real_time.is_empty()
            && let Some(entry) = self.pop_real_time(&fits)
        {
            self.len -= 1;
            return Some(entry);
        }
        let spent_first = self.kept_waiting >= PATIENCE;
        let next = if spent_first {
            take(&mut self.spent, &fits).map(|entry| (entry, true))
        } else {
            take(&mut self.fresh, &fits).map(|entry| (entry, false))
        };
        let next = match next {
            Some(found) => Some(found),
            None if spent_first => take(&mut self.fresh, &fits).map(|entry| (entry, false)),
            None => take(&mut self.spent, &fits).map(|entry| (entry, true)),
        };
        let (entry, was_spent) = next?;
        if was_spent {
            self.kept_waiting = 0;
        }
        self.len -= 1;
        Some(entry)
    }

    /// Whether an entry waits that did not use up its slice, or a real-time one.
    #[inline]
    pub fn has_eager(&self) -> bool {
        !self.fresh.is_empty() || !self.real_time.is_empty()
    }

    /// Notes that an entry ran for `elapsed` nanoseconds.
    #[inline]
    pub fn ran(&mut self, elapsed: u64) {
        if self.spent.is_empty() {
            self.kept_waiting = 0;
        } else {
            self.kept_waiting = self.kept_waiting.saturating_add(elapsed);
        }
    }
}

#[inline]
fn take<T>(list: &mut VecDeque<T>, fits: impl Fn(&T) -> bool) -> Option<T> {
    // The first nearly always fits.
    if fits(list.front()?) {
        return list.pop_front();
    }
    let at = list.iter().position(fits)?;
    list.remove(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(queue: &mut RunQueue<u32>) -> Vec<u32> {
        core::iter::from_fn(|| queue.pop(|_| true)).collect()
    }

    #[test]
    fn serves_classes_in_order() {
        let mut queue = RunQueue::new();
        queue.push(Class::Spent, 1);
        queue.push(Class::Fresh, 2);
        queue.push(Class::RealTime(5), 3);
        queue.push(Class::RealTime(9), 4);
        queue.push(Class::RealTime(9), 5);
        queue.push(Class::Fresh, 6);
        assert!(queue.has_eager());
        assert_eq!(queue.len(), 6);
        assert_eq!(order(&mut queue), [4, 5, 3, 2, 6, 1]);
    }

    #[test]
    fn those_who_make_room_keep_their_place() {
        let mut queue = RunQueue::new();
        assert_eq!(queue.urgency(), 0);
        queue.push(Class::RealTime(5), 1);
        queue.push(Class::RealTime(9), 2);
        queue.push_first(5, 3);
        assert_eq!(queue.urgency(), 9);
        assert_eq!(order(&mut queue), [2, 3, 1]);
    }

    #[test]
    fn spent_entries_do_not_starve() {
        let mut queue = RunQueue::new();
        queue.push(Class::Spent, 1);
        queue.push(Class::Fresh, 2);
        queue.push(Class::Fresh, 3);
        queue.ran(PATIENCE / 2);
        assert_eq!(queue.pop(|_| true), Some(2));
        queue.ran(PATIENCE / 2);
        assert_eq!(queue.pop(|_| true), Some(1));
        assert_eq!(queue.pop(|_| true), Some(3));
    }

    #[test]
    fn skips_what_does_not_fit() {
        let mut queue = RunQueue::new();
        (1..=4).for_each(|entry| queue.push(Class::Fresh, entry));
        assert_eq!(queue.pop(|entry| entry % 2 == 0), Some(2));
        assert_eq!(queue.pop(|entry| entry % 2 == 0), Some(4));
        assert_eq!(queue.pop(|entry| entry % 2 == 0), None);
        assert_eq!(order(&mut queue), [1, 3]);
    }
}
