//! [`Process`]: what the threads of a program share, and its place among other processes.

use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use elfin_platform::sync::SpinLock;
use elfin_platform::time;
use elfin_syscalls::Errno;

use super::ids::Tid;
use super::itimer::Itimers;
use super::posix_timer::PosixTimers;
use super::rlimit::Rlimits;
use super::signal::ProcessSignals;
use super::thread::{Thread, ThreadRef};
use super::wait::WaitQueue;

/// A process: a program with its threads.
pub struct Process {
    /// Its id: that of its first thread.
    pub pid: u32,
    /// What its resources are limited to.
    pub rlimits: Rlimits,
    /// Signal actions, and the queue of signals sent to the whole process.
    pub signals: ProcessSignals,
    /// `setitimer`'s timers.
    pub itimers: Itimers,
    /// `timer_create`'s timers.
    pub timers: PosixTimers,
    /// The threads that have not ended.
    threads: SpinLock<Vec<ThreadRef>>,
    /// Its parent; dead for the first process.
    pub parent: SpinLock<Weak<Process>>,
    /// Its children that nobody has waited for.
    pub children: SpinLock<Vec<Arc<Process>>>,
    /// Woken when a child changes its state.
    pub child_events: WaitQueue,
    /// Its process group.
    pgid: AtomicU32,
    /// Its session.
    sid: AtomicU32,
    /// It has called `setsid` or `setpgid`, or was moved (the first process starts as leader of
    /// its session, and may still call `setsid` once).
    pub placed: AtomicBool,
    /// The wait status it ends with, once it does; [`ALIVE`] before.
    exit_status: AtomicU64,
    /// It has called `execve` (`setpgid` is refused then).
    pub has_execed: AtomicBool,
    /// `PR_SET_DUMPABLE`.
    pub dumpable: AtomicU32,
    /// `personality(2)`.
    pub personality: AtomicU32,
    /// `PR_SET_CHILD_SUBREAPER`.
    pub subreaper: AtomicBool,
    /// CPU time of threads that ended, in nanoseconds.
    pub ended_cpu_time: AtomicU64,
    /// CPU time of children that were waited for, in nanoseconds.
    pub children_cpu_time: AtomicU64,
    /// When it started, in nanoseconds of the monotonic clock.
    pub started: u64,
    /// Keeps its id in use.
    _id: Arc<Tid>,
}

const ALIVE: u64 = u64::MAX;

/// The id of the first process.
pub const INIT: u32 = 1;

impl Process {
    /// A process without threads, with the id `id`.
    pub fn new(id: Arc<Tid>, rlimits: Rlimits, signals: ProcessSignals) -> Arc<Self> {
        let pid = id.number();
        Arc::new(Self {
            pid,
            rlimits,
            signals,
            itimers: Itimers::new(),
            timers: PosixTimers::new(),
            threads: SpinLock::new(Vec::new()),
            parent: SpinLock::new(Weak::new()),
            children: SpinLock::new(Vec::new()),
            child_events: WaitQueue::new(),
            pgid: AtomicU32::new(pid),
            sid: AtomicU32::new(pid),
            placed: AtomicBool::new(false),
            exit_status: AtomicU64::new(ALIVE),
            has_execed: AtomicBool::new(false),
            dumpable: AtomicU32::new(1),
            personality: AtomicU32::new(0),
            subreaper: AtomicBool::new(false),
            ended_cpu_time: AtomicU64::new(0),
            children_cpu_time: AtomicU64::new(0),
            started: if pid == INIT { 0 } else { time::now() },
            _id: id,
        })
    }

    /// Adds a thread.
    ///
    /// # Errors
    /// `EAGAIN` without memory, or if the process is ending.
    pub fn add_thread(&self, thread: ThreadRef) -> Result<(), Errno> {
        let mut threads = self.threads.lock();
        if self.is_exiting() {
            return Err(Errno::EAGAIN);
        }
        threads.try_reserve(1).map_err(|_| Errno::EAGAIN)?;
        threads.push(thread);
        Ok(())
    }

    /// Removes a thread that ends; the number of those that are left.
    pub fn remove_thread(&self, thread: &Thread) -> usize {
        let mut threads = self.threads.lock();
        let at = threads.iter().position(|other| other.tid == thread.tid);
        // The CPU keeps a running thread alive, so nothing is freed with the list locked.
        let _removed = at.map(|at| threads.swap_remove(at));
        threads.len()
    }

    /// Runs `f` for each thread, with the list locked: `f` must not sleep.
    pub fn for_each_thread(&self, mut f: impl FnMut(&ThreadRef)) {
        self.threads.lock().iter().for_each(&mut f);
    }

    /// The first thread for which `f` gives something, with the list locked: `f` must not sleep.
    pub fn find_thread<R>(&self, f: impl FnMut(&ThreadRef) -> Option<R>) -> Option<R> {
        self.threads.lock().iter().find_map(f)
    }

    /// The number of threads that have not ended.
    pub fn thread_count(&self) -> usize {
        self.threads.lock().len()
    }

    /// Whether it is ending: no thread of it returns to the program any more.
    #[inline]
    pub fn is_exiting(&self) -> bool {
        self.exit_status.load(Ordering::Relaxed) != ALIVE
    }

    /// Says that it ends, with this wait status; false if that was said before.
    pub fn begin_exit(&self, status: u32) -> bool {
        let status = u64::from(status);
        self.exit_status
            .compare_exchange(ALIVE, status, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    /// The wait status that it ends or ended with.
    pub fn exit_status(&self) -> Option<u32> {
        u32::try_from(self.exit_status.load(Ordering::Acquire)).ok()
    }

    /// Its process group.
    pub fn pgid(&self) -> u32 {
        self.pgid.load(Ordering::Relaxed)
    }

    /// Its session.
    pub fn sid(&self) -> u32 {
        self.sid.load(Ordering::Relaxed)
    }

    /// Moves it to a process group of its session.
    pub fn set_pgid(&self, pgid: u32) {
        self.pgid.store(pgid, Ordering::Relaxed);
        self.placed.store(true, Ordering::Relaxed);
    }

    /// Makes it the leader of a session and group of its own.
    pub fn lead_session(&self) {
        self.sid.store(self.pid, Ordering::Relaxed);
        self.set_pgid(self.pid);
    }

    /// The id of its parent; 0 for the first process.
    pub fn ppid(&self) -> u32 {
        self.parent.lock().upgrade().map_or(0, |parent| parent.pid)
    }

    /// Voluntary and involuntary context switches of its threads that have not ended.
    pub fn switches(&self) -> (u64, u64) {
        let threads = self.threads.lock();
        threads
            .iter()
            .map(|thread| thread.sched.switches())
            .fold((0, 0), |sum, (own, forced)| (sum.0 + u64::from(own), sum.1 + u64::from(forced)))
    }

    /// CPU time of all its threads, those that ended too, in nanoseconds.
    pub fn cpu_time(&self) -> u64 {
        let threads = self.threads.lock();
        let living: u64 = threads.iter().map(|thread| thread.cpu_time()).sum();
        living.saturating_add(self.ended_cpu_time.load(Ordering::Relaxed))
    }
}

impl core::fmt::Debug for Process {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Process({})", self.pid)
    }
}
