//! The scheduler's part of each CPU: its run queue and clocks.

use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

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
    /// When the running thread got the CPU.
    pub(super) switched_at: AtomicU64,
    /// The alarm is set for the end of a slice.
    pub(super) slice_watched: AtomicBool,
    /// Nanoseconds without a thread to run.
    pub(super) idle: AtomicU64,
}

static CPUS: [Cpu; MAX_CPUS] = [const {
    Cpu {
        queue: SpinLock::new(RunQueue::new()),
        waiting: AtomicUsize::new(0),
        switched_at: AtomicU64::new(0),
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

/// The CPU where a thread that becomes ready on CPU `here` should run: the one it ran on last, if
/// it still may.
pub(super) fn choose(thread: &ThreadRef, here: usize) -> usize {
    let last = thread.sched.cpu();
    if thread.sched.may_run_on(last) {
        return last;
    }
    (0..cpu::count()).find(|&id| thread.sched.may_run_on(id)).unwrap_or(here)
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
    online().iter().map(Cpu::waiting).sum::<usize>() + 1
}

/// Takes over a thread that waits for another CPU, for CPU `here`, which has nothing to run; says
/// whether there was one. One that is still on its way off its CPU stays there.
pub(super) fn steal(here: usize) -> bool {
    if cpu::count() == 1 {
        return false;
    }
    let fits = |thread: &ThreadRef| !thread.on_cpu() && thread.sched.may_run_on(here);
    let others = online().iter().enumerate().filter(|(id, _)| *id != here);
    let Some(thread) = others.map(|(_, cpu)| cpu).find_map(|cpu| cpu.pop(fits)) else {
        return false;
    };
    let class = thread.sched.class();
    of(here).push(class, thread);
    true
}

/// Raises `work` on CPU `id`, interrupting it if it is another one.
pub fn interrupt_cpu(id: usize, work: Work) {
    cpu::interrupt(id, work);
}

/// CPU time that a thread has used until now, in nanoseconds.
pub fn cpu_time(thread: &SchedState) -> u64 {
    let current_run = if thread.is_running() {
        CPUS.get(thread.cpu())
            .map_or(0, |cpu| time::now().saturating_sub(cpu.switched_at.load(Ordering::Relaxed)))
    } else {
        0
    };
    thread.ran().saturating_add(current_run)
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
        self.waiting.store(queue.len(), Ordering::Release);
    }

    /// Puts a real-time thread into the queue before its equals, which makes it `Queued`.
    pub(super) fn push_first(&self, thread: ThreadRef) {
        let priority = thread.sched.real_time();
        thread.sched.state.store(QUEUED, Ordering::Relaxed);
        let mut queue = self.queue.lock();
        queue.push_first(priority, thread);
        self.waiting.store(queue.len(), Ordering::Release);
    }

    /// The highest real-time priority in the queue; 0 for none.
    pub(super) fn urgency(&self) -> u8 {
        self.queue.lock().urgency()
    }

    /// Takes out the next thread that `fits`, which makes it `Running`.
    #[inline]
    pub(super) fn pop(&self, fits: impl Fn(&ThreadRef) -> bool) -> Option<ThreadRef> {
        if self.waiting.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut queue = self.queue.lock();
        let thread = queue.pop(fits)?;
        self.waiting.store(queue.len(), Ordering::Release);
        thread.sched.state.store(RUNNING, Ordering::Relaxed);
        Some(thread)
    }

    /// Charges the running thread up to `now`.
    #[inline]
    pub(super) fn charge(&self, running: &SchedState, now: u64) {
        // Only this CPU writes it.
        let elapsed = now.saturating_sub(self.switched_at.load(Ordering::Relaxed));
        self.switched_at.store(now, Ordering::Relaxed);
        running.charge(elapsed);
        if self.waiting() != 0 {
            self.queue.lock().ran(elapsed);
        }
    }

    /// Makes sure that somebody looks when the running thread has had its time.
    #[inline]
    pub(super) fn watch_slice(&self, running: &SchedState) {
        if !self.slice_watched.load(Ordering::Relaxed)
            && let Some(allowance) = self.allowance(running)
        {
            self.slice_watched.store(true, Ordering::Relaxed);
            timer::limit_slice(time::now().saturating_add(allowance));
        }
    }

    /// How long the running thread may run in one go, in nanoseconds; none if as long as it
    /// likes. One with a real-time priority shares with its equals only, by whole slices.
    pub(super) fn allowance(&self, running: &SchedState) -> Option<u64> {
        if running.real_time() > 0 {
            return Some(running.slice()).filter(|slice| *slice != UNLIMITED);
        }
        let left = running.slice_left().max(1);
        let eager = self.queue.lock().has_eager();
        Some(if eager { left.min(super::switch::MIN_RUN) } else { left })
    }
}
