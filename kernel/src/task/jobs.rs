//! Job control: sessions, the terminals that control them, and orphaned process groups
//! (`credentials(7)`, `tty_ioctl(2)`, `setpgid(2)`).
//!
//! A process refers to the terminal that controls it ([`Controlling`]), a terminal to the session
//! and to the process group in the foreground. Signals are sent with nothing locked.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use elfin_platform::sync::SpinLock;
use elfin_syscalls::Errno;

use super::ids::{self, find_process};
use super::process::{INIT, Process};
use super::signal::{self, Info, SIGCONT, SIGHUP, SIGTTIN, Signal, send_to_group, send_to_process};
use super::thread::current;
use crate::tty::{Job, Terminal};

/// The terminal that controls a process, and what else job control knows of it.
#[derive(Default)]
pub struct Controlling {
    terminal: SpinLock<Option<Arc<Terminal>>>,
    /// Its parent is not the one that made it: that has ended.
    adopted: AtomicBool,
    /// The group in the foreground of a terminal that was hung up, of a session's leader.
    lost_foreground: AtomicU32,
}

/// A process that was just made has its parent's terminal.
pub fn forked(parent: &Process, child: &Process) {
    set_terminal(child, terminal(parent));
}

/// The terminal that controls `process`.
pub fn terminal(process: &Process) -> Option<Arc<Terminal>> {
    process.controlling.terminal.lock().clone()
}

/// Whether `terminal` controls `process`.
pub fn controls(process: &Process, terminal: &Terminal) -> bool {
    let mine = process.controlling.terminal.lock();
    mine.as_ref().is_some_and(|mine| core::ptr::eq(&raw const **mine, terminal))
}

/// Sets or takes away the terminal of a process.
fn set_terminal(process: &Process, terminal: Option<Arc<Terminal>>) {
    let old = core::mem::replace(&mut *process.controlling.terminal.lock(), terminal);
    // The last reference to a terminal may be this one.
    drop(old);
}

/// The processes of a session.
fn members(session: u32) -> impl Iterator<Item = Arc<Process>> {
    ids::processes().filter(move |process| process.sid() == session)
}

/// Sends a signal to a group, which may be empty.
fn signal_group(group: u32, signal: Signal) {
    if group != 0 {
        let _sent = send_to_group(group, Info::kernel(signal));
    }
}

/// Has the running process wait until it is in the foreground of `terminal`, if that controls it:
/// sends its group `signal` otherwise (`SIGTTIN` for reading, `SIGTTOU` for the rest).
///
/// # Errors
/// `ERESTARTSYS` after the signal was sent: the call is made again when the process goes on.
/// `EIO` if nobody could let it go on, or if it reads and does not heed the signal.
pub fn check_background(terminal: &Terminal, signal: Signal) -> Result<(), Errno> {
    let me = current();
    let process = &me.process;
    if !controls(process, terminal) {
        return Ok(());
    }
    let (group, foreground) = (process.pgid(), terminal.job.lock().foreground);
    if foreground == 0 || group == foreground {
        return Ok(());
    }
    let action = process.signals.action(signal);
    if me.signals.blocked().has(signal) || action.ignores(signal) {
        return if signal == SIGTTIN { Err(Errno::EIO) } else { Ok(()) };
    }
    if is_orphaned(group, None) {
        return Err(Errno::EIO);
    }
    signal_group(group, signal);
    // Another thread may be the one that takes it: this one does not go on before that.
    me.with_arc(signal::rouse);
    Err(Errno::ERESTARTSYS)
}

/// The running process has opened `terminal` and may get it as its controlling terminal: as the
/// leader of a session without one, if no other session has it.
pub fn opened(process: &Process, terminal: &Arc<Terminal>) {
    let leads = process.sid() == process.pid;
    if leads && self::terminal(process).is_none() {
        give(process, terminal, false);
    }
}

/// `TIOCSCTTY`: makes `terminal` the one that controls the session of `process`.
///
/// # Errors
/// `EPERM` if it does not lead its session, has a terminal, or another session has this one and
/// `may_steal` is not set; or if it `may_read` nothing there.
pub fn ask_for(
    process: &Process,
    terminal: &Arc<Terminal>,
    may_read: bool,
    may_steal: bool,
) -> Result<(), Errno> {
    let leads = process.sid() == process.pid;
    let holder = terminal.job.lock().session;
    if leads && holder == process.sid() {
        terminal.job.lock().provisional = false;
        return Ok(());
    }
    if !leads || self::terminal(process).is_some() || !may_read {
        return Err(Errno::EPERM);
    }
    if give(process, terminal, may_steal) { Ok(()) } else { Err(Errno::EPERM) }
}

/// Gives a terminal that is free, or whose holder has not asked for it, to the session that
/// `process` leads; any with `may_steal`. Whether it could be.
fn give(process: &Process, terminal: &Arc<Terminal>, may_steal: bool) -> bool {
    let mut job = terminal.job.lock();
    let before = job.session;
    if before != 0 && !job.provisional && !may_steal {
        return false;
    }
    *job = Job { session: process.sid(), foreground: process.pgid(), provisional: false };
    drop(job);
    if before != 0 {
        take_from_session(before, terminal);
    }
    set_terminal(process, Some(terminal.clone()));
    true
}

/// Takes `terminal` away from all processes of a session.
fn take_from_session(session: u32, terminal: &Terminal) {
    for member in members(session) {
        if controls(&member, terminal) {
            set_terminal(&member, None);
        }
    }
}

/// Gives the machine's first process the console's terminal, until a session asks for it: a
/// program that was started on a terminal can use it.
pub fn give_to_first(process: &Process, terminal: &Arc<Terminal>) {
    give(process, terminal, true);
    terminal.job.lock().provisional = true;
}

/// `TIOCSPGRP`: puts a process group of the session of `process` in the foreground.
///
/// # Errors
/// `ESRCH` if there is no such group, `EPERM` if it is another session's.
pub fn set_foreground(terminal: &Terminal, process: &Process, group: u32) -> Result<(), Errno> {
    let mut member = ids::processes().find(|other| other.pgid() == group);
    if member.is_none() {
        member = find_process(group);
    }
    if member.ok_or(Errno::ESRCH)?.sid() != process.sid() {
        return Err(Errno::EPERM);
    }
    terminal.job.lock().foreground = group;
    Ok(())
}

/// `TIOCNOTTY`: the process does without its terminal; with the leader the whole session does,
/// and the foreground group is told.
pub fn let_go(process: &Process) {
    if process.sid() == process.pid
        && let Some(terminal) = terminal(process)
    {
        let foreground = terminal.job.lock().foreground;
        signal_group(foreground, SIGHUP);
        signal_group(foreground, SIGCONT);
        free(&terminal, process.sid());
    }
    set_terminal(process, None);
}

/// Makes a session's terminal nobody's.
fn free(terminal: &Terminal, session: u32) {
    let mut job = terminal.job.lock();
    if job.session == session {
        *job = Job::default();
    }
    drop(job);
    take_from_session(session, terminal);
}

/// Hangs a terminal up: its files are dead, its session has none any more, and the leader is
/// told.
pub fn hang_up(terminal: &Terminal) {
    terminal.hang_up_files();
    let job = core::mem::take(&mut *terminal.job.lock());
    if job.session == 0 {
        return;
    }
    for member in members(job.session) {
        if !controls(&member, terminal) {
            continue;
        }
        set_terminal(&member, None);
        if member.pid == job.session {
            member.controlling.lost_foreground.store(job.foreground, Ordering::Relaxed);
            for signal in [SIGHUP, SIGCONT] {
                // Standard signals always find room.
                let _sent = send_to_process(&member, Info::kernel(signal));
            }
        }
    }
}

/// The process starts a session of its own: without a terminal. The first process leaves that
/// which it was given to others.
pub fn session_started(process: &Process) {
    let terminal = terminal(process);
    set_terminal(process, None);
    if let Some(terminal) = terminal
        && process.pid == INIT
    {
        free(&terminal, INIT);
    }
}

/// The process has ended, with all its threads; it still is its parent's child. A session that
/// it led loses its terminal.
pub fn ended(process: &Process) {
    if process.sid() == process.pid {
        end_session(process);
    }
    set_terminal(process, None);
}

fn end_session(process: &Process) {
    let lost = process.controlling.lost_foreground.swap(0, Ordering::Relaxed);
    let Some(terminal) = terminal(process) else {
        signal_group(lost, SIGHUP);
        signal_group(lost, SIGCONT);
        return;
    };
    let foreground = terminal.job.lock().foreground;
    if !terminal.is_pty() {
        terminal.hang_up_files();
    }
    free(&terminal, process.sid());
    signal_group(foreground, SIGHUP);
}

/// Whether nobody outside of a group, but in its session, is the parent of one in it: nobody
/// would let it go on after a stop. `except` does not count, for it is ending.
pub fn is_orphaned(group: u32, except: Option<&Process>) -> bool {
    !ids::processes().any(|member| {
        let counts = !except.is_some_and(|except| core::ptr::eq(except, &raw const *member));
        member.pgid() == group && counts && is_held_by_parent(&member)
    })
}

fn is_held_by_parent(process: &Process) -> bool {
    let Some(parent) = process.parent() else { return false };
    // Nobody expects the first process to look after those that it was left with.
    let is_left = parent.pid == INIT && process.controlling.adopted.load(Ordering::Relaxed);
    !process.has_ended() && !is_left && connects(process, &parent)
}

/// Whether a parent is in another group of the session.
fn connects(process: &Process, parent: &Process) -> bool {
    parent.pgid() != process.pgid() && parent.sid() == process.sid()
}

/// `child`, whose parent was `before`, has another one now: its group may be an orphan.
pub fn reparented(child: &Process, before: &Process) {
    child.controlling.adopted.store(true, Ordering::Relaxed);
    if connects(child, before) {
        wake_orphans(child.pgid(), None);
    }
}

/// `process` is ending: its group may become an orphan.
pub fn leaves_group(process: &Process) {
    if process.parent().is_some_and(|parent| connects(process, &parent)) {
        wake_orphans(process.pgid(), Some(process));
    }
}

/// Tells an orphaned group in which somebody is stopped that it was left, and lets it go on.
fn wake_orphans(group: u32, except: Option<&Process>) {
    let is_stopped = |member: Arc<Process>| {
        member.pgid() == group && !member.has_ended() && member.signals.is_stopped()
    };
    if ids::processes().any(is_stopped) && is_orphaned(group, except) {
        signal_group(group, SIGHUP);
        signal_group(group, SIGCONT);
    }
}
