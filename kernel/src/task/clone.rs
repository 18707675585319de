//! New threads and processes (`clone(2)`, `clone3(2)`, `fork(2)`, `vfork(2)`), and the first one.
//!
//! A thread or process is made whole before anybody can find it; then it is published, and last
//! it runs. Neighbours: [`super::tree`] has the processes, [`super::exec`] puts another program
//! into one, [`super::exit`] ends it.

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use elfin_platform::arch::UserFrame;
use elfin_platform::sync::SpinLock;
use elfin_platform::task::Task;
use elfin_platform::user;
use elfin_syscalls::Errno;
use elfin_syscalls::abi::RLIM_INFINITY;
use elfin_syscalls::args::{CloneFlags, Resource};

use super::cred::{Capability, Cred};
use super::ids::{self, Tid};
use super::priority::Policy;
use super::process::{Origin, Process};
use super::rlimit::Rlimits;
use super::signal::{Actions, ProcessSignals, SIGCHLD, SigSet};
use super::thread::{Parts, Thread, ThreadRef, VforkDone, padded_name};
use super::{itimer, jobs, pidfd, ptrace, sched, tree};
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
    /// Where to store the descriptor in the parent's memory, with `PIDFD`.
    pub pidfd: usize,
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

/// Makes a thread or a process that goes on where the running thread's system call returns; its
/// id.
///
/// # Errors
/// `EINVAL` for flags that contradict each other, `EAGAIN` at the limit of processes, `ENOMEM`,
/// `EMFILE`, `ERESTARTNOINTR` when a signal is to be handled first.
pub fn clone(parent: &ThreadRef, frame: &mut UserFrame, request: &Request) -> Result<u32, Errno> {
    check(request.flags)?;
    if parent.interrupted() {
        // A signal to the whole group reaches the child, or the parent before there is one.
        return Err(Errno::ERESTARTNOINTR);
    }
    check_process_limit(parent)?;
    sched::reserve_thread()?;
    let made = make(parent, frame, request);
    if made.is_err() {
        sched::forget_thread();
    }
    let (thread, vfork) = made?;
    let tid = thread.tid;
    let event = if request.flags.contains(CloneFlags::UNTRACED) {
        None
    } else {
        let sends_child_signal = request.exit_signal == SIGCHLD.number();
        ptrace::on_clone(parent, &thread, vfork.is_some(), sends_child_signal)
    };
    sched::spawn(thread);
    if let Some(event) = event {
        ptrace::clone_event(parent, frame, event, tid);
    }
    if let Some(vfork) = vfork {
        // The end of the process ends the wait, too; the child goes on by itself then.
        let is_done = || vfork.done.load(Ordering::SeqCst).then_some(());
        let _ = vfork.queue.wait_killable(is_done);
        ptrace::vfork_done_event(parent, frame, tid);
    }
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

/// `RLIMIT_NPROC`: the threads of the same real user.
fn check_process_limit(me: &Thread) -> Result<(), Errno> {
    let cred = me.cred();
    let limit = me.process.rlimits.soft(Resource::NPROC);
    let is_free = cred.uid == 0
        || cred.has(Capability::SYS_RESOURCE)
        || cred.has(Capability::SYS_ADMIN)
        || limit == RLIM_INFINITY;
    if is_free {
        return Ok(());
    }
    let mut count = 0_u64;
    for process in ids::processes() {
        process.for_each_thread(|thread| count += u64::from(thread.cred().uid == cred.uid));
    }
    if count < limit { Ok(()) } else { Err(Errno::EAGAIN) }
}

type Made = (ThreadRef, Option<Arc<VforkDone>>);

fn make(parent: &ThreadRef, frame: &UserFrame, request: &Request) -> Result<Made, Errno> {
    let flags = request.flags;
    let id = Tid::allocate()?;
    let process = if flags.contains(CloneFlags::THREAD) {
        parent.process.clone()
    } else {
        new_process(parent, &id, request)?
    };
    let files = if flags.contains(CloneFlags::FILES) {
        parent.files().clone()
    } else {
        Arc::new(parent.files().duplicate()?)
    };
    let fs = if flags.contains(CloneFlags::FS) {
        parent.fs().clone()
    } else {
        Arc::new(FsContext::clone(parent.fs()))
    };
    let mm =
        if flags.contains(CloneFlags::VM) { parent.mm().clone() } else { parent.mm().fork()? };
    let parts = Parts {
        process: process.clone(),
        files,
        fs,
        mm,
        cred: parent.cred(),
        name: parent.name(),
        blocked: parent.signals.blocked(),
        affinity: parent.sched.affinity(),
        policy: parent.policy.lock().inherited(),
    };
    let thread = Thread::new(id, parts);
    inherit(&thread, parent, flags);
    if flags.contains(CloneFlags::CHILD_CLEARTID) {
        thread.clear_tid.store(request.child_tid, Ordering::Relaxed);
    }
    let vfork = flags.contains(CloneFlags::VFORK).then(|| Arc::new(VforkDone::default()));
    thread.vfork.lock().clone_from(&vfork);
    let mut child_frame = *frame;
    child_frame.set_clone_child(request.stack);
    let tls =
        if flags.contains(CloneFlags::SETTLS) { request.tls } else { elfin_platform::task::tls() };
    let table = thread.mm().page_table().clone();
    let task = Task::new_user(thread, &child_frame, tls, table).ok_or(Errno::EAGAIN)?;
    publish(parent, &process, &task, request)?;
    Ok((task, vfork))
}

/// A process without threads, as a child of the running one's process will be.
fn new_process(
    parent: &ThreadRef,
    id: &Arc<Tid>,
    request: &Request,
) -> Result<Arc<Process>, Errno> {
    let flags = request.flags;
    let maker = &parent.process;
    let actions = if flags.contains(CloneFlags::SIGHAND) {
        maker.signals.shared_actions()
    } else {
        let mut copy = maker.signals.with_actions(|actions| actions.clone());
        if flags.contains(CloneFlags::CLEAR_SIGHAND) {
            copy.reset_handlers();
        }
        Arc::new(SpinLock::new(copy))
    };
    let exit_signal = if flags.contains(CloneFlags::PARENT) {
        maker.exit_signal.load(Ordering::Relaxed)
    } else {
        request.exit_signal
    };
    let process = Process::new(
        id.clone(),
        Origin {
            rlimits: maker.rlimits.clone(),
            signals: ProcessSignals::new(actions),
            exit_signal,
            job: Some(maker.job()),
        },
    );
    jobs::forked(maker, &process);
    process.parent_tid.store(parent.tid, Ordering::Relaxed);
    let dumpable = maker.dumpable.load(Ordering::Relaxed);
    process.dumpable.store(dumpable, Ordering::Relaxed);
    let personality = maker.personality.load(Ordering::Relaxed);
    process.personality.store(personality, Ordering::Relaxed);
    process.oom.inherit(&maker.oom);
    let filter = maker.core.filter.load(Ordering::Relaxed);
    process.core.filter.store(filter, Ordering::Relaxed);
    itimer::watch_cpu_limit(&process);
    crate::ipc::on_fork(maker, &process, flags);
    Ok(process)
}

/// What a thread has from its maker beside what [`Parts`] says.
fn inherit(thread: &Thread, parent: &Thread, flags: CloneFlags) {
    let no_new_privs = parent.no_new_privs.load(Ordering::Relaxed);
    thread.no_new_privs.store(no_new_privs, Ordering::Relaxed);
    let slack = parent.timer_slack.load(Ordering::Relaxed);
    thread.timer_slack.store(slack, Ordering::Relaxed);
    if !flags.contains(CloneFlags::VM) || flags.contains(CloneFlags::VFORK) {
        *thread.signals.stack.lock() = *parent.signals.stack.lock();
    }
    if !flags.contains(CloneFlags::VM) {
        *thread.rseq.lock() = *parent.rseq.lock();
    }
}

/// Puts a finished thread where others find it, and its id where the program wants it.
fn publish(
    parent: &ThreadRef,
    process: &Arc<Process>,
    task: &ThreadRef,
    request: &Request,
) -> Result<(), Errno> {
    let flags = request.flags;
    let is_thread = flags.contains(CloneFlags::THREAD);
    if flags.contains(CloneFlags::CHILD_SETTID) {
        // Linux does not mind either if that cannot be written.
        let _stored = if flags.contains(CloneFlags::VM) {
            user::store_u32(request.child_tid, task.tid).map_err(|_| Errno::EFAULT)
        } else {
            task.mm().write_as_program(request.child_tid, &task.tid.to_ne_bytes())
        };
    }
    let pidfd = if flags.contains(CloneFlags::PIDFD) {
        let fd = pidfd::install(parent, process, false)?;
        if user::store_u32(request.pidfd, fd.0.cast_unsigned()).is_err() {
            let _closed = parent.files().close(fd);
            return Err(Errno::EFAULT);
        }
        Some(fd)
    } else {
        None
    };
    let take_back = |errno| {
        if let Some(fd) = pidfd {
            let _closed = parent.files().close(fd);
        }
        errno
    };
    process.add_thread(task.clone()).map_err(take_back)?;
    task.files().join();
    task.mm().join();
    ids::register_thread(task);
    if !is_thread {
        let made = register_process(parent, process, flags);
        if made.is_err() {
            process.remove_thread(task);
            task.files().leave();
            task.mm().leave();
        }
        made.map_err(take_back)?;
    }
    if flags.contains(CloneFlags::PARENT_SETTID) {
        let _stored = user::store_u32(request.parent_tid, task.tid);
    }
    Ok(())
}

/// Makes `process` a child of the running process, or of its parent.
fn register_process(
    parent: &ThreadRef,
    process: &Arc<Process>,
    flags: CloneFlags,
) -> Result<(), Errno> {
    let tree = tree::lock();
    ids::register_process(process);
    // From here on a signal to the group finds the child.
    if parent.interrupted() {
        ids::unregister_process(process);
        return Err(Errno::ERESTARTNOINTR);
    }
    let above = if flags.contains(CloneFlags::PARENT) { parent.process.parent() } else { None };
    let above = above.unwrap_or_else(|| parent.process.clone());
    tree.adopt(&above, process.clone());
    drop(tree);
    drop(above);
    Ok(())
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
    let origin = Origin {
        rlimits: first.rlimits,
        signals: ProcessSignals::new(actions),
        exit_signal: SIGCHLD.number(),
        job: None,
    };
    let process = Process::new(id.clone(), origin);
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
    task.files().join();
    task.mm().join();
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
