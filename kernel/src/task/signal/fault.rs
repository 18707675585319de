//! What becomes of exceptions that the program causes: signals.

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use elfin_platform::arch::UserFrame;
use elfin_platform::hooks::{Exception, PageFault};
use elfin_syscalls::args::Resource;

use super::info::{Info, code};
use super::send::{force, rouse};
use super::set::{SIGBUS, SIGFPE, SIGILL, SIGKILL, SIGSEGV, SIGTRAP, Signal};
use super::state::Trap;
use super::stop::resume_to_exit;
use crate::mm::FaultError;
use crate::task::oom;
use crate::task::process::Process;
use crate::task::thread::{Thread, current, try_current};

/// Exception vectors of x86, for signal frames.
mod vector {
    pub const DIVIDE: u64 = 0;
    pub const DEBUG: u64 = 1;
    pub const BREAKPOINT: u64 = 3;
    pub const OVERFLOW: u64 = 4;
    pub const INVALID_OPCODE: u64 = 6;
    pub const PAGE_FAULT: u64 = 14;
    pub const X87: u64 = 16;
    pub const ALIGNMENT: u64 = 17;
}

/// Page fault error bits of x86, for signal frames.
mod error_bit {
    pub const PRESENT: u64 = 1;
    pub const WRITE: u64 = 2;
    pub const USER: u64 = 4;
    pub const FETCH: u64 = 16;
}

/// The program touched a page that is not there or not allowed.
pub fn user_page_fault(_frame: &mut UserFrame, fault: &PageFault) {
    let me = current();
    me.faults.fetch_add(1, Ordering::Relaxed);
    let Err(error) = me.mm().fault(fault, stack_limit(&me)) else { return };
    let (signal, code) = match error {
        FaultError::NotMapped => (SIGSEGV, code::SEGV_MAPERR),
        FaultError::NotAllowed => (SIGSEGV, code::SEGV_ACCERR),
        FaultError::PastEnd => (SIGBUS, code::BUS_ADRERR),
        FaultError::OutOfMemory => {
            // The program tries again, if it is not the one to end.
            oom::make_room();
            return;
        }
    };
    let mut bits = error_bit::USER;
    for (is_set, bit) in [
        (error == FaultError::NotAllowed, error_bit::PRESENT),
        (fault.write, error_bit::WRITE),
        (fault.execute, error_bit::FETCH),
    ] {
        bits |= if is_set { bit } else { 0 };
    }
    let address = u64::try_from(fault.address).unwrap_or(u64::MAX);
    note_trap(Trap { vector: vector::PAGE_FAULT, error: bits, address });
    force(Info::fault(signal, code, fault.address));
}

/// The kernel touched the program's memory at its bidding, and the page cannot be had.
pub fn kernel_page_fault(fault: &PageFault) -> bool {
    let Some(me) = try_current() else { return false };
    if me.faults_off.load(Ordering::Relaxed) {
        return false;
    }
    me.faults.fetch_add(1, Ordering::Relaxed);
    loop {
        match me.mm().fault(fault, stack_limit(&me)) {
            Ok(()) => return true,
            // If the process itself ends, nobody sees any more that the call fails.
            Err(FaultError::OutOfMemory) if oom::make_room() => {}
            Err(_) => return false,
        }
    }
}

/// Ends a process as by `SIGKILL`, which nothing can stop.
pub fn kill(process: &Arc<Process>) {
    process.begin_exit(SIGKILL.number());
    process.for_each_thread(rouse);
    resume_to_exit(process);
}

fn stack_limit(me: &Thread) -> usize {
    usize::try_from(me.process.rlimits.soft(Resource::STACK)).unwrap_or(usize::MAX)
}

/// The program caused an exception that is no page fault.
pub fn user_exception(frame: &mut UserFrame, exception: &Exception) {
    let (vector, error, signal, code) = classify(exception);
    note_trap(Trap { vector, error, address: 0 });
    let address = if code == code::KERNEL { 0 } else { frame.ip() };
    force(Info::fault(signal, code, address));
}

/// Vector and error code as signal frames show them, the signal, and its code.
fn classify(exception: &Exception) -> (u64, u64, Signal, i32) {
    match *exception {
        Exception::Divide => (vector::DIVIDE, 0, SIGFPE, code::FPE_INTDIV),
        Exception::Debug => (vector::DEBUG, 0, SIGTRAP, code::TRAP_TRACE),
        Exception::Breakpoint => (vector::BREAKPOINT, 0, SIGTRAP, code::KERNEL),
        Exception::Overflow => (vector::OVERFLOW, 0, SIGSEGV, code::KERNEL),
        Exception::InvalidInstruction => (vector::INVALID_OPCODE, 0, SIGILL, code::ILL_ILLOPN),
        Exception::Float { status } => (vector::X87, 0, SIGFPE, float_code(status)),
        Exception::Alignment => (vector::ALIGNMENT, 0, SIGBUS, code::BUS_ADRALN),
        Exception::Protection { vector, code } => (u64::from(vector), code, SIGSEGV, code::KERNEL),
    }
}

/// The code for raised and unmasked floating point exceptions, the most serious first.
fn float_code(status: u32) -> i32 {
    const INVALID: u32 = 1;
    const DENORMAL: u32 = 2;
    const DIVIDE: u32 = 4;
    const OVERFLOW: u32 = 8;
    const UNDERFLOW: u32 = 16;
    const INEXACT: u32 = 32;
    [
        (INVALID, code::FPE_FLTINV),
        (DIVIDE, code::FPE_FLTDIV),
        (OVERFLOW, code::FPE_FLTOVF),
        (UNDERFLOW | DENORMAL, code::FPE_FLTUND),
        (INEXACT, code::FPE_FLTRES),
    ]
    .into_iter()
    .find_map(|(bits, code)| (status & bits != 0).then_some(code))
    .unwrap_or(code::FPE_FLTINV)
}

fn note_trap(trap: Trap) {
    *current().signals.trap.lock() = trap;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn float_exceptions_have_codes() {
        assert_eq!(float_code(1 | 4), code::FPE_FLTINV);
        assert_eq!(float_code(4), code::FPE_FLTDIV);
        assert_eq!(float_code(2), code::FPE_FLTUND);
        assert_eq!(float_code(32), code::FPE_FLTRES);
    }

    #[test]
    fn exceptions_have_signals() {
        let (_, _, signal, code) = classify(&Exception::Divide);
        assert_eq!((signal, code), (SIGFPE, code::FPE_INTDIV));
        let (vector, error, signal, code) =
            classify(&Exception::Protection { vector: 13, code: 8 });
        assert_eq!((vector, error, signal, code), (13, 8, SIGSEGV, code::KERNEL));
    }
}
