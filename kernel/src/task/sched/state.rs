//! [`SchedState`]: the scheduler's part of a thread.

use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use super::run_queue::Class;

/// How long a thread of nice value 0 runs before it counts as one that computes, in nanoseconds.
pub const SLICE: u64 = 4_000_000;

/// A slice without an end: `SCHED_FIFO`.
pub const UNLIMITED: u64 = u64::MAX;

/// Has a CPU.
pub const RUNNING: u8 = 0;
/// Sleeps; signals wake it.
pub const INTERRUPTIBLE: u8 = 1;
/// Sleeps; signals do not wake it.
pub const UNINTERRUPTIBLE: u8 = 2;
/// In a run queue.
pub const QUEUED: u8 = 3;
/// Will not run again.
pub const DEAD: u8 = 4;
/// Sleeps; only the end of its process wakes it beside what it waits for.
pub const KILLABLE: u8 = 5;

/// The scheduler's part of a thread.
pub struct SchedState {
    /// One of the constants above.
    pub(super) state: AtomicU8,
    /// The CPU it runs on, or ran on last.
    pub(super) cpu: AtomicUsize,
    /// It has come to another CPU since it was last in the program, which may want to know.
    pub(super) moved: AtomicBool,
    /// CPU time used up to the last switch, in nanoseconds.
    ran: AtomicU64,
    /// What is left of its time slice, in nanoseconds.
    slice_left: AtomicU64,
    /// The length of a whole slice.
    slice: AtomicU64,
    /// Real-time priority; 0 is none.
    real_time: AtomicU8,
    /// It runs when nobody else wants to.
    idle: AtomicBool,
    /// How long it usually has the CPU before it sleeps, in nanoseconds.
    burst: AtomicU32,
    /// CPUs it may run on, a bit each.
    affinity: AtomicU64,
    /// It waits for its process to go on after a stop.
    halted: AtomicBool,
    /// Times it gave up the CPU by itself and by force.
    voluntary: AtomicU32,
    involuntary: AtomicU32,
}

impl SchedState {
    /// A thread that has not run yet and may run on `affinity`.
    pub fn new(affinity: u64) -> Self {
        Self {
            state: AtomicU8::new(UNINTERRUPTIBLE),
            cpu: AtomicUsize::new(0),
            moved: AtomicBool::new(false),
            ran: AtomicU64::new(0),
            slice_left: AtomicU64::new(SLICE),
            slice: AtomicU64::new(SLICE),
            real_time: AtomicU8::new(0),
            idle: AtomicBool::new(false),
            burst: AtomicU32::new(u32::MAX),
            affinity: AtomicU64::new(affinity),
            halted: AtomicBool::new(false),
            voluntary: AtomicU32::new(0),
            involuntary: AtomicU32::new(0),
        }
    }

    /// The CPU it runs on, or ran on last.
    pub fn cpu(&self) -> usize {
        self.cpu.load(Ordering::Relaxed)
    }

    /// CPU time used up to the last switch, in nanoseconds.
    pub fn ran(&self) -> u64 {
        self.ran.load(Ordering::Relaxed)
    }

    /// Whether it has a CPU now: that of [`Self::cpu`], or the one that it goes to this moment.
    #[inline]
    pub fn is_running(&self) -> bool {
        self.state.load(Ordering::SeqCst) == RUNNING
    }

    /// Voluntary and involuntary context switches.
    pub fn switches(&self) -> (u32, u32) {
        (self.voluntary.load(Ordering::Relaxed), self.involuntary.load(Ordering::Relaxed))
    }

    /// CPUs it may run on, a bit each.
    pub fn affinity(&self) -> u64 {
        self.affinity.load(Ordering::SeqCst)
    }

    /// Whether it may run on CPU `id`.
    #[inline]
    pub fn may_run_on(&self, id: usize) -> bool {
        u32::try_from(id).is_ok_and(|id| self.affinity() >> id & 1 != 0)
    }

    /// Sets the CPUs it may run on.
    pub(super) fn set_affinity(&self, mask: u64) {
        self.affinity.store(mask, Ordering::SeqCst);
    }

    /// Sets how it competes: the length of a slice in nanoseconds, its real-time priority (0:
    /// none), and whether it runs only when nobody else wants to.
    pub fn set_share(&self, slice: u64, real_time: u8, idle: bool) {
        let before = self.slice.swap(slice, Ordering::Relaxed);
        if before != slice {
            self.slice_left.store(slice, Ordering::Relaxed);
        }
        self.real_time.store(real_time, Ordering::Relaxed);
        self.idle.store(idle, Ordering::Relaxed);
    }

    /// The length of its slices, in nanoseconds.
    pub fn slice(&self) -> u64 {
        self.slice.load(Ordering::Relaxed)
    }

    /// What is left of its slice, in nanoseconds.
    pub(super) fn slice_left(&self) -> u64 {
        self.slice_left.load(Ordering::Relaxed)
    }

    /// Its real-time priority; 0 is none.
    pub(super) fn real_time(&self) -> u8 {
        self.real_time.load(Ordering::Relaxed)
    }

    /// Says whether it waits for its process to go on after a stop.
    pub fn set_halted(&self, halted: bool) {
        self.halted.store(halted, Ordering::Relaxed);
    }

    /// Its state as `/proc/PID/stat` shows it: `R`, `S`, `D`, `T` or `Z`.
    pub fn letter(&self) -> char {
        match self.state.load(Ordering::Relaxed) {
            UNINTERRUPTIBLE if self.halted.load(Ordering::Relaxed) => 'T',
            INTERRUPTIBLE => 'S',
            UNINTERRUPTIBLE | KILLABLE => 'D',
            DEAD => 'Z',
            _ => 'R',
        }
    }

    /// Where it queues up when it wakes.
    #[inline]
    pub(super) fn class(&self) -> Class {
        match self.real_time() {
            0 if self.idle.load(Ordering::Relaxed) => Class::Idle,
            0 if self.renew_slice() => Class::Spent,
            0 => Class::Fresh,
            priority => Class::RealTime(priority),
        }
    }

    /// Where it queues up when it has to make room for another.
    pub(super) fn class_when_preempted(&self) -> Class {
        match self.real_time() {
            0 => self.class(),
            priority if self.renew_slice() => Class::RealTime(priority),
            priority => Class::Preempted(priority),
        }
    }

    /// Where it queues up when it lets others go first.
    pub(super) fn class_when_yielding(&self) -> Class {
        match self.real_time() {
            0 if self.idle.load(Ordering::Relaxed) => Class::Idle,
            0 => Class::Spent,
            priority => Class::RealTime(priority),
        }
    }

    /// Replaces a used-up slice by a new one; says whether it was used up.
    #[inline]
    fn renew_slice(&self) -> bool {
        let is_over = self.slice_left() == 0;
        if is_over {
            self.slice_left.store(self.slice(), Ordering::Relaxed);
        }
        is_over
    }

    /// How long it usually has the CPU before it sleeps, in nanoseconds.
    pub(super) fn burst(&self) -> u32 {
        self.burst.load(Ordering::Relaxed)
    }

    /// Notes that it had the CPU for `elapsed` nanoseconds before it fell asleep.
    #[inline]
    pub(super) fn note_burst(&self, elapsed: u64) {
        let elapsed = u32::try_from(elapsed).unwrap_or(u32::MAX);
        let before = self.burst();
        let mean = before - before / 4 + elapsed / 4;
        self.burst.store(mean, Ordering::Relaxed);
    }

    /// Notes that it ran for `elapsed` nanoseconds. Only its CPU writes these fields.
    #[inline]
    pub(super) fn charge(&self, elapsed: u64) {
        self.ran.store(self.ran().wrapping_add(elapsed), Ordering::Relaxed);
        let left = self.slice_left();
        if left != UNLIMITED {
            self.slice_left.store(left.saturating_sub(elapsed), Ordering::Relaxed);
        }
    }

    /// Counts a context switch. Only its CPU writes these fields.
    #[inline]
    pub(super) fn count_switch(&self, voluntary: bool) {
        let counter = if voluntary { &self.voluntary } else { &self.involuntary };
        counter.store(counter.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }
}
