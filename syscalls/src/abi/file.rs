//! Files: `stat`, `statx`, `statfs`, `iovec`, directory entries, locks, and their constants.

use super::macros::abi;

abi! {
    /// `struct stat` of x86_64.
    pub struct StatX86_64 as Stat {
        pub st_dev: u64,
        pub st_ino: u64,
        pub st_nlink: u64,
        pub st_mode: u32,
        pub st_uid: u32,
        pub st_gid: u32,
        pub pad0: u32,
        pub st_rdev: u64,
        pub st_size: i64,
        pub st_blksize: i64,
        pub st_blocks: i64,
        pub st_atime: i64,
        pub st_atime_nsec: i64,
        pub st_mtime: i64,
        pub st_mtime_nsec: i64,
        pub st_ctime: i64,
        pub st_ctime_nsec: i64,
        pub unused: [i64; 3],
    }

    /// `struct stat` of arm64 (the generic one).
    pub struct StatAarch64 as Stat {
        pub st_dev: u64,
        pub st_ino: u64,
        pub st_mode: u32,
        pub st_nlink: u32,
        pub st_uid: u32,
        pub st_gid: u32,
        pub st_rdev: u64,
        pub pad1: u64,
        pub st_size: i64,
        pub st_blksize: i32,
        pub pad2: i32,
        pub st_blocks: i64,
        pub st_atime: i64,
        pub st_atime_nsec: i64,
        pub st_mtime: i64,
        pub st_mtime_nsec: i64,
        pub st_ctime: i64,
        pub st_ctime_nsec: i64,
        pub unused: [u32; 2],
    }

    /// `struct statx_timestamp`.
    pub struct StatxTimestamp {
        pub tv_sec: i64,
        pub tv_nsec: u32,
        pub reserved: i32,
    }

    /// `struct statx`.
    pub struct Statx {
        pub stx_mask: u32,
        pub stx_blksize: u32,
        pub stx_attributes: u64,
        pub stx_nlink: u32,
        pub stx_uid: u32,
        pub stx_gid: u32,
        pub stx_mode: u16,
        pub pad0: u16,
        pub stx_ino: u64,
        pub stx_size: u64,
        pub stx_blocks: u64,
        pub stx_attributes_mask: u64,
        pub stx_atime: StatxTimestamp,
        pub stx_btime: StatxTimestamp,
        pub stx_ctime: StatxTimestamp,
        pub stx_mtime: StatxTimestamp,
        pub stx_rdev_major: u32,
        pub stx_rdev_minor: u32,
        pub stx_dev_major: u32,
        pub stx_dev_minor: u32,
        pub stx_mnt_id: u64,
        pub stx_dio_mem_align: u32,
        pub stx_dio_offset_align: u32,
        pub spare: [u64; 12],
    }

    /// `struct statfs`.
    pub struct Statfs {
        pub f_type: i64,
        pub f_bsize: i64,
        pub f_blocks: u64,
        pub f_bfree: u64,
        pub f_bavail: u64,
        pub f_files: u64,
        pub f_ffree: u64,
        pub f_fsid: [i32; 2],
        pub f_namelen: i64,
        pub f_frsize: i64,
        pub f_flags: i64,
        pub f_spare: [i64; 4],
    }

    /// `struct iovec`.
    pub struct Iovec as Iovec {
        pub iov_base: u64,
        pub iov_len: u64,
    }

    /// `struct linux_dirent64` up to the type; the name, a zero byte and padding to 8 follow.
    /// Names begin at [`Dirent64::NAME_OFFSET`], which is less than this structure's size.
    pub struct Dirent64 {
        pub d_ino: u64,
        pub d_off: i64,
        pub d_reclen: u16,
        pub d_type: u8,
        /// The first five bytes of the name.
        pub d_name: [u8; 5],
    }

    /// `struct open_how` of `openat2`.
    pub struct OpenHow {
        pub flags: u64,
        pub mode: u64,
        pub resolve: u64,
    }

    /// `struct flock`.
    pub struct Flock {
        pub l_type: i16,
        pub l_whence: i16,
        pub pad0: u32,
        pub l_start: i64,
        pub l_len: i64,
        pub l_pid: i32,
        pub pad1: u32,
    }

    /// `struct f_owner_ex`.
    pub struct FOwnerEx {
        pub kind: i32,
        pub pid: i32,
    }
}

/// `struct stat` of the architecture compiled for.
#[cfg(not(target_arch = "aarch64"))]
pub type Stat = StatX86_64;
/// `struct stat` of the architecture compiled for.
#[cfg(target_arch = "aarch64")]
pub type Stat = StatAarch64;

impl Dirent64 {
    /// Where the name begins.
    pub const NAME_OFFSET: usize = 19;
    /// Records are padded to a multiple of this.
    pub const ALIGN: usize = 8;

    /// The length of a record whose name has this many bytes.
    #[must_use]
    pub const fn record_len(name: usize) -> usize {
        (Self::NAME_OFFSET + name + 1).next_multiple_of(Self::ALIGN)
    }
}
