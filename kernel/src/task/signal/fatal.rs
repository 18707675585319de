//! The last words about a program that a signal ends.

use core::fmt;

use elfin_platform::arch::UserFrame;
use elfin_platform::user;

use super::frame;
use super::info::{Info, code};
use super::set::{SIGBUS, SIGFPE, SIGILL, SIGSEGV, SigSet};
use crate::task::process::INIT;
use crate::task::thread::Thread;

/// In the second word of a `SIGSEGV`: not an access failed, but a handler's frame.
pub const UNUSABLE_FRAME: u64 = 1;
/// The most callers that a backtrace shows.
const BACKTRACE: usize = 16;

/// Says which signal ended the program and where; with `details` also its registers and callers.
/// What ends a process other than the first by another one's wish is its parent's business alone.
pub fn report(me: &Thread, frame: &UserFrame, info: &Info, details: bool) {
    let name = me.name();
    let name = Name(&name);
    let is_fault = info.code > 0 && SigSet::SYNCHRONOUS.has(info.signal);
    if !details || !(is_fault || me.process.pid == INIT) {
        log::info!("{name}[{}]: ended by {}", me.tid, info.signal);
        return;
    }
    log::error!("{name}[{}]: {}{} at {:#x}", me.tid, info.signal, Reason(info), frame.ip());
    frame::registers(frame, &mut |line| log::error!("{line}"));
    backtrace(frame);
}

/// Follows the chain of frame pointers. Every word of it is the program's own, so nothing about
/// it is taken for granted, and its length is bounded.
fn backtrace(frame: &UserFrame) {
    let mut pointer = frame::frame_pointer(frame);
    for _ in 0..BACKTRACE {
        let mut words = [0; 16];
        if pointer == 0
            || !pointer.is_multiple_of(align_of::<usize>())
            || user::copy_in(&mut words, pointer).is_err()
        {
            return;
        }
        let [next, caller] = [&words[..8], &words[8..]].map(word);
        if caller == 0 {
            return;
        }
        log::error!("  called from {caller:#x}");
        if next <= pointer {
            return;
        }
        pointer = next;
    }
}

fn word(bytes: &[u8]) -> usize {
    bytes.try_into().map(usize::from_le_bytes).unwrap_or(0)
}

/// A thread's name.
struct Name<'a>(&'a [u8]);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.split(|&byte| byte == 0).next().unwrap_or_default().utf8_chunks() {
            f.write_str(chunk.valid())?;
        }
        Ok(())
    }
}

/// Why a signal came.
struct Reason<'a>(&'a Info);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.0.address();
        let text = match (self.0.signal, self.0.code) {
            (SIGSEGV, code::SEGV_MAPERR) => "nothing is mapped",
            (SIGSEGV, code::SEGV_ACCERR) => "no right to the page",
            (SIGBUS, code::BUS_ADRERR) => "beyond the end of the file",
            (SIGSEGV, code::KERNEL) if self.0.fields[1] == UNUSABLE_FRAME => {
                return f.write_str(" (its signal frame cannot be used)");
            }
            (SIGSEGV, code::KERNEL) => return f.write_str(" (general protection)"),
            (SIGFPE, code::FPE_INTDIV) => return f.write_str(" (integer division)"),
            (SIGILL, _) => return f.write_str(" (invalid instruction)"),
            _ => return Ok(()),
        };
        write!(f, " ({text} at {address:#x})")
    }
}
