//! New threads (`clone(2)`, `clone3(2)`), and the first one.

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use elfin_platform::arch::UserFrame;
use elfin_platform::sync::SpinLock;
use elfin_platform::task::Task;
use elfin_platform::user;
use elfin_syscalls::Errno;
use elfin_syscalls::args::CloneFlags;

use super::cred::Cred;
use super::ids::{self, Tid};
use super::priority::Policy;
use super::process::Process;
use super::rlimit::Rlimits;
use super::sched;
use super::signal::{Actions, ProcessSignals, SigSet};
use super::thread::{Parts, Thread, ThreadRef, padded_name};
use crate::fs::{FdTable, FsContext};
use crate::mm::AddressSpace;

/// What `clone` and `clone3` ask for.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// What is shared, and what else to do.
    pub flags: CloneFlags,
    /// The signal for the parent at the end; 0 for none.
    pub exit_signal: u32,
    /// The child's stack pointer, if it is not the parent's.
    pub stack: Option<usize>,
    /// The child's thread pointer, with `SETTLS`.
    pub tls: usize,
    /// Where to store the id in the parent's memory, with `PARENT_SETTID`.
    pub parent_tid: usize,
    /// Where to store or clear the id in the child's memory.
    pub child_tid: usize,
}

/// What a thread of the same process shares with its creator.
const THREAD_SHARES: CloneFlags = CloneFlags::VM.union(CloneFlags::SIGHAND);
/// New namespaces: the machine is the only one.
const NAMESPACES: CloneFlags = CloneFlags::NEWNS
    .union(CloneFlags::NEWCGROUP)
    .union(CloneFlags::NEWUTS)
    .union(CloneFlags::NEWIPC)
    .union(CloneFlags::NEWUSER)
    .union(CloneFlags::NEWPID)
    .union(CloneFlags::NEWNET);

/// Makes a thread that goes on where the running one's system call returns; its id.
///
/// # Errors
/// `EINVAL` for flags that contradict each other, `ENOSYS` for a new process, `EAGAIN` and
/// `ENOMEM`.
pub fn clone(parent: &ThreadRef, frame: &UserFrame, request: &Request) -> Result<u32, Errno> {
    check(request.flags)?;
    if !request.flags.contains(CloneFlags::THREAD) {
        return Err(Errno::ENOSYS);
    }
    let flags = request.flags;
    if !flags.contains(CloneFlags::FS | CloneFlags::FILES) {
        // Threads that share memory but not descriptors: nobody makes them.
        return Err(Errno::EINVAL);
    }
    sched::reserve_thread()?;
    let made = make_thread(parent, frame, request);
    if made.is_err() {
        sched::forget_thread();
    }
    let thread = made?;
    let tid = thread.tid;
    if flags.contains(CloneFlags::PARENT_SETTID) {
        // Linux does not mind either if that cannot be written.
        let _stored = user::store_u32(request.parent_tid, tid);
    }
    if flags.contains(CloneFlags::CHILD_SETTID) {
        let _stored = user::store_u32(request.child_tid, tid);
    }
    sched::spawn(thread);
    Ok(tid)
}

/// Flags that contradict each other (`clone(2)`, ERRORS).
fn check(flags: CloneFlags) -> Result<(), Errno> {
    let has = |flag| flags.contains(flag);
    let wrong = (has(CloneFlags::SIGHAND) && !has(CloneFlags::VM))
        || (has(CloneFlags::THREAD) && !has(THREAD_SHARES))
        || (has(CloneFlags::NEWNS) && has(CloneFlags::FS))
        || (has(CloneFlags::CLEAR_SIGHAND) && has(CloneFlags::SIGHAND))
        || (has(CloneFlags::PIDFD) && has(CloneFlags::THREAD))
        || flags.intersects(NAMESPACES);
    if wrong { Err(Errno::EINVAL) } else { Ok(()) }
}

fn make_thread(
    parent: &ThreadRef,
    frame: &UserFrame,
    request: &Request,
) -> Result<ThreadRef, Errno> {
    let id = Tid::allocate()?;
    let parts = Parts {
        process: parent.process.clone(),
        files: parent.files().clone(),
        fs: parent.fs().clone(),
        mm: parent.mm().clone(),
        cred: parent.cred(),
        name: parent.name(),
        blocked: parent.signals.blocked(),
        affinity: parent.sched.affinity(),
        policy: parent.policy.lock().inherited(),
    };
    let thread = Thread::new(id, parts);
    thread.no_new_privs.store(parent.no_new_privs.load(Ordering::Relaxed), Ordering::Relaxed);
    if request.flags.contains(CloneFlags::CHILD_CLEARTID) {
        thread.clear_tid.store(request.child_tid, Ordering::Relaxed);
    }
    let mut child_frame = *frame;
    child_frame.set_clone_child(request.stack);
    let tls = if request.flags.contains(CloneFlags::SETTLS) {
        request.tls
    } else {
        elfin_platform::task::tls()
    };
    let table = parent.mm().page_table().clone();
    let task = Task::new_user(thread, &child_frame, tls, table).ok_or(Errno::EAGAIN)?;
    parent.process.add_thread(task.clone())?;
    ids::register_thread(&task);
    Ok(task)
}

/// What the first process starts with.
pub struct First {
    /// Its descriptors.
    pub files: Arc<FdTable>,
    /// Its root and current directory.
    pub fs: Arc<FsContext>,
    /// Its memory, with the program in it.
    pub mm: Arc<AddressSpace>,
    /// The program's name.
    pub name: alloc::vec::Vec<u8>,
    /// Its limits.
    pub rlimits: Rlimits,
}

/// Makes the first process, whose one thread starts in the program at `frame`. It runs once
/// [`sched::spawn`] was called with it and [`sched::start`] was reached.
///
/// # Errors
/// `EAGAIN` and `ENOMEM`: the machine is too small.
pub fn first_thread(first: First, frame: &UserFrame) -> Result<ThreadRef, Errno> {
    sched::reserve_thread()?;
    let id = Tid::allocate()?;
    let actions = Arc::new(SpinLock::new(Actions::new()));
    let process = Process::new(id.clone(), first.rlimits, ProcessSignals::new(actions));
    let table = first.mm.page_table().clone();
    let thread = Thread::new(
        id,
        Parts {
            process: process.clone(),
            files: first.files,
            fs: first.fs,
            mm: first.mm,
            cred: Arc::new(Cred::root()),
            name: padded_name(&first.name),
            blocked: SigSet::EMPTY,
            affinity: u64::MAX,
            policy: Policy::DEFAULT,
        },
    );
    let task = Task::new_user(thread, frame, 0, table).ok_or(Errno::ENOMEM)?;
    process.add_thread(task.clone())?;
    ids::register_process(&process);
    ids::register_thread(&task);
    Ok(task)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_checked_as_linux_does() {
        let thread = CloneFlags::THREAD | THREAD_SHARES;
        assert_eq!(check(thread | CloneFlags::FS | CloneFlags::FILES), Ok(()));
        assert_eq!(check(CloneFlags::THREAD), Err(Errno::EINVAL));
        assert_eq!(check(CloneFlags::SIGHAND), Err(Errno::EINVAL));
        assert_eq!(check(thread | CloneFlags::CLEAR_SIGHAND), Err(Errno::EINVAL));
        assert_eq!(check(CloneFlags::NEWUSER), Err(Errno::EINVAL));
        assert_eq!(check(CloneFlags::empty()), Ok(()));
    }
}
