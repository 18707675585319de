//! [`Usage`]: what a process has used beside CPU time (`getrusage(2)`).

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::thread::Thread;

/// What was used, by threads that ended or by children that were waited for.
#[derive(Default)]
pub struct Usage {
    faults: AtomicU64,
    yields: AtomicU64,
    preemptions: AtomicU64,
    peak_resident: AtomicUsize,
}

/// The same as plain numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Page faults. All are minor: nothing is ever read from a disk for one.
    pub faults: u64,
    /// Voluntary context switches.
    pub yields: u64,
    /// Involuntary context switches.
    pub preemptions: u64,
    /// The most memory that was in use at any time, in bytes.
    pub peak_resident: usize,
}

impl Used {
    /// What a thread has used.
    pub fn by(thread: &Thread) -> Self {
        let (yields, preemptions) = thread.sched.switches();
        Self {
            faults: thread.faults.load(Ordering::Relaxed),
            yields: u64::from(yields),
            preemptions: u64::from(preemptions),
            peak_resident: thread.mm().peak_resident(),
        }
    }

    /// Both together: sums, and the greater peak.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            faults: self.faults.saturating_add(other.faults),
            yields: self.yields.saturating_add(other.yields),
            preemptions: self.preemptions.saturating_add(other.preemptions),
            peak_resident: self.peak_resident.max(other.peak_resident),
        }
    }
}

impl Usage {
    /// Adds to it.
    pub fn add(&self, used: Used) {
        self.faults.fetch_add(used.faults, Ordering::Relaxed);
        self.yields.fetch_add(used.yields, Ordering::Relaxed);
        self.preemptions.fetch_add(used.preemptions, Ordering::Relaxed);
        self.peak_resident.fetch_max(used.peak_resident, Ordering::Relaxed);
    }

    /// What it is.
    pub fn get(&self) -> Used {
        Used {
            faults: self.faults.load(Ordering::Relaxed),
            yields: self.yields.load(Ordering::Relaxed),
            preemptions: self.preemptions.load(Ordering::Relaxed),
            peak_resident: self.peak_resident.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_peaks() {
        let usage = Usage::default();
        let used = Used { faults: 1, yields: 2, preemptions: 3, peak_resident: 40 };
        usage.add(used);
        usage.add(Used { peak_resident: 30, ..used });
        assert_eq!(usage.get(), Used { faults: 2, yields: 4, preemptions: 6, peak_resident: 40 });
        assert_eq!(used.and(used).peak_resident, 40);
    }
}
