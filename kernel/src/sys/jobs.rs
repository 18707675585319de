//! Handlers of job control: process groups and sessions (`credentials(7)`).

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use elfin_syscalls::args::Pid;
use elfin_syscalls::{Errno, SysResult};

use super::Cx;
use super::process::{number, process_by_id};
use crate::task::ids::processes;
use crate::task::{Capability, jobs};

/// `getpgid(2)`.
pub fn getpgid(cx: &mut Cx<'_>, pid: Pid) -> SysResult {
    number(process_by_id(cx, pid)?.pgid())
}

/// `getpgrp(2)`.
pub fn getpgrp(cx: &mut Cx<'_>) -> SysResult {
    number(cx.thread.process.pgid())
}

/// `getsid(2)`.
pub fn getsid(cx: &mut Cx<'_>, pid: Pid) -> SysResult {
    number(process_by_id(cx, pid)?.sid())
}

/// `setpgid(2)`.
pub fn setpgid(cx: &mut Cx<'_>, pid: Pid, pgid: Pid) -> SysResult {
    let asked = if pgid == 0 { pid } else { pgid };
    let pgid = u32::try_from(asked).map_err(|_| Errno::EINVAL)?;
    let me = &cx.thread.process;
    let target = process_by_id(cx, pid)?;
    let is_self = Arc::ptr_eq(&target, me);
    let is_child = target.parent().is_some_and(|parent| Arc::ptr_eq(&parent, me));
    if !is_self && !is_child {
        return Err(Errno::ESRCH);
    }
    if !is_self && target.sid() != me.sid() {
        return Err(Errno::EPERM);
    }
    if !is_self && target.has_execed.load(Ordering::Relaxed) {
        return Err(Errno::EACCES);
    }
    if target.sid() == target.pid {
        return Err(Errno::EPERM);
    }
    let pgid = if pgid == 0 { target.pid } else { pgid };
    let is_in_session = || processes().any(|other| other.pgid() == pgid && other.sid() == me.sid());
    if pgid != target.pid && !is_in_session() {
        return Err(Errno::EPERM);
    }
    if target.set_pgid(pgid) { Ok(0) } else { Err(Errno::EPERM) }
}

/// `setsid(2)`. The first process leads its session from the start, and may still become the
/// leader of a new one: once.
pub fn setsid(cx: &mut Cx<'_>) -> SysResult {
    let me = &cx.thread.process;
    let is_fresh = me.pid == crate::task::INIT && !me.placed.load(Ordering::Relaxed);
    if !is_fresh && processes().any(|other| other.pgid() == me.pid) {
        return Err(Errno::EPERM);
    }
    me.lead_session();
    jobs::session_started(me);
    number(me.pid)
}

/// `vhangup(2)`: hangs the caller's terminal up, if it has one.
pub fn vhangup(cx: &mut Cx<'_>) -> SysResult {
    if !cx.thread.cred().has(Capability::SYS_TTY_CONFIG) {
        return Err(Errno::EPERM);
    }
    if let Some(terminal) = jobs::terminal(&cx.thread.process) {
        jobs::hang_up(&terminal);
    }
    Ok(0)
}
