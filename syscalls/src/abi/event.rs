//! Events: `pollfd`, `epoll_event`, `signalfd_siginfo`, `inotify_event`, `fd_set`.

use super::macros::abi;
use crate::args::{EpollEvents, PollEvents, Shape, UserData};

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

        impl UserData for $name {
            const SHAPE: Shape = Shape::EpollEvent;
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

/// `FD_SETSIZE`: how many descriptors a C library's `fd_set` holds; the kernel takes any number.
pub const FD_SETSIZE: usize = 1024;

/// `IN_*`: a file was read.
pub const IN_ACCESS: u32 = 0x1;
/// A file was written.
pub const IN_MODIFY: u32 = 0x2;
/// Metadata changed.
pub const IN_ATTRIB: u32 = 0x4;
/// A file open for writing was closed.
pub const IN_CLOSE_WRITE: u32 = 0x8;
/// A file not open for writing was closed.
pub const IN_CLOSE_NOWRITE: u32 = 0x10;
/// A file was opened.
pub const IN_OPEN: u32 = 0x20;
/// A file was moved away.
pub const IN_MOVED_FROM: u32 = 0x40;
/// A file was moved here.
pub const IN_MOVED_TO: u32 = 0x80;
/// A file was made.
pub const IN_CREATE: u32 = 0x100;
/// A file was deleted.
pub const IN_DELETE: u32 = 0x200;
/// The watched file was deleted.
pub const IN_DELETE_SELF: u32 = 0x400;
/// The watched file was moved.
pub const IN_MOVE_SELF: u32 = 0x800;
/// The file system was unmounted.
pub const IN_UNMOUNT: u32 = 0x2000;
/// Events were lost.
pub const IN_Q_OVERFLOW: u32 = 0x4000;
/// The watch is gone.
pub const IN_IGNORED: u32 = 0x8000;
/// All events.
pub const IN_ALL_EVENTS: u32 = 0xfff;
/// Watch directories alone.
pub const IN_ONLYDIR: u32 = 0x0100_0000;
/// Do not follow a symbolic link.
pub const IN_DONT_FOLLOW: u32 = 0x0200_0000;
/// No events for unlinked children.
pub const IN_EXCL_UNLINK: u32 = 0x0400_0000;
/// Fail if there is a watch already.
pub const IN_MASK_CREATE: u32 = 0x1000_0000;
/// Add to the mask of an existing watch.
pub const IN_MASK_ADD: u32 = 0x2000_0000;
/// The event is about a directory.
pub const IN_ISDIR: u32 = 0x4000_0000;
/// One event, then remove the watch.
pub const IN_ONESHOT: u32 = 0x8000_0000;
