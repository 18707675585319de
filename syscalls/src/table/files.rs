//! Rows about descriptors: reading, writing, seeking, duplicating, pipes, copies between files.
//!
//! How to change a row is said in [`crate::table`].

#[doc(hidden)]
#[macro_export]
macro_rules! __rows_files {
    ($to:tt [$next:ident $($rest:ident)*] $($rows:tt)*) => { $crate::$next! { $to [$($rest)*] $($rows)*
        read            {   0,  63 } stub("not built yet") (fd: Fd, buf: UserOut<[u8]>, len: usize) [];
        write           {   1,  64 } stub("not built yet") (fd: Fd, buf: UserIn<[u8]>, len: usize) [];
        readv           {  19,  65 } stub("not built yet") (fd: Fd, iov: UserIn<[Iovec]>, iovcnt: usize) [];
        writev          {  20,  66 } stub("not built yet") (fd: Fd, iov: UserIn<[Iovec]>, iovcnt: usize) [];
        pread64         {  17,  67 } stub("not built yet") (fd: Fd, buf: UserOut<[u8]>, len: usize, offset: i64) [];
        pwrite64        {  18,  68 } stub("not built yet") (fd: Fd, buf: UserIn<[u8]>, len: usize, offset: i64) [];
        preadv          { 295,  69 } stub("not built yet") (fd: Fd, iov: UserIn<[Iovec]>, iovcnt: usize, pos_low: i64, pos_high: i64) [];
        pwritev         { 296,  70 } stub("not built yet") (fd: Fd, iov: UserIn<[Iovec]>, iovcnt: usize, pos_low: i64, pos_high: i64) [];
        preadv2         { 327, 286 } stub("not built yet") (fd: Fd, iov: UserIn<[Iovec]>, iovcnt: usize, pos_low: i64, pos_high: i64, flags: RwFlags) [];
        pwritev2        { 328, 287 } stub("not built yet") (fd: Fd, iov: UserIn<[Iovec]>, iovcnt: usize, pos_low: i64, pos_high: i64, flags: RwFlags) [];
        lseek           {   8,  62 } stub("not built yet") (fd: Fd, offset: i64, whence: Whence) [];
        close           {   3,  57 } stub("not built yet") (fd: Fd) [];
        close_range     { 436, 436 } stub("not built yet") (first: u32, last: u32, flags: CloseRangeFlags) [];
        dup             {  32,  23 } stub("not built yet") (fd: Fd) [];
        dup2            {  33,   _ } stub("not built yet") (old: Fd, new: Fd) [];
        dup3            { 292,  24 } stub("not built yet") (old: Fd, new: Fd, flags: Dup3Flags) [];
        fcntl           {  72,  25 } stub("not built yet") (fd: Fd, cmd: FcntlCmd, arg: usize) [];
        ioctl           {  16,  29 } stub("not built yet") (fd: Fd, cmd: IoctlCmd, arg: usize) [];
        flock           {  73,  32 } stub("not built yet") (fd: Fd, op: FlockOp) [];
        fsync           {  74,  82 } stub("not built yet") (fd: Fd) [];
        fdatasync       {  75,  83 } stub("not built yet") (fd: Fd) [];
        sync            { 162,  81 } stub("not built yet") () [];
        syncfs          { 306, 267 } stub("not built yet") (fd: Fd) [];
        sync_file_range { 277,  84 } stub("not built yet") (fd: Fd, offset: i64, len: i64, flags: u32) [];
        fadvise64       { 221, 223 } stub("not built yet") (fd: Fd, offset: i64, len: i64, advice: i32) [];
        readahead       { 187, 213 } stub("not built yet") (fd: Fd, offset: i64, count: usize) [];
        ftruncate       {  77,  46 } stub("not built yet") (fd: Fd, len: i64) [];
        fallocate       { 285,  47 } stub("not built yet") (fd: Fd, mode: FallocateMode, offset: i64, len: i64) [];
        sendfile        {  40,  71 } stub("not built yet") (out: Fd, from: Fd, offset: UserInOut<i64>, count: usize) [];
        copy_file_range { 326, 285 } stub("not built yet") (from: Fd, off_in: UserInOut<i64>, to: Fd, off_out: UserInOut<i64>, len: usize, flags: u32) [];
        splice          { 275,  76 } stub("not built yet") (from: Fd, off_in: UserInOut<i64>, to: Fd, off_out: UserInOut<i64>, len: usize, flags: SpliceFlags) [];
        tee             { 276,  77 } stub("not built yet") (from: Fd, to: Fd, len: usize, flags: SpliceFlags) [];
        vmsplice        { 278,  75 } stub("not built yet") (fd: Fd, iov: UserIn<[Iovec]>, count: usize, flags: SpliceFlags) [];
        pipe            {  22,   _ } stub("not built yet") (fds: UserOut<[i32; 2]>) [];
        pipe2           { 293,  59 } stub("not built yet") (fds: UserOut<[i32; 2]>, flags: PipeFlags) [];
        getdents        {  78,   _ } stub("not built yet") (fd: Fd, buf: UserAddr, len: u32) [];
        getdents64      { 217,  61 } stub("not built yet") (fd: Fd, buf: UserAddr, len: u32) [];
        cachestat       { 451, 451 } stub("callers use mincore or go without") (fd: Fd, range: UserAddr, out: UserAddr, flags: u32) [];
        memfd_create    { 319, 279 } stub("not built yet") (name: UserStr, flags: MemfdFlags) [];
        memfd_secret    { 447, 447 } stub("callers keep the secret in ordinary memory") (flags: u32) [];
    } };
}
