//! [`Trace`]: a thread's tracing, and [`Tracees`]: the threads that a process traces.

use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

use bitflags::bitflags;
use elfin_platform::sync::{SpinGuard, SpinLock};

use crate::task::poll::PollEvents;
use crate::task::process::Process;
use crate::task::registers::Registers;
use crate::task::signal::{Info, SigSet};
use crate::task::thread::ThreadRef;
use crate::task::wait::WaitQueue;

bitflags! {
    /// `PTRACE_SETOPTIONS`.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Options: u32 {
        /// Stops at system calls have bit 7 in their signal.
        const SYSGOOD = 1 << 0;
        /// Stop at `fork`, and trace the child.
        const FORK = 1 << 1;
        /// The same for `vfork`.
        const VFORK = 1 << 2;
        /// The same for `clone`.
        const CLONE = 1 << 3;
        /// Stop after `execve`.
        const EXEC = 1 << 4;
        /// Stop when a `vfork` is over.
        const VFORK_DONE = 1 << 5;
        /// Stop before the thread ends.
        const EXIT = 1 << 6;
        /// Stop at seccomp rules that say so: there are none.
        const SECCOMP = 1 << 7;
        /// End the thread with its tracer.
        const EXIT_KILL = 1 << 20;
        /// Suspend seccomp rules: there are none.
        const SUSPEND_SECCOMP = 1 << 21;
    }
}

/// What a stop is about, beside signals (`PTRACE_EVENT_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[allow(missing_docs, reason = "each is the event of this name")]
pub enum Event {
    Fork = 1,
    Vfork = 2,
    Clone = 3,
    Exec = 4,
    VforkDone = 5,
    Exit = 6,
    Stop = 128,
}

/// How a thread goes on after a stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resume {
    /// To the next signal or event.
    #[default]
    Continue,
    /// To the next beginning or end of a system call, too.
    Call,
    /// The same; system calls do nothing.
    Emulate,
    /// For one instruction.
    Step,
}

/// A stop of a thread.
pub struct Stop {
    /// The signal, and the event above it: what the wait status has in its upper bytes.
    pub code: u32,
    /// What `PTRACE_GETSIGINFO` gives; not for stops of the whole process.
    pub info: Option<Info>,
    /// `PTRACE_GETEVENTMSG`.
    pub message: u64,
    /// The thread's registers.
    pub registers: Registers,
    /// At a system call: its beginning (`true`) or end.
    pub call: Option<bool>,
    /// The mask that the thread is to have when it goes on.
    pub mask: Option<SigSet>,
    /// The tracer has waited for it.
    pub waited: bool,
    /// The tracer has let the thread go on, with this signal.
    pub resumed: Option<u32>,
}

/// What is known of a thread's tracing.
#[derive(Default)]
pub struct Inner {
    /// Who traces it.
    pub(super) tracer: Weak<Process>,
    /// It was attached by `PTRACE_SEIZE`.
    pub(super) seized: bool,
    /// `PTRACE_SETOPTIONS`.
    pub options: Options,
    /// The stop it is in.
    pub stop: Option<Stop>,
    /// How it went on after the last one.
    pub resume: Resume,
    /// Something is to be reported before it goes on in the program.
    pub(super) interrupt: bool,
    /// An `execve` has succeeded, by the thread of this id.
    pub(super) execed: Option<u32>,
    /// It goes on although its process is stopped.
    pub(super) passed_stop: bool,
    /// It waits for its process to go on (`PTRACE_LISTEN`).
    pub listens: bool,
}

/// A thread's tracing.
#[derive(Default)]
pub struct Trace {
    traced: AtomicBool,
    inner: SpinLock<Inner>,
    /// Woken when the thread may go on.
    pub(super) resumed: WaitQueue,
}

impl Trace {
    /// Whether the thread is traced.
    #[inline]
    pub fn is_on(&self) -> bool {
        self.traced.load(Ordering::Relaxed)
    }

    /// What is known; held for a short time.
    pub fn lock(&self) -> SpinGuard<'_, Inner> {
        self.inner.lock()
    }

    /// Who traces the thread.
    pub fn tracer(&self) -> Option<Arc<Process>> {
        if self.is_on() { self.lock().tracer.upgrade() } else { None }
    }

    /// Whether it is stopped for its tracer.
    pub fn is_stopped(&self) -> bool {
        self.is_on() && self.lock().stop.is_some()
    }

    /// Whether the thread has something to report on its way back to the program.
    pub fn wants_report(&self) -> bool {
        self.is_on() && {
            let inner = self.lock();
            inner.interrupt || inner.execed.is_some()
        }
    }

    /// Whether the thread goes on although its process is stopped.
    pub fn passes_stop(&self) -> bool {
        self.is_on() && self.lock().passed_stop
    }

    /// The process is stopped anew.
    pub fn begin_group_stop(&self) {
        if self.is_on() {
            self.lock().passed_stop = false;
        }
    }

    /// The process goes on: a thread that listens for that is to report it.
    pub fn end_group_stop(&self) {
        if self.is_on() {
            self.resumed.wake_all(PollEvents::empty());
        }
    }

    pub(super) fn set_on(&self, on: bool) {
        self.traced.store(on, Ordering::SeqCst);
    }
}

/// A traced thread that has ended.
#[derive(Clone)]
pub(super) struct Ended {
    pub(super) tid: u32,
    pub(super) uid: u32,
    pub(super) status: u32,
    pub(super) process: Arc<Process>,
}

/// The threads that a process traces.
#[derive(Default)]
pub struct Tracees(SpinLock<TraceesInner>);

#[derive(Default)]
pub(super) struct TraceesInner {
    pub(super) threads: Vec<ThreadRef>,
    /// Those that ended, until somebody waits.
    pub(super) ended: Vec<Ended>,
}

impl Tracees {
    pub(super) fn lock(&self) -> SpinGuard<'_, TraceesInner> {
        self.0.lock()
    }
}
