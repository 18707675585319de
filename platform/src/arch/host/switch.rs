//! No switching: tests run where they are.

use super::UserFrame;
use crate::hooks::{self, SystemCalls};
use crate::task::{Header, Task};
use alloc::sync::Arc;
use core::ptr;

#[allow(missing_docs, reason = "as on a machine; see the x86_64 switch")]
mod stand_ins {
    use super::*;

    pub fn current() -> *const Header {
        ptr::null()
    }
    pub fn take_previous() -> *const Header {
        ptr::null()
    }
    pub fn defer(_task: *const Header) {}
    pub fn take_deferred() -> *const Header {
        ptr::null()
    }
    pub fn prepare_kernel(_header: &Header, _start: extern "C" fn() -> !) {}
    pub fn prepare_user(_header: &Header, _frame: &UserFrame) {}
    /// # Safety
    /// Never called: there is no current task to switch from.
    pub unsafe fn switch(_previous: *const Header, _next: *const Header) {
        panic!("threads do not switch on a host");
    }
    pub extern "C" fn whole_frame<K: SystemCalls>(
        frame: &mut UserFrame,
        thread: &Arc<Task<K::Thread>>,
    ) -> isize {
        hooks::whole::<K>(frame, thread)
    }
    /// # Safety
    /// Never called: there is no current task to switch from.
    pub unsafe fn switch_to_idle(_previous: *const Header, _start: extern "C" fn() -> !) {
        panic!("threads do not switch on a host");
    }
    pub fn save_current_state(_header: &Header) {}
    pub fn user_frame(_header: &Header) -> UserFrame {
        UserFrame::default()
    }
    pub fn enter_user(_frame: &UserFrame) -> ! {
        panic!("no program runs on a host");
    }
    pub fn tls() -> usize {
        0
    }
    pub fn set_tls(_base: usize) {}
    pub fn user_gs() -> u64 {
        0
    }
    pub fn set_user_gs(_base: u64) {}
}

pub use stand_ins::*;
