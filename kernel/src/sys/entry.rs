//! From the program's `syscall` or `svc` instruction to a handler and back.

use core::fmt::{self, Write};
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arrayvec::ArrayString;
use elfin_platform::arch::UserFrame;
use elfin_platform::hooks::{self, SystemCallTable, SystemCalls};
use elfin_platform::{host, user};
use elfin_syscalls::strace::{Memory, format_call, format_return};
use elfin_syscalls::{Arch, Entry, Errno, SysResult};

use super::Cx;
use crate::task::{Thread, ThreadRef, ptrace};

elfin_syscalls::dispatch_table! {
    entry: (frame: &mut elfin_platform::arch::UserFrame, thread: &crate::task::ThreadRef)
        => &mut crate::sys::Cx { thread, frame },
    context: crate::sys::Cx<'_>,
    handlers: crate::sys::handlers,
    unknown: crate::sys::unknown,
}

/// Calls that need all registers of the program: those that copy the frame or replace it.
const WHOLE: [&str; 6] = ["fork", "vfork", "clone", "clone3", "rt_sigreturn", "unshare"];

/// The functions by number.
static CALLS: SystemCallTable<Thread> = {
    let mut table: SystemCallTable<Thread> = [UNKNOWN; hooks::CALLS];
    let mut number = 0;
    while number < DISPATCH.len() {
        table[number] = DISPATCH[number];
        number += 1;
    }
    let mut at = 0;
    while at < WHOLE.len() {
        if let Some(number) = elfin_syscalls::native_number_of(WHOLE[at]) {
            table[number] = hooks::whole_frame::<Entries>;
        }
        at += 1;
    }
    table
};

/// The functions of a thread whose calls are traced.
static TRACED: SystemCallTable<Thread> = [hooks::whole_frame::<Entries>; hooks::CALLS];

static STRACE: AtomicBool = AtomicBool::new(false);

/// From now on each call is told to the host, as `strace` prints it. To be called before there
/// are threads.
pub fn enable_strace() {
    STRACE.store(true, Ordering::Relaxed);
    hooks::set_default_calls(&TRACED);
}

/// Has each call of a thread looked at, for a tracer.
pub fn trace_calls(thread: &ThreadRef) {
    thread.set_calls(&TRACED);
}

/// Has the calls of a thread served straight again.
pub fn untrace_calls(thread: &ThreadRef) {
    thread.set_calls(if STRACE.load(Ordering::Relaxed) { &TRACED } else { &CALLS });
}

/// A call of a traced thread, which stops before and after where its tracer wants that, and may
/// change all about it.
#[cold]
fn stopping(frame: &mut UserFrame, thread: &ThreadRef) -> isize {
    if ptrace::call_entry(thread, frame) {
        let number = frame.syscall_nr();
        let handler = DISPATCH.get(number).copied().unwrap_or(UNKNOWN);
        let result = if STRACE.load(Ordering::Relaxed) {
            traced(frame, thread, number, handler)
        } else {
            handler(frame, thread)
        };
        frame.set_return(result);
    }
    ptrace::call_exit(thread, frame);
    frame.return_value()
}

/// The system call entry of this kernel.
pub struct Entries;

impl SystemCalls for Entries {
    type Thread = Thread;

    fn table() -> &'static SystemCallTable<Thread> {
        &CALLS
    }

    fn whole(frame: &mut UserFrame, thread: &ThreadRef) -> isize {
        let number = frame.syscall_nr();
        let handler = DISPATCH.get(number).copied().unwrap_or(UNKNOWN);
        if thread.trace.is_on() {
            stopping(frame, thread)
        } else if STRACE.load(Ordering::Relaxed) {
            traced(frame, thread, number, handler)
        } else {
            handler(frame, thread)
        }
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
fn traced(frame: &mut UserFrame, thread: &ThreadRef, number: usize, handler: SysFn) -> isize {
    const NEVER_RETURN: [&str; 3] = ["exit", "exit_group", "rt_sigreturn"];
    let (tid, words) = (thread.tid, frame.args());
    let name = Entry::by_number(Arch::NATIVE, number).map_or("", |entry| entry.call().name);
    if NEVER_RETURN.contains(&name) {
        tell(tid, format_call(Arch::NATIVE, number, words, &UserMemory));
    }
    let result = handler(frame, thread);
    tell(tid, format_return(Arch::NATIVE, number, words, result, &UserMemory));
    result
}

/// Serves the calls that have no handler: `ENOSYS`, and a line in the log the first time.
///
/// # Errors
/// Always `ENOSYS`.
pub fn unknown(cx: &mut Cx<'_>) -> SysResult {
    let number = cx.frame.syscall_nr();
    // All numbers beyond the table count as one: a program that tries them all is not logged.
    let place = number.min(hooks::CALLS - 1);
    let is_told = |told: &AtomicU64| told.load(Ordering::Relaxed) >> (place % WORD) & 1 != 0;
    if TOLD.get(place / WORD).is_some_and(|told| !is_told(told)) {
        tell_unknown(number, place);
    }
    Err(Errno::ENOSYS)
}

const WORD: usize = u64::BITS as usize;

/// Numbers that were logged already, a bit each.
static TOLD: [AtomicU64; hooks::CALLS / WORD] = [const { AtomicU64::new(0) }; hooks::CALLS / WORD];

/// Says that a call is not implemented, the first time.
#[cold]
fn tell_unknown(number: usize, place: usize) {
    let bit = 1 << (place % WORD);
    let before = TOLD.get(place / WORD).map(|told| told.fetch_or(bit, Ordering::Relaxed));
    if before.is_some_and(|before| before & bit == 0) {
        let name = Entry::by_number(Arch::NATIVE, number).map(|entry| entry.call().name);
        let name = name.unwrap_or("unknown");
        log::warn!("system call {number} ({name}) is not implemented: ENOSYS");
    }
}
