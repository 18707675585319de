//! From the program's `syscall` or `svc` instruction to a handler and back.

use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::sync::atomic::{AtomicBool, Ordering};

use arrayvec::ArrayString;
use elfin_platform::arch::UserFrame;
use elfin_platform::hooks::SystemCalls;
use elfin_platform::sync::SpinLock;
use elfin_platform::{host, user};
use elfin_syscalls::strace::{Memory, format_call, format_return};
use elfin_syscalls::{Arch, Entry, Errno, SysResult, encode};

use super::Cx;
use crate::task::{Thread, ThreadRef};

elfin_syscalls::dispatch_table! {
    context: crate::sys::Cx<'_>,
    handlers: crate::sys::handlers,
    unknown: crate::sys::unknown,
}

static STRACE: AtomicBool = AtomicBool::new(false);

/// From now on each call is told to the host, as `strace` prints it.
pub fn enable_strace() {
    STRACE.store(true, Ordering::Relaxed);
}

/// The system call entry of this kernel.
pub struct Entries;

impl SystemCalls for Entries {
    type Thread = Thread;

    #[inline]
    fn syscall(thread: &ThreadRef, frame: &mut UserFrame) {
        let number = frame.syscall_nr();
        if STRACE.load(Ordering::Relaxed) {
            return traced(thread, frame, number);
        }
        let mut cx = Cx { thread, frame };
        let result = match DISPATCH.get(number) {
            Some(handler) => handler(&mut cx),
            None => unknown(&mut cx),
        };
        frame.set_return(encode(result));
    }
}

/// Longest line of a trace; the rest is cut off.
const TRACE_LINE: usize = 480;

/// The program's memory, for a trace: what cannot be read is shown as an address.
struct UserMemory;

impl Memory for UserMemory {
    fn read(&self, addr: usize, buffer: &mut [u8]) -> usize {
        match user::copy_in(buffer, addr) {
            Ok(()) => buffer.len(),
            Err(fault) => fault.done,
        }
    }
}

/// A line of a trace. It is put together before it is sent: reading the program's memory may
/// sleep, and the host's channel is locked for a line.
struct TraceLine(ArrayString<TRACE_LINE>);

impl Write for TraceLine {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.0.remaining_capacity();
        let fits = (0..=text.len().min(room)).rev().find(|&n| text.is_char_boundary(n));
        self.0.push_str(text.get(..fits.unwrap_or(0)).unwrap_or_default());
        Ok(())
    }
}

fn tell(tid: u32, line: impl fmt::Display) {
    let mut text = TraceLine(ArrayString::new());
    // A line cut off is still a line.
    let _ = write!(text, "{line}");
    host::event(format_args!("elfin-strace: [{tid}] {}", text.0));
}

#[cold]
fn traced(thread: &ThreadRef, frame: &mut UserFrame, number: usize) {
    const NEVER_RETURN: [&str; 3] = ["exit", "exit_group", "rt_sigreturn"];
    let (tid, words) = (thread.tid, frame.args());
    let name = Entry::by_number(Arch::NATIVE, number).map_or("", |entry| entry.call().name);
    if NEVER_RETURN.contains(&name) {
        tell(tid, format_call(Arch::NATIVE, number, words, &UserMemory));
    }
    let mut cx = Cx { thread, frame };
    let handler = DISPATCH.get(number).copied().unwrap_or(unknown);
    let result = handler(&mut cx);
    frame.set_return(encode(result));
    tell(tid, format_return(Arch::NATIVE, number, words, encode(result), &UserMemory));
}

/// Serves the calls that have no handler: `ENOSYS`, and a line in the log the first time.
///
/// # Errors
/// Always `ENOSYS`.
pub fn unknown(cx: &mut Cx<'_>) -> SysResult {
    /// Numbers that were logged already.
    static SEEN: SpinLock<Vec<usize>> = SpinLock::new(Vec::new());
    /// How many different numbers are logged: a program that tries them all is not.
    const MOST: usize = 64;
    let number = cx.frame.syscall_nr();
    if log::log_enabled!(log::Level::Warn) {
        let mut seen = SEEN.lock();
        if seen.len() < MOST && !seen.contains(&number) {
            seen.push(number);
            drop(seen);
            let name = Entry::by_number(Arch::NATIVE, number).map(|entry| entry.call().name);
            log::warn!(
                "system call {number} ({}) is not implemented: ENOSYS",
                name.unwrap_or("unknown")
            );
        }
    }
    Err(Errno::ENOSYS)
}
