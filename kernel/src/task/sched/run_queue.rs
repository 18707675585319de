//! [`RunQueue`]: who runs next on one CPU.
//!
//! Four lists. Real-time entries come first, by priority. Of the others, those that became ready
//! without having used up a time slice (`fresh`) come before those that did (`spent`), so that a
//! thread that mostly sleeps answers quickly beside one that computes; once the fresh ones have
//! run for [`PATIENCE`] while a spent one waited, that one has its turn. Within a list it is first
//! come, first served. Nice values change the length of a slice. What runs only when nobody else
//! wants to (`SCHED_IDLE`) is in the fourth list, and has its turn after a longer wait.

use alloc::collections::{TryReserveError, VecDeque};

/// How long fresh entries may keep spent ones waiting, in nanoseconds.
pub const PATIENCE: u64 = 4_000_000;

/// How long all others may keep idle entries waiting, in nanoseconds.
pub const IDLE_PATIENCE: u64 = 100 * PATIENCE;

/// How an entry competes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Before all others; higher numbers first; behind its equals.
    RealTime(u8),
    /// The same, before its equals: it had the CPU and has time left.
    Preempted(u8),
    /// Became ready with time left.
    Fresh,
    /// Used up its time slice.
    Spent,
    /// When there is nothing else to do.
    Idle,
}

/// The entries that wait for one CPU.
pub struct RunQueue<T> {
    real_time: VecDeque<(u8, T)>,
    fresh: VecDeque<T>,
    spent: VecDeque<T>,
    idle: VecDeque<T>,
    /// How long others have run while somebody waited in `spent`.
    kept_waiting: u64,
    /// The same for `idle`.
    idle_waiting: u64,
    /// Entries in all four.
    len: usize,
}

impl<T> RunQueue<T> {
    /// An empty queue.
    pub const fn new() -> Self {
        Self {
            real_time: VecDeque::new(),
            fresh: VecDeque::new(),
            spent: VecDeque::new(),
            idle: VecDeque::new(),
            kept_waiting: 0,
            idle_waiting: 0,
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
        self.spent.try_reserve(total.saturating_sub(self.spent.len()))?;
        self.idle.try_reserve(total.saturating_sub(self.idle.len()))
    }

    /// Adds an entry behind its equals.
    #[inline]
    pub fn push(&mut self, class: Class, entry: T) {
        self.len += 1;
        match class {
            Class::Fresh => self.fresh.push_back(entry),
            Class::Spent => self.spent.push_back(entry),
            Class::Idle => self.idle.push_back(entry),
            Class::RealTime(priority) => self.push_real_time(priority, entry, false),
            Class::Preempted(priority) => self.push_real_time(priority, entry, true),
        }
    }

    #[cold]
    #[inline(never)]
    fn push_real_time(&mut self, priority: u8, entry: T, first: bool) {
        let before = |other: u8| if first { other > priority } else { other >= priority };
        let at = self.real_time.partition_point(|&(other, _)| before(other));
        self.real_time.insert(at, (priority, entry));
    }

    #[cold]
    #[inline(never)]
    fn pop_real_time(&mut self, fits: &impl Fn(&T) -> bool) -> Option<T> {
        let at = self.real_time.iter().position(|(_, entry)| fits(entry))?;
        self.real_time.remove(at).map(|(_, entry)| entry)
    }

    /// An idle entry, if it is time for one.
    #[cold]
    #[inline(never)]
    fn pop_idle(&mut self, fits: &impl Fn(&T) -> bool) -> Option<T> {
        let others_fit = self.fresh.iter().chain(&self.spent).any(fits);
        if others_fit && self.idle_waiting < IDLE_PATIENCE {
            return None;
        }
        self.idle_waiting = 0;
        take(&mut self.idle, fits)
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
        if !self.idle.is_empty()
            && let Some(entry) = self.pop_idle(&fits)
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

    /// Takes an entry out of its order.
    pub fn remove(&mut self, is_wanted: impl Fn(&T) -> bool) -> Option<T> {
        let real_time = self.real_time.iter().position(|(_, entry)| is_wanted(entry));
        let found = match real_time {
            Some(at) => self.real_time.remove(at).map(|(_, entry)| entry),
            None => {
                [&mut self.fresh, &mut self.spent, &mut self.idle].into_iter().find_map(|list| {
                    let at = list.iter().position(&is_wanted)?;
                    list.remove(at)
                })
            }
        };
        self.len -= usize::from(found.is_some());
        found
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
        self.idle_waiting =
            if self.idle.is_empty() { 0 } else { self.idle_waiting.saturating_add(elapsed) };
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
    fn preempted_entries_go_on_first() {
        let mut queue = RunQueue::new();
        queue.push(Class::RealTime(5), 1);
        queue.push(Class::Preempted(5), 2);
        queue.push(Class::RealTime(6), 3);
        assert_eq!(order(&mut queue), [3, 2, 1]);
    }

    #[test]
    fn idle_entries_wait_for_all_others_but_not_for_ever() {
        let mut queue = RunQueue::new();
        queue.push(Class::Idle, 1);
        queue.push(Class::Spent, 2);
        queue.push(Class::Spent, 3);
        assert_eq!(queue.pop(|_| true), Some(2));
        queue.ran(IDLE_PATIENCE);
        assert_eq!(order(&mut queue), [1, 3]);
        queue.push(Class::Idle, 4);
        assert_eq!(order(&mut queue), [4]);
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
