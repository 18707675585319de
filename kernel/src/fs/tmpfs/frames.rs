//! [`Frames`]: the pages of a file that are there, by page index.
//!
//! A sorted list of groups of 64 pages: a file written from its start has few of them, a sparse
//! file only those with something in them.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};

use elfin_platform::mm::Frame;
use elfin_syscalls::Errno;

/// Pages per group.
const GROUP: u64 = 64;

/// Pages in all files.
static ALL: AtomicU64 = AtomicU64::new(0);

/// The number of pages that all files have.
pub fn pages_in_files() -> u64 {
    ALL.load(Ordering::Relaxed)
}

/// Frames by page index.
#[derive(Default)]
pub struct Frames {
    groups: Vec<Group>,
    count: u64,
}

struct Group {
    /// The index of the group's first page.
    first: u64,
    /// As long as its last page needs.
    frames: Vec<Option<Frame>>,
}

const fn split(index: u64) -> (u64, usize) {
    // Less than 64, so it fits.
    (index - index % GROUP, (index % GROUP) as usize)
}

impl Frames {
    /// No pages.
    pub const fn new() -> Self {
        Self { groups: Vec::new(), count: 0 }
    }

    /// The number of pages that are there.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The frame of a page.
    #[inline]
    pub fn get(&self, index: u64) -> Option<&Frame> {
        let (first, at) = split(index);
        let group = match self.groups.first() {
            Some(group) if group.first == first => group,
            _ => self.groups.get(self.find(first).ok()?)?,
        };
        group.frames.get(at)?.as_ref()
    }

    fn find(&self, first: u64) -> Result<usize, usize> {
        self.groups.binary_search_by_key(&first, |group| group.first)
    }

    /// Puts a frame at `index`; what was there before.
    ///
    /// # Errors
    /// `ENOSPC`: there is no memory to remember it by.
    pub fn put(&mut self, index: u64, frame: Frame) -> Result<Option<Frame>, Errno> {
        let (first, at) = split(index);
        let place = match self.find(first) {
            Ok(place) => place,
            Err(place) => {
                self.groups.try_reserve(1).map_err(|_| Errno::ENOSPC)?;
                self.groups.insert(place, Group { first, frames: Vec::new() });
                place
            }
        };
        let group = self.groups.get_mut(place).ok_or(Errno::ENOSPC)?;
        if at >= group.frames.len() {
            let more = at + 1 - group.frames.len();
            group.frames.try_reserve(more).map_err(|_| Errno::ENOSPC)?;
            group.frames.resize(at + 1, None);
        }
        let slot = group.frames.get_mut(at).ok_or(Errno::ENOSPC)?;
        let old = slot.replace(frame);
        if old.is_none() {
            self.count += 1;
            ALL.fetch_add(1, Ordering::Relaxed);
        }
        Ok(old)
    }

    /// Removes the pages in `from..to`.
    pub fn remove(&mut self, from: u64, to: u64) {
        let start = self.groups.partition_point(|group| group.first + GROUP <= from);
        let mut emptied = false;
        for group in self.groups.iter_mut().skip(start) {
            if group.first >= to {
                break;
            }
            let first = group.first;
            for (at, slot) in group.frames.iter_mut().enumerate() {
                let index = first + at as u64;
                if index >= from && index < to && slot.take().is_some() {
                    self.count -= 1;
                    ALL.fetch_sub(1, Ordering::Relaxed);
                }
            }
            while group.frames.last().is_some_and(Option::is_none) {
                group.frames.pop();
            }
            emptied |= group.frames.is_empty();
        }
        if emptied {
            self.groups.retain(|group| !group.frames.is_empty());
        }
    }

    /// The first page that is there, from `index` on.
    pub fn next(&self, index: u64) -> Option<u64> {
        let start = self.groups.partition_point(|group| group.first + GROUP <= index);
        self.groups.get(start..)?.iter().find_map(|group| {
            let indices = (group.first..).zip(&group.frames);
            indices
                .filter(|&(at, _)| at >= index)
                .find_map(|(at, slot)| slot.is_some().then_some(at))
        })
    }

    /// The first page that is not there, from `index` on.
    pub fn next_missing(&self, index: u64) -> u64 {
        let mut at = index;
        while self.get(at).is_some() {
            at += 1;
        }
        at
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        ALL.fetch_sub(self.count, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_sparse_pages() {
        let mut frames = Frames::new();
        for index in [0, 63, 64, 1_000_000, 1 << 40] {
            assert!(frames.put(index, Frame::zeroed().unwrap()).unwrap().is_none());
        }
        assert!(frames.put(64, Frame::zeroed().unwrap()).unwrap().is_some());
        assert_eq!(frames.count(), 5);
        assert!(frames.get(1_000_000).is_some() && frames.get(1_000_001).is_none());
        assert_eq!(frames.next(1), Some(63));
        assert_eq!(frames.next(65), Some(1_000_000));
        assert_eq!(frames.next_missing(63), 65);
        frames.remove(1, 64);
        assert_eq!((frames.count(), frames.next(1)), (4, Some(64)));
        frames.remove(64, u64::MAX);
        assert_eq!((frames.count(), frames.next(0), frames.next(1)), (1, Some(0), None));
        assert_eq!(frames.groups.len(), 1);
    }
}
