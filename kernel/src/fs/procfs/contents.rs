//! What the files of a process tell, where it is short.

use alloc::vec::Vec;
use core::fmt::Write;
use core::sync::atomic::Ordering;

use super::super::pseudo::{Shown, Text};
use crate::task::{Process, ThreadRef, tree};

pub(super) fn auxv(thread: &ThreadRef, out: &mut Text) -> Shown {
    match thread.mm().program() {
        Some(program) => out.bytes(&program.auxv),
        None => Ok(()),
    }
}

/// Copies `from..to` of the program's memory, as far as it is there.
fn memory(thread: &ThreadRef, from: usize, to: usize, out: &mut Text) -> Shown {
    const CHUNK: usize = 256;
    let mut chunk = [0; CHUNK];
    let mut at = from;
    while at < to {
        let bytes = chunk.get_mut(..CHUNK.min(to - at)).unwrap_or_default();
        let n = thread.mm().read(at, bytes);
        out.bytes(bytes.get(..n).unwrap_or_default())?;
        if n < bytes.len() {
            break;
        }
        at += n;
    }
    Ok(())
}

pub(super) fn cmdline(thread: &ThreadRef, out: &mut Text) -> Shown {
    let [from, to, _, env_to] = thread.mm().args();
    memory(thread, from, to, out)?;
    // A program that wrote a title over its arguments (setproctitle) may have gone on into the
    // environment.
    if out.as_bytes().last().is_some_and(|&byte| byte != 0) {
        let mut rest = Text::default();
        memory(thread, to, env_to, &mut rest)?;
        let title = rest.as_bytes().split(|&byte| byte == 0).next().unwrap_or_default();
        out.bytes(title)?;
    }
    Ok(())
}

pub(super) fn environ(thread: &ThreadRef, out: &mut Text) -> Shown {
    let [_, _, from, to] = thread.mm().args();
    memory(thread, from, to, out)
}

/// A thread's name without its padding.
pub(super) fn name(thread: &ThreadRef) -> Vec<u8> {
    trimmed(&thread.name())
}

/// A name without its padding.
pub(super) fn trimmed(name: &[u8]) -> Vec<u8> {
    name.iter().copied().take_while(|&byte| byte != 0).collect()
}

pub(super) fn comm(thread: &ThreadRef, out: &mut Text) -> Shown {
    out.bytes(&name(thread))?;
    out.bytes(b"\n")
}

/// What is counted of a process's input and output: nothing yet.
pub(super) fn io(_thread: &ThreadRef, out: &mut Text) -> Shown {
    for name in ["rchar", "wchar", "syscr", "syscw", "read_bytes", "write_bytes"] {
        writeln!(out, "{name}: 0")?;
    }
    writeln!(out, "cancelled_write_bytes: 0")?;
    Ok(())
}

/// `comm` of a process that has ended.
pub(super) fn comm_ended(process: &Process, out: &mut Text) -> Shown {
    out.bytes(&trimmed(&process.remains().name))?;
    out.bytes(b"\n")
}

/// The processes that a thread has made.
pub(super) fn children(thread: &ThreadRef, out: &mut Text) -> Shown {
    let mut pids = Vec::new();
    for child in tree::lock().children(&thread.process) {
        let is_own = child.parent_tid.load(Ordering::Relaxed) == thread.tid;
        if is_own && pids.try_reserve(1).is_ok() {
            pids.push(child.pid);
        }
    }
    for pid in pids {
        write!(out, "{pid} ")?;
    }
    Ok(())
}

/// User and group ids mean the same everywhere.
pub(super) fn id_map(_thread: &ThreadRef, out: &mut Text) -> Shown {
    writeln!(out, "{:10} {:10} {:10}", 0, 0, u32::MAX)?;
    Ok(())
}

pub(super) fn personality(thread: &ThreadRef, out: &mut Text) -> Shown {
    writeln!(out, "{:08x}", thread.process.personality.load(Ordering::Relaxed))?;
    Ok(())
}

/// Time on a CPU and time waiting for one, which is not counted, in nanoseconds, and turns.
pub(super) fn schedstat(thread: &ThreadRef, out: &mut Text) -> Shown {
    let (voluntary, forced) = thread.sched.switches();
    writeln!(out, "{} 0 {}", thread.cpu_time(), u64::from(voluntary) + u64::from(forced))?;
    Ok(())
}

pub(super) fn timer_slack(thread: &ThreadRef, out: &mut Text) -> Shown {
    writeln!(out, "{}", thread.timer_slack.load(Ordering::Relaxed))?;
    Ok(())
}
