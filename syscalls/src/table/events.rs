//! Rows about waiting for events: epoll, poll, select, eventfd, inotify, asynchronous I/O.
//!
//! How to change a row is said in [`crate::table`].

#[doc(hidden)]
#[macro_export]
macro_rules! __rows_events {
    ($to:tt [$next:ident $($rest:ident)*] $($rows:tt)*) => { $crate::$next! { $to [$($rest)*] $($rows)*
        epoll_create      { 213,   _ } stub("not built yet")       (size: i32) [];
        epoll_create1     { 291,  20 } stub("not built yet")       (flags: EpollFlags) [];
        epoll_ctl         { 233,  21 } stub("not built yet")       (epfd: Fd, op: EpollOp, fd: Fd, event: UserIn<EpollEvent>) [];
        epoll_wait        { 232,   _ } stub("not built yet")       (epfd: Fd, events: UserOut<[EpollEvent]>, max: i32, timeout: i32) [];
        epoll_pwait       { 281,  22 } stub("not built yet")       (epfd: Fd, events: UserOut<[EpollEvent]>, max: i32, timeout: i32, mask: UserIn<Sigset>, size: usize) [];
        epoll_pwait2      { 441, 441 } stub("not built yet")       (epfd: Fd, events: UserOut<[EpollEvent]>, max: i32, timeout: UserIn<Timespec>, mask: UserIn<Sigset>, size: usize) [];
        poll              {   7,   _ } stub("not built yet")       (fds: UserInOut<[Pollfd]>, count: u32, timeout: i32) [];
        ppoll             { 271,  73 } stub("not built yet")       (fds: UserInOut<[Pollfd]>, count: u32, timeout: UserInOut<Timespec>, mask: UserIn<Sigset>, size: usize) [];
        select            {  23,   _ } stub("not built yet")       (count: i32, read: UserAddr, write: UserAddr, except: UserAddr, timeout: UserInOut<Timeval>) [];
        pselect6          { 270,  72 } stub("not built yet")       (count: i32, read: UserAddr, write: UserAddr, except: UserAddr, timeout: UserInOut<Timespec>, mask: UserAddr) [];
        eventfd           { 284,   _ } stub("not built yet")       (initial: u32) [];
        eventfd2          { 290,  19 } stub("not built yet")       (initial: u32, flags: EventFdFlags) [];
        inotify_init      { 253,   _ } stub("not built yet")       () [];
        inotify_init1     { 294,  26 } stub("not built yet")       (flags: InotifyFlags) [];
        inotify_add_watch { 254,  27 } stub("not built yet")       (fd: Fd, path: UserStr, mask: u32) [];
        inotify_rm_watch  { 255,  28 } stub("not built yet")       (fd: Fd, watch: i32) [];
        fanotify_init     { 300, 262 } stub("callers use inotify") (flags: u32, event_flags: u32) [];
        fanotify_mark     { 301, 263 } stub("callers use inotify") (fd: Fd, flags: u32, mask: u64, dir: Fd, path: UserStr) [];
        io_setup          { 206,   0 } stub("nginx and databases fall back to threads or plain reads") (count: u32, ctx: UserInOut<u64>) [];
        io_destroy        { 207,   1 } stub("no context can exist: io_setup is a stub") (ctx: usize) [];
        io_submit         { 209,   2 } stub("no context can exist: io_setup is a stub") (ctx: usize, count: isize, iocbs: UserAddr) [];
        io_cancel         { 210,   3 } stub("no context can exist: io_setup is a stub") (ctx: usize, iocb: UserAddr, result: UserAddr) [];
        io_getevents      { 208,   4 } stub("no context can exist: io_setup is a stub") (ctx: usize, min: isize, max: isize, events: UserAddr, timeout: UserIn<Timespec>) [];
        io_pgetevents     { 333, 292 } stub("no context can exist: io_setup is a stub") (ctx: usize, min: isize, max: isize, events: UserAddr, timeout: UserIn<Timespec>, mask: UserAddr) [];
        io_uring_setup    { 425, 425 } stub("callers fall back to epoll") (entries: u32, params: UserAddr) [];
        io_uring_enter    { 426, 426 } stub("no ring can exist: io_uring_setup is a stub") (fd: Fd, submit: u32, complete: u32, flags: u32, arg: UserAddr, size: usize) [];
        io_uring_register { 427, 427 } stub("no ring can exist: io_uring_setup is a stub") (fd: Fd, op: u32, arg: UserAddr, count: u32) [];
    } };
}
