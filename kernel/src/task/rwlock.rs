//! [`RwLock`]: a lock that readers share, whose waiters sleep.
//!
//! Readers do not wait for writers that only wait themselves, so taking it for reading twice in
//! one thread is harmless. Neighbour: [`super::Mutex`] for what has no readers.

use core::fmt;
use core::ops::{Deref, DerefMut};

use spin::rwlock::{RwLock as Spinning, RwLockReadGuard, RwLockWriteGuard};

use super::poll::PollEvents;
use super::wait::WaitQueue;

/// A sleeping lock around a `T` for many readers or one writer.
pub struct RwLock<T: ?Sized> {
    waiters: WaitQueue,
    /// Only ever tried, never spun on.
    value: Spinning<T>,
}

impl<T> RwLock<T> {
    /// An unlocked lock.
    pub const fn new(value: T) -> Self {
        Self { waiters: WaitQueue::new(), value: Spinning::new(value) }
    }

    /// Takes the value out.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Takes the lock for reading, sleeping while somebody writes.
    #[inline]
    pub fn read(&self) -> ReadGuard<'_, T> {
        match self.try_read() {
            Some(guard) => guard,
            None => self.waiters.wait_uninterruptible(|| self.try_read()),
        }
    }

    /// Takes the lock for writing, sleeping until it is free.
    #[inline]
    pub fn write(&self) -> WriteGuard<'_, T> {
        match self.try_write() {
            Some(guard) => guard,
            None => self.waiters.wait_uninterruptible(|| self.try_write()),
        }
    }

    /// Takes the lock for reading if nobody writes.
    #[inline]
    pub fn try_read(&self) -> Option<ReadGuard<'_, T>> {
        let guard = self.value.try_read()?;
        Some(ReadGuard { guard, _wake: WakeAll(&self.waiters) })
    }

    /// Takes the lock for writing if nobody holds it.
    #[inline]
    pub fn try_write(&self) -> Option<WriteGuard<'_, T>> {
        let guard = self.value.try_write()?;
        Some(WriteGuard { guard, _wake: WakeAll(&self.waiters) })
    }

    /// The value, by proof that nobody else can reach it.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
}

impl<T: Default> Default for RwLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

/// Wakes all who wait when it is dropped.
struct WakeAll<'a>(&'a WaitQueue);

impl Drop for WakeAll<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.wake_all(PollEvents::empty());
    }
}

/// Shared access to the value of a [`RwLock`].
pub struct ReadGuard<'a, T: ?Sized> {
    // Dropped in this order: first unlock, then wake.
    guard: RwLockReadGuard<'a, T>,
    _wake: WakeAll<'a>,
}

impl<T: ?Sized> Deref for ReadGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.guard
    }
}

/// Sole access to the value of a [`RwLock`].
pub struct WriteGuard<'a, T: ?Sized> {
    // Dropped in this order: first unlock, then wake.
    guard: RwLockWriteGuard<'a, T>,
    _wake: WakeAll<'a>,
}

impl<T: ?Sized> Deref for WriteGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T: ?Sized> DerefMut for WriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_share() {
        let lock = RwLock::new(1);
        let first = lock.read();
        let second = lock.read();
        assert_eq!(*first + *second, 2);
        assert!(lock.try_write().is_none());
        drop((first, second));
        *lock.write() += 1;
        assert_eq!(*lock.read(), 2);
    }
}
