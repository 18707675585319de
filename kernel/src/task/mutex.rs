//! [`Mutex`]: a lock whose waiters sleep.
//!
//! For what is held across sleeps: address spaces, inode contents. Signals do not end the wait.
//! Neighbour: [`super::RwLock`] lets readers share.

use core::fmt;
use core::ops::{Deref, DerefMut};

use elfin_platform::sync::{SpinGuard, SpinLock};

use super::poll::PollEvents;
use super::wait::WaitQueue;

/// A sleeping lock around a `T`.
pub struct Mutex<T: ?Sized> {
    waiters: WaitQueue,
    /// Held as long as the guard lives; a sleeper never spins on it, for it only tries.
    value: SpinLock<T>,
}

impl<T> Mutex<T> {
    /// An unlocked mutex.
    pub const fn new(value: T) -> Self {
        Self { waiters: WaitQueue::new(), value: SpinLock::new(value) }
    }

    /// Takes the value out.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Takes the lock, sleeping until it is free.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        match self.try_lock() {
            Some(guard) => guard,
            None => self.lock_contended(),
        }
    }

    #[cold]
    #[inline(never)]
    fn lock_contended(&self) -> MutexGuard<'_, T> {
        self.waiters.wait_exclusive_uninterruptible(|| self.try_lock())
    }

    /// Takes the lock if nobody holds it.
    #[inline]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        let guard = self.value.try_lock()?;
        Some(MutexGuard { guard, _wake: WakeNext(&self.waiters) })
    }

    /// The value, by proof that nobody else can reach it.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

/// Access to the value of a held [`Mutex`]; dropping it unlocks and wakes the next waiter.
pub struct MutexGuard<'a, T: ?Sized> {
    // Dropped in this order: first unlock, then wake.
    guard: SpinGuard<'a, T>,
    _wake: WakeNext<'a>,
}

/// Wakes the next in the queue when it is dropped.
struct WakeNext<'a>(&'a WaitQueue);

impl Drop for WakeNext<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.wake_one(PollEvents::empty());
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excludes() {
        let mutex = Mutex::new(1);
        let mut guard = mutex.lock();
        *guard += 1;
        assert!(mutex.try_lock().is_none());
        drop(guard);
        assert_eq!(*mutex.lock(), 2);
        assert_eq!(mutex.into_inner(), 2);
    }
}
