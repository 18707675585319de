//! Another program in a process (`execve(2)`).
//!
//! A thread refers to its memory and descriptors for its whole life, so the program gets a new
//! [`Thread`], which has the process's id whoever called; all old threads end. Up to the point
//! where the others have ended nothing has changed, and the caller can be told of a failure.
//!
//! Neighbours: [`crate::exec`] loads the file, `sys/exec.rs` reads the call's arguments.

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use elfin_platform::sync::SpinLock;
use elfin_platform::task::Task;
use elfin_syscalls::Errno;

use super::cred::ExecCred;
use super::process::Process;
use super::signal::{self, SIGCHLD};
use super::thread::{Parts, Thread, ThreadRef, padded_name};
use super::{exit, ids, ptrace, sched};
use crate::exec::Image;
use crate::fs::FdTable;

/// Makes the thread that runs `image` as the running thread's process, which is the only one
/// left of it. Then [`go`] is all that is to be done.
///
/// # Errors
/// `ENOMEM`, `EAGAIN` if another thread calls `execve` or the process ends.
pub fn replace(me: &ThreadRef, image: Image, name: &[u8]) -> Result<ThreadRef, Errno> {
    let ExecCred { secure, dumpable, .. } = image.cred;
    sched::reserve_thread()?;
    let replaced = prepare(me, image, name).and_then(|new| {
        end_others(me)?;
        Ok(new)
    });
    match replaced {
        Ok(new) => {
            commit(me, &new);
            if secure {
                new.death_signal.store(0, Ordering::Relaxed);
            }
            me.process.dumpable.store(u32::from(dumpable), Ordering::Relaxed);
            Ok(new)
        }
        Err(errno) => {
            sched::forget_thread();
            Err(errno)
        }
    }
}

/// Leaves the running thread for `new`, which [`replace`] made. Nothing may be left on the stack
/// that is to be dropped.
pub fn go(new: ThreadRef) -> ! {
    sched::spawn(new);
    exit::exit_replaced()
}

fn prepare(me: &ThreadRef, image: Image, name: &[u8]) -> Result<ThreadRef, Errno> {
    let process = &me.process;
    // Descriptors that another process shares stay its own.
    let files: Arc<FdTable> = if me.files().users() > process.thread_count() {
        Arc::new(me.files().duplicate()?)
    } else {
        me.files().clone()
    };
    let table = image.mm.page_table().clone();
    let thread = Thread::new(
        process.id().clone(),
        Parts {
            process: process.clone(),
            files,
            fs: me.fs().clone(),
            mm: image.mm,
            cred: Arc::new(image.cred.cred),
            name: padded_name(name),
            blocked: me.signals.blocked(),
            affinity: me.sched.affinity(),
            policy: *me.policy.lock(),
        },
    );
    thread.no_new_privs.store(me.no_new_privs.load(Ordering::Relaxed), Ordering::Relaxed);
    thread.timer_slack.store(me.timer_slack.load(Ordering::Relaxed), Ordering::Relaxed);
    thread.death_signal.store(me.death_signal.load(Ordering::Relaxed), Ordering::Relaxed);
    Task::new_program(thread, &image.frame, table).ok_or(Errno::ENOMEM)
}

/// Ends all threads of the process but `me`, and waits until they are gone.
fn end_others(me: &ThreadRef) -> Result<(), Errno> {
    let process = &me.process;
    if !process.begin_exec(me.tid) {
        return Err(Errno::EAGAIN);
    }
    process.for_each_thread(|thread| {
        if thread.tid != me.tid {
            signal::rouse(thread);
        }
    });
    signal::resume_to_exit(process);
    let is_alone = || (process.thread_count() == 1).then_some(());
    process.thread_events.wait_killable(is_alone).map_err(|_| {
        process.abandon_exec();
        Errno::EAGAIN
    })
}

/// Gives the process over to `new`: from here on there is no way back.
fn commit(me: &ThreadRef, new: &ThreadRef) {
    let process = &me.process;
    while let Some(file) = new.files().take_cloexec() {
        crate::fs::locks::closed_by(&file, process.pid);
        drop(file);
    }
    reset_actions(process);
    process.timers.clear();
    new.signals.inherit_queue(&me.signals, &process.signals);
    process.exit_signal.store(SIGCHLD.number(), Ordering::Relaxed);
    process.has_execed.store(true, Ordering::Relaxed);
    new.files().join();
    new.mm().join();
    ptrace::on_exec(me, new);
    process.finish_exec(new.clone());
    ids::register_thread(new);
}

/// Handlers are gone with the program; actions that another process shares stay its own.
fn reset_actions(process: &Process) {
    let shared = process.signals.shared_actions();
    let mut actions = shared.lock().clone();
    actions.reset_handlers();
    process.signals.replace_actions(Arc::new(SpinLock::new(actions)));
}
