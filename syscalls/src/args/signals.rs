//! Arguments about signals: [`SigactionFlags`], [`SigHow`], [`SignalFdFlags`].

use super::macros::{codes, flag_set};

codes! {
    /// How `rt_sigprocmask` changes the mask; checked only if a new mask is given.
    pub struct SigHow: u32, "SIG_" {
        BLOCK = 0;
        UNBLOCK = 1;
        SETMASK = 2;
    }
}

flag_set! {
    /// Flags of a signal action (`sa_flags`); unknown bits are dropped, as Linux does since 5.11.
    pub struct SigactionFlags: u64, "SA_", ignore {
        NOCLDSTOP = 0x1;
        NOCLDWAIT = 0x2;
        SIGINFO = 0x4;
        UNSUPPORTED = 0x400;
        EXPOSE_TAGBITS = 0x800;
        RESTORER = 0x0400_0000;
        ONSTACK = 0x0800_0000;
        RESTART = 0x1000_0000;
        NODEFER = 0x4000_0000;
        RESETHAND = 0x8000_0000;
    }
}

flag_set! {
    /// Flags of `signalfd4`.
    pub struct SignalFdFlags: u32, "SFD_", reject {
        NONBLOCK = 0o4000;
        CLOEXEC = 0o2_000_000;
    }
}
