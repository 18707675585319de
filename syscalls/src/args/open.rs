//! [`OpenFlags`]: how files are opened, with values that differ per architecture.

use super::{FromArg, Kind, Names, Special};
use crate::abi::open_bits;
use crate::errno::Errno;

bitflags::bitflags! {
    /// `open` and descriptor status flags of the architecture compiled for. The two lowest bits
    /// are the access mode ([`OpenFlags::access`]). Unknown bits are ignored, as `open` does.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[repr(transparent)]
    pub struct OpenFlags: u32 {
        /// Write only (`O_RDONLY` is the absence of both).
        const WRONLY = 1;
        /// Read and write.
        const RDWR = 2;
        /// Create the file if it is missing.
        const CREAT = open_bits::CREAT;
        /// Fail if the file exists.
        const EXCL = open_bits::EXCL;
        /// Do not become the controlling terminal.
        const NOCTTY = open_bits::NOCTTY;
        /// Cut the file to nothing.
        const TRUNC = open_bits::TRUNC;
        /// Write at the end.
        const APPEND = open_bits::APPEND;
        /// Do not wait.
        const NONBLOCK = open_bits::NONBLOCK;
        /// Data reaches the disk before a write returns.
        const DSYNC = open_bits::DSYNC;
        /// Signal when input or output is possible (`FASYNC`).
        const ASYNC = open_bits::ASYNC;
        /// Go around the page cache; for a pipe, packets.
        const DIRECT = open_bits::DIRECT;
        /// Files beyond 2 GiB; always on, `F_GETFL` shows it.
        const LARGEFILE = open_bits::LARGEFILE;
        /// Fail unless it is a directory.
        const DIRECTORY = open_bits::DIRECTORY;
        /// Fail if the last component is a symbolic link.
        const NOFOLLOW = open_bits::NOFOLLOW;
        /// Leave the access time alone.
        const NOATIME = open_bits::NOATIME;
        /// Close on `execve`; belongs to the descriptor, not to the open file.
        const CLOEXEC = open_bits::CLOEXEC;
        /// Data and metadata reach the disk before a write returns.
        const SYNC = open_bits::SYNC;
        /// A place in the tree only.
        const PATH = open_bits::PATH;
        /// A file without a name (with [`OpenFlags::DIRECTORY`] in it, as in C).
        const TMPFILE = open_bits::TMPFILE;
    }
}

impl OpenFlags {
    /// The mask of the access mode.
    pub const ACCMODE: u32 = 3;
    /// Read only: no bit at all.
    pub const RDONLY: Self = Self::empty();
    /// What `fcntl(F_SETFL)` can change; it ignores all else.
    pub const SETTABLE: Self = Self::APPEND
        .union(Self::NONBLOCK)
        .union(Self::ASYNC)
        .union(Self::DIRECT)
        .union(Self::NOATIME);

    /// The flags' names beside the access mode on an architecture, for a trace.
    #[must_use]
    pub const fn names(arch: crate::Arch) -> &'static Names {
        match arch {
            crate::Arch::X86_64 => crate::abi::open_bits_x86_64::NAMES,
            crate::Arch::Aarch64 => crate::abi::open_bits_aarch64::NAMES,
        }
    }

    /// Whether reading is asked for.
    #[inline]
    #[must_use]
    pub const fn readable(self) -> bool {
        matches!(self.bits() & Self::ACCMODE, 0 | 2)
    }

    /// Whether writing is asked for.
    #[inline]
    #[must_use]
    pub const fn writable(self) -> bool {
        matches!(self.bits() & Self::ACCMODE, 1 | 2)
    }

    /// The access mode alone.
    #[inline]
    #[must_use]
    pub const fn access(self) -> Self {
        Self::from_bits_retain(self.bits() & Self::ACCMODE)
    }
}

impl FromArg for OpenFlags {
    const KIND: Kind = Kind::Special(Special::Open);
    #[inline]
    fn from_arg(raw: usize) -> Result<Self, Errno> {
        Ok(Self::from_bits_truncate(raw as u32))
    }
}
