//! [`Process`]: what the threads of a program share, and its place among other processes.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use elfin_platform::sync::SpinLock;
use elfin_platform::time;
use elfin_syscalls::Errno;

use super::core_dump::CoreState;
use super::cred::Cred;
use super::ids::Tid;
use super::itimer::Itimers;
use super::jobs::Controlling;
use super::oom::Score;
use super::poll::PollEvents;
use super::posix_timer::PosixTimers;
use super::ptrace::Tracees;
use super::rlimit::Rlimits;
use super::signal::{self, Info, ProcessSignals, SIGCHLD, Signal};
use super::thread::{NAME_LEN, Thread, ThreadRef};
use super::tree::Family;
use super::usage::{Usage, Used};
use super::wait::WaitQueue;
use crate::ipc;

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
    /// What interprocess communication keeps for it.
    pub ipc: ipc::ProcessPart,
    /// The threads that have not ended.
    threads: SpinLock<Vec<ThreadRef>>,
    /// Its place among other processes.
    pub(super) family: SpinLock<Family>,
    /// Woken when a child changes its state.
    pub child_events: WaitQueue,
    /// Woken when a thread ends that is not the last.
    pub(super) thread_events: WaitQueue,
    /// Woken when all threads have ended.
    pub ended: WaitQueue,
    /// All threads have ended.
    has_ended: AtomicBool,
    /// Its id means nobody any more.
    reaped: AtomicBool,
    /// The signal for the parent at the end; 0 for none.
    pub exit_signal: AtomicU32,
    /// The thread of the parent that made it.
    pub parent_tid: AtomicU32,
    /// What the parent has not waited for yet: [`CONTINUED`], the wait status of a stop, or 0.
    report: AtomicU32,
    /// The real user id when it ended.
    pub uid: AtomicU32,
    /// What is known of it after its end.
    remains: SpinLock<Option<Remains>>,
    /// Its process group and session, whose ids nobody else gets while it is in them.
    job: SpinLock<[Arc<Tid>; 2]>,
    /// The number of its process group.
    pgid: AtomicU32,
    /// The number of its session.
    sid: AtomicU32,
    /// The thread that runs `execve`, for which all others end; 0 for none.
    exec_by: AtomicU32,
    /// The wait status that its first thread ended with by itself.
    leader_status: AtomicU32,
    /// The terminal that controls it.
    pub controlling: Controlling,
    /// It has called `setsid` or `setpgid`, or was moved (the first process starts as leader of
    /// its session, and may still call `setsid` once).
    pub placed: AtomicBool,
    /// The wait status it ends with, once it does; [`ALIVE`] before.
    exit_status: AtomicU64,
    /// It has called `execve` (`setpgid` is refused then).
    pub has_execed: AtomicBool,
    /// `PR_SET_DUMPABLE`.
    pub dumpable: AtomicU32,
    /// Its part in a core file.
    pub core: CoreState,
    /// How willing it is to end when memory is out.
    pub oom: Score,
    /// The threads that it traces.
    pub tracees: Tracees,
    /// `personality(2)`.
    pub personality: AtomicU32,
    /// `PR_SET_CHILD_SUBREAPER`.
    pub subreaper: AtomicBool,
    /// CPU time of threads that ended, in nanoseconds.
    pub ended_cpu_time: AtomicU64,
    /// CPU time of children that were waited for, in nanoseconds.
    pub children_cpu_time: AtomicU64,
    /// What threads that ended have used beside.
    ended_usage: Usage,
    /// What children that were waited for have used beside.
    pub children_usage: Usage,
    /// When it started, in nanoseconds of the monotonic clock.
    pub started: u64,
    /// Keeps its id in use.
    id: Arc<Tid>,
}

const ALIVE: u64 = u64::MAX;

/// The wait status of a process that goes on after a stop.
pub const CONTINUED: u32 = 0xffff;
/// In the low byte of the wait status of a stopped process; the signal is above.
const STOPPED: u32 = 0x7f;

/// What is known of a process after its end.
#[derive(Clone)]
pub struct Remains {
    /// Whose it was.
    pub cred: Arc<Cred>,
    /// Its name.
    pub name: [u8; NAME_LEN],
}

/// What a new process is made of, beside its threads.
pub struct Origin {
    /// Its limits.
    pub rlimits: Rlimits,
    /// Its signal actions.
    pub signals: ProcessSignals,
    /// The signal for its parent at the end; 0 for none.
    pub exit_signal: u32,
    /// Its process group and session; its own without.
    pub job: Option<[Arc<Tid>; 2]>,
}

/// The id of the first process.
pub const INIT: u32 = 1;

impl Process {
    /// A process without threads, with the id `id`.
    pub fn new(id: Arc<Tid>, origin: Origin) -> Arc<Self> {
        let pid = id.number();
        let job = origin.job.unwrap_or_else(|| [id.clone(), id.clone()]);
        let [pgid, sid] = [&job[0], &job[1]].map(|id| AtomicU32::new(id.number()));
        Arc::new(Self {
            pid,
            rlimits: origin.rlimits,
            signals: origin.signals,
            itimers: Itimers::new(),
            timers: PosixTimers::new(),
            ipc: ipc::ProcessPart::new(),
            threads: SpinLock::new(Vec::new()),
            family: SpinLock::new(Family::default()),
            child_events: WaitQueue::new(),
            thread_events: WaitQueue::new(),
            ended: WaitQueue::new(),
            has_ended: AtomicBool::new(false),
            reaped: AtomicBool::new(false),
            exit_signal: AtomicU32::new(origin.exit_signal),
            parent_tid: AtomicU32::new(0),
            report: AtomicU32::new(0),
            uid: AtomicU32::new(0),
            remains: SpinLock::new(None),
            job: SpinLock::new(job),
            pgid,
            sid,
            exec_by: AtomicU32::new(0),
            leader_status: AtomicU32::new(0),
            controlling: Controlling::default(),
            placed: AtomicBool::new(false),
            exit_status: AtomicU64::new(ALIVE),
            has_execed: AtomicBool::new(false),
            dumpable: AtomicU32::new(1),
            core: CoreState::default(),
            oom: Score::default(),
            tracees: Tracees::default(),
            personality: AtomicU32::new(0),
            subreaper: AtomicBool::new(false),
            ended_cpu_time: AtomicU64::new(0),
            children_cpu_time: AtomicU64::new(0),
            ended_usage: Usage::default(),
            children_usage: Usage::default(),
            started: if pid == INIT { 0 } else { time::now() },
            id,
        })
    }

    /// Adds a thread.
    ///
    /// # Errors
    /// `EAGAIN` without memory, or if the process is ending or calls `execve`.
    pub fn add_thread(&self, thread: ThreadRef) -> Result<(), Errno> {
        let mut threads = self.threads.lock();
        if self.is_exiting() || self.exec_by.load(Ordering::SeqCst) != 0 {
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

    /// Adds to the wait status that it ends with.
    pub(super) fn add_to_exit_status(&self, bits: u32) {
        self.exit_status.fetch_or(bits.into(), Ordering::AcqRel);
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

    /// Its process group and session, for a child.
    pub fn job(&self) -> [Arc<Tid>; 2] {
        self.job.lock().clone()
    }

    /// Moves it to a process group of its session; false if the group has just gone.
    pub fn set_pgid(&self, pgid: u32) -> bool {
        let Some(group) = super::ids::find_id(pgid) else { return false };
        let mut job = self.job.lock();
        let old = core::mem::replace(&mut job[0], group);
        self.pgid.store(pgid, Ordering::Relaxed);
        self.placed.store(true, Ordering::Relaxed);
        drop(job);
        drop(old);
        true
    }

    /// Makes it the leader of a session and group of its own.
    pub fn lead_session(&self) {
        let own = [self.id.clone(), self.id.clone()];
        let mut job = self.job.lock();
        let old = core::mem::replace(&mut *job, own);
        self.sid.store(self.pid, Ordering::Relaxed);
        self.pgid.store(self.pid, Ordering::Relaxed);
        self.placed.store(true, Ordering::Relaxed);
        drop(job);
        drop(old);
    }

    /// Its id, to keep it in use.
    pub fn id(&self) -> &Arc<Tid> {
        &self.id
    }

    /// Whether all its threads have ended: nothing but its status is left.
    pub fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::SeqCst)
    }

    /// Whether somebody has waited for its end, or nobody ever will.
    pub fn is_reaped(&self) -> bool {
        self.reaped.load(Ordering::SeqCst)
    }

    /// What is known of it after its end.
    pub fn remains(&self) -> Remains {
        self.remains
            .lock()
            .clone()
            .unwrap_or_else(|| Remains { cred: Arc::new(Cred::root()), name: [0; NAME_LEN] })
    }

    /// Whether it may be looked into and leave a core file like any other.
    pub fn is_dumpable(&self) -> bool {
        self.dumpable.load(Ordering::Relaxed) == 1
    }

    /// Notes what is to be known after its end, with its last thread.
    pub(super) fn set_remains(&self, last: &Thread) {
        let remains = Remains { cred: last.cred(), name: last.name() };
        let old = self.remains.lock().replace(remains);
        drop(old);
    }

    pub(super) fn mark_reaped(&self) {
        self.reaped.store(true, Ordering::SeqCst);
    }

    pub(super) fn mark_ended(&self) {
        self.has_ended.store(true, Ordering::SeqCst);
    }

    /// Whether the thread `tid` of it goes back to the program no more: the process ends, or
    /// another thread calls `execve`.
    #[inline]
    pub fn must_end(&self, tid: u32) -> bool {
        let exec_by = self.exec_by.load(Ordering::SeqCst);
        self.is_exiting() || (exec_by != 0 && exec_by != tid)
    }

    /// Says that all threads but `tid` are to end for its `execve`; false if another one said so
    /// before.
    pub(super) fn begin_exec(&self, tid: u32) -> bool {
        self.exec_by.compare_exchange(0, tid, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// The `execve` is over: puts `new` in the place of all threads.
    pub(super) fn finish_exec(&self, new: ThreadRef) {
        let mut threads = self.threads.lock();
        let old = core::mem::take(&mut *threads);
        // There was room for at least one.
        threads.push(new);
        self.exec_by.store(0, Ordering::SeqCst);
        drop(threads);
        drop(old);
    }

    /// The `execve` was given up.
    pub(super) fn abandon_exec(&self) {
        self.exec_by.store(0, Ordering::SeqCst);
    }

    /// Puts `new` in the place of the thread `old`.
    pub(super) fn replace_thread(&self, old: &Thread, new: ThreadRef) {
        let mut threads = self.threads.lock();
        let slot = threads.iter_mut().find(|thread| core::ptr::eq::<Thread>(&****thread, old));
        let replaced = slot.map(|slot| core::mem::replace(slot, new));
        drop(threads);
        drop(replaced);
    }

    /// Its first thread has ended by itself, with this wait status.
    pub(super) fn leader_ended(&self, status: u32) {
        self.leader_status.store(status, Ordering::Relaxed);
    }

    /// The wait status of a process whose threads all ended by themselves.
    pub(super) fn own_status(&self) -> u32 {
        self.leader_status.load(Ordering::Relaxed)
    }

    /// Adds what `child`, which it has waited for, has used.
    pub(super) fn add_child_usage(&self, child: &Self) {
        let used = child.children_cpu_time.load(Ordering::Relaxed);
        let used = used.saturating_add(child.cpu_time());
        self.children_cpu_time.fetch_add(used, Ordering::Relaxed);
        self.children_usage.add(child.used().and(child.children_usage.get()));
    }

    /// Adds what a thread has used that ends now.
    pub(super) fn add_thread_usage(&self, thread: &Thread) {
        self.ended_cpu_time.fetch_add(thread.cpu_time(), Ordering::Relaxed);
        self.ended_usage.add(Used::by(thread));
    }

    /// What all its threads have used, those that ended too.
    pub fn used(&self) -> Used {
        let threads = self.threads.lock();
        let living = threads.iter().map(|thread| Used::by(thread));
        living.fold(self.ended_usage.get(), Used::and)
    }

    /// Tells the parent that `signal` has stopped the process.
    pub fn report_stop(&self, signal: Signal) {
        self.report.store(signal.number() << 8 | STOPPED, Ordering::SeqCst);
        let value = signal.number().cast_signed();
        self.tell_parent(signal::code::CLD_STOPPED, value, signal::SigFlags::NOCLDSTOP);
    }

    /// Tells the parent that the process goes on.
    pub fn report_continue(&self) {
        self.report.store(CONTINUED, Ordering::SeqCst);
        let value = signal::SIGCONT.number().cast_signed();
        self.tell_parent(signal::code::CLD_CONTINUED, value, signal::SigFlags::NOCLDSTOP);
    }

    /// What the parent has not waited for yet: [`CONTINUED`], the wait status of a stop, or 0.
    pub fn report(&self) -> u32 {
        self.report.load(Ordering::SeqCst)
    }

    /// Takes back what was reported, for it is waited for or no longer so.
    pub fn take_report(&self) -> u32 {
        self.report.swap(0, Ordering::SeqCst)
    }

    /// Sends the parent a `SIGCHLD` about a stop or its end, unless it does not want such, and
    /// wakes it if it waits.
    fn tell_parent(&self, code: i32, value: i32, unless: signal::SigFlags) {
        let Some(parent) = self.parent() else { return };
        let action = parent.signals.action(SIGCHLD);
        if !action.is_ignored() && !action.flags().intersects(unless) {
            // A standard signal always finds room.
            let _sent = signal::send_to_process(&parent, self.child_info(SIGCHLD, code, value));
        }
        parent.child_events.wake_all(PollEvents::empty());
    }

    fn child_info(&self, signal: Signal, code: i32, value: i32) -> Info {
        let uid = self.find_thread(|thread| Some(thread.cred().uid));
        let uid = uid.unwrap_or_else(|| self.uid.load(Ordering::Relaxed));
        Info::child(signal, code, self.pid, uid, value).with_cpu_time(self.cpu_time())
    }

    /// What comes with the signal about its end.
    pub fn end_info(&self, signal: Signal) -> Info {
        let (code, value) = end_code(self.exit_status().unwrap_or(0));
        self.child_info(signal, code, value)
    }

    /// CPU time of all its threads, those that ended too, in nanoseconds.
    pub fn cpu_time(&self) -> u64 {
        let threads = self.threads.lock();
        let living: u64 = threads.iter().map(|thread| thread.cpu_time()).sum();
        living.saturating_add(self.ended_cpu_time.load(Ordering::Relaxed))
    }
}

/// `si_code` and `si_status` for the wait status of a process that has ended.
pub fn end_code(status: u32) -> (i32, i32) {
    const SIGNAL_MASK: u32 = 0x7f;
    const DUMPED: u32 = 0x80;
    let (code, value) = match status & SIGNAL_MASK {
        0 => (signal::code::CLD_EXITED, status >> 8 & 0xff),
        signal if status & DUMPED != 0 => (signal::code::CLD_DUMPED, signal),
        signal => (signal::code::CLD_KILLED, signal),
    };
    (code, value.cast_signed())
}

impl core::fmt::Debug for Process {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Process({})", self.pid)
    }
}
