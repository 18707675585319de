//! Signals: sets, actions, `siginfo`, stacks. The frames are in [`mod@super`]'s `frame_*` files.

use super::constants::*;
use super::macros::abi;
use crate::args::SigactionFlags;

/// The kernel's `sigset_t`: bit 0 is signal 1.
pub type Sigset = u64;

/// The size of a signal set in bytes, which programs must pass: else `EINVAL`.
pub const SIGSET_SIZE: usize = 8;

/// The set with this one signal; empty if the number is none from 1 to 64.
#[must_use]
pub const fn sigmask(signal: u32) -> Sigset {
    if signal >= 1 && signal <= 64 { 1 << (signal - 1) } else { 0 }
}

/// The signals that can neither be caught nor blocked.
pub const SIG_UNBLOCKABLE: Sigset = sigmask(SIGKILL) | sigmask(SIGSTOP);
/// The default action.
pub const SIG_DFL: u64 = 0;
/// Ignore the signal.
pub const SIG_IGN: u64 = 1;

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
    pub struct Siginfo as Siginfo {
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

impl SigactionK {
    /// What the action asks for.
    #[must_use]
    pub const fn flag_set(&self) -> SigactionFlags {
        SigactionFlags::from_bits_retain(self.flags)
    }
}

impl Stack {
    /// No alternate stack.
    pub const DISABLED: Self = Self { ss_sp: 0, ss_flags: SS_DISABLE, pad: 0, ss_size: 0 };
}

/// Two 32-bit fields that lie in one 64-bit word.
const fn pair(low: u32, high: u32) -> u64 {
    low as u64 | (high as u64) << 32
}

impl Siginfo {
    /// The size in bytes.
    pub const SIZE: usize = 128;

    /// A signal with a code and nothing else, such as `SI_KERNEL`.
    #[must_use]
    pub const fn new(signal: u32, code: i32) -> Self {
        Self { si_signo: signal.cast_signed(), si_errno: 0, si_code: code, pad: 0, fields: [0; 14] }
    }

    const fn with(mut self, first: u64, second: u64) -> Self {
        self.fields[0] = first;
        self.fields[1] = second;
        self
    }

    /// From `kill`.
    #[must_use]
    pub const fn kill(signal: u32, pid: i32, uid: u32) -> Self {
        Self::new(signal, SI_USER).with(pair(pid.cast_unsigned(), uid), 0)
    }

    /// From `tkill` or `tgkill`.
    #[must_use]
    pub const fn tkill(signal: u32, pid: i32, uid: u32) -> Self {
        Self::new(signal, SI_TKILL).with(pair(pid.cast_unsigned(), uid), 0)
    }

    /// From `rt_sigqueueinfo`, `mq_notify` and the like, with the program's value.
    #[must_use]
    pub const fn queue(signal: u32, code: i32, pid: i32, uid: u32, value: u64) -> Self {
        Self::new(signal, code).with(pair(pid.cast_unsigned(), uid), value)
    }

    /// From a fault at an address: `SEGV_MAPERR`, `ILL_ILLOPN`, `FPE_INTDIV`, …
    #[must_use]
    pub const fn fault(signal: u32, code: i32, addr: u64) -> Self {
        Self::new(signal, code).with(addr, 0)
    }

    /// About a child: `CLD_EXITED` with its status, `CLD_KILLED` with its signal, …; the CPU
    /// times are in clock ticks.
    #[must_use]
    pub const fn child(code: i32, pid: i32, uid: u32, status: i32, utime: u64, stime: u64) -> Self {
        let mut info = Self::new(SIGCHLD, code)
            .with(pair(pid.cast_unsigned(), uid), pair(status.cast_unsigned(), 0));
        info.fields[2] = utime;
        info.fields[3] = stime;
        info
    }

    /// From a timer of `timer_create`.
    #[must_use]
    pub const fn timer(signal: u32, timer: i32, overrun: i32, value: u64) -> Self {
        Self::new(signal, SI_TIMER)
            .with(pair(timer.cast_unsigned(), overrun.cast_unsigned()), value)
    }

    /// Input or output is possible (`POLL_IN`, …) on a descriptor.
    #[must_use]
    pub const fn poll(signal: u32, code: i32, band: i64, fd: i32) -> Self {
        Self::new(signal, code).with(band.cast_unsigned(), pair(fd.cast_unsigned(), 0))
    }

    /// A refused system call: its address, number and architecture (`AUDIT_ARCH_*`).
    #[must_use]
    pub const fn syscall(code: i32, call_addr: u64, number: i32, arch: u32) -> Self {
        Self::new(SIGSYS, code).with(call_addr, pair(number.cast_unsigned(), arch))
    }

    /// Who sent it (`si_pid`), or the timer's id.
    #[must_use]
    pub const fn pid(&self) -> i32 {
        (self.fields[0] as u32).cast_signed()
    }

    /// Whose process sent it (`si_uid`), or the timer's overrun.
    #[must_use]
    pub const fn uid(&self) -> u32 {
        (self.fields[0] >> 32) as u32
    }

    /// The address of a fault (`si_addr`).
    #[must_use]
    pub const fn addr(&self) -> u64 {
        self.fields[0]
    }

    /// The program's value (`si_value`).
    #[must_use]
    pub const fn value(&self) -> u64 {
        self.fields[1]
    }

    /// A child's status (`si_status`), or the descriptor (`si_fd`).
    #[must_use]
    pub const fn status(&self) -> i32 {
        (self.fields[1] as u32).cast_signed()
    }
}
