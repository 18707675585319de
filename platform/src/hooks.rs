//! What the platform calls the kernel for. Set once, before the first program runs.

use crate::arch::UserFrame;
use crate::sync::Once;
use crate::task::{self, Task};
use alloc::sync::Arc;

/// A processor exception that a program caused, other than a page fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exception {
    /// Integer division by zero or overflow.
    Divide,
    /// Single step or hardware breakpoint.
    Debug,
    /// Breakpoint instruction.
    Breakpoint,
    /// `into` or `bound`.
    Overflow,
    /// An instruction this CPU does not know, or may not execute.
    InvalidInstruction,
    /// Floating point: the raised and unmasked flags in x87 order (bit 0 invalid, 1 denormal,
    /// 2 divide by zero, 3 overflow, 4 underflow, 5 inexact).
    Float {
        /// The flags.
        status: u32,
    },
    /// Unaligned access with alignment checks on.
    Alignment,
    /// Anything else: general protection, stack or segment faults.
    Protection {
        /// The processor's number for it.
        vector: u8,
        /// Its error code.
        code: u64,
    },
}

/// A page fault.
#[derive(Clone, Copy, Debug)]
pub struct PageFault {
    /// The address accessed.
    pub address: usize,
    /// It was written to.
    pub write: bool,
    /// An instruction was fetched from it.
    pub execute: bool,
    /// The program itself did it, not the kernel for it.
    pub user: bool,
}

/// The kernel's entry points.
pub struct Hooks {
    /// Before a return to the program while [`crate::cpu::Work`] is pending; must take the bits
    /// (interrupts are on; called again while any is left).
    pub user_return: fn(&mut UserFrame),
    /// The program faulted on a page (interrupts are on).
    pub user_page_fault: fn(&mut UserFrame, &PageFault),
    /// The kernel faulted on a user address; `true`: the page is there now.
    pub kernel_page_fault: fn(&PageFault) -> bool,
    /// The program raised an exception.
    pub user_exception: fn(&mut UserFrame, &Exception),
}

static HOOKS: Once<Hooks> = Once::new();

/// What a system call calls, with the frame; assembly reads this word.
#[allow(dead_code, reason = "read by assembly on bare metal only")]
pub(crate) static SYSCALL: core::sync::atomic::AtomicPtr<()> =
    core::sync::atomic::AtomicPtr::new(core::ptr::null_mut());

/// The kernel's system call handler, and the type of its threads.
pub trait SystemCalls {
    /// The kernel's half of a thread: the one `T` of all [`Task`]s.
    type Thread: Send + Sync + 'static;

    /// Serves a system call of the running thread.
    fn syscall(thread: &Arc<Task<Self::Thread>>, frame: &mut UserFrame);
}

/// Installs the kernel's entry points and its system call handler. Panics if there are tasks of
/// another type.
pub fn set<K: SystemCalls>(hooks: Hooks) {
    task::declare::<K::Thread>();
    SYSCALL.store(system_call::<K> as *mut (), core::sync::atomic::Ordering::Release);
    HOOKS.call_once(|| hooks);
}

/// What the system call entry calls.
extern "C" fn system_call<K: SystemCalls>(frame: &mut UserFrame) {
    // SAFETY: a program made the call, so a task runs; `set` declared the type of all tasks.
    let thread = unsafe { task::current_unchecked::<K::Thread>() };
    K::syscall(&thread, frame);
}

#[allow(dead_code, reason = "used on bare metal only")]
pub(crate) fn get() -> &'static Hooks {
    HOOKS.get().expect("the kernel sets its hooks before it runs a program")
}
