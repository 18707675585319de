//! Processes: `clone_args`, `rusage`, `rlimit`, capabilities, scheduling, futexes, rseq.

use super::macros::abi;
use super::time::Timeval;

abi! {
    /// `struct clone_args` of `clone3`.
    pub struct CloneArgs {
        pub flags: u64,
        pub pidfd: u64,
        pub child_tid: u64,
        pub parent_tid: u64,
        pub exit_signal: u64,
        pub stack: u64,
        pub stack_size: u64,
        pub tls: u64,
        pub set_tid: u64,
        pub set_tid_size: u64,
        pub cgroup: u64,
    }

    /// `struct rusage`.
    pub struct Rusage {
        pub ru_utime: Timeval,
        pub ru_stime: Timeval,
        /// KiB.
        pub ru_maxrss: i64,
        pub ru_ixrss: i64,
        pub ru_idrss: i64,
        pub ru_isrss: i64,
        pub ru_minflt: i64,
        pub ru_majflt: i64,
        pub ru_nswap: i64,
        pub ru_inblock: i64,
        pub ru_oublock: i64,
        pub ru_msgsnd: i64,
        pub ru_msgrcv: i64,
        pub ru_nsignals: i64,
        pub ru_nvcsw: i64,
        pub ru_nivcsw: i64,
    }

    /// `struct rlimit64`; [`RLIM_INFINITY`] for no limit.
    pub struct Rlimit64 as Rlimit {
        pub rlim_cur: u64,
        pub rlim_max: u64,
    }

    /// `struct sched_param`.
    pub struct SchedParam as I32 {
        pub sched_priority: i32,
    }

    /// `struct sched_attr`.
    pub struct SchedAttr {
        pub size: u32,
        pub sched_policy: u32,
        pub sched_flags: u64,
        pub sched_nice: i32,
        pub sched_priority: u32,
        pub sched_runtime: u64,
        pub sched_deadline: u64,
        pub sched_period: u64,
        pub sched_util_min: u32,
        pub sched_util_max: u32,
    }

    /// `struct __user_cap_header_struct`.
    pub struct CapHeader {
        pub version: u32,
        pub pid: i32,
    }

    /// `struct __user_cap_data_struct`; two of them with version 3.
    pub struct CapData {
        pub effective: u32,
        pub permitted: u32,
        pub inheritable: u32,
    }

    /// `struct robust_list_head`.
    pub struct RobustListHead {
        /// The next entry; the list ends where it began.
        pub list: u64,
        pub futex_offset: i64,
        pub list_op_pending: u64,
    }

    /// `struct futex_waitv`.
    pub struct FutexWaitv {
        pub val: u64,
        pub uaddr: u64,
        pub flags: u32,
        pub reserved: u32,
    }

    /// `struct rseq`, as first laid down; aligned to 32 bytes in programs.
    pub struct Rseq {
        pub cpu_id_start: u32,
        pub cpu_id: u32,
        pub rseq_cs: u64,
        pub flags: u32,
        pub node_id: u32,
        pub mm_cid: u32,
        pub pad: u32,
    }

    /// `struct rseq_cs`, to which `Rseq::rseq_cs` points.
    pub struct RseqCs {
        pub version: u32,
        pub flags: u32,
        pub start_ip: u64,
        pub post_commit_offset: u64,
        pub abort_ip: u64,
    }
}

/// No limit.
pub const RLIM_INFINITY: u64 = u64::MAX;
/// The smallest `clone_args` that `clone3` takes (`CLONE_ARGS_SIZE_VER0`).
pub const CLONE_ARGS_SIZE_VER0: usize = 64;
/// The size of a registered [`Rseq`], at least.
pub const RSEQ_SIZE: usize = 32;

/// A set of CPUs, as `sched_setaffinity` and `/proc` have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuSet {
    /// Bit `n % 64` of word `n / 64` is CPU `n`.
    pub words: [u64; CpuSet::WORDS],
}

impl CpuSet {
    /// The most CPUs in a set.
    pub const CPUS: usize = 1024;
    /// The words of a set.
    const WORDS: usize = Self::CPUS / 64;
    /// No CPU.
    pub const EMPTY: Self = Self { words: [0; Self::WORDS] };

    /// The CPUs from 0 to `count - 1`.
    #[must_use]
    pub fn first(count: usize) -> Self {
        let mut set = Self::EMPTY;
        for cpu in 0..count.min(Self::CPUS) {
            set.insert(cpu);
        }
        set
    }

    /// Adds a CPU; numbers from [`CpuSet::CPUS`] on are ignored.
    pub fn insert(&mut self, cpu: usize) {
        if let Some(word) = self.words.get_mut(cpu / 64) {
            *word |= 1 << (cpu % 64);
        }
    }

    /// Whether the CPU is in the set.
    #[must_use]
    pub fn contains(&self, cpu: usize) -> bool {
        self.words.get(cpu / 64).is_some_and(|word| word & 1 << (cpu % 64) != 0)
    }

    /// The CPUs in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut set = *self;
        for (word, other) in set.words.iter_mut().zip(other.words) {
            *word &= other;
        }
        set
    }

    /// Whether no CPU is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }
}

/// The status that `wait4` reports for a process that ended with this code.
#[must_use]
pub const fn wait_exited(code: i32) -> i32 {
    (code & 0xff) << 8
}

/// The status that `wait4` reports for a process that this signal killed.
#[must_use]
pub const fn wait_killed(signal: u32, core: bool) -> i32 {
    (signal & 0x7f).cast_signed() | if core { 0x80 } else { 0 }
}

/// The status that `wait4` reports for a process that this signal stopped.
#[must_use]
pub const fn wait_stopped(signal: u32) -> i32 {
    0x7f | (signal & 0xff).cast_signed() << 8
}

/// The status that `wait4` reports for a process that goes on.
pub const WAIT_CONTINUED: i32 = 0xffff;
