//! Constants of files: modes, types, locks, limits, magic numbers.

use crate::abi::macros::constants;

constants! {
    /// File types and permission bits of `st_mode`.
    u32 {
        S_IFMT = 0o170000;
        S_IFSOCK = 0o140000;
        S_IFLNK = 0o120000;
        S_IFREG = 0o100000;
        S_IFBLK = 0o60000;
        S_IFDIR = 0o40000;
        S_IFCHR = 0o20000;
        S_IFIFO = 0o10000;
        S_ISUID = 0o4000;
        S_ISGID = 0o2000;
        S_ISVTX = 0o1000;
        S_IRWXU = 0o700;
        S_IRUSR = 0o400;
        S_IWUSR = 0o200;
        S_IXUSR = 0o100;
        S_IRWXG = 0o70;
        S_IRGRP = 0o40;
        S_IWGRP = 0o20;
        S_IXGRP = 0o10;
        S_IRWXO = 0o7;
        S_IROTH = 0o4;
        S_IWOTH = 0o2;
        S_IXOTH = 0o1;
    }

    /// `d_type` of directory entries.
    u8 {
        DT_UNKNOWN = 0;
        DT_FIFO = 1;
        DT_CHR = 2;
        DT_DIR = 4;
        DT_BLK = 6;
        DT_REG = 8;
        DT_LNK = 10;
        DT_SOCK = 12;
        DT_WHT = 14;
    }

    /// `l_type` of locks.
    i16 {
        F_RDLCK = 0;
        F_WRLCK = 1;
        F_UNLCK = 2;
    }

    /// The descriptor flag of `F_GETFD` and `F_SETFD`.
    u32 {
        FD_CLOEXEC = 1;
    }

    /// Seals of `F_ADD_SEALS`.
    u32 {
        F_SEAL_SEAL = 1;
        F_SEAL_SHRINK = 2;
        F_SEAL_GROW = 4;
        F_SEAL_WRITE = 8;
        F_SEAL_FUTURE_WRITE = 16;
        F_SEAL_EXEC = 32;
    }

    /// `f_owner_ex.type`.
    i32 {
        F_OWNER_TID = 0;
        F_OWNER_PID = 1;
        F_OWNER_PGRP = 2;
    }

    /// `openat2`: how to resolve.
    u64 {
        RESOLVE_NO_XDEV = 1;
        RESOLVE_NO_MAGICLINKS = 2;
        RESOLVE_NO_SYMLINKS = 4;
        RESOLVE_BENEATH = 8;
        RESOLVE_IN_ROOT = 16;
        RESOLVE_CACHED = 32;
    }

    /// `stx_attributes`.
    u64 {
        STATX_ATTR_COMPRESSED = 4;
        STATX_ATTR_IMMUTABLE = 16;
        STATX_ATTR_APPEND = 32;
        STATX_ATTR_NODUMP = 64;
        STATX_ATTR_ENCRYPTED = 0x800;
        STATX_ATTR_AUTOMOUNT = 0x1000;
        STATX_ATTR_MOUNT_ROOT = 0x2000;
        STATX_ATTR_VERITY = 0x10_0000;
        STATX_ATTR_DAX = 0x20_0000;
    }

    /// `f_type` of file systems.
    i64 {
        TMPFS_MAGIC = 0x102_1994;
        RAMFS_MAGIC = 0x8584_58f6;
        EXT4_SUPER_MAGIC = 0xef53;
        PROC_SUPER_MAGIC = 0x9fa0;
        SYSFS_MAGIC = 0x6265_6572;
        DEVPTS_SUPER_MAGIC = 0x1cd1;
        ANON_INODE_FS_MAGIC = 0x904_1934;
        PIPEFS_MAGIC = 0x5049_5045;
        SOCKFS_MAGIC = 0x534f_434b;
        CGROUP2_SUPER_MAGIC = 0x6367_7270;
        OVERLAYFS_SUPER_MAGIC = 0x794c_7630;
        V9FS_MAGIC = 0x102_1997;
        MSDOS_SUPER_MAGIC = 0x4d44;
        ISOFS_SUPER_MAGIC = 0x9660;
        HUGETLBFS_MAGIC = 0x9584_58f6;
    }

    /// `f_flags` of `statfs`.
    i64 {
        ST_RDONLY = 1;
        ST_NOSUID = 2;
        ST_NODEV = 4;
        ST_NOEXEC = 8;
        ST_SYNCHRONOUS = 16;
        ST_VALID = 32;
        ST_MANDLOCK = 64;
        ST_NOATIME = 0x400;
        ST_NODIRATIME = 0x800;
        ST_RELATIME = 0x1000;
    }

    /// Limits of names and vectors.
    usize {
        PATH_MAX = 0x1000;
        NAME_MAX = 255;
        PIPE_BUF = 0x1000;
        XATTR_NAME_MAX = 255;
        XATTR_SIZE_MAX = 0x1_0000;
        XATTR_LIST_MAX = 0x1_0000;
        UIO_MAXIOV = 0x400;
    }

    /// Advice of `fadvise64`.
    i32 {
        POSIX_FADV_NORMAL = 0;
        POSIX_FADV_RANDOM = 1;
        POSIX_FADV_SEQUENTIAL = 2;
        POSIX_FADV_WILLNEED = 3;
        POSIX_FADV_DONTNEED = 4;
        POSIX_FADV_NOREUSE = 5;
    }

    /// Flags of `sync_file_range`.
    u32 {
        SYNC_FILE_RANGE_WAIT_BEFORE = 1;
        SYNC_FILE_RANGE_WRITE = 2;
        SYNC_FILE_RANGE_WAIT_AFTER = 4;
    }

    /// Mode bits of inodes, `FS_IOC_GETFLAGS`.
    u32 {
        FS_SYNC_FL = 8;
        FS_IMMUTABLE_FL = 16;
        FS_APPEND_FL = 32;
        FS_NODUMP_FL = 64;
        FS_NOATIME_FL = 128;
        FS_EXTENT_FL = 0x8_0000;
        FS_NOCOW_FL = 0x80_0000;
    }
}
