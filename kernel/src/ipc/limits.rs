//! The limits of System V objects and message queues, which `/proc/sys` shows and root sets.

use core::sync::atomic::{AtomicU64, Ordering};

use elfin_syscalls::Errno;

/// A limit that can be set.
pub struct Limit {
    value: AtomicU64,
    least: u64,
    most: u64,
}

impl Limit {
    const fn new(value: u64, least: u64, most: u64) -> Self {
        Self { value: AtomicU64::new(value), least, most }
    }

    /// The limit.
    pub fn get(&self) -> u64 {
        self.value.load(Ordering::Relaxed)
    }

    /// The limit as a number of things in memory.
    pub fn count(&self) -> usize {
        usize::try_from(self.get()).unwrap_or(usize::MAX)
    }

    /// Sets it.
    ///
    /// # Errors
    /// `EINVAL` out of range.
    pub fn set(&self, value: u64) -> Result<(), Errno> {
        if !(self.least..=self.most).contains(&value) {
            return Err(Errno::EINVAL);
        }
        self.value.store(value, Ordering::Relaxed);
        Ok(())
    }
}

/// More than memory has, without an overflow in sums of two (`ULONG_MAX - (1UL << 24)`).
const UNBOUNDED: u64 = u64::MAX - (1 << 24);
const INT: u64 = i32::MAX.unsigned_abs() as u64;
/// The most ids of a kind (`IPCMNI`).
const IDS: u64 = 32_768;

/// The largest segment in bytes.
pub static SHMMAX: Limit = Limit::new(UNBOUNDED, 0, u64::MAX);
/// Pages in all segments.
pub static SHMALL: Limit = Limit::new(UNBOUNDED, 0, u64::MAX);
/// Segments.
pub static SHMMNI: Limit = Limit::new(4096, 0, IDS);
/// The largest message in bytes.
pub static MSGMAX: Limit = Limit::new(8192, 0, INT);
/// What a new queue may hold in bytes.
pub static MSGMNB: Limit = Limit::new(16_384, 0, INT);
/// Message queues.
pub static MSGMNI: Limit = Limit::new(32_000, 0, IDS);
/// Semaphores in a set.
pub static SEMMSL: Limit = Limit::new(32_000, 0, INT);
/// Semaphores in all.
pub static SEMMNS: Limit = Limit::new(1_024_000_000, 0, INT);
/// Operations in a call.
pub static SEMOPM: Limit = Limit::new(500, 0, INT);
/// Sets of semaphores.
pub static SEMMNI: Limit = Limit::new(32_000, 0, IDS);

/// POSIX queues that may hold this many messages at most, by those without privilege.
pub static MQ_MSG_MAX: Limit = Limit::new(10, 1, 65_536);
/// Their messages' largest size.
pub static MQ_MSGSIZE_MAX: Limit = Limit::new(8192, 128, 16_777_216);
/// The number of messages of a queue made without attributes.
pub static MQ_MSG_DEFAULT: Limit = Limit::new(10, 1, 65_536);
/// The size of messages of a queue made without attributes.
pub static MQ_MSGSIZE_DEFAULT: Limit = Limit::new(8192, 128, 16_777_216);
/// POSIX queues.
pub static MQ_QUEUES_MAX: Limit = Limit::new(256, 0, INT);
