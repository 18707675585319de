//! Waiting for children (`wait(2)`): which of them, for what, and what became of them.
//!
//! Neighbours: [`super::tree`] has the children, `sys/wait.rs` the calls.

use alloc::sync::Arc;

use core::sync::atomic::Ordering;

use elfin_syscalls::Errno;
use elfin_syscalls::args::WaitOptions;

use super::process::{CONTINUED, Process, end_code};
use super::ptrace;
use super::signal::{SIGCHLD, code};
use super::thread::Thread;
use super::tree::{self, Tree};

/// Which children.
pub enum Which {
    /// All.
    Any,
    /// That of this id.
    Process(u32),
    /// Those of this process group.
    Group(u32),
    /// That of a descriptor.
    Pidfd(Arc<Process>),
}

/// What became of a child.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its id.
    pub pid: u32,
    /// Its real user id.
    pub uid: u32,
    /// The wait status, as `wait4` gives it.
    pub status: u32,
    /// `si_code`.
    pub code: i32,
    /// `si_status`: the exit code, or the signal.
    pub value: i32,
    /// The child itself, for its usage.
    pub child: Arc<Process>,
}

impl Which {
    fn includes(&self, child: &Arc<Process>) -> bool {
        match self {
            Self::Any => true,
            Self::Process(pid) => child.pid == *pid,
            Self::Group(pgid) => child.pgid() == *pgid,
            Self::Pidfd(process) => Arc::ptr_eq(child, process),
        }
    }
}

/// Waits until a child that `which` includes has changed as `options` ask for; `None` if none has
/// and waiting was not wanted.
///
/// # Errors
/// `ECHILD` if there is no such child, `ERESTARTSYS` for a signal.
pub fn wait(me: &Thread, which: &Which, options: WaitOptions) -> Result<Option<Change>, Errno> {
    let look = || look(me, which, options);
    if options.contains(WaitOptions::WNOHANG) {
        return match look() {
            Some(result) => result.map(Some),
            None => Ok(None),
        };
    }
    me.process.child_events.wait_until(None, look)?.map(Some)
}

/// A change, or that there is nothing to wait for; `None` for "not yet".
fn look(me: &Thread, which: &Which, options: WaitOptions) -> Option<Result<Change, Errno>> {
    let tree = tree::lock();
    let (mut any, report) = ptrace::look(&me.process, options, |tid, process| match which {
        Which::Process(pid) => tid == *pid,
        which => which.includes(process),
    });
    if let Some(report) = report {
        return Some(Ok(Change {
            pid: report.tid,
            uid: report.uid,
            status: report.status,
            code: report.code,
            value: report.value,
            child: report.process,
        }));
    }
    let is_own = |child: &Process| {
        !options.contains(WaitOptions::__WNOTHREAD)
            || child.parent_tid.load(Ordering::Relaxed) == me.tid
    };
    for child in tree.children(&me.process) {
        if !which.includes(&child) || !is_of_kind(&child, options) || !is_own(&child) {
            continue;
        }
        any = true;
        if let Some(change) = change(&tree, &me.process, &child, options) {
            return Some(Ok(change));
        }
    }
    if any { None } else { Some(Err(Errno::ECHILD)) }
}

/// Whether the options mean children that end like this one: "clone" children are those that do
/// not send `SIGCHLD` at their end.
fn is_of_kind(child: &Process, options: WaitOptions) -> bool {
    let is_clone = child.exit_signal.load(Ordering::Relaxed) != SIGCHLD.number();
    options.contains(WaitOptions::__WALL) || is_clone == options.contains(WaitOptions::__WCLONE)
}

fn change(tree: &Tree, me: &Process, child: &Arc<Process>, options: WaitOptions) -> Option<Change> {
    let keep = options.contains(WaitOptions::WNOWAIT);
    if child.has_ended() {
        if !options.contains(WaitOptions::WEXITED) {
            return None;
        }
        let status = child.exit_status().unwrap_or(0);
        let (code, value) = end_code(status);
        if !keep {
            me.add_child_usage(child);
            // The caller keeps a reference, so nothing is freed under the lock.
            let _reaped = tree.reap(child);
        }
        return Some(describe(child, status, code, value));
    }
    if child.is_traced_by(me) {
        // Its stops are told as a tracer's.
        return None;
    }
    let report = child.report();
    let (wanted, code, value) = match report {
        0 => return None,
        CONTINUED => {
            (WaitOptions::WCONTINUED, code::CLD_CONTINUED, super::signal::SIGCONT.number())
        }
        stopped => (WaitOptions::WSTOPPED, code::CLD_STOPPED, stopped >> 8),
    };
    if !options.contains(wanted) {
        return None;
    }
    if !keep {
        child.take_report();
    }
    Some(describe(child, report, code, value.cast_signed()))
}

fn describe(child: &Arc<Process>, status: u32, code: i32, value: i32) -> Change {
    let uid = child.find_thread(|thread| Some(thread.cred().uid));
    Change {
        pid: child.pid,
        uid: uid.unwrap_or_else(|| child.uid.load(Ordering::Relaxed)),
        status,
        code,
        value,
        child: child.clone(),
    }
}
