//! Constants of events.

use crate::abi::macros::constants;

constants! {
    /// `inotify`: events, and bits of `inotify_add_watch`.
    u32 {
        IN_ACCESS = 1;
        IN_MODIFY = 2;
        IN_ATTRIB = 4;
        IN_CLOSE_WRITE = 8;
        IN_CLOSE_NOWRITE = 16;
        IN_OPEN = 32;
        IN_MOVED_FROM = 64;
        IN_MOVED_TO = 128;
        IN_CREATE = 0x100;
        IN_DELETE = 0x200;
        IN_DELETE_SELF = 0x400;
        IN_MOVE_SELF = 0x800;
        IN_UNMOUNT = 0x2000;
        IN_Q_OVERFLOW = 0x4000;
        IN_IGNORED = 0x8000;
        IN_ALL_EVENTS = 0xfff;
        IN_ONLYDIR = 0x100_0000;
        IN_DONT_FOLLOW = 0x200_0000;
        IN_EXCL_UNLINK = 0x400_0000;
        IN_MASK_CREATE = 0x1000_0000;
        IN_MASK_ADD = 0x2000_0000;
        IN_ISDIR = 0x4000_0000;
        IN_ONESHOT = 0x8000_0000;
    }

    /// In the flags of a control block: count results in an eventfd.
    u32 {
        IOCB_FLAG_RESFD = 1;
    }

    /// How many descriptors the `fd_set` of C libraries holds; the kernel takes any number.
    usize {
        FD_SETSIZE = 0x400;
    }
}
