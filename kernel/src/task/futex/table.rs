//! Who waits for which word: a hash table of buckets, each with its lock.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering, fence};

use elfin_platform::sync::{SpinGuard, SpinLock};
use elfin_syscalls::Errno;

use crate::mm::FutexKey;
use crate::task::sched;
use crate::task::thread::{Thread, ThreadRef};

/// Buckets in the table; a power of two.
const BUCKETS: usize = 256;
/// The bits of somebody who waits for a lock with an owner: no wakeup shares one.
pub(super) const PI: u32 = 0;
/// "In no bucket" in [`WaitState`].
const NOWHERE: usize = usize::MAX;

/// A thread's part.
pub struct WaitState {
    /// The bucket in which it waits.
    bucket: AtomicUsize,
    /// It was woken because the owner of the lock that it waits for has ended.
    owner_gone: AtomicBool,
    /// It has ended: it owns no lock any more, whatever words say.
    ended: AtomicBool,
    /// Which of the several words that it waits for was woken, from 1; 0 for none yet.
    woken_word: AtomicU32,
}

/// One bucket.
pub(super) struct Bucket {
    /// How many wait here or are about to, to see without the lock that nobody does.
    users: AtomicU32,
    waiters: SpinLock<Vec<Waiter<ThreadRef>>>,
}

/// A waiting thread.
pub(super) struct Waiter<T> {
    key: FutexKey,
    /// Which wakeups reach it: those that share a bit.
    bitset: u32,
    /// The thread that has the lock, for those who wait for one with an owner; the number of the
    /// word, from 1, for those who wait for several; else 0.
    tag: u32,
    thread: T,
}

/// How many wait for locks with owners.
static PI_WAITERS: AtomicUsize = AtomicUsize::new(0);

static TABLE: [Bucket; BUCKETS] =
    [const { Bucket { users: AtomicU32::new(0), waiters: SpinLock::new(Vec::new()) } }; BUCKETS];

/// A locked bucket.
pub(super) struct Locked {
    index: usize,
    waiters: SpinGuard<'static, Vec<Waiter<ThreadRef>>>,
}

/// Counts somebody who is about to wait in a bucket, until it is dropped.
pub(super) struct Announced(&'static Bucket);

impl Default for WaitState {
    fn default() -> Self {
        Self::new()
    }
}

impl WaitState {
    /// Waits for nothing.
    pub const fn new() -> Self {
        Self {
            bucket: AtomicUsize::new(NOWHERE),
            owner_gone: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            woken_word: AtomicU32::new(0),
        }
    }

    /// Which of several words was woken, from 1; 0 for none yet.
    pub(super) fn woken_word(&self) -> u32 {
        self.woken_word.load(Ordering::Acquire)
    }

    /// Begins a wait for several words.
    pub(super) fn forget_woken_word(&self) {
        self.woken_word.store(0, Ordering::Relaxed);
    }

    /// Whether the thread has ended, as far as locks are concerned.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    /// Whether the thread was woken because a lock's owner has ended; asked once.
    pub(super) fn take_owner_gone(&self) -> bool {
        self.owner_gone.swap(false, Ordering::AcqRel)
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        self.0.users.fetch_sub(1, Ordering::Release);
    }
}

/// The index of the bucket for `key`.
#[inline]
pub(super) fn index_of(key: FutexKey) -> usize {
    /// The golden ratio's fraction: Fibonacci hashing.
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    let (high, low) = match key {
        FutexKey::Private(space, address) => (space, address),
        FutexKey::Shared(object, offset) => (object, usize::try_from(offset).unwrap_or(0)),
    };
    let word = u64::try_from(low >> 2 ^ high.rotate_left(32)).unwrap_or(0);
    let hash = word.wrapping_mul(MIX) >> (u64::BITS - BUCKETS.trailing_zeros());
    usize::try_from(hash).unwrap_or(0) % BUCKETS
}

/// Says that somebody will look at a word and then wait in bucket `index`. From then on a waker
/// who changed the word finds the bucket in use.
pub(super) fn announce(index: usize) -> Announced {
    let bucket = &TABLE[index];
    bucket.users.fetch_add(1, Ordering::SeqCst);
    Announced(bucket)
}

/// Whether somebody may wait in bucket `index`.
#[inline]
pub(super) fn in_use(index: usize) -> bool {
    fence(Ordering::SeqCst);
    TABLE[index].users.load(Ordering::Relaxed) != 0
}

/// Locks bucket `index`.
pub(super) fn lock(index: usize) -> Locked {
    Locked { index, waiters: TABLE[index].waiters.lock() }
}

/// Locks two buckets; the second is `None` if it is the same as the first.
pub(super) fn lock_two(first: usize, second: usize) -> (Locked, Option<Locked>) {
    if first == second {
        return (lock(first), None);
    }
    // Always in the same order, so that two of these cannot wait for each other.
    if first < second {
        let low = lock(first);
        (low, Some(lock(second)))
    } else {
        let low = lock(second);
        (lock(first), Some(low))
    }
}

impl Locked {
    /// Adds a thread, which was announced.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub(super) fn add(
        &mut self,
        announced: Announced,
        key: FutexKey,
        bitset: u32,
        thread: &ThreadRef,
    ) -> Result<(), Errno> {
        self.put(announced, Waiter { key, bitset, tag: 0, thread: thread.clone() })
    }

    /// The same for a lock that the thread `owner` has.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub(super) fn add_pi(
        &mut self,
        announced: Announced,
        key: FutexKey,
        owner: u32,
        thread: &ThreadRef,
    ) -> Result<(), Errno> {
        self.put(announced, Waiter { key, bitset: PI, tag: owner, thread: thread.clone() })?;
        PI_WAITERS.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// The same for word `number`, from 1, of several.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub(super) fn add_one_of_several(
        &mut self,
        announced: Announced,
        key: FutexKey,
        number: u32,
        thread: &ThreadRef,
    ) -> Result<(), Errno> {
        self.waiters.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        core::mem::forget(announced);
        let waiter = Waiter { key, bitset: u32::MAX, tag: number, thread: thread.clone() };
        self.waiters.push(waiter);
        Ok(())
    }

    /// Takes `thread` out as one that waits for word `number` of several, if nobody has.
    pub(super) fn withdraw_one_of_several(&mut self, number: u32, thread: &Thread) {
        let is_it =
            |w: &Waiter<ThreadRef>| w.bitset != PI && w.tag == number && w.thread.tid == thread.tid;
        if let Some(at) = self.waiters.iter().position(is_it) {
            self.waiters.remove(at);
            TABLE[self.index].users.fetch_sub(1, Ordering::Release);
        }
    }

    #[inline]
    fn put(&mut self, announced: Announced, waiter: Waiter<ThreadRef>) -> Result<(), Errno> {
        self.waiters.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        // It counts until it is taken out.
        core::mem::forget(announced);
        waiter.thread.futex.bucket.store(self.index, Ordering::Relaxed);
        self.waiters.push(waiter);
        Ok(())
    }

    /// Wakes up to `limit` of those who wait for `key` and share a bit with `bitset`; how many.
    pub(super) fn wake(&mut self, key: FutexKey, bitset: u32, limit: u32) -> u32 {
        let fits = |w: &Waiter<ThreadRef>| w.key == key && w.bitset & bitset != 0;
        let woken = take(&mut self.waiters, limit, fits, |waiter| {
            if waiter.tag != 0 {
                waiter.thread.futex.woken_word.store(waiter.tag, Ordering::Release);
            }
            waiter.thread.futex.bucket.store(NOWHERE, Ordering::Release);
            sched::wake_owned(waiter.thread);
        });
        TABLE[self.index].users.fetch_sub(woken, Ordering::Release);
        woken
    }

    /// The first of those who wait for the lock `key`, and whether there are more.
    pub(super) fn first_pi(&self, key: FutexKey) -> (Option<ThreadRef>, bool) {
        let mut waiting = self.waiters.iter().filter(|w| w.key == key && w.bitset == PI);
        let first = waiting.next().map(|waiter| waiter.thread.clone());
        (first, waiting.next().is_some())
    }

    /// Takes out and wakes a thread that waits for the lock `key`, which is its own now.
    pub(super) fn take_pi(&mut self, key: FutexKey, thread: &Thread) {
        if let Some(at) = self.waiters.iter().position(|w| w.thread.tid == thread.tid) {
            self.wake_pi(at);
        }
        for waiter in self.waiters.iter_mut().filter(|w| w.key == key && w.bitset == PI) {
            waiter.tag = thread.tid;
        }
    }

    fn wake_pi(&mut self, at: usize) {
        let waiter = self.waiters.remove(at);
        waiter.thread.futex.bucket.store(NOWHERE, Ordering::Release);
        TABLE[self.index].users.fetch_sub(1, Ordering::Release);
        PI_WAITERS.fetch_sub(1, Ordering::Relaxed);
        sched::wake_owned(waiter.thread);
    }

    /// Has up to `limit` of those who wait for `from` wait for `to`, in the bucket `target` (this
    /// one if `None`), where they come last; how many.
    ///
    /// # Errors
    /// `ENOMEM`, with nobody moved.
    pub(super) fn move_to(
        &mut self,
        from: FutexKey,
        to: FutexKey,
        limit: u32,
        target: Option<&mut Locked>,
    ) -> Result<u32, Errno> {
        let Some(target) = target else {
            return Ok(rename(&mut self.waiters, from, to, limit));
        };
        let count = self.waiters.iter().filter(|waiter| waiter.key == from).count();
        target.waiters.try_reserve(count).map_err(|_| Errno::ENOMEM)?;
        let index = target.index;
        let moved = take(
            &mut self.waiters,
            limit,
            |w| w.moves(from),
            |waiter| {
                waiter.thread.futex.bucket.store(index, Ordering::Release);
                target.waiters.push(Waiter { key: to, ..waiter });
            },
        );
        TABLE[index].users.fetch_add(moved, Ordering::SeqCst);
        TABLE[self.index].users.fetch_sub(moved, Ordering::Release);
        Ok(moved)
    }
}

/// Whether a thread is in the table.
#[inline]
pub(super) fn waits(thread: &Thread) -> bool {
    thread.futex.bucket.load(Ordering::Acquire) != NOWHERE
}

/// The thread `me` ends: those who wait for locks that it has not let go look again, and find
/// that they have no owner.
pub fn owner_ends(me: &Thread) {
    me.futex.ended.store(true, Ordering::SeqCst);
    if PI_WAITERS.load(Ordering::SeqCst) == 0 {
        return;
    }
    for index in (0..BUCKETS).filter(|&index| in_use(index)) {
        let mut bucket = lock(index);
        let is_ours = |w: &Waiter<ThreadRef>| w.bitset == PI && w.tag == me.tid;
        while let Some(at) = bucket.waiters.iter().position(is_ours) {
            if let Some(waiter) = bucket.waiters.get(at) {
                waiter.thread.futex.owner_gone.store(true, Ordering::Release);
            }
            bucket.wake_pi(at);
        }
    }
}

/// Takes a thread out that was woken by something else; false if a waker has taken it out, which
/// counts as woken.
pub(super) fn withdraw(thread: &Thread) -> bool {
    loop {
        let index = thread.futex.bucket.load(Ordering::Acquire);
        if index == NOWHERE {
            return false;
        }
        let mut locked = lock(index);
        if thread.futex.bucket.load(Ordering::Relaxed) != index {
            // It was moved, or woken, just now.
            continue;
        }
        if let Some(at) = locked.waiters.iter().position(|waiter| waiter.thread.tid == thread.tid) {
            let waiter = locked.waiters.remove(at);
            TABLE[index].users.fetch_sub(1, Ordering::Release);
            if waiter.bitset == PI {
                PI_WAITERS.fetch_sub(1, Ordering::Relaxed);
            }
        }
        thread.futex.bucket.store(NOWHERE, Ordering::Relaxed);
        return true;
    }
}

impl<T> Waiter<T> {
    /// Whether it may be moved from `key` to another word: one of several stays.
    fn moves(&self, key: FutexKey) -> bool {
        self.key == key && self.bitset != PI && self.tag == 0
    }
}

/// Takes out up to `limit` waiters that `fit`, in their order.
#[inline]
fn take<T>(
    waiters: &mut Vec<Waiter<T>>,
    limit: u32,
    fits: impl Fn(&Waiter<T>) -> bool,
    mut with: impl FnMut(Waiter<T>),
) -> u32 {
    let mut taken = 0;
    let mut index = 0;
    while taken < limit
        && let Some(waiter) = waiters.get(index)
    {
        if fits(waiter) {
            // The last one, often the only one, needs no moving.
            let last = index + 1 == waiters.len();
            let waiter = if last { waiters.pop() } else { Some(waiters.remove(index)) };
            waiter.into_iter().for_each(&mut with);
            taken += 1;
        } else {
            index += 1;
        }
    }
    taken
}

/// Has up to `limit` waiters for `from` wait for `to`, behind those who do already.
fn rename<T>(waiters: &mut [Waiter<T>], from: FutexKey, to: FutexKey, limit: u32) -> u32 {
    let mut renamed = 0;
    for waiter in waiters.iter_mut().filter(|w| w.moves(from)) {
        if renamed == limit {
            break;
        }
        waiter.key = to;
        renamed += 1;
    }
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(address: usize) -> FutexKey {
        FutexKey::Private(0x1000, address)
    }

    fn waiters(list: &[(usize, u32)]) -> Vec<Waiter<usize>> {
        let waiter = |(n, &(address, bitset)): (usize, &(usize, u32))| Waiter {
            key: key(address),
            bitset,
            tag: 0,
            thread: n,
        };
        list.iter().enumerate().map(waiter).collect()
    }

    fn taken(list: &mut Vec<Waiter<usize>>, at: usize, bitset: u32, limit: u32) -> Vec<usize> {
        let mut out = Vec::new();
        let fits = |w: &Waiter<usize>| w.key == key(at) && w.bitset & bitset != 0;
        take(list, limit, fits, |waiter| out.push(waiter.thread));
        out
    }

    #[test]
    fn takes_in_order_by_key_and_bits() {
        let mut list = waiters(&[(4, 1), (8, 1), (4, 2), (4, 3), (4, 1)]);
        assert_eq!(taken(&mut list, 4, 1, 2), [0, 3]);
        assert_eq!(taken(&mut list, 4, u32::MAX, u32::MAX), [2, 4]);
        assert_eq!(taken(&mut list, 12, u32::MAX, 1), [0; 0]);
        assert_eq!(taken(&mut list, 8, 1, 1), [1]);
        assert!(list.is_empty());
    }

    #[test]
    fn renames_no_more_than_asked() {
        let mut list = waiters(&[(4, 1), (4, 1), (4, 1)]);
        assert_eq!(rename(&mut list, key(4), key(8), 2), 2);
        assert_eq!(taken(&mut list, 8, 1, 9), [0, 1]);
        assert_eq!(taken(&mut list, 4, 1, 9), [2]);
    }

    #[test]
    fn spreads_neighbouring_words() {
        let mut used = std::collections::BTreeSet::new();
        (0..64).for_each(|n| _ = used.insert(index_of(key(0x7fff_0000 + n * 4))));
        assert!(used.len() > 32, "{} buckets for 64 words", used.len());
    }
}
