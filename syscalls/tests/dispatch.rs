//! A mock kernel: the dispatch made from the table, and from rows of this file's own in which
//! every status occurs.

use elfin_syscalls::{Entry, Errno, SysResult};

/// What a handler works with; the lifetime is there because a real kernel's has one.
struct Cx<'a> {
    log: &'a mut Vec<String>,
    words: [usize; 6],
}

impl Cx<'_> {
    fn word(&self, n: usize) -> usize {
        self.words[n]
    }
}

fn unknown(cx: &mut Cx<'_>) -> SysResult {
    cx.log.push("unknown".into());
    Err(Errno::ENOSYS)
}

/// Nobody's handler is called by the real table until rows say so, then it must be here: the
/// mock keeps to rows of its own.
mod mock {
    use super::Cx;
    use elfin_syscalls::abi::*;
    use elfin_syscalls::args::*;
    use elfin_syscalls::{__dispatch_function, __dispatch_rows, SysResult};

    type SysFn = extern "C" fn(&mut Cx<'_>) -> isize;

    mod handlers {
        use super::*;

        pub fn read(cx: &mut Cx<'_>, fd: Fd, buf: UserOut<[u8]>, len: usize) -> SysResult {
            cx.log.push(format!("read({}, {:#x}, {len})", fd.0, buf.addr()));
            Ok(len)
        }

        pub fn getpid(_: &mut Cx<'_>) -> SysResult {
            Ok(1)
        }

        pub fn epoll_create1(_: &mut Cx<'_>, flags: EpollFlags) -> SysResult {
            Ok(if flags.contains(EpollFlags::CLOEXEC) { 5 } else { 4 })
        }

        pub fn mmap(
            cx: &mut Cx<'_>,
            addr: UserAddr,
            len: usize,
            prot: ProtFlags,
            flags: MapFlags,
            fd: Fd,
            offset: usize,
        ) -> SysResult {
            cx.log.push(format!("{addr:?} {len} {prot:?} {flags:?} {} {offset}", fd.0));
            flags.sharing().map(|_| 0x1000)
        }

        pub fn clock_gettime(_: &mut Cx<'_>, clock: ClockId, _: UserOut<Timespec>) -> SysResult {
            assert_eq!(clock, ClockId::MONOTONIC);
            Ok(0)
        }
    }

    __dispatch_rows! {
        { ((cx: &mut Cx<'_>) (cx) (Cx<'_>)) (super::unknown) }
        read          {   0,  63 } full                    (fd: Fd, buf: UserOut<[u8]>, len: usize) ["own:read"];
        getpid        {  39, 172 } full                    () ["own:getpid"];
        epoll_create1 { 291,  20 } partial("no wakeup")    (flags: EpollFlags) [];
        mmap          {   9, 222 } partial("no hugetlb")   (addr: UserAddr, len: usize, prot: ProtFlags, flags: MapFlags, fd: Fd, offset: usize) [];
        clock_gettime { 228, 113 } full                    (clock: ClockId, out: UserOut<Timespec>) ["own:clock"];
        mlockall      { 151, 230 } fake(0, "never swapped") (flags: u32) [];
        open          {   2,   _ } stub("not built yet")   (path: UserStr, flags: OpenFlags, mode: Mode) [];
    }

    pub static DISPATCH: [SysFn; elfin_syscalls::NATIVE_LEN] = table();
}

fn call(log: &mut Vec<String>, name: &str, words: [usize; 6]) -> SysResult {
    let number = Entry::by_name(name).unwrap().number(elfin_syscalls::Arch::NATIVE).unwrap();
    elfin_syscalls::decode(mock::DISPATCH[number](&mut Cx { log, words }))
}

#[test]
fn handlers_get_typed_arguments_in_order() {
    let mut log = Vec::new();
    assert_eq!(call(&mut log, "read", [3, 0x5000, 10, 0, 0, 0]), Ok(10));
    assert_eq!(call(&mut log, "getpid", [0; 6]), Ok(1));
    assert_eq!(call(&mut log, "clock_gettime", [1, 0, 0, 0, 0, 0]), Ok(0));
    assert_eq!(call(&mut log, "mmap", [0, 4096, 3, 0x22, usize::MAX, 7]), Ok(0x1000));
    assert_eq!(call(&mut log, "mmap", [0, 4096, 3, 0x20, usize::MAX, 7]), Err(Errno::EINVAL));
    assert_eq!(log[0], "read(3, 0x5000, 10)");
    assert!(log[1].ends_with("-1 7"), "{}", log[1]);
}

#[test]
fn unknown_flags_fail_before_the_handler() {
    let mut log = Vec::new();
    assert_eq!(call(&mut log, "epoll_create1", [0o2_000_000, 0, 0, 0, 0, 0]), Ok(5));
    assert_eq!(call(&mut log, "epoll_create1", [1, 0, 0, 0, 0, 0]), Err(Errno::EINVAL));
}

#[test]
fn fakes_succeed_and_the_rest_is_unknown() {
    let mut log = Vec::new();
    assert_eq!(call(&mut log, "mlockall", [1, 0, 0, 0, 0, 0]), Ok(0));
    assert!(log.is_empty());
    assert_eq!(call(&mut log, "write", [0; 6]), Err(Errno::ENOSYS));
    assert_eq!(log, ["unknown"]);
    assert!(mock::DISPATCH.get(100_000).is_none());
}

/// The table itself with a callback of our own: what a kernel would count, print or check.
#[test]
fn any_macro_can_take_the_rows() {
    macro_rules! names {
        ({ $before:literal }
            $($name:ident { $x86_64:tt, $arm64:tt } $status:ident $(($($note:literal),+))?
              ($($arg:ident : $ty:ty),*) [$($proof:literal),*];)*
        ) => {
            [$before, $(stringify!($name)),*]
        };
    }
    let names = elfin_syscalls::syscall_table! { names { "first" } };
    assert_eq!(names[0], "first");
    assert_eq!(names.len(), elfin_syscalls::TABLE.len() + 1);
}
