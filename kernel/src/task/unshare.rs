//! Descriptors and directories of a thread's own (`unshare(2)`).
//!
//! A thread refers to both for its whole life, so it goes on as a new [`Thread`] with the same id
//! and all else that the old one had. Neighbour: [`super::exec`] does the same with another
//! program.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};

use elfin_platform::arch::UserFrame;
use elfin_platform::task::{self, Task};
use elfin_syscalls::Errno;

use super::thread::{Parts, Thread, ThreadRef};
use super::{ids, sched};
use crate::fs::{FdTable, FsContext};

/// Makes the thread that goes on in place of the running one, `me`, at `frame`, with these
/// descriptors and directories. Then [`super::exec::go`] is all that is to be done.
///
/// # Errors
/// `ENOMEM`, `EAGAIN`: nothing has changed.
pub fn replace(
    me: &ThreadRef,
    frame: &UserFrame,
    files: Arc<FdTable>,
    fs: Arc<FsContext>,
) -> Result<ThreadRef, Errno> {
    sched::reserve_thread()?;
    let made = make(me, frame, files, fs);
    match &made {
        Ok(new) => hand_over(me, new),
        Err(_) => sched::forget_thread(),
    }
    made
}

fn make(
    me: &ThreadRef,
    frame: &UserFrame,
    files: Arc<FdTable>,
    fs: Arc<FsContext>,
) -> Result<ThreadRef, Errno> {
    let thread = Thread::new(
        me.id().clone(),
        Parts {
            process: me.process.clone(),
            files,
            fs,
            mm: me.mm().clone(),
            cred: me.cred(),
            name: me.name(),
            blocked: me.signals.blocked(),
            affinity: me.sched.affinity(),
            policy: *me.policy.lock(),
        },
    );
    thread.no_new_privs.store(me.no_new_privs.load(Ordering::Relaxed), Ordering::Relaxed);
    thread.timer_slack.store(me.timer_slack.load(Ordering::Relaxed), Ordering::Relaxed);
    thread.death_signal.store(me.death_signal.load(Ordering::Relaxed), Ordering::Relaxed);
    *thread.signals.stack.lock() = *me.signals.stack.lock();
    let mut frame = *frame;
    frame.set_clone_child(None);
    let table = me.mm().page_table().clone();
    Task::new_user(thread, &frame, task::tls(), table).ok_or(Errno::ENOMEM)
}

/// What the old thread would do at its end is the new one's to do.
fn hand_over(me: &ThreadRef, new: &ThreadRef) {
    let pass = |from: &AtomicUsize, to: &AtomicUsize| {
        to.store(from.swap(0, Ordering::Relaxed), Ordering::Relaxed);
    };
    pass(&me.clear_tid, &new.clear_tid);
    pass(&me.robust_list, &new.robust_list);
    let rseq = me.rseq.lock().take();
    *new.rseq.lock() = rseq;
    let vfork = me.vfork.lock().take();
    *new.vfork.lock() = vfork;
    new.files().join();
    new.mm().join();
    new.signals.inherit_queue(&me.signals, &me.process.signals);
    me.process.replace_thread(me, new.clone());
    ids::register_thread(new);
}
