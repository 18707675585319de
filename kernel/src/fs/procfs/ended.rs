//! `/proc/<pid>/{stat,status}` of a process that has ended and waits for its parent.

use core::fmt::Write;
use core::sync::atomic::Ordering;

use elfin_syscalls::args::Resource;

use super::super::pseudo::{Shown, Text};
use super::contents::trimmed;
use super::status::{self, NSEC_PER_TICK};
use crate::task::Process;

/// `stat`.
pub(super) fn stat(process: &Process, out: &mut Text) -> Shown {
    let ticks = process.cpu_time() / NSEC_PER_TICK;
    let children = process.children_cpu_time.load(Ordering::Relaxed) / NSEC_PER_TICK;
    let start = process.started / NSEC_PER_TICK;
    write!(out, "{} (", process.pid)?;
    out.bytes(&trimmed(&process.remains().name))?;
    let (pgid, sid) = (process.pgid(), process.sid());
    write!(out, ") Z {} {pgid} {sid} 0 -1 4194316 0 0 0 0 ", process.ppid())?;
    write!(out, "{ticks} 0 {children} 0 20 0 1 0 {start} 0 0 ")?;
    write!(out, "{} 0 0 0 0 0 0 0 0 0 0 0 0 ", process.rlimits.soft(Resource::RSS))?;
    let signal = process.exit_signal.load(Ordering::Relaxed);
    let status = process.exit_status().unwrap_or(0);
    writeln!(out, "{signal} 0 0 0 0 0 0 0 0 0 0 0 0 0 {status}")?;
    Ok(())
}

/// `status`.
pub(super) fn status(process: &Process, out: &mut Text) -> Shown {
    let remains = process.remains();
    let pid = process.pid;
    out.bytes(b"Name:\t")?;
    out.bytes(&trimmed(&remains.name))?;
    writeln!(out, "\nState:\tZ (zombie)\nTgid:\t{pid}\nNgid:\t0\nPid:\t{pid}")?;
    writeln!(out, "PPid:\t{}\nTracerPid:\t0", process.ppid())?;
    status::ids(&remains.cred, out)?;
    writeln!(out, "FDSize:\t0")?;
    status::groups(&remains.cred, out)?;
    writeln!(out, "NStgid:\t{pid}\nNSpid:\t{pid}")?;
    writeln!(out, "NSpgid:\t{}\nNSsid:\t{}\nThreads:\t1", process.pgid(), process.sid())?;
    status::capabilities(&remains.cred, out)
}
