//! Arguments about waiting for events: epoll, poll, eventfd and inotify.

use super::macros::{codes, flag_set};

flag_set! {
    /// Flags of `epoll_create1`.
    pub struct EpollFlags: u32, "EPOLL_", reject {
        CLOEXEC = 0o2_000_000;
    }
}

codes! {
    /// What `epoll_ctl` is to do; unknown operations fail with `EINVAL`.
    pub struct EpollOp: u32, "EPOLL_CTL_" {
        ADD = 1;
        DEL = 2;
        MOD = 3;
    }
}

flag_set! {
    /// The events of `epoll`. The low 16 bits are those of `poll` ([`PollEvents`]).
    pub struct EpollEvents: u32, "EPOLL", keep {
        IN = 0x1;
        PRI = 0x2;
        OUT = 0x4;
        ERR = 0x8;
        HUP = 0x10;
        NVAL = 0x20;
        RDNORM = 0x40;
        RDBAND = 0x80;
        WRNORM = 0x100;
        WRBAND = 0x200;
        MSG = 0x400;
        RDHUP = 0x2000;
        EXCLUSIVE = 1 << 28;
        WAKEUP = 1 << 29;
        ONESHOT = 1 << 30;
        ET = 1 << 31;
    }
}

flag_set! {
    /// The events of `poll`.
    pub struct PollEvents: u16, "POLL", keep {
        IN = 0x1;
        PRI = 0x2;
        OUT = 0x4;
        ERR = 0x8;
        HUP = 0x10;
        NVAL = 0x20;
        RDNORM = 0x40;
        RDBAND = 0x80;
        WRNORM = 0x100;
        WRBAND = 0x200;
        MSG = 0x400;
        REMOVE = 0x1000;
        RDHUP = 0x2000;
    }
}

impl PollEvents {
    /// What is reported whether asked for or not.
    pub const ALWAYS: Self = Self::ERR.union(Self::HUP).union(Self::NVAL);
}

flag_set! {
    /// Flags of `eventfd2`.
    pub struct EventFdFlags: u32, "EFD_", reject {
        SEMAPHORE = 1;
        NONBLOCK = 0o4000;
        CLOEXEC = 0o2_000_000;
    }
}

flag_set! {
    /// Flags of `inotify_init1`.
    pub struct InotifyFlags: u32, "IN_", reject {
        NONBLOCK = 0o4000;
        CLOEXEC = 0o2_000_000;
    }
}
