//! System calls: the dispatch table made from `elfin_syscalls`, and the handlers by family.
//!
//! [`Cx`] is what every handler gets; [`handlers`] gathers them under one name for the table;
//! [`usercopy`] moves values between a handler and the program's memory.

pub mod handlers;
pub mod usercopy;

use crate::task::ThreadRef;
use elfin_platform::arch::UserFrame;

/// What a handler knows of its caller.
pub struct Cx<'a> {
    /// The calling thread.
    pub thread: &'a ThreadRef,
    /// The program's registers as they were at the system call.
    pub frame: &'a mut UserFrame,
}
