//! [`Rlimits`]: what the resources of a process are limited to (`getrlimit(2)`).

use core::sync::atomic::{AtomicU64, Ordering};

use elfin_syscalls::Errno;
use elfin_syscalls::abi::{RLIM_INFINITY, Rlimit64};
use elfin_syscalls::args::Resource;

/// Soft and hard limits by resource.
pub struct Rlimits([Limit; Resource::COUNT]);

struct Limit {
    soft: AtomicU64,
    hard: AtomicU64,
}

/// What a stack may grow to by default, in bytes.
const STACK: u64 = 8 << 20;
/// Descriptors by default: soft and hard.
const NOFILE: (u64, u64) = (1024, 1 << 20);
/// The most that `RLIMIT_NOFILE` can be set to (`/proc/sys/fs/nr_open`).
pub const NR_OPEN: u64 = 1 << 20;
/// Locked memory by default, in bytes.
const MEMLOCK: u64 = 8 << 20;
/// Queued signals and threads by default. Linux derives both from the memory's size.
const PER_USER: u64 = 16_384;
/// Bytes in message queues by default.
const MSGQUEUE: u64 = 819_200;

impl Rlimits {
    /// The limits that the first process has.
    pub fn new() -> Self {
        Self(core::array::from_fn(|index| {
            let (soft, hard) = Self::initial(index);
            Limit { soft: AtomicU64::new(soft), hard: AtomicU64::new(hard) }
        }))
    }

    fn initial(index: usize) -> (u64, u64) {
        let is = |resource: Resource| resource.index() == Ok(index);
        match () {
            () if is(Resource::STACK) => (STACK, RLIM_INFINITY),
            () if is(Resource::CORE) => (0, RLIM_INFINITY),
            () if is(Resource::NOFILE) => NOFILE,
            () if is(Resource::MEMLOCK) => (MEMLOCK, MEMLOCK),
            () if is(Resource::NPROC) || is(Resource::SIGPENDING) => (PER_USER, PER_USER),
            () if is(Resource::MSGQUEUE) => (MSGQUEUE, MSGQUEUE),
            () if is(Resource::NICE) || is(Resource::RTPRIO) => (0, 0),
            () => (RLIM_INFINITY, RLIM_INFINITY),
        }
    }

    fn limit(&self, resource: Resource) -> Result<&Limit, Errno> {
        self.0.get(resource.index()?).ok_or(Errno::EINVAL)
    }

    /// The soft limit, which is the one in force; none for a resource that does not exist.
    #[inline]
    pub fn soft(&self, resource: Resource) -> u64 {
        self.limit(resource).map_or(RLIM_INFINITY, |limit| limit.soft.load(Ordering::Relaxed))
    }

    /// Both limits.
    ///
    /// # Errors
    /// `EINVAL` if there is no such resource.
    pub fn get(&self, resource: Resource) -> Result<Rlimit64, Errno> {
        let limit = self.limit(resource)?;
        Ok(Rlimit64 {
            rlim_cur: limit.soft.load(Ordering::Relaxed),
            rlim_max: limit.hard.load(Ordering::Relaxed),
        })
    }

    /// Sets both limits; `privileged` ones may raise the hard one.
    ///
    /// # Errors
    /// `EINVAL` if there is no such resource or the soft limit is above the hard one, `EPERM`.
    pub fn set(&self, resource: Resource, new: Rlimit64, privileged: bool) -> Result<(), Errno> {
        let limit = self.limit(resource)?;
        if new.rlim_cur > new.rlim_max {
            return Err(Errno::EINVAL);
        }
        let beyond = resource == Resource::NOFILE && new.rlim_max > NR_OPEN;
        let raises = new.rlim_max > limit.hard.load(Ordering::Relaxed);
        if beyond || (raises && !privileged) {
            return Err(Errno::EPERM);
        }
        limit.soft.store(new.rlim_cur, Ordering::Relaxed);
        limit.hard.store(new.rlim_max, Ordering::Relaxed);
        Ok(())
    }
}

impl Default for Rlimits {
    fn default() -> Self {
        Self::new()
    }
}

impl Clone for Rlimits {
    fn clone(&self) -> Self {
        let copy = |from: &AtomicU64| AtomicU64::new(from.load(Ordering::Relaxed));
        Self(core::array::from_fn(|index| match self.0.get(index) {
            Some(limit) => Limit { soft: copy(&limit.soft), hard: copy(&limit.hard) },
            None => Limit { soft: AtomicU64::new(0), hard: AtomicU64::new(0) },
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(soft: u64, hard: u64) -> Rlimit64 {
        Rlimit64 { rlim_cur: soft, rlim_max: hard }
    }

    #[test]
    fn checks_changes() {
        let limits = Rlimits::new();
        assert_eq!(limits.soft(Resource::NOFILE), 1024);
        assert_eq!(limits.set(Resource::NOFILE, limit(2, 1), true), Err(Errno::EINVAL));
        assert_eq!(limits.set(Resource::NOFILE, limit(1, NR_OPEN + 1), true), Err(Errno::EPERM));
        limits.set(Resource::NOFILE, limit(10, 20), false).unwrap();
        assert_eq!(limits.set(Resource::NOFILE, limit(10, 21), false), Err(Errno::EPERM));
        limits.set(Resource::NOFILE, limit(10, 21), true).unwrap();
        assert_eq!(limits.get(Resource::NOFILE), Ok(limit(10, 21)));
        assert_eq!(limits.get(Resource(16)), Err(Errno::EINVAL));
    }

    #[test]
    fn copies() {
        let limits = Rlimits::new();
        limits.set(Resource::CORE, limit(5, 6), true).unwrap();
        assert_eq!(limits.clone().get(Resource::CORE), Ok(limit(5, 6)));
    }
}
