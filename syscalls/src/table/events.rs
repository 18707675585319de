//! Rows about waiting for events: epoll, poll, select, eventfd, inotify, asynchronous I/O.
//!
//! How to change a row is said in [`crate::table`].

#[doc(hidden)]
#[macro_export]
macro_rules! __rows_events {
    ($to:tt [$next:ident $($rest:ident)*] $($rows:tt)*) => { $crate::$next! { $to [$($rest)*] $($rows)*
        epoll_create      { 213,   _ } full                        (size: i32) ["own:events"];
        epoll_create1     { 291,  20 } full                        (flags: EpollFlags) ["own:events"];
        epoll_ctl         { 233,  21 } full                        (epfd: Fd, op: EpollOp, fd: Fd, event: UserIn<EpollEvent>) ["own:events"];
        epoll_wait        { 232,   _ } full                        (epfd: Fd, events: UserOut<[EpollEvent]>, max: i32, timeout: i32) ["own:events"];
        epoll_pwait       { 281,  22 } full                        (epfd: Fd, events: UserOut<[EpollEvent]>, max: i32, timeout: i32, mask: UserIn<Sigset>, size: usize) ["own:events"];
        epoll_pwait2      { 441, 441 } full                        (epfd: Fd, events: UserOut<[EpollEvent]>, max: i32, timeout: UserIn<Timespec>, mask: UserIn<Sigset>, size: usize) ["own:events"];
        poll              {   7,   _ } full                        (fds: UserInOut<[Pollfd]>, count: u32, timeout: i32) ["own:events"];
        ppoll             { 271,  73 } full                        (fds: UserInOut<[Pollfd]>, count: u32, timeout: UserInOut<Timespec>, mask: UserIn<Sigset>, size: usize) ["own:events"];
        select            {  23,   _ } full                        (count: i32, read: UserAddr, write: UserAddr, except: UserAddr, timeout: UserInOut<Timeval>) ["own:events"];
        pselect6          { 270,  72 } full                        (count: i32, read: UserAddr, write: UserAddr, except: UserAddr, timeout: UserInOut<Timespec>, mask: UserAddr) ["own:events"];
        eventfd           { 284,   _ } full                        (initial: u32) ["own:events"];
        eventfd2          { 290,  19 } full                        (initial: u32, flags: EventFdFlags) ["own:events"];
        inotify_init      { 253,   _ } full                  () ["own:notify"];
        inotify_init1     { 294,  26 } full                  (flags: InotifyFlags) ["own:notify"];
        inotify_add_watch { 254,  27 } full                  (fd: Fd, path: UserStr, mask: u32) ["own:notify"];
        inotify_rm_watch  { 255,  28 } full                  (fd: Fd, watch: i32) ["own:notify"];
        fanotify_init     { 300, 262 } stub("callers use inotify") (flags: u32, event_flags: u32) [];
        fanotify_mark     { 301, 263 } stub("callers use inotify") (fd: Fd, flags: u32, mask: u64, dir: Fd, path: UserStr) [];
        io_setup          { 206,   0 } full                  (count: u32, ctx: UserInOut<u64>) ["own:notify"];
        io_destroy        { 207,   1 } full                  (ctx: usize) ["own:notify"];
        io_submit         { 209,   2 } full                  (ctx: usize, count: isize, iocbs: UserAddr) ["own:notify"];
        io_cancel         { 210,   3 } full                  (ctx: usize, iocb: UserAddr, result: UserAddr) ["own:notify"];
        io_getevents      { 208,   4 } full                  (ctx: usize, min: isize, max: isize, events: UserAddr, timeout: UserIn<Timespec>) ["own:notify"];
        io_pgetevents     { 333, 292 } full                  (ctx: usize, min: isize, max: isize, events: UserAddr, timeout: UserIn<Timespec>, mask: UserAddr) ["own:notify"];
        io_uring_setup    { 425, 425 } stub("callers fall back to epoll") (entries: u32, params: UserAddr) [];
        io_uring_enter    { 426, 426 } stub("no ring can exist: io_uring_setup is a stub") (fd: Fd, submit: u32, complete: u32, flags: u32, arg: UserAddr, size: usize) [];
        io_uring_register { 427, 427 } stub("no ring can exist: io_uring_setup is a stub") (fd: Fd, op: u32, arg: UserAddr, count: u32) [];
    } };
}
