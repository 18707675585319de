//! Rows about paths: opening, metadata, links, directories, extended attributes.
//!
//! How to change a row is said in [`crate::table`].

#[doc(hidden)]
#[macro_export]
macro_rules! __rows_paths {
    ($to:tt [$next:ident $($rest:ident)*] $($rows:tt)*) => { $crate::$next! { $to [$($rest)*] $($rows)*
        open              {   2,   _ } full                          (path: UserStr, flags: OpenFlags, mode: Mode) ["own:files"];
        openat            { 257,  56 } full                          (dir: Fd, path: UserStr, flags: OpenFlags, mode: Mode) ["own:files"];
        openat2           { 437, 437 } full                          (dir: Fd, path: UserStr, how: UserIn<OpenHow>, size: usize) ["own:files"];
        creat             {  85,   _ } full                          (path: UserStr, mode: Mode) ["own:files"];
        stat              {   4,   _ } full                          (path: UserStr, out: UserOut<Stat>) ["own:files"];
        lstat             {   6,   _ } full                          (path: UserStr, out: UserOut<Stat>) ["own:files"];
        fstat             {   5,  80 } full                          (fd: Fd, out: UserOut<Stat>) ["own:files"];
        newfstatat        { 262,  79 } full                          (dir: Fd, path: UserStr, out: UserOut<Stat>, flags: AtFlags) ["own:files"];
        statx             { 332, 291 } full                          (dir: Fd, path: UserStr, flags: AtFlags, mask: StatxMask, out: UserOut<Statx>) ["own:files"];
        statfs            { 137,  43 } full                          (path: UserStr, out: UserOut<Statfs>) ["own:files"];
        fstatfs           { 138,  44 } full                          (fd: Fd, out: UserOut<Statfs>) ["own:files"];
        ustat             { 136,   _ } stub("obsolete: C libraries use statfs") (dev: u32, out: UserAddr) [];
        access            {  21,   _ } full                          (path: UserStr, mode: AccessMode) ["own:files"];
        faccessat         { 269,  48 } full                          (dir: Fd, path: UserStr, mode: AccessMode) ["own:files"];
        faccessat2        { 439, 439 } full                          (dir: Fd, path: UserStr, mode: AccessMode, flags: AtFlags) ["own:files"];
        getcwd            {  79,  17 } full                          (buf: UserAddr, len: usize) ["own:files"];
        chdir             {  80,  49 } full                          (path: UserStr) ["own:files"];
        fchdir            {  81,  50 } full                          (fd: Fd) ["own:files"];
        chroot            { 161,  51 } full                          (path: UserStr) ["own:files"];
        mkdir             {  83,   _ } full                          (path: UserStr, mode: Mode) ["own:files"];
        mkdirat           { 258,  34 } full                          (dir: Fd, path: UserStr, mode: Mode) ["own:files"];
        rmdir             {  84,   _ } full                          (path: UserStr) ["own:files"];
        unlink            {  87,   _ } full                          (path: UserStr) ["own:files"];
        unlinkat          { 263,  35 } full                          (dir: Fd, path: UserStr, flags: AtFlags) ["own:files"];
        rename            {  82,   _ } full                          (old: UserStr, new: UserStr) ["own:files"];
        renameat          { 264,  38 } full                          (old_dir: Fd, old: UserStr, new_dir: Fd, new: UserStr) ["own:files"];
        renameat2         { 316, 276 } partial("RENAME_WHITEOUT fails with EINVAL")         (old_dir: Fd, old: UserStr, new_dir: Fd, new: UserStr, flags: RenameFlags) ["own:files"];
        link              {  86,   _ } full                          (old: UserStr, new: UserStr) ["own:files"];
        linkat            { 265,  37 } full                          (old_dir: Fd, old: UserStr, new_dir: Fd, new: UserStr, flags: AtFlags) ["own:files"];
        symlink           {  88,   _ } full                          (target: UserStr, path: UserStr) ["own:files"];
        symlinkat         { 266,  36 } full                          (target: UserStr, dir: Fd, path: UserStr) ["own:files"];
        readlink          {  89,   _ } full                          (path: UserStr, buf: UserOut<[u8]>, len: i32) ["own:files"];
        readlinkat        { 267,  78 } full                          (dir: Fd, path: UserStr, buf: UserOut<[u8]>, len: i32) ["own:files"];
        mknod             { 133,   _ } full                          (path: UserStr, mode: Mode, dev: u32) ["own:files"];
        mknodat           { 259,  33 } full                          (dir: Fd, path: UserStr, mode: Mode, dev: u32) ["own:files"];
        truncate          {  76,  45 } full                          (path: UserStr, len: i64) ["own:files"];
        chmod             {  90,   _ } full                          (path: UserStr, mode: Mode) ["own:files"];
        fchmod            {  91,  52 } full                          (fd: Fd, mode: Mode) ["own:files"];
        fchmodat          { 268,  53 } full                          (dir: Fd, path: UserStr, mode: Mode) ["own:files"];
        fchmodat2         { 452, 452 } full                          (dir: Fd, path: UserStr, mode: Mode, flags: AtFlags) ["own:files"];
        chown             {  92,   _ } full                          (path: UserStr, uid: Uid, gid: Gid) ["own:files"];
        lchown            {  94,   _ } full                          (path: UserStr, uid: Uid, gid: Gid) ["own:files"];
        fchown            {  93,  55 } full                          (fd: Fd, uid: Uid, gid: Gid) ["own:files"];
        fchownat          { 260,  54 } full                          (dir: Fd, path: UserStr, uid: Uid, gid: Gid, flags: AtFlags) ["own:files"];
        umask             {  95, 166 } full                          (mask: Mode) ["own:files"];
        utime             { 132,   _ } full                          (path: UserStr, times: UserIn<Utimbuf>) ["own:files"];
        utimes            { 235,   _ } full                          (path: UserStr, times: UserIn<[Timeval; 2]>) ["own:files"];
        futimesat         { 261,   _ } full                          (dir: Fd, path: UserStr, times: UserIn<[Timeval; 2]>) ["own:files"];
        utimensat         { 280,  88 } full                          (dir: Fd, path: UserStr, times: UserIn<[Timespec; 2]>, flags: AtFlags) ["own:files"];
        getxattr          { 191,   8 } full                          (path: UserStr, name: UserStr, value: UserAddr, size: usize) ["own:files"];
        lgetxattr         { 192,   9 } full                          (path: UserStr, name: UserStr, value: UserAddr, size: usize) ["own:files"];
        fgetxattr         { 193,  10 } full                          (fd: Fd, name: UserStr, value: UserAddr, size: usize) ["own:files"];
        setxattr          { 188,   5 } full                          (path: UserStr, name: UserStr, value: UserIn<[u8]>, size: usize, flags: XattrFlags) ["own:files"];
        lsetxattr         { 189,   6 } full                          (path: UserStr, name: UserStr, value: UserIn<[u8]>, size: usize, flags: XattrFlags) ["own:files"];
        fsetxattr         { 190,   7 } full                          (fd: Fd, name: UserStr, value: UserIn<[u8]>, size: usize, flags: XattrFlags) ["own:files"];
        listxattr         { 194,  11 } full                          (path: UserStr, list: UserAddr, size: usize) ["own:files"];
        llistxattr        { 195,  12 } full                          (path: UserStr, list: UserAddr, size: usize) ["own:files"];
        flistxattr        { 196,  13 } full                          (fd: Fd, list: UserAddr, size: usize) ["own:files"];
        removexattr       { 197,  14 } full                          (path: UserStr, name: UserStr) ["own:files"];
        lremovexattr      { 198,  15 } full                          (path: UserStr, name: UserStr) ["own:files"];
        fremovexattr      { 199,  16 } full                          (fd: Fd, name: UserStr) ["own:files"];
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
