//! Arguments about files: [`AtFlags`], [`Whence`], and the flags of single calls.

use super::kind::names;
use super::macros::flag_set;
use super::{FromArg, Kind, Names, Set};
use crate::abi::open_bits;
use crate::errno::Errno;

/// Where an offset counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whence {
    /// From the start of the file.
    Set,
    /// From the current position.
    Cur,
    /// From the end.
    End,
    /// To the next data at or after the offset.
    Data,
    /// To the next hole at or after the offset.
    Hole,
}

impl Whence {
    /// The names, for a trace.
    pub const NAMES: &'static Names = names! { "SEEK_" {
        SET = 0, CUR = 1, END = 2, DATA = 3, HOLE = 4,
    } };
}

impl FromArg for Whence {
    const KIND: Kind = Kind::Code(Set::Whence);
    #[inline]
    fn from_arg(raw: usize) -> Result<Self, Errno> {
        match raw as u32 {
            0 => Ok(Self::Set),
            1 => Ok(Self::Cur),
            2 => Ok(Self::End),
            3 => Ok(Self::Data),
            4 => Ok(Self::Hole),
            _ => Err(Errno::EINVAL),
        }
    }
}

flag_set! {
    /// Flags of the `…at` calls. Each call allows only some: see `only`.
    pub struct AtFlags: u32, "AT_", keep {
        SYMLINK_NOFOLLOW = 0x100;
        /// For `unlinkat` alone. The same bit is `AT_EACCESS` for `faccessat2`.
        REMOVEDIR = 0x200;
        SYMLINK_FOLLOW = 0x400;
        NO_AUTOMOUNT = 0x800;
        EMPTY_PATH = 0x1000;
        STATX_FORCE_SYNC = 0x2000;
        STATX_DONT_SYNC = 0x4000;
        RECURSIVE = 0x8000;
    }
}

impl AtFlags {
    /// `AT_EACCESS`: check with the effective ids (`faccessat2`).
    pub const EACCESS: Self = Self::REMOVEDIR;
    /// What `statx` may be told about freshness.
    pub const STATX_SYNC_TYPE: Self = Self::STATX_FORCE_SYNC.union(Self::STATX_DONT_SYNC);
}

flag_set! {
    /// Which fields of `struct statx` are wanted or valid.
    pub struct StatxMask: u32, "STATX_", keep {
        TYPE = 0x1;
        MODE = 0x2;
        NLINK = 0x4;
        UID = 0x8;
        GID = 0x10;
        ATIME = 0x20;
        MTIME = 0x40;
        CTIME = 0x80;
        INO = 0x100;
        SIZE = 0x200;
        BLOCKS = 0x400;
        BTIME = 0x800;
        MNT_ID = 0x1000;
        DIOALIGN = 0x2000;
        MNT_ID_UNIQUE = 0x4000;
        SUBVOL = 0x8000;
        WRITE_ATOMIC = 0x1_0000;
        DIO_READ_ALIGN = 0x2_0000;
    }
}

impl StatxMask {
    /// All that `struct stat` has.
    pub const BASIC_STATS: Self = Self::from_bits_retain(0x7ff);
    /// A bit that fails with `EINVAL`.
    pub const RESERVED: u32 = 0x8000_0000;
}

flag_set! {
    /// What `access` asks for; `F_OK` is no bit at all.
    pub struct AccessMode: u32, "", reject {
        X_OK = 1;
        W_OK = 2;
        R_OK = 4;
    }
}

flag_set! {
    /// Flags of `renameat2`.
    pub struct RenameFlags: u32, "RENAME_", reject {
        NOREPLACE = 1;
        EXCHANGE = 2;
        WHITEOUT = 4;
    }
}

flag_set! {
    /// Flags of `setxattr`.
    pub struct XattrFlags: u32, "XATTR_", reject {
        CREATE = 1;
        REPLACE = 2;
    }
}

flag_set! {
    /// Modes of `fallocate`; unknown ones fail with `EOPNOTSUPP` after the range is checked.
    pub struct FallocateMode: u32, "FALLOC_FL_", keep {
        KEEP_SIZE = 0x1;
        PUNCH_HOLE = 0x2;
        NO_HIDE_STALE = 0x4;
        COLLAPSE_RANGE = 0x8;
        ZERO_RANGE = 0x10;
        INSERT_RANGE = 0x20;
        UNSHARE_RANGE = 0x40;
    }
}

flag_set! {
    /// Flags of `preadv2` and `pwritev2`; unknown ones fail with `EOPNOTSUPP`.
    pub struct RwFlags: u32, "RWF_", keep {
        HIPRI = 0x1;
        DSYNC = 0x2;
        SYNC = 0x4;
        NOWAIT = 0x8;
        APPEND = 0x10;
        NOAPPEND = 0x20;
        ATOMIC = 0x40;
        DONTCACHE = 0x80;
    }
}

flag_set! {
    /// Flags of `close_range`.
    pub struct CloseRangeFlags: u32, "CLOSE_RANGE_", reject {
        UNSHARE = 2;
        CLOEXEC = 4;
    }
}

flag_set! {
    /// Flags of `dup3`.
    pub struct Dup3Flags: u32, "O_", reject {
        CLOEXEC = open_bits::CLOEXEC;
    }
}

flag_set! {
    /// Flags of `pipe2`.
    pub struct PipeFlags: u32, "O_", reject {
        NONBLOCK = open_bits::NONBLOCK;
        DIRECT = open_bits::DIRECT;
        CLOEXEC = open_bits::CLOEXEC;
        /// `O_NOTIFICATION_PIPE`, the same bit as `O_EXCL`; Linux may answer `ENOPKG`.
        EXCL = open_bits::EXCL;
    }
}

flag_set! {
    /// Flags of `splice`, `tee` and `vmsplice`.
    pub struct SpliceFlags: u32, "SPLICE_F_", reject {
        MOVE = 1;
        NONBLOCK = 2;
        MORE = 4;
        GIFT = 8;
    }
}

flag_set! {
    /// Flags of `memfd_create`. With `HUGETLB` the bits from 26 up are the page size; without it
    /// a bit that has no name here fails with `EINVAL`.
    pub struct MemfdFlags: u32, "MFD_", keep {
        CLOEXEC = 0x1;
        ALLOW_SEALING = 0x2;
        HUGETLB = 0x4;
        NOEXEC_SEAL = 0x8;
        EXEC = 0x10;
    }
}

flag_set! {
    /// What `flock` is to do; exactly one of `SH`, `EX` and `UN`, else `EINVAL`.
    pub struct FlockOp: u32, "LOCK_", keep {
        SH = 1;
        EX = 2;
        NB = 4;
        UN = 8;
    }
}
