//! Beginning and ending a tracing.

use alloc::sync::{Arc, Weak};

use elfin_syscalls::Errno;

use super::access::{Access, may_access};
use super::state::{Ended, Event, Inner, Options, Resume};
use crate::sys::{trace_calls, untrace_calls};
use crate::task::poll::PollEvents;
use crate::task::process::{Process, end_code};
use crate::task::signal::{self, Info, SIGCHLD, SIGKILL, SIGSTOP, code};
use crate::task::thread::{Thread, ThreadRef, current};

/// Puts `thread` under `tracer`.
fn link(
    thread: &ThreadRef,
    tracer: &Arc<Process>,
    seized: bool,
    options: Options,
) -> Result<(), Errno> {
    let mut tracees = tracer.tracees.lock();
    let mut inner = thread.trace.lock();
    if thread.trace.is_on() {
        return Err(Errno::EPERM);
    }
    tracees.threads.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
    // Room for its end, so that this is never lost.
    let room = tracees.threads.len() + 1;
    tracees.ended.try_reserve(room).map_err(|_| Errno::ENOMEM)?;
    tracees.threads.push(thread.clone());
    *inner = Inner { tracer: Arc::downgrade(tracer), seized, options, ..Inner::default() };
    thread.trace.set_on(true);
    trace_calls(thread);
    Ok(())
}

/// `PTRACE_TRACEME`: the parent traces the running thread.
///
/// # Errors
/// `EPERM` if it is traced already, or there is no parent.
pub fn trace_me() -> Result<(), Errno> {
    let me = current();
    let parent = me.process.parent().ok_or(Errno::EPERM)?;
    me.with_arc(|me| link(me, &parent, false, Options::empty()))
}

fn check(me: &Thread, target: &Thread) -> Result<(), Errno> {
    let same = core::ptr::eq(&*me.process, &*target.process);
    if same || target.process.is_exiting() || !may_access(me, target, Access::Real) {
        return Err(Errno::EPERM);
    }
    Ok(())
}

/// `PTRACE_ATTACH`: traces `target`, which stops.
///
/// # Errors
/// `EPERM` if that must not be, or it is traced already.
pub fn attach(me: &Thread, target: &ThreadRef) -> Result<(), Errno> {
    check(me, target)?;
    link(target, &me.process, false, Options::empty())?;
    let info = Info::from_process(SIGSTOP, code::USER, 0, 0);
    signal::send_to_thread(target, info)?;
    // One that is stopped with its process stops anew for its tracer.
    signal::resume_to_exit(&target.process);
    Ok(())
}

/// `PTRACE_SEIZE`: traces `target`, which goes on.
///
/// # Errors
/// As [`attach`].
pub fn seize(me: &Thread, target: &ThreadRef, options: Options) -> Result<(), Errno> {
    check(me, target)?;
    link(target, &me.process, true, options)?;
    signal::rouse(target);
    signal::resume_to_exit(&target.process);
    Ok(())
}

/// `PTRACE_INTERRUPT`: has a seized thread stop.
///
/// # Errors
/// `EIO` if it was not seized.
pub fn interrupt(target: &ThreadRef) -> Result<(), Errno> {
    {
        let mut inner = target.trace.lock();
        if !inner.seized {
            return Err(Errno::EIO);
        }
        inner.interrupt = true;
    }
    signal::rouse(target);
    target.trace.resumed.wake_all(PollEvents::empty());
    Ok(())
}

/// Ends the tracing of `target`; it goes on with `signal` if it is stopped.
pub fn detach(target: &ThreadRef, signal: u32) {
    let tracer = target.trace.tracer();
    let dropped = tracer.and_then(|tracer| {
        let mut tracees = tracer.tracees.lock();
        let at = tracees.threads.iter().position(|thread| Arc::ptr_eq(thread, target))?;
        Some(tracees.threads.swap_remove(at))
    });
    drop(dropped);
    free(target, signal);
}

fn free(target: &ThreadRef, signal: u32) {
    {
        let mut inner = target.trace.lock();
        target.trace.set_on(false);
        inner.tracer = Weak::new();
        inner.resume = Resume::Continue;
        if let Some(stop) = &mut inner.stop {
            stop.resumed = Some(signal);
        }
    }
    untrace_calls(target);
    target.trace.resumed.wake_all(PollEvents::empty());
    signal::rouse(target);
}

/// The running process ends: what it traces goes on alone, or ends as well.
pub fn let_go_of_all(tracer: &Process) {
    loop {
        let next = tracer.tracees.lock().threads.pop();
        let Some(target) = next else { return };
        let kills = target.trace.lock().options.contains(Options::EXIT_KILL);
        if kills {
            // A standard signal always finds room.
            let _sent = signal::send_to_process(&target.process, Info::kernel(SIGKILL));
        }
        free(&target, 0);
    }
}

/// The traced thread `me` has ended: its tracer hears of it, unless that is its parent and will
/// wait for the whole process.
pub fn let_go_of_ended(me: &Thread, status: u32, is_last: bool) {
    let Some(tracer) = me.trace.tracer() else { return };
    let process = &me.process;
    let is_parent = process.parent().is_some_and(|parent| Arc::ptr_eq(&parent, &tracer));
    let (gone, told) = {
        let mut tracees = tracer.tracees.lock();
        let at = tracees.threads.iter().position(|thread| core::ptr::eq::<Thread>(&***thread, me));
        let gone = at.map(|at| tracees.threads.swap_remove(at));
        // The first thread of several that ends before them is told of with its process.
        let told = if is_last { !is_parent } else { !me.is_leader() };
        let told = told && gone.is_some();
        if told {
            let tid = if is_last { process.pid } else { me.tid };
            let uid = me.cred().uid;
            // There is room since it was attached.
            tracees.ended.push(Ended { tid, uid, status, process: process.clone() });
        }
        (gone, told)
    };
    me.trace.set_on(false);
    // The CPU keeps the running thread, so nothing is freed here.
    drop(gone);
    if told && !tracer.signals.action(SIGCHLD).is_ignored() {
        let (code, value) = end_code(status);
        let info = Info::child(SIGCHLD, code, me.tid, me.cred().uid, value);
        // A standard signal always finds room.
        let _sent = signal::send_to_process(&tracer, info);
    }
    tracer.child_events.wake_all(PollEvents::empty());
}

/// The event that making a thread or process with these traits is, if the tracer wants to know.
fn wanted(options: Options, is_vfork: bool, sends_child_signal: bool) -> Option<Event> {
    let (option, event) = match (is_vfork, sends_child_signal) {
        (true, _) => (Options::VFORK, Event::Vfork),
        (false, true) => (Options::FORK, Event::Fork),
        (false, false) => (Options::CLONE, Event::Clone),
    };
    options.contains(option).then_some(event)
}

/// Has the tracer of `parent` trace `child`, which has not run yet, if it wants to; the event that
/// `parent` is to report then.
pub fn on_clone(
    parent: &Thread,
    child: &ThreadRef,
    is_vfork: bool,
    sends_child_signal: bool,
) -> Option<Event> {
    let tracer = parent.trace.tracer()?;
    let (event, seized, options) = {
        let inner = parent.trace.lock();
        (wanted(inner.options, is_vfork, sends_child_signal)?, inner.seized, inner.options)
    };
    link(child, &tracer, seized, options).ok()?;
    if seized {
        child.trace.lock().interrupt = true;
        child.signals.set_wanted(true);
    } else {
        let info = Info::from_process(SIGSTOP, code::USER, 0, 0);
        // A standard signal always finds room.
        let _sent = signal::send_to_thread(child, info);
    }
    Some(event)
}

/// The thread `new` runs the program that `old` has started (`execve`): its tracing goes on.
pub fn on_exec(old: &ThreadRef, new: &ThreadRef) {
    let Some(tracer) = old.trace.tracer() else { return };
    let gone = {
        let mut tracees = tracer.tracees.lock();
        let mut from = old.trace.lock();
        let mut to = new.trace.lock();
        *to = Inner { execed: Some(old.tid), ..core::mem::take(&mut *from) };
        old.trace.set_on(false);
        new.trace.set_on(true);
        trace_calls(new);
        let slot = tracees.threads.iter_mut().find(|thread| Arc::ptr_eq(thread, old));
        slot.map(|slot| core::mem::replace(slot, new.clone()))
    };
    drop(gone);
    new.signals.set_wanted(true);
}

impl Process {
    /// Whether any of its threads is traced: then signals that it ignores are told of.
    pub fn is_traced(&self) -> bool {
        self.find_thread(|thread| thread.trace.is_on().then_some(())).is_some()
    }

    /// Whether `tracer` traces any of its threads.
    pub fn is_traced_by(&self, tracer: &Self) -> bool {
        self.find_thread(|thread| {
            let by = thread.trace.tracer()?;
            core::ptr::eq(&*by, tracer).then_some(())
        })
        .is_some()
    }
}
