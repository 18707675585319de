//! Rows about paths: opening, metadata, links, directories, extended attributes.
//!
//! How to change a row is said in [`crate::table`].

#[doc(hidden)]
#[macro_export]
macro_rules! __rows_paths {
    ($to:tt [$next:ident $($rest:ident)*] $($rows:tt)*) => { $crate::$next! { $to [$($rest)*] $($rows)*
        open              {   2,   _ } stub("not built yet")         (path: UserStr, flags: OpenFlags, mode: Mode) [];
        openat            { 257,  56 } stub("not built yet")         (dir: Fd, path: UserStr, flags: OpenFlags, mode: Mode) [];
        openat2           { 437, 437 } stub("not built yet")         (dir: Fd, path: UserStr, how: UserIn<OpenHow>, size: usize) [];
        creat             {  85,   _ } stub("not built yet")         (path: UserStr, mode: Mode) [];
        stat              {   4,   _ } stub("not built yet")         (path: UserStr, out: UserOut<Stat>) [];
        lstat             {   6,   _ } stub("not built yet")         (path: UserStr, out: UserOut<Stat>) [];
        fstat             {   5,  80 } stub("not built yet")         (fd: Fd, out: UserOut<Stat>) [];
        newfstatat        { 262,  79 } stub("not built yet")         (dir: Fd, path: UserStr, out: UserOut<Stat>, flags: AtFlags) [];
        statx             { 332, 291 } stub("not built yet")         (dir: Fd, path: UserStr, flags: AtFlags, mask: StatxMask, out: UserOut<Statx>) [];
        statfs            { 137,  43 } stub("not built yet")         (path: UserStr, out: UserOut<Statfs>) [];
        fstatfs           { 138,  44 } stub("not built yet")         (fd: Fd, out: UserOut<Statfs>) [];
        ustat             { 136,   _ } stub("obsolete: C libraries use statfs") (dev: u32, out: UserAddr) [];
        access            {  21,   _ } stub("not built yet")         (path: UserStr, mode: AccessMode) [];
        faccessat         { 269,  48 } stub("not built yet")         (dir: Fd, path: UserStr, mode: AccessMode) [];
        faccessat2        { 439, 439 } stub("not built yet")         (dir: Fd, path: UserStr, mode: AccessMode, flags: AtFlags) [];
        getcwd            {  79,  17 } stub("not built yet")         (buf: UserAddr, len: usize) [];
        chdir             {  80,  49 } stub("not built yet")         (path: UserStr) [];
        fchdir            {  81,  50 } stub("not built yet")         (fd: Fd) [];
        chroot            { 161,  51 } stub("not built yet")         (path: UserStr) [];
        mkdir             {  83,   _ } stub("not built yet")         (path: UserStr, mode: Mode) [];
        mkdirat           { 258,  34 } stub("not built yet")         (dir: Fd, path: UserStr, mode: Mode) [];
        rmdir             {  84,   _ } stub("not built yet")         (path: UserStr) [];
        unlink            {  87,   _ } stub("not built yet")         (path: UserStr) [];
        unlinkat          { 263,  35 } stub("not built yet")         (dir: Fd, path: UserStr, flags: AtFlags) [];
        rename            {  82,   _ } stub("not built yet")         (old: UserStr, new: UserStr) [];
        renameat          { 264,  38 } stub("not built yet")         (old_dir: Fd, old: UserStr, new_dir: Fd, new: UserStr) [];
        renameat2         { 316, 276 } stub("not built yet")         (old_dir: Fd, old: UserStr, new_dir: Fd, new: UserStr, flags: RenameFlags) [];
        link              {  86,   _ } stub("not built yet")         (old: UserStr, new: UserStr) [];
        linkat            { 265,  37 } stub("not built yet")         (old_dir: Fd, old: UserStr, new_dir: Fd, new: UserStr, flags: AtFlags) [];
        symlink           {  88,   _ } stub("not built yet")         (target: UserStr, path: UserStr) [];
        symlinkat         { 266,  36 } stub("not built yet")         (target: UserStr, dir: Fd, path: UserStr) [];
        readlink          {  89,   _ } stub("not built yet")         (path: UserStr, buf: UserOut<[u8]>, len: i32) [];
        readlinkat        { 267,  78 } stub("not built yet")         (dir: Fd, path: UserStr, buf: UserOut<[u8]>, len: i32) [];
        mknod             { 133,   _ } stub("not built yet")         (path: UserStr, mode: Mode, dev: u32) [];
        mknodat           { 259,  33 } stub("not built yet")         (dir: Fd, path: UserStr, mode: Mode, dev: u32) [];
        truncate          {  76,  45 } stub("not built yet")         (path: UserStr, len: i64) [];
        chmod             {  90,   _ } stub("not built yet")         (path: UserStr, mode: Mode) [];
        fchmod            {  91,  52 } stub("not built yet")         (fd: Fd, mode: Mode) [];
        fchmodat          { 268,  53 } stub("not built yet")         (dir: Fd, path: UserStr, mode: Mode) [];
        fchmodat2         { 452, 452 } stub("not built yet")         (dir: Fd, path: UserStr, mode: Mode, flags: AtFlags) [];
        chown             {  92,   _ } stub("not built yet")         (path: UserStr, uid: Uid, gid: Gid) [];
        lchown            {  94,   _ } stub("not built yet")         (path: UserStr, uid: Uid, gid: Gid) [];
        fchown            {  93,  55 } stub("not built yet")         (fd: Fd, uid: Uid, gid: Gid) [];
        fchownat          { 260,  54 } stub("not built yet")         (dir: Fd, path: UserStr, uid: Uid, gid: Gid, flags: AtFlags) [];
        umask             {  95, 166 } stub("not built yet")         (mask: Mode) [];
        utime             { 132,   _ } stub("not built yet")         (path: UserStr, times: UserIn<Utimbuf>) [];
        utimes            { 235,   _ } stub("not built yet")         (path: UserStr, times: UserIn<[Timeval; 2]>) [];
        futimesat         { 261,   _ } stub("not built yet")         (dir: Fd, path: UserStr, times: UserIn<[Timeval; 2]>) [];
        utimensat         { 280,  88 } stub("not built yet")         (dir: Fd, path: UserStr, times: UserIn<[Timespec; 2]>, flags: AtFlags) [];
        getxattr          { 191,   8 } stub("not built yet")         (path: UserStr, name: UserStr, value: UserAddr, size: usize) [];
        lgetxattr         { 192,   9 } stub("not built yet")         (path: UserStr, name: UserStr, value: UserAddr, size: usize) [];
        fgetxattr         { 193,  10 } stub("not built yet")         (fd: Fd, name: UserStr, value: UserAddr, size: usize) [];
        setxattr          { 188,   5 } stub("not built yet")         (path: UserStr, name: UserStr, value: UserIn<[u8]>, size: usize, flags: XattrFlags) [];
        lsetxattr         { 189,   6 } stub("not built yet")         (path: UserStr, name: UserStr, value: UserIn<[u8]>, size: usize, flags: XattrFlags) [];
        fsetxattr         { 190,   7 } stub("not built yet")         (fd: Fd, name: UserStr, value: UserIn<[u8]>, size: usize, flags: XattrFlags) [];
        listxattr         { 194,  11 } stub("not built yet")         (path: UserStr, list: UserAddr, size: usize) [];
        llistxattr        { 195,  12 } stub("not built yet")         (path: UserStr, list: UserAddr, size: usize) [];
        flistxattr        { 196,  13 } stub("not built yet")         (fd: Fd, list: UserAddr, size: usize) [];
        removexattr       { 197,  14 } stub("not built yet")         (path: UserStr, name: UserStr) [];
        lremovexattr      { 198,  15 } stub("not built yet")         (path: UserStr, name: UserStr) [];
        fremovexattr      { 199,  16 } stub("not built yet")         (fd: Fd, name: UserStr) [];
        setxattrat        { 463, 463 } stub("callers use setxattr")  (dir: Fd, path: UserStr, flags: AtFlags, name: UserStr, args: UserAddr, size: usize) [];
        getxattrat        { 464, 464 } stub("callers use getxattr")  (dir: Fd, path: UserStr, flags: AtFlags, name: UserStr, args: UserAddr, size: usize) [];
        listxattrat       { 465, 465 } stub("callers use listxattr") (dir: Fd, path: UserStr, flags: AtFlags, list: UserAddr, size: usize) [];
        removexattrat     { 466, 466 } stub("callers use removexattr") (dir: Fd, path: UserStr, flags: AtFlags, name: UserStr) [];
        file_getattr      { 468, 468 } stub("callers use the FS_IOC_FSGETXATTR ioctl or go without") (dir: Fd, path: UserStr, attr: UserAddr, size: usize, flags: AtFlags) [];
        file_setattr      { 469, 469 } stub("callers use the FS_IOC_FSSETXATTR ioctl or go without") (dir: Fd, path: UserStr, attr: UserAddr, size: usize, flags: AtFlags) [];
        name_to_handle_at { 303, 264 } stub("callers compare st_dev and st_ino") (dir: Fd, path: UserStr, handle: UserAddr, mount_id: UserOut<i32>, flags: AtFlags) [];
        open_by_handle_at { 304, 265 } stub("only file servers ask; they export by path") (mount: Fd, handle: UserAddr, flags: OpenFlags) [];
    } };
}
