//! What the platform calls the kernel for. Set once, before the first program runs.

use crate::arch::UserFrame;
use crate::sync::Once;
use crate::task::{self, Task};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicPtr, Ordering};

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

/// Functions in a table of system calls. The last is for all numbers that have none.
pub const CALLS: usize = 512;

/// The table that tasks start with; assembly reads the word in each task.
pub(crate) static SYSCALLS: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

/// A system call: gets the frame and the running thread, gives the value of the result register.
///
/// On x86_64 the frame lacks the registers that the psABI says a function preserves (rbx, rbp,
/// r12 to r15), for they are still where they were: [`whole_frame`] is for calls that need them.
pub type SystemCall<T> = extern "C" fn(&mut UserFrame, &Arc<Task<T>>) -> isize;

/// Functions by number.
pub type SystemCallTable<T> = [SystemCall<T>; CALLS];

/// The kernel's system calls, and the type of its threads.
pub trait SystemCalls: 'static {
    /// The kernel's half of a thread: the one `T` of all [`Task`]s.
    type Thread: Send + Sync + 'static;

    /// The functions that tasks start with.
    fn table() -> &'static SystemCallTable<Self::Thread>;

    /// Serves the calls that go through [`whole_frame`].
    fn whole(frame: &mut UserFrame, thread: &Arc<Task<Self::Thread>>) -> isize;
}

/// A function for the table: completes the frame, then calls [`SystemCalls::whole`].
pub use crate::arch::whole_frame;

/// What [`whole_frame`] calls.
#[allow(dead_code, reason = "called by assembly on bare metal only")]
pub(crate) extern "C" fn whole<K: SystemCalls>(
    frame: &mut UserFrame,
    thread: &Arc<Task<K::Thread>>,
) -> isize {
    K::whole(frame, thread)
}

/// Installs the kernel's entry points and its system call handler. Panics if there are tasks of
/// another type.
pub fn set<K: SystemCalls>(hooks: Hooks) {
    task::declare::<K::Thread>();
    set_default_calls(K::table());
    HOOKS.call_once(|| hooks);
}

/// Sets the functions that tasks made from now on start with.
pub fn set_default_calls<T: Send + Sync + 'static>(table: &'static SystemCallTable<T>) {
    task::declare::<T>();
    SYSCALLS.store(table.as_ptr().cast_mut().cast(), Ordering::Release);
}

#[allow(dead_code, reason = "used on bare metal only")]
pub(crate) fn get() -> &'static Hooks {
    HOOKS.get().expect("the kernel sets its hooks before it runs a program")
}
