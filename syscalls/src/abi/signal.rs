//! Signals: sets, actions, `siginfo`, stacks.

use super::macros::abi;

/// The kernel's `sigset_t`: bit 0 is signal 1.
pub type Sigset = u64;

abi! {
    /// The kernel's `struct sigaction`, the same on both architectures.
    pub struct SigactionK as Sigaction {
        /// The handler's address, [`SIG_DFL`] or [`SIG_IGN`].
        pub handler: u64,
        pub flags: u64,
        /// Where a handler returns to, with `SA_RESTORER`.
        pub restorer: u64,
        pub mask: Sigset,
    }

    /// `stack_t` of `sigaltstack`.
    pub struct Stack {
        pub ss_sp: u64,
        pub ss_flags: i32,
        pub pad: u32,
        pub ss_size: u64,
    }

    /// `siginfo_t`: 128 bytes, of which the code decides how the later ones are read.
    pub struct Siginfo {
        pub si_signo: i32,
        pub si_errno: i32,
        pub si_code: i32,
        pub pad: u32,
        /// `_sifields`.
        pub fields: [u64; 14],
    }

    /// `struct sigevent` of `timer_create` and `mq_notify`.
    pub struct Sigevent {
        pub sigev_value: u64,
        pub sigev_signo: i32,
        pub sigev_notify: i32,
        /// `sigev_notify_thread_id`, with `SIGEV_THREAD_ID`.
        pub sigev_tid: i32,
        pub pad: [u32; 11],
    }
}

/// The default action.
pub const SIG_DFL: u64 = 0;
/// Ignore the signal.
pub const SIG_IGN: u64 = 1;
