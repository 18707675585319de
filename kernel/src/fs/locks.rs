//! Advisory locks: `flock(2)` on whole files, and record locks of processes (`F_SETLK`) and of
//! open file descriptions (`F_OFD_SETLK`).
//!
//! Files that are locked have an entry in one table, by device and inode number; the others cost
//! nothing. Who waits sleeps on one queue and looks again when any lock goes.
//!
//! Neighbours: [`super::ranges`] has the rules of record locks; `sys/locks.rs` the calls.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};

use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;

use super::file::OpenFile;
use super::ranges::{Holder, RangeLock, RangeLocks};
use crate::task::{PollEvents, WaitQueue, Wake};

/// A file, by device and inode number.
type Key = (u64, u64);

#[derive(Default)]
struct FileLocks {
    ranges: RangeLocks,
    /// `flock` holders: description, exclusive.
    whole: Vec<(usize, bool)>,
}

struct Table {
    files: Vec<(Key, FileLocks)>,
    /// Processes that wait for a record lock, and the holder each waits for.
    waiting: Vec<(Holder, Holder)>,
}

static TABLE: SpinLock<Table> = SpinLock::new(Table { files: Vec::new(), waiting: Vec::new() });
/// Files in the table; lets `close` look no further when there is none.
static LOCKED_FILES: AtomicUsize = AtomicUsize::new(0);
static RELEASED: WaitQueue = WaitQueue::new();

impl Table {
    fn entry(&mut self, key: Key) -> Result<&mut FileLocks, Errno> {
        let at = match self.files.iter().position(|(known, _)| *known == key) {
            Some(at) => at,
            None => {
                self.files.try_reserve(1).map_err(|_| Errno::ENOLCK)?;
                self.files.push((key, FileLocks::default()));
                self.files.len() - 1
            }
        };
        LOCKED_FILES.store(self.files.len(), Ordering::Relaxed);
        self.files.get_mut(at).map(|(_, locks)| locks).ok_or(Errno::ENOLCK)
    }

    fn purge(&mut self) {
        self.files.retain(|(_, locks)| !locks.ranges.is_empty() || !locks.whole.is_empty());
        LOCKED_FILES.store(self.files.len(), Ordering::Relaxed);
    }

    /// Whether `holder`, if it waited for `on`, would wait for itself.
    fn would_deadlock(&self, holder: Holder, on: Holder) -> bool {
        let mut at = on;
        for _ in 0..=self.waiting.len() {
            if at == holder {
                return true;
            }
            match self.waiting.iter().find(|(waiter, _)| *waiter == at) {
                Some((_, next)) => at = *next,
                None => return false,
            }
        }
        false
    }
}

fn key(of: &OpenFile) -> Result<Key, Errno> {
    let stat = of.stat()?;
    Ok((stat.dev, stat.ino))
}

/// The holder that stands for an open file description.
pub fn description(of: &OpenFile) -> Holder {
    Holder::Description(address(of))
}

fn address(of: &OpenFile) -> usize {
    core::ptr::from_ref(of).addr()
}

/// Takes (`Some(exclusive)`) or gives back (`None`) the `flock` of an open file.
///
/// # Errors
/// `EWOULDBLOCK` unless `wait`, `ERESTARTSYS` for a signal, `ENOLCK`.
pub fn flock(of: &Arc<OpenFile>, mode: Option<bool>, wait: bool) -> Result<(), Errno> {
    let (key, me) = (key(of)?, address(of));
    let Some(exclusive) = mode else {
        unlock_whole(key, me);
        return Ok(());
    };
    let attempt = || {
        let mut table = TABLE.lock();
        let locks = match table.entry(key) {
            Ok(locks) => locks,
            Err(errno) => return Some(Err(errno)),
        };
        if locks.whole.iter().any(|&(holder, theirs)| holder != me && (exclusive || theirs)) {
            return None;
        }
        locks.whole.retain(|&(holder, _)| holder != me);
        if locks.whole.try_reserve(1).is_err() {
            return Some(Err(Errno::ENOLCK));
        }
        locks.whole.push((me, exclusive));
        of.holds_locks.store(true, Ordering::Relaxed);
        Some(Ok(()))
    };
    if let Some(result) = attempt() {
        // Going from exclusive to shared lets others in.
        RELEASED.wake_all(PollEvents::empty());
        return result;
    }
    // As Linux does it, a conversion gives the old lock up first.
    unlock_whole(key, me);
    if !wait {
        return Err(Errno::EWOULDBLOCK);
    }
    RELEASED.wait_until(None, attempt).map_err(Errno::from)?
}

fn unlock_whole(key: Key, me: usize) {
    let mut table = TABLE.lock();
    if let Some((_, locks)) = table.files.iter_mut().find(|(known, _)| *known == key) {
        locks.whole.retain(|(holder, _)| *holder != me);
    }
    table.purge();
    drop(table);
    RELEASED.wake_all(PollEvents::empty());
}

/// The lock that keeps `wanted` from being set (`F_GETLK`).
///
/// # Errors
/// Those of finding the file.
pub fn conflict(of: &OpenFile, wanted: &RangeLock) -> Result<Option<RangeLock>, Errno> {
    let key = key(of)?;
    let table = TABLE.lock();
    let locks = table.files.iter().find(|(known, _)| *known == key);
    Ok(locks.and_then(|(_, locks)| locks.ranges.conflict(wanted)))
}

/// Sets a record lock.
///
/// # Errors
/// `EAGAIN` unless `wait`, `EDEADLK` if waiting would never end, `ERESTARTSYS` for a signal,
/// `ENOLCK`.
pub fn set(of: &OpenFile, lock: RangeLock, wait: bool) -> Result<(), Errno> {
    let key = key(of)?;
    let forget = || TABLE.lock().waiting.retain(|(waiter, _)| *waiter != lock.holder);
    let attempt = || {
        let mut table = TABLE.lock();
        let locks = match table.entry(key) {
            Ok(locks) => locks,
            Err(errno) => return Some(Err(errno)),
        };
        let Some(conflict) = locks.ranges.conflict(&lock) else {
            of.holds_locks.store(true, Ordering::Relaxed);
            return Some(locks.ranges.set(lock));
        };
        if !wait {
            return Some(Err(Errno::EAGAIN));
        }
        // Descriptions are not checked, as on Linux: nobody owns them.
        if matches!(lock.holder, Holder::Process(_)) {
            if table.would_deadlock(lock.holder, conflict.holder) {
                return Some(Err(Errno::EDEADLK));
            }
            table.waiting.retain(|(waiter, _)| *waiter != lock.holder);
            table.waiting.push((lock.holder, conflict.holder));
        }
        None
    };
    let result = RELEASED.wait_until(None, attempt);
    forget();
    // A write lock that became a read lock lets others in.
    RELEASED.wake_all(PollEvents::empty());
    match result {
        Ok(result) => result,
        Err(wake @ (Wake::Interrupted | Wake::TimedOut)) => Err(wake.into()),
    }
}

/// Gives back the record locks of `holder` in `start..=end`.
///
/// # Errors
/// `ENOLCK`.
pub fn unset(of: &OpenFile, holder: Holder, start: u64, end: u64) -> Result<(), Errno> {
    let key = key(of)?;
    let mut table = TABLE.lock();
    if let Some((_, locks)) = table.files.iter_mut().find(|(known, _)| *known == key) {
        locks.ranges.unset(holder, start, end)?;
    }
    table.purge();
    drop(table);
    RELEASED.wake_all(PollEvents::empty());
    Ok(())
}

/// A process closed a descriptor of the file: all its record locks of the file go, as POSIX has
/// it. The file hears of it, too.
#[inline]
pub fn closed_by(of: &OpenFile, pid: u32) {
    of.file.closed_by(pid);
    if LOCKED_FILES.load(Ordering::Relaxed) != 0 {
        release(of, |locks| locks.ranges.release(Holder::Process(pid)));
    }
}

/// A process ended: its record locks go, of files too that another process has open still.
pub fn release_process(pid: u32) {
    if LOCKED_FILES.load(Ordering::Relaxed) == 0 {
        return;
    }
    let mut table = TABLE.lock();
    let mut released = false;
    for (_, locks) in &mut table.files {
        released |= locks.ranges.release(Holder::Process(pid));
    }
    if released {
        table.purge();
        drop(table);
        RELEASED.wake_all(PollEvents::empty());
    }
}

/// An open file description goes, and its locks with it.
pub(super) fn release_description(of: &OpenFile) {
    release(of, |locks| {
        let before = locks.whole.len();
        locks.whole.retain(|(holder, _)| *holder != address(of));
        locks.ranges.release(description(of)) || locks.whole.len() != before
    });
}

fn release(of: &OpenFile, change: impl FnOnce(&mut FileLocks) -> bool) {
    let Ok(key) = key(of) else { return };
    let mut table = TABLE.lock();
    let Some((_, locks)) = table.files.iter_mut().find(|(known, _)| *known == key) else { return };
    if change(locks) {
        table.purge();
        drop(table);
        RELEASED.wake_all(PollEvents::empty());
    }
}
