//! [`RangeLocks`]: the record locks of one file, as `fcntl(2)` defines them.
//!
//! Locks of one owner never overlap: setting one splits, shrinks or joins what the owner has.
//! Neighbour: [`super::locks`] finds the list of a file and does the waiting.

use alloc::vec::Vec;

use elfin_syscalls::Errno;

/// Who holds a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A process (`F_SETLK`).
    Process(u32),
    /// An open file description (`F_OFD_SETLK`, `flock`), by its address.
    Description(usize),
}

/// A lock of the bytes `start..=end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RangeLock {
    /// The first byte.
    pub start: u64,
    /// The last byte.
    pub end: u64,
    /// Whether it excludes other read locks too.
    pub exclusive: bool,
    /// Who holds it.
    pub holder: Holder,
}

impl RangeLock {
    fn overlaps(&self, other: &Self) -> bool {
        self.start <= other.end && other.start <= self.end
    }

    fn conflicts(&self, other: &Self) -> bool {
        self.overlaps(other) && self.holder != other.holder && (self.exclusive || other.exclusive)
    }

    /// Whether they overlap or touch, so that they can be one.
    fn touches(&self, other: &Self) -> bool {
        self.start <= other.end.saturating_add(1) && other.start <= self.end.saturating_add(1)
    }
}

/// The record locks of a file.
#[derive(Default, Debug)]
pub struct RangeLocks(Vec<RangeLock>);

impl RangeLocks {
    /// No locks.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Whether there is no lock.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A lock that keeps `wanted` from being set.
    pub fn conflict(&self, wanted: &RangeLock) -> Option<RangeLock> {
        self.0.iter().find(|held| held.conflicts(wanted)).copied()
    }

    /// Sets `lock`, which conflicts with nothing, in place of what its holder has in the range.
    ///
    /// # Errors
    /// `ENOLCK`: there is no memory.
    pub fn set(&mut self, lock: RangeLock) -> Result<(), Errno> {
        // One lock can become three.
        self.0.try_reserve(2).map_err(|_| Errno::ENOLCK)?;
        self.cut(&lock);
        let mut joined = lock;
        self.0.retain(|held| {
            let join = held.holder == lock.holder
                && held.exclusive == lock.exclusive
                && held.touches(&joined);
            if join {
                joined.start = joined.start.min(held.start);
                joined.end = joined.end.max(held.end);
            }
            !join
        });
        self.0.push(joined);
        Ok(())
    }

    /// Removes what `holder` has in `start..=end`.
    ///
    /// # Errors
    /// `ENOLCK`: there is no memory to split a lock.
    pub fn unset(&mut self, holder: Holder, start: u64, end: u64) -> Result<(), Errno> {
        self.0.try_reserve(1).map_err(|_| Errno::ENOLCK)?;
        self.cut(&RangeLock { start, end, exclusive: false, holder });
        Ok(())
    }

    /// Removes all that `holder` has; whether there was anything.
    pub fn release(&mut self, holder: Holder) -> bool {
        let before = self.0.len();
        self.0.retain(|held| held.holder != holder);
        self.0.len() != before
    }

    /// Takes the range out of what its holder has. There is room for one more lock.
    fn cut(&mut self, range: &RangeLock) {
        let mut split = None;
        self.0.retain_mut(|held| {
            if held.holder != range.holder || !held.overlaps(range) {
                return true;
            }
            let (before, after) = (held.start < range.start, held.end > range.end);
            if after {
                let rest = RangeLock { start: range.end.saturating_add(1), ..*held };
                if before {
                    split = Some(rest);
                } else {
                    *held = rest;
                }
            }
            if before {
                held.end = range.start - 1;
            }
            before || after
        });
        self.0.extend(split);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Holder = Holder::Process(1);
    const B: Holder = Holder::Process(2);

    fn lock(start: u64, end: u64, exclusive: bool, holder: Holder) -> RangeLock {
        RangeLock { start, end, exclusive, holder }
    }

    fn sorted(locks: &RangeLocks) -> Vec<(u64, u64, bool)> {
        let mut list: Vec<_> = locks.0.iter().map(|l| (l.start, l.end, l.exclusive)).collect();
        list.sort_unstable();
        list
    }

    #[test]
    fn splits_and_joins() {
        let mut locks = RangeLocks::new();
        locks.set(lock(0, 99, true, A)).unwrap();
        locks.set(lock(40, 59, false, A)).unwrap();
        assert_eq!(sorted(&locks), [(0, 39, true), (40, 59, false), (60, 99, true)]);
        locks.unset(A, 10, 19).unwrap();
        assert_eq!(sorted(&locks), [(0, 9, true), (20, 39, true), (40, 59, false), (60, 99, true)]);
        locks.set(lock(10, 59, true, A)).unwrap();
        assert_eq!(sorted(&locks), [(0, 99, true)]);
        locks.set(lock(50, u64::MAX, true, A)).unwrap();
        assert_eq!(sorted(&locks), [(0, u64::MAX, true)]);
    }

    #[test]
    fn readers_share_and_writers_do_not() {
        let mut locks = RangeLocks::new();
        locks.set(lock(0, 9, false, A)).unwrap();
        assert_eq!(locks.conflict(&lock(5, 5, false, B)), None);
        assert_eq!(locks.conflict(&lock(5, 5, true, B)), Some(lock(0, 9, false, A)));
        assert_eq!(locks.conflict(&lock(5, 5, true, A)), None);
        assert_eq!(locks.conflict(&lock(10, 12, true, B)), None);
        assert!(locks.release(A) && !locks.release(A));
        assert!(locks.is_empty());
    }
}
