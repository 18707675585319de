//! [`Policy`]: how a thread competes for the CPU, as programs set it (`sched(7)`).

use elfin_syscalls::Errno;

use super::sched::{SLICE, SchedState, UNLIMITED};

/// `SCHED_OTHER`.
pub const OTHER: u32 = 0;
/// `SCHED_FIFO`.
pub const FIFO: u32 = 1;
/// `SCHED_RR`.
pub const ROUND_ROBIN: u32 = 2;
/// `SCHED_BATCH`.
pub const BATCH: u32 = 3;
/// `SCHED_IDLE`.
pub const IDLE: u32 = 5;
/// `SCHED_RESET_ON_FORK`, a bit beside the policy.
pub const RESET_ON_FORK: u32 = 0x4000_0000;
/// The highest real-time priority; the lowest is 1.
pub const MAX_PRIORITY: u32 = 99;
/// The nicest a thread can be.
pub const MAX_NICE: i32 = 19;
/// The least nice a thread can be.
pub const MIN_NICE: i32 = -20;
/// How long a `SCHED_RR` thread runs before its equals, in nanoseconds.
const ROUND_ROBIN_SLICE: u64 = 100_000_000;

/// Policy, nice value and real-time priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// One of the constants above.
    pub policy: u32,
    /// From -20 (most) to 19 (least).
    pub nice: i32,
    /// From 1 to 99 for real-time policies, else 0.
    pub priority: u32,
    /// Children start with the default.
    pub reset_on_fork: bool,
}

impl Policy {
    /// What programs start with.
    pub const DEFAULT: Self = Self { policy: OTHER, nice: 0, priority: 0, reset_on_fork: false };

    /// The lowest and highest priority of a policy.
    ///
    /// # Errors
    /// `EINVAL` for an unknown policy.
    pub fn priorities(policy: u32) -> Result<(u32, u32), Errno> {
        match policy {
            FIFO | ROUND_ROBIN => Ok((1, MAX_PRIORITY)),
            OTHER | BATCH | IDLE => Ok((0, 0)),
            _ => Err(Errno::EINVAL),
        }
    }

    /// This policy with another kind and priority, as `sched_setscheduler` gives them.
    ///
    /// # Errors
    /// `EINVAL` if they do not fit each other.
    pub fn with(self, policy: u32, priority: u32) -> Result<Self, Errno> {
        let (lowest, highest) = Self::priorities(policy & !RESET_ON_FORK)?;
        if priority < lowest || priority > highest {
            return Err(Errno::EINVAL);
        }
        let reset_on_fork = policy & RESET_ON_FORK != 0;
        Ok(Self { policy: policy & !RESET_ON_FORK, priority, reset_on_fork, ..self })
    }

    /// What a child starts with.
    pub fn inherited(self) -> Self {
        if self.reset_on_fork { Self { nice: self.nice.max(0), ..Self::DEFAULT } } else { self }
    }

    /// How urgent a thread is among those that wait for the same: a lower number goes first (the
    /// kernel's own priority in Linux).
    pub fn rank(self) -> i32 {
        const NORMAL: i32 = 120;
        match self.policy {
            FIFO | ROUND_ROBIN => MAX_PRIORITY.saturating_sub(self.priority).cast_signed(),
            _ => NORMAL + self.nice,
        }
    }

    /// The length of its time slices in nanoseconds; 0 for one that runs until it sleeps.
    pub fn slice(self) -> u64 {
        match self.policy {
            FIFO => 0,
            ROUND_ROBIN => ROUND_ROBIN_SLICE,
            IDLE => scaled(MAX_NICE),
            _ => scaled(self.nice),
        }
    }

    /// Tells the scheduler.
    pub fn apply(self, sched: &SchedState) {
        let slice = if self.policy == FIFO { UNLIMITED } else { self.slice() };
        let real_time = u8::try_from(self.priority).unwrap_or(0);
        sched.set_share(slice, real_time, self.policy == IDLE);
    }
}

/// A slice for a nice value: each step is worth a tenth or so, from a tenth to five times the
/// normal length.
fn scaled(nice: i32) -> u64 {
    const STEPS: u64 = 20;
    let distance = u64::from(nice.unsigned_abs());
    if nice >= 0 {
        SLICE * (STEPS - distance.min(STEPS - 2)) / STEPS
    } else {
        SLICE + SLICE * distance / 5
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_priorities() {
        let policy = Policy::DEFAULT;
        assert_eq!(policy.with(FIFO, 0), Err(Errno::EINVAL));
        assert_eq!(policy.with(OTHER, 1), Err(Errno::EINVAL));
        assert_eq!(policy.with(4, 0), Err(Errno::EINVAL));
        let real_time = policy.with(ROUND_ROBIN | RESET_ON_FORK, 50).unwrap();
        assert!(real_time.reset_on_fork);
        assert_eq!(real_time.inherited(), Policy::DEFAULT);
    }

    #[test]
    fn real_time_goes_before_all_others() {
        let policy = |policy, priority| Policy::DEFAULT.with(policy, priority).unwrap().rank();
        assert!(policy(FIFO, 99) < policy(ROUND_ROBIN, 1));
        let least_nice = Policy { nice: MIN_NICE, ..Policy::DEFAULT };
        assert!(policy(FIFO, 1) < least_nice.rank() && least_nice.rank() < Policy::DEFAULT.rank());
    }

    #[test]
    fn nicer_threads_get_shorter_slices() {
        let slice = |nice| Policy { nice, ..Policy::DEFAULT }.slice();
        assert_eq!(slice(0), SLICE);
        assert!((MIN_NICE..MAX_NICE).all(|nice| slice(nice) >= slice(nice + 1)));
        assert_eq!((slice(MIN_NICE), slice(MAX_NICE)), (5 * SLICE, SLICE / 10));
    }
}
