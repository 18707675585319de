//! Events: `pollfd`, `epoll_event`, `signalfd_siginfo`, `inotify_event`, `fd_set`.

use super::macros::abi;
use crate::args::{EpollEvents, Item, PollEvents, UserItem};

abi! {
    /// `struct pollfd`.
    pub struct Pollfd as Pollfd {
        pub fd: i32,
        pub events: u16,
        pub revents: u16,
    }

    /// `struct signalfd_siginfo`.
    pub struct SignalfdSiginfo {
        pub ssi_signo: u32,
        pub ssi_errno: i32,
        pub ssi_code: i32,
        pub ssi_pid: u32,
        pub ssi_uid: u32,
        pub ssi_fd: i32,
        pub ssi_tid: u32,
        pub ssi_band: u32,
        pub ssi_overrun: u32,
        pub ssi_trapno: u32,
        pub ssi_status: i32,
        pub ssi_int: i32,
        pub ssi_ptr: u64,
        pub ssi_utime: u64,
        pub ssi_stime: u64,
        pub ssi_addr: u64,
        pub ssi_addr_lsb: u16,
        pub pad2: u16,
        pub ssi_syscall: i32,
        pub ssi_call_addr: u64,
        pub ssi_arch: u32,
        pub pad: [u8; 28],
    }

    /// `struct inotify_event` without the name that follows.
    pub struct InotifyEvent {
        pub wd: i32,
        pub mask: u32,
        pub cookie: u32,
        pub len: u32,
    }

    /// `struct iocb` of `io_submit`.
    pub struct Iocb {
        pub aio_data: u64,
        pub aio_key: u32,
        pub aio_rw_flags: i32,
        pub aio_lio_opcode: u16,
        pub aio_reqprio: i16,
        pub aio_fildes: u32,
        pub aio_buf: u64,
        pub aio_nbytes: u64,
        pub aio_offset: i64,
        pub aio_reserved2: u64,
        pub aio_flags: u32,
        pub aio_resfd: u32,
    }

    /// `struct io_event` of `io_getevents`.
    pub struct IoEvent {
        pub data: u64,
        pub obj: u64,
        pub res: i64,
        pub res2: i64,
    }

    /// What the sixth argument of `pselect6` points to: the mask's address and size.
    pub struct SigsetArg {
        pub ss: u64,
        pub ss_len: u64,
    }
}

impl Pollfd {
    /// What is asked for.
    #[must_use]
    pub const fn requested(&self) -> PollEvents {
        PollEvents::from_bits_retain(self.events)
    }
}

macro_rules! epoll_event {
    ($(#[$meta:meta])* $name:ident, $repr:meta, $($pad:ident)?) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::Immutable,
            zerocopy::KnownLayout,
        )]
        #[$repr]
        pub struct $name {
            /// What is asked for or has happened.
            pub events: u32,
            $(
                /// Unused.
                pub $pad: u32,
            )?
            /// The program's own.
            pub data: u64,
        }

        impl $name {
            /// An event with the program's own value.
            #[inline]
            #[must_use]
            pub const fn new(events: EpollEvents, data: u64) -> Self {
                Self { events: events.bits(), $($pad: 0,)? data }
            }

            /// What is asked for or has happened.
            #[inline]
            #[must_use]
            pub const fn requested(&self) -> EpollEvents {
                EpollEvents::from_bits_retain(self.events)
            }
        }

        impl UserItem for $name {
            const ITEM: Item = Item::EpollEvent;
        }
    };
}

epoll_event! {
    /// `struct epoll_event` of x86_64, which is packed there.
    EpollEventX86_64, repr(C, packed),
}

epoll_event! {
    /// `struct epoll_event` of arm64, with the natural alignment.
    EpollEventAarch64, repr(C), pad
}

/// `struct epoll_event` of the architecture compiled for.
#[cfg(not(target_arch = "aarch64"))]
pub type EpollEvent = EpollEventX86_64;
/// `struct epoll_event` of the architecture compiled for.
#[cfg(target_arch = "aarch64")]
pub type EpollEvent = EpollEventAarch64;

/// What a control block of `io_submit` asks for (`IOCB_CMD_*`).
#[allow(missing_docs, reason = "each is Linux's constant of this name")]
pub mod aio_command {
    pub const PREAD: u16 = 0;
    pub const PWRITE: u16 = 1;
    pub const FSYNC: u16 = 2;
    pub const FDSYNC: u16 = 3;
    pub const POLL: u16 = 5;
    pub const NOOP: u16 = 6;
    pub const PREADV: u16 = 7;
    pub const PWRITEV: u16 = 8;
}
