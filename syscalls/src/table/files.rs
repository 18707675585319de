//! Rows about descriptors: reading, writing, seeking, duplicating, pipes, copies between files.
//!
//! How to change a row is said in [`crate::table`].

#[doc(hidden)]
#[macro_export]
macro_rules! __rows_files {
    ($to:tt [$next:ident $($rest:ident)*] $($rows:tt)*) => { $crate::$next! { $to [$($rest)*] $($rows)*
        read            {   0,  63 } full                  (fd: Fd, buf: UserOut<[u8]>, len: usize) ["own:files"];
        write           {   1,  64 } full                  (fd: Fd, buf: UserIn<[u8]>, len: usize) ["own:files"];
        readv           {  19,  65 } full                  (fd: Fd, iov: UserIn<[Iovec]>, iovcnt: usize) ["own:files"];
        writev          {  20,  66 } full                  (fd: Fd, iov: UserIn<[Iovec]>, iovcnt: usize) ["own:files"];
        pread64         {  17,  67 } full                  (fd: Fd, buf: UserOut<[u8]>, len: usize, offset: i64) ["own:files"];
        pwrite64        {  18,  68 } full                  (fd: Fd, buf: UserIn<[u8]>, len: usize, offset: i64) ["own:files"];
        preadv          { 295,  69 } full                  (fd: Fd, iov: UserIn<[Iovec]>, iovcnt: usize, pos_low: i64, pos_high: i64) ["own:files"];
        pwritev         { 296,  70 } full                  (fd: Fd, iov: UserIn<[Iovec]>, iovcnt: usize, pos_low: i64, pos_high: i64) ["own:files"];
        preadv2         { 327, 286 } partial("RWF_ATOMIC and RWF_DONTCACHE fail with EOPNOTSUPP") (fd: Fd, iov: UserIn<[Iovec]>, iovcnt: usize, pos_low: i64, pos_high: i64, flags: RwFlags) ["own:files"];
        pwritev2        { 328, 287 } partial("RWF_ATOMIC and RWF_DONTCACHE fail with EOPNOTSUPP") (fd: Fd, iov: UserIn<[Iovec]>, iovcnt: usize, pos_low: i64, pos_high: i64, flags: RwFlags) ["own:files"];
        lseek           {   8,  62 } full                  (fd: Fd, offset: i64, whence: Whence) ["own:files"];
        close           {   3,  57 } full                  (fd: Fd) ["own:files"];
        close_range     { 436, 436 } partial("CLOSE_RANGE_UNSHARE fails with EINVAL in a program with several threads") (first: u32, last: u32, flags: CloseRangeFlags) ["own:files"];
        dup             {  32,  23 } full                  (fd: Fd) ["own:files"];
        dup2            {  33,   _ } full                  (old: Fd, new: Fd) ["own:files"];
        dup3            { 292,  24 } full                  (old: Fd, new: Fd, flags: Dup3Flags) ["own:files"];
        fcntl           {  72,  25 } partial("no leases and no directory notification; SIGIO is not sent") (fd: Fd, cmd: FcntlCmd, arg: usize) ["own:files"];
        ioctl           {  16,  29 } partial("only what the files there are know; SIGIO is not sent") (fd: Fd, cmd: IoctlCmd, arg: usize) ["own:files", "own:tty"];
        flock           {  73,  32 } full                  (fd: Fd, op: FlockOp) ["own:files"];
        fsync           {  74,  82 } full                  (fd: Fd) ["own:files"];
        fdatasync       {  75,  83 } full                  (fd: Fd) ["own:files"];
        sync            { 162,  81 } full                  () ["own:files"];
        syncfs          { 306, 267 } full                  (fd: Fd) ["own:files"];
        sync_file_range { 277,  84 } partial("files are in memory: nothing to wait for") (fd: Fd, offset: i64, len: i64, flags: u32) ["own:files"];
        fadvise64       { 221, 223 } partial("files are in memory: advice is checked and ignored") (fd: Fd, offset: i64, len: i64, advice: i32) ["own:files"];
        readahead       { 187, 213 } partial("files are in memory: nothing to read ahead") (fd: Fd, offset: i64, count: usize) ["own:files"];
        ftruncate       {  77,  46 } full                  (fd: Fd, len: i64) ["own:files"];
        fallocate       { 285,  47 } full                  (fd: Fd, mode: FallocateMode, offset: i64, len: i64) ["own:files"];
        sendfile        {  40,  71 } full                  (out: Fd, from: Fd, offset: UserInOut<i64>, count: usize) ["own:files"];
        copy_file_range { 326, 285 } full                  (from: Fd, off_in: UserInOut<i64>, to: Fd, off_out: UserInOut<i64>, len: usize, flags: u32) ["own:files"];
        splice          { 275,  76 } full                  (from: Fd, off_in: UserInOut<i64>, to: Fd, off_out: UserInOut<i64>, len: usize, flags: SpliceFlags) ["own:files"];
        tee             { 276,  77 } full                  (from: Fd, to: Fd, len: usize, flags: SpliceFlags) ["own:files"];
        vmsplice        { 278,  75 } partial("pages are copied, never given away") (fd: Fd, iov: UserIn<[Iovec]>, count: usize, flags: SpliceFlags) ["own:files"];
        pipe            {  22,   _ } full                  (fds: UserOut<[i32; 2]>) ["own:files"];
        pipe2           { 293,  59 } partial("no packet mode: O_DIRECT fails with EINVAL") (fds: UserOut<[i32; 2]>, flags: PipeFlags) ["own:files"];
        getdents        {  78,   _ } full                  (fd: Fd, buf: UserAddr, len: u32) ["own:files"];
        getdents64      { 217,  61 } full                  (fd: Fd, buf: UserAddr, len: u32) ["own:files"];
        cachestat       { 451, 451 } stub("callers use mincore or go without") (fd: Fd, range: UserAddr, out: UserAddr, flags: u32) [];
        memfd_create    { 319, 279 } partial("no huge pages: MFD_HUGETLB fails with ENOSYS") (name: UserStr, flags: MemfdFlags) ["own:files"];
        memfd_secret    { 447, 447 } stub("callers keep the secret in ordinary memory") (flags: u32) [];
    } };
}
