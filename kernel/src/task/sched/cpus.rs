//! The scheduler's part of each CPU: its run queue and clocks.

use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};

pub use elfin_platform::cpu::MAX_CPUS;
use elfin_platform::cpu::{self, Work};
use elfin_platform::sync::SpinLock;
use elfin_platform::time;
use elfin_syscalls::Errno;

use super::run_queue::{Class, RunQueue};
use super::state::{QUEUED, RUNNING, SchedState, UNLIMITED};
use crate::task::thread::ThreadRef;
use crate::task::timer;

/// The scheduler's part of a CPU.
pub(super) struct Cpu {
    queue: SpinLock<RunQueue<ThreadRef>>,
    /// Entries in `queue`, to see without the lock that there are none.
    waiting: AtomicUsize,
    /// Odd while `switched_at` and what belongs to it change.
    accounting: AtomicU32,
    /// When the running thread got the CPU.
    pub(super) switched_at: AtomicU64,
    /// Real-time priority of what runs; 0 for none.
    pub(super) priority: AtomicU8,
    /// The alarm is set for the end of a slice.
    pub(super) slice_watched: AtomicBool,
    /// Nanoseconds without a thread to run.
    pub(super) idle: AtomicU64,
}

static CPUS: [Cpu; MAX_CPUS] = [const {
    Cpu {
        queue: SpinLock::new(RunQueue::new()),
        waiting: AtomicUsize::new(0),
        accounting: AtomicU32::new(0),
        switched_at: AtomicU64::new(0),
        priority: AtomicU8::new(0),
        slice_watched: AtomicBool::new(false),
        idle: AtomicU64::new(0),
    }
}; MAX_CPUS];

/// Threads that exist, for whom every queue has room.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// One CPU's part.
#[inline]
pub(super) fn of(id: usize) -> &'static Cpu {
    &CPUS[id]
}

/// This CPU's part.
#[inline]
pub(super) fn this() -> &'static Cpu {
    of(cpu::id())
}

/// The CPUs that run.
pub(super) fn online() -> &'static [Cpu] {
    CPUS.get(..cpu::count()).unwrap_or(&CPUS)
}

/// Makes room for one more thread in every queue, so that waking it never needs memory. Pass on
/// with [`forget_thread`] when the thread is gone.
///
/// # Errors
/// `EAGAIN` if there is no memory, as `clone(2)` has it.
pub fn reserve_thread() -> Result<(), Errno> {
    let total = THREADS.fetch_add(1, Ordering::Relaxed) + 1;
    let made = online().iter().try_for_each(|cpu| cpu.queue.lock().reserve(total).ok());
    made.and_then(|()| timer::reserve(total).ok()).ok_or_else(|| {
        forget_thread();
        Errno::EAGAIN
    })
}

/// Gives back the room of a thread that is gone.
pub(in crate::task) fn forget_thread() {
    THREADS.fetch_sub(1, Ordering::Relaxed);
}

/// The number of threads that exist.
pub fn thread_count() -> usize {
    THREADS.load(Ordering::Relaxed)
}

/// Threads that run or wait for a CPU: what a load average averages.
pub fn load() -> usize {
    let waiting = online().iter().map(Cpu::waiting).sum::<usize>();
    waiting + cpu::count().saturating_sub(super::place::idle_cpus())
}

/// Raises `work` on CPU `id`, interrupting it if it is another one.
pub fn interrupt_cpu(id: usize, work: Work) {
    cpu::interrupt(id, work);
}

/// CPU time that a thread has used until now, in nanoseconds.
pub fn cpu_time(thread: &SchedState) -> u64 {
    loop {
        let Some(cpu) = CPUS.get(thread.cpu()) else { return thread.ran() };
        let before = cpu.accounting.load(Ordering::Acquire);
        let ran = thread.ran();
        let since = thread.is_running().then(|| cpu.switched_at.load(Ordering::Acquire));
        // The thread may have moved on, or been charged, in between.
        let is_whole = before.is_multiple_of(2)
            && cpu.accounting.load(Ordering::Acquire) == before
            && CPUS.get(thread.cpu()).is_some_and(|now| core::ptr::eq(now, cpu))
            && thread.ran() == ran;
        if is_whole {
            let current_run = since.map_or(0, |at| time::now().saturating_sub(at));
            return ran.saturating_add(current_run);
        }
        core::hint::spin_loop();
    }
}

/// Nanoseconds that CPU `id` had no thread to run.
pub fn idle_time(id: usize) -> u64 {
    CPUS.get(id).map_or(0, |cpu| cpu.idle.load(Ordering::Relaxed))
}

impl Cpu {
    /// Threads in the queue.
    #[inline]
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Puts a thread into the queue, which makes it `Queued`.
    #[inline]
    pub(super) fn push(&self, class: Class, thread: ThreadRef) {
        thread.sched.state.store(QUEUED, Ordering::Relaxed);
        let mut queue = self.queue.lock();
        queue.push(class, thread);
        self.waiting.store(queue.len(), Ordering::SeqCst);
    }

    /// Takes out the next thread that `fits`, for CPU `here` to run; it is `Running` then.
    #[inline]
    pub(super) fn pop(&self, here: usize, fits: impl Fn(&ThreadRef) -> bool) -> Option<ThreadRef> {
        if self.waiting.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut queue = self.queue.lock();
        let thread = queue.pop(fits)?;
        self.waiting.store(queue.len(), Ordering::Release);
        // In this order, with a full barrier after it: who wants something of a running thread
        // interrupts its CPU, and who runs it looks whether something is wanted.
        if thread.sched.cpu() != here {
            thread.sched.cpu.store(here, Ordering::Relaxed);
            thread.sched.moved.store(true, Ordering::Relaxed);
        }
        thread.sched.state.swap(RUNNING, Ordering::SeqCst);
        Some(thread)
    }

    /// Takes a certain thread out, if it is in this queue.
    pub(super) fn remove(&self, wanted: &ThreadRef) -> Option<ThreadRef> {
        let mut queue = self.queue.lock();
        let thread = queue.remove(|thread| ThreadRef::ptr_eq(thread, wanted))?;
        self.waiting.store(queue.len(), Ordering::Release);
        Some(thread)
    }

    /// Charges the running thread up to `now`; how long that was.
    #[inline]
    pub(super) fn charge(&self, running: &SchedState, now: u64) -> u64 {
        let elapsed = self.pass(now, |elapsed| running.charge(elapsed));
        if self.waiting() != 0 {
            self.queue.lock().ran(elapsed);
        }
        elapsed
    }

    /// Lets `now` be when the next thread got the CPU. Only this CPU calls it.
    pub(super) fn pass(&self, now: u64, account: impl FnOnce(u64)) -> u64 {
        let turn = self.accounting.load(Ordering::Relaxed);
        self.accounting.store(turn.wrapping_add(1), Ordering::Relaxed);
        core::sync::atomic::fence(Ordering::Release);
        let elapsed = now.saturating_sub(self.switched_at.load(Ordering::Relaxed));
        self.switched_at.store(now, Ordering::Relaxed);
        account(elapsed);
        self.accounting.store(turn.wrapping_add(2), Ordering::Release);
        elapsed
    }

    /// Makes sure that somebody looks when the running thread has had its time.
    #[inline]
    pub(super) fn watch_slice(&self, running: &SchedState) {
        if !self.slice_watched.load(Ordering::Relaxed) {
            let allowance = self.allowance(running);
            if allowance != UNLIMITED {
                self.slice_watched.store(true, Ordering::Relaxed);
                timer::limit_slice(time::now().saturating_add(allowance));
            }
        }
    }

    /// How long the running thread may run in one go, in nanoseconds.
    pub(super) fn allowance(&self, running: &SchedState) -> u64 {
        let left = running.slice_left().max(1);
        let eager = running.real_time() == 0 && self.queue.lock().has_eager();
        if eager { left.min(super::switch::MIN_RUN) } else { left }
    }
}
