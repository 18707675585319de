//! Arguments about files: [`OpenFlags`], [`AtFlags`], [`Whence`], `fcntl` and `ioctl` commands.

use super::kind::names;
use super::macros::{codes, flag_set};
use super::{FromArg, Kind, Names, Set, Special};
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

codes! {
    /// Commands of `fcntl`; unknown ones fail with `EINVAL`.
    pub struct FcntlCmd: u32, "F_" {
        DUPFD = 0;
        GETFD = 1;
        SETFD = 2;
        GETFL = 3;
        SETFL = 4;
        GETLK = 5;
        SETLK = 6;
        SETLKW = 7;
        SETOWN = 8;
        GETOWN = 9;
        SETSIG = 10;
        GETSIG = 11;
        SETOWN_EX = 15;
        GETOWN_EX = 16;
        GETOWNER_UIDS = 17;
        OFD_GETLK = 36;
        OFD_SETLK = 37;
        OFD_SETLKW = 38;
        SETLEASE = 1024;
        GETLEASE = 1025;
        NOTIFY = 1026;
        DUPFD_QUERY = 1027;
        CREATED_QUERY = 1028;
        CANCELLK = 1029;
        DUPFD_CLOEXEC = 1030;
        SETPIPE_SZ = 1031;
        GETPIPE_SZ = 1032;
        ADD_SEALS = 1033;
        GET_SEALS = 1034;
        GET_RW_HINT = 1035;
        SET_RW_HINT = 1036;
        GET_FILE_RW_HINT = 1037;
        SET_FILE_RW_HINT = 1038;
    }
}

codes! {
    /// Commands of `ioctl`; one that a file does not know fails with `ENOTTY`.
    pub struct IoctlCmd: u32, "" {
        TCGETS = 0x5401;
        TCSETS = 0x5402;
        TCSETSW = 0x5403;
        TCSETSF = 0x5404;
        TCSBRK = 0x5409;
        TCXONC = 0x540a;
        TCFLSH = 0x540b;
        TIOCEXCL = 0x540c;
        TIOCNXCL = 0x540d;
        TIOCSCTTY = 0x540e;
        TIOCGPGRP = 0x540f;
        TIOCSPGRP = 0x5410;
        TIOCOUTQ = 0x5411;
        TIOCSTI = 0x5412;
        TIOCGWINSZ = 0x5413;
        TIOCSWINSZ = 0x5414;
        FIONREAD = 0x541b;
        TIOCLINUX = 0x541c;
        TIOCCONS = 0x541d;
        FIONBIO = 0x5421;
        TIOCNOTTY = 0x5422;
        TIOCSETD = 0x5423;
        TIOCGETD = 0x5424;
        TCSBRKP = 0x5425;
        TIOCGSID = 0x5429;
        TCGETS2 = 0x802c_542a;
        TCSETS2 = 0x402c_542b;
        TCSETSW2 = 0x402c_542c;
        TCSETSF2 = 0x402c_542d;
        TIOCGPTN = 0x8004_5430;
        TIOCSPTLCK = 0x4004_5431;
        FIONCLEX = 0x5450;
        FIOCLEX = 0x5451;
        FIOASYNC = 0x5452;
        FIOQSIZE = 0x5460;
        FIOSETOWN = 0x8901;
        SIOCSPGRP = 0x8902;
        FIOGETOWN = 0x8903;
        SIOCGPGRP = 0x8904;
        SIOCATMARK = 0x8905;
        SIOCGSTAMP = 0x8906;
        SIOCADDRT = 0x890b;
        SIOCDELRT = 0x890c;
        SIOCGIFNAME = 0x8910;
        SIOCGIFCONF = 0x8912;
        SIOCGIFFLAGS = 0x8913;
        SIOCSIFFLAGS = 0x8914;
        SIOCGIFADDR = 0x8915;
        SIOCSIFADDR = 0x8916;
        SIOCGIFDSTADDR = 0x8917;
        SIOCGIFBRDADDR = 0x8919;
        SIOCGIFNETMASK = 0x891b;
        SIOCSIFNETMASK = 0x891c;
        SIOCGIFMETRIC = 0x891d;
        SIOCGIFMTU = 0x8921;
        SIOCSIFMTU = 0x8922;
        SIOCGIFHWADDR = 0x8927;
        SIOCGIFINDEX = 0x8933;
        SIOCGIFTXQLEN = 0x8942;
        SIOCETHTOOL = 0x8946;
        FIBMAP = 0x1;
        FIGETBSZ = 0x2;
        FIFREEZE = 0xc004_5877;
        FITHAW = 0xc004_5878;
        FITRIM = 0xc018_5879;
        FICLONE = 0x4004_9409;
        FICLONERANGE = 0x4020_940d;
        FS_IOC_GETFLAGS = 0x8008_6601;
        FS_IOC_SETFLAGS = 0x4008_6602;
        FS_IOC_GETVERSION = 0x8008_7601;
        FS_IOC_FIEMAP = 0xc020_660b;
        FS_IOC_FSGETXATTR = 0x801c_581f;
        FS_IOC_FSSETXATTR = 0x401c_5820;
        BLKROGET = 0x125e;
        BLKGETSIZE = 0x1260;
        BLKFLSBUF = 0x1261;
        BLKSSZGET = 0x1268;
        BLKBSZGET = 0x8008_1270;
        BLKGETSIZE64 = 0x8008_1272;
        BLKDISCARD = 0x1277;
        BLKPBSZGET = 0x127b;
        RNDGETENTCNT = 0x8004_5200;
        RNDADDTOENTCNT = 0x4004_5201;
        RNDADDENTROPY = 0x4008_5203;
        RNDRESEEDCRNG = 0x5207;
    }
}
