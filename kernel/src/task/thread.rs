//! [`Thread`]: the kernel's half of a thread; the platform's `Task` around it is the other.
//!
//! What a thread shares with others (memory, descriptors, current directory) it refers to for
//! its whole life: `execve` makes a new `Thread` with the same id. Neighbour: [`super::Process`]
//! is what all threads of a program share.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize};

use elfin_platform::sync::SpinLock;
use elfin_platform::task::{self, Task};

use super::cred::Cred;
use super::futex::WaitState;
use super::ids::Tid;
use super::process::Process;
use super::sched::SchedState;
use super::signal::{SigSet, ThreadSignals};
use super::sleep::Restart;
use super::wait::WaitQueue;
use crate::fs::{FdTable, FsContext};
use crate::mm::AddressSpace;

/// A counted reference to a thread.
pub type ThreadRef = Arc<Task<Thread>>;

/// The running thread. It cannot be sent to another.
pub type Current = task::Current<Thread>;

/// The longest name of a thread with its terminating zero (`TASK_COMM_LEN`).
pub const NAME_LEN: usize = 16;

/// The kernel's half of a thread.
pub struct Thread {
    /// Its id, in the same number space as process ids.
    pub tid: u32,
    /// The process that it belongs to.
    pub process: Arc<Process>,
    files: Arc<FdTable>,
    fs: Arc<FsContext>,
    mm: Arc<AddressSpace>,
    cred: SpinLock<Arc<Cred>>,
    name: SpinLock<[u8; NAME_LEN]>,
    /// The scheduler's part.
    pub sched: SchedState,
    /// Its signal mask, queue and stack.
    pub signals: ThreadSignals,
    /// `PR_SET_PDEATHSIG`.
    pub death_signal: AtomicU32,
    /// Where to store 0 and wake a futex at the end (`CLONE_CHILD_CLEARTID`, `set_tid_address`).
    pub clear_tid: AtomicUsize,
    /// Head of the list of robust futexes.
    pub robust_list: AtomicUsize,
    /// Where it waits for a futex.
    pub futex: WaitState,
    /// Faults on user memory fail instead of being served: the thread holds a spin lock.
    pub faults_off: AtomicBool,
    /// Page faults.
    pub faults: AtomicU64,
    /// The registered `struct rseq`.
    pub rseq: SpinLock<Option<Rseq>>,
    /// What `restart_syscall` goes on with.
    pub restart: SpinLock<Option<Restart>>,
    /// Scheduling policy and priorities, as the program set them.
    pub policy: SpinLock<super::priority::Policy>,
    /// `PR_SET_TIMERSLACK`, nanoseconds.
    pub timer_slack: AtomicU64,
    /// `PR_SET_NO_NEW_PRIVS`.
    pub no_new_privs: AtomicBool,
    /// Who waits for this thread's `execve` or end (`CLONE_VFORK`).
    pub(super) vfork: SpinLock<Option<Arc<VforkDone>>>,
    /// Its tracing.
    pub trace: super::ptrace::Trace,
    /// Gives the id back when the thread is gone.
    id: Arc<Tid>,
}

/// A registered `struct rseq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rseq {
    /// Its address.
    pub addr: usize,
    /// Its length in bytes.
    pub len: u32,
    /// What stands before an abort handler.
    pub signature: u32,
}

/// Something that the maker of a process waits for: that the process no longer runs in its
/// memory.
#[derive(Default)]
pub(super) struct VforkDone {
    /// It is so.
    pub done: AtomicBool,
    /// Woken then.
    pub queue: WaitQueue,
}

/// What a new thread shares and inherits.
pub struct Parts {
    /// The process that it belongs to.
    pub process: Arc<Process>,
    /// Its descriptors.
    pub files: Arc<FdTable>,
    /// Its root, current directory and umask.
    pub fs: Arc<FsContext>,
    /// Its memory.
    pub mm: Arc<AddressSpace>,
    /// Its credentials.
    pub cred: Arc<Cred>,
    /// Its name.
    pub name: [u8; NAME_LEN],
    /// Its signal mask.
    pub blocked: SigSet,
    /// The CPUs it may run on.
    pub affinity: u64,
    /// Its scheduling policy.
    pub policy: super::priority::Policy,
}

impl Thread {
    /// A thread made of `parts` with the id `id`, not running yet.
    pub fn new(id: Arc<Tid>, parts: Parts) -> Self {
        let sched = SchedState::new(parts.affinity);
        parts.policy.apply(&sched);
        Self {
            tid: id.number(),
            process: parts.process,
            files: parts.files,
            fs: parts.fs,
            mm: parts.mm,
            cred: SpinLock::new(parts.cred),
            name: SpinLock::new(parts.name),
            sched,
            signals: ThreadSignals::new(parts.blocked),
            death_signal: AtomicU32::new(0),
            clear_tid: AtomicUsize::new(0),
            robust_list: AtomicUsize::new(0),
            futex: WaitState::new(),
            faults_off: AtomicBool::new(false),
            faults: AtomicU64::new(0),
            rseq: SpinLock::new(None),
            restart: SpinLock::new(None),
            policy: SpinLock::new(parts.policy),
            timer_slack: AtomicU64::new(DEFAULT_TIMER_SLACK),
            no_new_privs: AtomicBool::new(false),
            trace: super::ptrace::Trace::default(),
            vfork: SpinLock::new(None),
            id,
        }
    }

    /// Its id, to keep it in use.
    pub fn id(&self) -> &Arc<Tid> {
        &self.id
    }

    /// Its descriptors.
    #[inline]
    pub fn files(&self) -> &Arc<FdTable> {
        &self.files
    }

    /// Its root, current directory and umask.
    #[inline]
    pub fn fs(&self) -> &Arc<FsContext> {
        &self.fs
    }

    /// Whether another process shares its root and current directory (`CLONE_FS`).
    pub fn fs_is_shared(&self) -> bool {
        Arc::strong_count(&self.fs) > self.process.thread_count()
    }

    /// Its memory.
    #[inline]
    pub fn mm(&self) -> &Arc<AddressSpace> {
        &self.mm
    }

    /// Its credentials.
    pub fn cred(&self) -> Arc<Cred> {
        self.cred.lock().clone()
    }

    /// Replaces its credentials.
    pub fn set_cred(&self, cred: Arc<Cred>) {
        let _old = core::mem::replace(&mut *self.cred.lock(), cred);
    }

    /// Its name, padded with zeros, of which there is at least one.
    pub fn name(&self) -> [u8; NAME_LEN] {
        *self.name.lock()
    }

    /// Sets its name; what goes beyond 15 bytes is cut off.
    pub fn set_name(&self, name: &[u8]) {
        *self.name.lock() = padded_name(name);
    }

    /// Whether a signal is to be handled, or the thread is to end: sleeps end then.
    #[inline]
    pub fn interrupted(&self) -> bool {
        self.signals.wanted()
    }

    /// CPU time used until now, in nanoseconds.
    pub fn cpu_time(&self) -> u64 {
        super::sched::cpu_time(&self.sched)
    }

    /// Whether it is the first thread of its process.
    pub fn is_leader(&self) -> bool {
        self.tid == self.process.pid
    }
}

/// The timer slack that Linux gives to programs, in nanoseconds.
pub const DEFAULT_TIMER_SLACK: u64 = 50_000;

/// A name as threads keep it.
pub fn padded_name(name: &[u8]) -> [u8; NAME_LEN] {
    let mut padded = [0; NAME_LEN];
    let text = name.split(|&byte| byte == 0).next().unwrap_or_default();
    for (to, from) in padded.iter_mut().take(NAME_LEN - 1).zip(text) {
        *to = *from;
    }
    padded
}

/// The running thread.
#[inline]
pub fn current() -> Current {
    task::current()
}

/// The running thread; `None` before the first one runs.
#[inline]
pub fn try_current() -> Option<Current> {
    task::try_current()
}

impl core::fmt::Debug for Thread {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Thread({})", self.tid)
    }
}
